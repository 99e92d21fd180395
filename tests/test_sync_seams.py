"""Where the parts of a sync meet: what one of them keeps in mind must not mislead another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from checking import audit_archive, read_sightings
from servers.scripted import CAPABILITIES, ScriptedServer
from syncing import make_config, make_message, sync

from trail.archive.store import writing_archive
from trail.fetch.imap import ImapSource
from trail.intake import Round
from trail.model import RemoteRef, Sighting
from trail.pipeline import run_round

AT = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)


def fill(server, folder, numbers, **options):
    for number in numbers:
        server.append(folder, make_message(number, **options), received_at=AT)


def test_a_uid_that_failed_before_the_server_renumbered_is_decided_after_it(scripted, tmp_path):
    uids = [scripted.append("INBOX", make_message(number)) for number in range(120)]
    scripted.faults.refused = {uids[2]}
    scripted.faults.bye_always_at = {uids[110]}
    renumbered = []

    def stopping():
        ledger = tmp_path / "ledger.db"
        decisions = read_sightings(tmp_path).values() if ledger.exists() else ()
        if not renumbered and any(value[0] == "failed" for value in decisions):
            renumbered.append(True)
            scripted.faults.refused = set()
            scripted.set_uidvalidity("INBOX", 777)
        if renumbered and scripted.connections > 3:
            scripted.faults.bye_always_at = set()
        return False

    sync(scripted, tmp_path, stopping=stopping)
    sync(scripted, tmp_path)
    assert renumbered
    assert {uid for _, validity, uid in read_sightings(tmp_path) if validity == 777} == set(uids)


@pytest.mark.parametrize("ids", [False, True])
def test_a_folder_and_its_copy_stay_two_when_one_cannot_be_asked(tmp_path, monkeypatch, ids):
    capabilities = (*CAPABILITIES, *(["OBJECTID"] if ids else []))
    with ScriptedServer(capabilities=capabilities) as server:
        server.create("Copy")
        server.set_uidvalidity("Copy", server.uidvalidity("INBOX"))
        for number, folder in ((1001, "INBOX"), (1002, "Copy")):
            fill(server, folder, [*range(100), number])
        real, asked = ImapSource.examine, []

        def examine(self, folder):
            if folder.name == "Copy" and not asked:
                asked.append(True)
                server.faults.refusals = {"STATUS": ["[SERVERBUG] try later"]}
            return real(self, folder)

        monkeypatch.setattr(ImapSource, "examine", examine)
        for _ in range(2):
            sync(server, tmp_path)
        audit_archive(tmp_path, server, folders={"INBOX", "Copy"})


@pytest.mark.parametrize("moment", range(1, 30, 3))
def test_a_stop_at_any_moment_leaves_nothing_in_tmp_and_the_next_round_completes_it(
    scripted, tmp_path, moment
):
    fill(scripted, "INBOX", range(6), size=1_400_000)
    looks = []

    def stopping():
        looks.append(True)
        return len(looks) > moment

    sync(scripted, tmp_path, stopping=stopping)
    assert not list(tmp_path.glob("mail/*/*/tmp/*"))
    sync(scripted, tmp_path)
    audit_archive(tmp_path, scripted, folders={"INBOX"})


def test_a_reply_left_by_a_round_that_was_cut_short_is_looked_at_again(scripted, tmp_path):
    scripted.create("Projects")
    reply = make_message(50, sender="sub@other.example", extra="References: <1@test.example>\r\n")
    scripted.append("INBOX", reply)
    scripted.append("Projects", make_message(1))

    def stopping():  # after the inbox
        ledger = tmp_path / "ledger.db"
        return ledger.exists() and bool(read_sightings(tmp_path))

    sync(scripted, tmp_path, scope="clients", stopping=stopping)
    for _ in range(2):
        sync(scripted, tmp_path, scope="clients")
    assert {value[0] for value in read_sightings(tmp_path).values()} == {"archived"}


def test_a_reply_in_one_account_finds_its_parent_in_another_in_rounds_of_one_account(tmp_path):
    with ScriptedServer() as first, ScriptedServer() as second:
        reply = make_message(
            50, sender="sub@other.example", extra="References: <1@test.example>\r\n"
        )
        first.append("INBOX", reply)
        second.append("INBOX", make_message(1))
        accounts = (first.account("one"), second.account("two"))
        config = make_config(tmp_path, scope="clients", accounts=accounts)
        left_replies = None
        for _ in range(2):
            for account in accounts:
                with writing_archive(tmp_path) as archive:
                    round_ = Round(archive, config, lambda a: ImapSource(a, "secret"), sleep=lambda _: None)  # fmt: skip
                    # as the daemon does: a round an account, and what was left is kept in mind
                    left_replies = round_.left_replies = (
                        round_.left_replies if left_replies is None else left_replies
                    )
                    run_round(round_, [account], index=False)
        assert [value[0] for value in read_sightings(tmp_path, "one").values()] == ["archived"]


REPLY = make_message(50, sender="sub@other.example", extra="References: <1@test.example>\r\n")


def refuse(server, parent):
    return {
        "its parent could not be fetched": {"refused": {parent}},
        "nor could the parent's header": {"refused_headers": {parent}},
        "its parent's folder was refused": {"vanished": {"Projects"}},
    }


@pytest.mark.parametrize("why", refuse(None, 0))
def test_a_reply_is_looked_at_again_once_what_kept_its_parent_from_coming_is_over(
    scripted, tmp_path, why
):
    scripted.create("Projects")
    scripted.append("INBOX", REPLY)
    for number in range(2, 5):  # so that the UIDs of the two folders differ
        scripted.append("Projects", make_message(number))
    parent = scripted.append("Projects", make_message(1))
    for name, value in refuse(scripted, parent)[why].items():
        setattr(scripted.faults, name, value)
    sync(scripted, tmp_path, scope="clients")
    assert read_sightings(tmp_path)["INBOX", scripted.uidvalidity("INBOX"), 1][0] == "left"
    sync(scripted, tmp_path, scope="clients")
    scripted.commands.clear()
    sync(scripted, tmp_path, scope="clients")  # nothing is new, and nothing is asked for again
    assert not any(c.startswith("EXAMINE") and "INBOX" in c for c in scripted.commands)
    scripted.faults.refused, scripted.faults.refused_headers = set(), set()
    scripted.faults.vanished = set()
    sync(scripted, tmp_path, scope="clients")
    decided = read_sightings(tmp_path)
    assert decided["INBOX", scripted.uidvalidity("INBOX"), 1][0] == "archived"
    sync(scripted, tmp_path, scope="clients")
    scripted.commands.clear()
    sync(scripted, tmp_path, scope="clients")
    assert not any(c.startswith("EXAMINE") for c in scripted.commands)


def test_a_reply_that_was_left_when_all_was_well_stays_left(scripted, tmp_path):
    scripted.create("Projects")
    scripted.append("INBOX", REPLY)
    sync(scripted, tmp_path, scope="clients")
    scripted.faults.vanished = {"Projects"}
    sync(scripted, tmp_path, scope="clients")
    scripted.faults.vanished = set()
    scripted.commands.clear()
    sync(scripted, tmp_path, scope="clients")
    assert not any("BODY.PEEK[HEADER]" in c for c in scripted.commands)


def test_two_folders_of_one_name_and_uidvalidity_keep_their_left_replies_apart(tmp_path):
    ref = RemoteRef("work", "INBOX", 7, 1)
    with writing_archive(tmp_path) as archive:
        sightings = archive.sightings
        with archive.ledger.transaction():
            epochs = [sightings.open_epoch("work", "INBOX", 7, AT, m) for m in ("M1", "M2")]
            for epoch in epochs:
                sightings.record(epoch, [Sighting(ref, None, "left", AT)], "rules:waiting")
            sightings.settle_left([(epochs[0].id, 1)], "rules:waiting", "rules")
        assert [sightings.read_decided(e, "rules").again for e in epochs] == [set(), {1}]
        with archive.ledger.transaction():
            sightings.settle_left([(epochs[1].id, 1)], "rules:waiting", "rules")
            assert sightings.reopen([(epochs[0].id, 1)]) == 1
        assert [sightings.read_decided(e, "rules").settled for e in epochs] == [set(), {1}]
