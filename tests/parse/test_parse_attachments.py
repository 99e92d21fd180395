import base64
import email
import random
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parse_fixtures import MESSAGES

from trail.parse.attachments import iter_attachments
from trail.parse.message import parse_message

BODY = {"text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html"}


def walk_leaves(message):
    """The standard library's leaves, an attached message whole."""
    if message.get_content_maintype() == "message" or not message.is_multipart():
        yield message
    else:
        for part in message.get_payload():
            yield from walk_leaves(part)


def is_attached(root, part):
    body = part.get_content_type() in BODY or (
        part is root and part.get_content_maintype() == "text"
    )
    named = part.get_filename() or part.get_content_disposition() == "attachment"
    return bool(named) or not (body or part.get_content_maintype() == "multipart")


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_no_attachment_byte_is_lost_against_the_standard_library(path):
    content = path.read_bytes()
    root = email.message_from_bytes(content)
    leaves = [part for part in walk_leaves(root) if is_attached(root, part)]
    found = list(iter_attachments(content))
    assert len(found) == len(leaves)
    for (attachment, data), leaf in zip(found, leaves, strict=True):
        assert attachment.mime_type == leaf.get_content_type()
        assert attachment.size == len(data)
        # The standard library has no bytes of an attached message, and gives up broken base64.
        if leaf.get_content_maintype() != "message" and path.stem != "broken_mime":
            assert data == leaf.get_payload(decode=True)


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_the_attachments_are_those_of_the_parsed_message(path):
    content = path.read_bytes()
    attachments = tuple(attachment for attachment, _ in iter_attachments(content))
    assert attachments == parse_message("", content).attachments
    assert [a.number for a in attachments] == list(range(1, len(attachments) + 1))


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.sampled_from(["base64", "quoted-printable"]))),
    st.booleans(),
)
def test_what_a_mail_program_attached_comes_back_byte_for_byte(files, crlf):
    message = EmailMessage()
    message.set_content("the body")
    for number, (data, encoding) in enumerate(files):
        name = f"fil-æ-{number}.bin"
        message.add_attachment(
            data, maintype="application", subtype="x-test", filename=name, cte=encoding
        )
    content = message.as_bytes(policy=SMTP if crlf else default)
    found = list(iter_attachments(content))
    assert [data for _, data in found] == [data for data, _ in files]
    assert [a.filename for a, _ in found] == [f"fil-æ-{n}.bin" for n in range(len(files))]


def test_an_attached_message_has_the_bytes_of_the_source():
    inner = b"Subject:   oddly  spaced \r\nX: \xff\r\n\r\nbody without end of line"
    content = b"Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n" + inner
    content += b"\r\n--x--\r\n"
    [(attachment, data)] = iter_attachments(content)
    assert attachment.mime_type == "message/rfc822"
    assert data == inner


@pytest.mark.parametrize(
    ("encoded", "decoded", "defect"),
    [
        (b"QUJDRA", b"ABCD", "incomplete"),
        (b"QUJDR", b"ABC", "incomplete"),
        (b"QUJD\r\n*QUJD", b"ABCABC", "foreign"),
        (b"QUI=\r\n-- a list's footer", b"AB", "foreign"),
        (b"QUI=\r\nQUJD", b"AB", "after its end"),
        (b"", b"", ""),
    ],
)
def test_broken_base64_gives_what_can_be_decoded_and_a_defect(encoded, decoded, defect):
    content = (
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: BASE64 \r\n\r\n" + encoded
    )
    [(_, data)] = iter_attachments(content)
    assert data == decoded
    assert defect in " ".join(parse_message("", content).defects)
    assert bool(defect) == bool(parse_message("", content).defects)


def test_uuencoded_files_are_decoded():
    content = b"Content-Type: a/b\nContent-Transfer-Encoding: x-uuencode\n\n"
    content += b"begin 644 cat.txt\n#0V%T\n`\nend\n"
    assert [data for _, data in iter_attachments(content)] == [b"Cat"]


def test_an_unknown_encoding_leaves_the_bytes_and_is_a_defect():
    content = b"Content-Type: a/b\nContent-Transfer-Encoding: x-rot\n\n\x00\xffraw"
    assert [data for _, data in iter_attachments(content)] == [b"\x00\xffraw"]
    assert "attachment: the transfer encoding is unknown" in parse_message("", content).defects


def test_a_message_that_is_one_file_is_its_own_attachment():
    data = random.Random(1).randbytes(5000)
    content = b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
    [(attachment, found)] = iter_attachments(content + base64.encodebytes(data))
    assert (attachment.safe_name, found) == ("a.pdf", data)


def test_a_named_text_that_is_the_whole_message_is_body_and_attachment():
    content = b'Content-Type: text/plain; name="note.txt"\n\nthe words\n'
    assert parse_message("", content).text == "the words"
    assert [a.filename for a, _ in iter_attachments(content)] == ["note.txt"]


def test_boundaries_may_share_a_start_and_be_followed_by_blanks():
    content = b"Content-Type: multipart/mixed; boundary=ab\n\n--ab  \n"
    content += b"Content-Type: multipart/mixed; boundary=abc\n\n--abc\t\nContent-Type: a/b\n\none\n"
    content += b"--abcd\nnot a boundary\n--abc--\n--ab\nContent-Type: a/b\n\ntwo\n--ab--  \n"
    assert [data for _, data in iter_attachments(content)] == [
        b"one\n--abcd\nnot a boundary",
        b"two",
    ]


def test_a_part_without_its_closing_boundary_reaches_to_the_end():
    content = b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: a/b\n\nall of it\n"
    assert [data for _, data in iter_attachments(content)] == [b"all of it\n"]
    assert "the closing boundary is missing" in parse_message("", content).defects


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("attachment; filename*=utf-8''%C3%A6.pdf", "æ.pdf"),
        ("attachment; filename*=iso-8859-1'da'%E6.pdf; filename=\"plain.pdf\"", "æ.pdf"),
        ('attachment; filename*0="a b"; filename*1="c.pdf"', "a bc.pdf"),
        ("attachment; filename*=undefined''%E6.pdf", "æ.pdf"),
        ("attachment; filename==?iso-8859-1?Q?=E6.pdf?=", "æ.pdf"),
        ("attachment; filename*99999999999999999999=x", "x"),
        ("attachment; FILENAME=bare name.pdf", "bare name.pdf"),
    ],
)
def test_names_are_read_in_every_way_they_are_written(header, expected):
    content = f"Content-Type: a/b\nContent-Disposition: {header}\n\nx".encode()
    [(attachment, _)] = iter_attachments(content)
    assert attachment.filename == expected


def test_a_raw_8_bit_name_keeps_its_letters():
    for name in ("Tilbud på rådhus.pdf".encode(), "Tilbud på rådhus.pdf".encode("latin-1")):
        content = b'Content-Type: a/b; name="' + name + b'"\n\nx'
        assert [a.filename for a, _ in iter_attachments(content)] == ["Tilbud på rådhus.pdf"]
