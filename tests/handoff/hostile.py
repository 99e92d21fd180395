"""Mail that wants to act: made-up messages in which every part attacks whoever shows it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

from trail.model import Address
from trail.parse.harmless import read_clean_html
from trail.parse.message import parse_whole

TRACKER = "tracker.invalid"
SCRIPT = "document.title='ran'"
HOSTILE = (
    f'<script>{SCRIPT}</script><img src=x onerror="{SCRIPT}">"><svg onload={SCRIPT}>'
    "\u202e</bdi></title></style></script></noscript><!--\u2028\u2029\0\x1b[2J"
)
LONG = "A name that does not end " * 12 + "\u202egpj.exe"
WORDS = (
    "Ærøskøbing",
    "Straße",
    "naïve",
    "İstanbul",
    "ﬁnance",
    "Σίσυφος",
    "русский",
    "日本語",
    "本",
    "O\u2019Brien",
    "2024-031",
)


def make_png(width=7, height=5) -> bytes:
    def piece(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # fmt: skip

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xc8\x52\x3a" * width) * height
    return b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", zlib.compress(rows)) + piece(b"IEND", b"")  # fmt: skip


PHISHING = f"""<html><head><title>x</title><base href="http://{TRACKER}/base/">
<meta http-equiv="refresh" content="0; url=http://{TRACKER}/refresh"><link rel="stylesheet" href="http://{TRACKER}/s.css">
<style>body {{ background: url(http://{TRACKER}/css.png); position: fixed }} @import "http://{TRACKER}/i.css";</style></head>
<body background="http://{TRACKER}/bg.png" onload="{SCRIPT}">
<h1>Your <b>account</b></h1>
<script>{SCRIPT}</script><script src="http://{TRACKER}/s.js"></script><svg><script>{SCRIPT}</script></svg>
<p id="seen">Please <a href="javascript:{SCRIPT}">confirm</a> at <a href="http://{TRACKER}/login?to=you">www.bank.example</a>.</p>
<a href="data:text/html,<script>{SCRIPT}</script>">data</a> <a href=" &#106;avascript:{SCRIPT}">entity</a>
<a href="file://{TRACKER}/share/x">share</a> <a href="https://honest.example/">https://honest.example</a>
<img src="http://{TRACKER}/pixel.gif" width=1 height=1><img src="//{TRACKER}/p2.gif"><img src="file://{TRACKER}/p3.gif">
<img srcset="http://{TRACKER}/p4.gif 2x" src="cid:logo@here" alt="logo"><img src="data:image/svg+xml,<svg onload={SCRIPT}>">
<img src="cid:drawing@here"><img src=x onerror="{SCRIPT}"><video src="http://{TRACKER}/v"></video><audio src="http://{TRACKER}/a" autoplay></audio>
<iframe src="http://{TRACKER}/f"></iframe><object data="http://{TRACKER}/o"></object><embed src="http://{TRACKER}/e">
<form action="http://{TRACKER}/form"><input name="password"><button>Send</button></form>
<div style="position:fixed;inset:0;z-index:9999;background-image:url(http://{TRACKER}/overlay.png)">overlay</div>
<div style="background-color:url(http://{TRACKER}/bc.png);width:expression({SCRIPT})">styled</div>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={SCRIPT}&gt;"></table></math>
<noscript><p title="</noscript><img src=x onerror={SCRIPT}>"></noscript>
</body></html>"""


def make_hostile_items(make_item):
    """Items for a bundle: the worst of each kind, and a few that are only letters."""
    logo = make_png()
    content = (
        b"From: Bank <bank@acme.example>\r\nTo: me@studio.example\r\nSubject: Confirm\r\nMessage-ID: <phish@acme.example>\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + PHISHING.encode() + b"\r\n"
        b"--b\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo@here>\r\nContent-Transfer-Encoding: binary\r\n"
        b"Content-Disposition: inline; filename=logo.png\r\n\r\n" + logo + b"\r\n"
        b"--b\r\nContent-Type: image/svg+xml; name=drawing.svg\r\nContent-ID: <drawing@here>\r\n"
        b"Content-Disposition: inline; filename=drawing.svg\r\n\r\n<svg xmlns='http://www.w3.org/2000/svg' onload=\""
        + SCRIPT.encode()
        + b'"/>\r\n--b--\r\n'
    )
    phishing = make_item(3, content=content)
    parsed, attachments = parse_whole(phishing.archived.key, content)
    deep = "<div>" * 1500 + "<b>deep</b>" + "</div>" * 1500
    return [
        make_item(1, subject="A quiet start", text="Hello Jane, the meadow is green."),
        make_item(2, subject="Re: A quiet start", text="It is. " + " ".join(WORDS), sender=Address("from", "Jane", "jane@acme.example")),
        replace(phishing, parsed=parsed, attachments=attachments, html=read_clean_html(content), texts=("", "")),
        replace(make_item(5, subject="Deep", text="deep"), html=read_clean_html(b"Content-Type: text/html\r\n\r\n" + deep.encode())),
        replace(
            make_item(
                40,
                subject=HOSTILE,
                text=HOSTILE + f"javascript:{SCRIPT} http://{TRACKER}/plain \ud800",
                quoted=HOSTILE,
                files=[(HOSTILE, b"x"), ("a & b #1?.pdf", b"y"), ("Größe 1.pdf", b"z"), (LONG, b"MZ"), ("page.html", b"<script>"),
                       ("run.svg", b"<svg/>"), ("fake.png", b"<html><script>document.title='ran'</script>"),
                       ("page.log", b"\xef\xbb\xbf\n <html><script>document.title='ran'</script>"), ("note.log", b"10:11 went well < 5 s")],
                sender=Address("from", HOSTILE, "javascript:alert(1)"),
                recipients=(Address("to", LONG, "x" * 300 + "@acme.example"), *(Address("to", HOSTILE, f"{n}{HOSTILE}") for n in range(60))),
            ),
            texts=("", "The quarterly forecast of elderflower", HOSTILE, "", "", "", "", "", ""),
        ),
    ]  # fmt: skip
