"""Small documents of every kind, made by code: the same words in each. Nothing here was written by an office program."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from email.message import EmailMessage

WORDS = "Gesamtbetrag 12.500,00 Größe lørdag"
"""In every document of `MADE`."""

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_O = "urn:oasis:names:tc:opendocument:xmlns"


def pack(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return buffer.getvalue()


def make_tar(members: dict[str, bytes], kind: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_docx(*paragraphs: str, body: str = "") -> bytes:
    body = body or "".join(f"<w:p><w:r><w:t>{p}</w:t></w:r></w:p>" for p in paragraphs)
    return pack(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<?xml version="1.0"?><w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>',
            "word/header1.xml": f'<w:hdr xmlns:w="{_W}"><w:p><w:r><w:t>Briefkopf</w:t></w:r></w:p></w:hdr>',
        }
    )


def make_xlsx(rows: list[list[str | float]]) -> bytes:
    strings = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str)))

    def show(cell: str | float) -> str:
        if isinstance(cell, str):
            return f'<c t="s"><v>{strings.index(cell)}</v></c>'
        return f"<c><v>{cell}</v></c>"

    lines = "".join(f"<row>{''.join(map(show, row))}</row>" for row in rows)
    shared = "".join(f"<si><t>{string}</t></si>" for string in strings)
    return pack(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f'<workbook xmlns="{_S}"><sheets><sheet name="Blatt"/></sheets></workbook>',
            "xl/sharedStrings.xml": f'<sst xmlns="{_S}">{shared}</sst>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_S}"><sheetData>{lines}</sheetData></worksheet>',
        }
    )


def make_pptx(*slides: str) -> bytes:
    members: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>"}
    for number, text in enumerate(slides, 1):
        members[f"ppt/slides/slide{number}.xml"] = (
            f'<sld xmlns:a="{_A}"><a:p><a:t>{text}</a:t></a:p></sld>'
        )
    members["ppt/notesSlides/notesSlide1.xml"] = (
        f'<notes xmlns:a="{_A}"><a:p><a:t>Notiz</a:t></a:p></notes>'
    )
    return pack(members)


def make_odf(*paragraphs: str, manifest: str = "<m/>") -> bytes:
    body = "".join(f"<text:p>{p}</text:p>" for p in paragraphs)
    return pack(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<office:document-content xmlns:office="{_O}:office:1.0" xmlns:text="{_O}:text:1.0">{body}</office:document-content>',
            "META-INF/manifest.xml": manifest,
        }
    )


def make_pdf(*pages: str, trailer: str = "") -> bytes:
    """A page for each text, in Helvetica (WinAnsi); `trailer` goes into the trailer dictionary."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for n, text in enumerate(pages):
        shown = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET" if text else ""
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>/Contents {5 + 2 * n} 0 R>>"
        )
        objects.append(f"<</Length {len(shown)}>>stream\n{shown}\nendstream")
    out = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("cp1252")
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}".encode()
    start = out.rindex(b"xref")
    return (
        out
        + f"trailer<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode()
    )


def make_rtf(text: str) -> bytes:
    escaped = "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in text)
    return f"{{\\rtf1\\ansi{{\\fonttbl{{\\f0 Arial;}}}}\\f0 {escaped}\\par }}".encode()


def make_ole(streams: dict[str, bytes]) -> bytes:
    """A compound file (MS-CFB) with these streams in its root, none smaller than 4,096 bytes."""
    sector, end, free = 512, 0xFFFFFFFE, 0xFFFFFFFF
    bodies = [data.ljust(4096, b"\0") for data in streams.values()]
    bodies = [data + b"\0" * (-len(data) % sector) for data in bodies]
    directory_sectors = (1 + len(streams) + 3) // 4
    chains: list[int] = [0xFFFFFFFD]
    chains += [2 + n for n in range(directory_sectors - 1)] + [end]
    starts = []
    for data in bodies:
        starts.append(len(chains))
        count = len(data) // sector
        chains += [len(chains) + 1 + n for n in range(count - 1)] + [end]
    assert len(chains) <= 128
    fat = struct.pack("<128I", *chains, *[free] * (128 - len(chains)))

    def entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
        encoded = (name + "\0").encode("utf-16-le") if name else b""
        return struct.pack(
            "<64sHBBIII16sIQQIQ", encoded, len(encoded), kind, 1, free, right, child, b"", 0, 0, 0, start, size
        )  # fmt: skip

    names = list(streams)
    entries = [entry("Root Entry", 5, free, 1 if names else free, end, 0)]
    for n, name in enumerate(names):
        right = n + 2 if n + 1 < len(names) else free
        entries.append(entry(name, 2, right, free, starts[n], len(bodies[n])))
    entries += [entry("", 0, free, free, 0, 0)] * (directory_sectors * 4 - len(entries))
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, end, 0, end, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *[free] * 108)
    return header + fat + b"".join(entries) + b"".join(bodies)


def make_doc(text: str, *, flags: int = 0, version: int = 0xC1) -> bytes:
    """Two pieces: the first of 16 bits a character, the second, if it can be, of 8."""
    half = len(text) // 2
    first, second = text[:half].encode("utf-16-le"), text[half:].encode("cp1252")
    table = struct.pack("<3I", 0, half, len(text))
    table += struct.pack("<2xI2x", 1024) + struct.pack("<2xI2x", 0x40000000 | 2 * 3072)
    clx = b"\x01\x02\x00\0\0" + b"\x02" + struct.pack("<I", len(table)) + table
    main = bytearray(4096)
    struct.pack_into("<2xH6xH", main, 0, version, flags)
    struct.pack_into("<2I", main, 0x01A2, 0, len(clx))
    main[1024 : 1024 + len(first)] = first
    main[3072 : 3072 + len(second)] = second
    return make_ole({"WordDocument": bytes(main), "0Table": clx})


