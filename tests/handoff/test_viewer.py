from __future__ import annotations

import hashlib
import html.parser
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hostile import make_hostile_items

import trail.handoff.viewer
from trail.handoff.decisions import DecisionCount
from trail.handoff.filters import Filters
from trail.handoff.mailbag import write_bundle
from trail.handoff.papers.papers import prepare_papers
from trail.handoff.plain import format_size
from trail.handoff.viewer import template, vocabulary
from trail.handoff.viewer.conversations import Conversations
from trail.handoff.viewer.pages import EXTRAS
from trail.handoff.viewer.vocabulary import Words, count_words, fold, split_words
from trail.model import Address, Envelope, PastHandOff
from trail.parse import altered

VIEWER = Path(trail.handoff.viewer.__file__).parent
ALLOWED = {"a", "bdi", "body", "button", "dialog", "div", "form", "h1", "head", "header", "html", "input", "label", "li", "main",
           "meta", "nav", "noscript", "ol", "option", "p", "script", "section", "select", "style", "time", "title", "ul"}  # fmt: skip


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.path = path
        self.tags, self.links, self.words, self._inside = [], [], "", ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "data")]

    def handle_data(self, data):
        if self._inside not in ("script", "style"):
            self.words += data


def read_data(root, kind):
    """All rows of a kind, from its files."""
    rows = []
    for number, path in enumerate(sorted((root / "pages").glob(f"{kind}-*.js"))):
        found = re.fullmatch(r'trail\("(\w+)",(\d+),(.*)\);\n', path.read_text("utf-8"))
        assert found, path
        assert (found[1], int(found[2])) == (kind, number)
        rows += json.loads(found[3])
    return rows


@pytest.fixture
def root(make_bundle, make_item):
    return make_bundle(make_hostile_items(make_item)).path


