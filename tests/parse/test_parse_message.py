import base64
import json
import re
from collections import Counter

import mailparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parse_fixtures import MESSAGES, describe

from trail.parse.attachments import iter_attachments
from trail.parse.envelope import parse_envelope
from trail.parse.message import parse_message, read_in_order

CONTENTS = [path.read_bytes() for path in MESSAGES]


def nest(levels, leaf):
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(levels)
    )
    closed = b"".join(b"\r\n--b%d--" % n for n in reversed(range(levels)))
    return b"Subject: deep\r\n" + opened + leaf + closed + b"\r\n"


def check_storable(parsed):
    text = repr(parsed) + parsed.text + parsed.quoted + parsed.envelope.subject
    text += "".join(a.name + a.address for a in parsed.envelope.addresses)
    text += "".join(a.filename + a.safe_name for a in parsed.attachments)
    text += (parsed.envelope.message_id or "") + "".join(parsed.envelope.references)
    text += "".join(a.mime_type + a.content_id for a in parsed.attachments)
    assert "\0" not in text
    text.encode("utf-8")


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_every_fixture_means_what_its_json_says(path):
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert describe(parse_message("", path.read_bytes())) == expected


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_the_headers_alone_give_the_envelope_of_the_whole_message(path):
    content = path.read_bytes()
    head = content.partition(b"\r\n\r\n")[0] + b"\r\n"
    assert parse_envelope(head) == parse_envelope(content) == parse_message("", content).envelope


def test_two_thousand_parts_are_two_thousand_attachments():
    part = b"--x\r\nContent-Type: application/pdf\r\n\r\nfile %d\r\n"
    content = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    content += b"".join(part % n for n in range(2000)) + b"--x--\r\n"
    parsed = parse_message("", content)
    assert len(parsed.attachments) == 2000
    assert len({a.safe_name for a in parsed.attachments}) == 2000
    assert [data for _, data in iter_attachments(content)][-1] == b"file 1999"


def test_parts_beyond_the_limit_stay_in_the_last_one(monkeypatch):
    monkeypatch.setattr("trail.parse.parts.PARTS_LIMIT", 3)
    part = b"--x\nContent-Type: application/pdf\n\nfile %d\n"
    content = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"".join(
        part % n for n in range(5)
    )
    found = [data for _, data in iter_attachments(content)]
    assert found[0] == b"file 0"
    assert all(b"file %d" % n in found[1] for n in range(1, 5))


def test_a_thousand_levels_do_not_hide_the_text_at_the_bottom():
    parsed = parse_message("", nest(1000, b"Content-Type: text/plain\r\n\r\nbottom words"))
    assert parsed.text == "bottom words"
    assert not parsed.unparsable
    assert any("deep" in defect for defect in parsed.defects)


def test_html_nested_without_end_is_read_all_the_same():
    html = b"Content-Type: text/html\n\n" + b"<div>" * 100_000 + b"<p>the &amp; words</p>"
    assert parse_message("", html).text == "the & words"


def test_a_text_over_the_limit_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr("trail.parse.body.TEXT_LIMIT", 10)
    parsed = parse_message("", b"Subject: long\n\n0123456789abc")
    assert parsed.text == "0123456789"
    assert any("cut" in defect for defect in parsed.defects)


