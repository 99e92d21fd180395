"""Copies of messages without what may not be in them."""

from __future__ import annotations

import base64
import binascii
import bz2
import contextlib
import email
import gzip
import io
import lzma
import quopri
import re
import unicodedata
import zipfile
import zlib
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ten_clients import decode_everything

from trail.demo.correspondence import iter_correspondence
from trail.handoff.patterns import read_pattern
from trail.parse.altered import LEFT_OUT, NOTICE, REDACTED, Changes, alter, redact
from trail.parse.disguised import iter_files
from trail.parse.message import parse_whole
from trail.parse.passages import read_passages
from trail.parse.strings import iter_notes, iter_yenc

NAME = "Meridian Größe"
PATTERN = (read_pattern(NAME),)
HEAD = (
    b"From: me@studio.example\r\nTo: jane@acme.example\r\nDate: Tue, 5 Mar 2024 10:00:00 +0000\r\n"
)


def redacted(content, texts=lambda _: None, patterns=PATTERN):
    """The copy, of which it is certain that the name is nowhere in it."""
    copy = alter(content, Changes(patterns), texts)
    assert copy is not None
    readings = [*decode_everything(copy.content)]
    found = read_passages(copy.content)
    parsed, attachments = parse_whole("k", copy.content)
    readings += [
        text.encode()
        for text in (*found.texts, *found.names, *found.marks, parsed.text, parsed.quoted)
    ]
    readings += [repr(parsed.envelope).encode(), *(data for _, data in attachments)]
    readings += [a.filename.encode() for a, _ in attachments]
    for reading in readings:
        for encoding in ("utf-8", "latin-1", "utf-16-le"):
            text = reading.decode(encoding, "ignore")
            assert not any(p.search(text) for p in patterns), text[:2000]
    return copy


def with_file(data, filename="x.bin", kind="application/octet-stream"):
    message = EmailMessage()
    message["Subject"] = "A file"
    message.set_content("See below\n")
    main, _, sub = kind.partition("/")
    message.add_attachment(data, maintype=main, subtype=sub, filename=filename)
    return message.as_bytes()


def packed(name, text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, text)
    return file.getvalue()


