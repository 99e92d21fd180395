"""Folders that are renamed, swapped, deleted, made anew, or put back from a backup, on servers that do it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from checking import audit_archive, read_sightings
from servers.scripted import CAPABILITIES, ScriptedServer
from syncing import ACME, folder_of, make_message, sync, totals

from trail.archive.store import open_archive
from trail.fetch.imap import ImapSource
from trail.model import Client

NOTHING = {"archived": 0, "already_held": 0, "left": 0, "failed": 0, "gone": 0}


@pytest.fixture
def with_ids():
    """A server with OBJECTID."""
    with ScriptedServer(capabilities=(*CAPABILITIES, "OBJECTID")) as server:
        yield server


@pytest.fixture(params=["with_ids", "scripted", pytest.param("dovecot", marks=pytest.mark.dovecot)])
def server(request):
    return request.getfixturevalue(request.param)


def fill(server, folder, numbers):
    for number in numbers:
        server.append(folder, make_message(number))


def rename(server, old, new):
    """As an administrator does it where there is one."""
    if hasattr(server, "_process"):
        server._process.run_doveadm("mailbox", "rename", "-u", server.user, old, new)
    else:
        server.rename(old, new)


def list_status(root):
    with open_archive(root) as archive:
        return {f.folder: f for f in archive.sightings.count_folders()}


def read_events(root, kind):
    lines = (root / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [e for e in map(json.loads, lines) if e["event"] == kind]


@pytest.fixture
def fetched(monkeypatch):
    """The UIDs of every message whose bytes were asked for."""
    asked = []
    fetch = ImapSource.fetch_batches

    def spy(self, batches, *more, **others):
        def noted():
            for batch in batches:
                asked.extend(batch)
                yield batch

        return fetch(self, noted(), *more, **others)

    monkeypatch.setattr(ImapSource, "fetch_batches", spy)
    return asked


def test_a_renamed_folder_is_recognised_and_nothing_is_fetched_twice(server, tmp_path, fetched):
    server.create("Old")
    fill(server, "Old", range(5))
    fill(server, "INBOX", range(10, 13))
    sync(server, tmp_path)
    uidvalidity = server.uidvalidity("Old")
    fetched.clear()
    rename(server, "Old", "New name/Nørrebro")
    report = sync(server, tmp_path)
    assert fetched == []
    assert totals(report) == NOTHING
    assert report.warnings == ()
    assert folder_of(report, "New name/Nørrebro").on_server == 5
    status = list_status(tmp_path)
    assert "Old" not in status
    assert status["New name/Nørrebro"].archived == 5
    (event,) = read_events(tmp_path, "folder-renamed")
    assert (event["formerly"], event["folder"]) == ("Old", "New name/Nørrebro")
    assert (event["uidvalidity"], event["messages"]) == (uidvalidity, 5)
    fill(server, "New name/Nørrebro", [20])
    assert totals(sync(server, tmp_path))["archived"] == 1
    audit_archive(tmp_path, server, folders={"INBOX", "New name/Nørrebro"})


def test_messages_of_a_renamed_folder_are_found_under_its_new_name(desk, mail_server):
    mail_server.create("Old")
    fill(mail_server, "Old", range(3))
    desk.set_up(mail_server).done("sync")
    assert len(desk.ids("in:Old")) == 3
    rename(mail_server, "Old", "Renamed")
    planned = desk.done("sync", "--dry-run", "--json").data["accounts"][0]
    assert planned["renamed"] == [{"folder": "Renamed", "formerly": "Old"}]
    out = desk.done("sync").out
    assert out.splitlines() == ["work: nothing new", "  Old is now called Renamed"]
    assert desk.done("sync").out == "work: nothing new\n"
    assert len(desk.ids("in:Renamed")) == 3
    assert desk.trail("search", "in:Old").code == 31
    out = desk.done("status", "-v").out
    assert re.search(r"^  Renamed +3 +3$", out, re.MULTILINE)
    assert "Old" not in out
    assert desk.done("verify").code == 0


def test_two_folders_that_swap_their_names_keep_their_messages_apart(server, tmp_path, fetched):
    for folder, numbers in (("a", range(4)), ("b", range(10, 16))):
        server.create(folder)
        fill(server, folder, numbers)
    sync(server, tmp_path)
    fetched.clear()
    for old, new in (("a", "c"), ("b", "a"), ("c", "b")):
        rename(server, old, new)
    report = sync(server, tmp_path)
    assert fetched == []
    assert totals(report) == NOTHING
    assert report.warnings == ()
    status = list_status(tmp_path)
    assert (status["a"].archived, status["b"].archived) == (6, 4)
    audit_archive(tmp_path, server, folders={"a", "b"})
    assert len(read_events(tmp_path, "folder-renamed")) == 2


@pytest.mark.parametrize("kind", ["with_ids", "pymap_server"])
def test_mailboxid_is_told_alike_by_status_and_examine(request, kind):
    server = request.getfixturevalue(kind)
    source = ImapSource(server.account(), server.password)
    (inbox,) = [f for f in source.list_folders() if f.name == "INBOX"]
    told = source.read_status(inbox).mailboxid
    assert told
    assert source.examine(inbox).mailboxid == told
    source.close()


def test_a_swap_under_one_uidvalidity_is_seen_by_mailboxid(with_ids, tmp_path, fetched):
    for folder, numbers in (("a", range(4)), ("b", range(10, 14))):
        with_ids.create(folder)
        with_ids.set_uidvalidity(folder, 1)
        fill(with_ids, folder, numbers)
    sync(with_ids, tmp_path)
    fetched.clear()
    for old, new in (("a", "c"), ("b", "a"), ("c", "b")):
        rename(with_ids, old, new)
    report = sync(with_ids, tmp_path)
    assert fetched == []
    assert totals(report) == NOTHING
    audit_archive(tmp_path, with_ids, folders={"a", "b"})


def test_a_folder_made_anew_under_the_old_name_is_not_taken_for_a_renumbered_one(
    server, tmp_path, fetched
):
    server.create("Jobs")
    fill(server, "Jobs", range(5))
    sync(server, tmp_path)
    fetched.clear()
    rename(server, "Jobs", "Older jobs")
    server.create("Jobs")
    fill(server, "Jobs", [10])
    report = sync(server, tmp_path)
    assert len(fetched) == 1
    assert report.warnings == ()
    assert totals(report)["archived"] == 1
    status = list_status(tmp_path)
    assert (status["Jobs"].archived, status["Older jobs"].archived) == (1, 5)
    audit_archive(tmp_path, server, folders={"Jobs", "Older jobs"})


def test_a_folder_renamed_between_two_batches_is_gone_on_with_under_its_new_name(
    server, tmp_path, monkeypatch
):
    server.create("Old")
    fill(server, "Old", range(30))
    monkeypatch.setattr("trail.intake.line.BATCH_MESSAGES", 10)
    monkeypatch.setattr("trail.intake.folder.split_batches", _batches_of_ten)
    renamed = []
    fetch = ImapSource.fetch_batches

    def spy(self, batches, *more, **others):
        for fetched in fetch(self, batches, *more, **others):
            yield fetched
            if not renamed:
                renamed.append(True)
                rename(server, "Old", "New")

    monkeypatch.setattr(ImapSource, "fetch_batches", spy)
    sync(server, tmp_path)
    assert renamed
    monkeypatch.setattr(ImapSource, "fetch_batches", fetch)
    report = sync(server, tmp_path)
    assert report.warnings == ()
    assert totals(report)["already_held"] == 0, "something was fetched twice"
    status = list_status(tmp_path)
    assert status["New"].archived == 30
    assert "Old" not in status
    audit_archive(tmp_path, server, folders={"New"})


def _batches_of_ten(uids, sizes, **_):
    yield list(uids[:10])


def test_a_folder_that_only_looks_alike_is_not_taken_for_the_old_one(scripted, tmp_path):
    scripted.create("Old")
    fill(scripted, "Old", range(5))
    sync(scripted, tmp_path)
    uidvalidity = scripted.uidvalidity("Old")
    scripted.delete("Old")
    scripted.create("Other")
    scripted.set_uidvalidity("Other", uidvalidity)
    fill(scripted, "Other", range(10, 15))
    assert totals(sync(scripted, tmp_path))["archived"] == 5
    assert read_events(tmp_path, "folder-renamed") == []
    assert list_status(tmp_path)["Old"].gone_at is not None
    audit_archive(tmp_path, scripted, folders={"Other"})


def test_a_copy_of_a_folder_that_stands_is_no_rename(scripted, tmp_path):
    scripted.create("Old")
    fill(scripted, "Old", range(5))
    sync(scripted, tmp_path)
    scripted.folders["Copy"] = replace(
        scripted.folders["Old"], messages=dict(scripted.folders["Old"].messages)
    )
    assert totals(sync(scripted, tmp_path))["already_held"] == 5
    assert set(list_status(tmp_path)) == {"INBOX", "Old", "Copy"}


def test_a_dry_run_knows_a_renamed_folder_and_changes_nothing(server, tmp_path):
    server.create("Old")
    fill(server, "Old", range(5))
    sync(server, tmp_path)
    rename(server, "Old", "New")
    report = sync(server, tmp_path, dry_run=True)
    assert totals(report) == NOTHING
    assert "Old" in list_status(tmp_path)
    assert read_events(tmp_path, "folder-renamed") == []


def test_a_rename_takes_nothing_from_a_client(scripted, tmp_path):
    filed = Client("filed", "Filed", folders=("Clients/Filed",))
    scripted.create("Clients/Filed")
    fill(scripted, "Clients/Filed", range(3))
    sync(scripted, tmp_path, clients=(ACME, filed))
    scripted.rename("Clients/Filed", "Clients/Elsewhere")
    sync(scripted, tmp_path, clients=(ACME, filed))
    with open_archive(tmp_path) as archive:
        keys = [m.key for m in archive.facts.iter_messages()]
        assert set(archive.facts.read_clients(keys).values()) == {("acme", "filed")}


def test_a_deleted_folder_is_told_kept_and_taken_up_again(desk, mail_server):
    mail_server.create("Project")
    fill(mail_server, "Project", range(3))
    desk.set_up(mail_server).done("sync")
    mail_server.delete("Project")
    desk.done("sync")
    out = desk.done("status", "-v").out
    assert re.search(
        r"^  Project +0 +3 +no longer on the server; what is archived is kept$", out, re.MULTILINE
    )
    (folder,) = [
        f
        for f in desk.done("status", "--json").data["accounts"][0]["folders"]
        if f["folder"] == "Project"
    ]
    assert folder["gone_at"].endswith("Z")
    assert folder["on_server"] == 0
    assert len(desk.ids("in:Project")) == 3
    assert desk.done("verify").code == 0


def test_a_folder_that_was_only_hidden_for_a_while_is_not_fetched_again(
    scripted, tmp_path, fetched
):
    scripted.create("Shared")
    fill(scripted, "Shared", range(12))
    sync(scripted, tmp_path)
    fetched.clear()
    hidden = scripted.folders.pop("Shared")
    report = sync(scripted, tmp_path)
    assert any("is no longer on the server, nor are the 12" in w for w in report.warnings)
    assert list_status(tmp_path)["Shared"].gone == 12
    assert sync(scripted, tmp_path).warnings == ()
    scripted.folders["Shared"] = hidden
    report = sync(scripted, tmp_path)
    assert (fetched, report.warnings) == ([], ())
    assert (list_status(tmp_path)["Shared"].gone, list_status(tmp_path)["Shared"].gone_at) == (
        0,
        None,
    )


# a server put back from a backup


def restore(server, folder, uidnext):
    """As if a backup was put back: everything from `uidnext` on never happened."""
    kept = server.folders[folder]
    for uid in [u for u in kept.messages if u >= uidnext]:
        del kept.messages[uid]
    kept.uidnext = uidnext


def test_uids_given_out_anew_after_a_restore_are_fetched(scripted, tmp_path):
    fill(scripted, "INBOX", range(10))
    sync(scripted, tmp_path)
    restore(scripted, "INBOX", 6)
    fill(scripted, "INBOX", range(20, 22))
    report = sync(scripted, tmp_path)
    assert any("the server went back to an earlier state" in w for w in report.warnings)
    assert "UIDNEXT 11 -> 8" in "".join(report.warnings)
    audit_archive(tmp_path, scripted, folders={"INBOX"})
    (event,) = read_events(tmp_path, "server-went-back")
    assert event["uids"] == [6, 7, 8, 9, 10]
    fill(scripted, "INBOX", range(30, 40))  # beyond where it once was
    report = sync(scripted, tmp_path)
    assert (report.warnings, totals(report)["archived"]) == ((), 10)
    audit_archive(tmp_path, scripted, folders={"INBOX"})
    with open_archive(tmp_path) as archive:
        places = archive.sightings.places(m.key for m in archive.facts.iter_messages())
        assert len(places) == 22
        assert all(places.values()), "what was archived has lost its place"


def test_after_a_restore_what_did_not_change_is_not_fetched(scripted, tmp_path, fetched):
    fill(scripted, "INBOX", range(10))
    sync(scripted, tmp_path)
    fetched.clear()
    restore(scripted, "INBOX", 6)
    report = sync(scripted, tmp_path)
    assert fetched == []
    assert len(report.warnings) == 1
    assert list_status(tmp_path)["INBOX"].on_server == 5
    assert sync(scripted, tmp_path).warnings == ()


def test_a_message_of_equal_size_under_a_used_uid_is_told_by_its_date(scripted, tmp_path):
    fill(scripted, "INBOX", range(4))
    sync(scripted, tmp_path)
    restore(scripted, "INBOX", 3)
    message = scripted.folders["INBOX"].messages[2]
    message.content = make_message(9)
    message.received_at = message.received_at.replace(year=2020)
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_what_was_left_is_decided_again_after_a_restore(scripted, tmp_path):
    for number in range(6):
        scripted.append("INBOX", make_message(number, sender="x@else.example"))
    sync(scripted, tmp_path, scope="clients")
    restore(scripted, "INBOX", 4)
    fill(scripted, "INBOX", [10])
    assert totals(sync(scripted, tmp_path, scope="clients"))["archived"] == 1
    assert read_sightings(tmp_path)["INBOX", scripted.uidvalidity("INBOX"), 4][0] == "archived"


def test_uids_that_were_gone_and_are_back_are_compared_before_they_are_believed(scripted, tmp_path):
    fill(scripted, "INBOX", range(10))
    sync(scripted, tmp_path)
    hidden = {uid: scripted.folders["INBOX"].messages.pop(uid) for uid in (4, 5)}
    sync(scripted, tmp_path)
    hidden[5].content = make_message(77, size=900)
    scripted.folders["INBOX"].messages.update(hidden)
    report = sync(scripted, tmp_path)
    assert totals(report)["archived"] == 1
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_only_reading_commands_are_sent_to_follow_a_rename(scripted, tmp_path):
    scripted.create("Old")
    fill(scripted, "Old", range(5))
    sync(scripted, tmp_path)
    scripted.rename("Old", "New")
    restore(scripted, "New", 4)
    scripted.commands.clear()
    sync(scripted, tmp_path)
    verbs = {re.match(r"(?i)(uid )?\w+", line)[0].upper() for line in scripted.commands}
    assert verbs <= {
        "CAPABILITY", "LOGIN", "LIST", "STATUS", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"
    }  # fmt: skip
    assert not any("BODY[" in line.upper() for line in scripted.commands)


def test_a_server_that_gives_its_folders_new_mailboxids_is_not_fetched_again(
    with_ids, tmp_path, fetched
):
    fill(with_ids, "INBOX", range(5))
    sync(with_ids, tmp_path)
    fetched.clear()
    with_ids.folders["INBOX"].mailbox_id = "M-new"
    fill(with_ids, "INBOX", [9])
    assert totals(sync(with_ids, tmp_path)) == NOTHING | {"archived": 1}
    assert fetched == [6]
    assert read_events(tmp_path, "folder-renamed") == []


def test_a_folder_renamed_and_renumbered_at_once_leaves_no_old_row(with_ids, tmp_path):
    with_ids.create("Old")
    fill(with_ids, "Old", range(5))
    sync(with_ids, tmp_path)
    with_ids.rename("Old", "New")
    with_ids.set_uidvalidity("New", 4711)
    report = sync(with_ids, tmp_path)
    assert totals(report) == NOTHING | {"already_held": 5}
    assert set(list_status(tmp_path)) == {"INBOX", "New"}
    audit_archive(tmp_path, with_ids, folders={"New"})


def test_a_server_that_says_0_for_uidnext_has_not_gone_back(scripted, tmp_path):
    fill(scripted, "INBOX", range(5))
    sync(scripted, tmp_path)
    scripted.folders["INBOX"].uidnext = 0
    assert sync(scripted, tmp_path).warnings == ()


def test_an_older_ledger_row_for_the_same_name_is_no_obstacle(scripted, tmp_path):
    scripted.create("a")
    fill(scripted, "a", range(3))
    sync(scripted, tmp_path)
    for old, new in (("a", "b"), ("b", "a"), ("a", "b")):
        scripted.rename(old, new)
        assert totals(sync(scripted, tmp_path)) == NOTHING
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
        assert ledger.execute("SELECT count(*) FROM epoch WHERE folder = 'b'").fetchone() == (1,)
