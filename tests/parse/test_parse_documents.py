"""The text of attachments: every format, broken and hostile ones too."""

from __future__ import annotations

import random
import zlib

import pytest
from documents_made import (
    MADE,
    WORDS,
    make_calendar,
    make_contact,
    make_doc,
    make_docx,
    make_mail,
    make_odf,
    make_ole,
    make_pdf,
    make_pptx,
    make_tnef,
    make_xls,
    make_xlsx,
    pack,
)

from trail.parse import documents_budget
from trail.parse.documents import read_document
from trail.parse.documents_pdf import join_lines
from trail.parse.kinds import find_kind


def read(name, content):
    return read_document(name, "application/octet-stream", content)


@pytest.mark.parametrize("name", MADE)
def test_the_words_of_every_kind_of_document_are_read(name):
    text, problem = read(name, MADE[name])
    assert problem == ""
    # a table has its cells, a calendar its lines, apart
    assert WORDS in " ".join(text.split())


SELF_EVIDENT = [
    n for n, c in MADE.items() if find_kind(n, "", c) not in ("text", "html", "lines", "mail")
]


@pytest.mark.parametrize("name", SELF_EVIDENT)
def test_a_document_with_a_wrong_name_is_known_by_its_bytes(name):
    text, problem = read("scan.png", MADE[name])
    assert WORDS in text
    assert problem == ""


def test_pictures_programs_and_signatures_are_no_documents():
    assert find_kind("a.png", "image/png", b"\x89PNG\r\n\x1a\n") == ""
    assert find_kind("a.exe", "application/octet-stream", b"MZ\x90\0") == ""
    assert find_kind("a.txt", "text/plain", b"\0\1\2\3") == ""
    assert find_kind("", "application/pgp-signature", b"-----BEGIN PGP") == ""
    assert find_kind("smime.p7s", "application/pkcs7-signature", b"0\x82") == ""
    assert find_kind("", "application/octet-stream", b"plain words") == "text"


def test_slides_come_in_their_order_and_notes_after_them():
    text, _ = read("a.pptx", make_pptx(*(f"Folie {n}" for n in range(1, 13))))
    assert text.split("\n")[:12] == [f"Folie {n}" for n in range(1, 13)]
    assert text.rstrip().endswith("Notiz")


def test_rows_of_a_table_stay_together_and_numbers_are_found():
    for name, make in (("a.xlsx", make_xlsx), ("a.xls", make_xls)):
        text, _ = read(name, make([["Tinte", 12.5], ["Papier", 300], ["Tinte", 7]]))
        lines = [line.strip() for line in text.splitlines()]
        assert lines[:4] == ["Blatt", "Tinte 12.5", "Papier 300", "Tinte 7"]


def test_headers_of_letters_and_every_page_are_read():
    assert "Briefkopf" in read("a.docx", make_docx("x"))[0]
    assert "Seite zwei" in read("a.pdf", MADE["a.pdf"])[0]


def test_a_word_broken_at_the_end_of_a_line_of_a_pdf_is_found_whole_and_by_its_halves():
    assert join_lines(
        "die Muster\u2010\r\nvereinbarung und Vertrags\ufffenummer 2024-\r\n0815"
    ) == (
        "die Mustervereinbarung und Vertragsnummer 2024-\r\n0815\nMuster-vereinbarung\nVertrags-nummer\n"
    )
    join_lines("wort" * 200_000)  # in no more time than it is long
    join_lines("wort\ufffe" * 100_000)
    assert join_lines("a\xad\nb, 1\u2010\r\n2\x02 c") == "ab, 1\u2010\r\n2c\na-b\n"


def test_people_in_calendars_contacts_and_mails_are_read():
    for content, name in (
        (make_calendar("x"), "a.ics"),
        (make_contact("x"), "a.vcf"),
        (make_mail("x"), "a.eml"),
    ):
        text, _ = read(name, content)
        assert "Schmidt" in text
        assert "Anna" in text
        assert "anna@acme.example" in text
    assert "QUJD" not in read("a.vcf", make_contact("x"))[0]


