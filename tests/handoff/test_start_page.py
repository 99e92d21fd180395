"""START-HERE.html in real browsers, from the disk. One browser of each kind serves all tests of this file."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from browsers import LIMIT, Chromium, Firefox, NoWayOut
from hostile import TRACKER, WORDS, make_hostile_items
from needs import explain_missing, find_chromium, give_up

from trail.handoff.filters import Filters
from trail.handoff.mailbag import write_bundle
from trail.handoff.papers.papers import prepare_papers
from trail.handoff.pdf.messages import MessagePdfs
from trail.model import Address, Statement

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
FIREFOXES = ("firefox-esr", "firefox")


@pytest.fixture(scope="module")
def bundle_of_mail(tmp_path_factory, make_item, info):
    items = [
        *make_hostile_items(make_item),
        *(make_item(n, subject=f"Plan {n}", text=f"Step {n} of the plan") for n in range(50, 90)),
        make_item(
            90,
            subject="Agreed",
            text="Agreed, all of it.",
            quoted="Shall we say 4200 for the gazebo?",
        ),
    ]
    return write_bundle(items, (), info, tmp_path_factory.mktemp("page") / "acme-2024-07-01").path


@pytest.fixture(scope="module")
def whole_bundle(tmp_path_factory, make_item, info):
    """One with everything beside the mail: the letter, PDFs, and what limits it."""
    asked = (Statement("question", "Could you send the gazebo?"),)
    items = [
        make_item(1),
        make_item(2, subject="Gazebo", sender=Address("from", "Jane", "jane@acme.example")),
    ]
    items[0] = replace(items[0], changes=("passages redacted",), original="1" * 64)
    items[1] = replace(items[1], parsed=replace(items[1].parsed, statements=asked))
    limits = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC))
    filters = Filters(*limits, redacted=("tea",))
    about = replace(
        info, language="danish", salt=b"1", filters=filters, since=limits[0], until=limits[1]
    )
    out = tmp_path_factory.mktemp("whole") / "acme-2024-07-01"
    return write_bundle(
        items,
        (),
        about,
        out,
        companions=(partial(MessagePdfs, language="danish"), prepare_papers(None, "danish")),
    ).path


@pytest.fixture(scope="module")
def way_out():
    with NoWayOut() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def chrome(tmp_path_factory, way_out):
    program = find_chromium() or give_up(str(explain_missing("browser")))
    with Chromium(program, tmp_path_factory.mktemp("chromium") / "p", way_out.port) as browser:
        yield browser


@pytest.fixture(scope="module")
def firefox(tmp_path_factory, way_out):
    program = next(filter(None, map(shutil.which, FIREFOXES)), None)
    if not program:
        give_up(f"no Firefox on this machine (looked for {FIREFOXES})")
    with Firefox(program, tmp_path_factory.mktemp("firefox") / "p", way_out.port) as browser:
        yield browser


@pytest.fixture(params=["chrome", "firefox"])
def browser(request):
    return request.getfixturevalue(request.param)


def wait_for(browser, expression):
    """Wait until a script's value is true."""
    end = time.monotonic() + LIMIT
    while not browser.run(f"Boolean({expression})"):
        assert time.monotonic() < end, (
            expression,
            browser.run("document.body.innerText.slice(0, 2000)"),
        )
        time.sleep(0.02)


def visit(browser, root, hash_="", *, width=1280, dark=False):
    browser.look(width, 900, dark=dark)
    browser.open("about:blank")
    browser.open((root / "START-HERE.html").as_uri() + hash_)
    if browser.run("localStorage.length"):  # what an earlier test chose
        browser.run("localStorage.clear()")
        browser.open("about:blank")
        browser.open((root / "START-HERE.html").as_uri() + hash_)
    wait_for(browser, "document.documentElement.dataset.ready === 'yes'")


def ids_of(root):
    return sorted(path.stem for path in (root / "data" / "eml").rglob("*.eml"))


