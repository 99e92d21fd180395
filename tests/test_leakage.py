"""One client's mail never reaches another client: ten of them, and everything that goes wrong in a year."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from archive.archiving import AT, key_of, letter, put
from syncing import make_config
from ten_clients import CLIENTS, NAMES, Office, decode_everything

from trail import phrasebook
from trail.archive.phrases import FOLDER, Phrases
from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.errors import ArchiveReadOnly
from trail.handoff.decisions import name_reasons
from trail.model import Decided, Reading
from trail.parse.kinds import READER
from trail.selection import select_messages
from trail.transfer import hand_over


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """The archive of the year, and what was made."""
    root = tmp_path_factory.mktemp("ten") / "archive"
    office = Office().run()
    with writing_archive(root) as archive:
        put(archive, *(made.content for made in office.made))
        attribute_pending(archive, CLIENTS)  # nobody has read an attachment yet: the hand-off does
        yield archive, office


@pytest.fixture(scope="module")
def selections(office):
    archive, _ = office
    config = make_config(archive.root, clients=CLIENTS)
    return config, {c.slug: select_messages(archive, config, c) for c in CLIENTS}


@pytest.mark.parametrize("slug", NAMES)
def test_no_byte_of_another_clients_words_is_in_a_bundle(office, selections, slug, tmp_path):
    archive, made = office
    config, selected = selections
    out = tmp_path / slug
    hand_over(archive, config, selected[slug], out, agent_version="1", at=AT)
    others = {n: [t.encode() for t in made.canaries[n]] for n in NAMES if n != slug}
    own = [t.encode() for t in made.canaries[slug]]
    found_own = set()
    for path in out.rglob("*"):
        if not path.is_file():
            continue
        for reading in (path.name.encode(), *decode_everything(path.read_bytes())):
            for name, tokens in others.items():
                leaked = [t for t in tokens if t in reading]
                assert not leaked, f"{name} in {path}"
            found_own.update(t for t in own if t in reading)
    assert len(found_own) > 10  # the search finds what is there


def test_what_is_harmless_is_not_withheld_and_what_is_not_is(office, selections):
    _, made = office
    _, selected = selections
    chosen = {slug: {m.key for m in s.chosen} for slug, s in selected.items()}
    wrong = [
        (slug, one.about)
        for one in made.made
        for slug in one.gives_to
        if key_of(one.content) not in chosen[slug]
    ]
    assert wrong == []
    given = [
        (slug, one.about)
        for one in made.made
        for slug in NAMES
        if key_of(one.content) in chosen[slug] and slug not in one.gives_to
    ]
    assert given == []


def test_what_is_found_is_told_to_the_sender_and_not_to_the_client(selections):
    _, selected = selections
    for slug, selection in selected.items():
        leaks = [h for h in selection.withheld if h.verdict.code == "leak"]
        assert len(leaks) > 10
        for held in leaks:
            assert held.verdict.reason_public == "concerning others as well"
            other = NAMES[(NAMES.index(slug) + 3) % len(NAMES)]
            assert other in held.verdict.reason_private
            assert not held.verdict.may_be_listed


def test_a_second_look_reads_no_message_again(office, selections, monkeypatch):
    archive, _ = office
    config, selected = selections
    monkeypatch.setattr("trail.phrasebook.read_message", None)
    again = select_messages(archive, config, CLIENTS[0])
    assert [m.key for m in again.chosen] == [m.key for m in selected[NAMES[0]].chosen]


def test_where_the_archive_takes_no_cache_the_same_is_found(office, selections, monkeypatch):
    def refuse(self, kind, records):
        if self._root == archive.root:
            raise ArchiveReadOnly("nothing can be written here")
        return real(self, kind, records)

    archive, _ = office
    config, selected = selections
    real = Phrases.add
    shutil.rmtree(archive.root / FOLDER)
    monkeypatch.setattr(Phrases, "add", refuse)
    again = select_messages(archive, config, CLIENTS[0])
    assert [m.key for m in again.chosen] == [m.key for m in selected[NAMES[0]].chosen]
    assert not list((archive.root / FOLDER).rglob("*.bin"))


def test_what_a_newer_reader_finds_in_a_document_is_compared(tmp_path):
    """And what an older one took for its text no longer is."""
    words = "the turbine contract runs until march with a penalty of nine thousand crowns a week"
    data = b"PK\x05\x06" + bytes(18)  # a package with nothing in it
    with writing_archive(tmp_path / "archive") as archive:
        put(
            archive, letter("theirs", sender="jo@birch.example") + words.encode(), letter_with(data)
        )
        attribute_pending(archive, CLIENTS)
        config = make_config(archive.root, clients=CLIENTS)
        chosen = []
        for text in ("", words, "something else"):
            reading = Reading(hashlib.sha256(data).hexdigest(), text, "")
            archive.documents.keep_text(reading)
            with archive.ledger.transaction():
                archive.documents.record([reading], READER)
            chosen.append(len(select_messages(archive, config, CLIENTS[0]).chosen))
        assert chosen == [1, 0, 1]


def test_a_document_nobody_could_keep_the_text_of_is_in_doubt(tmp_path, monkeypatch):
    data = b"PK\x05\x06" + bytes(18)
    with writing_archive(tmp_path / "archive") as archive:
        put(archive, letter_with(data))
        attribute_pending(archive, CLIENTS)
        config = make_config(archive.root, clients=CLIENTS)
        with monkeypatch.context() as patch:
            patch.setattr("trail.unread.read_wanted", refuse_to_write)
            (held,) = select_messages(archive, config, CLIENTS[0]).withheld
        assert held.message.reason == 'nobody could look into "a.zip": not read yet'
        assert len(select_messages(archive, config, CLIENTS[0]).chosen) == 1


def letter_with(data):
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "me@studio.example", "jo@alder.example"
    message.set_content("see there")
    message.add_attachment(data, "application", "zip", filename="a.zip")
    return message.as_bytes()


def refuse_to_write(*_):
    raise ArchiveReadOnly("nothing can be written here")


def test_a_damaged_message_is_counted_as_not_compared(tmp_path):
    with writing_archive(tmp_path / "archive") as archive:
        ours = letter("ours", sender="jo@alder.example")
        theirs = letter("theirs", sender="jo@birch.example")
        put(archive, ours, theirs)
        attribute_pending(archive, CLIENTS)
        message = archive.facts.find_messages([key_of(theirs)])[key_of(theirs)]
        (archive.root / message.path).write_bytes(b"something else")
        config = make_config(archive.root, clients=CLIENTS)
        selection = select_messages(archive, config, CLIENTS[0])
        assert (len(selection.chosen), selection.uncompared) == (1, 1)


@pytest.mark.parametrize("reader", ["BodyReader", "read_attachments"])
def test_a_message_no_reader_copes_with_is_counted_each_time_and_compared_once_one_does(
    tmp_path, monkeypatch, reader
):
    def fail(*_):
        raise RecursionError

    theirs = written("jo@birch.example", "me@studio.example", SECRET)
    slip = written("me@studio.example", "jo@alder.example", SECRET)
    with writing_archive(tmp_path / "archive") as archive:
        put(archive, theirs)
        attribute_pending(archive, CLIENTS)
        config = make_config(archive.root, clients=CLIENTS)
        with monkeypatch.context() as patch:
            patch.setattr(f"trail.parse.passages.{reader}", fail)
            for _ in range(2):
                assert select_messages(archive, config, CLIENTS[0]).uncompared == 1
        put(archive, slip)
        attribute_pending(archive, CLIENTS)
        selection = select_messages(archive, config, CLIENTS[0])
        assert (len(selection.withheld), selection.uncompared) == (1, 0)


@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_a_paragraph_of_another_client_is_withheld_however_often_it_slipped(tmp_path, times):
    theirs = written("jo@birch.example", "me@studio.example", f"Dear Mira,\n\n{SECRET}\n\nJo")
    slips = [
        written("me@studio.example", "jo@alder.example", f"Hello, as to number {n}:\n\n{SECRET}\n\nMira")
        for n in range(times)
    ]  # fmt: skip
    with writing_archive(tmp_path / "archive") as archive:
        put(archive, theirs, *slips)
        attribute_pending(archive, CLIENTS)
        selection = select_messages(archive, make_config(archive.root, clients=CLIENTS), CLIENTS[0])
        assert [h.verdict.code for h in selection.withheld] == ["leak"] * times


def test_what_was_given_is_asked_about_again_once_another_message_speaks_against_it(tmp_path):
    slip = written("me@studio.example", "jo@alder.example", f"{SECRET}\n\n{OTHER_SECRET}", day=5)
    with writing_archive(tmp_path / "archive") as archive:
        config = make_config(archive.root, clients=CLIENTS)

        def select(text, day):
            put(archive, written("jo@birch.example", "me@studio.example", text, day=day))
            attribute_pending(archive, CLIENTS)
            return select_messages(archive, config, CLIENTS[0])

        put(archive, slip)
        (held,) = select(SECRET, 2).withheld
        given = Decided(key_of(slip), True, name_reasons(held.reasons), "", "Mira", AT)
        with archive.ledger.transaction():
            archive.handoffs.write_decisions("alder", [given])
        assert len(select(f"{SECRET} they say", 3).released) == 1
        again = select(OTHER_SECRET, 4)
        assert (again.void, len(again.undecided)) == ((key_of(slip),), 1)
        assert again.withheld[0].message.reason.count("has words of message") == 2


SECRET = "the turbine contract runs until march with a penalty of nine thousand crowns a week"
OTHER_SECRET = "their second yard in the north will be sold to the bank before anybody hears of it"


@pytest.mark.parametrize(
    "words",
    [
        "the tur\u00adbine con\u00adtract runs until march with a penal\u00adty of nine thou\u00adsand crowns a week",
        "می\u200cخواهم قرارداد توربین\u200cها را تا پایان ماه به شما می\u200cفرستم و جریمه\u200cها نیز نه هزار کرون در هفته می\u200cباشد",  # noqa: RUF001 - Persian
    ],
)
@pytest.mark.parametrize("visible", [False, True])
def test_words_are_found_whatever_nobody_sees_in_them(tmp_path, words, visible):
    pasted = words.replace("\u00ad", "") if visible else words
    with writing_archive(tmp_path / "archive") as archive:
        put(archive, written("jo@birch.example", "me@studio.example", words), written("me@studio.example", "jo@alder.example", f"Dear Jo,\n\n{pasted}"))  # fmt: skip
        attribute_pending(archive, CLIENTS)
        selection = select_messages(archive, make_config(archive.root, clients=CLIENTS), CLIENTS[0])
        assert [held.verdict.code for held in selection.withheld] == ["leak"]
        assert not selection.chosen


def test_words_of_a_page_beside_another_text_are_found(tmp_path):
    """A plain text that is long enough to be read, and says something else."""
    words = "the turbine contract runs until march with a penalty of nine thousand crowns a week"
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "jo@birch.example", "me@studio.example"
    message.set_content("This mail is confidential and meant for nobody but its addressee. " * 9)
    message.add_alternative(f"<p>{words}</p>", subtype="html")
    with writing_archive(tmp_path / "archive") as archive:
        put(archive, message.as_bytes(), written("me@studio.example", "jo@alder.example", words))
        attribute_pending(archive, CLIENTS)
        selection = select_messages(archive, make_config(archive.root, clients=CLIENTS), CLIENTS[0])
        assert [held.verdict.code for held in selection.withheld] == ["leak"]


def die(task):
    if any(b"deadly" in (task[0] / w.message.path).read_bytes() for w in task[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return REAL_READ(task)


REAL_READ = phrasebook._read_chunk


def test_a_message_that_kills_whoever_compares_it_is_in_doubt(tmp_path, monkeypatch):
    """Unless it is the client's own; it would go as it is."""
    contents = [written("me@studio.example", "jo@alder.example", f"Number {n}") for n in range(4)]
    deadly = written("me@studio.example", "jo@alder.example", "deadly")
    theirs = written("jo@alder.example", "me@studio.example", "deadly too")
    monkeypatch.setattr("trail.phrasebook.WORTHWHILE_FROM", 1)
    monkeypatch.setattr("trail.phrasebook._read_chunk", die)
    with writing_archive(tmp_path / "archive") as archive:
        put(archive, *contents, deadly, theirs)
        attribute_pending(archive, CLIENTS)
        selection = select_messages(archive, make_config(archive.root, clients=CLIENTS), CLIENTS[0])
        (held,) = selection.withheld
        assert (held.message.key, held.verdict.code) == (key_of(deadly), "unreadable")
        assert held.message.reason == "whoever reads it is ended by it"
        assert key_of(theirs) in {m.key for m in selection.chosen}
        assert (len(selection.chosen), selection.uncompared) == (5, 2)


def written(sender, to, text, day=None):
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, to
    if day:
        message["Date"] = f"{day} Mar 2026 09:00:00 +0000"
    message.set_content(text)
    return message.as_bytes()
