"""A message's fields and texts come in; what mail-parser makes of them goes out (it lives here only).

mail-parser sees what it reads well: the fields, and body texts already decoded. Attachments and
inner messages are kept from it: it would mix their text into the body, give the nameless a random
name, and hold them many times over. Must never let it write a file or log a word.
"""

from __future__ import annotations

import logging
import re
from email.message import Message
from typing import TYPE_CHECKING

from trail.parse.body import Text
from trail.parse.headers import unfold
from trail.parse.plain import ADDRESS_FIELDS, DATE_FIELDS, is_plain

if TYPE_CHECKING:
    from trail.parse.headers import Field

# It logs header values, which no log of ours may carry.
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)

_JUDGED = ADDRESS_FIELDS | DATE_FIELDS | {"received"}
_FIELDS_LIMIT = 300
_VALUE_LIMIT = 8192
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def diagnose(fields: list[Field], texts: list[Text]) -> tuple[list[Text], list[str]]:
    """Have mail-parser read the fields and texts; give its texts and the defects it found.

    It judges addresses, dates and traces only, and is shown those that are not plainly well formed: where all are, it is
    not asked at all. Raises whatever mail-parser raises.
    """
    judged = [
        (field.name, unfold(field.value[:_VALUE_LIMIT]))
        for field in fields[:_FIELDS_LIMIT]
        if field.name in _JUDGED
    ]
    doubtful = [(name, value) for name, value in judged if not is_plain(name, value)]
    if not doubtful:
        return texts, []
    import mailparser  # noqa: PLC0415 - slow to import, and seldom needed

    message = Message()
    for name, value in doubtful:
        message[name] = value
    message["Content-Type"] = "multipart/mixed"
    message.set_payload([_wrap(text) for text in texts])
    parser = mailparser.MailParser(message)
    plain, html = iter(parser.text_plain), iter(parser.text_html)
    read = [Text(text.is_html, next(html if text.is_html else plain)) for text in texts]
    defects = [
        f"mail-parser: {_HUMP.sub(' ', category).lower()}"
        for category in sorted(parser.defects_categories)
    ]
    return read, defects


def _wrap(text: Text) -> Message:
    part = Message()
    part["Content-Type"] = f"text/{'html' if text.is_html else 'plain'}; charset=utf-8"
    part.set_payload(text.markup)
    return part
