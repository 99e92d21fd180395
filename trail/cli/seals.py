"""What `trail verify` tells of a bundle: as JSON-ready data, and in words, with whose word it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail import render
from trail.terminal import clean_text

if TYPE_CHECKING:
    from trail.handoff.seal import Seal
    from trail.handoff.timestamp import Stamp
    from trail.model import Verification


def bundle_data(result: Verification, seal: Seal | None) -> dict[str, Any]:
    """For programs: `key` is null where no signature holds."""
    data: dict[str, Any] = {
        **render.verification_data(result),
        "advice": list(result.advice),
        "key": None,
        "key_as_told": False,
        "timestamp": None,
    }
    if seal is not None:
        data |= {"key": seal.key or None, "key_as_told": seal.told}
        if seal.stamp:
            stamp = seal.stamp
            data["timestamp"] = {
                "at": render.format_time(stamp.at),
                "authority": stamp.authority,
                "trusted": stamp.trusted,
            }
    return data


def bundle_text(result: Verification, seal: Seal | None, what: str, told: str) -> str:
    """For people: one verdict, then what it rests on. `told` is the key one was told, or ""."""
    lines = [render.verification_text(result, what, "file")]
    if seal is not None and seal.key and seal.told:
        lines.append(f"  signed with the key you were told, {seal.key}")
    elif seal is not None and seal.key and not told:
        lines.append(
            f"  signed by key {seal.key}: compare it with what the sender told you on the phone, or give that with --key"
        )
    if not result.ours and seal is None:
        lines.append("  a mailbag of another program, not signed: nothing in it tells who made it")
    if seal is not None and seal.stamp:
        lines.append(f"  {_describe_stamp(seal.stamp)}")
    lines += [f"  advice: {clean_text(line)}" for line in result.advice]
    return "\n".join(lines)


def _describe_stamp(stamp: Stamp) -> str:
    who = clean_text(stamp.authority)
    words = f"signed before {stamp.at:%Y-%m-%d %H:%M:%S} UTC, as {who} says"
    return words if stamp.trusted else f"{words}; name its certificate with --authority to be sure"
