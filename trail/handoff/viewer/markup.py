"""Facts about mail as HTML. Every value that came with a mail passes through `isolate` or `escape`.

In: a Written. Out: markup in which nothing a sender wrote can act. Never: a `style` or an event attribute
(the page's policy refuses them), a link to anywhere but a file of the bundle.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING
from urllib.parse import quote

from trail.handoff.plain import many_lines, one_line
from trail.handoff.viewer.template import ROOT_MARK

if TYPE_CHECKING:
    from datetime import datetime

    from trail.handoff.companions import Written, WrittenFile
    from trail.model import Address

_TEXT_LIMIT = 20_000
_QUOTED_LIMIT = 5_000
_NAME_LIMIT = 200
_SUBJECT_LIMIT = 400
_PEOPLE_SHOWN = 2
_PEOPLE_LISTED = 50
_KIB = 1024
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def escape(text: str, limit: int = _SUBJECT_LIMIT) -> str:
    """Return one line of text for markup and attributes."""
    return html.escape(one_line(text, limit))


def isolate(text: str, limit: int = _SUBJECT_LIMIT) -> str:
    """Return one line whose direction marks end with it."""
    return f"<bdi>{escape(text, limit)}</bdi>"


def link(path: str) -> str:
    """Return the percent-encoded way to a file of the bundle, from whichever page it stands in."""
    return ROOT_MARK + html.escape(quote(path, safe="/"))


def format_size(size: int) -> str:
    """Return a size in words: `812 bytes`, `3.4 MB`."""
    if size < _KIB:
        return "1 byte" if size == 1 else f"{size} bytes"
    amount, units = size / _KIB, ["KB", "MB", "GB"]
    while amount >= _KIB and units[1:]:
        amount /= _KIB
        del units[0]
    return f"{amount:.{1 if amount < 10 else 0}f} {units[0]}"  # noqa: PLR2004  # two digits say enough


def format_day(at: datetime) -> str:
    """Return `5 March 2024`."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def format_month(month: str) -> str:
    """Return `March 2024` for `2024-03`."""
    year, _, number = month.partition("-")
    return f"{_MONTHS[int(number) - 1]} {int(year)}"


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 message`, `2,345 messages`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short_row(entry: Written) -> str:
    """Return the message as one line of the timeline; its text stands on its month's page."""
    page = f"{link(f'pages/{entry.month}.html')}#{entry.mailbag_id}"
    return (
        f'<li class="message{_direction(entry)}"><div class="line">{_when(entry)}{_who(entry)}'
        f'<a class="subject" href="{page}">{_subject(entry)}</a></div>{_files(entry)}</li>\n'
    )


def full_row(entry: Written) -> str:
    """Return the message with its text folded away."""
    return (
        f'<li class="message{_direction(entry)}"><details><summary class="line">{_when(entry)}'
        f'{_who(entry)}<span class="subject">{_subject(entry)}</span></summary>'
        f'<div class="reading" id="{entry.mailbag_id}">{_heads(entry)}{_text(entry)}'
        f'<p class="original"><a href="{link(entry.path)}">The original message (.eml)</a></p>'
        f"</div></details>{_files(entry)}</li>\n"
    )


def file_rows(entry: Written) -> str:
    """Return a row of the attachment table for each file."""
    sender = entry.envelope.sender
    who = _call(sender) if sender else ""
    return "".join(
        f'<tr><th scope="row">{_file_link(file)}</th><td class="kind">{escape(file.mime_type, 80)}</td>'
        f'<td class="number">{format_size(file.size)}</td>'
        f"<td>{_time(entry.at, entry.at.date().isoformat())}</td><td>{who}</td></tr>\n"
        for file in entry.files
    )


def _direction(entry: Written) -> str:
    return " sent" if entry.outgoing else ""


def _time(at: datetime, words: str) -> str:
    return f'<time datetime="{at.isoformat(timespec="seconds")}">{words}</time>'


def _when(entry: Written) -> str:
    at = entry.at
    day = f"{at.day} {_MONTHS[at.month - 1][:3]}"
    clock = f"{at.hour:02}:{at.minute:02}"
    return _time(at, f'{day} <span class="clock">{clock}</span>')


def _who(entry: Written) -> str:
    sender = entry.envelope.sender
    recipients = entry.envelope.recipients
    names = ", ".join(_call(a) for a in recipients[:_PEOPLE_SHOWN])
    if len(recipients) > _PEOPLE_SHOWN:
        names += f" +{len(recipients) - _PEOPLE_SHOWN:,}"
    first = _call(sender) if sender else "<i>unknown</i>"
    return (
        f'<span class="who">{first} <span class="to" aria-label="to">→</span> {names or "—"}</span>'
    )


def _call(address: Address) -> str:
    return isolate(address.name or address.address, 60)


def _subject(entry: Written) -> str:
    return (
        isolate(entry.envelope.subject) if entry.envelope.subject.strip() else "<i>no subject</i>"
    )


def _heads(entry: Written) -> str:
    at = entry.at
    rows = [
        f"<dt>Date</dt><dd>{_time(at, f'{format_day(at)}, {at.hour:02}:{at.minute:02} UTC')}</dd>"
    ]
    for role, label in (("from", "From"), ("to", "To"), ("cc", "Cc"), ("bcc", "Bcc")):
        people = [a for a in entry.envelope.addresses if a.role == role]
        if people:
            shown = ", ".join(_full_address(a) for a in people[:_PEOPLE_LISTED])
            more = f" and {len(people) - _PEOPLE_LISTED:,} more" if people[_PEOPLE_LISTED:] else ""
            rows.append(f"<dt>{label}</dt><dd>{shown}{more}</dd>")
    return f"<dl>{''.join(rows)}</dl>"


def _full_address(address: Address) -> str:
    bare = f'<bdi class="address">{escape(address.address, _NAME_LIMIT)}</bdi>'
    return f"{isolate(address.name, _NAME_LIMIT)} {bare}" if address.name else bare


def _text(entry: Written) -> str:
    body = many_lines(entry.text, _TEXT_LIMIT)
    markup = f'<div class="text" dir="auto">{html.escape(body)}</div>' if body else ""
    if len(entry.text) > _TEXT_LIMIT:
        markup += '<p class="cut">The rest is in the original message.</p>'
    if quoted := many_lines(entry.quoted, _QUOTED_LIMIT):
        cut = " …" if len(entry.quoted) > _QUOTED_LIMIT else ""
        markup += (
            '<details class="quoted"><summary>Quoted text</summary>'
            f'<div class="text" dir="auto">{html.escape(quoted)}{cut}</div></details>'
        )
    return markup or '<p class="cut">No readable text in this message.</p>'


def _files(entry: Written) -> str:
    if not entry.files:
        return ""
    items = "".join(
        f'<li>{_file_link(file)} <span class="size">{format_size(file.size)}</span></li>'
        for file in entry.files
    )
    return f'<ul class="files" aria-label="Attachments">{items}</ul>'


def _file_link(file: WrittenFile) -> str:
    stored = file.path.rpartition("/")[2]
    was = ""
    if file.name and file.name != stored:
        # What only changes how a name looks must not make an .exe look like a .jpg.
        visible = "".join(c if c.isprintable() else "\ufffd" for c in file.name[:_NAME_LIMIT])
        was = f' <span class="was">sent as {isolate(visible, _NAME_LIMIT)}</span>'
    return f'<a href="{link(file.path)}" download>{isolate(stored, _NAME_LIMIT)}</a>{was}'