def test_a_failure_of_mail_parser_is_a_defect_and_costs_no_word(monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(mailparser.MailParser, "parse", fail)
    parsed = parse_message("", b"Subject: x\nDate: someday\n\nall the words\n")
    assert parsed.text == "all the words"
    assert "mail-parser failed: RuntimeError" in parsed.defects
    assert not parsed.unparsable


def test_mail_parser_reads_the_body_of_every_message_it_is_shown(monkeypatch):
    monkeypatch.setattr(
        mailparser.MailParser, "text_plain", property(lambda self: ["from mail-parser"])
    )
    assert parse_message("", b"Date: someday\n\nanything\n").text == "from mail-parser"


def test_a_failure_of_our_own_leaves_the_envelope(monkeypatch):
    monkeypatch.setattr("trail.parse.message.split_parts", lambda content: 1 / 0)
    parsed = parse_message("", b"Subject: still here\n\nbody")
    assert parsed.unparsable
    assert parsed.envelope.subject == "still here"
    assert parsed.defects == ("the parser failed: ZeroDivisionError",)


def test_defects_and_logs_carry_no_word_of_the_message(caplog):
    content = b"From: <secretname@@@>, (\nSubject: =?shift_jis?B?secret!?=\nDate: secret day\n"
    content += b"Content-Type: text/plain; charset=secret\n\nsecret \xff\n"
    parsed = parse_message("", content)
    assert parsed.defects
    assert "secret" not in " ".join(parsed.defects) + caplog.text


def test_the_text_of_an_attached_message_stays_out_of_the_body():
    content = b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nouter\n"
    content += b"--x\nContent-Type: message/rfc822\n\nSubject: i\n\ninner\n--x--\n"
    parsed = parse_message("", content)
    assert parsed.text == "outer"
    assert [a.size for a in parsed.attachments] == [len(b"Subject: i\n\ninner")]


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("windows-1251", "cp1251"),
        ("koi8-r", "koi8-r"),
        ("big5", "big5"),
        ("euc-kr", "cp949"),
        ("shift_jis", "cp932"),
        ("utf-16", "utf-16"),
        ("iso-8859-1", "cp1252"),
    ],
)
def test_a_declared_charset_is_believed(charset, codec):
    words = {"big5": "合約", "cp949": "계약서", "cp932": "契約①", "cp1252": "“Œuvre” €"}
    text = words.get(codec, "договор")
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    parsed = parse_message("", head.encode() + text.encode(codec))
    assert parsed.text == text
    assert parsed.defects == ()


def test_an_undeclared_script_is_guessed():
    text = "Уважаемые коллеги, направляем вам договор на подпись. Просим вернуть его до пятницы. "  # noqa: RUF001 - Russian on purpose
    parsed = parse_message("", b"Subject: x\n\n" + (text * 3).encode("cp1251"))
    assert "договор на подпись" in parsed.text


@pytest.mark.parametrize(
    "charset", ["idna", "undefined", "unicode_escape", "hex", "a\0b", "x" * 99]
)
def test_a_name_that_is_no_charset_costs_no_word(charset):
    content = f"Content-Type: text/plain; charset={charset}\n\nplain words".encode()
    assert parse_message("", content).text == "plain words"


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_parsing_twice_gives_equal_values(path):
    content = path.read_bytes()
    assert parse_message("k", content) == parse_message("k", content)


def test_no_control_character_comes_out_of_a_type_or_a_name():
    content = b'Content-Type: a/b\0c; name="x\0y\x1b[2J.pdf"\nContent-ID: <\0i>\n\nx'
    [attachment] = parse_message("", content).attachments
    check_storable(parse_message("", content))
    assert attachment.filename.isprintable()


@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(content):
    check_storable(parse_message("k", content))


@given(
    st.lists(
        st.sampled_from(
            [
                b"Content-Type: multipart/mixed; boundary=x\n",
                b"Content-Type: text/html\n",
                b"\n",
                b"--x\n",
                b"--x--\n",
                b"Content-Type: message/rfc822\n",
                b"\r\n",
                b"\r",
                b" fold\n",
                b"Content-Transfer-Encoding: base64\n",
                b"QUJD",
                b"Content-Disposition: attachment\n",
                b"From: a@b\n",
                b"Subject: =?utf-8?B?4?=\n",
                b"words\n",
                b"<p>",
                b"> q\n",
                b"\xff",
                b"Content-Type: multipart/alternative; boundary=y\n",
                b"--y\n",
                b"--y--\n",
                b"\0",
            ]
        ),
        max_size=25,
    )
)
def test_scraps_of_messages_never_raise(scraps):
    content = b"".join(scraps)
    parsed = parse_message("k", content)
    check_storable(parsed)
    assert not parsed.unparsable
    assert parsed.attachments == tuple(a for a, _ in iter_attachments(content))


@settings(max_examples=150)
@given(st.sampled_from(CONTENTS), st.data())
def test_damaged_fixtures_never_raise(content, data):
    start = data.draw(st.integers(0, len(content)))
    length = data.draw(st.integers(0, 40))
    patch = data.draw(st.binary(max_size=20))
    parsed = parse_message("k", content[:start] + patch + content[start + length :])
    check_storable(parsed)
    assert not parsed.unparsable


@given(st.text(max_size=300))
def test_no_word_of_a_plain_body_is_lost(body):
    content = b"Content-Type: text/plain; charset=utf-8\n\n" + body.encode("utf-8", "replace")
    parsed = parse_message("k", content)
    words = re.compile(r"\w+")
    assert Counter(words.findall(f"{parsed.text}\n{parsed.quoted}")) == Counter(
        words.findall(re.sub("[\x01-\x08\x0e-\x1f\x7f]", " ", body).replace("\0", ""))
    )


