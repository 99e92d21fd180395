"""What a sync survives: servers that lie, lines that break, disks that are full."""

from __future__ import annotations

import errno
import os

import pytest
from checking import audit_archive, read_maildir, read_sightings
from servers.proxy import Proxy
from servers.scripted import GMAIL, ScriptedServer
from syncing import folder_of, make_message, sync, totals

from trail.archive.store import open_archive
from trail.errors import (
    ArchiveFull,
    ArchiveLocked,
    ArchiveReadOnly,
    LoginRejected,
    ServerUnreachable,
)
from trail.fetch.imap import ImapSource
from trail.locks import hold_lock


def fill(server, count=10, folder="INBOX"):
    return [server.append(folder, make_message(number)) for number in range(count)]


def test_only_reading_commands_are_ever_sent(scripted, tmp_path):
    fill(scripted)
    sync(scripted, tmp_path, scope="clients")
    sync(scripted, tmp_path)
    verbs = {
        line.split()[0].upper()
        if not line.upper().startswith("UID")
        else " ".join(line.split()[:2]).upper()
        for line in scripted.commands
    }
    assert verbs <= {
        "CAPABILITY",
        "LOGIN",
        "LIST",
        "STATUS",
        "EXAMINE",
        "UID SEARCH",
        "UID FETCH",
        "LOGOUT",
    }
    fetches = [line for line in scripted.commands if line.upper().startswith("UID FETCH")]
    assert fetches
    assert not any("BODY[" in line.upper() for line in fetches)


def test_a_round_with_nothing_new_needs_one_round_trip_a_folder(scripted, tmp_path):
    for number in range(30):
        scripted.create(f"Folder {number}")
        fill(scripted, 2, f"Folder {number}")
    sync(scripted, tmp_path)
    scripted.commands.clear()
    sync(scripted, tmp_path)
    about_folders = [line for line in scripted.commands if "Folder" in line or "INBOX" in line]
    assert len(about_folders) == 31
    assert all(line.upper().startswith("STATUS") for line in about_folders)


@pytest.mark.parametrize(
    "fault", ["no_body", "body_omitted", "no_response", "without_uid", "garbage", "refused"]
)
def test_one_bad_message_is_recorded_as_failed_and_the_folder_goes_on(scripted, tmp_path, fault):
    uids = fill(scripted)
    setattr(scripted.faults, fault, {uids[4]})
    report = sync(scripted, tmp_path)
    assert totals(report)["archived"] == 9
    assert totals(report)["failed"] == 1
    sightings = read_sightings(tmp_path)
    assert [uid for (_, _, uid), (decision, _) in sightings.items() if decision == "failed"] == [
        uids[4]
    ]
    setattr(scripted.faults, fault, set())
    assert totals(sync(scripted, tmp_path))["archived"] == 1
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_headers_that_cannot_be_had_are_failed_not_left(scripted, tmp_path):
    uids = fill(scripted)
    scripted.faults.refused_headers = {uids[0]}
    report = sync(scripted, tmp_path, scope="clients")
    assert totals(report)["failed"] == 1
    assert totals(report)["left"] == 0
    scripted.faults.refused_headers = set()
    assert totals(sync(scripted, tmp_path, scope="clients"))["archived"] == 1


def test_an_empty_message_is_archived_as_the_empty_message_it_is(scripted, tmp_path):
    scripted.append("INBOX", b"")
    report = sync(scripted, tmp_path, index=True)
    assert totals(report) == {"archived": 1, "already_held": 0, "left": 0, "failed": 0, "gone": 0}
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_server_too_busy_to_greet_is_left_alone_and_the_round_goes_on(scripted, tmp_path):
    fill(scripted)
    scripted.faults.greeting = "BYE [UNAVAILABLE] Too many simultaneous connections"
    report = sync(scripted, tmp_path)
    assert "Too many simultaneous connections" in report.accounts[0].error
    assert scripted.connections <= 5
    scripted.faults.greeting = ""
    assert totals(sync(scripted, tmp_path))["archived"] == 10


def test_a_server_that_asks_for_patience_is_not_asked_for_each_message_alone(scripted, tmp_path):
    fill(scripted, 50)
    scripted.faults.always_refuse = {"UID FETCH": "[OVERQUOTA] bandwidth limit"}
    report = sync(scripted, tmp_path)
    assert "asks for patience ([OVERQUOTA] bandwidth limit)" in report.accounts[0].error.replace(
        "fetch failed: ", ""
    )
    assert totals(report)["failed"] == 0
    assert scripted.connections <= 5
    scripted.faults.always_refuse = {}
    assert totals(sync(scripted, tmp_path))["archived"] == 50


