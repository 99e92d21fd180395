"""The corridor out: what is chosen, in which order, and that nobody else's mail is in any bundle."""

from __future__ import annotations

import base64
import errno
import io
import os
import re
import signal
import zipfile
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from archive.archiving import ACME, AT, BOLT, key_of, letter, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syncing import ME, make_config

from trail import transfer, wholes
from trail.archive.shares import share_out
from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.errors import ArchiveFull, ArchiveReadOnly, FixityMismatch
from trail.handoff import drafts
from trail.handoff.anymailbag import verify_any
from trail.handoff.check import verify_bundle
from trail.handoff.filters import Filters
from trail.model import Client
from trail.parse.altered import NOTICE, Changes
from trail.remembering import remember_hand_off
from trail.selection import select_messages
from trail.transfer import hand_over, iter_items


def dated(name, day, **options):
    """A letter sent on a day of March 2024; None: without a date."""
    if day is None:
        return letter(name, **options)
    return f"Date: {day:02} Mar 2024 10:00:00 +0000\r\n".encode() + letter(name, **options)


def select(archive, client=ACME, clients=(ACME, BOLT), **limits):
    attribute_pending(archive, clients)
    config = make_config(archive.root, clients=clients)
    return select_messages(archive, config, client, Filters(**limits))


def hand(archive, selection, out, clients=(ACME, BOLT)):
    return hand_over(
        archive,
        make_config(archive.root, clients=clients),
        selection,
        out,
        agent_version="1",
        at=AT,
    )


@pytest.fixture
def archive(tmp_path):
    with writing_archive(tmp_path / "archive") as opened:
        yield opened


def test_messages_go_in_the_order_of_their_dates_the_undated_by_their_receipt(archive):
    contents = [dated("late", 20), dated("undated", None), dated("early", 1)]
    put(archive, *contents)  # received on the 5th
    chosen = select(archive).chosen
    assert [m.key for m in chosen] == [key_of(contents[n]) for n in (2, 1, 0)]


def test_since_is_inclusive_until_is_not(archive):
    contents = [dated(str(day), day) for day in (1, 2, 3)]
    put(archive, *contents)
    second = datetime(2024, 3, 2, 10, tzinfo=UTC)
    assert [m.key for m in select(archive, since=second).chosen] == [
        key_of(c) for c in contents[1:]
    ]
    assert [m.key for m in select(archive, until=second).chosen] == [key_of(contents[0])]
    assert select(archive, since=second, until=second).chosen == ()
    assert [
        m.key for m in select(archive, since=second, until=second + timedelta(seconds=1)).chosen
    ] == [key_of(contents[1])]


def enclose(name, payload):
    """A letter with a file in it."""
    head, _, body = letter(name).partition(b"\r\n\r\n")
    return (
        head
        + b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\n'
        + body
        + b"\r\n--b\r\nContent-Disposition: attachment; filename=plan.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(payload).replace(b"\n", b"\r\n")
        + b"--b--\r\n"
    )


def read_tree(root):
    return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_bundle_is_the_same_whether_its_bytes_came_in_files_or_by_the_pipe(
    archive, tmp_path, monkeypatch
):
    put(archive, *(enclose(str(n), os.urandom(90_000)) for n in range(4)), letter("From here"))
    selection = select(archive)

    def make(name, small, worthwhile):
        monkeypatch.setattr(drafts, "SMALL", small)
        monkeypatch.setattr(transfer, "WORTHWHILE_FROM", worthwhile)
        bundle = hand(archive, selection, tmp_path / name / "bundle").path
        assert not verify_bundle(bundle).problems
        return read_tree(bundle)

    in_files = make("files", 0, 1000)
    assert make("memory", 1 << 30, 1000) == in_files
    assert make("workers", drafts.SMALL, 1) == in_files


