"""`trail clients`, `trail brief`, `trail digest` as a user has them: texts, JSON, colours, pages, files, mail."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browsers import Chromium, NoWayOut
from doors import TRAIL
from histories import History, Letter, play
from markdown_it import MarkdownIt
from servers.smtp import MailTaker
from terminals import Terminal

from trail.cli.main import run
from trail.cli.standings import tell_age
from trail.model import Client

NOW = datetime.now(UTC).replace(microsecond=0)
AXE = Path(__file__).parent.parent / "handoff" / "vendor" / "axe.min.js"
US = "Mia Studio <me@studio.example>"
CLIENTS = (
    'slug = "acme"\nname = "Acme <b>Ltd</b>"\ndomains = ["acme.example"]',
    'slug = "bolt"\nname = "Bolt"\ndomains = ["bolt.example"]',
    'slug = "cube"\nname = "Cube"\ndomains = ["cube.example"]',
)
EVIL = "<script>alert(1)</script> [x](javascript:alert(1)) *a* | `b` # c \x1b[31m\u202e"


def write(name, days, sender, to, text, subject="Logo"):
    at = NOW - timedelta(days=days)
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{name}@x>\r\nDate: {at:%d %b %Y %H:%M:%S +0000}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return Letter(name, at, f"{head}\r\n{text}\r\n".encode())


@pytest.fixture
def office(desk):
    """Acme waits for us since 20 days and is quieter than usual, bolt is as always and owes us a word, cube never wrote."""
    letters = [
        *(write(f"a{n}", 21 + 7 * n, "Jane Holt <jane@acme.example>", US, "All is well.") for n in range(12)),
        write("question", 20, "Jane Holt <jane@acme.example>", US, f"Can you send us the logo?\r\n\r\n{EVIL}", EVIL.replace("\x1b", "")),
        *(write(f"b{n}", 2 + 30 * n, "Bo <bo@bolt.example>", US, "Fine.") for n in range(12)),
        write("ours", 1, US, "Bo <bo@bolt.example>", "Could you please send the contract?"),
    ]  # fmt: skip
    clients = [Client(s, n, domains=(f"{s}.example",)) for s, n in (("acme", "Acme <b>Ltd</b>"), ("bolt", "Bolt"), ("cube", "Cube"))]  # fmt: skip
    history = History(clients=clients, letters=sorted(letters, key=lambda one: one.received_at))
    _, desk.keys = play(history, desk.root)
    desk.set_up(clients=CLIENTS)
    return desk


def names(answer):
    return [line.split()[0] for line in answer.out.splitlines()[1:]]


def test_clients_are_a_line_each_with_what_matters(office):
    office.done("next", "add", "bolt", "send", "the", "invoice", "--due", "tomorrow")
    answer = office.done("clients")
    head, acme, cube, bolt = answer.out.splitlines()
    assert head.split() == ["client", "health", "them", "us", "waiting", "next", "why"]
    assert acme.split()[:6] == ["acme", "act", "20d", "-", "us", "20d"]
    assert "none" in acme
    assert "the longest silence so far: 20 days, usually 7 days, at most 7 days; they wait for us: 20 days" in acme  # fmt: skip
    assert cube.split()[:4] == ["cube", "unclear", "-", "-"]
    assert bolt.split()[:6] == ["bolt", "steady", "2d", "1d", "them", "1d"]
    assert "tomorrow: send the invoice" in bolt


def test_on_a_narrow_terminal_the_reasons_stand_below(office):
    terminal = Terminal(
        *TRAIL, "--config", str(office.config), "--no-pager", "clients", size=(24, 80)
    )
    with contextlib.closing(terminal):
        said = terminal.wait().decode()
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    assert lines[0].split() == ["client", "health", "them", "us", "waiting", "next"]
    assert lines[1].split()[:6] == ["acme", "act", "20d", "-", "us", "20d"]
    assert lines[2].startswith("  the longest silence so far: 20 days, usually 7 days")
    assert all(len(line) <= 80 for line in lines)


def test_on_a_very_narrow_terminal_the_reasons_are_whole(office):
    terminal = Terminal(
        *TRAIL, "--config", str(office.config), "--no-pager", "clients", size=(24, 60)
    )
    with contextlib.closing(terminal):
        said = terminal.wait().decode()
    assert all(len(line) <= 60 for line in said.splitlines())
    assert "…" not in said
    assert "at most 7 days; they wait for us: 20 days" in " ".join(said.split())


def test_clients_are_sorted_and_filtered(office):
    office.done("next", "add", "bolt", "call", "--due", "tomorrow")
    assert names(office.done("clients", "--sort", "name")) == ["acme", "bolt", "cube"]
    assert names(office.done("clients", "--sort", "last")) == ["bolt", "acme", "cube"]
    assert names(office.done("clients", "--sort", "next"))[0] == "bolt"
    assert names(office.done("clients", "--sort", "waiting")) == ["acme", "bolt", "cube"]
    assert names(office.done("clients", "--waiting-on", "us")) == ["acme"]
    assert names(office.done("clients", "--waiting-on", "them")) == ["bolt"]
    assert names(office.done("clients", "--quiet-since", "2 weeks")) == ["acme", "cube"]
    assert names(office.done("clients", "--quiet-since", "3w")) == ["cube"]
    nobody = office.done("clients", "--quiet-since", "3w", "--waiting-on", "us")
    assert nobody.out == ""
    assert "no client is like that" in nobody.err
    assert office.trail("clients", "--quiet-since", "a while").code == 2
    assert office.trail("clients", "--sort", "size").code == 2


def test_clients_for_programs_name_the_message_of_every_reason(office):
    data = office.done("clients", "--json").data["clients"]
    acme = next(one for one in data if one["client"] == "acme")
    question = office.keys["question"][:8]
    assert acme["messages"] == 13
    assert acme["domains"] == ["acme.example"]
    assert acme["last_from_them"]["id"] == question
    assert acme["last_from_us"] is None
    assert (acme["waiting_on_us"]["count"], acme["waiting_on_us"]["days"]) == (1, 20)
    assert acme["waiting_on_us"]["id"] == question
    assert acme["waiting_on_them"] is acme["next"] is None
    assert acme["rhythm"]["usual"] == 7
    assert acme["health"] == "act"
    assert [(r["kind"], r["id"], r["days"]) for r in acme["reasons"]] == [
        ("quiet", question, 20),
        ("waiting-on-us", question, 20),
    ]


def test_rules_are_there_when_asked_for(office):
    lines = office.done("clients", "--rules", "--sort", "name").out.splitlines()
    assert lines[0].split() == ["client", "name", "messages", "rules"]
    assert lines[1].split()[0] == "acme"
    assert lines[1].endswith("acme.example")


def test_a_client_is_shown_with_reasons_and_their_messages(office):
    out = office.done("client", "show", "acme").out
    question = office.keys["question"][:8]
    assert "acme.example" in out
    assert re.search(rf"health +act +the longest silence so far: 20 days.* \[{question}\]", out)
    assert f"they wait for us: 20 days  [{question}]" in out
    assert office.done("client", "show", "acme", "--json").data["health"] == "act"


def test_colours_say_nothing_that_words_do_not(office):
    plain = office.done("clients").out
    coloured = office.done("clients", "--color", "always").out
    assert "\x1b[1;31mact" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert "\x1b" not in plain


def test_a_brief_on_the_terminal(office):
    office.done("next", "add", "acme", "call", "Jane", "--due", "today")
    office.done("note", "acme", f"Prefers mornings {EVIL}")
    office.done("agree", "acme", "Framework contract", "--value", "95 EUR an hour")
    office.done("requests", "add", "acme", "a blue logo", "--from", office.keys["question"])
    out = office.done("brief", "acme").out
    question = office.keys["question"][:8]
    assert out.startswith("Acme <b>Ltd</b> (acme), since ")
    titles = re.findall(r"^(\w[\w ]*)$", out, re.MULTILINE)
    assert titles == ["Open", "Next", "Asked for", "Agreed", "People", "Last exchanges", "Notes"]
    assert re.search(rf"we owe for 20 days  Can you send us the logo\?.*\[{question}\]", out)
    assert "Framework contract: 95 EUR an hour" in out
    assert re.search(r"a blue logo  by .*not answered", out)
    assert "Jane Holt <jane@acme.example>" in out
    assert not {"\x1b", "\u202e"} & set(out)
    assert "Bolt" not in out
    data = office.done("brief", "acme", "--json").data
    assert data["open"][0]["id"] == question
    assert [p["address"] for p in data["people"]] == ["jane@acme.example"]
    assert len(data["exchanges"]) == 8
    assert sum(m["from_them"] for m in data["months"]) == 13


def test_a_brief_of_who_never_wrote_says_so(office):
    assert office.done("brief", "cube").out.splitlines() == [
        "Cube (cube), 0 messages, none of them from person to person",
        "unclear they have not written yet",
    ]
    assert "<svg" not in office.done("brief", "cube", "--html").out


def test_an_unknown_client_and_options_that_do_not_go_together(office):
    assert office.trail("brief", "acne").code == 40
    assert office.trail("brief", "acme", "--html", "--md").code == 2
    assert office.trail("brief", "acme", "--html", "--json").code == 2
    assert office.trail("brief", "acme", "--out", office.root / "no" / "file").code == 1


class Acting(HTMLParser):
    """Whatever could act or load in a page."""

    def __init__(self):
        super().__init__()
        self.found, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.found += [tag] if tag in ("script", "iframe", "img", "link", "a", "form", "object") else []  # fmt: skip
        self.found += [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]  # fmt: skip


def test_a_page_holds_hostile_texts_as_texts(office):
    office.done("note", "acme", EVIL.replace("\x1b", ""))
    office.done("next", "add", "acme", EVIL.replace("\x1b", ""))
    out = office.root / "brief.html"
    assert "written:" in office.done("brief", "acme", "--html", "--out", out).err
    office.done("brief", "cube", "--out", out)  # what it wrote itself, it writes again
    assert "written:" in office.done("brief", "acme", "--html", "--out", out).err
    page = out.read_text(encoding="utf-8")
    acting = Acting()
    acting.feed(page)
    assert acting.found == []
    assert {"svg", "title", "main", "h1", "h2"} <= acting.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "default-src 'none'" in page
    assert "\u202e" not in page


def test_markdown_holds_hostile_texts_as_texts(office):
    office.done("note", "acme", f"1. {EVIL}".replace("\x1b", ""))
    office.done("note", "acme", "+ not a list\n\n# not a heading")
    made = MarkdownIt("commonmark").render(office.done("brief", "acme", "--md").out)
    assert "<script" not in made
    assert "<a " not in made
    assert "<em>" not in made
    assert made.count("<h1>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:alert(1)) *a* | `b` # c" in made
    assert "<ul>\n<li>\n<ul>" not in made


@pytest.mark.browser
def test_a_browser_shows_the_page_on_any_width_and_prints_one_sheet(office, chromium, tmp_path):
    for number in range(4):
        office.done("note", "acme", f"Note {number}: " + "they like it simple. " * 20)
        office.done("next", "add", "acme", "call", "about", str(number), "--due", "friday")
    page = tmp_path / "brief.html"
    office.done("brief", "acme", "--html", "--out", page)
    with NoWayOut() as nowhere, Chromium(chromium, tmp_path / "profile", nowhere.port) as browser:
        for width in (340, 800, 1400):
            browser.look(width, 900)
            browser.open(page.as_uri())
            assert browser.run("document.documentElement.scrollWidth") <= width
        for dark in (False, True):
            browser.look(800, 900, dark=dark)
            browser.run(f"{AXE.read_text(encoding='utf-8')};1")
            assert browser.run("axe.run().then((found) => found.violations.map((one) => one.id))") == []  # fmt: skip
        shown = browser.run("document.body.innerText")
        assert "<script>alert(1)</script>" in shown
        assert browser.run("document.querySelector('svg').getBoundingClientRect().height") > 20
        assert browser.complaints == []
        assert [url for url in browser.requests if not url.startswith(("file:", "about:"))] == []
        sheets = re.findall(rb"/Type\s*/Page\b", browser.print_page())
    assert len(sheets) == 1


def test_a_digest_is_printed_in_full_and_for_programs(office):
    office.done("next", "add", "bolt", "send", "the", "invoice", "--due", "today")
    out = office.done("digest").out
    question = office.keys["question"][:8]
    assert out.splitlines()[0].endswith(": 1 waits for you, 1 is due, 1 is quieter than usual")
    assert re.search(rf"acme +20 days +Can you send us the logo\?.*\[{question}\]", out)
    assert re.search(r"bolt +today +send the invoice  \[\w{6}\]", out)
    assert f"acme  the longest silence so far: 20 days, usually 7 days, at most 7 days  [{question}]" in out  # fmt: skip
    data = office.done("digest", "--json").data
    assert [(w["client"], w["id"], w["days"]) for w in data["waiting_on_us"]] == [("acme", question, 20)]  # fmt: skip
    assert [(d["client"], d["text"]) for d in data["due"]] == [("bolt", "send the invoice")]
    assert [(q["client"], q["id"], q["usual"]) for q in data["quiet"]] == [("acme", question, 7)]
    assert data["trouble"] == []


def test_a_digest_counts_old_questions_and_tells_again_of_one_that_is_due_soon(desk):
    soon = NOW + timedelta(days=5)
    letters = [
        write("old", 100, "Jane <jane@acme.example>", US, "Can you send us the logo?"),
        write("due", 90, "Bo <bo@bolt.example>", US, f"Please send the contract by {soon:%d %B %Y}.", "Contract"),
    ]  # fmt: skip
    clients = [Client(s, s, domains=(f"{s}.example",)) for s in ("acme", "bolt")]
    _, keys = play(History(clients=clients, letters=letters), desk.root)
    desk.set_up(clients=CLIENTS[:2])
    out = desk.done("digest").out
    assert f"Please send the contract by {soon:%d %B %Y}.  [{keys['due'][:8]}]" in out
    assert "  and 1 more: trail waiting --on us\n" in out
    assert "send us the logo" not in out
    desk.done("waiting", "done", keys["due"][:8])
    assert "  1 for a long time: trail waiting --on us\n" in desk.done("digest").out


def test_a_digest_is_sent_where_the_configuration_says(office, tmp_path, monkeypatch):
    shown = tmp_path / "shown"
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "notify-send").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {shown}\n')
    (tools / "notify-send").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TRAIL_TEST_SMTP", MailTaker.password)
    with MailTaker(tmp_path, "starttls") as server:
        office.config.write_text(
            office.config.read_text().replace(
                "[[client]]",
                f'[digest]\nto = ["file", "desktop", "mail"]\nhost = "{server.host}"\nport = {server.port}\n'
                f'security = "starttls"\nca_file = "{server.ca_file}"\nuser = "{server.user}"\npassword_env = "TRAIL_TEST_SMTP"\n\n[[client]]',
                1,
            )
        )  # fmt: skip
        answer = office.done("digest", "--send")
        ((sender, recipients, content, encrypted),) = server.taken
    assert f"sent: file ({office.archive / 'digest.txt'}), desktop, mail" in answer.err
    assert (sender, recipients, encrypted) == ("me@studio.example", ["me@studio.example"], True)
    assert b"trail: 1 waits for you, 1 is quieter than usual" in content.replace(b"\r\n ", b" ")
    told = shown.read_text()
    assert "1 waits for you, 1 is quieter than usual" in told
    assert "acme" not in told  # a desktop is seen by others
    path = office.archive / "digest.txt"
    assert "Can you send us the logo?" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert office.done("verify").code == 0  # it is no stranger there
    monkeypatch.delenv("TRAIL_TEST_SMTP")
    refused = office.trail("digest", "--send")
    assert refused.code == 4
    assert "[digest]" in refused.err


def test_before_there_is_an_archive_it_is_told_what_to_do(desk, capsys):
    desk.set_up(clients=CLIENTS)
    for command in (["brief", "acme"], ["digest"]):
        answer = desk.trail(*command)
        assert answer.code == 3
        assert "trail sync" in answer.err
    assert run(["--config", str(desk.config), "clients", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [one["client"] for one in data["clients"]] == ["acme", "bolt", "cube"]


@pytest.mark.parametrize(
    ("days", "text"), [(0, "today"), (3, "3d"), (59, "59d"), (100, "3mo"), (1000, "3y")]
)
def test_an_age_in_a_few_signs(days, text):
    assert tell_age(days) == text
