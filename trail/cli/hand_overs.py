"""Hand-offs that were made, at the command line: their list, and the one that is meant."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trail.errors import TrailError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.archive.handovers import HandOver
    from trail.cli.app import Session

SHORT = 8
"""Letters of a digest that are told: enough to name a hand-off by."""
_DIGEST = re.compile("[0-9a-f]{6,64}")


def find_hand_over(
    hand_overs: list[HandOver], bundle: str, read_digest: Callable[[Path], str] = lambda _: ""
) -> HandOver:
    """The hand-off of that folder, file, name or beginning of a digest; `read_digest` is asked for a file whose name several have."""
    path = Path(bundle).expanduser()
    try:
        digest = hashlib.sha256((path / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    except OSError:
        digest = ""
    name = path.resolve().name if digest else path.name
    if path.suffix in (".age", ".zip"):
        name = name.removesuffix(".age").removesuffix(".zip")
    found = [h for h in hand_overs if (h.digest == digest if digest else h.bundle == name)]
    asked = bundle.replace(" ", "").lower()
    if not digest and not found and _DIGEST.fullmatch(asked):
        found = [h for h in hand_overs if h.digest.startswith(asked)]
    if len({h.digest for h in found}) > 1 and path.is_file() and (digest := read_digest(path)):
        found = [h for h in found if h.digest == digest]
    if len({h.digest for h in found}) != 1:
        if found:
            each = "; ".join(f"{h.digest[:SHORT]} of {_tell_time(h)}" for h in found)
            raise TrailError(
                f"several hand-offs are called {name}: {each}",
                f"name its folder itself, or its digest: trail receipt {found[-1].digest[:SHORT]}",
            )
        raise TrailError(
            f"no hand-off of this archive is called {name}", "`trail receipt` lists them"
        )
    return found[0]


def list_hand_overs(session: Session) -> None:
    """Show all, and warn of receipts that are not there as they were kept."""
    from trail.archive.handovers import is_kept

    hand_overs = read_all(session)
    if not hand_overs:
        session.note("nothing was handed over yet: `trail handoff CLIENT`")
    for hand_over in hand_overs:
        for kept in hand_over.receipts:
            if not is_kept(session.config.archive, kept):
                session.warn(
                    f"{kept.path}: is not the receipt that was kept; take it from a backup"
                )
    lines = [line for hand_over in hand_overs for line in _tell(hand_over)]
    session.emit({"handoffs": [describe_hand_over(h) for h in hand_overs]}, "\n".join(lines))


def _tell(hand_over: HandOver) -> list[str]:
    from trail import render

    facts = [render.count_of(hand_over.messages, "message")]
    if hand_over.withheld:
        facts.append(f"{hand_over.withheld:,} withheld")
    if hand_over.by:
        facts.append(f"by {hand_over.by}")
    if hand_over.not_sent_at:
        facts.append("never sent")
    receipts = [
        f"receipt of {render.format_day(receipt.at)}: {receipt.path}"
        for receipt in hand_over.receipts
    ]
    return [
        f"{hand_over.digest[:SHORT]}  {_tell_time(hand_over)}  {hand_over.bundle}: {', '.join(facts)}",
        *(
            f"  {line}"
            for line in (f"key {hand_over.key or 'none'}", *(receipts or ["no receipt yet"]))
        ),
    ]


def _tell_time(hand_over: HandOver) -> str:
    return f"{hand_over.at.astimezone():%Y-%m-%d %H:%M}"


def describe_hand_over(hand_over: HandOver) -> dict[str, Any]:
    """A hand-off for programs."""
    from trail import render

    return {
        "at": render.format_time(hand_over.at),
        "client": hand_over.client,
        "bundle": hand_over.bundle,
        "digest": hand_over.digest,
        "messages": hand_over.messages,
        "withheld": hand_over.withheld,
        "key": hand_over.key or None,
        "by": hand_over.by or None,
        "not_sent_at": render.format_time(hand_over.not_sent_at),
        "receipts": [
            {"at": render.format_time(r.at), "path": r.path, "sha256": r.digest, "bytes": r.size}
            for r in hand_over.receipts
        ],
    }


def read_all(session: Session) -> list[HandOver]:
    """All hand-offs of the archive, the oldest first."""
    from trail.archive.handovers import read_hand_overs
    from trail.archive.store import open_archive

    with open_archive(session.config.archive) as archive:
        return read_hand_overs(archive)