@pytest.mark.parametrize("which", ["", "-"])
def test_a_disk_that_is_full_when_a_file_is_read_is_told_as_such(
    archive, tmp_path, monkeypatch, which
):
    put(archive, letter("small"), enclose("large", os.urandom(100_000)))
    selection = select(archive)
    real = Path.write_bytes

    def refuse(path, content):
        if path.parent.name == "drafts" and which in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(ArchiveFull, match="bundle"):
        hand(archive, selection, tmp_path / "out" / "bundle")
    assert list((tmp_path / "out").iterdir()) == []


def test_where_nobody_else_is_a_client_nothing_is_looked_for(archive, monkeypatch):
    put(archive, letter("one"), letter("two", sender="x@else.example"))
    monkeypatch.setattr("trail.leakage.PhraseBook.complete", None)
    assert len(select(archive, clients=(ACME,)).chosen) == 1
    with pytest.raises(TypeError):
        select(archive)


def test_an_altered_message_stops_the_hand_off_and_leaves_no_bundle(archive, tmp_path):
    put(archive, *(letter(str(n)) for n in range(40)))
    selection = select(archive)
    victim = archive.root / selection.chosen[30].path
    victim.write_bytes(b"other" + victim.read_bytes()[5:])
    out = tmp_path / "out" / "bundle"
    out.parent.mkdir()
    with pytest.raises(FixityMismatch) as caught:
        hand(archive, selection, out)
    assert caught.value.exit_code == 21
    assert list(out.parent.iterdir()) == []


def test_no_more_is_read_ahead_than_a_few_chunks(archive, monkeypatch):
    put(archive, *(letter(str(n)) for n in range(60)))
    chosen = select(archive).chosen
    monkeypatch.setattr(transfer, "CHUNK_MESSAGES", 2)
    read, ahead = 0, []
    real = wholes.read_message

    def count(*arguments):
        nonlocal read
        read += 1
        return real(*arguments)

    monkeypatch.setattr(wholes, "read_message", count)
    for taken, _ in enumerate(iter_items(archive, chosen), 1):
        ahead.append(read - taken)
    assert max(ahead) <= transfer.CHUNKS_AHEAD * 2
    assert read == 60


def test_chunks_are_bounded_by_their_bytes_too(archive, monkeypatch):
    put(archive, *(letter(str(n)) for n in range(10)))
    chosen = select(archive).chosen
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 2 * chosen[0].size)
    assert [
        len(chunk) for chunk in share_out(chosen, transfer.CHUNK_MESSAGES, transfer.CHUNK_BYTES)
    ] == [2] * 5
    assert [item.archived for item in iter_items(archive, chosen)] == list(chosen)


def read_or_die(task):
    if any(b"<deadly@x>" in (task.root / m.path).read_bytes() for m in task.chunk):
        os.kill(os.getpid(), signal.SIGKILL)
    return REAL_READ(task)


REAL_READ = wholes.read_chunk


def test_a_message_that_kills_its_parser_goes_whole_and_keeps_no_other_back(
    archive, monkeypatch, tmp_path
):
    contents = [letter(str(n)) for n in range(80)]
    contents[40] = letter("deadly")
    put(archive, *contents)
    selection = select(archive)
    monkeypatch.setattr(transfer, "WORTHWHILE_FROM", 1)
    monkeypatch.setattr(transfer, "read_chunk", read_or_die)
    items = list(iter_items(archive, selection.chosen))
    assert [i.archived for i in items] == list(selection.chosen)
    assert [i.content for i in items if i.parsed.unparsable] == [letter("deadly")]
    assert all(key_of(i.content) == i.archived.key for i in items)


def test_a_pattern_that_runs_away_costs_the_message_and_not_the_hand_off(archive, monkeypatch):
    hard = letter("hard", subject="a" * 40)
    put(archive, hard)
    monkeypatch.setattr(transfer, "PATIENCE", 0.5)
    evil = re.compile("(?:a?){40}a{40}b")
    changes = Changes((evil,))
    item = next(iter_items(archive, select(archive).chosen, changes))
    assert item.changes == ("could not be redacted: withheld",)
    assert item.original == key_of(hard)
    assert b"aaaa" not in item.content


# correspondence of three clients: shared threads, forwards, blind copies, forged references

