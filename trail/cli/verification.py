"""What `trail verify` tells of the archive: as JSON-ready data, and in words, with what to do about each kind of damage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail import render
from trail.archive.damage import count_kinds
from trail.terminal import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.archive.damage import Damage, Examination, Kind
    from trail.intake.comparison import Compared
    from trail.intake.repair import Outcome

MENDS: dict[Kind, str] = {
    "altered": "`trail verify --repair` fetches it again, if the server still has it; else take the file from a backup",
    "missing": "`trail verify --repair` fetches it again, if the server still has it; else take the file from a backup",
    "unreadable": "check the permissions of the archive's folder, and its disk; `trail verify --repair` fetches it again",
    "misplaced": "`trail verify --repair` moves it back",
    "unknown": "`trail verify --repair` enters it into the ledger, if it is what its name says",
    "twice": "harmless; `trail verify --repair` puts the second file aside",
    "stranger": "another program left it: move it away",
    "ledger": "take ledger.db and audit.jsonl from one backup, or have the ledger made anew (docs/operations.md)",
    "audit": "compare audit.jsonl with a backup: somebody or something wrote to it",
    "server": "`trail verify --server --repair` has the next `trail sync` look again; what is archived is sound, and stays",
}
"""What to do about each kind of damage."""
_FROM_BACKUP = "repair again once the server answers, or take the file from a backup"
LEFT: dict[Kind, str] = {
    "altered": _FROM_BACKUP,
    "missing": _FROM_BACKUP,
    "unreadable": f"check the permissions of the archive's folder, and its disk; {_FROM_BACKUP}",
    "misplaced": "the file is not what its name says: take the message from a backup",
    "unknown": "the file is not what its name says: move it away",
    "twice": "move the second file away",
}
"""What to do about damage that a repair could not mend; where nothing else is said, as without one."""


def verification_data(
    result: Examination,
    damage: Sequence[Damage],
    compared: Sequence[Compared],
    outcomes: Sequence[Outcome],
    left: Sequence[Damage],
) -> dict[str, Any]:
    """For programs: `left` of the `damage` was not mended."""
    return {
        "ok": not left,
        "checked": result.checked,
        "problems": [d.text for d in left],
        "messages": result.total,
        "checked_bytes": result.checked_bytes,
        "bytes": result.total_bytes,
        "resumed": {
            "messages": result.resumed[0],
            "started_at": render.format_time(result.resumed[1]),
        }
        if result.resumed
        else None,
        "damage": [
            {"kind": d.kind, "place": d.place, "key": d.key, "mend": MENDS[d.kind]} for d in damage
        ],
        "repairs": [{"place": o.damage.place, "mended": o.mended, "how": o.how} for o in outcomes],
        "server": [
            {
                "account": c.account,
                "by_size": c.by_size,
                "by_bytes": c.by_bytes,
                "undecided": c.undecided,
                "gone": c.gone,
                "error": c.error,
            }
            for c in compared
        ],
    }


def verification_text(
    what: str,
    result: Examination,
    compared: Sequence[Compared],
    outcomes: Sequence[Outcome],
    left: Sequence[Damage],
    damage: Sequence[Damage],
) -> str:
    """For people: a line for each damage, and for each kind of it what to do."""
    found = "all well" if not damage else render.count_of(len(damage), "problem")
    if outcomes:
        found += f", {len(damage) - len(left):,} mended"
    lines = [f"{what}: {found}, {_share(result)}"]
    for account in compared:
        words = f"{render.count_of(account.by_size, 'message')} compared by UID and size, {account.by_bytes:,} of them byte for byte"
        if account.undecided:
            words += f"; {account.undecided:,} there not looked at yet (`trail sync`)"
        if account.gone:
            words += f"; {account.gone:,} gone since the last round"
        lines.append(f"  {clean_text(account.account)} on the server: {words}")
    how = {o.damage: o for o in outcomes}
    for kind, group in count_kinds(damage):
        for one in group:
            outcome = how.get(one)
            told = f" -> {outcome.how}" if outcome else ""
            lines.append(f"  {clean_text(one.text)}{clean_text(told)}")
        if any(one in left for one in group):
            mends = MENDS | LEFT if outcomes else MENDS
            lines.append(f"    to mend: {mends[kind]}")
    return "\n".join(lines)


def _share(result: Examination) -> str:
    checked = render.count_of(result.checked, "message")
    if result.checked >= result.total:
        return f"{checked} checked"
    share = 100 * result.checked / result.total
    size = f"{render.format_size(result.checked_bytes)} of {render.format_size(result.total_bytes)}"
    return f"{result.checked:,} of {render.count_of(result.total, 'message')} checked ({share:.1f} %, {size})"
