"""A mail server in memory that keeps the contract of `trail.fetch.source.Source`; tests hold it to what a real one does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from servers.scripted_fetch import expand_set

from trail.errors import ServerUnreachable
from trail.fetch.marks import Marks
from trail.fetch.source import Fetched, FolderState, FolderUnavailable, RawHeader, RemoteFolder
from trail.model import RawMessage, RemoteRef

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass
class FakeFolder:
    """UIDs are given by the server, so that none ever stands for two messages."""

    uidvalidity: int = 1
    uidnext: int = 1
    messages: dict[int, tuple[bytes, tuple[str, ...]]] = field(default_factory=dict)
    modseq: int = 1
    changed: dict[int, int] = field(default_factory=dict)
    """UID to the mod-sequence of its last change."""

    def touch(self, uid):
        self.modseq += 1
        self.changed[uid] = self.modseq


@dataclass
class FakeServer:
    """What is on the server; `fault` is raised at the call with number `fault_at`, and at all later ones if it `lasts`."""

    folders: dict[str, FakeFolder] = field(default_factory=lambda: {"INBOX": FakeFolder()})
    last_uid: int = 0
    calls: list[str] = field(default_factory=list)
    fault: type[BaseException] | None = None
    fault_at: int = 0
    lasts: bool = False
    condstore: bool = False

    def append(self, folder, content, flags=()):
        self.last_uid += 1
        self.folders[folder].messages[self.last_uid] = (content, tuple(flags))
        self.folders[folder].uidnext = self.last_uid + 1
        self.folders[folder].touch(self.last_uid)
        return self.last_uid

    def flag(self, folder, uid, flags):
        content, _ = self.folders[folder].messages[uid]
        self.folders[folder].messages[uid] = (content, tuple(flags))
        self.folders[folder].touch(uid)

    def note(self, call):
        self.calls.append(call)
        number = len(self.calls)
        if self.fault and (number == self.fault_at or (self.lasts and number > self.fault_at)):
            raise self.fault("the line was cut")

    def count(self, *calls):
        return sum(call in calls for call in self.calls)


class FakeSource:
    """One connection to a FakeServer."""

    is_gmail = False

    def __init__(self, server, account):
        self._server, self._account = server, account
        self._folder = None
        self._cut = False
        server.note("connect")

    def _ask(self, call):
        if self._cut:
            raise ServerUnreachable("the line was cut")
        self._server.note(call)

    def _find(self, folder):
        try:
            return self._server.folders[folder.name]
        except KeyError:
            raise FolderUnavailable(f"{folder.name}: gone") from None

    def list_folders(self):
        self._ask("list")
        return [RemoteFolder(name, name.encode()) for name in self._server.folders]

    def read_status(self, folder):
        self._ask("status")
        return self._describe(self._find(folder))

    def _describe(self, found):
        modseq = found.modseq if self._server.condstore else None
        return FolderState(found.uidvalidity, found.uidnext, len(found.messages), modseq=modseq)

    def examine(self, folder):
        self._ask("examine")
        found = self._find(folder)
        self._folder = folder
        return self._describe(found)

    @property
    def _messages(self):
        return self._find(self._folder).messages

    def list_uids(self):
        self._ask("uids")
        return sorted(self._messages)

    def fetch_sizes(self, uids):
        self._ask("sizes")
        return {uid: len(self._messages[uid][0]) for uid in uids if uid in self._messages}

    def fetch_stamps(self, uids):
        self._ask("marks")
        found = {uid: self._messages[uid][0] for uid in uids if uid in self._messages}
        return {uid: (len(content), received_at(content)) for uid, content in found.items()}

    def fetch_headers(self, uids):
        self._ask("headers")
        headers, failures = [], {}
        for uid in uids:
            if uid not in self._messages:
                failures[uid] = "the server did not send it"
                continue
            content, flags = self._messages[uid]
            head, mark, _ = content.partition(b"\r\n\r\n")
            headers.append(
                RawHeader(uid, head + mark, len(content), received_at(content), flags, ())
            )
        return headers, failures

    def fetch_messages(self, uids, sizes):
        self._ask("messages")
        messages, failures = [], {}
        for uid in uids:
            if uid not in self._messages:
                failures[uid] = "the server did not send it"
                continue
            content, flags = self._messages[uid]
            ref = RemoteRef(
                self._account.name, self._folder.name, self._find(self._folder).uidvalidity, uid
            )
            messages.append(RawMessage(ref, content, received_at(content), flags))
        return Fetched(tuple(messages), failures, {})

    def fetch_batches(self, batches, sizes, spool, *, ahead):
        coming = []
        while True:
            while len(coming) <= ahead and (batch := next(batches, None)):
                coming.append(batch)
            if not coming:
                return
            yield self.fetch_messages(coming.pop(0), sizes)

    def fetch_marks(self, uid_set, since=None):
        self._ask("marks")
        changed = self._find(self._folder).changed
        wanted = expand_set(uid_set, sorted(self._messages))
        return {
            uid: Marks(self._messages[uid][1])
            for uid in wanted
            if since is None or changed.get(uid, 0) > since
        }

    def close(self):
        self._cut = True

    def abort(self):
        self._cut = True


def received_at(content):
    """A date that depends on the bytes alone, over several years."""
    return BEGAN + timedelta(hours=int.from_bytes(hashlib.sha256(content).digest()[:2]))
