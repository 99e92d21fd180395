"""Rounds against a server that changes in any way between them and breaks at any call: what holds after each."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from checking import audit_ledger, read_maildir, read_sightings
from fake_source import FakeFolder, FakeServer, FakeSource
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from syncing import ACME, make_config, make_message, totals

from trail.archive.sightings import Sightings
from trail.archive.store import open_archive, writing_archive
from trail.archive.verify import verify_archive
from trail.attribute.rules import attribute
from trail.errors import ArchiveFull, ServerUnreachable
from trail.fetch.imap import ImapSource
from trail.fetch.source import FolderUnavailable, RemoteFolder
from trail.intake import Round
from trail.model import Account, Client
from trail.parse.envelope import parse_envelope
from trail.pipeline import run_round

EXAMPLES = int(os.environ.get("TRAIL_EXAMPLES", "40"))
"""Lives of a mailbox that are played; the same ones each time. `TRAIL_EXAMPLES=2000` plays more."""
ACCOUNT = Account("work", "imap.studio.example", "me")
BOLT = Client("bolt", "Bolt", domains=("bolt.example",))
RULES = [(ACME,), (BOLT,), (ACME, BOLT), (ACME, Client("filed", "F", folders=("Kept",)))]


def run(server, root, *, scope="everything", clients=(ACME,), dry_run=False, source=FakeSource):
    """A round; `source` makes what the account is read through of the server and the account."""
    config = make_config(root, scope=scope, clients=clients, accounts=(ACCOUNT,))
    server.calls.clear()
    with writing_archive(root) as archive:
        round_ = Round(
            archive,
            config,
            lambda account: source(server, account),
            dry_run=dry_run,
            sleep=lambda _: None,
        )
        return run_round(round_, [ACCOUNT], index=False)


def key_of(content):
    return hashlib.sha256(content).hexdigest()


def read_gone(root):
    """(folder, UIDVALIDITY, UID) of what is marked as gone."""
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT e.folder, e.uidvalidity, s.uid FROM sighting s JOIN epoch e ON e.id = s.epoch WHERE s.gone_at IS NOT NULL"
    ).fetchall()
    connection.close()
    return set(rows)


def read_flags(root):
    """(folder, UIDVALIDITY, UID) to the flags of what is held."""
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT e.folder, e.uidvalidity, s.uid, s.flags FROM sighting s JOIN epoch e ON e.id = s.epoch WHERE s.key IS NOT NULL"
    ).fetchall()
    connection.close()
    return {(folder, validity, uid): set(flags.split()) for folder, validity, uid, flags in rows}


class Interrupted(BaseException):
    """Ctrl-C, or a kill, at a moment of the machine's choice."""

    def __init__(self, *_):
        super().__init__()


