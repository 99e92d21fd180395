from datetime import UTC, datetime
from email.utils import format_datetime, formataddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.parse.envelope import parse_envelope


def read(header, value):
    return parse_envelope(f"{header}: {value}\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@acme.example", [("", "a@acme.example")]),
        ("Jane <JANE@Acme.Example>", [("Jane", "jane@acme.example")]),
        (
            '"Doe, Jane" <j@x.example>, k@x.example',
            [("Doe, Jane", "j@x.example"), ("", "k@x.example")],
        ),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("<a@x.example> <b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
        ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ('"boss@acme.example" <x@evil.example>', [("boss@acme.example", "x@evil.example")]),
        ("boss@acme.example <x@evil.example>", [("boss@acme.example", "x@evil.example")]),
        ("a@x.example (A (nested) b)", [("A (nested) b", "a@x.example")]),
        ('"john doe"@x.example', [("", "john doe@x.example".replace(" ", ""))]),
        ("=?utf-8?Q?Doe,_Jane?= <j@x.example>", [("Doe, Jane", "j@x.example")]),
        ("=?utf-8?B?SmFuZSA8akB4LmV4YW1wbGU+?=", [("Jane", "j@x.example")]),
        ("broken <a@x.example", [("broken", "a@x.example")]),
        ("nobody at all", []),
        ("", []),
    ],
)
def test_addresses_are_found_as_people_write_them(value, expected):
    found = [(a.name, a.address) for a in read("To", value).addresses]
    if value.startswith("broken"):
        assert [address for _, address in found] == ["a@x.example"]
    else:
        assert found == expected


def test_one_bad_address_does_not_cost_the_others():
    addresses = read("Cc", 'a@x.example, "open <b@, <<>>, ), c@x.example').addresses
    assert {"a@x.example", "c@x.example"} <= {a.address for a in addresses}


def test_every_header_of_the_same_name_counts():
    envelope = parse_envelope(b"To: a@x.example\nTO: b@x.example\nto : c@x.example\n\n")
    assert [a.address for a in envelope.addresses] == ["a@x.example", "b@x.example", "c@x.example"]
    assert {a.role for a in envelope.addresses} == {"to"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-8?Q?a?= =?utf-8?Q?b?= c", "ab c"),
        ("=?utf-8?B?w6Y=?= =?iso-8859-1?Q?=F8?=", "æø"),
        ("=?utf-8?B?w?= =?utf-8?B?w6Y?=", "æ"),
        ("=?utf-8?Q?=C3?=\r\n =?utf-8?Q?=A6?=", "æ"),
        ("=?utf-8?Q?with spaces?=", "with spaces"),
        ("=?utf-8?Q?What??=", "What?"),
        ("=?utf-8*da?Q?h=C3=A6?=", "hæ"),
        ("=?made-up?Q?h=C3=A6?=", "hæ"),
        ("x=?utf-8?Q?y?=z", "xyz"),
        ("=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
        ("=?utf-7?Q?+2AA-?= +\x00", "\ufffd +"),
        ("rå", "rå"),
    ],
)
def test_encoded_words_are_decoded_as_far_as_can_be(value, expected):
    assert read("Subject", value).subject == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Subject: \xe5\n\n", "å"),
        (b"Subject: \xba\xcf\xcd\xac\nContent-Type: text/plain; charset=gb2312\n\n", "合同"),
        (b"Subject: \x1b$B@A5a\x1b(B\n\n", "請求"),
        (b"Subject: \x81\xff\n\n", "\x81ÿ"),
    ],
)
def test_raw_bytes_in_a_header_are_read(raw, expected):
    assert parse_envelope(raw).subject == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 5 Jan 2026 10:00:00 +0100", "2026-01-05T09:00:00+00:00"),
        ("5 Jan 26 10:00 EST (a comment)", "2026-01-05T15:00:00+00:00"),
        ("Mon, 5 Jan 2026 10:00:60 -0000", "2026-01-05T10:00:59+00:00"),
        ("Mon, 5 Jan 2026 10:00:00 XYZ", "2026-01-05T10:00:00+00:00"),
    ],
)
def test_dates_are_read_in_utc(value, expected):
    sent_at = read("Date", value).sent_at
    assert sent_at.isoformat() == expected
    assert sent_at.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "Mon, 5 Jan 0000 10:00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Mon, 5 Jan 2026 10:00:00 +9999",
        "Mon, 35 Jan 2026 10:00:00 +0000",
        "1" * 9000,
        "Mon, 5 Jan 2026 25:61:00 +0000",
        "5 Jan 99999999999999999999 1:1:1",
        "0 0 0 0 0",
    ],
)
def test_absurd_dates_are_none(value):
    assert read("Date", value).sent_at is None


def test_references_come_first_then_in_reply_to_without_repetition():
    envelope = parse_envelope(
        b"In-Reply-To: <b@x> <d@x>\nReferences: <a@x>\n <b@x>\nReferences: <c@x>\n\n"
    )
    assert envelope.references == ("a@x", "b@x", "c@x", "d@x")


def test_endless_references_keep_the_root_and_the_nearest():
    value = " ".join(f"<{n}@x>" for n in range(2000))
    references = read("References", value).references
    assert references[0] == "0@x"
    assert references[-1] == "1999@x"
    assert len(references) == 500


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@x>", "a@x"),
        ("a@x", "a@x"),
        ("<a\r\n @x>", "a@x"),
        ("<>", None),
        ("", None),
        ("<first@x> <second@x>", "first@x"),
        ("some words", None),
    ],
)
def test_message_ids_stand_without_brackets(value, expected):
    assert read("Message-ID", value).message_id == expected


def test_only_the_header_block_is_read():
    envelope = parse_envelope(b"Subject: mine\r\n\r\nTo: a@x.example\r\nDate: today\r\n")
    assert (envelope.subject, envelope.addresses) == ("mine", ())


@pytest.mark.parametrize("start", [b"From jane Mon Jan  5 10:00:00 2026\n", b" stray\n", b": x\n"])
def test_rubbish_before_the_first_header_is_passed_over(start):
    assert parse_envelope(start + b"Subject: mine\n\n").subject == "mine"


@given(st.binary(max_size=300))
def test_no_bytes_raise_and_all_values_can_be_stored(content):
    envelope = parse_envelope(b"To: " + content + b"\nSubject: =?utf-7?B?" + content)
    text = envelope.subject + "".join(a.name + a.address for a in envelope.addresses)
    assert "\0" not in text
    text.encode()


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Zs"]), min_size=1
    ).filter(lambda name: "=?" not in name and "@" not in name),
    st.integers(86_400, 7_258_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_what_a_proper_mail_program_writes_is_read_back(name, sent_at):
    head = f"From: {formataddr((name, 'a@x.example'))}\nDate: {format_datetime(sent_at)}\n\n"
    envelope = parse_envelope(head.encode())
    assert [(a.name, a.address) for a in envelope.addresses] == [(name, "a@x.example")]
    assert envelope.sent_at == sent_at
