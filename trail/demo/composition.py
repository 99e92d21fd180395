"""A letter made into a message: headers, quotation, signature, HTML, attachments.

In: a letter and those it answers. Out: bytes with CRLF line ends, the same every time.
"""

from __future__ import annotations

import html
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from trail.demo.enclosures import draw_png, make_enclosure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trail.demo.letters import Letter
    from trail.demo.people import Person

LOGO = draw_png("#c8553d")


def compose(letter: Letter, letters: Mapping[str, Letter]) -> bytes:
    """Give the finished message."""
    return _build(letter, letters).as_bytes()


def _build(letter: Letter, letters: Mapping[str, Letter]) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    _write_headers(message, letter, letters)
    text = _write_text(letter, letters)
    message.set_content(text, charset=letter.charset)
    if letter.html:
        _add_html(message, letter, text)
    for attachment in letter.attachments:
        kind, name, content = make_enclosure(attachment)
        maintype, _, subtype = kind.partition("/")
        params = {"charset": "utf-8"} if maintype == "text" else {}
        message.add_attachment(
            content, maintype=maintype, subtype=subtype, filename=name, params=params
        )
    if letter.encloses:
        message.add_attachment(_build(letters[letter.encloses], letters))
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            # the library would draw its boundaries by chance
            part.set_boundary(f"=_{letter.name}_{number}")
    return message


def _write_headers(message: EmailMessage, letter: Letter, letters: Mapping[str, Letter]) -> None:
    if letter.folders[0] not in ("Sent", "Drafts"):
        domain = letter.sender.partition("@")[2]
        received = format_datetime(letter.sent_at)
        message["Delivered-To"] = "me@studio.example"
        message["Received"] = f"from mail.{domain} by mx.studio.example with ESMTPS; {received}"
    message["Date"] = letter.sent_at
    message["From"] = _write_addresses([letter.author])
    for header, people in (("To", letter.to), ("Cc", letter.cc), ("Bcc", letter.bcc)):
        if people:
            message[header] = _write_addresses(people)
    message["Subject"] = letter.subject or _write_answer_subject(letter, letters)
    message["Message-ID"] = letter.message_id
    ancestors = _list_ancestors(letter, letters)
    if ancestors:
        message["In-Reply-To"] = ancestors[-1]
        message["References"] = " ".join(ancestors)
    if letter.list_id:
        message["List-Id"] = f"<{letter.list_id}>"
    if letter.author.program:
        message["User-Agent"] = letter.author.program


def _write_addresses(people: Iterable[Person]) -> list[Address]:
    return [Address(person.name, addr_spec=person.address) for person in people]


def _write_answer_subject(letter: Letter, letters: Mapping[str, Letter]) -> str:
    first = letter
    while not first.subject:
        first = letters[first.answers]
    return first.subject if first.subject.startswith("Re:") else f"Re: {first.subject}"


def _list_ancestors(letter: Letter, letters: Mapping[str, Letter]) -> list[str]:
    """The Message-IDs for References, oldest first (RFC 5322, section 3.6.4)."""
    ancestors: list[str] = []
    while letter.answers:
        letter = letters[letter.answers]
        ancestors.insert(0, letter.message_id)
    return ancestors


def _write_text(letter: Letter, letters: Mapping[str, Letter]) -> str:
    text = letter.text
    if letter.author.signature:
        text += f"\n\n-- \n{letter.author.signature}"
    if letter.answers and letter.quotes:
        quoted = letters[letter.answers]
        introduction = letter.author.introduce(quoted.author, quoted.sent_at)
        lines = "\n".join(f"> {line}".rstrip() for line in quoted.text.splitlines())
        text += f"\n\n{introduction}\n{lines}"
    return text + "\n"


def _add_html(message: EmailMessage, letter: Letter, text: str) -> None:
    paragraphs = "\n".join(
        "<p>" + html.escape(paragraph).replace("\n", "<br>\n") + "</p>"
        for paragraph in text.strip().split("\n\n")
    )
    picture = f"picture.{letter.name}@{letter.sender.partition('@')[2]}"
    message.add_alternative(
        "<!doctype html>\n<html><head><style>p { font-family: Georgia, serif }</style></head>\n"
        f'<body>\n<img src="cid:{picture}" alt="" width="48" height="32">\n{paragraphs}\n'
        "</body></html>\n",
        subtype="html",
    )
    version = message.get_body(("html",))
    assert version is not None
    version.add_related(LOGO, maintype="image", subtype="png", cid=f"<{picture}>")