class Mailbox(RuleBasedStateMachine):
    """One account over its life."""

    @initialize(condstore=st.booleans())
    def begin(self, condstore):
        self.place = tempfile.TemporaryDirectory()
        self.root = Path(self.place.name)
        self.server = FakeServer({"INBOX": FakeFolder(), "Kept": FakeFolder(5)})
        self.rules, self.scope = (ACME,), "everything"
        self.archived: set[str] = set()
        self.names = 0
        self.copy: bytes | None = None
        self.copied_back = False
        self.server.condstore = condstore

    def teardown(self):
        if hasattr(self, "place"):
            self.place.cleanup()

    def draw_folder(self, data):
        return data.draw(st.sampled_from(sorted(self.server.folders)))

    @rule(
        data=st.data(),
        number=st.integers(0, 15),
        who=st.sampled_from(["acme", "bolt", "else"]),
        answer=st.booleans(),
    )
    def append(self, data, number, who, answer):
        extra = f"References: <{data.draw(st.integers(0, 15))}@test.example>\r\n" if answer else ""
        self.server.append(
            self.draw_folder(data),
            make_message(number, sender=f"x@{who}.example", extra=extra, size=10),
        )

    @rule(data=st.data(), keep=st.booleans())
    def expunge_or_move(self, data, keep):
        folder = self.draw_folder(data)
        messages = self.server.folders[folder].messages
        if messages:
            content, flags = messages.pop(data.draw(st.sampled_from(sorted(messages))))
            if keep:
                self.server.append(self.draw_folder(data), content, flags)

    @rule(data=st.data(), flags=st.sets(st.sampled_from(["\\Seen", "\\Flagged", "$Later"])))
    def flag(self, data, flags):
        folder = self.draw_folder(data)
        if messages := self.server.folders[folder].messages:
            self.server.flag(folder, data.draw(st.sampled_from(sorted(messages))), flags)

    @rule(data=st.data())
    def empty(self, data):
        self.server.folders[self.draw_folder(data)].messages.clear()

    @rule(data=st.data())
    def delete(self, data):
        if len(self.server.folders) > 1:
            del self.server.folders[self.draw_folder(data)]

    @rule(data=st.data())
    def change_places(self, data):
        """Two folders change their names, as when one is made anew under the name of the other."""
        one, other = self.draw_folder(data), self.draw_folder(data)
        folders = self.server.folders
        folders[one], folders[other] = folders[other], folders[one]

    @precondition(lambda self: self.root.joinpath("ledger.db").exists())
    @rule()
    def keep_a_copy_of_the_ledger(self):
        self.copy = self.root.joinpath("ledger.db").read_bytes()

    @precondition(lambda self: self.copy is not None)
    @rule()
    def put_back_an_older_ledger(self):
        self.root.joinpath("ledger.db").write_bytes(self.copy)
        for end in ("-wal", "-shm"):
            self.root.joinpath(f"ledger.db{end}").unlink(missing_ok=True)
        self.copied_back = True

    @rule(data=st.data())
    def rename(self, data):
        self.names += 1
        self.server.folders[f"Folder {self.names}"] = self.server.folders.pop(
            self.draw_folder(data)
        )

    @rule()
    def create(self):
        self.names += 1
        self.server.folders[f"Folder {self.names}"] = FakeFolder(
            self.names % 3 + 1, self.server.last_uid + 1
        )

    @rule(data=st.data(), value=st.integers(1, 3))
    def renumber(self, data, value):
        self.server.folders[self.draw_folder(data)].uidvalidity = value

    @rule(rules=st.sampled_from(RULES), scope=st.sampled_from(["everything", "clients"]))
    def change_configuration(self, rules, scope):
        self.rules, self.scope = rules, scope

    @rule(rules=st.sampled_from(RULES), scope=st.sampled_from(["everything", "clients"]))
    def change_configuration_between_two_rounds(self, rules, scope):
        self.round()
        self.rules, self.scope = rules, scope
        self.round()

    def run(self, **options):
        return run(self.server, self.root, scope=self.scope, clients=self.rules, **options)

    @rule(
        at=st.integers(1, 25),
        fault=st.sampled_from([ServerUnreachable, Interrupted, ArchiveFull]),
        lasts=st.booleans(),
    )
    def cut_round(self, at, fault, lasts):
        self.server.fault, self.server.fault_at, self.server.lasts = fault, at, lasts
        try:
            report = self.run()
        except (Interrupted, ArchiveFull):
            report = None
        finally:
            self.server.fault = None
        if report is not None and not report.accounts[0].error:
            self.check()
        self.check_disk()

    @rule(at=st.integers(1, 3))
    def crash_between_maildir_and_ledger(self, at):
        calls = iter(range(1, 1000))
        real = Sightings.record

        def record(*arguments):
            if next(calls) == at:
                raise Interrupted
            real(*arguments)

        with patch.object(Sightings, "record", record), suppress(Interrupted):
            self.run()
        self.check_disk()

    @precondition(lambda self: self.root.joinpath("ledger.db").exists())
    @rule()
    def only_plan(self):
        before = read_sightings(self.root), read_maildir(self.root)
        self.run(dry_run=True)
        assert (read_sightings(self.root), read_maildir(self.root)) == before

    @rule()
    def round(self):
        assert self.run().accounts[0].error == ""
        self.check()
        self.check_disk()
        again = self.run()
        assert totals(again) == dict.fromkeys(
            ("archived", "already_held", "left", "failed", "gone"), 0
        )
        assert self.server.count("examine", "sizes", "headers", "messages", "marks") == 0

    def check(self):
        """Every UID the server shows is decided, and what was decided is right."""
        sightings = read_sightings(self.root)
        gone, marks = read_gone(self.root), read_flags(self.root)
        for name, folder in self.server.folders.items():
            decided = {
                uid
                for at, validity, uid in sightings
                if (at, validity) == (name, folder.uidvalidity)
            }
            assert {
                uid for at, validity, uid in gone if (at, validity) == (name, folder.uidvalidity)
            } == decided - set(folder.messages)
            for uid, (content, _) in folder.messages.items():
                decision, key = sightings[name, folder.uidvalidity, uid]
                if self.server.condstore and key is not None:
                    assert marks[name, folder.uidvalidity, uid] == set(folder.messages[uid][1])
                if decision == "left":
                    assert self.scope == "clients"
                    assert not attribute("", parse_envelope(content), [name], self.rules)
                else:
                    assert (decision, key) in (
                        ("archived", key_of(content)),
                        ("held", key_of(content)),
                    )

    def check_disk(self):
        """Nothing archived is lost, nothing is there twice, and the records agree with it."""
        maildir = read_maildir(self.root)
        assert all(len(copies) == 1 for copies in maildir.values())
        assert self.archived <= set(maildir)
        self.archived = set(maildir)
        with writing_archive(self.root) as archive:
            assert verify_archive(archive).problems == ()
        audit_ledger(self.root, maildir, recovered_again=self.copied_back)


