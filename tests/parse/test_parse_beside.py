"""What only the HTML of a message says is found; what both say is not said twice."""

from __future__ import annotations

import time
from email.message import EmailMessage

from archive.archiving import put
from test_catchup import hits
from test_documents import index

from trail.archive.store import writing_archive
from trail.parse.beside import HTML_LIMIT, find_beside
from trail.parse.message import parse_message

LETTER = "Dear Jane, here is the offer you asked for last week; it holds until the end of May. " * 5


def make(plain, html):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "offer"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    return message.as_bytes().replace(b"\n", b"\r\n")


def test_a_table_that_the_plain_text_lacks_is_found_row_by_row():
    html = f"<p>{LETTER}</p><table><tr><td>Zwetschge</td><td>12,50</td></tr><tr><td>Mirabelle</td><td>7,00</td></tr></table>"
    parsed = parse_message("", make(LETTER, html))
    assert parsed.text.split() == LETTER.split()
    assert parsed.beside == "Zwetschge 12,50\nMirabelle 7,00"


def test_html_that_says_the_same_adds_nothing():
    for plain, html in (
        (LETTER, f"<style>p {{color: red}}</style><!-- x --><p>{LETTER.replace(' ', ' <b></b>')}</p>"),
        ("Grüße & Küsse, *fett*, don't", "<p>Gr&uuml;&szlig;e &amp; K&#252;sse, <b>fett</b>, don&rsquo;t</p>"),
        ("見積書を送り\nます。よろしく", "<div>見積書を送ります。<br>よろしく</div>"),
        ("> gestern\n\nheute", "<blockquote>gestern</blockquote><p>Heute</p>"),
    ):  # fmt: skip
        assert find_beside(plain, html) == ("", "")


def test_a_quoted_line_of_the_html_is_quoted():
    html = f"<p>{LETTER}</p><p>Kirsche</p><blockquote>{LETTER}<p>Pflaume</p></blockquote>"
    parsed = parse_message("", make(f"{LETTER}\n\n> {LETTER}", html))
    assert parsed.beside == "Kirsche"
    assert parsed.quoted.endswith("\n\nPflaume")


def test_html_without_end_is_left_alone_and_hostile_html_takes_no_longer_than_it_is_long():
    assert find_beside("a", "<p>b</p>" + " " * HTML_LIMIT) == ("", "")
    for piece in (
        "<style",
        "<script>",
        "<!--",
        "<!-",
        "<title><",
        "<",
        "<style></",
        "<a <",
        "&#",
        "&" * 40,
    ):
        html = piece * ((HTML_LIMIT - 10) // len(piece))
        began = time.process_time()
        find_beside("a", html)
        assert time.process_time() - began < 30  # not hours
    assert find_beside("a", "<style>b")[0] == ""


def test_what_is_wrong_with_the_html_is_no_defect_of_a_message_with_a_text():
    content = make(LETTER, "<p>x</p>").replace(b'text/html; charset="utf-8"', b'text/html; charset="nonsense"')  # fmt: skip
    assert parse_message("", content).defects == ()


def test_words_of_the_html_are_found_as_words_of_the_body(tmp_path):
    html = f"<p>{LETTER}</p><table><tr><td>Zwetschge</td><td>12,50</td></tr></table>"
    with writing_archive(tmp_path) as archive:
        keys = put(archive, make(LETTER, html))
        index(archive)
    for query in (
        "zwetschge",
        "body:zwetschge",
        '"zwetschge 12,50"',
        "offer mirabelle OR zwetschge",
    ):
        assert hits(tmp_path, query) == keys
    # the end of the text and the beginning of the table are not side by side
    assert hits(tmp_path, '"may zwetschge"') == []