def test_nothing_a_sender_wrote_becomes_markup(root):
    page = Page(root / "START-HERE.html")
    assert {tag for tag, _ in page.tags} <= ALLOWED
    names = {name for _, attributes in page.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert [tag for tag, _ in page.tags].count("script") == 3


def test_data_is_json_in_one_call_and_nothing_ends_it_early(root):
    kinds = {path.name.partition("-")[0] for path in (root / "pages").iterdir()}
    assert kinds == {"list", "text", "html", "docs", "files", "people", "threads", "words"}
    for kind in kinds:
        assert read_data(root, kind)
    for path in (root / "pages").iterdir():
        assert not re.search("[\0-\x09\x0b-\x1f\u2028\u2029\ufffe]", path.read_text("utf-8"))


def test_every_static_link_leads_to_a_file_of_the_bundle(root):
    links = [link for link in Page(root / "START-HERE.html").links if not link.startswith("#")]
    assert len(links) == 2 + 1 + 5
    for link in links:
        parts = urlsplit(link)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        target = (root / unquote(parts.path)).resolve()
        assert target.is_relative_to(root)
        assert target.is_file()


def test_the_page_may_load_nothing_but_its_own_data_and_pictures(root):
    page = Page(root / "START-HERE.html")
    policy = next(
        attributes["content"]
        for _, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none';")
    assert "'unsafe-eval'" not in policy
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert "unsafe" not in rules["script-src"] + rules["style-src-elem"]
    assert rules["img-src"] == "file: data:"


def test_every_message_person_and_file_is_in_the_data(root):
    subjects = [row[5] for row in read_data(root, "list")]
    assert subjects[:2] == ["A quiet start", "Re: A quiet start"]
    assert "Hello Jane, the meadow is green." in read_data(root, "text")[0][1]
    assert "jane@acme.example" in [row[1] for row in read_data(root, "people")]
    files = read_data(root, "files")
    assert len(files) == 2 + 9
    assert all((root / "data" / path).is_file() for _, path, *_ in files)
    begin = {path.rpartition("/")[2]: markup for _, path, *_, markup in files}
    assert begin["page.log"] == begin["fake.png"] == begin["drawing.svg"] == 1
    assert begin["note.log"] == begin["logo.png"] == 0
    assert [row[5] for row in files if row[5].startswith("logo")] == ["logo@here"]


def test_nothing_turns_the_order_of_letters_round(root):
    for path in [root / "START-HERE.html", *(root / "pages").iterdir()]:
        assert not re.search("[\u202d\u202e]", path.read_text("utf-8")), path


def test_a_name_that_hides_its_kind_is_shown_with_its_tricks_visible(root):
    was = next(row[2] for row in read_data(root, "files") if row[2].startswith("A name"))
    assert "\u202e" not in was


def test_a_large_bundle_lists_months_where_no_script_runs(make_bundle, make_item, monkeypatch):
    monkeypatch.setattr("trail.handoff.viewer.static.ROWS", 1)
    page = Page(make_bundle([make_item(1), make_item(40)]).path / "START-HERE.html")
    assert "2024-03: 1" in page.words
    assert "2024-04: 1" in page.words
    assert "mailbag.csv" in page.links


def test_data_is_split_into_files_and_every_place_is_right(make_bundle, make_item, monkeypatch):
    monkeypatch.setattr("trail.handoff.viewer.pages.TEXT_BYTES", 700)
    monkeypatch.setattr("trail.handoff.viewer.pages.LIST_ROWS", 3)
    root = make_bundle([make_item(n, text=f"Text {n} " * 20) for n in range(1, 9)]).path
    assert len(list((root / "pages").glob("list-*.js"))) == 3
    for row in read_data(root, "list"):
        path = root / "pages" / f"text-{row[8]:05}.js"
        reading = json.loads(path.read_text()[len(f'trail("text",{row[8]},') : -3])[row[9]]
        assert reading[1].startswith(f"Text {int(row[0][11:16])} ")


def test_what_lies_beside_the_mail_is_linked_when_it_is_there(make_bundle, make_item):
    class Letter:
        def __init__(self, drafts, me):
            pass

        def add(self, written):
            pass

        def write(self, bag, colophon):
            bag.write_file("letter.html", b"<p>Dear colleague</p>")

        def abandon(self):
            pass

    for companions, there in (((), False), ((Letter,), True)):
        root = make_bundle([make_item(1)], name=f"bundle-{there}", companions=companions).path
        assert ("letter.html" in read_facts(root)["beside"]) is there
        assert read_facts(root)["letter"] is False, "a page of somebody's own is linked, not shown"


def test_an_empty_bundle_has_a_page(make_bundle):
    assert "0 messages" in Page(make_bundle([]).path / "START-HERE.html").words


CIRCUMSTANCES = {
    "filters": Filters(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC), "{n} & <b>", ("pdf",), ("tea",)),
    "builds_on": (PastHandOff(1, "acme", "acme-2023-12-24", "ab" * 32, datetime(2023, 12, 24, tzinfo=UTC), "Ada", 2, 0),),
    "decisions": (DecisionCount(gives=True, messages=2, by="Ada {day}", day="2024-06-30"), DecisionCount(gives=False, messages=1, by="Ada", day="2024-06-30")),
}  # fmt: skip


def read_facts(root):
    return json.loads(re.search(r'id="facts">(.*?)</script>', (root / "START-HERE.html").read_text("utf-8"))[1])  # fmt: skip


def test_what_limits_a_bundle_is_said_in_the_language_of_its_reader(info, make_item, tmp_path):
    told = {}
    files = {"da": "1 vedhæftet fil", "de": "1 Anhang", "en": "1 attachment"}
    for language, name in (("danish", "da"), ("german", "de"), ("english", "en")):
        item = replace(
            make_item(1, files=[("a.txt", b"x")]), changes=("passages redacted",), original="1" * 64
        )
        about = replace(info, language=language, salt=b"1", **CIRCUMSTANCES)
        root = write_bundle([item], (), about, tmp_path / language).path
        page = (root / "START-HERE.html").read_text("utf-8")
        assert f'<html lang="{name}">' in page
        assert "{n} &amp; &lt;b&gt;" in page
        facts = read_facts(root)
        assert [note for note, _ in facts["notes"]] == ["continues", "between", "matter", "excluded", "redacted", "changed", "released", "held"]  # fmt: skip
        told[name] = Page(root / "START-HERE.html").words
        assert f"Quote · {files[name]}" in told[name]
    assert "2 beskeder er frigivet efter beslutning af Ada {day} den 30. juni 2024." in told["da"]
    assert "1 Nachricht wurde auf Entscheidung von Ada am 30. Juni 2024 zurückgehalten." in told["de"]  # fmt: skip
    assert "Passages were redacted in 1 message." in told["en"]
    assert "Continues the hand-off of 24 December 2023" in told["en"]


def test_of_a_redaction_that_met_nothing_nothing_is_said(info, make_item, tmp_path):
    about = replace(info, filters=Filters(redacted=("tea",)))
    root = write_bundle([make_item(1)], (), about, tmp_path / "none", companions=(prepare_papers(None, ""),)).path  # fmt: skip
    assert read_facts(root)["notes"] == []
    for name in ("letter.md", "bag-info.txt"):
        assert "redacted" not in (root / name).read_text("utf-8")
    assert "redacted" not in Page(root / "START-HERE.html").words


def test_the_page_speaks_the_language_that_the_client_writes_where_none_is_asked_for(
    make_bundle, make_item, info
):
    jane = Address("from", "Jane", "jane@acme.example")

    def write(number, language, sender=jane, automatic=""):
        item = make_item(number, sender=sender)
        return replace(item, parsed=replace(item.parsed, language=language, automatic=automatic))

    own = Address("from", "Mira", info.me[0])
    items = [write(1, "de"), write(2, "da"), write(3, "da"), *(write(n, "de", own) for n in (4, 5)), write(6, "de", automatic="bulk")]  # fmt: skip
    root = make_bundle(items, companions=(prepare_papers(None, ""),)).path
    assert '<html lang="da">' in (root / "START-HERE.html").read_text("utf-8")
    assert (root / "letter.md").read_text("utf-8").startswith("# Overdragelsesnotat")


def test_every_text_of_the_page_is_there_in_every_language():
    tables = json.loads((VIEWER / "strings.json").read_text("utf-8"))
    assert set(tables) == {"en", "da", "de"}
    for table in tables.values():
        assert set(table) == set(tables["en"])
        assert all(table.values())
        for key, text in table.items():
            assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", tables["en"][key])), key  # fmt: skip
    said = {
        key
        for name in template.SCRIPTS
        for key in re.findall(r'\bsay\("([^"`]+)"', (VIEWER / name).read_text("utf-8"))
    } | set(re.findall(r'data-say="(\w+)"', (VIEWER / "start.html").read_text("utf-8")))
    assert len(said) > 60
    assert not [key for key in said if key not in tables["en"] and f"{key}.other" not in tables["en"]]  # fmt: skip
    beside = {f"beside.{name}" for name in EXTRAS if not name.startswith("letter.")}
    assert beside <= set(tables["en"])
    one = {key.removesuffix(".one") for key in tables["en"] if key.endswith(".one")}
    assert one == {key.removesuffix(".other") for key in tables["en"] if key.endswith(".other")}


def test_what_was_done_to_a_copy_has_words_in_every_language():
    done = {altered.REDACTED, altered.LEFT_OUT, altered.UNSEEN, altered.NOTICE}
    page = json.loads((VIEWER / "strings.json").read_text("utf-8"))
    drawn = json.loads((VIEWER.parent / "pdf" / "words.json").read_text("utf-8"))
    for language in page:
        assert {f"change.{what}" for what in done} <= set(page[language])
        assert done <= set(drawn[language])


def test_our_scripts_put_no_markup_of_a_mail_into_the_page():
    for name in template.SCRIPTS:
        text = (VIEWER / name).read_text("utf-8")
        assert not re.search(r"\beval\b|new Function|document\.write|insertAdjacentHTML|outerHTML|innerHTML *=", text), name  # fmt: skip


@pytest.mark.parametrize("folder", [VIEWER / "vendor", Path(__file__).parent / "vendor"])
def test_what_is_not_ours_is_as_it_was_published(folder):
    rows = re.findall(r"^\| `(\S+)` .*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.MULTILINE)  # fmt: skip
    assert {name for name, _ in rows} == {path.name for path in folder.glob("*.js")}
    for name, digest in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        assert list(folder.glob(f"{name.partition('.')[0]}-LICENSE.txt"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Größe Ærø naïve", ["grosse", "aero", "naive"]),
        ("INV-2024/031, a €", ["inv", "2024", "031"]),
        ("ﬁnance\u00a0№ 12_34", ["finance", "no", "12", "34"]),
        ("東京 x 本", ["東", "京", "本"]),
        ("x" * 50, ["x" * 40]),
        ("Σίσυφος ΑΣ", [fold("σίσυφος"), fold("ας")]),
    ],
)
def test_words_are_folded_so_that_they_are_found_as_people_type_them(text, words):
    assert split_words(text) == words


def test_the_index_is_the_same_however_many_runs_it_took(tmp_path, monkeypatch):
    texts = [(f"subject {n}", "Jane", "", f"meadow word{n % 7} meadow", "") for n in range(50)]

    def build(name):
        (tmp_path / name).mkdir()
        words = Words(tmp_path / name)
        for number, row in enumerate(texts):
            words.add(number, *count_words(row))
        return list(words.iter_pieces())

    whole = build("one")
    assert len(whole) == 1
    monkeypatch.setattr(vocabulary, "RUN_POSTINGS", 10)
    assert build("many") == whole
    monkeypatch.setattr(vocabulary, "MOST_RUNS", 4)
    assert build("merged") == whole
    assert 0 < len(list((tmp_path / "merged").glob("words-*"))) <= 4
    monkeypatch.setattr(vocabulary, "PIECE_BYTES", 100)
    pieces = build("pieces")
    assert len(pieces) > 3
    assert [row for _, piece in pieces for row in json.loads(piece)] == json.loads(whole[0][1])
    assert all(json.loads(piece)[0][0] == first for first, piece in pieces)
    index = dict(json.loads(whole[0][1]))
    assert index["meadow"] == {"3": [v for _ in range(50) for v in (-1, 2)]}
    assert index["word3"] == {"3": [4] + [7] * 6}


def test_a_quotation_is_an_entry_of_the_index_where_the_message_it_is_of_is_not_here(
    make_bundle, make_item
):
    def answer(number, reference, quoted):
        item = make_item(number, quoted=quoted)
        return replace(item, parsed=replace(item.parsed, envelope=replace(item.parsed.envelope, references=(reference,))))  # fmt: skip

    root = make_bundle([
        make_item(1, text="The original heliotrope"),
        answer(2, "1@studio.example", "The original heliotrope"),
        answer(3, "elsewhere@acme.example", "A foreign marigold"),
        make_item(4, text="", quoted="Forwarded: a lone tansy"),
    ]).path  # fmt: skip
    words = dict(read_data(root, "words"))
    quoted = str(vocabulary.FIELDS.index("quoted"))
    assert words["heliotrope"] == {"3": [1]}
    assert words["marigold"] == {quoted: [3]}
    assert words["tansy"] == {quoted: [4]}


def test_messages_that_refer_to_each_other_are_one_conversation_in_any_order():
    conversations = Conversations()
    for message_id, references in [
        ("b", ("a",)), ("x", ()), ("c", ("missing",)), (None, ()), ("a", ()), ("d", ("missing", "b")), (None, ("x",)),
    ]:  # fmt: skip
        conversations.add(Envelope(message_id, references, (), "", datetime.now(UTC)))
    assert conversations.number() == [0, 1, 0, 2, 0, 0, 1]


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (1536, "1.5 KB"), (2_000_000, "1.9 MB"), (10**13, "9313 GB")],
)
def test_sizes_read_well(size, words):
    assert format_size(size) == words


def test_words_of_plain_and_of_accented_text_are_told_apart_alike():
    text = "".join(map(chr, range(128))) + " It's 3.5%_of-A/B\tC12\nend"
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert split_words(text) == ["0123456789", letters, letters, "it", "of", "c12", "end"]
    assert split_words(text + " é") == split_words(text)