TestMailbox = Mailbox.TestCase
TestMailbox.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_chain_of_replies_is_followed_to_its_end_in_one_round(tmp_path):
    server = FakeServer()
    for number in range(12, 0, -1):
        server.append(
            "INBOX",
            make_message(
                number,
                sender="x@else.example",
                extra=f"In-Reply-To: <{number - 1}@test.example>\r\n",
            ),
        )
    server.append("INBOX", make_message(0))
    server.append("INBOX", make_message(99, sender="x@else.example"))
    report = run(server, tmp_path, scope="clients")
    assert totals(report) == {"archived": 13, "already_held": 0, "left": 1, "failed": 0, "gone": 0}


def test_a_ledger_of_before_the_first_message_put_back_tells_of_none_twice(tmp_path):
    server = FakeServer()
    run(server, tmp_path)
    copy = (tmp_path / "ledger.db").read_bytes()
    server.append("INBOX", make_message(1))
    run(server, tmp_path)
    (tmp_path / "ledger.db").write_bytes(copy)
    assert totals(run(server, tmp_path))["already_held"] == 1
    maildir = read_maildir(tmp_path)
    assert len(maildir) == 1
    audit_ledger(tmp_path, maildir, recovered_again=True)


def test_a_uidvalidity_that_goes_back_finds_its_old_decisions(tmp_path):
    server = FakeServer()
    for number in range(3):
        server.append("INBOX", make_message(number))
    for validity in (1, 2, 1, 2):
        server.folders["INBOX"].uidvalidity = validity
        run(server, tmp_path)
    assert server.count("messages") == 0
    assert set(read_sightings(tmp_path)) == {("INBOX", v, uid) for v in (1, 2) for uid in (1, 2, 3)}


def test_a_uidvalidity_that_changes_between_status_and_examine_is_the_later_one(tmp_path):
    class Hasty(FakeSource):
        def examine(self, folder):
            self._server.folders[folder.name].uidvalidity = 9
            return super().examine(folder)

    server = FakeServer()
    server.append("INBOX", make_message(1))
    run(server, tmp_path, source=Hasty)
    assert set(read_sightings(tmp_path)) == {("INBOX", 9, 1)}


def test_a_server_that_tells_no_uidnext_is_looked_at_each_time_and_fetched_from_once(tmp_path):
    class Silent(FakeSource):
        def read_status(self, folder):
            return self._mute(super().read_status(folder))

        def examine(self, folder):
            return self._mute(super().examine(folder))

        def _mute(self, state):
            return type(state)(state.uidvalidity, None, state.exists)

    server = FakeServer()
    server.append("INBOX", make_message(1))
    for expected in (1, 0):
        run(server, tmp_path, source=Silent)
        assert server.count("uids") == 1
        assert server.count("messages") == expected


