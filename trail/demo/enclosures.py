"""Attachments made from a line of text: small, valid, and the same every time.

"kind file name | line | line" in, media type, file name and bytes out. Kinds:
    pdf     a page with these lines (what cp1252 can write); the first is the title
    png     a label in a colour, "#c8553d"
    csv     rows; txt  lines
    ics     an appointment: what | from (20250304T100000Z) | until | where
"""

from __future__ import annotations

import struct
import zlib

WIDTH, HEIGHT = 48, 32
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
    b" /Resources << /Font << /F1 4 0 R >> >> >>"
)


def make_enclosure(source: str) -> tuple[str, str, bytes]:
    """Make an attachment. Raises KeyError for a kind that there is not."""
    head, *lines = [part.strip() for part in source.split(" | ")]
    kind, _, name = head.partition(" ")
    match kind:
        case "pdf":
            return "application/pdf", name, write_pdf(lines)
        case "png":
            return "image/png", name, draw_png(*lines)
        case "csv":
            return "text/csv", name, _join(lines)
        case "txt":
            return "text/plain", name, _join(lines)
        case "ics":
            return "text/calendar", name, _write_appointment(*lines)
        case _:
            raise KeyError(kind)


def _join(lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode()


def _write_appointment(title: str, start: str, end: str, place: str) -> bytes:
    """An iCalendar object with one event (RFC 5545, section 3.6.1)."""
    return _join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Holm Studio//Calendar//EN",
            "BEGIN:VEVENT",
            f"UID:{start}@studio.example",
            f"DTSTAMP:{start}",
            f"DTSTART:{start}",
            f"DTEND:{end}",
            f"SUMMARY:{title}",
            f"LOCATION:{place}",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
    )


def write_pdf(lines: list[str]) -> bytes:
    """A page of text in Helvetica, its first line larger (ISO 32000-1, annex H)."""
    shown = []
    for number, line in enumerate(lines):
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        size, step = (18, 0) if number == 0 else (11, 22)
        shown.append(f"/F1 {size} Tf 0 -{step} Td ({escaped}) Tj")
    stream = ("BT 72 760 Td\n" + "\n".join(shown) + "\nET\n").encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%sendstream" % (len(stream), stream),
    ]
    document = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return document + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(document))
    )


def draw_png(colour: str) -> bytes:
    """A label: a band of the colour on cream, with a border (PNG, third edition)."""
    palette = bytes.fromhex("f4ecdc" + colour.removeprefix("#") + "2b2b2b")
    rows = b"".join(b"\0" + bytes(_pick(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _write_chunk(kind, content)
        for kind, content in (
            (b"IHDR", header),
            (b"PLTE", palette),
            # not compressed, because compressors differ between machines
            (b"IDAT", zlib.compress(rows, 0)),
            (b"IEND", b""),
        )
    )


def _pick(x: int, y: int) -> int:
    if x in (0, WIDTH - 1) or y in (0, HEIGHT - 1):
        return 2
    return 1 if HEIGHT // 4 <= y < HEIGHT * 3 // 4 else 0


def _write_chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