def type_query(browser, query):
    browser.run(
        "(() => { const box = document.getElementById('query'); box.focus();"
        f"box.value = {query!r}; box.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    )
    wait_for(browser, f"document.documentElement.dataset.searched?.endsWith(' ' + {query!r})")


def find_obstacles(browser):
    return browser.run(
        "axe.run(document, {resultTypes: ['violations'], preload: false, iframes: false}).then((r) => r.violations"
        ".filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200) + n.failureSummary)]))"
    )


def subjects(browser):
    return browser.run(
        "[...document.querySelectorAll('#list .entry .subject')].map((e) => e.textContent)"
    )


@pytest.mark.browser
def test_the_timeline_lists_every_message_by_month(browser, bundle_of_mail):
    visit(browser, bundle_of_mail, "#/timeline")
    assert subjects(browser)[:2] == ["A quiet start", "Re: A quiet start"]
    assert browser.run("document.querySelector('#list h3').textContent") == "March 2024"
    assert browser.run("document.querySelector('.row').getAttribute('aria-setsize')") == "50"


@pytest.mark.browser
def test_nothing_of_a_sender_runs_or_loads_wherever_one_looks(browser, bundle_of_mail, way_out):
    places = ["", *(f"#/{name}" for name in ("timeline", "conversations", "people", "attachments", "conversation/1", "person/2"))]  # fmt: skip
    places += [f"#/search/{quote(query)}" for query in ("confirm", "elderflower", "<img src=x onerror=document.title='ran'>")]  # fmt: skip
    requests = getattr(browser, "requests", [])
    del requests[:]
    visit(browser, bundle_of_mail)
    for place in [*places, *(f"#{name}" for name in ids_of(bundle_of_mail)[:5])]:
        browser.run(f"location.hash = {place!r}")
        wait_for(
            browser,
            "document.querySelector('main > section:not([hidden])').textContent.length > 20",
        )
        if place.startswith("#2"):
            wait_for(
                browser,
                f"document.querySelector('.tools .address')?.getAttribute('href') === {place!r}",
            )
            wait_for(
                browser,
                "[...document.querySelectorAll('iframe')].every((f) => f.contentDocument?.body?.childNodes.length)",
            )
        assert "ran" not in browser.run("[document.title]")
    assert not [line for line in way_out.asked if "invalid" in line]
    if browser.name == "chromium":
        names = {url.rpartition("/")[2] for url in requests}
        assert names >= {
            "START-HERE.html",
            "list-00000.js",
            "text-00000.js",
            "html-00000.js",
            "logo.png",
        }
        root = bundle_of_mail.as_uri()
        assert not [
            url for url in requests if not url.startswith((root, "about:", "data:image/png"))
        ]
        assert not browser.complaints


@pytest.mark.browser
def test_a_letter_is_shown_without_links_scripts_or_strange_pictures(browser, bundle_of_mail):
    visit(browser, bundle_of_mail, f"#{ids_of(bundle_of_mail)[2]}")
    wait_for(
        browser, "document.querySelector('iframe')?.contentDocument?.querySelector('img')?.complete"
    )
    inside = "document.querySelector('iframe').contentDocument"
    assert browser.run("document.querySelector('iframe').getAttribute('sandbox')") == "allow-same-origin"  # fmt: skip
    assert browser.run(f"{inside}.querySelector('h1').textContent") == "Your account"
    assert browser.run(f"{inside}.querySelectorAll('a, script, form, input, iframe, object, link, base, svg, style:not(head style)').length") == 0  # fmt: skip
    pictures = browser.run(f"[...{inside}.images].map((i) => [i.getAttribute('src'), i.naturalWidth])")  # fmt: skip
    assert [width for _, width in pictures] == [7]
    assert pictures[0][0].startswith("data/attachments/")
    text = browser.run(f"{inside}.body.textContent")
    assert f"www.bank.example [{TRACKER}/login…]" in text
    assert "https://honest.example" in text
    assert "[honest.example]" not in text
    heights = browser.run("[document.querySelector('iframe').clientHeight, document.querySelector('iframe').contentDocument.body.scrollHeight]")  # fmt: skip
    assert heights[0] >= heights[1] > 100
    browser.run("document.querySelector('.tools button').click()")
    wait_for(
        browser, "!document.querySelector('iframe') && document.querySelector('.body > .text')"
    )
    browser.run("document.querySelector('.tools button').click()")
    wait_for(browser, "document.querySelector('iframe')")


@pytest.mark.browser
def test_what_could_act_is_named_and_not_linked(chrome, bundle_of_mail):
    visit(chrome, bundle_of_mail, "#/attachments")
    wait_for(chrome, "document.querySelectorAll('.file').length === 11")
    links = chrome.run("[...document.querySelectorAll('.file .what a')].map((a) => decodeURIComponent(a.href))")  # fmt: skip
    assert {link.rpartition(".")[2] for link in links} == {"pdf", "png", "log"}
    assert "note.log" in " ".join(links)
    assert "page.log" not in " ".join(links)
    assert chrome.run("[...document.querySelectorAll('.file img')].length") == 1
    assert chrome.run("document.querySelectorAll('.unlinked').length") == 11 - len(links)


@pytest.mark.browser
def test_search_finds_words_in_mails_and_attachments_as_people_type_them(browser, bundle_of_mail):
    visit(browser, bundle_of_mail)
    type_query(browser, "meadow")
    assert subjects(browser) == ["A quiet start"]
    type_query(browser, "elderfl quart")
    assert browser.run("document.querySelectorAll('#list .row').length") == 1
    wait_for(browser, "document.querySelectorAll('.preview mark').length === 2")
    assert "forecast" in browser.run("document.querySelector('.preview').textContent")
    for word in (*WORDS, "aeroskobing", "STRASSE", "finance"):
        type_query(browser, word)
        assert subjects(browser) == ["Re: A quiet start"], word
    type_query(browser, "meadwo")
    assert subjects(browser) == ["A quiet start"]
    assert "similar" in browser.run("document.getElementById('found').textContent")
    type_query(browser, "plan 77")
    assert subjects(browser) == ["Plan 77"]
    type_query(browser, "pl")
    assert "40" in browser.run("document.getElementById('status').textContent")
    type_query(browser, "gazebo")
    assert subjects(browser) == ["Agreed"]
    wait_for(browser, "document.querySelector('.preview mark')?.textContent === 'gazebo'")
    browser.press("Enter")
    wait_for(browser, "document.querySelector('#reading details.quoted[open] mark')")
    type_query(browser, "zzzzqqq")
    assert subjects(browser) == []


@pytest.mark.browser
def test_everything_can_be_done_with_the_keyboard(browser, bundle_of_mail):
    visit(browser, bundle_of_mail, "#/timeline")
    browser.press("j", "j", "k", "j")
    assert browser.run("document.activeElement.querySelector('.subject').textContent") == "Re: A quiet start"  # fmt: skip
    browser.press("Enter")
    wait_for(
        browser,
        "document.querySelector('#reading .message h2')?.textContent === 'Re: A quiet start'",
    )
    browser.press("n")
    wait_for(browser, "document.querySelector('#reading .message h2')?.textContent === 'Confirm'")
    browser.press("Escape")
    wait_for(browser, "document.querySelector('#reading .empty')")
    browser.press("/")
    assert browser.run("document.activeElement.id") == "query"
    browser.press(*"green")
    wait_for(browser, "document.documentElement.dataset.searched?.endsWith(' green')")
    browser.press("Enter")
    wait_for(
        browser, "document.querySelector('#reading .message h2')?.textContent === 'A quiet start'"
    )
    assert browser.run("document.querySelector('#reading mark').textContent") == "green"
    browser.press("Escape")
    wait_for(browser, "document.querySelector('#reading .empty')")
    browser.press("?")
    wait_for(browser, "document.getElementById('keys').open")
    browser.press("Escape")
    wait_for(browser, "!document.getElementById('keys').open")
    browser.press("4")
    wait_for(browser, "document.querySelector('.people table')")


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_screen_readers_meet_no_serious_obstacle(chrome, bundle_of_mail, dark):
    visit(chrome, bundle_of_mail, dark=dark)
    chrome.run(AXE.read_text("utf-8") + ";0")
    ids = ids_of(bundle_of_mail)
    for place in ("#/", "#/timeline", f"#{ids[0]}", f"#{ids[2]}", "#/search/plan", "#/people", "#/attachments", "#/conversation/1", "keys"):  # fmt: skip
        if place == "keys":
            chrome.press("?")
        else:
            chrome.run(f"location.hash = {place!r}")
        wait_for(
            chrome, "document.querySelector('main > section:not([hidden])').textContent.length > 20"
        )
        assert find_obstacles(chrome) == [], place


@pytest.mark.browser
@pytest.mark.parametrize("place", ["#/", "#/timeline", "message", "letter", "#/search/plan", "#/people", "#/attachments"])  # fmt: skip
def test_a_small_screen_has_room_for_the_longest_name(chrome, bundle_of_mail, place):
    ids = ids_of(bundle_of_mail)
    hostile = next(name for name in ids if "_00005_" in name)
    visit(chrome, bundle_of_mail, {"message": f"#{hostile}", "letter": f"#{ids[2]}"}.get(place, place), width=360)  # fmt: skip
    wait_for(
        chrome, "document.querySelector('main > section:not([hidden])').textContent.length > 20"
    )
    assert chrome.run("document.documentElement.scrollWidth") <= 360
    assert chrome.run("[...document.querySelectorAll('main > section:not([hidden])')].every((s) => s.scrollWidth <= 360)")  # fmt: skip


@pytest.mark.browser
def test_the_page_speaks_the_language_that_is_chosen(chrome, bundle_of_mail):
    visit(chrome, bundle_of_mail)
    for name, word in (("da", "Tidslinje"), ("de", "Zeitleiste"), ("en", "Timeline")):
        chrome.run(f"(() => {{ const s = document.getElementById('language'); s.value = '{name}'; s.dispatchEvent(new Event('change')); }})()")  # fmt: skip
        wait_for(chrome, f"document.getElementById('sections').textContent.includes('{word}')")
        assert chrome.run("document.documentElement.lang") == name
        wait_for(chrome, "document.querySelector('.cover')")
    assert "2024" in chrome.run("document.querySelector('.span').textContent")


@pytest.mark.browser
def test_what_limits_the_bundle_is_said_in_the_language_that_is_chosen(chrome, whole_bundle):
    visit(chrome, whole_bundle)
    for name, words in (
        ("da", ("Kun beskeder fra 1. januar 2024 til og med 30. juni 2024.", "I 1 besked er passager overstreget.")),
        ("de", ("Nur Nachrichten vom 1. Januar 2024 bis zum 30. Juni 2024.", "In 1 Nachricht wurden Stellen geschwärzt.")),
        ("en", ("Only messages from 1 January 2024 to 30 June 2024.", "Passages were redacted in 1 message.")),
    ):  # fmt: skip
        chrome.run(f"(() => {{ const s = document.getElementById('language'); s.value = '{name}'; s.dispatchEvent(new Event('change')); }})()")  # fmt: skip
        for sentence in words:
            wait_for(chrome, f"document.querySelector('.cover').innerText.includes({sentence!r})")
    assert "1 January 2024 to 30 June 2024" in chrome.run("document.querySelector('.span').textContent")  # fmt: skip


@pytest.mark.browser
def test_the_letter_is_a_view_whose_links_lead_to_messages_of_the_page(browser, whole_bundle):
    visit(browser, whole_bundle)
    browser.press("2")
    wait_for(browser, "document.querySelector('.memo article h2')")
    title = browser.run("document.querySelector('.memo article h2').textContent")
    assert title == "Overdragelsesnotat: Acme Ltd"
    assert browser.run("document.querySelector('.memo article').lang") == "da"
    last = ids_of(whole_bundle)[1]
    links = browser.run("[...document.querySelectorAll('.memo li a')].map((a) => [a.getAttribute('href'), a.textContent])")  # fmt: skip
    assert [text for href, text in links if href == f"#{last}"] == ["Jane, 7. marts 2024"], (
        "a message is linked once"
    )
    assert ["data/pdf", "data/pdf"] in links
    assert not [href for href, _ in links if ":" in href or href.startswith(("/", "START"))]
    browser.run(f"document.querySelector('.memo li a[href=\"#{last}\"]').click()")
    wait_for(browser, "document.querySelector('#reading .message h2')?.textContent === 'Gazebo'")


@pytest.mark.browser
def test_a_message_leads_to_its_pdf_and_says_that_it_is_a_changed_copy(chrome, whole_bundle):
    changed, other = ids_of(whole_bundle)
    for name, note in ((changed, "passages were redacted"), (other, "")):
        visit(chrome, whole_bundle, f"#{name}")
        wait_for(chrome, "document.querySelector('#reading .tools')")
        assert note in chrome.run("document.querySelector('#reading .changed')?.textContent ?? ''")
        links = chrome.run("[...document.querySelectorAll('.tools a')].map((a) => a.href)")
        (pdf,) = [link for link in links if link.endswith(".pdf")]
        assert Path(unquote(pdf.removeprefix("file://"))).is_file()
        assert name in pdf


@pytest.mark.browser
def test_screen_readers_meet_no_serious_obstacle_in_the_letter(chrome, whole_bundle):
    for dark in (False, True):
        visit(chrome, whole_bundle, "#/letter", dark=dark)
        wait_for(chrome, "document.querySelector('.memo article h2')")
        chrome.run(AXE.read_text("utf-8") + ";0")
        assert find_obstacles(chrome) == []


@pytest.mark.browser
def test_on_paper_stand_the_message_alone_or_the_whole_timeline(chrome, bundle_of_mail):
    visit(chrome, bundle_of_mail, "#/timeline")
    assert chrome.run("document.querySelectorAll('.row').length") < 45
    chrome.run("dispatchEvent(new Event('beforeprint'))")
    assert chrome.run("document.querySelectorAll('.row').length") == 46
    chrome.run("dispatchEvent(new Event('afterprint'))")
    visit(chrome, bundle_of_mail, f"#{ids_of(bundle_of_mail)[0]}")
    wait_for(chrome, "document.querySelector('#reading .text')")
    chrome.look(1280, 900, media="print")
    shown = "[...document.querySelectorAll('.top, #list, .bar, #reading .text')].map((e) => e.getClientRects().length)"
    assert chrome.run(shown) == [0, 0, 0, 1]
    assert chrome.print_page().startswith(b"%PDF")


@pytest.mark.browser
def test_a_damaged_bundle_says_which_file_is_missing(chrome, bundle_of_mail, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(bundle_of_mail, copy)
    (copy / "pages" / "text-00000.js").unlink()
    visit(chrome, copy, f"#{ids_of(copy)[0]}")
    wait_for(chrome, "document.querySelector('#reading [role=alert]')")
    assert "pages/text-00000.js" in chrome.run("document.querySelector('#reading').textContent")


@pytest.mark.browser
def test_without_scripts_the_messages_are_a_list_of_links(chrome, bundle_of_mail):
    chrome.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chrome.open((bundle_of_mail / "START-HERE.html").as_uri())
        document = chrome.call("DOM.getDocument", depth=-1)["root"]["nodeId"]
        links = chrome.call("DOM.querySelectorAll", nodeId=document, selector=".static a")["nodeIds"]  # fmt: skip
        assert len(links) == 2 + 1 + 46
    finally:
        chrome.call("Emulation.setScriptExecutionDisabled", value=False)


def test_months_without_a_message_stand_between_the_others(chrome, make_item, info, tmp_path):
    moments = (datetime(2023, 11, 5, tzinfo=UTC), datetime(2024, 2, 5, tzinfo=UTC))
    items = [make_item(n, sent_at=at) for n, at in enumerate(moments)]
    root = write_bundle(items, (), info, tmp_path / "acme-2024-07-01").path
    visit(chrome, root)
    found = chrome.run(
        "[...document.querySelectorAll('.chart > li')].map((year) => [year.querySelector('.year').textContent,"
        " [...year.querySelectorAll('ol > li')].map((month) => Boolean(month.querySelector('a')))])"
    )
    assert found == [["2023", [True, False]], ["2024", [False, True]]]
