"""Whether a bundle has room where it shall lie, asked before the work and not found out after an hour of it.

In: how much mail there is, from the ledger. Out: nothing, or ArchiveFull with both figures.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from trail.errors import ArchiveFull
from trail.handoff.plain import format_size

if TYPE_CHECKING:
    from pathlib import Path

    from trail.handoff.packing import Lock

_FOLDER = 2.9
"""A bundle is its mail as .eml, again as mbox, the attachments decoded (three quarters), and pages of the texts."""
_MESSAGE = 16 * 1024
"""Bytes a message takes beyond its own: half-filled blocks, rows of tables."""
_PDF, _PDFS = 48 * 1024, 0.8
"""What a PDF takes for itself (fonts, for the most part), and its attachments, which are in it once more."""
_PACKED = 0.8
"""A ZIP is that much of its folder at most, as long as mail carries attachments in base64; both lie there for a while."""


def estimate_room(messages: int, mail: int, lock: Lock | None, *, pdf: bool = False) -> int:
    """Bytes it takes to make a bundle of so many messages that are `mail` bytes together."""
    folder = mail * _FOLDER + messages * _MESSAGE
    if pdf:
        folder += mail * _PDFS + messages * _PDF
    return int(folder * (1 + _PACKED) if lock else folder)


def check_room(
    out: Path, messages: int, mail: int, lock: Lock | None, *, pdf: bool = False
) -> None:
    """Raise ArchiveFull where the disk of `out` has too little room for it."""
    place = next((p for p in (out, *out.parents) if p.is_dir()), None)
    if place is None:
        return
    needed, free = estimate_room(messages, mail, lock, pdf=pdf), find_free(place)
    if needed > free:
        raise ArchiveFull(
            f"{out} would take about {format_size(needed)}, and {format_size(free)} are free there",
            "free some space, choose another disk with --out, or hand over in parts with --since and --until",
        )


def find_free(place: Path) -> int:
    """Bytes that are free on the disk of a folder."""
    return shutil.disk_usage(place).free