def test_an_empty_body_in_place_of_a_message_is_not_believed_at_once(scripted, tmp_path):
    uids = fill(scripted, 3)
    scripted.faults.empty_body = {uids[1]}
    sync(scripted, tmp_path)
    asked = [line for line in scripted.commands if line.upper().startswith(f"UID FETCH {uids[1]} ")]
    assert asked, "the doubtful message was not asked for again"


def test_an_empty_body_in_place_of_a_message_is_never_taken_for_it(scripted, tmp_path):
    uids = fill(scripted, 3)
    scripted.faults.empty_body = {uids[1]}
    report = sync(scripted, tmp_path)
    assert (totals(report)["archived"], totals(report)["failed"]) == (2, 1)
    scripted.faults.empty_body = set()
    assert totals(sync(scripted, tmp_path))["archived"] == 1
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_wrong_size_is_asked_for_again_and_what_comes_twice_is_kept(scripted, tmp_path):
    uids = fill(scripted, 3)
    scripted.faults.wrong_size = {uids[1]: 7}
    assert totals(sync(scripted, tmp_path))["archived"] == 3
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_literal_that_lies_about_its_length_never_becomes_a_message(scripted, tmp_path):
    uids = fill(scripted, 5)
    account = scripted.account(timeout=0.5)
    for lie in (5, -5):
        scripted.faults.wrong_literal = {uids[2]: lie}
        with_lie = sync(scripted, tmp_path, account=account)
        assert totals(with_lie)["archived"] + totals(with_lie)["already_held"] <= 4
        real = {content for content, _ in scripted.snapshot()["INBOX"].values()}
        assert {content for copies in read_maildir(tmp_path).values() for content in copies} <= real
    scripted.faults.wrong_literal = {}
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_unasked_flag_updates_by_sequence_number_confuse_nothing(scripted, tmp_path):
    uids = fill(scripted, 6)
    scripted.expunge("INBOX", uids[0])
    scripted.faults.unsolicited = [
        b"* 5 FETCH (FLAGS (\\Deleted))",
        b"* 3 FETCH (FLAGS (\\Seen))",
        b"* 99 EXISTS",
    ]
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})
    assert not [
        path
        for path in (tmp_path / "mail").glob("*/*/cur/*")
        if "T" in path.name.rpartition(":2,")[2]
    ]


def test_unknown_items_in_an_answer_are_passed_over(scripted, tmp_path):
    uids = fill(scripted, 4)
    scripted.faults.unknown_tokens = set(uids)
    assert totals(sync(scripted, tmp_path))["archived"] == 4
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_server_without_internaldate_loses_nothing(scripted, tmp_path):
    fill(scripted, 3)
    scripted.faults.no_internaldate = True
    assert totals(sync(scripted, tmp_path))["archived"] == 3
    audit_archive(tmp_path, scripted, folders={"INBOX"})


@pytest.mark.parametrize("raw", [b"Kunder \xe6\xf8\xe5", "Ærlig".encode(), b"bad &utf7"])
def test_folder_names_that_break_the_rules_are_fetched_all_the_same(scripted, tmp_path, raw):
    scripted.create("Odd")
    fill(scripted, 2, "Odd")
    scripted.faults.raw_names = {"Odd": raw}
    report = sync(scripted, tmp_path)
    assert totals(report)["archived"] == 2
    assert all(f.folder.encode() for f in report.accounts[0].folders)


def test_a_folder_that_vanishes_during_the_round_is_named_and_the_others_go_on(scripted, tmp_path):
    scripted.create("Afterwards")
    scripted.create("Going")
    fill(scripted, 2, "Going")
    fill(scripted, 2, "Afterwards")
    scripted.faults.vanished = {"Going"}
    report = sync(scripted, tmp_path)
    assert totals(report)["archived"] == 2
    assert any("Going" in warning for warning in report.warnings)
    with open_archive(tmp_path) as archive:
        (warning,) = archive.rounds.summarise("work").warnings
    assert "Going" in warning


def test_a_suddenly_empty_folder_is_worth_a_warning_and_changes_no_file(scripted, tmp_path):
    uids = fill(scripted, 12)
    sync(scripted, tmp_path)
    files = read_maildir(tmp_path)
    for uid in uids:
        scripted.expunge("INBOX", uid)
    report = sync(scripted, tmp_path)
    assert any("suddenly empty" in warning for warning in report.warnings)
    assert read_maildir(tmp_path) == files


