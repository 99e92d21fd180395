"""Messages as the world really sends them: broken, hostile, in old charsets. Written by hand, as bytes."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from email.header import Header
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Odd = tuple[str, bytes, datetime, tuple[str, ...]]
"""Folder, content, INTERNALDATE, flags."""


def iter_oddities() -> Iterator[Odd]:
    """Give each odd message."""
    seen = (r"\Seen",)
    yield "INBOX", _write_iso_2022_jp(), datetime(2025, 2, 5, 1, 30, 9, tzinfo=UTC), seen
    yield "INBOX", _write_broken_mime(), datetime(2025, 10, 14, 15, 2, 40, tzinfo=UTC), seen
    yield "INBOX", _write_hostile_name(), datetime(2026, 1, 21, 9, 14, 3, tzinfo=UTC), seen
    yield "Junk", _write_raw_8_bit(), datetime(2026, 3, 2, 3, 33, 33, tzinfo=UTC), ()


def _join(*lines: str | bytes) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines
    )


def _write_iso_2022_jp() -> bytes:
    """Japanese as it was written before UTF-8, seven bits at a time (RFC 1468)."""
    subject = Header("パッケージの件、ありがとうございます", "iso-2022-jp").encode()
    name = Header("佐藤 由美", "iso-2022-jp").encode()
    text = """フレヤ様

お世話になっております。桜貿易の佐藤です。

先日の抹茶缶のスケッチ、社内でとても好評でした。
特に桜の花びらが蓋まで続いている案(B案)を、社長が気に入っております。

見積書は今週中にいただけますでしょうか。
急がせてしまい申し訳ございません。よろしくお願いいたします。

佐藤"""
    return _join(
        "Received: from mail.sakura.example by mx.studio.example; Wed, 5 Feb 2025 10:30:02 +0900",
        "Date: Wed, 5 Feb 2025 10:30:00 +0900",
        f"From: {name} <y.sato@sakura.example>",
        "To: me@studio.example",
        f"Subject: {subject}",
        "Message-ID: <20250205103000.0AF1@sakura.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=iso-2022-jp",
        "Content-Transfer-Encoding: 7bit",
        "X-Mailer: Becky! ver. 2.65.07 [ja]",
        "",
        text.replace("\n", "\r\n").encode("iso-2022-jp"),
    )


def _write_broken_mime() -> bytes:
    """A boundary that is never closed, a part that lies about its encoding."""
    return _join(
        "Received: from scan.acme.example by mx.studio.example; Tue, 14 Oct 2025 16:02:35 +0100",
        "Date: Tue, 14 Oct 2025 16:02:31 +0100",
        "From: Scanner 2nd floor <scanner@acme.example>",
        "To: Freja Holm <me@studio.example>",
        "Subject: Scan from Acme, 2nd floor: signed approval, winter tins",
        "Message-ID: <scan-000417@acme.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_scan_2nd_floor"',
        "",
        "--=_scan_2nd_floor",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        "Jane Miller sent you a document from the scanner on the 2nd floor.",
        "",
        "--=_scan_2nd_floor",
        'Content-Type: application/pdf; name="approval-winter-tins.pdf"',
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="approval-winter-tins.pdf"',
        "",
        b64encode(b"%PDF-1.4\n% the scanner ran out of memory here").decode()[:-3],
    )


def _write_hostile_name() -> bytes:
    """An attachment whose name wants to be somewhere else."""
    return _join(
        "Received: from mail.acme.example by mx.studio.example; Wed, 21 Jan 2026 09:13:58 +0000",
        "Date: Wed, 21 Jan 2026 09:13:55 +0000",
        "From: Jane Miller <jane.miller@acme.example>",
        "To: Freja Holm <me@studio.example>",
        "Subject: Fwd: supplier's label template, with an odd name",
        "Message-ID: <odd-template.20260121@acme.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_template"',
        "",
        "--=_template",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Hi Freja,",
        "",
        "the new bottle supplier sent this template. My computer refuses to save it under the",
        "name it came with, and I can see why. Could you have a look, and could you tell them,",
        "kindly, that files do not live there?",
        "",
        "Jane",
        "",
        "--=_template",
        "Content-Type: text/plain; charset=utf-8",
        'Content-Disposition: attachment; filename="../../etc/passwd"',
        "",
        "bottle 250 ml: label 62 x 88 mm, bleed 2 mm, glue edge left",
        "bottle 500 ml: label 74 x 104 mm, bleed 2 mm, glue edge left",
        "--=_template--",
    )


def _write_raw_8_bit() -> bytes:
    """Latin-1 without saying so, a date that cannot be, no Message-ID."""
    return _join(
        "Date: 31 Feb 2026 25:61:00 +9900",
        "From: =?iso-8859-1?Q?Tr=E6ning_p=E5_recept?= <klub@traening.example>",
        "To: undisclosed-recipients:;",
        "Subject: Gør dig klar til sommeren på 14 dage".encode("latin-1"),
        "",
        "Kære kunde! Vi har født en ny måde at løbe på. Betal før mandag.".encode("latin-1"),
    )