def test_names_of_packed_files_are_read_too():
    text, _ = read("a.zip", pack({"Projekt/Angebot_Final-v2.bin": b"\0\1"}))
    assert "Angebot_Final-v2.bin" in text
    assert "Projekt" not in text
    assert "notiz.txt" in read("winmail.dat", MADE["winmail.dat"])[0]
    assert "Anhang" in read("winmail.dat", make_tnef("x", {"notiz.txt": b"Anhang"}))[0]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.doc", make_doc(WORDS, flags=0x100), "it is encrypted"),
        ("a.doc", make_doc(WORDS, version=0x65), "documents of Word 95 and older are not read"),
        ("a.docx", make_ole({"EncryptedPackage": b"x"}), "it is encrypted"),
        ("a.odt", make_odf("x", manifest="<m><encryption-data/></m>"), "it is encrypted"),
        ("thumbs.db", make_ole({"Catalog": b"x"}), "its format is not read"),
        ("scan.pdf", make_pdf("", ""), "it has no text: scanned, perhaps"),
        ("a.pdf", b"%PDF-1.4\ngarbage", "it is damaged"),
        ("a.docx", b"PK\x03\x04garbage", "it is damaged (BadZipFile)"),
        ("a.docx", make_docx(body="<w:p><w:t>x</w:p>"), "it is damaged (ExpatError)"),
        ("a.xlsb", pack({"[Content_Types].xml": "", "xl/worksheets/sheet1.bin": b""}), "Excel's binary workbooks (.xlsb) are not read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(name, content, problem):
    assert read(name, content)[1] == problem


def test_a_file_in_a_package_that_cannot_be_read_costs_no_other_one():
    content = pack(
        {"a.docx": b"PK\x03\x04garbage", "b.doc": make_doc("x", flags=0x100), "c.txt": "Worte"}
    )
    text, problem = read("a.zip", content)
    assert "Worte" in text
    assert problem == "a file in it is damaged (BadZipFile)"


# hostile


def test_more_text_than_the_limit_is_cut_and_said(monkeypatch):
    monkeypatch.setattr(documents_budget, "CHARACTERS", 1000)
    text, problem = read("a.docx", make_docx(*["Wort"] * 1000))
    assert len(text) == 1000
    assert problem == "only its first 1,000 characters are searched"


def test_a_zip_bomb_costs_itself_only():
    bomb = pack({"bomb.txt": b"\0" * (64 << 20), "nach.txt": "Worte danach"})
    text, problem = read("a.zip", bomb)
    assert "Worte danach" in text  # the one is no text
    bomb = pack({"bomb.txt": b" " * (64 << 20), "nach.txt": "Worte danach"})
    text, problem = read("a.zip", bomb)
    assert "Worte danach" in text
    assert len(text) < 100
    assert problem == "a file in it: it unpacks to more than 400 times its size"


def test_a_document_that_is_a_bomb_is_refused():
    text, problem = read("a.docx", make_docx(body="<w:p>" + " " * (64 << 20) + "</w:p>"))
    assert problem == "it unpacks to more than 400 times its size"
    assert len(text) < 3_000_000


def test_what_packages_hold_is_bounded_all_together(monkeypatch):
    monkeypatch.setattr(documents_budget, "UNPACKED", 100_000)
    content = pack({f"{n}.txt": random.Random(n).randbytes(9000).hex() for n in range(20)})
    text, problem = read("a.zip", content)
    assert problem == "unpacked, it has more than 0 MiB"
    assert 50_000 < len(text) < 120_000


def test_files_in_a_package_are_counted(monkeypatch):
    monkeypatch.setattr(documents_budget, "MEMBERS", 10)
    text, problem = read("a.zip", pack({f"{n}.txt": f"wort{n}" for n in range(50)}))
    assert "wort9" in text
    assert "wort10" not in text
    assert problem == "only the first 10 of the files in it are searched"


def test_packages_in_packages_end_somewhere():
    content = b"unten"
    for _ in range(30):
        content = pack({"a.zip": content})
    text, problem = read("a.zip", content)
    assert "unten" not in text
    assert problem.endswith("it is packed more than 5 times over")
    content = b"unten"
    for _ in range(30):
        content = make_mail("x", {"a.eml": content})
    assert read("a.eml", content)[1].endswith("it is packed more than 5 times over")


def test_a_package_that_lies_about_its_size_is_not_believed():
    content = bytearray(pack({"a.txt": b"x" * 100_000 + b"ende"}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(signature) + at
        content[start : start + 4] = (5).to_bytes(4, "little")
    text, _ = read("a.zip", bytes(content))
    assert "ende" not in text
    assert len(text) < 100


def test_a_billion_laughs_are_not_told():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{entities}]><d xmlns:w="x"><w:p><w:t>&l9;</w:t></w:p></d>'
    content = pack({"[Content_Types].xml": "", "word/document.xml": laughs})
    assert read("a.docx", content) == ("", "it declares entities, as no real document does")


def test_elements_nested_without_end_are_no_matter():
    deep = "<w:p>" * 100_000 + "<w:t>unten</w:t>" + "</w:p>" * 100_000
    text, problem = read("a.docx", make_docx(body=deep))
    assert "unten" in text or problem
    text, problem = read("a.rtf", b"{\\rtf1 " + b"{" * 100_000 + b"unten" + b"}" * 100_000)
    assert "unten" in text or problem
    deep = b"<div>" * 100_000 + b"unten"
    assert "unten" in read("a.html", deep)[0]


def test_a_pdf_whose_pages_go_round_in_circles_ends():
    content = make_pdf("x").replace(b"/Kids[4 0 R]", b"/Kids[2 0 R]")
    text, problem = read("a.pdf", content)
    assert text.strip() == ""
    assert problem


def test_a_pdf_bomb_is_cut_or_refused():
    packed = zlib.compress(b"BT /F1 12 Tf 0 0 Td " + b"(wort) Tj " * 200_000 + b"ET", 9)
    stream = (
        f"<</Length {len(packed)}/Filter/FlateDecode>>stream\n".encode() + packed + b"\nendstream"
    )
    plain = make_pdf("x")
    start, end = plain.index(b"<</Length"), plain.index(b"endstream") + len(b"endstream")
    text, problem = read("a.pdf", plain[:start] + stream + plain[end:])
    assert len(text) <= documents_budget.CHARACTERS + 10
    assert "wort" in text or problem


def mutate(chance, content):
    data = bytearray(content or b"x")
    match chance.randrange(4):
        case 0:
            del data[chance.randrange(len(data)) :]
        case 1:
            for _ in range(chance.randint(1, 20)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        case 2:
            at = chance.randrange(len(data))
            data[at:at] = chance.randbytes(chance.randint(1, 40))
        case _:
            a, b = sorted(chance.randrange(len(data)) for _ in range(2))
            data[a:b] = data[a:b][::-1] if chance.random() < 0.5 else data[a:b] * 2
    return bytes(data)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.filterwarnings("ignore")  # what libraries say of broken files ends in the worker
def test_broken_documents_raise_nothing(name):
    chance = random.Random(name)
    for _ in range(60):
        text, problem = read(name, mutate(chance, MADE[name]))
        text.encode()
        assert "\0" not in text
        assert len(text) <= documents_budget.CHARACTERS
        assert not any(word in problem for word in WORDS.split())


@pytest.mark.filterwarnings("ignore")
def test_broken_documents_inside_sound_packages_raise_nothing():
    chance = random.Random(7)
    parts = {
        "[Content_Types].xml": "",
        "word/document.xml": "<d xmlns:w='x'><w:p><w:t>x</w:t></w:p></d>",
    }
    for _ in range(200):
        name, content = chance.choice(list(MADE.items()))
        inner = mutate(chance, parts["word/document.xml"].encode())
        members = (
            {**parts, "word/document.xml": inner}
            if chance.random() < 0.5
            else {name: mutate(chance, content)}
        )
        text, _ = read("a.zip", pack(members))
        text.encode()


def test_a_winmail_dat_that_counts_without_end_ends():
    properties = (0xFFFFFFF0).to_bytes(4, "little") + b"\x02\x00\x01\x00" * 40
    attribute = (
        b"\x01\x03\x90\x06\x00" + len(properties).to_bytes(4, "little") + properties + b"\0\0"
    )
    text, problem = read("winmail.dat", b"\x78\x9f\x3e\x22\0\0" + attribute)
    assert text.strip() == ""
    assert problem == "it is damaged"


def test_a_calendar_line_with_several_values_in_quotes_is_read():
    line = b'ATTENDEE;MEMBER="mailto:a@x.example","mailto:b@x.example";CN=Zwetschge:mailto:jane@acme.example\r\n'
    text, problem = read("a.ics", b"BEGIN:VCALENDAR\r\n" + line)
    assert problem == ""
    assert text == "Zwetschge jane@acme.example\n"


def test_a_calendar_line_that_fits_nothing_is_passed_over_without_trying_every_way():
    # Tried in all ways, this would take longer than anybody lives.
    text, problem = read("a.ics", b"X" + b";" * 500 + b"\r\nSUMMARY:Zwetschge\r\n")
    assert (text, problem) == ("Zwetschge\n", "")


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.rar", b"Rar!\x1a\x07\x01\0", "RAR"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
        ("a.wpd", b"\xffWPC\x10\0", "WordPerfect"),
    ],
)
def test_archives_and_documents_that_nothing_reads_say_so(name, content, what):
    text, problem = read_document(name, "application/octet-stream", content)
    assert text == ""
    assert problem.startswith(what)
    assert problem.endswith(" are not read")


def test_text_that_begins_like_an_archive_is_text():
    assert read_document("a.txt", "text/plain", b"BZh and Rar! are names")[0] != ""
