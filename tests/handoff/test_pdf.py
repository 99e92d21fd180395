"""A PDF of each message: what is on its pages, what is in it, and that nothing in it acts. Read back with PDFium."""

from __future__ import annotations

import ctypes
import hashlib
import json
import multiprocessing
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import bagit
import pypdfium2
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trail.handoff import room
from trail.handoff.anymailbag import verify_any
from trail.handoff.check import verify_bundle
from trail.handoff.companions import Written, WrittenFile
from trail.handoff.pdf import messages, page, signs
from trail.handoff.pdf.links import find_links
from trail.handoff.pdf.messages import MessagePdfs, name_pdf
from trail.handoff.pdf.page import draw_notice
from trail.model import Address, Envelope

AT = datetime(2024, 3, 5, 11, 11, 12, tzinfo=timezone(timedelta(hours=1)))
MESSAGE = Written(
    mailbag_id="2024-03-05_00001_1a2b3c4d",
    path="data/eml/Kunder/2024-03-05_00001_1a2b3c4d.eml",
    at=AT,
    envelope=Envelope(
        "1@acme.example",
        (),
        (
            Address("from", "Jürgen Größe", "j@acme.example"),
            Address("to", "Ærø Ødegård", "b@studio.example"),
            Address("cc", "", "cc@studio.example"),
        ),
        "Angebot für Ærø",
        AT,
    ),
    text="Sehr geehrte Frau Ødegård,\n\nblåbærgrød für 1.200 € — {nb}",
    quoted="> Tak for sidst",
    outgoing=False,
    key="ab" * 32,
    folder="Kunder",
    language="de",
)
NO_FONT = ("/nowhere.ttf",)


@pytest.fixture(autouse=True)
def no_font_of_this_machine(monkeypatch):
    """Which one it has is not to decide over a test."""
    for name in ("_LINUX", "_MACOS", "_WINDOWS"):
        monkeypatch.setattr(signs, name, NO_FONT)


def draw_message(root, written, language="en"):
    return page.draw_message(root, written, language=language).content


def read_text(content):
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [document[n].get_textpage().get_text_range() for n in range(len(document))]
    finally:
        document.close()
    return "\n".join(pages).replace("\r\n", "\n")


def read_attachments(content):
    document = pypdfium2.PdfDocument(content)
    try:
        found = [document.get_attachment(n) for n in range(document.count_attachments())]
        return {a.get_name(): bytes(a.get_data()) if size_of(a) else b"" for a in found}
    finally:
        document.close()


def size_of(attachment):
    """PDFium's own words for one without a byte are that it has no data."""
    size = ctypes.c_ulong()
    pypdfium2.raw.FPDFAttachment_GetFile(attachment, None, 0, size)
    return size.value


def read_structure(content):
    """What the file says around its streams."""
    return re.sub(rb"\bstream\r?\n.*?\r?\nendstream", b"", content, flags=re.DOTALL)


def attach(root, *files):
    made = []
    for n, (name, kind, data) in enumerate(files):
        path = f"data/attachments/x/{n}.bin"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        made.append(WrittenFile(path, name, kind, len(data)))
    return tuple(made)


def test_a_message_is_on_its_page_with_its_head(tmp_path):
    text = read_text(draw_message(tmp_path, MESSAGE))
    for line in (
        "Angebot für Ærø",
        "Jürgen Größe <j@acme.example>",
        "Ærø Ødegård <b@studio.example>",
        "cc@studio.example",
        "2024-03-05 11:11:12+01:00",
        "<1@acme.example>",
        "Kunder",
        MESSAGE.path,
        "blåbærgrød für 1.200 € — {nb}",
        "> Tak for sidst",
        "page 1",
    ):
        assert line in text, line
    assert text.index("blåbærgrød") < text.index("> Tak")
    assert "could not be drawn" not in text


def test_an_answer_between_the_lines_stands_between_them(tmp_path):
    pieces = [("quoted", "> Is it 5?"), ("written", "Yes."), ("quoted", "> And when?"), ("written", "Monday."), ("beside", "5000 kr"), ("beside", "and more")]  # fmt: skip
    text = read_text(page.draw_message(tmp_path, MESSAGE, pieces).content)
    places = [text.index(words) for _, words in pieces]
    assert places == sorted(places)
    assert "Tak for sidst" not in text
    assert text.count("In the HTML of the message only\n5000 kr") == 1
    assert text.count("In the HTML") == 1


def test_a_text_in_pieces_is_cut_once_and_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "TEXT_LIMIT", 10)
    for pieces, cut in (
        ([("written", "12345"), ("quoted", "67890")], False),
        ([("written", "12345"), ("quoted", "678901")], True),
        ([("written", "1234567890"), ("quoted", "never")], True),
    ):
        text = read_text(page.draw_message(tmp_path, MESSAGE, pieces).content)
        assert ("longer than what is drawn" in text) is cut
        assert "never" not in text


