from __future__ import annotations

import html.parser
import re
import shutil
import subprocess
from urllib.parse import unquote, urlsplit

import pytest

from trail.handoff.viewer.markup import format_size
from trail.model import Address

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
HOSTILE = (
    '<script>document.title="ran"</script><img src=x onerror=\'document.title="ran"\'>'
    '"><svg onload=document.title="ran">\u202e</bdi></title></style>'
)
ALLOWED = {"a", "bdi", "b", "body", "br", "code", "dd", "details", "div", "dl", "dt", "footer", "form",
           "h1", "h2", "h3", "head", "header", "html", "i", "input", "label", "li", "link", "main",
           "meta", "nav", "ol", "output", "p", "pre", "rect", "script", "section", "small", "span",
           "style", "summary", "svg", "table", "tbody", "td", "th", "thead", "time", "title", "tr", "ul"}  # fmt: skip


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.path = path
        self.tags, self.links, self.ids, self.words = [], [], set(), ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            if name in ("href", "src", "action", "data"):
                self.links.append(value)
            if name == "id":
                self.ids.add(value)

    def handle_data(self, data):
        self.words += data


def pages_of(root):
    return [
        Page(path) for path in root.rglob("*.html") if "data" not in path.relative_to(root).parts
    ]


@pytest.fixture
def hostile_bundle(make_bundle, make_item):
    def make(**options):
        return make_bundle(
            [
                make_item(1, subject="A quiet start", text="Hello Jane"),
                make_item(
                    40,
                    subject=HOSTILE,
                    text=HOSTILE + "javascript:alert(1)",
                    quoted=HOSTILE,
                    files=[(HOSTILE, b"x"), ("a & b #1?.pdf", b"y"), ("Größe 1.pdf", b"z")],
                    sender=Address("from", HOSTILE, "javascript:alert(1)"),
                    recipients=(Address("to", HOSTILE, HOSTILE),) * 60,
                ),
            ],
            **options,
        ).path

    return make


@pytest.fixture(params=[True, False], ids=["one page", "a page a month"])
def root(request, hostile_bundle, monkeypatch):
    monkeypatch.setattr(
        "trail.handoff.viewer.pages.ONE_PAGE_LIMIT", 3_000_000 if request.param else 0
    )
    return hostile_bundle()


def test_nothing_a_sender_wrote_becomes_markup(root):
    for page in pages_of(root):
        assert {tag for tag, _ in page.tags} <= ALLOWED
        names = {name for _, attributes in page.tags for name in attributes}
        assert not [name for name in names if name.startswith("on") or name == "style"]
        assert [tag for tag, _ in page.tags].count("script") == 1


def test_every_link_leads_to_a_file_of_the_bundle_or_a_place_on_a_page(root):
    pages = {page.path: page for page in pages_of(root)}
    assert sum(len(page.links) for page in pages.values()) > 15
    for page in pages.values():
        for link in page.links:
            parts = urlsplit(link)
            assert not parts.scheme
            assert not parts.netloc
            assert not parts.query
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            assert target.is_relative_to(root)
            assert target.is_file()
            if parts.fragment:
                assert parts.fragment in pages[target].ids


def test_pages_may_load_nothing_and_run_only_their_own_script(root):
    for page in pages_of(root):
        policy = next(
            attributes["content"]
            for _, attributes in page.tags
            if attributes.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert ("html", {"lang": "en"}) in page.tags
        assert "http:" not in page.path.read_text()
        assert "https:" not in page.path.read_text()


def test_all_messages_texts_people_and_files_can_be_found(root):
    words = "".join(page.words for page in pages_of(root))
    for expected in (
        "A quiet start",
        "Hello Jane",
        "jane@acme.example",
        "a & b #1?.pdf",
        "March 2024",
        "April 2024",
    ):
        assert expected in words
    assert Page(root / "START-HERE.html").words.count("A quiet start") == 1


def test_large_bundles_get_a_page_a_month(hostile_bundle, monkeypatch):
    monkeypatch.setattr("trail.handoff.viewer.pages.ONE_PAGE_LIMIT", 0)
    root = hostile_bundle()
    assert {p.name for p in (root / "pages").iterdir()} == {
        "2024-03.html", "2024-04.html", "attachments.html",
    }  # fmt: skip
    assert "Hello Jane" not in Page(root / "START-HERE.html").words


def test_very_large_bundles_list_their_months_only(hostile_bundle, monkeypatch):
    monkeypatch.setattr("trail.handoff.viewer.pages.ONE_PAGE_LIMIT", 0)
    monkeypatch.setattr("trail.handoff.viewer.pages.TIMELINE_LIMIT", 0)
    page = Page(hostile_bundle() / "START-HERE.html")
    assert "A quiet start" not in page.words
    assert "pages/2024-03.html" in page.links


def test_messages_out_of_order_still_stand_in_their_month(make_bundle, make_item):
    root = make_bundle([make_item(n) for n in (1, 40, 2)]).path
    text = (root / "START-HERE.html").read_text()
    assert text.count('class="month"') == 2
    assert re.search(r"March 2024 <small>2 messages", text)


def test_an_empty_bundle_has_a_page(make_bundle):
    assert "No messages" in Page(make_bundle([]).path / "START-HERE.html").words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (1536, "1.5 KB"), (2_000_000, "1.9 MB"), (10**13, "9313 GB")],
)
def test_sizes_read_well(size, words):
    assert format_size(size) == words


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_shows_the_timeline_and_runs_nothing_of_a_sender(root, tmp_path):
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", (root / "START-HERE.html").as_uri(),
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    dom = done.stdout.decode()
    assert "<title>Acme Ltd: correspondence</title>" in dom
    assert dom.count('<li class="message') == 2
    assert "A quiet start" in dom
    assert "<img" not in dom
    # Our own script did run: it is what shows the filter.
    assert re.search(r'<form class="filter" role="search">', dom)