def make_xls(rows: list[list[str | float]]) -> bytes:
    """BIFF8 (MS-XLS), a sheet with LABEL and NUMBER records."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str) -> bytes:
        return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")

    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            place = struct.pack("<HHH", y, x, 0)
            if isinstance(cell, str):
                sheet += record(0x0204, place + text(cell))
            else:
                sheet += record(0x0203, place + struct.pack("<d", cell))
    sheet += record(0x000A, b"")
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    start += record(0x0042, struct.pack("<H", 1200)) + record(0x00E0, b"\0" * 20)
    name = "Blatt"
    at = len(start) + 4 + 8 + len(name) + 4
    start += record(0x0085, struct.pack("<IHBB", at, 0, len(name), 0) + name.encode())
    return make_ole({"Workbook": start + record(0x000A, b"") + sheet})


def make_ppt(*texts: str) -> bytes:
    atoms = b"".join(
        struct.pack("<HHI", 0, 0x0FA0, 2 * len(text)) + text.encode("utf-16-le") for text in texts
    )
    return make_ole({"PowerPoint Document": struct.pack("<HHI", 0xF, 0x03E8, len(atoms)) + atoms})


def make_outlook(subject: str, text: str) -> bytes:
    streams = {
        "__properties_version1.0": b"",
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_1000001F": text.encode("utf-16-le"),
    }
    return make_ole(streams)


def make_tnef(body: str, attachments: dict[str, bytes]) -> bytes:
    """winmail.dat (MS-OXTNEF): a plain body, attachments with titles and data."""

    def attribute(level: int, which: int, kind: int, data: bytes) -> bytes:
        return (
            struct.pack("<BHHI", level, which, kind, len(data))
            + data
            + struct.pack("<H", sum(data) & 0xFFFF)
        )

    out = struct.pack("<IH", 0x223E9F78, 1)
    out += attribute(1, 0x9006, 8, struct.pack("<I", 0x00010000))
    out += attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
    out += attribute(1, 0x800C, 2, body.encode("cp1252") + b"\0")
    for name, data in attachments.items():
        out += attribute(2, 0x9002, 6, b"\x01\0" + b"\xff" * 4 + b"\0" * 8)
        out += attribute(2, 0x8010, 1, name.encode("cp1252") + b"\0")
        out += attribute(2, 0x800F, 6, data)
    return out


def make_mail(text: str, attachments: dict[str, bytes] | None = None) -> bytes:
    message = EmailMessage()
    message["From"] = "Anna Schmidt <anna@acme.example>"
    message["To"] = "me@studio.example"
    message["Subject"] = "Weitergeleitet"
    message.set_content(text)
    for name, content in (attachments or {}).items():
        message.add_attachment(content, "application", "octet-stream", filename=name)
    return message.as_bytes()


def make_calendar(text: str) -> bytes:
    folded = f"DESCRIPTION:{text}"
    folded = folded[:30] + "\r\n " + folded[30:]
    return (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Besprechung\\, kurz\r\n"
        f'ATTENDEE;CN="Anna Schmidt";RSVP=TRUE:mailto:anna@acme.example\r\n{folded}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'
    ).encode()


def make_contact(text: str) -> bytes:
    return (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Schmidt;Anna;;;\r\nEMAIL;TYPE=WORK:anna@acme.example\r\n"
        f"PHOTO;ENCODING=b:{'QUJD' * 40}\r\nNOTE:{text}\r\nEND:VCARD\r\n"
    ).encode()


MADE: dict[str, bytes] = {
    "a.docx": make_docx(WORDS),
    "a.xlsx": make_xlsx([[WORDS, 1.5], ["Zweite Zeile", 2]]),
    "a.pptx": make_pptx("Titel", WORDS),
    "a.odt": make_odf(WORDS),
    "a.pdf": make_pdf(WORDS, "Seite zwei"),
    "a.rtf": make_rtf(WORDS),
    "a.doc": make_doc(WORDS),
    "a.xls": make_xls([[WORDS, 1.5], ["Zweite Zeile", 2]]),
    "a.ppt": make_ppt("Titel", WORDS),
    "a.msg": make_outlook("Betreff", WORDS),
    "a.html": f"<html><head><meta charset='utf-8'><title>x</title></head><body><p>{WORDS}</p></body></html>".encode(),
    "a.csv": f"Posten;Wert\r\n{WORDS};1\r\n".encode("cp1252"),
    "a.txt": ("\ufeff" + WORDS).encode("utf-16"),
    "a.ics": make_calendar(WORDS),
    "a.vcf": make_contact(WORDS),
    "a.eml": make_mail(WORDS),
    "winmail.dat": make_tnef(WORDS, {"notiz.txt": b"Anhang"}),
    "a.zip": pack({"ordner/a.docx": make_docx(WORDS), "bild.png": b"\x89PNG\r\n\x1a\n\0\0"}),
    "a.csv.gz": gzip.compress(f"Posten;Wert\r\n{WORDS};1\r\n".encode(), mtime=0),
    "a.tar": make_tar({"ordner/a.docx": make_docx(WORDS), "bild.png": b"\x89PNG\r\n\x1a\n\0\0"}),
    "a.tar.bz2": bz2.compress(make_tar({"a.txt": WORDS.encode()})),
    "a.html.xz": lzma.compress(f"<meta charset=utf-8><p>{WORDS}</p>".encode()),
    "mail in mail.eml": make_mail("Siehe Anhang", {"a.pdf": make_pdf(WORDS)}),
}