def test_the_attachments_are_in_it_to_the_byte_and_on_its_page(tmp_path):
    files = attach(
        tmp_path,
        ("plan.pdf", "application/pdf", b"%PDF plan"),
        ("../../møde.txt", "text/plain; x(/JS)", b"hej\n" * 99),
        ("", "", b""),
    )
    content = draw_message(tmp_path, replace(MESSAGE, files=files))
    assert read_attachments(content) == {"0.bin": b"%PDF plan", "1.bin": b"hej\n" * 99, "2.bin": b""}  # fmt: skip
    text = read_text(content)
    assert "3 attachments" in text
    assert "../../møde.txt — text/plain; x(/JS), 396 bytes" in text
    assert "data/attachments/x/1.bin" in text
    assert read_structure(content).count(b"/AFRelationship") == 3


def test_what_is_too_large_stays_beside_it_and_the_page_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "EMBEDDED_LIMIT", 10)
    files = attach(tmp_path, ("a", "a/a", b"x" * 8), ("b", "a/b", b"x" * 3), ("c", "a/c", b"xy"))
    content = draw_message(tmp_path, replace(MESSAGE, files=files))
    assert set(read_attachments(content)) == {"0.bin", "2.bin"}
    assert "b — a/b, 3 bytes; too large to be embedded" in read_text(content)


def test_it_says_that_it_is_a_pdf_a_and_has_what_that_asks_for(tmp_path):
    content = draw_message(tmp_path, MESSAGE)
    assert b"<pdfaid:part>3</pdfaid:part>" in content
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in content
    structure = read_structure(content)
    assert b"/OutputIntents" in structure
    assert structure.count(b"/FontFile2") == structure.count(b"/FontDescriptor\n") == 2
    assert b"/Encrypt" not in structure


def test_the_same_message_makes_the_same_bytes_whenever_it_is_drawn(tmp_path, monkeypatch):
    class Type(type):
        def __instancecheck__(cls, value):
            return isinstance(value, datetime)

    class Later(datetime, metaclass=Type):
        @classmethod
        def now(cls, tz=None):
            return cls(2031, 1, 1, tzinfo=tz)

    files = attach(tmp_path, ("a", "text/plain", b"x" * 8))
    first = draw_message(tmp_path, replace(MESSAGE, files=files))
    monkeypatch.setattr("fpdf.output.datetime", Later)
    monkeypatch.setattr("fpdf.fpdf.datetime", Later)
    assert draw_message(tmp_path, replace(MESSAGE, files=files)) == first
    assert b"2031" not in first
    assert b'xmp:ModifyDate="2024-03-05T10:11:12+00:00"' in first


def test_signs_no_font_has_are_boxes_and_counted(tmp_path):
    text = read_text(draw_message(tmp_path, replace(MESSAGE, text="見積 ok שלום 😀 □")))
    assert "□□ ok □□□□ □ □" in text
    assert "7 signs could not be drawn" in text
    assert MESSAGE.path in text[text.index("7 signs") :]


def test_a_font_of_the_machine_draws_what_ours_cannot(tmp_path, monkeypatch):
    path = tmp_path / "cjk.ttf"
    build_font(path, "見積")
    for name in ("_LINUX", "_MACOS", "_WINDOWS"):
        monkeypatch.setattr(signs, name, (*NO_FONT, str(path)))
    envelope = replace(MESSAGE.envelope, subject="Ærø 見積")
    content = draw_message(tmp_path, replace(MESSAGE, envelope=envelope, text="見積 書 ø"))
    text = read_text(content)
    assert "Ærø 見積" in text
    assert "見積 □ ø" in text
    assert "1 sign could not be drawn" in text


