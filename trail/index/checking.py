"""Whether the file of a segment is what was written: every byte of it is under a checksum, and all of them are looked at.

In: a segment. Out: whether it is sound. It takes a second for 50 MB, so only damage leads here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.index.segment import SegmentFile

if TYPE_CHECKING:
    from pathlib import Path

    from trail.index.slabs import SlabReader


def check_segment(file: SegmentFile) -> None:
    """Read all of a segment. Raises whatever a damaged file makes of it."""
    for name in file.sections:
        file.read_section(name)
    for name in file.field_kinds:
        field = file.open_field(name)
        if field is not None:
            for _ in field.iter_from():
                pass
    _check_run(file.stored)
    if "places" in file.sections:
        _check_run(file.places)


def _check_run(run: SlabReader) -> None:
    for number in range(run.count):
        run.check(number)


def is_sound(path: Path) -> bool:
    """Whether a segment is what was written. One that is gone may have been merged into another: so it is for the list to say."""
    try:
        file = SegmentFile(path, mapped=False)
        try:
            check_segment(file)
        finally:
            file.close()
    except FileNotFoundError:
        return True
    except Exception:  # noqa: BLE001 - what a damaged file raises has no common class
        return False
    return True