def test_the_list_id_is_read_with_its_name():
    head = b"List-Id: =?utf-8?q?Caf=C3=A9?=\r\n <cafe.lists.x.example>\r\nList-ID: second\r\n\r\nx"
    assert parse_message("", head).list_id == "Caf\u00e9 <cafe.lists.x.example>"
    assert parse_message("", b"List-Post: <x>\r\n\r\nx").list_id == ""


@pytest.mark.parametrize(
    ("plain", "found"), [("Please see below.", True), ("word " * 60, True), ("word " * 61, False)]
)
def test_a_letter_in_html_beside_a_stub_is_read_and_beside_a_text_is_not(plain, found):
    html = f"<p>{'zebra ' * 200}</p>"
    parts = "".join(
        f"--x\nContent-Type: text/{kind}\n\n{text}\n"
        for kind, text in (("plain", plain), ("html", html))
    )
    head = "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n"
    parsed = parse_message("0" * 64, f"{head}{parts}--x--\n".encode())
    assert ("zebra" in parsed.text) is found


def test_the_text_is_read_in_the_order_of_the_message():
    content = b"Subject: x\n\nHello Jane,\n\nOn 5 May 2024 10:00 Jane <j@x.example> wrote:\n> Is it 5?\n\nYes.\n\n> And when?\nMonday.\n"
    assert read_in_order(content) == [
        ("written", "Hello Jane,"),
        ("quoted", "On 5 May 2024 10:00 Jane <j@x.example> wrote:\n> Is it 5?"),
        ("written", "Yes."),
        ("quoted", "> And when?"),
        ("written", "Monday."),
    ]


def test_the_quotation_of_a_page_stands_in_its_order_too():
    content = b"Content-Type: text/html\n\n<p>Before</p><blockquote>theirs</blockquote><p>After</p>"
    pieces = read_in_order(content)
    assert [kind for kind, _ in pieces] == ["written", "quoted", "written"]
    assert [text.strip("> ") for _, text in pieces] == ["Before", "theirs", "After"]


def test_what_only_the_html_says_comes_last():
    content = b'Content-Type: multipart/alternative; boundary="b"\n\n--b\nContent-Type: text/plain\n\nThe price is in the table, as we agreed upon.\n--b\nContent-Type: text/html\n\n<p>The price is in the table, as we agreed upon.</p><p>5000 kroner</p>\n--b--\n'
    pieces = read_in_order(content)
    parsed = parse_message("0" * 64, content)
    assert parsed.beside == "5000 kroner"
    assert pieces == [("written", parsed.text), ("beside", "5000 kroner")]


@given(st.binary(max_size=300))
def test_any_bytes_have_some_order(content):
    assert all(text.strip() for _, text in read_in_order(content))


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_in_order_there_are_the_words_of_the_parsed_message(path):
    content = path.read_bytes()
    parsed = parse_message("", content)
    words = re.compile(r"\w+")
    told = Counter(words.findall("\n".join(text for _, text in read_in_order(content))))
    assert told == Counter(words.findall(f"{parsed.text}\n{parsed.quoted}\n{parsed.beside}"))


PLAIN = "Jane sent you Bjørn's document from the scanner.\r\n\r\nIt is on the 2nd floor.\r\n"


def declare_base64(body: bytes) -> bytes:
    return (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + body
    )


def test_a_text_that_only_calls_itself_base64_is_read_as_it_stands():
    parsed = parse_message("", declare_base64(PLAIN.encode()))
    assert parsed.text == PLAIN.replace("\r\n", "\n").strip()
    assert "the base64 is plain text" in " ".join(parsed.defects)


@pytest.mark.parametrize(
    "change",
    [
        lambda encoded: encoded,
        lambda encoded: b"* " + encoded,
        lambda encoded: encoded.replace(b"\r\n", b" \r\n"),
        lambda encoded: (
            encoded + b"-- \r\nsent by a list that adds a footer to what was encoded.\r\n"
        ),
        lambda encoded: encoded[:-5],
        lambda encoded: b" ".join([encoded[:40], encoded[40:]]),
    ],
)
def test_base64_stays_base64_however_broken(change):
    encoded = base64.encodebytes(PLAIN.encode() * 3).replace(b"\n", b"\r\n")
    parsed = parse_message("", declare_base64(change(encoded)))
    assert "It is on the 2nd floor." in parsed.text
    assert "the base64 is plain text" not in " ".join(parsed.defects)
