"""The texts of attachments: which there are, which were read, and a cache of what was read.

Comes in: attachments as the parser found them, and what was read of each. Goes out: what is still to be read, what could
not be read and why, and the texts. All of it can be had again from the Maildir. Writing methods of the ledger's part are
called inside a ledger transaction.

On the disk: `cache/documents/<2 digits>/<digest>`, zlib-compressed UTF-8. Any of it may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trail.archive.disk import translate_disk_errors
from trail.archive.ledger import chunk_keys, from_seconds, place_holders
from trail.model import MESSAGE_PROBLEMS, ArchivedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trail.archive.ledger import Ledger
    from trail.model import ParsedMessage, Reading

FOLDER = "cache/documents"
_TEXT_LIMIT = 64 << 20
"""Bytes of a text that are taken out of the cache, whatever somebody put there."""


class Unread(NamedTuple):
    """An attachment to be read: one of those with these bytes."""

    digest: str
    message: ArchivedMessage
    number: int


class Problem(NamedTuple):
    """An attachment of which something could not be read."""

    key: str
    number: int
    filename: str
    reason: str


def read_cached(root: Path, digest: str) -> str | None:
    """The text of an attachment in the cache of the archive at `root`: see Documents.read_text. For worker processes."""
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(_locate(root, digest).read_bytes(), _TEXT_LIMIT)
        return text.decode() if unpacking.eof else None
    except (OSError, zlib.error, UnicodeDecodeError):
        return None


def mark_cached(root: Path, digest: str) -> str:
    """A short mark of the text in the cache, another one when another text takes its place; "" when there is none."""
    try:
        packed = _locate(root, digest).read_bytes()
    except OSError:
        return ""
    return f"{len(packed)}-{packed[-4:].hex()}"  # ends in a checksum of the text (RFC 1950, section 2.2)


def _locate(root: Path, digest: str) -> Path:
    return root / FOLDER / digest[:2] / digest


class Documents:
    """The attachments of one archive, as far as there may be text in them."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._ledger = ledger

    # which there are

    def write_attachments(self, parsed: Iterable[ParsedMessage]) -> None:
        """Enter the attachments of messages that there may be text in. What their messages' damage kept from being read is to be read now."""
        parsed = list(parsed)
        self._ledger.execute_many("DELETE FROM document WHERE key = ?", ((p.key,) for p in parsed))
        rows = [
            (p.key, a.number, a.digest, a.filename)
            for p in parsed
            for a in p.attachments
            if a.digest
        ]
        self._ledger.execute_many("INSERT INTO document VALUES (?, ?, ?, ?)", rows)
        self._ledger.execute_many(
            f"DELETE FROM reading WHERE digest = ? AND problem IN ({place_holders(MESSAGE_PROBLEMS)})",
            ((digest, *MESSAGE_PROBLEMS) for _, _, digest, _ in rows),
        )

    def count_unread(self, reader: int) -> int:
        """How many attachments were not read yet by this reader, equal ones counted once."""
        row = self._ledger.execute(
            "SELECT count(DISTINCT d.digest) FROM document d LEFT JOIN reading r ON r.digest = d.digest AND r.reader = ?"
            " WHERE r.digest IS NULL",
            (reader,),
        ).fetchone()
        return int(row[0])

    def find_unread(self, reader: int, most: int) -> list[Unread]:
        """Attachments not read yet by this reader, those of the newest messages first."""
        rows = self._ledger.execute(
            "SELECT d.digest, m.key, m.path, m.size, max(m.received_at) AS newest, d.number FROM document d"
            " JOIN message m ON m.key = d.key LEFT JOIN reading r ON r.digest = d.digest AND r.reader = ?"
            " WHERE r.digest IS NULL GROUP BY d.digest ORDER BY newest DESC, d.digest LIMIT ?",
            (reader, most),
        )
        return [
            Unread(digest, ArchivedMessage(key, Path(path), size, from_seconds(at)), number)
            for digest, key, path, size, at, number in rows
        ]

    def find_copies(self, digest: str) -> list[Unread]:
        """An attachment in all messages that have it, the newest first."""
        rows = self._ledger.execute(
            "SELECT m.key, m.path, m.size, m.received_at, d.number FROM document d JOIN message m ON m.key = d.key"
            " WHERE d.digest = ? ORDER BY m.received_at DESC, m.key, d.number",
            (digest,),
        )
        return [
            Unread(digest, ArchivedMessage(key, Path(path), size, from_seconds(at)), number)
            for key, path, size, at, number in rows
        ]

    # what was read

    def record(self, readings: Iterable[Reading], reader: int) -> None:
        """Note what came of reading; messages whose text was read, or is no longer one, have to be indexed again.

        Where this reader was kept from reading what an earlier one could, that one's text stays.
        """
        rows, changed = [], []
        for reading in readings:
            before = not reading.text and self.read_text(reading.digest) is not None
            if before and not reading.problem:
                self.remove_texts([reading.digest])
            if reading.text or (before and not reading.problem):
                changed.append((reading.digest,))
            has_text = bool(reading.text) or (before and bool(reading.problem))
            rows.append((reading.digest, reader, int(has_text), reading.problem))
        self._ledger.execute_many("INSERT OR REPLACE INTO reading VALUES (?, ?, ?, ?)", rows)
        self._ledger.execute_many(
            "UPDATE message SET indexed_in = NULL WHERE key IN (SELECT key FROM document WHERE digest = ?)",
            changed,
        )

    def forget(self, digests: Iterable[str]) -> None:
        """Note that these have to be read again: their texts are no longer in the cache."""
        self._ledger.execute_many(
            "DELETE FROM reading WHERE digest = ?", ((digest,) for digest in digests)
        )

    def find_texts(self, digests: Iterable[str]) -> set[str]:
        """Those of `digests` in which a text was found, by whatever reader."""
        found: set[str] = set()
        for chunk in chunk_keys(set(digests)):
            rows = self._ledger.execute(
                f"SELECT digest FROM reading WHERE has_text = 1 AND digest IN ({place_holders(chunk)})",
                chunk,
            )
            found.update(row[0] for row in rows)
        return found

    def find_problems(self, digests: Iterable[str], reader: int) -> dict[str, str]:
        """What kept this reader from reading each of `digests`, "" where it read all; of those it has tried."""
        found: dict[str, str] = {}
        for chunk in chunk_keys(set(digests)):
            rows = self._ledger.execute(
                "SELECT digest, has_text, problem FROM reading"
                f" WHERE reader = ? AND digest IN ({place_holders(chunk)})",
                (reader, *chunk),
            )
            found |= {
                digest: problem
                for digest, has_text, problem in rows
                if not has_text or mark_cached(self._root, digest)  # else the cache was lost
            }
        return found

    def list_texts(self, key: str) -> list[tuple[str, str]]:
        """Name and digest of the attachments of a message in which a text was found, in their order."""
        rows = self._ledger.execute(
            "SELECT d.filename, d.digest FROM document d JOIN reading r ON r.digest = d.digest"
            " WHERE d.key = ? AND r.has_text = 1 ORDER BY d.number",
            (key,),
        )
        return [(filename, digest) for filename, digest in rows]

    def iter_problems(self, key: str | None = None) -> Iterator[Problem]:
        """Attachments that could not be read, or not to the end: of one message, or of all, the newest first."""
        rows = self._ledger.execute(
            "SELECT d.key, d.number, d.filename, r.problem FROM reading r JOIN document d ON d.digest = r.digest"
            " JOIN message m ON m.key = d.key WHERE r.problem <> '' AND (? IS NULL OR d.key = ?)"
            " ORDER BY m.received_at DESC, d.key, d.number",
            (key, key),
        )
        for row in rows:
            yield Problem(*row)

    def count_problems(self) -> int:
        """How many attachments could not be read, or not to the end, equal ones counted once."""
        row = self._ledger.execute("SELECT count(*) FROM reading WHERE problem <> ''").fetchone()
        return int(row[0])

    def forget_problems(self) -> int:
        """Have everything read again that could not be read, or not to the end. Returns how many attachments."""
        return self._ledger.execute("DELETE FROM reading WHERE problem <> ''").rowcount

    # the cache

    def keep_text(self, reading: Reading) -> None:
        """Put a text into the cache, if there is one. Raises ArchiveFull, ArchiveReadOnly."""
        if not reading.text:
            return
        import secrets  # noqa: PLC0415 - a search, which keeps none, starts faster without it

        path = self._path(reading.digest)
        with translate_disk_errors(self._root):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # not made durable: a file that a power cut leaves empty is read as none
            # a name of its own: a hand-off reads attachments beside the writer
            import secrets  # noqa: PLC0415 - a search reads this room, and writes nothing

            unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
            try:
                unfinished.write_bytes(zlib.compress(reading.text.encode("utf-8", "replace"), 6))
                unfinished.replace(path)
            except OSError:
                with contextlib.suppress(OSError):
                    unfinished.unlink(missing_ok=True)
                raise

    def read_text(self, digest: str) -> str | None:
        """The text of the attachment with this digest; None when it is not in the cache, or not sound."""
        return read_cached(self._root, digest)

    def remove_texts(self, digests: Iterable[str]) -> None:
        """Take texts out of the cache, for good."""
        with translate_disk_errors(self._root):
            for digest in digests:
                path = self._path(digest)
                # and what a kill left unfinished
                for file in (path, *path.parent.glob(f"{digest}.*new")):
                    file.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return _locate(self._root, digest)