def build_font(path, characters):
    names = [".notdef", *(f"g{n}" for n in range(len(characters)))]
    pen = TTGlyphPen(None)
    for point in ((0, 0), (0, 700), (700, 700)):
        (pen.lineTo if pen.points else pen.moveTo)(point)
    pen.closePath()
    glyph = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(c): names[n] for n, c in enumerate(characters, start=1)})
    font.setupGlyf(dict.fromkeys(names, glyph))
    font.setupHorizontalMetrics(dict.fromkeys(names, (800, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Made up", "styleName": "Regular", "psName": "MadeUp"})
    font.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    font.setupPost()
    font.save(path)


def test_links_are_text_that_tells_where_they_lead(tmp_path):
    html = (
        '<p><a href="https://evil.example/x"><b>https://bank</b>.example</a>'
        '<a href="mailto:a@b.example">a@b.example</a> <a href="https://same.example">https://same.example</a>'
        '<a href="javascript:alert(1)">press</a> <a href="HTTPS://evil.example/y"><img src="cid:1"></a> rest</p>'
    )
    assert find_links(html) == [
        ("https://bank.example", "https://evil.example/x"),
        ("", "HTTPS://evil.example/y"),
    ]
    content = draw_message(tmp_path, replace(MESSAGE, html=html))
    assert "https://bank.example → https://evil.example/x" in read_text(content)
    assert "(a picture) → HTTPS://evil.example/y" in read_text(content)
    assert b"/Annots" not in read_structure(content)


@pytest.mark.parametrize(
    "trick",
    [
        "<script>alert(1)</script> javascript:alert(1) https://evil.example",
        ") Tj /OpenAction << /S /JavaScript /JS (app.alert(1)) >> endstream endobj",
        "photo\u202egpj.exe \u2066x\u2069 \u200bzero\ufeff",
        "\x00\x07\x1b[31m\ud800\ufffe\u2028 **bold** __x__ --y-- [a](http://b)",
        "&lt;rdf/> ]]> <?xpacket end='r'?> \"'",
        "x" * 3000,
        "n\n" * 500,
    ],
)
def test_hostile_texts_are_only_text(tmp_path, trick):
    (file,) = attach(tmp_path, (trick, trick, b"x"))
    envelope = replace(
        MESSAGE.envelope,
        subject=trick,
        message_id=trick,
        addresses=(Address("from", trick, trick), Address("to", trick, trick)),
    )
    hostile = replace(
        MESSAGE, envelope=envelope, text=trick, quoted=trick, folder=trick, files=(file,)
    )
    for content in (draw_message(tmp_path, hostile), draw_notice(hostile)):
        names = set(re.findall(rb"/(?:JavaScript|JS|AA|A|URI|Launch|Annots|GoToR|SubmitForm|RichMedia)\b", without_strings(read_structure(content))))  # fmt: skip
        assert names == set()
        assert len(read_text(content)) > 20
        assert not signs._INVISIBLE.search(read_text(content))
    assert "\u202e" not in trick or "photogpj.exe" in read_text(draw_message(tmp_path, hostile))


def without_strings(structure):
    """Without what stands in ( ), with its escapes, and in < >."""
    return re.sub(rb"\((?:\\.|[^\\()])*\)|<[0-9a-fA-F]+>", b"", structure, flags=re.DOTALL)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    st.text(max_size=200), st.text(max_size=60), st.datetimes(timezones=st.just(UTC)), st.text(max_size=99)
)  # fmt: skip
def test_any_message_is_drawn(tmp_path, text, subject, at, html):
    envelope = replace(MESSAGE.envelope, subject=subject, sent_at=at)
    content = draw_message(tmp_path, replace(MESSAGE, text=text, envelope=envelope, html=html))
    assert MESSAGE.path in read_text(content)


def test_a_long_text_is_cut_and_the_page_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "TEXT_LIMIT", 100)
    text = read_text(draw_message(tmp_path, replace(MESSAGE, text="word " * 20 + "beyond")))
    assert "beyond" not in text
    assert "longer than what is drawn here" in text


def test_each_message_of_a_bundle_has_one_and_the_bundle_stays_sound(make_bundle, make_item):
    items = [
        make_item(1, text="Dear Jane,", folder="Kunder/Ærø: 1", files=[("a.txt", b"one"), ("A.TXT", b"two")]),
        make_item(2, subject="Kaffe", text="", quoted="> all of it"),
    ]  # fmt: skip
    bundle = make_bundle(items, companions=(MessagePdfs,))
    assert verify_bundle(bundle.path).problems == ()
    bagit.Bag(str(bundle.path)).validate()
    assert verify_any(bundle.path).problems == ()
    mails = sorted(bundle.path.glob("data/eml/**/*.eml"))
    pdfs = sorted(bundle.path.glob("data/pdf/**/*.pdf"))
    named = [name_pdf(p.relative_to(bundle.path).as_posix()) for p in mails]
    assert [p.relative_to(bundle.path).as_posix() for p in pdfs] == named
    assert len(pdfs) == 2
    contents = [p.read_bytes() for p in pdfs]
    assert any("Kaffe" in read_text(c) for c in contents)
    assert {b"one", b"two"} in [set(read_attachments(c).values()) for c in contents]
    info = (bundle.path / "bag-info.txt").read_text()
    assert "PDF-Agent: trail\nPDF-Agent-Version: 0.1.0\n" in info
    manifest = (bundle.path / "manifest-sha256.txt").read_text()
    assert all(hashlib.sha256(c).hexdigest() in manifest for c in contents)


def test_a_message_that_cannot_be_drawn_has_a_page_that_says_where_it_is(tmp_path):
    root = tmp_path / "bundle"
    target = tmp_path / "out.pdf"
    gone = replace(MESSAGE, files=(WrittenFile("data/attachments/x/gone", "gone", "a/b", 4),))
    assert messages._draw(messages.Drawing(root, gone, target)) is None
    text = read_text(target.read_bytes())
    assert "This message could not be drawn" in text
    assert MESSAGE.path in text
    assert "data/attachments/x/gone" in text


def test_a_message_that_kills_or_holds_up_whoever_draws_it_has_that_page_too(
    make_bundle, make_item, monkeypatch
):
    monkeypatch.setattr(messages, "PATIENCE", 0.0)
    shortfall = messages.Shortfall()
    bundle = make_bundle([make_item(1)], companions=(partial(MessagePdfs, shortfall=shortfall),))
    assert shortfall == messages.Shortfall(undrawn=1)
    (path,) = bundle.path.glob("data/pdf/**/*.pdf")
    assert "This message could not be drawn" in read_text(path.read_bytes())
    assert verify_bundle(bundle.path).problems == ()


def test_pdfs_with_boxes_are_counted_not_the_boxes(make_bundle, make_item):
    shortfall = messages.Shortfall()
    items = [make_item(1, text="日本語"), make_item(2, text="Ærø"), make_item(3, text="שלום")]
    make_bundle(items, companions=(partial(MessagePdfs, shortfall=shortfall),))
    assert shortfall == messages.Shortfall(boxed=2)


def test_of_a_bundle_that_fails_no_worker_and_no_pdf_is_left(make_bundle, make_item, tmp_path):
    def items():
        yield make_item(1)
        raise RuntimeError("the archive is gone")

    before = set(multiprocessing.active_children())
    with pytest.raises(RuntimeError, match="gone"):
        make_bundle(items(), companions=(MessagePdfs,))
    assert set(multiprocessing.active_children()) <= before
    assert list(tmp_path.iterdir()) == []


LABELS = {"en": "Folder", "da": "Mappe", "de": "Ordner"}


@pytest.mark.parametrize("language", LABELS)
def test_its_labels_are_in_the_language_asked_for(tmp_path, language):
    changed = replace(MESSAGE, changes=("passages redacted", "something new"), html="<p><a href='https://x.example'>x</a></p>", text="שלום")  # fmt: skip
    text = read_text(draw_message(tmp_path, changed, language))
    assert f"{LABELS[language]} Kunder" in " ".join(text.split())
    assert not [word for other, word in LABELS.items() if other != language and word in text]
    assert "something new" in text
    words = json.loads((Path(page.__file__).parent / "words.json").read_text("utf-8"))
    assert words[language]["passages redacted"] in text
    assert "{" not in text
    gaps = {key: sorted(re.findall(r"\{\w+\}", value)) for key, value in words[language].items()}
    assert gaps == {k: sorted(re.findall(r"\{\w+\}", v)) for k, v in words["en"].items()}


def test_without_a_wish_the_labels_follow_the_message(make_bundle, make_item):
    def write(number, language):
        item = make_item(number, folder="X")
        return replace(item, parsed=replace(item.parsed, language=language))

    bundle = make_bundle([write(1, "de"), write(2, "fr")], companions=(MessagePdfs,))
    first, second = sorted(bundle.path.glob("data/pdf/**/*.pdf"))
    assert "Ordner" in read_text(first.read_bytes())
    assert "Folder" in read_text(second.read_bytes())


def test_the_room_for_them_is_counted():
    assert room.estimate_room(10, 1000, None, pdf=True) > room.estimate_room(10, 1000, None) + 10 * 20_000  # fmt: skip


def test_the_fonts_are_as_the_table_beside_them_says():
    rows = re.findall(r"^\| `(\S+)` \| `([0-9a-f]{64})` \|$", (signs.FONTS / "README.md").read_text(), re.MULTILINE)  # fmt: skip
    assert {name for name, _ in rows} == {path.name for path in signs.FONTS.glob("*.ttf")}
    for name, digest in rows:
        assert hashlib.sha256((signs.FONTS / name).read_bytes()).hexdigest() == digest
    assert "Bitstream" in (signs.FONTS / "LICENSE.txt").read_text()


def test_a_quotation_is_marked_or_indented_not_both(tmp_path, monkeypatch):
    shifts = []
    shift = page.Sheet._shift
    monkeypatch.setattr(page.Sheet, "_shift", lambda s, by: (shifts.append(by), shift(s, by))[1])
    page.draw_message(tmp_path, MESSAGE, [("quoted", "On Monday you wrote:\n> Is it 5?")])
    marked = [by for by in shifts if by]
    page.draw_message(tmp_path, MESSAGE, [("quoted", "Is it 5?")])
    assert len([by for by in shifts if by]) == 2 * len(marked) + 2
