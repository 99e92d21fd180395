"""Flags and labels of messages that are archived already, as they change on the server."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest
from servers.plain import checked
from servers.scripted import CAPABILITIES, GMAIL, PLAIN, ScriptedServer
from syncing import folder_of, make_message, sync, totals

from trail.archive.store import open_archive
from trail.index.store import WhooshIndex
from trail.intake import refresh
from trail.model import Client

FIVE = ("\\Inbox", "\\Starred", "Clients/Acme", "Økonomi", "2024")
ALL_MAIL = "[Gmail]/All Mail"


@pytest.fixture
def gmail():
    """A Gmail with its folders."""
    with ScriptedServer(capabilities=GMAIL) as server:
        for name, use in (("All Mail", r"\All"), ("Spam", r"\Junk"), ("Trash", r"\Trash")):
            server.create(f"[Gmail]/{name}", use)
        yield server


def find(root, query):
    """The subjects of what is found."""
    index = WhooshIndex.open(root / "index")
    try:
        return sorted(hit.subject for hit in index.search(query, now=datetime.now(UTC)).hits)
    finally:
        index.close()


def read_flags(root):
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)
    rows = connection.execute("SELECT uid, flags FROM sighting").fetchall()
    connection.close()
    return {uid: set(flags.split()) for uid, flags in rows}


def store(server, uid, change, flags, folder="INBOX"):
    with server.connect() as client:
        checked(client.select(server.quote(folder)))
        checked(client.uid("STORE", str(uid), change, flags))


@pytest.fixture(params=["dovecot", "cyrus"])
def condstore(request):
    """Real servers with CONDSTORE."""
    return request.getfixturevalue(request.param)


def test_a_flag_set_later_is_found_though_no_message_came(condstore, tmp_path):
    first, second = (
        condstore.append("INBOX", make_message(n, subject=f"number {n}")) for n in (1, 2)
    )
    sync(condstore, tmp_path, index=True)
    assert find(tmp_path, "is:flagged") == []
    store(condstore, first, "+FLAGS", r"(\Flagged \Seen $Later)")
    report = sync(condstore, tmp_path, index=True)
    assert totals(report) == {"archived": 0, "already_held": 0, "left": 0, "failed": 0, "gone": 0}
    assert read_flags(tmp_path) == {first: {"\\Flagged", "\\Seen", "$Later"}, second: set()}
    assert find(tmp_path, "is:flagged") == ["number 1"]
    store(condstore, first, "-FLAGS", r"(\Flagged)")
    store(condstore, second, "+FLAGS", r"(\Answered)")
    sync(condstore, tmp_path, index=True)
    assert find(tmp_path, "is:flagged") == []
    assert find(tmp_path, "is:answered") == ["number 2"]


def test_a_flag_set_while_messages_come_is_found(condstore, tmp_path):
    uid = condstore.append("INBOX", make_message(1, subject="number 1"))
    sync(condstore, tmp_path, index=True)
    store(condstore, uid, "+FLAGS", r"(\Flagged)")
    condstore.append("INBOX", make_message(2, subject="number 2"), flags=("\\Flagged",))
    sync(condstore, tmp_path, index=True)
    assert find(tmp_path, "is:flagged") == ["number 1", "number 2"]


@pytest.mark.dovecot
def test_nothing_on_the_server_changes_by_it(dovecot, tmp_path):
    uid = dovecot.append("INBOX", make_message(1))
    sync(dovecot, tmp_path)
    store(dovecot, uid, "+FLAGS", r"(\Flagged)")
    before = dovecot.snapshot()
    sync(dovecot, tmp_path)
    assert dovecot.snapshot() == before


def test_a_ledger_that_never_looked_asks_for_all_flags_once(tmp_path):
    with ScriptedServer(capabilities=(*CAPABILITIES, "CONDSTORE")) as server:
        uid = server.append("INBOX", make_message(1))
        sync(server, tmp_path)
        connection = sqlite3.connect(tmp_path / "ledger.db")
        connection.execute("UPDATE epoch SET modseq = NULL")
        connection.commit()
        connection.close()
        server.folders["INBOX"].messages[uid].flags = {"\\Flagged"}  # without a trace
        sync(server, tmp_path)
        assert read_flags(tmp_path) == {uid: {"\\Flagged"}}
        server.commands.clear()
        sync(server, tmp_path)
        assert server.count_commands("EXAMINE") == server.count_commands("UID FETCH") == 0


def test_a_server_whose_mod_sequences_went_back_is_asked_for_everything(tmp_path):
    with ScriptedServer(capabilities=(*CAPABILITIES, "CONDSTORE")) as server:
        uid = server.append("INBOX", make_message(1))
        server.folders["INBOX"].modseq = 900
        sync(server, tmp_path)
        server.folders["INBOX"].modseq = 3
        server.folders["INBOX"].messages[uid].modseq = 3
        server.folders["INBOX"].messages[uid].flags = {"\\Flagged"}
        sync(server, tmp_path)
        assert read_flags(tmp_path) == {uid: {"\\Flagged"}}


def test_without_condstore_the_newest_are_looked_at_when_the_folder_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(refresh, "NEWEST", 2)
    with ScriptedServer(capabilities=PLAIN) as server:
        uids = [server.append("INBOX", make_message(n)) for n in range(3)]
        sync(server, tmp_path)
        for uid in uids:
            server.mark("INBOX", uid, flags=["\\Flagged"])
        server.commands.clear()
        sync(server, tmp_path)
        assert server.count_commands("UID FETCH") == 0
        assert read_flags(tmp_path)[uids[2]] == set()
        last = server.append("INBOX", make_message(9))
        sync(server, tmp_path)
        assert read_flags(tmp_path) == {
            uids[0]: set(),
            uids[1]: set(),
            uids[2]: {"\\Flagged"},
            last: set(),
        }


def test_a_server_that_knows_nothing_beyond_imap4rev1_is_archived(tmp_path):
    with ScriptedServer(capabilities=PLAIN, separator=".") as server:
        server.create("Sent")
        server.append("INBOX", make_message(1))
        server.append("Sent", make_message(2))
        assert totals(sync(server, tmp_path))["archived"] == 2
        server.expunge("INBOX", 1)
        assert totals(sync(server, tmp_path))["gone"] == 1


@pytest.mark.parametrize("answer", ["[LIMIT] slow down", "what?"])
def test_a_refusal_to_tell_flags_is_no_harm(tmp_path, answer):
    with ScriptedServer(capabilities=(*CAPABILITIES, "CONDSTORE")) as server:
        uid = server.append("INBOX", make_message(1))
        sync(server, tmp_path)
        server.mark("INBOX", uid, flags=["\\Flagged"])
        server.faults.refusals = {"UID FETCH": [answer]}
        sync(server, tmp_path)
        server.mark("INBOX", uid, flags=["\\Flagged", "\\Seen"])
        sync(server, tmp_path)
        assert read_flags(tmp_path) == {uid: {"\\Flagged", "\\Seen"}}


# Gmail


def test_a_message_with_five_labels_is_fetched_once_and_found_under_all_five(gmail, tmp_path):
    content = make_message(1, subject="the quote")
    gmail.append(ALL_MAIL, content, labels=FIVE)
    gmail.append("INBOX", content)
    for name in FIVE[2:]:
        gmail.create(name)
        gmail.append(name, content)
    report = sync(gmail, tmp_path, index=True)
    assert [f.folder for f in report.accounts[0].folders] == [ALL_MAIL]
    assert sum("BODY.PEEK[]" in line for line in gmail.commands) == 1
    for name in ("inbox", "starred", '"clients/acme"', "økonomi", "2024"):
        assert find(tmp_path, f"in:{name}") == ["the quote"], name


def test_spam_and_trash_are_left_alone(gmail, tmp_path):
    gmail.append("[Gmail]/Spam", make_message(1))
    gmail.append("[Gmail]/Trash", make_message(2))
    gmail.append(ALL_MAIL, make_message(3))
    sync(gmail, tmp_path)
    assert not any(
        word in line
        for line in gmail.commands
        for word in ("Spam", "Trash")
        if line.startswith(("STATUS", "EXAMINE"))
    )
    # also where All Mail is hidden from IMAP
    del gmail.folders[ALL_MAIL]
    report = sync(gmail, tmp_path)
    assert [f.folder for f in report.accounts[0].folders] == ["INBOX"]


def test_gmails_numbers_are_kept_and_shown(gmail, desk):
    uid = gmail.append(ALL_MAIL, make_message(1), labels=FIVE, flags=["\\Flagged"])
    desk.set_up(gmail).done("sync")
    (found,) = desk.ids("is:flagged")
    (place,) = desk.done("show", found, "--json").data["places"]
    assert place["gmail"] == {"message": str(10**18 + uid), "thread": str(10**18 + uid)}
    assert (place["flags"], set(place["labels"])) == (["\\Flagged"], set(FIVE))


def test_labels_that_change_are_followed(gmail, tmp_path):
    uid = gmail.append(ALL_MAIL, make_message(1, subject="the quote"), labels=["Before"])
    sync(gmail, tmp_path, index=True)
    assert find(tmp_path, "in:before") == ["the quote"]
    gmail.mark(ALL_MAIL, uid, labels=["After", "\\Sent"])
    sync(gmail, tmp_path, index=True)
    assert find(tmp_path, "in:before") == []
    assert find(tmp_path, "in:after") == find(tmp_path, "in:sent") == ["the quote"]
    assert sum("BODY.PEEK[]" in line for line in gmail.commands) == 1


def test_a_label_given_later_makes_it_a_clients(gmail, tmp_path):
    bolt = Client("bolt", "Bolt", folders=("Clients/Bolt",))
    options = {"clients": (bolt,), "index": True}
    held = gmail.append(ALL_MAIL, make_message(1, sender="x@else.example"), labels=["Other"])
    sync(gmail, tmp_path, scope="everything", **options)
    gmail.mark(ALL_MAIL, held, labels=["Clients/Bolt"])
    sync(gmail, tmp_path, scope="everything", **options)
    with open_archive(tmp_path) as archive:
        assert len(archive.facts.client_keys("bolt")) == 1


def test_what_was_left_and_gets_a_clients_label_is_fetched_by_the_round_after(gmail, tmp_path):
    bolt = Client("bolt", "Bolt", folders=("Clients/Bolt",))
    uid = gmail.append(ALL_MAIL, make_message(1, sender="x@else.example"), labels=["Other"])
    assert totals(sync(gmail, tmp_path, scope="clients", clients=(bolt,)))["left"] == 1
    gmail.mark(ALL_MAIL, uid, labels=["Clients/Bolt"])
    sync(gmail, tmp_path, scope="clients", clients=(bolt,))
    report = sync(gmail, tmp_path, scope="clients", clients=(bolt,))
    assert folder_of(report, ALL_MAIL).archived == 1
