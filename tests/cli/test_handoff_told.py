"""What `trail handoff` tells before and after: attachments that stay, Bcc lines, signs no font has, next actions, long lines."""

from __future__ import annotations

import csv
import email
import io
from email.policy import SMTP
from pathlib import Path

import pytest
from doors import TRAIL
from syncing import make_message
from terminals import Terminal

from trail.handoff.pdf import signs

ACME = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'
GLOBEX = 'slug = "globex"\nname = "Globex"\ndomains = ["globex.example"]'
SECRET = "The merger with Globex will be told to the press on the second Tuesday of November, says the board."


def put(server, number, **options):
    server.append("INBOX", make_message(number, **options))


def quote(server, number):
    """A message that quotes another client's."""
    head = make_message(number, sender="me@studio.example", to="jane@acme.example").partition(b"\r\n\r\n")[0]  # fmt: skip
    server.append("INBOX", head + f"\r\n\r\nLook:\r\n> {SECRET}\r\n".encode())


@pytest.fixture
def business(desk, pymap_server):
    """Acme has a plain message, one that shows a blind copy to Ole, and one that quotes Globex."""
    put(pymap_server, 1)
    put(pymap_server, 2, sender="me@studio.example", to="jane@acme.example", extra="Bcc: Ole Brandt <ole@audit.example>\r\n", subject="Invoice")  # fmt: skip
    head = make_message(3, sender="bob@globex.example").partition(b"\r\n\r\n")[0]
    pymap_server.append("INBOX", head + f"\r\n\r\n{SECRET}\r\n".encode())
    quote(pymap_server, 4)
    desk.set_up(pymap_server, clients=(ACME, GLOBEX)).done("sync")
    return desk


def on_terminal(desk, *words, columns):
    return Terminal(*map(str, (*TRAIL, "--config", desk.config, *words)), size=(40, columns))


def unfold(shown):
    """The words of what a terminal shows, however it was wrapped."""
    return " ".join(shown.decode().split())


def test_what_is_to_be_decided_on_is_told_to_its_end_however_narrow_the_terminal(business):
    terminal = on_terminal(business, "handoff", "acme", "--review", columns=50)
    try:
        first = terminal.wait_for(b"[q]uit")
        terminal.type("l\n")
        second = terminal.wait_for(b"[q]uit")
        terminal.type("s\n")
        shown = terminal.wait_for(b"[q]uit")
        terminal.interrupt()
    finally:
        terminal.close()
    asked = unfold(first + second)
    assert "will be told to the press on the second tuesday" in asked
    assert "(given, the Bcc line itself goes along and tells the client so; --redact can take the address out)" in asked  # fmt: skip
    assert "client acme (domain acme.example in" in unfold(shown)
    for part in (first, second, shown):
        assert "…" not in part.decode()
        lines = part.decode().replace("\r", "").split("\n")
        assert max(len(line) for line in lines if "[g]ive" not in line and "━" not in line) <= 50
    assert "connecting" not in asked


def test_the_table_says_that_a_bcc_line_goes_along(business):
    path = business.root / "table.csv"
    business.done("handoff", "acme", "--review-out", path)
    assert "the Bcc line itself goes along" in path.read_text("utf-8-sig")


def test_who_stands_in_a_bcc_line_alone_is_in_no_list_of_people(business):
    held = business.done("handoff", "acme", "--dry-run", "--json").data["would_withhold"]
    assert len(held) == 2
    path = business.root / "table.csv"
    business.done("handoff", "acme", "--review-out", path)
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    for row in rows[1:]:
        row[6] = "give" if "blind copy" in row[5] else ""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    path.write_text(out.getvalue(), "utf-8")
    assert business.done("handoff", "acme", "--review-in", path, "--json").data["given"] == 1
    data = business.done("handoff", "acme", "--out", business.root / "box", "--json").data
    bundle = Path(data["path"])
    mails = b"".join(p.read_bytes() for p in (bundle / "data" / "eml").rglob("*.eml"))
    assert b"ole@audit.example" in mails  # what was given is what was sent
    for name in ("contacts.csv", "contacts.vcf", "letter.md", "letter.html"):
        told = (bundle / name).read_text()
        assert "ole@audit.example" not in told, name
        assert "Brandt" not in told, name
        assert "jane@acme.example" in told or name.startswith("letter"), name
    people = next(bundle.rglob("people*.js")).read_text()
    assert "jane@acme.example" in people
    assert "ole@audit.example" not in people


@pytest.fixture
def scanned(desk, pymap_server):
    """Of Acme's two messages one has a scan of which there is no text."""
    put(pymap_server, 1)
    message = email.message_from_bytes(make_message(2, subject="Scan"), policy=SMTP)
    message.add_attachment(b"%PDF-1.4\r\n% cut off", "application", "pdf", filename="approval.pdf")
    pymap_server.append("INBOX", message.as_bytes())
    desk.set_up(pymap_server, clients=(ACME,)).done("sync")
    return desk


