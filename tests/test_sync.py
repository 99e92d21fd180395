"""The contract of a sync, held against real servers: pymap in this process, Dovecot, Cyrus and Courier."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from checking import audit_archive, read_maildir, read_sightings
from syncing import ACME, folder_of, make_message, sync, totals

from trail.archive.store import open_archive
from trail.index.store import WhooshIndex
from trail.model import Client

HARD = {
    "empty": b"",
    "no final newline": b"Subject: x\r\n\r\nno newline at the end",
    "bare newlines": b"Subject: x\n\nbare\nnewlines\n",
    "bare carriage returns": b"Subject: x\r\n\r\na\rb\r\r\n",
    "eight bits": b"Subject: \xe6\xf8\xe5\r\n\r\n\xff\xfe raw \x80 bytes\r\n",
    "looks like a response": b"Subject: x\r\n\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\nA1 OK done\r\n",
    "From line": b"Subject: x\r\n\r\nFrom me to you\r\n>From quoted\r\n",
    "long line": b"Subject: x\r\n\r\n" + b"y" * 200_000 + b"\r\n",
}


@pytest.fixture(
    params=[
        "pymap_server",
        *(
            pytest.param(name, marks=getattr(pytest.mark, name))
            for name in ("dovecot", "cyrus", "courier")
        ),
    ]
)
def mail_server(request):
    """Each real server in turn. On two of them all folders lie below INBOX: `place` tells their names."""
    return request.getfixturevalue(request.param)


def test_every_byte_the_server_sends_is_on_the_disk(mail_server, tmp_path):
    for name, content in HARD.items():
        # Dovecot's APPEND takes no empty message; the scripted server sends one
        if content and (name != "bare newlines" or mail_server.takes_bare_newlines):
            mail_server.append("INBOX", content)
    report = sync(mail_server, tmp_path)
    audit_archive(tmp_path, mail_server, folders={"INBOX"})
    assert totals(report)["failed"] == 0


def test_a_second_round_fetches_nothing(mail_server, tmp_path):
    for number in range(25):
        mail_server.append("INBOX", make_message(number))
    first = sync(mail_server, tmp_path)
    second = sync(mail_server, tmp_path)
    assert totals(first)["archived"] == 25
    assert totals(second) == {"archived": 0, "already_held": 0, "left": 0, "failed": 0, "gone": 0}
    assert folder_of(second).on_server == 25


def test_flags_and_recent_are_as_before(mail_server, tmp_path):
    mail_server.append("INBOX", make_message(1))
    mail_server.append("INBOX", make_message(2), flags=("\\Seen", "\\Flagged"))
    before = mail_server.snapshot()
    sync(mail_server, tmp_path)
    assert mail_server.snapshot() == before
    letters = sorted(
        path.name.rpartition(":2,")[2] for path in (tmp_path / "mail").glob("*/*/cur/*")
    )
    assert letters == ["", "FS"]


def test_only_what_is_new_is_fetched_later(mail_server, tmp_path):
    mail_server.append("INBOX", make_message(1))
    sync(mail_server, tmp_path)
    mail_server.append("INBOX", make_message(2))
    report = sync(mail_server, tmp_path)
    assert totals(report)["archived"] == 1
    audit_archive(tmp_path, mail_server, folders={"INBOX"})


def test_a_message_lies_in_the_year_it_was_received_in_utc(mail_server, tmp_path):
    moment = datetime(2023, 12, 31, 23, 30, tzinfo=UTC)
    mail_server.append("INBOX", make_message(1), received_at=moment)
    sync(mail_server, tmp_path)
    (path,) = (tmp_path / "mail").glob("*/*/cur/*")
    assert path.parent.parent.name == "2023"
    assert path.name.startswith(f"{int(moment.timestamp())}.")


def test_a_changed_uidvalidity_is_a_new_epoch_in_which_equal_bytes_are_recognised(
    mail_server, tmp_path
):
    for number in range(12):
        mail_server.append("INBOX", make_message(number))
    sync(mail_server, tmp_path)
    files = read_maildir(tmp_path)
    old = mail_server.uidvalidity("INBOX")
    mail_server.set_uidvalidity("INBOX", old + 17)
    report = sync(mail_server, tmp_path)
    assert totals(report)["already_held"] == 12
    assert totals(report)["archived"] == 0
    assert any("renumbered" in warning for warning in report.warnings)
    assert read_maildir(tmp_path) == files
    assert {validity for _, validity, _ in read_sightings(tmp_path)} == {old, old + 17}
    assert sync(mail_server, tmp_path).warnings == ()


def test_an_expunged_message_is_kept_and_marked_as_gone(mail_server, tmp_path):
    uids = [mail_server.append("INBOX", make_message(number)) for number in range(3)]
    sync(mail_server, tmp_path)
    mail_server.expunge("INBOX", uids[1])
    report = sync(mail_server, tmp_path)
    assert folder_of(report).gone == 1
    assert folder_of(report).on_server == 2
    assert len(read_maildir(tmp_path)) == 3
    assert totals(sync(mail_server, tmp_path))["gone"] == 0


def test_one_message_in_two_folders_is_one_file_with_two_sightings(mail_server, tmp_path):
    archive = mail_server.place("Archive")
    mail_server.create(archive)
    content = make_message(1)
    mail_server.append("INBOX", content)
    mail_server.append(archive, content)
    report = sync(mail_server, tmp_path)
    assert totals(report) == {"archived": 1, "already_held": 1, "left": 0, "failed": 0, "gone": 0}
    key = hashlib.sha256(content).hexdigest()
    assert sorted(found for found, _, _ in read_sightings(tmp_path)) == sorted((archive, "INBOX"))
    assert {found for _, found in read_sightings(tmp_path).values()} == {key}
    audit_archive(tmp_path, mail_server, folders={"INBOX", archive})


def test_equal_bytes_twice_in_one_batch_are_one_file(mail_server, tmp_path):
    for _ in range(3):
        mail_server.append("INBOX", make_message(1))
    assert totals(sync(mail_server, tmp_path)) == {
        "archived": 1,
        "already_held": 2,
        "left": 0,
        "failed": 0,
        "gone": 0,
    }
    audit_archive(tmp_path, mail_server, folders={"INBOX"})


def test_bytes_twice_in_a_folder_seen_later_are_found_there_too(mail_server, tmp_path):
    later = mail_server.place("Later")
    mail_server.append("INBOX", make_message(1, subject="twice"))
    sync(mail_server, tmp_path, index=True)
    mail_server.create(later)
    for _ in range(2):
        mail_server.append(later, make_message(1, subject="twice"))
    sync(mail_server, tmp_path, index=True)
    index = WhooshIndex.open(tmp_path / "index")
    result = index.search(f'in:"{later}"', now=datetime.now(UTC))
    index.close()
    assert result.total == 1


@pytest.mark.parametrize(
    "name", ["Kunder/Nørrebro", "桜貿易", "A & B", 'quo"ted \\ back', "with (parens) {3}"]
)
def test_folder_names_of_every_kind_are_fetched(mail_server, tmp_path, name):
    if refused := set(name) & set(mail_server.refused_in_names):
        pytest.skip(f"this server has no folder with {refused} in its name")
    name = mail_server.place(name)
    mail_server.create(name)
    mail_server.append(name, make_message(1))
    report = sync(mail_server, tmp_path)
    assert folder_of(report, name).archived == 1
    audit_archive(tmp_path, mail_server, folders={name})


def test_junk_trash_and_drafts_stay_out(mail_server, tmp_path):
    for number, name in enumerate(map(mail_server.place, ("Junk", "Trash", "Drafts", "Sent"))):
        mail_server.create(name)
        mail_server.append(name, make_message(number))
    report = sync(mail_server, tmp_path)
    assert {f.folder for f in report.accounts[0].folders} == {"INBOX", mail_server.place("Sent")}


def test_only_the_configured_folders_are_fetched_and_a_missing_one_is_named(mail_server, tmp_path):
    clients = mail_server.place("Clients")
    mail_server.create(clients)
    mail_server.append(clients, make_message(1))
    mail_server.append("INBOX", make_message(2))
    report = sync(mail_server, tmp_path, account=mail_server.account(folders=(clients, "Gone")))
    assert [f.folder for f in report.accounts[0].folders] == [clients]
    assert any('"Gone"' in warning for warning in report.warnings)


def test_other_peoples_mail_stays_on_the_server_and_leaves_no_trace(mail_server, tmp_path):
    mail_server.append("INBOX", make_message(1))
    mail_server.append(
        "INBOX", make_message(2, sender="private@friends.example", subject="Birthday secret")
    )
    report = sync(mail_server, tmp_path, scope="clients")
    assert totals(report)["archived"] == 1
    assert totals(report)["left"] == 1
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Birthday" not in everything
    assert b"friends.example" not in everything


def test_changed_rules_look_again_at_what_was_left(mail_server, tmp_path):
    mail_server.append("INBOX", make_message(1, sender="bob@globex.example"))
    assert totals(sync(mail_server, tmp_path, scope="clients"))["left"] == 1
    globex = Client("globex", "Globex", domains=("globex.example",))
    report = sync(mail_server, tmp_path, scope="clients", clients=(ACME, globex))
    assert totals(report)["archived"] == 1
    assert (
        totals(sync(mail_server, tmp_path, scope="clients", clients=(ACME, globex)))["archived"]
        == 0
    )


def test_a_wider_scope_fetches_what_was_left(mail_server, tmp_path):
    mail_server.append("INBOX", make_message(1, sender="bob@globex.example"))
    sync(mail_server, tmp_path, scope="clients")
    assert totals(sync(mail_server, tmp_path, scope="everything"))["archived"] == 1


def test_a_reply_inherits_the_client_whatever_the_order_of_folders(mail_server, tmp_path):
    first, last = map(mail_server.place, ("Aaa", "Zzz"))
    mail_server.create(first)
    mail_server.create(last)
    mail_server.append(last, make_message(1))
    reply = "In-Reply-To: <1@test.example>\r\n"
    mail_server.append(first, make_message(2, sender="jane@elsewhere.example", extra=reply))
    mail_server.append(first, make_message(3, sender="nobody@elsewhere.example"))
    report = sync(mail_server, tmp_path, scope="clients")
    assert totals(report)["archived"] == 2
    assert totals(report)["left"] == 1
    with open_archive(tmp_path) as archive:
        keys = archive.facts.client_keys("acme")
        attributions = archive.facts.read_attributions(keys)
    assert sorted(a.inherited for (a,) in attributions.values()) == [False, True]


def test_a_dry_run_shows_the_plan_and_writes_nothing(mail_server, tmp_path):
    mail_server.append("INBOX", make_message(1))
    mail_server.append("INBOX", make_message(2, sender="bob@globex.example"))
    sync(mail_server, tmp_path, scope="clients")
    mail_server.append("INBOX", make_message(3))
    before = {path: path.read_bytes() for path in (tmp_path / "mail").rglob("*") if path.is_file()}
    sightings = read_sightings(tmp_path)
    report = sync(mail_server, tmp_path, scope="clients", dry_run=True)
    assert totals(report)["archived"] == 1
    assert {
        path: path.read_bytes() for path in (tmp_path / "mail").rglob("*") if path.is_file()
    } == before
    assert read_sightings(tmp_path) == sightings


def test_a_message_of_60_mb_is_archived(mail_server, tmp_path):
    content = make_message(1) + b"z" * 78 + b"\r\n" + (b"0123456789abcdef" * 4 + b"\r\n") * 900_000
    mail_server.append("INBOX", content)
    sync(mail_server, tmp_path)
    audit_archive(tmp_path, mail_server, folders={"INBOX"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "mail_server",
    ["pymap_server", pytest.param("dovecot", marks=pytest.mark.dovecot)],
    indirect=True,
)
def test_20000_messages_are_archived_and_the_next_round_is_empty(mail_server, tmp_path):
    mail_server.fill("INBOX", (make_message(number) for number in range(20_000)))
    report = sync(mail_server, tmp_path)
    assert totals(report)["archived"] == 20_000
    audit_archive(tmp_path, mail_server, folders={"INBOX"})
    assert totals(sync(mail_server, tmp_path)) == dict.fromkeys(totals(report), 0)


def test_the_audit_log_tells_of_every_message_once(mail_server, tmp_path):
    for number in range(5):
        mail_server.append("INBOX", make_message(number))
    sync(mail_server, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert sum(len(line["keys"]) for line in lines if line["event"] == "archived") == 5


def test_what_arrives_is_found_attributed_and_indexed(mail_server, tmp_path):
    mail_server.append("INBOX", make_message(1, subject="The quotation"))
    sync(mail_server, tmp_path, index=True)
    index = WhooshIndex.open(tmp_path / "index")
    result = index.search("client:acme quotation", now=datetime.now(UTC))
    index.close()
    assert result.total == 1
    with open_archive(tmp_path) as archive:
        assert archive.facts.count_unindexed(index.generation) == 0


def test_a_folder_rule_that_no_folder_fits_is_a_warning(mail_server, tmp_path):
    near = mail_server.place("Kunder/Nørrebro")
    mail_server.create(near)
    mail_server.append("INBOX", make_message(1))
    wrong = Client("beer", "Beer", folders=("Kunder/Norrebro",))
    (warning,) = sync(mail_server, tmp_path, clients=(ACME, wrong)).warnings
    assert f'did you mean "{near}"' in warning
    right = Client("beer", "Beer", folders=(mail_server.place("kunder"),))
    assert sync(mail_server, tmp_path, clients=(ACME, right)).warnings == ()


# what the servers have of their own


def test_a_shared_folder_that_may_only_be_read_is_archived(cyrus, tmp_path):
    cyrus.share("Team", [make_message(1), make_message(2)])
    try:
        report = sync(cyrus, tmp_path)
        assert folder_of(report, "Team").archived == 2
        audit_archive(tmp_path, cyrus, folders={"INBOX", "Team"})
    finally:
        cyrus.as_admin().delete("Team")


def test_another_users_shared_folder_is_archived_and_nothing_is_stored_twice_however_often_it_is_renumbered(
    courier, tmp_path
):
    courier.share("Team", [make_message(1), make_message(2)])
    report = sync(courier, tmp_path)
    assert folder_of(report, "shared/staff/Team").archived == 2
    # Courier gives such a folder a new UIDVALIDITY whenever it is opened by somebody who may not write there
    assert totals(sync(courier, tmp_path))["archived"] == 0
    assert len(read_maildir(tmp_path)) == 2