PEOPLE = {
    "acme": "jane@acme.example", "bolt": "bo@bolt.example", "coco": "cid@mail.coco.example", "me": ME[0], "stranger": "x@else.example",
}  # fmt: skip
RULES = (ACME, BOLT, type(ACME)("coco", "Coco", domains=("coco.example",)))
people = st.sampled_from(sorted(PEOPLE))
letters = st.lists(
    st.tuples(
        people,
        st.lists(people, max_size=2),
        st.lists(people, max_size=1),
        st.lists(people, max_size=1),
        st.lists(st.integers(0, 9), max_size=2),
    ),
    min_size=1,
    max_size=10,
)


def compose(number, sender, to, cc, bcc, refs):
    """A letter whose body is a word nothing else holds."""
    lines = [f"From: {PEOPLE[sender]}", f"Message-ID: <m{number}@x>", f"Subject: s{number}"]
    for header, who in (("To", to), ("Cc", cc), ("Bcc", bcc)):
        if who:
            lines.append(f"{header}: {', '.join(PEOPLE[w] for w in who)}")
    if refs:
        lines.append("References: " + " ".join(f"<m{r}@x>" for r in refs))
    return ("\r\n".join(lines) + f"\r\n\r\nbody-{number:04}-of-this-letter\r\n").encode()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=letters)
def test_everything_attributed_is_chosen_or_withheld_and_no_bundle_holds_anothers_mail(
    drawn, tmp_path_factory
):
    root = tmp_path_factory.mktemp("leak")
    contents = [compose(n, *drawn[n]) for n in range(len(drawn))]
    with writing_archive(root / "archive") as archive:
        put(archive, *contents)
        attribute_pending(archive, RULES)
        for client in RULES:
            selection = select(archive, client, RULES)
            chosen = {m.key for m in selection.chosen}
            withheld = {held.message.key for held in selection.withheld}
            assert not chosen & withheld
            theirs = set(archive.facts.client_keys(client.slug))
            assert theirs <= chosen | withheld
            proposed = {
                h.message.key for h in selection.withheld if h.verdict.code == "thread-only"
            }
            assert (chosen | withheld) - theirs <= proposed
            for number, (sender, to, cc, bcc, _) in enumerate(drawn):
                if {sender, *to, *cc, *bcc} & ({c.slug for c in RULES} - {client.slug}):
                    assert key_of(contents[number]) not in chosen
            if not chosen:
                continue
            out = root / client.slug
            hand(archive, selection, out, RULES)
            everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
            for number, content in enumerate(contents):
                assert (b"body-%04d-of-this-letter" % number in everything) == (
                    key_of(content) in chosen
                )
                assert (f"s{number}</" in everything.decode("utf-8", "replace")) <= (
                    key_of(content) in chosen
                )