def test_an_attachment_that_is_withheld_unasked_is_named(scanned):
    words = ("handoff", "acme", "--redact", "nowordlikethis")
    told = "1 attachment withheld, nobody can look into it: approval.pdf"
    plan = scanned.done(*words, "--dry-run")
    assert told in plan.out
    assert "1 message would go as a changed copy" in plan.out
    (line,) = (line for line in plan.out.splitlines() if "Scan" in line)
    assert "(attachments nobody could look into withheld)" in line
    data = scanned.done(*words, "--dry-run", "--json").data
    assert data["attachments_withheld"] == [{"filename": "approval.pdf", "why": "unseen"}]
    assert [row["subject"] for row in data["would_hand_over"] if "changes" in row] == ["Scan"]
    assert told in scanned.done(*words, "--out", scanned.root / "one").out
    data = scanned.done(*words, "--full", "--out", scanned.root / "two", "--json").data
    assert data["attachments_withheld"] == [{"filename": "approval.pdf", "why": "unseen"}]


def test_signs_that_no_font_has_are_told_before_and_are_a_warning_after(desk, pymap_server, monkeypatch):  # fmt: skip
    monkeypatch.setattr(signs, "find_font", lambda: None)
    put(pymap_server, 1, subject="Tea")
    put(pymap_server, 2, subject="=?utf-8?b?5pel5pys6Kqe?=")
    desk.set_up(pymap_server, clients=(ACME,)).done("sync")
    words = ("handoff", "acme", "--pdf", "--out", desk.root)
    assert desk.done(*words, "--dry-run", "--json").data["boxed"] == 1
    told = "1 PDF with □ for signs that no font here has; Chinese, Japanese and Korean need a font, such as Noto Sans CJK (Debian: fonts-noto-cjk)"
    assert told in desk.done(*words, "--dry-run").out
    answer = desk.trail(*words)
    assert answer.code == 100
    assert f"warning: {told}" in answer.err


def test_next_actions_that_go_along_are_told_word_for_word(business):
    for number in range(5):
        business.done("next", "add", "acme", f"Step {number} of it", "--due", f"2030-01-0{number + 1}")  # fmt: skip
    plan = business.done("handoff", "acme", "--dry-run")
    assert "5 next actions would go along as open items" in plan.out
    assert all(f"  2030-01-0{n + 1}  Step {n} of it\n" in plan.out for n in range(5))
    data = business.done("handoff", "acme", "--dry-run", "--json").data
    assert data["planned"] == 5
    assert data["would_plan"][0] == {"text": "Step 0 of it", "due": "2030-01-01"}
    answer = business.done("handoff", "acme", "--out", business.root / "box", "--json")
    assert answer.data["planned"] == 5
    assert '"Step 0 of it", "Step 1 of it", "Step 2 of it" and 2 more (`trail next acme`)' in answer.err  # fmt: skip


@pytest.mark.parametrize(
    ("language", "alone", "besides"),
    [
        ("english", "from the mail alone", "Only what stands under “Planned by"),
        ("danish", "af mailene alene", "Kun det, der står under ”Planlagt af"),
        ("german", "allein aus den E-Mails", "Nur was unter „Geplant von"),
    ],
)
def test_a_letter_with_planned_items_does_not_say_that_it_is_of_the_mail_alone(business, language, alone, besides):  # fmt: skip
    words = ("handoff", "acme", "--full", "--language", language, "--json")
    path = business.done(*words, "--out", business.root / "plain").data["path"]
    letter = (Path(path) / "letter.md").read_text()
    assert alone in letter
    assert besides not in letter
    business.done("next", "add", "acme", "Send the files")
    path = business.done(*words, "--out", business.root / "planned").data["path"]
    letter = (Path(path) / "letter.md").read_text()
    assert alone not in letter
    assert besides in letter


def test_one_day_is_told_as_one_day(business):
    day = ("--since", "2024-03-05", "--until", "2024-03-05")
    answer = business.done("handoff", "acme", *day, "--out", business.root / "box")
    assert "Only messages of 2024-03-05." in answer.out
    (bundle,) = (business.root / "box").iterdir()
    letter = (bundle / "letter.md").read_text()
    assert "Only messages of 5 March 2024." in letter
    assert "5 March 2024 \N{EN DASH}" not in letter


def test_on_a_narrow_terminal_what_a_hand_off_adds_to_is_told_to_its_end(business):
    business.done("handoff", "acme", "--out", business.root / "box")
    terminal = on_terminal(business, "handoff", "acme", "--dry-run", columns=60)
    try:
        shown = terminal.wait()
    finally:
        terminal.close()
    assert "they have already; --full gives all" in unfold(shown)
    assert b"connecting" not in shown
