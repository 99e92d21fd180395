"""A header's value comes in; whether it is so plainly well formed that nobody could find fault with it goes out.

Most headers are, and a pattern tells in microseconds what a diagnosis takes a millisecond to confirm. In doubt the answer
is no. Must never say yes to what mail-parser finds a defect in: the tests hold it to that.
"""

from __future__ import annotations

import re
from datetime import date

ADDRESS_FIELDS = frozenset({"from", "to", "cc", "bcc", "reply-to", "delivered-to"})
DATE_FIELDS = frozenset({"date", "resent-date"})
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*+@{_ATOM}(?:\.{_ATOM})*+"
# Without encoded words, which may be broken inside.
_WORD = r"[A-Za-z0-9!#$%&'*+/^_`{|}~.-]++"
_QUOTED = r"\"[A-Za-z0-9 !#$%&'()*+,./:;@^_`{|}~-]++\""
_NAME = rf"(?:{_WORD}(?: {_WORD})*+|{_QUOTED})"
_MAILBOX = rf"(?:{_NAME} <{_ADDRESS}>|{_ADDRESS}(?: \([A-Za-z0-9 .'-]++\))?|<{_ADDRESS}>)"
_MAILBOXES = re.compile(rf"(?:{_MAILBOX}(?:,[ \t]*+{_MAILBOX})*+)?")
_DATE = re.compile(
    rf"(?:({'|'.join(_DAYS)}),[ \t]++)?([0-9]{{1,2}})[ \t]++({'|'.join(_MONTHS)})[ \t]++((?:19|20)[0-9]{{2}})"
    r"[ \t]++(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][ \t]++(?:[+-][01][0-9][0-5][0-9](?:[ \t]++\([A-Za-z ]++\))?|GMT|UT|[ECMP][SD]T)"
)
# Comments two levels deep and literals one, nothing quoted, and a single semicolon: before the date.
_COMMENT = r"\([^()\"\\]*+(?:\([^()\"\\]*+\)[^()\"\\]*+)*+\)"
_TRACE = re.compile(
    rf"(?:[^()<>\[\]\"\\;]++|{_COMMENT}"
    r"|\[[^\[\]()<>\"\\;]*+\]|<[^()<>\[\]\"\\;]*+>)*+;[ \t]++([^;]*+)"
)


def is_plain(name: str, value: str) -> bool:
    """Whether `value`, unfolded, is plainly well formed for the field `name` (in lower case)."""
    if not value.isascii():
        return False
    if name in ADDRESS_FIELDS:
        return bool(_MAILBOXES.fullmatch(value))
    if name in DATE_FIELDS:
        return _is_date(value)
    if name == "received":
        trace = _TRACE.fullmatch(value)
        return trace is not None and _is_date(trace[1])
    return True


def _is_date(value: str) -> bool:
    found = _DATE.fullmatch(value)
    if not found:
        return False
    weekday, day, month, year = found.groups()
    try:
        when = date(int(year), _MONTHS.index(month) + 1, int(day))
    except ValueError:
        return False
    return weekday is None or _DAYS[when.weekday()] == weekday