BODIES = {
    "plain": (b"Content-Type: text/plain; charset=utf-8\r\n\r\n", f"About {NAME} and more\r\n".encode()),
    "wrapped and quoted": (b"Content-Type: text/plain; charset=utf-8\r\n\r\n", "> About Meridian\r\n> Größe and more\r\n".encode()),
    "Latin-1 in quoted-printable": (
        b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        quopri.encodestring(f"About {NAME} and more\r\n".encode("latin-1")),
    ),
    "base64": (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        base64.encodebytes(f"About {NAME} and more\r\n".encode()),
    ),
    "decomposed letters": (b"Content-Type: text/plain; charset=utf-8\r\n\r\n", "About Meridian Gro\u0308\u00dfe".encode()),
    "markup": (b"Content-Type: text/html; charset=utf-8\r\n\r\n", f"<p title='{NAME}'>About {NAME}</p><!-- {NAME} -->".encode()),
    "cut by tags": (b"Content-Type: text/html; charset=utf-8\r\n\r\n", b"<p>About Meri<b>dian</b> <i>Gr</i>&ouml;&szlig;e</p>"),
    "escaped": (b"Content-Type: text/html; charset=utf-8\r\n\r\n", b"<p>&#77;eridian Gr&#xf6;&#223;e</p>"),
    "in a link": (b"Content-Type: text/html; charset=utf-8\r\n\r\n", b"<a href='http://x.example/Meridian%20Gr%C3%B6%C3%9Fe'>x</a>"),
    "before the first part": (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        f"{NAME}\r\n--b\r\n\r\ntext\r\n--b--\r\n{NAME}\r\n".encode(),
    ),
    "a header of a part": (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"--b\r\nContent-Description: =?utf-8?q?Meridian_Gr=C3=B6=C3=9Fe?=\r\n\r\ntext\r\n--b--\r\n",
    ),
    "no end": (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", f"--b\r\n\r\ntext {NAME}".encode()),
}  # fmt: skip
FILES = {
    "text": (f"About {NAME}".encode(), "a.txt", "text/plain"),
    "UTF-16": (f"About {NAME}".encode("utf-16"), "a.txt", "text/plain"),
    "table": (f'1;"{NAME}"\r\n'.encode(), "a.csv", "text/csv"),
    "appointment, folded": (
        "BEGIN:VCALENDAR\r\nSUMMARY:Meri\r\n dian Größe\r\n".encode(),
        "a.ics",
        "text/calendar",
    ),
    "escaped JSON": (b'{"a": "Meridian Gr\\u00f6\\u00dfe"}', "a.json", "application/json"),
    "attached message": (
        HEAD + f"Subject: {NAME}\r\n\r\nAbout {NAME}\r\n".encode(),
        "a.eml",
        "application/octet-stream",
    ),
    "package": (packed("a.txt", f"About {NAME}"), "a.zip", "application/zip"),
    "package by name": (packed(f"{NAME}.txt", "x"), "a.zip", "application/zip"),
    "document cut by looks": (
        packed("word/document.xml", "<t>Meridian Gr</t><t>öße</t>"),
        "a.docx",
        "application/zip",
    ),
    "PDF": (b"%PDF-1.4\nnothing to be seen in these bytes", "a.pdf", "application/pdf"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0" + NAME.encode() + b"\0", "a.png", "image/png"),
    "named": (b"\0\1\2", f"{NAME}.bin", "application/octet-stream"),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_name_is_gone_from_a_body(body):
    head, content = BODIES[body]
    assert redacted(HEAD + head + content).changes == (REDACTED,)


@pytest.mark.parametrize("file", FILES)
def test_a_name_is_gone_from_an_attachment(file):
    copy = redacted(with_file(*FILES[file]), lambda _: f"About {NAME}" if file == "PDF" else "")
    assert copy.changes == (REDACTED,)
    assert "See below" in parse_whole("k", copy.content)[0].text


@pytest.mark.parametrize(
    "field",
    [
        f"Subject: About {NAME}",
        "Subject: =?utf-8?q?About_Meridian?=\r\n =?utf-8?b?IEdyw7bDn2U=?= and more",
        f"Reply-To: {NAME} <x@y.example>",
        "X-Odd: Meridian\r\n\tGröße",
        f"Message-ID: <{NAME.replace(' ', '')}@x>\r\nX-Odd: {NAME}",
    ],
)
def test_a_name_is_gone_from_a_header_and_the_others_stay(field):
    copy = redacted(HEAD + field.encode() + b"\r\nX-Last: stays\r\n\r\ntext\r\n")
    assert copy.content.startswith(HEAD)
    assert b"X-Last: stays\r\n\r\ntext\r\n" in copy.content


def test_an_attachment_that_nobody_could_read_is_not_given():
    pdf = with_file(*FILES["PDF"])
    assert "withheld: it cannot be redacted" in parse_whole("k", redacted(pdf).content)[0].text
    assert alter(pdf, Changes(PATTERN), lambda _: "read, and harmless") is None


def test_what_has_nothing_to_be_redacted_stays_as_it_is():
    for message in iter_correspondence():
        copy = alter(message.content, Changes((read_pattern("not in there at all"),)), lambda _: "")
        assert copy is None


def test_of_a_changed_message_all_else_stays_byte_for_byte():
    before = with_file(b"\0\1\2binary", "plan.bin")
    content = before.replace(b"See below", f"See {NAME}".encode())
    copy = redacted(content)
    at = before.index(b"application/octet-stream")
    assert copy.content.endswith(before[at:])


@pytest.mark.parametrize("kind", ["pdf", "image", "application/pdf", "zip", "message"])
def test_attachments_of_a_kind_are_left_out_also_of_attached_messages(kind):
    files = {
        "pdf": (b"%PDF-1.4 secret", "plan.pdf", "application/pdf"), "image": (b"secret", "logo.gif", "image/gif"),
        "application/pdf": (b"secret", "plan", "application/pdf"), "zip": (packed("a", "secret"), "a.zip", "application/x-odd"),
        "message": (b"Subject: secret\r\n\r\n", "m.eml", "message/partial"),
    }  # fmt: skip
    inner = (
        with_file(*files[kind]) if kind != "message" else with_file(b"secret", "a", "message/odd")
    )
    for content in (inner, with_file(inner, "mail.eml", "application/octet-stream")):
        if kind == "message" and content is not inner:
            continue
        copy = alter(content, Changes(excluded=(kind,)))
        assert copy is not None
        assert copy.changes == (LEFT_OUT,)
        assert not any(b"secret" in reading for reading in decode_everything(copy.content))
        assert "attachment left out by the sender" in repr(read_passages(copy.content).texts)
        assert "See below" in repr(read_passages(copy.content).texts)
    assert alter(inner, Changes(excluded=("video",))) is None


@given(st.binary(max_size=300), st.sampled_from(sorted(BODIES)))
def test_a_damaged_message_is_redacted_or_gives_place_to_a_notice(noise, body):
    head, content = BODIES[body]
    message = HEAD + head + noise + b"\r\n" + content + noise
    if alter(message, Changes(PATTERN)) is None:  # noise in base64 makes something else of it
        parsed, _ = parse_whole("k", message)
        assert not PATTERN[0].search(f"{parsed.text}\n{parsed.quoted}")
    else:
        assert redacted(message).changes in ((REDACTED,), (NOTICE,))


def test_a_notice_tells_the_date_and_nothing_else():
    hostile = (read_pattern("subject"),)  # stands in every header block
    copy = alter(HEAD + b"Subject: x\r\n\r\ntext\r\n", Changes(hostile))
    assert copy is not None
    assert copy.changes == (NOTICE,)
    assert copy.content.startswith(b"Date: Tue, 5 Mar 2024 10:00:00 +0000\r\n")
    assert b"jane" not in copy.content


SECRET = "Geheimprojekt Falke"
SECRETS = (read_pattern(SECRET),)
PACKED = base64.encodebytes(f"Das {SECRET} ist geheim.\n".encode())
UUENCODED = b"begin 644 a.txt\r\n" + binascii.b2a_uu(SECRET.encode()) + b"`\r\nend\r\n"
PART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%s\r\n--b--\r\n"
YENC = (
    b"=ybegin line=128 size=19 name=a.txt\r\n"
    + bytes((byte + 42) % 256 for byte in SECRET.encode())
    + b"\r\n=yend size=19\r\n"
)


def make_png(kind, body):
    chunks = ((b"IHDR", bytes(13)), (kind, body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(b).to_bytes(4, "big") + k + b + zlib.crc32(k + b).to_bytes(4, "big") for k, b in chunks
    )


DISGUISED = {
    "soft breaks with blanks": b"Content-Transfer-Encoding: quoted-printable\r\n\r\nGehei=  \r\nmprojekt Falke\r\n",
    "an encoding with a comment": b"Content-Transfer-Encoding: base64 (yes)\r\n\r\n" + PACKED,
    "an encoding of one's own": b"Content-Transfer-Encoding: x-base64\r\n\r\n" + PACKED,
    "base64 nobody announced": b"\r\nHallo\r\n" + PACKED,
    "a uuencoded file": b"\r\nHallo\r\n" + UUENCODED,
    "soft hyphens": "Content-Type: text/plain; charset=utf-8\r\n\r\nGeheim\u00adprojekt Falke".encode(),
    "soft hyphens of markup": b"Content-Type: text/html\r\n\r\n<p>Geheim&shy;projekt Falke",
    "flowed without its blanks": b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nDas Geheim \r\nprojekt Falke\r\n",
    "cut at the end of a line": b"\r\nDas Geheim-\r\nprojekt Falke\r\n",
    "a link with plus signs": b"Content-Type: text/html\r\n\r\n<a href='http://x.example/?q=Geheimprojekt+Falke'>x</a>",
    "an address of a list": b"List-Unsubscribe: <http://x.example/Geheimprojekt%20Falke>\r\n\r\nx",
    "UTF-7": b"Content-Type: text/plain; charset=utf-7\r\n\r\nDas Geheim+AHA-rojekt +AEYAYQ-lke\r\n",
    "UTF-7 nobody announced": b"\r\nDas Geheim+AHA-rojekt +AEYAYQ-lke\r\n",
    "UTF-7 in a header": b"Subject: =?unicode-1-1-utf-7?q?Das_Geheim+AHA-rojekt_+AEYAYQ-lke?=\r\n\r\nx",
    "UTF-7 in a page": b"Content-Type: text/html\r\n\r\n<p>Das Geheim+AHA-rojekt +AEYAYQ-lke",
    "what lies elsewhere": PART % b'Content-Type: message/external-body; access-type=anon-ftp; site=x.example; name="Geheimprojekt Falke.txt"\r\n\r\nContent-Type: text/plain\r\nContent-Description: =?utf-8?q?Geheimprojekt=20F?=\r\n =?utf-8?q?alke?=\r\n\r\n',
    "a fold inside a word": b"Subject: Das Geheim\r\n projekt Fa\r\n\tlke\r\n\r\nx",
    "a fold inside a word of an attached message": PART % b"Content-Type: message/rfc822\r\n\r\nSubject: Das Geheim\r\n projekt Fa\r\n\tlke\r\n\r\nx",
    "a fold inside a part's field": PART % b"Content-Description: Das Geheim\r\n projekt Fa\r\n\tlke\r\n\r\nx",
    "wide letters": "Content-Type: text/plain; charset=utf-8\r\n\r\nＧｅｈｅｉｍｐｒｏｊｅｋｔ Ｆａｌｋｅ".encode(),  # noqa: RUF001
    "wide letters in a calendar": PART % "Content-Type: text/calendar; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nSUMMARY:Ｇｅｈｅｉｍｐｒｏ\r\n ｊｅｋｔ Ｆａｌｋｅ\r\nEND:VCALENDAR".encode(),  # noqa: RUF001
    "wide letters in a header": "Subject: Ｇｅｈｅｉｍｐｒｏｊｅｋｔ Ｆａｌｋｅ\r\n\r\nx".encode(),  # noqa: RUF001
    "yEnc": b"\r\nHallo\r\n" + YENC,
    "yEnc in an attached text": PART % (b"Content-Type: text/plain; name=a.txt\r\n\r\n" + YENC),
    "yEnc in 8 bits": b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + YENC,
    "a picture's packed note": PART % (b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(make_png(b"zTXt", b"Comment\0\0" + zlib.compress(SECRET.encode())))),
    "a picture's packed note in Unicode": PART % (b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(make_png(b"iTXt", b"Comment\0\1\0de\0\0" + zlib.compress(SECRET.encode())))),
    "a header's name": b"X-Geheimprojekt-Falke: 1\r\n\r\nx",
    "the subject of what came back": PART % (b"Content-Type: message/delivery-status\r\n\r\nX-Subject: =?utf-8?b?" + base64.b64encode(SECRET.encode()) + b"?="),
    "a piece of a message": b"Content-Type: message/partial; id=1; number=1\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\n" + PACKED,
    "before the first part": b"Content-Type: multipart/mixed; boundary=b\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\n" + PACKED + b"--b\r\n\r\nx\r\n--b--\r\n",
    "a name with signs for blanks": PART % b"Content-Disposition: attachment; filename=Geheimprojekt_Falke.txt\r\n\r\nx",
    "a name in pieces": PART % b"Content-Type: text/plain; name*0*=utf-8''Geheim%70; name*1=\"rojekt Falke\"\r\nContent-Disposition: attachment; filename=ok.txt\r\n\r\nx",
    "a name with quoted signs": PART % b'Content-Disposition: attachment; filename="Geheim\\projekt Falke.txt"; filename*=utf-8\'\'ok.txt\r\n\r\nx',
}  # fmt: skip


@pytest.mark.parametrize("how", DISGUISED)
def test_what_other_readers_would_unpack_is_redacted_too(how):
    copy = redacted(HEAD + DISGUISED[how], patterns=SECRETS)
    for reading in decode_everything(copy.content):
        assert b"Falke" not in reading
        assert not shows_disguised(reading)


def shows_disguised(reading):
    """What the other tests of this file do not read."""
    texts = [*(inner.decode("latin-1") for inner in iter_yenc(reading))]
    for part in email.message_from_bytes(reading).walk() if b"\n" in reading else ():
        if not part.is_multipart():
            data = part.get_payload(decode=True) or b""
            texts += [n.decode("latin-1") for n in (*iter_notes(data), *iter_yenc(data))]
            if data.isascii():
                with contextlib.suppress(ValueError):
                    texts.append(data.decode("utf-7"))
        texts += [re.sub(r"\r?\n[ \t]", "", value) for value in map(str, part.values())]
    plain = unicodedata.normalize("NFKC", "\n".join((*texts, reading.decode("utf-8", "ignore"))))
    return any(pattern.search(plain) for pattern in SECRETS)


ODD = [how for how in DISGUISED if how.startswith(("yEnc", "UTF-7 nobody", "UTF-7 in a page", "a fold", "a picture"))]  # fmt: skip


@pytest.mark.parametrize("how", ODD)
def test_what_is_disguised_is_seen_by_this_test(how):
    """Else the one before would find nothing in whatever is left."""
    content = HEAD + DISGUISED[how]
    assert any(shows_disguised(reading) for reading in decode_everything(content))


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"]
)
def test_a_packed_file_nobody_has_read_is_not_given(pack):
    copy = redacted(with_file(pack(SECRET.encode()), "x.gz"), patterns=SECRETS)
    assert b"cannot be redacted" in b"".join(decode_everything(copy.content))


def test_a_uuencoded_file_between_the_lines_is_left_out_by_its_kind():
    content = HEAD + b"\r\nbefore\r\n" + UUENCODED.replace(b"a.txt", b"a.pdf") + b"behind\r\n"
    copy = alter(content, Changes((), ("pdf",)))
    assert copy is not None
    assert copy.changes == (LEFT_OUT,)
    text = parse_whole("k", copy.content)[0].text
    assert text.split("\n") == ["before", "[attachment left out by the sender]", "behind"]
    assert alter(content, Changes((), ("zip",))) is None


def test_beginnings_of_files_without_end_take_no_time():
    text = "begin 644 x\n" * 200_000
    assert list(iter_files(text)) == []


def test_a_word_that_stands_there_in_two_ways_is_redacted_in_both():
    text = "Müller agrees.\r\nM\u00fc\u00adller, and Mu\u0308ller, too.\r\n"
    pattern = re.compile("müller", re.IGNORECASE)
    assert redact(text, (pattern,)).count("[redacted]") == 3
    content = (
        b"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()
    )
    assert alter(content, Changes((pattern,))).changes == (REDACTED,)


def test_a_name_in_a_text_that_only_calls_itself_base64_goes_and_the_rest_stays():
    text = f"We spoke of {NAME}, and of more.\r\n\r\nIt is on the 2nd floor.\r\n"
    content = (
        HEAD
        + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    content += text.encode()
    assert any(NAME in found for found in read_passages(content).texts)
    copy = redacted(content)
    assert "It is on the 2nd floor." in parse_whole("k", copy.content)[0].text
