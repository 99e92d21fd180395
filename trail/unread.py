"""Attachments of a client that nobody has looked into: read before a hand-off; what cannot be read is told.

Comes in: an open archive, and which messages have what in them that only a reader of documents can read. Goes out: what
could not be read all the same, in words, unless the client sent it: then it is theirs, whatever is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.documents import read_wanted
from trail.errors import TrailError
from trail.handoff.select import belongs_to
from trail.parse.kinds import READER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trail.archive.store import Archive
    from trail.model import Client

    Progress = Callable[[str, int, int], None]

_TOLD = 3
"""Attachments of a message that are named."""


class Unread:
    """What only a reader of documents can read, of the messages in question."""

    def __init__(self, archive: Archive, client: Client, progress: Progress) -> None:
        self._archive = archive
        self._client = client
        self._progress = progress
        self._names: dict[str, dict[str, str]] = {}
        self._problems: dict[str, str] = {}

    def note(self, key: str, digest: str, name: str) -> None:
        """A message has this attachment; digest "": its own text is meant, and `name` says why, if not by its length."""
        self._names.setdefault(key, {}).setdefault(digest, name)

    def read(self) -> None:
        """Have read what was not read yet. What cannot be kept is not read: it stays unread, and in doubt."""
        keys = {digest: key for key, names in self._names.items() for digest in names if digest}
        self._problems = self._archive.documents.find_problems(keys, READER)
        wanted = {digest: key for digest, key in keys.items() if digest not in self._problems}
        if not wanted:
            return
        messages = self._archive.facts.find_messages(wanted.values())
        tasks = {digest: messages[key] for digest, key in sorted(wanted.items(), key=lambda w: w[1])}  # fmt: skip
        try:
            self._problems |= read_wanted(self._archive.root, tasks, self._progress)
        except TrailError:  # a disk that is full or read-only, no room for a process
            return

    def list_digests(self) -> dict[str, frozenset[str]]:
        """What nobody has read, or not to its end, by message."""
        found = {
            key: frozenset(d for d in names if not d or self._problems.get(d) != "")
            for key, names in self._names.items()
        }
        return {key: digests for key, digests in found.items() if digests}

    def describe(self, holders: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """The same in words. `holders`: the first message of the client's with an attachment, where there is one."""
        unread = self.list_digests()
        keys = {holders.get(digest, key) for key, digests in unread.items() for digest in digests}
        envelopes = self._archive.facts.read_envelopes(keys)
        theirs = {
            key
            for key, envelope in envelopes.items()
            if envelope.sender and belongs_to(self._client, envelope.sender.address)
        }
        told: dict[str, tuple[str, ...]] = {}
        for key, digests in unread.items():
            if doubtful := sorted(d for d in digests if holders.get(d, key) not in theirs):
                words = [self._describe(key, digest) for digest in doubtful[:_TOLD]]
                more = len(doubtful) - _TOLD
                told[key] = (*words, *([f"and {more:,} more"] if more > 0 else []))
        return told

    def _describe(self, key: str, digest: str) -> str:
        name = self._names[key][digest]
        if not digest:
            return name or "it has more text than is looked at"
        what = f'"{name}"' if name else "an attachment"
        problem = self._problems.get(digest, "not read yet")
        return f"nobody could look into {what}: {problem}"