def test_a_message_that_failed_and_then_vanished_is_no_failure_any_more(tmp_path):
    class Stingy(FakeSource):
        def fetch_messages(self, uids, sizes):
            return type(super().fetch_messages([], sizes))((), dict.fromkeys(uids, "no"), {})

    server = FakeServer()
    uid = server.append("INBOX", make_message(1))
    assert totals(run(server, tmp_path, source=Stingy))["failed"] == 1
    with open_archive(tmp_path) as archive:
        assert len(list(archive.sightings.iter_failed())) == 1
    del server.folders["INBOX"].messages[uid]
    assert totals(run(server, tmp_path)) == {
        "archived": 0,
        "already_held": 0,
        "left": 0,
        "failed": 0,
        "gone": 1,
    }
    run(server, tmp_path)
    assert server.count("examine") == 0


def test_what_was_left_is_marked_as_gone_though_the_rules_changed_meanwhile(tmp_path):
    server = FakeServer()
    uid = server.append("INBOX", make_message(1, sender="x@else.example"))
    assert totals(run(server, tmp_path, scope="clients"))["left"] == 1
    del server.folders["INBOX"].messages[uid]
    assert totals(run(server, tmp_path, scope="clients", clients=(BOLT,)))["gone"] == 1


# the contract the fake shares with the real thing


@pytest.fixture(params=["fake", "imap"])
def source(request):
    """A connection to a server with two messages in INBOX and a folder `Other`; the third value is INBOX's content."""
    contents = [make_message(1), make_message(2, size=2000)]
    if request.param == "fake":
        server = FakeServer()
        connect = lambda: FakeSource(server, ACCOUNT)  # noqa: E731 - one of two, side by side
        server.folders["Other"] = FakeFolder(3)
    else:
        server = request.getfixturevalue("pymap_server")
        server.create("Other")
        connect = lambda: ImapSource(server.account(), server.password)  # noqa: E731 - as above
    for content in contents:
        server.append("INBOX", content, flags=("\\Seen",))
    opened = connect()
    yield opened, {f.name: f for f in opened.list_folders()}, contents
    opened.close()


def test_folders_are_listed_and_told_of_alike(source):
    opened, folders, _ = source
    assert {"INBOX", "Other"} <= set(folders)
    assert not opened.is_gmail
    for folder in folders.values():
        status = opened.read_status(folder)
        assert opened.examine(folder) == status
        assert status.exists == len(opened.list_uids())
        assert status.uidnext is None or all(uid < status.uidnext for uid in opened.list_uids())


def test_messages_headers_and_sizes_come_alike(source):
    opened, folders, contents = source
    state = opened.examine(folders["INBOX"])
    uids = opened.list_uids()
    assert uids == sorted(uids)
    sizes = opened.fetch_sizes(uids)
    assert sizes == dict(zip(uids, map(len, contents), strict=True))
    headers, failures = opened.fetch_headers(uids)
    assert failures == {}
    assert [h.content for h in headers] == [
        content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" for content in contents
    ]
    assert [(h.uid, h.size) for h in headers] == list(sizes.items())
    (fetched,) = opened.fetch_batches(iter([uids]), sizes, no_spool, ahead=1)
    assert [m.content for m in fetched.messages] == contents
    assert [
        (m.ref.account, m.ref.folder, m.ref.uidvalidity, m.ref.uid) for m in fetched.messages
    ] == [("work", "INBOX", state.uidvalidity, uid) for uid in uids]
    assert all(m.received_at.tzinfo and m.flags == ("\\Seen",) for m in fetched.messages)


def no_spool():
    raise AssertionError("these messages are small")


def test_what_is_not_there_is_a_failure_and_no_error(source):
    opened, folders, _ = source
    opened.examine(folders["INBOX"])
    assert opened.fetch_sizes([999]) == {}
    assert set(opened.fetch_headers([999])[1]) == {999}
    (fetched,) = opened.fetch_batches(iter([[999]]), {}, no_spool, ahead=1)
    assert (fetched.messages, set(fetched.failures)) == ((), {999})


def test_a_folder_that_is_not_there_is_unavailable(source):
    opened, _, _ = source
    nowhere = RemoteFolder("Nowhere", b"Nowhere")
    for ask in (opened.read_status, opened.examine):
        with pytest.raises(FolderUnavailable):
            ask(nowhere)


def test_an_empty_folder_has_no_uids(source):
    opened, folders, _ = source
    opened.examine(folders["Other"])
    assert opened.list_uids() == []


def test_a_line_that_was_cut_is_said_to_be(source):
    opened, folders, _ = source
    opened.abort()
    with pytest.raises(ServerUnreachable):
        opened.examine(folders["INBOX"])
