"""How it stands with every client, on histories of which the truth is known."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from book.booking import action
from histories import History, Letter, play

from trail.archive.store import open_archive, writing_archive
from trail.book.brief import list_sections
from trail.briefing import find_beginning, read_brief
from trail.digesting import digest_lines, digest_text, read_digest, tell_counts
from trail.model import Client
from trail.overview import read_standings

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ACME = Client("acme", "Acme", domains=("acme.example", "acme.dk", "acme.de"))
BOLT = Client("bolt", "Bolt", domains=("bolt.example",))
US = "Mia Studio <me@studio.example>"


def write(name, at, sender, to, text, *, subject="Logo", refs=(), headers="", files=()):
    """A message, which a Letter is made of."""
    references = f"References: {' '.join(f'<{r}@x.example>' for r in refs)}\r\n" if refs else ""
    head = (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{name}@x.example>\r\n"
        f"Date: {at:%d %b %Y %H:%M:%S %z}\r\n{references}{headers}MIME-Version: 1.0\r\n"
    )
    if not files:
        body = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    else:
        parts = "".join(
            f'--b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename="{file}"\r\n{more}\r\nx\r\n'
            for file, kind, more in files
        )
        body = f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n{parts}--b--\r\n'
    return Letter(name, at.astimezone(UTC), (head + body).encode())


def make(tmp_path, letters, clients=(ACME, BOLT), me=("me@studio.example",)):
    history = History(me, list(clients), sorted(letters, key=lambda one: one.received_at))
    return play(history, tmp_path)


def ago(days, hours=0):
    return NOW - timedelta(days=days, hours=hours)


def write_every(
    gap, silence, sender="Jane Holt <jane@acme.example>", count=10, text="All is well."
):
    return [
        write(f"{sender[:2]}{n}", ago(silence + n * gap), sender, US, text, subject=f"S{n}")
        for n in range(count)
    ]


def stand(config, now=NOW):
    with open_archive(config.archive) as archive:
        return {one.client: one for one in read_standings(archive, config.clients, now)}


def test_last_words_rhythm_and_who_waits(tmp_path):
    letters = [
        *write_every(12, 41),
        write("q", ago(41, -1), "jane@acme.example", US, "Can you send us the logo?"),
        *write_every(180, 100, "Bo <bo@bolt.example>"),
        write("o", ago(20), US, "Bo <bo@bolt.example>", "Could you please send the contract?"),
    ]
    config, keys = make(tmp_path, letters)
    acme, bolt = (stand(config)[slug] for slug in ("acme", "bolt"))
    assert acme.contact.theirs.key == keys["q"]
    assert acme.contact.ours is None
    assert [w.first.key for w in acme.on_us] == [keys["q"]]
    assert (acme.rhythm.usual, acme.rhythm.silences) == (12, 9)
    assert acme.health == "act"
    quiet, waits = acme.reasons
    assert quiet.text == "the longest silence so far: 41 days, usually 12 days, at most 12 days"
    assert quiet.key == waits.key == keys["q"]
    assert waits.text == "they wait for us: 41 days"
    assert bolt.contact.ours.key == keys["o"]
    assert [w.first.key for w in bolt.on_them] == [keys["o"]]
    assert (bolt.health, bolt.rhythm.usual) == ("look", 180)  # a hundred days are nothing to them
    assert [r.kind for r in bolt.reasons if r.health == "look"] == ["waiting-on-them"]


@pytest.mark.parametrize("seed", range(5))
def test_generated_histories_have_the_standing_they_were_made_with(tmp_path, seed):
    chance = random.Random(seed)
    gap, count = chance.randint(2, 60), chance.randint(8, 20)
    silence = chance.choice((1, gap, 2 * gap + 8, 9 * gap + 8))
    domains = chance.choices(ACME.domains, k=count)
    letters = [
        write(
            f"l{n}", ago(silence + n * gap), f"p{n}@{domain}", US, "All is well.", subject=f"S{n}"
        )
        for n, domain in enumerate(domains)
    ]
    letters += [  # none of which is a word of theirs
        write("away", ago(0, 1), "p@acme.example", US, "I am away.", headers="Auto-Submitted: auto-replied\r\n"),
        write("news", ago(0, 2), "news@acme.example", US, "News!", headers="List-Unsubscribe: <mailto:x@acme.example>\r\nPrecedence: bulk\r\n"),
    ]  # fmt: skip
    config, keys = make(tmp_path, letters)
    acme = stand(config)["acme"]
    assert acme.contact.theirs.key == keys["l0"]
    assert acme.contact.first_at == letters[count - 1].received_at
    assert acme.rhythm.usual == acme.rhythm.longest == gap
    asleep = silence >= 365 and silence > 3 * gap
    expected = "steady" if silence <= max(gap, 7) else "asleep" if asleep else "act"
    assert acme.health == expected, (gap, silence, acme.reasons)


def test_an_out_of_office_loop_is_no_contact_and_nobody_waits(tmp_path):
    loop = [
        write(f"w{n}", ago(0, n), *((US, "p@acme.example") if n % 2 else ("p@acme.example", US)), "I am away. Will you be there?", headers="Auto-Submitted: auto-replied\r\n")
        for n in range(20)
    ]  # fmt: skip
    config, _ = make(tmp_path, [*write_every(7, 5), *loop])
    acme = stand(config)["acme"]
    assert acme.contact.theirs.at == ago(5)
    assert acme.contact.ours is None
    assert not acme.on_us
    assert not acme.on_them
    assert acme.health == "steady"


def test_a_thread_that_was_forwarded_to_somebody_else_is_no_word_to_the_client(tmp_path):
    letters = [
        *write_every(7, 5),
        write("q", ago(4), "jane@acme.example", US, "Can you send us the logo?"),
        write("f", ago(3), US, "printer@print.example", "Could you print this?", subject="Fwd: Logo", refs=("q",)),
    ]  # fmt: skip
    config, keys = make(tmp_path, letters)
    acme = stand(config)["acme"]
    assert acme.contact.ours is None
    assert [w.first.key for w in acme.on_us] == [keys["q"]]


def test_all_of_our_addresses_are_us_and_all_of_their_domains_are_them(tmp_path):
    letters = [
        *write_every(7, 5),
        write("q", ago(4), "ole@acme.dk", "mia@other.example", "Can you send us the logo?"),
        write("a", ago(3), "Mia <mia@other.example>", "petra@acme.de, ole@acme.dk", "Here it is.", refs=("q",)),
    ]  # fmt: skip
    config, keys = make(tmp_path, letters, me=("me@studio.example", "mia@other.example"))
    acme = stand(config)["acme"]
    assert (acme.contact.theirs.key, acme.contact.ours.key) == (keys["q"], keys["a"])
    assert not acme.on_us
    assert acme.health == "steady"


def test_a_mailing_list_is_no_contact(tmp_path):
    posted = [
        write(f"m{n}", ago(n), "p@acme.example", "list@lists.example", "What do you all think?", headers="List-Id: <l.lists.example>\r\nList-Post: <mailto:list@lists.example>\r\nPrecedence: list\r\n")
        for n in range(5)
    ]  # fmt: skip
    config, _ = make(tmp_path, [*write_every(7, 9), *posted])
    acme = stand(config)["acme"]
    assert acme.contact.theirs.at == ago(9)
    assert not acme.on_us


def test_days_are_those_of_the_users_calendar(tmp_path):
    zone = ZoneInfo("Pacific/Auckland")
    at = datetime(2026, 11, 19, 12, tzinfo=UTC)  # on the 20th there
    letters = [write(f"l{n}", at - timedelta(days=7 * n), "jane@acme.example", US, "Fine.", subject=f"S{n}") for n in range(8)]  # fmt: skip
    config, _ = make(tmp_path, letters)
    now = datetime(2026, 11, 20, 8, tzinfo=zone)
    assert stand(config, now)["acme"].reasons[0].text == "wrote today, usually 7 days"
    later = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert stand(config, later)["acme"].reasons[0].text == "wrote 1 day ago, usually 7 days"


def test_the_next_action_is_the_one_that_is_due_first(tmp_path):
    config, _ = make(tmp_path, write_every(7, 5))
    actions = [
        action("aaaaa1", text="later", due=NOW.date() + timedelta(days=9)),
        action("aaaaa2", text="sooner", due=NOW.date() - timedelta(days=2)),
        action("aaaaa3", text="done", due=NOW.date() - timedelta(days=9), done_at=NOW),
        action("aaaaa4", text="some day"),
    ]
    with writing_archive(config.archive) as archive, archive.ledger.transaction():
        archive.book.write(actions)
    standing = stand(config)
    assert standing["acme"].action.text == "sooner"
    assert standing["acme"].health == "look"
    assert standing["bolt"].action is None


def test_a_brief_has_people_files_and_first_words(tmp_path):
    pdf = ("offer.pdf", "application/pdf", "")
    logo = ("image001.png", "image/png", "Content-ID: <logo@x>\r\n")
    photo = ("photo.jpg", "image/jpeg", "")
    signed = "Dear Mia,\r\n\r\nhere is the offer. It is as we said.\r\n\r\nBest regards\r\nJane Holt\r\nHead of Brand\r\n"
    letters = [
        *write_every(30, 60, count=3),
        write("a", ago(5), "Jane Holt <jane@acme.example>", US, signed, subject="Offer", files=(pdf, logo)),
        write("b", ago(4), US, "Ole Krag <ole@acme.dk>", "Hi Ole,\r\n\r\nlook at this.", subject="Photo", files=(photo,)),
        write("x", ago(1), "Bo <bo@bolt.example>", US, "A word of somebody else.", files=(("secret.pdf", "application/pdf", ""),)),
    ]  # fmt: skip
    config, keys = make(tmp_path, letters)
    with open_archive(config.archive) as archive:
        brief = read_brief(archive, ACME, NOW)
    assert [(p.name, p.address, p.role, p.written, p.key) for p in brief.people] == [
        ("Ole Krag", "ole@acme.dk", "", 0, keys["b"]),
        ("Jane Holt", "jane@acme.example", "Head of Brand", 4, keys["a"]),
    ]
    assert [(f.filename, f.by, f.key) for f in brief.files] == [
        ("photo.jpg", "us", keys["b"]),
        ("offer.pdf", "them", keys["a"]),
    ]
    first, second = brief.exchanges[:2]
    assert (first.by, first.who, first.subject, first.begins) == ("us", "Ole Krag", "Photo", "look at this.")  # fmt: skip
    assert (second.by, second.who, second.key) == ("them", "Jane Holt", keys["a"])
    assert second.begins.startswith("here is the offer. It is as we said.")
    assert sum(m.theirs for m in brief.months) == 4
    assert sum(m.ours for m in brief.months) == 1


def test_people_keep_what_they_signed_as_and_tell_who_wrote_last(tmp_path):
    signed = "All is well, so we go on.\r\n\r\nBest regards\r\nJane Holt\r\nHead of Brand\r\n"
    letters = [
        write("a", ago(9), "Jane Holt <jane@acme.example>", US, signed),
        write("b", ago(5), "Jane Holt <jane@acme.example>", US, "Thanks."),
        write("c", ago(3), US, "Jane Holt <jane@acme.example>", "Fine."),
        write("d", ago(2), "Ole Krag <ole@acme.dk>", US, "Hello."),
    ]  # fmt: skip
    config, keys = make(tmp_path, letters)
    with open_archive(config.archive) as archive:
        brief = read_brief(archive, ACME, NOW)
    assert [(p.name, p.role, p.written, p.last_by, p.key) for p in brief.people] == [
        ("Ole Krag", "", 1, "them", keys["d"]),
        ("Jane Holt", "Head of Brand", 2, "us", keys["c"]),
    ]
    people = next(s for s in list_sections(brief, str) if s.title == "People")
    assert [row.when.split()[1:] for row in people.rows] == [["from", "them"], ["from", "us"]]


def test_people_of_another_client_are_none_of_this_ones(tmp_path):
    both = "Bo <bo@bolt.example>, Ole Krag <ole@acme.dk>"
    letters = [
        write("a", ago(9), "Jane Holt <jane@acme.example>", US, "All is well."),
        write("b", ago(5), US, both, "Shall we meet, all of us?"),
        write("c", ago(4), US, "Jane Holt <jane@acme.example>, Bo <bo@bolt.example>", "And you?"),
        write("d", ago(3), "Bo <bo@bolt.example>", US, "Fine."),
    ]  # fmt: skip
    config, keys = make(tmp_path, letters)
    with open_archive(config.archive) as archive:
        acme, bolt = (read_brief(archive, client, NOW) for client in (ACME, BOLT))
    assert [(p.address, p.written, p.key) for p in acme.people] == [
        ("jane@acme.example", 1, keys["c"])
    ]
    assert [p.address for p in bolt.people] == ["bo@bolt.example"]


def test_a_farewell_is_told_of_for_a_while(tmp_path):
    bye = "Dear Mia, today our contract ends, so this is the farewell mail."
    config, keys = make(tmp_path, [*write_every(12, 30), write("bye", ago(20), "jane@acme.example", US, bye)])  # fmt: skip
    told = next(r for r in stand(config)["acme"].reasons if r.kind == "farewell")
    assert (told.health, told.key) == ("look", keys["bye"])
    assert "today our contract ends" in told.text
    later = stand(config, NOW + timedelta(days=100))["acme"].reasons
    assert "farewell" not in {reason.kind for reason in later}


def test_a_brief_of_a_damaged_or_huge_message_goes_without_its_words(tmp_path):
    huge = write("h", ago(2), "jane@acme.example", US, "Hello there. " * 100_000)
    config, keys = make(tmp_path, [*write_every(30, 60, count=3), huge, write("d", ago(1), "jane@acme.example", US, "Fine.")])  # fmt: skip
    with open_archive(config.archive) as archive:
        message = archive.facts.find_messages([keys["d"]])[keys["d"]]
        path = archive.root / archive.locate(message)
        path.chmod(0o600)
        path.write_bytes(b"something else")
        brief = read_brief(archive, ACME, NOW)
    assert [(e.key, e.begins) for e in brief.exchanges[:2]] == [(keys["d"], ""), (keys["h"], "")]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Hi Jane,\n\nthe logo is done.\n", "the logo is done."),
        ("The logo is done, so I write to you in good time,\nand all is well.", "The logo is done, so I write to you in good time, and all is well."),
        ("Thanks!", "Thanks!"),
        ("It is done.\n\n-- \nMia Studio\nCopenhagen", "It is done."),
        ("", ""),
        ("word " * 100, "word " * 30 + "word…"),
    ],
)  # fmt: skip
def test_first_words_are_those_behind_the_greeting(text, begins):
    assert find_beginning(text) == begins


def test_a_digest_tells_what_matters_and_nothing_of_who_is_asleep(tmp_path):
    letters = [
        *write_every(5, 41),
        write("q", ago(41, -1), "jane@acme.example", US, "Can you send us the logo?"),
        *write_every(5, 500, "Bo <bo@bolt.example>"),
    ]
    config, keys = make(tmp_path, letters)
    with writing_archive(config.archive) as archive, archive.ledger.transaction():
        archive.book.write([
            action("aaaaa1", text="send the invoice", due=NOW.date()),
            action("aaaaa2", text="call them", due=NOW.date() - timedelta(days=1)),
            action("aaaaa3", text="not yet", due=NOW.date() + timedelta(days=1)),
        ])  # fmt: skip
    with open_archive(config.archive) as archive:
        digest = read_digest(archive, config, NOW)
        text = digest_text(archive, digest)
    assert [w.first.key for w in digest.on_us] == [keys["q"]]
    assert [a.text for a in digest.due] == ["call them", "send the invoice"]
    assert [client for client, _ in digest.quiet] == ["acme"]
    assert digest.trouble == ("work: never synced to the end",)
    assert tell_counts(digest) == (
        "1 waits for you, 2 are due, 1 is quieter than usual, something is wrong with the sync"
    )
    assert "Can you send us the logo?" in text
    assert keys["q"][:8] in text
    assert "not yet" not in text
    assert "bolt" not in text


def test_a_digest_with_nothing_to_say_is_one_line(tmp_path):
    config, _ = make(tmp_path, write_every(7, 3))
    with writing_archive(config.archive) as archive:
        number = archive.rounds.begin("work", NOW - timedelta(hours=1))
        archive.rounds.end(number, NOW - timedelta(minutes=59), archived=1)
    with open_archive(config.archive) as archive:
        digest = read_digest(archive, config, NOW)
        (line,) = digest_lines(archive, digest, 80)
    assert line.text == "Friday, 2026-11-20: nobody waits for you, nothing is due, nobody is quieter than usual, and the sync is fine"  # fmt: skip


def test_what_hostile_mail_says_steers_no_terminal(tmp_path):
    evil = "Can you \x1b[31mread\x1b[0m\u202e this?"
    config, _ = make(
        tmp_path, [*write_every(7, 9), write("q", ago(3), "jane@acme.example", US, evil)]
    )
    with open_archive(config.archive) as archive:
        text = digest_text(archive, read_digest(archive, config, NOW))
    assert "Can you" in text
    assert not {"\x1b", "\u202e"} & set(text)
