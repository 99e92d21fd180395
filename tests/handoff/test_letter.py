"""The letter: what it says of the made-up correspondence, in which languages, from whose template."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from urllib.parse import unquote

import docx
import pytest
from demo_letter import EXPECTED, PAPERS, make_demo_bundle
from hypothesis import given
from hypothesis import strategies as st

from trail.errors import ConfigError
from trail.handoff.papers.clean import plain_words
from trail.handoff.papers.letter.docx import make_document
from trail.handoff.papers.letter.markdown import escape_markdown, is_beside, make_parser, to_html
from trail.handoff.papers.letter.page import make_page
from trail.handoff.papers.letter.specimen import make_specimens
from trail.handoff.papers.letter.template import load_template, read_words
from trail.handoff.papers.papers import prepare_papers
from trail.model import Statement
from trail.parse.message import parse_message

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HOSTILE = '<script>document.title="ran"</script> [click](javascript:x) ![p](http://evil.example/p.png) | # *a* `b` \u202e'


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = {}

    def make(slug):
        if slug not in made:
            out = tmp_path_factory.mktemp(slug) / f"{slug}-2026-10-05"
            made[slug] = make_demo_bundle(slug, out)
        return made[slug]

    return make


@pytest.mark.parametrize("slug", ["acme", "bryggeriet", "sakura"])
@pytest.mark.parametrize("name", PAPERS)
def test_the_papers_of_the_demo_are_what_is_expected(demo, slug, name):
    """After a change that is meant: `python tests/handoff/demo_letter.py`, and read what it changed."""
    assert (EXPECTED / slug / name).exists() == (demo(slug) / name).exists()
    if (EXPECTED / slug / name).exists():
        assert (demo(slug) / name).read_bytes() == (EXPECTED / slug / name).read_bytes()


def test_every_link_of_the_letter_leads_to_something_in_the_bundle(demo):
    for slug in ("acme", "bryggeriet", "sakura"):
        bundle = demo(slug)
        page = (bundle / "letter.html").read_text(encoding="utf-8")
        links = re.findall(r'href="([^"]+)"', page)
        assert len(links) > 20
        for link in links:
            assert (bundle / unquote(link.partition("#")[0])).exists(), link


def test_every_quoted_sentence_stands_in_the_message_it_links_to(demo):
    bundle = demo("acme")
    items = re.findall(
        r"“([^”]+)” — \[[^\]]*\]\(<(data/eml/[^>]+)>\)", (bundle / "letter.md").read_text()
    )
    assert len(items) >= 5
    for sentence, path in items:
        parsed = parse_message("0" * 64, (bundle / unquote(path)).read_bytes())
        words = " ".join(f"{parsed.envelope.subject} {parsed.text}".split())
        assert sentence in words


def test_the_letter_is_in_the_language_the_client_writes_most(demo):
    assert (demo("bryggeriet") / "letter.md").read_text().startswith("# Overdragelsesnotat")
    assert (demo("acme") / "letter.md").read_text().startswith("# Transfer memo")
    assert '<html lang="da">' in (demo("bryggeriet") / "letter.html").read_text()


def test_it_can_be_asked_for_in_another_language(tmp_path):
    bundle = make_demo_bundle("acme", tmp_path / "acme", "german")
    assert (bundle / "letter.md").read_text().startswith("# Übergabeprotokoll: Acme Ltd")


def test_the_same_mail_makes_the_same_letter_to_the_byte(demo, tmp_path):
    again = make_demo_bundle("acme", tmp_path / "acme-2026-10-05")
    for name in ("letter.docx", "letter.html", "timeline.csv", "attachments.csv"):
        assert (again / name).read_bytes() == (demo("acme") / name).read_bytes()


def test_the_languages_say_the_same_things():
    def shape(value):
        if isinstance(value, dict):
            return {key: shape(each) for key, each in value.items()}
        if isinstance(value, list):
            return len(value)
        return sorted(re.findall(r"\{\w+\}", value))

    english = shape(read_words("en"))
    assert shape(read_words("da")) == english
    assert shape(read_words("de")) == english


def test_the_word_document_is_read_by_another_program(demo):
    document = docx.Document(demo("acme") / "letter.docx")
    markdown = (demo("acme") / "letter.md").read_text()
    heads = [p.text for p in document.paragraphs if p.style.name.lower().startswith("heading")]
    assert heads == re.findall(r"^#+ (.*)$", markdown, re.MULTILINE)
    assert document.core_properties.title == "Transfer memo: Acme Ltd"
    assert [len(table.columns) for table in document.tables] == [2, 4, 4, 4, 4]
    links = {r.target_ref for r in document.part.rels.values() if r.is_external}
    assert any(link.startswith("data/eml/") for link in links)
    assert all(is_beside(link) for link in links)
    assert any("Two months' notice" in p.text for p in document.paragraphs)


@given(st.text(max_size=200))
def test_any_words_come_out_of_markdown_as_they_went_in(text):
    shown = escape_markdown(text)
    html = to_html(f"x {shown} y")
    assert html.startswith("<p>x ")
    assert not re.search(r"<(?!/?p>)", html)
    tokens = make_parser().parse(f"x {shown} y")
    said = "".join(t.content for t in tokens[1].children)
    assert said.split() == f"x {plain_words(text, 2000)} y".split()
    document = make_document(f"x {shown} y", "t", "en", make_specimens()[0].date)
    assert docx.Document(io.BytesIO(document)).paragraphs[0].text.split()[0] == "x"


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "http://evil.example", "//evil.example", "../x", "a/../../x", "/etc/passwd",
     "data:text/html,x", "file:///x", "mailto:a@b.example", "a\nb", ""],
)  # fmt: skip
def test_a_link_leads_nowhere_but_into_the_bundle(target):
    assert not is_beside(target)
    assert "href" not in to_html(f"[x](<{target}>)") or not target.strip()


def test_the_words_of_a_hostile_sender_are_words(make_bundle, make_item):
    jane = replace(make_item().parsed.envelope.addresses[1], role="from", name=HOSTILE)
    item = make_item(1, subject=HOSTILE, sender=jane)
    item = replace(
        item,
        parsed=replace(
            item.parsed, statements=(Statement("question", HOSTILE),), job=HOSTILE, language=""
        ),
    )
    bundle = make_bundle([item], companions=(prepare_papers(None, ""),)).path
    page = (bundle / "letter.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert all(is_beside(link) for link in re.findall(r'href="([^"]+)"', page))
    assert len(docx.Document(bundle / "letter.docx").tables) >= 2


def test_a_template_of_ones_own_makes_all_three(tmp_path, make_bundle, make_item):
    template = tmp_path / "mine.md.j2"
    template.write_text(
        "# Kære {{ letter.client }}\n\n{{ letter.messages }} *breve*, {{ letter.date | day }}\n"
    )
    bundle = make_bundle([make_item()], companions=(prepare_papers(template, "danish"),)).path
    assert (bundle / "letter.md").read_text() == "# Kære Acme Ltd\n\n1 *breve*, 1. juli 2024\n"
    assert "<h1>Kære Acme Ltd</h1>" in (bundle / "letter.html").read_text()
    assert docx.Document(bundle / "letter.docx").paragraphs[0].text == "Kære Acme Ltd"


def test_a_template_of_html_makes_the_page_only_and_escapes(tmp_path, make_bundle, make_item):
    template = tmp_path / "mine.html.j2"
    template.write_text(
        '<p>{% for m in letter.matters %}{{ m.subject }} {{ link("x", m.last.link) }}{% endfor %}</p>'
    )
    item = make_item(subject="<b>bold</b>")
    bundle = make_bundle([item], companions=(prepare_papers(template, ""),)).path
    page = (bundle / "letter.html").read_text()
    assert "<p>&lt;b&gt;bold&lt;/b&gt; <a href=" in page
    assert not (bundle / "letter.md").exists()
    assert not (bundle / "letter.docx").exists()


def test_a_folder_of_templates_may_hold_both(tmp_path, make_bundle, make_item):
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "letter.md.j2").write_text("{% include 'head.j2' %}")
    (folder / "head.j2").write_text("# {{ letter.client }}")
    (folder / "letter.html.j2").write_text("<h1>{{ letter.client }}</h1>")
    bundle = make_bundle([make_item()], companions=(prepare_papers(folder, ""),)).path
    assert (bundle / "letter.md").read_text() == "# Acme Ltd\n"
    assert (bundle / "letter.html").read_text() == "<h1>Acme Ltd</h1>"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("Dear\n{% if letter.client %}\nyou\n", 2, "endif"),
        ("Dear\n\n{{ letter.cilent }}\n", 3, "cilent"),
        ("{{ nobody }}", 1, "nobody"),
        ("\n{{ letter.date | dya }}", 2, "dya"),
        ("\n\n{{ letter.client.__class__.__mro__ }}", 3, "unsafe"),
        ("{% for item in letter.on_us %}\n{{ item.wrong }}\n{% endfor %}", 2, "wrong"),
        ("{% include 'gone.j2' %}", 1, "gone.j2"),
    ],
)
def test_a_broken_template_is_named_with_its_line_before_there_is_a_bundle(
    tmp_path, text, line, says
):
    template = tmp_path / "mine.md.j2"
    template.write_text(text)
    with pytest.raises(ConfigError) as caught:
        prepare_papers(template, "")
    assert caught.value.message.startswith(f"{template}:{line}: ")
    assert says in caught.value.message


def test_a_template_that_is_not_there_or_has_another_name_is_refused(tmp_path):
    for path in (tmp_path / "gone.md.j2", tmp_path, tmp_path / "letter.txt"):
        if path.suffix == ".txt":
            path.write_text("x")
        with pytest.raises(ConfigError) as caught:
            prepare_papers(path, "")
        assert str(path) in caught.value.message


def test_the_key_stands_in_the_letter_or_a_line_for_it(demo):
    empty, full = make_specimens()
    template = load_template(None, "en")
    assert "**1234 5678**" in template.markdown(full)
    assert r"signing key: \_\_" in template.markdown(empty)
    assert "Nothing found in the mail." in template.markdown(empty)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_the_page_runs_nothing_in_a_browser(tmp_path):
    page = make_page(f"# {escape_markdown(HOSTILE)}\n", HOSTILE, "en")
    path = tmp_path / "letter.html"
    path.write_text(page.replace("</main>", '<script>document.title="ran"</script></main>'))
    result = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "<title>ran</title>" not in result.stdout
    assert "Content-Security-Policy" in result.stdout