def test_what_is_still_read_in_a_copy_keeps_the_message_at_home(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(wholes, "alter", lambda *_: None)
    put(archive, letter("one", subject="about Falke"))
    chosen = select(archive).chosen
    changes = Changes((re.compile("Falke"),))
    (whole,) = wholes.read_chunk(wholes.Task(archive.root, list(chosen), changes))
    assert b"Falke" not in whole.content
    assert whole.changes == (NOTICE,)


def test_a_folder_named_after_another_client_is_not_told(archive, tmp_path):
    bolt = Client("bolt", "Bolt Holding Ltd", domains=("bolt.example",))
    put(archive, letter("one"), folder="Clients/BoltHolding/Møller")
    put(archive, letter("two"), folder="Clients/Acme", start=2)
    selection = select(archive, clients=(ACME, bolt))
    bundle = hand(archive, selection, tmp_path / "out", clients=(ACME, bolt))
    assert bundle.messages == 2
    told = [p for p in bundle.path.rglob("*") if "bolt" in str(p.relative_to(tmp_path)).lower()]
    told += [
        p
        for p in bundle.path.rglob("*")
        if p.is_file() and b"boltholding" in p.read_bytes().lower()
    ]
    assert told == []
    assert b"Clients/Acme" in (bundle.path / "mailbag.csv").read_bytes()
    assert verify_bundle(bundle.path).problems == ()


def test_a_message_id_that_a_message_of_the_bundle_has_is_not_among_those_not_retained(
    archive, tmp_path
):
    own = {"sender": "me@studio.example", "to": "me@studio.example", "refs": ("same",)}
    put(archive, letter("same"), letter("same", **own), letter("other", **own))
    bundle = hand(archive, select(archive), tmp_path / "out")
    assert (bundle.path / "messages_not_retained.txt").read_text() == "other@x\n"
    assert verify_any(bundle.path).problems == ()


def test_a_message_for_which_a_notice_went_is_offered_again(archive, tmp_path, monkeypatch):
    put(archive, letter("one", subject="about Falke"), letter("two"))
    pattern = re.compile("Falke")
    limits = {"redacted": ("Falke",)}
    with monkeypatch.context() as patch:
        patch.setattr(transfer, "PATIENCE", 0.0)
        first = select(archive, **limits)
        config = make_config(archive.root, clients=(ACME, BOLT))
        bundle = hand_over(
            archive, config, first, tmp_path / "1", agent_version="1", at=AT, patterns=[pattern]
        )
    assert len(bundle.notices) == 2, "nothing could be read in no time"
    remember_hand_off(archive, first, bundle, at=AT, by="me", salt=b"x")
    again = select(archive, **limits)
    assert (len(again.chosen), again.repeated) == (2, 0)
    bundle = hand_over(
        archive, config, again, tmp_path / "2", agent_version="1", at=AT, patterns=[pattern]
    )
    assert bundle.notices == ()
    remember_hand_off(archive, again, bundle, at=AT, by="me", salt=b"x")
    assert select(archive, **limits).chosen == ()


def test_a_message_that_went_without_what_nobody_could_look_into_is_offered_again_once_somebody_can(
    archive, tmp_path, monkeypatch
):
    def refuse(*_):
        raise ArchiveReadOnly("nothing can be written here")

    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "jane@acme.example", "me@studio.example"
    message.set_content("see there")
    with zipfile.ZipFile(box := io.BytesIO(), "w") as package:
        package.writestr("a.txt", "harmless")
    message.add_attachment(box.getvalue(), "application", "zip", filename="a.zip")
    put(archive, message.as_bytes())
    config = make_config(archive.root, clients=(ACME, BOLT))
    limits = {"redacted": ("Falke",)}
    monkeypatch.setattr("trail.unread.read_wanted", refuse)
    for number in (1, 2):
        asked = select(archive, **limits)
        bundle = hand_over(
            archive, config, asked, tmp_path / str(number), agent_version="1", at=AT,
            patterns=[re.compile("Falke")],
        )  # fmt: skip
        assert len(bundle.partial) == (number == 1)
        remember_hand_off(archive, asked, bundle, at=AT, by="me", salt=b"x")
        again = select(archive, **limits)
        assert (len(again.chosen), again.repeated) == (0, 1), "there is nothing new yet"
        monkeypatch.undo()


def test_what_is_redacted_is_looked_for_in_unread_attachments_also_where_there_is_one_client(
    archive, tmp_path
):
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "jane@acme.example", "me@studio.example"
    message.set_content("see there")
    for name, word in (("a.zip", "harmless"), ("b.zip", "Falke")):
        with zipfile.ZipFile(box := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("a.txt", word)
        message.add_attachment(box.getvalue(), "application", "zip", filename=name)
    put(archive, message.as_bytes())
    config = make_config(archive.root, clients=(ACME,))
    bundle = hand_over(
        archive, config, select(archive, clients=(ACME,), redacted=("Falke",)), tmp_path / "out",
        agent_version="1", at=AT, patterns=[re.compile("Falke")],
    )  # fmt: skip
    assert (len(bundle.changed), bundle.partial) == (1, ())
    assert [p.name for p in bundle.path.rglob("*.zip")] == ["a.zip"]
