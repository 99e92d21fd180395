"""A sentence that speaks of a bill comes in; its number and its amount go out, as they are written. Must never raise."""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"(?:s?(?:nummer|number)|\s*(?:no|nr|number|nummer|n°|num[ée]ro)?\.?)?\s*[:#]?\s*(?P<n>(?-i:[A-Z]{1,6}[-/_ ]?)?\d[\w]*(?:[-/_.]\w+)*)",
    re.IGNORECASE,
)
_CURRENCY = r"(?:EUR|USD|GBP|DKK|SEK|NOK|CHF|€|\$|£|kr\.?|Euro|dollars)"
_FIGURE = r"\d{1,3}(?:[.,' ]\d{3})*(?:[.,](?:\d\d|-))?(?!\d)|\d+(?:[.,]\d\d)?(?!\d)"
_AMOUNT = re.compile(
    rf"(?<![\w.])(?:{_CURRENCY}\s?(?:{_FIGURE})|(?:{_FIGURE})\s?{_CURRENCY})(?![a-z])",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d")
_A_DATE = re.compile(r"\d{1,2}(?:st|nd|rd|th)$|(?:19|20)\d\d$", re.IGNORECASE)
_FEWEST_DIGITS = 2


def read_bill(sentence: str, end: int) -> str:
    """Return the number that follows the word for a bill, which ends at `end`, and the amount; "" where there is neither."""
    parts = []
    amount = _AMOUNT.search(sentence)
    number = _NUMBER.match(sentence, end)
    if number and not (amount and number.start("n") == amount.start()):
        name = number["n"].strip().rstrip(".,;:")
        if len(_DIGITS.findall(name)) >= _FEWEST_DIGITS and not _A_DATE.fullmatch(name):
            parts.append(name)
    if amount:
        parts.append(amount[0].strip())
    return ", ".join(parts)