@pytest.mark.parametrize("where", [1, 100, 200, 250, 300, 500, 1500, 4000])
@pytest.mark.parametrize("way", ["rst", "fin"])
def test_a_line_cut_anywhere_is_taken_up_again(scripted, tmp_path, where, way):
    fill(scripted, 15)
    with Proxy(
        scripted.host, scripted.port, cut_after=where, cut_with=way, only=frozenset({1, 2})
    ) as proxy:
        report = sync(scripted, tmp_path, account=scripted.account(port=proxy.port))
    assert totals(report)["failed"] == 0
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_line_that_is_cut_in_every_batch_still_gets_everything_in_the_end(scripted, tmp_path):
    fill(scripted, 40)
    scripted.faults.cut_at = dict.fromkeys(range(5, 40, 7), 50)
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_line_that_always_breaks_is_given_up_and_the_account_reported(scripted, tmp_path):
    fill(scripted, 3)
    with Proxy(scripted.host, scripted.port, cut_after=1) as proxy:
        report = sync(scripted, tmp_path, account=scripted.account(port=proxy.port))
    assert report.accounts[0].error
    assert proxy.connections <= 10


def test_a_server_that_stalls_is_given_up_after_the_timeout(scripted, tmp_path):
    fill(scripted, 30)
    scripted.faults.stall_on = {"UID FETCH"}
    report = sync(scripted, tmp_path, account=scripted.account(timeout=0.2))
    assert "breaks on one message after the other" in report.accounts[0].error
    scripted.faults.stall_on = set()
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_one_message_that_breaks_the_line_every_time_is_recorded_and_the_rest_fetched(
    scripted, tmp_path
):
    uids = fill(scripted, 30)
    scripted.faults.bye_always_at = {uids[7]}
    report = sync(scripted, tmp_path)
    assert totals(report)["archived"] == 29
    assert totals(report)["failed"] == 1
    scripted.faults.bye_always_at = set()
    assert totals(sync(scripted, tmp_path))["archived"] == 1
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_server_that_asks_for_patience_is_not_pressed(scripted, tmp_path):
    fill(scripted, 10)
    scripted.faults.refusals = {"UID FETCH": ["[LIMIT] slow down"] * 2}
    assert totals(sync(scripted, tmp_path))["archived"] == 10
    assert scripted.connections == 3


def test_bye_in_the_middle_is_a_broken_line(scripted, tmp_path):
    uids = fill(scripted, 10)
    scripted.faults.bye_at = {uids[5]}
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_refused_login_is_tried_once(scripted, tmp_path):
    report = sync(scripted, tmp_path, password="wrong")
    assert "refused the login" in report.accounts[0].error
    assert scripted.connections == 1


def test_throttling_is_no_refused_login(scripted, tmp_path):
    scripted.faults.always_refuse = {"LOGIN": "[UNAVAILABLE] too many simultaneous connections"}
    report = sync(scripted, tmp_path)
    assert "takes no logins just now" in report.accounts[0].error


def test_nothing_listens_there(tmp_path, scripted):
    with ScriptedServer() as server:
        account = server.account()
    with pytest.raises(ServerUnreachable):
        ImapSource(account, "secret")
    with pytest.raises(LoginRejected):
        ImapSource(scripted.account(), "wrong")


def test_gmail_is_fetched_once_from_all_mail_with_its_labels(tmp_path):
    with ScriptedServer(capabilities=GMAIL) as server:
        server.create("[Gmail]/All Mail")
        server.folders["[Gmail]/All Mail"].attributes = ("\\All",)
        server.append("[Gmail]/All Mail", make_message(1))
        server.append("INBOX", make_message(1))
        server.folders["[Gmail]/All Mail"].messages[1].labels = ("Clients/Acme", "\\Important")
        report = sync(server, tmp_path)
    assert [f.folder for f in report.accounts[0].folders] == ["[Gmail]/All Mail"]
    with open_archive(tmp_path) as archive:
        (key,) = (m.key for m in archive.facts.iter_messages())
        (sighting,) = archive.sightings.places([key])[key]
    assert "Clients/Acme" in sighting.labels


