"""The marks messages bear, over what becomes of their folder."""

from __future__ import annotations

from archive.archiving import AT, put

from trail.archive.marks import SeenMarks
from trail.archive.store import writing_archive


def test_flags_hold_while_the_history_of_the_folder_is_put_apart(tmp_path):
    """A retired epoch is as recent as the one it was, and has a higher number."""
    with writing_archive(tmp_path) as archive:
        kept, _ = put(archive, b"first", b"second")
        epoch = archive.sightings.find_epoch("work", "INBOX", 7)
        with archive.ledger.transaction():
            archive.marks.record(epoch, [SeenMarks(1, ("\\Flagged",), (), None, None)])
            archive.epochs.retire(epoch.id, [2], AT)
        assert archive.marks.read_flags([kept]) == {kept: {"\\flagged"}}