def test_a_full_disk_stops_the_round_and_the_next_one_completes_it(scripted, tmp_path, monkeypatch):
    fill(scripted, 30)
    written = 0
    real = os.write

    def write(descriptor, content):
        nonlocal written
        written += len(content)
        if written > 3000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, content)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(ArchiveFull):
        sync(scripted, tmp_path)
    monkeypatch.undo()
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_refuses_late_leaves_no_row_without_its_file(
    scripted, tmp_path, monkeypatch, number, call
):
    fill(scripted, 5)
    sync(scripted, tmp_path)
    for extra in range(5):
        scripted.append("INBOX", make_message(100 + extra))

    def refuse(*_args, **_kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(f"os.{call}", refuse)
    with pytest.raises((ArchiveFull, ArchiveReadOnly)):
        sync(scripted, tmp_path)
    monkeypatch.undo()
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_second_writer_is_turned_away(scripted, tmp_path):
    sync(scripted, tmp_path)
    with hold_lock(tmp_path / "lock"), pytest.raises(ArchiveLocked):
        sync(scripted, tmp_path)


def test_the_scripted_server_keeps_the_contract_when_it_does_not_lie(scripted, tmp_path):
    fill(scripted, 20)
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})
    assert folder_of(sync(scripted, tmp_path)).archived == 0


def large_message(number, size=3_000_000):
    return make_message(number) + b"0123456789abcde\n" * (size // 16)


def test_large_messages_go_to_the_disk_as_they_come_and_are_the_same(scripted, tmp_path):
    fill(scripted, 3)
    contents = [large_message(number) for number in (11, 12, 11)]
    for content in contents:
        scripted.append("INBOX", content)
    report = folder_of(sync(scripted, tmp_path, scope="clients"))
    assert (report.archived, report.already_held, report.failed) == (5, 1, 0)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


@pytest.mark.parametrize("at", [1, 100, 1_048_577, 2_500_000])
def test_a_line_that_is_cut_within_a_large_message_leaves_nothing_half(scripted, tmp_path, at):
    fill(scripted, 2)
    uid = scripted.append("INBOX", large_message(11))
    scripted.append("INBOX", make_message(12))
    scripted.faults.cut_at = {uid: at}
    assert folder_of(sync(scripted, tmp_path)).archived == 4
    audit_archive(tmp_path, scripted, folders={"INBOX"})
    assert not list(tmp_path.glob("mail/*/*/tmp/*"))


def test_a_large_message_of_another_size_than_announced_is_asked_for_twice(scripted, tmp_path):
    uid = scripted.append("INBOX", large_message(11))
    scripted.faults.wrong_size = {uid: 17}
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})
    with open_archive(tmp_path) as archive:
        (places,) = archive.sightings.places(
            [m.key for m in archive.facts.iter_messages()]
        ).values()
    assert places[0].reason.endswith("twice")
    assert not list(tmp_path.glob("mail/*/*/tmp/*"))


@pytest.mark.parametrize("fault", ["refused", "no_response", "garbage", "bye_at"])
def test_a_fault_in_one_of_two_batches_on_the_line_costs_the_other_nothing(
    scripted, tmp_path, monkeypatch, fault
):
    monkeypatch.setattr("trail.fetch.plan.BATCH_MESSAGES", 4)
    monkeypatch.setattr("trail.intake.line.BATCH_MESSAGES", 4)
    monkeypatch.setattr("trail.intake.folder.BATCH_MESSAGES", 4)
    uids = fill(scripted, 16)
    bad = {uids[2], uids[5], uids[9]}
    setattr(scripted.faults, fault, set(bad))
    report = folder_of(sync(scripted, tmp_path))
    if fault == "bye_at":  # once each
        assert (report.archived, report.failed) == (16, 0)
    else:
        assert (report.archived, report.failed) == (13, 3)
        setattr(scripted.faults, fault, set())
        assert folder_of(sync(scripted, tmp_path)).archived == 3
    audit_archive(tmp_path, scripted, folders={"INBOX"})


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_as_many_batches_are_asked_for_ahead_as_is_said(scripted, ahead):
    uids = fill(scripted, 12)
    drawn = []

    def draw():
        for start in range(0, 12, 3):
            drawn.append(start)
            yield uids[start : start + 3]

    source = ImapSource(scripted.account(), scripted.password)
    source.examine(next(f for f in source.list_folders() if f.name == "INBOX"))
    batches = source.fetch_batches(draw(), source.fetch_sizes(uids), pytest.fail, ahead=ahead)
    try:
        assert len(next(batches).messages) == 3
        assert len(drawn) == 1 + ahead
        assert [len(batch.messages) for batch in batches] == [3, 3, 3]
    finally:
        source.close()
