"""A sentence comes in; the days it names go out, reckoned from the day it was written.

English, Danish, German, French. Where a day can be read in two ways, as in `3/4/2026` from somebody who writes English,
it is not read. Must never raise.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AHEAD = 300
"""Days: a date without a year is not taken for one that lies farther ahead; it was then meant as past."""
_CENTURY = 2000
_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_SHORT = {
    "en": "jan feb mar apr - jun jul aug sep oct nov dec",
    "da": "jan feb mar apr - jun jul aug sep okt nov dec",
    "de": "jan feb mär apr - jun jul aug sep okt nov dez",
    "fr": "janv févr - avr - - juil - sept oct nov déc",
}
_WEEKDAYS = {
    "en": "monday tuesday wednesday thursday friday saturday sunday",
    "da": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
}
_NEAR = {
    "en": {"today": 0, "tonight": 0, "tomorrow": 1},
    "da": {"i dag": 0, "i morgen": 1, "i overmorgen": 2},
    "de": {"heute": 0, "morgen": 1, "übermorgen": 2},
    "fr": {"aujourd'hui": 0, "demain": 1, "après-demain": 2},
}
# `{m}` is a month, `{w}` a weekday.
_FORMS = {
    "en": (
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)?\s(?:of\s)?(?P<m>{m})\b\.?(?:,?\s(?P<y>\d{4})\b)?",
        r"(?P<m>{m})\b\.?\s(?:the\s)?(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?![:.]\d)(?:,?\s(?P<y>\d{4})\b)?",
        r"(?P<d>\d{1,2})/(?P<n>\d{1,2})/(?P<y>\d{4})\b",
        r"(?:the )?end of (?P<e>{m}|the month|this month|the week|this week)\b",
    ),
    "da": (
        r"(?P<d>\d{1,2})\.\s?(?P<m>{m})\b\.?(?:\s(?P<y>\d{4})\b)?",
        r"(?P<d>\d{1,2})/(?P<n>\d{1,2})\b(?!/)(?:[- ](?P<y>\d{4})\b)?",
        r"(?P<d>\d{1,2})[./-](?P<n>\d{1,2})[./-](?P<y>\d{4}|\d\d)\b",
        r"(?:udgangen af |slutningen af )(?P<e>{m}|måneden|ugen)\b",
    ),
    "de": (
        r"(?P<d>\d{1,2})\.\s?(?P<m>{m})\b\.?(?:\s(?P<y>\d{4})\b)?",
        r"(?P<d>\d{1,2})\.\s?(?P<n>\d{1,2})\.(?:\s?(?P<y>\d{4}|\d\d)\b)?(?!\d)",
        r"(?:zum )?ende (?P<e>{m}|des monats|der woche)\b",
    ),
    "fr": (
        r"(?P<d>\d{1,2})(?:er)?\s(?P<m>{m})\b\.?(?:\s(?P<y>\d{4})\b)?",
        r"(?P<d>\d{1,2})/(?P<n>\d{1,2})(?:/(?P<y>\d{4}|\d\d))?\b(?!/)",
        r"(?:la )?fin (?:de )?(?P<e>{m}|du mois|de la semaine|de semaine)\b",
    ),
}
_ISO = r"(?P<y>\d{4})-(?P<n>\d\d)-(?P<d>\d\d)\b"
_NEXT_WORDS = re.compile(
    r"\b(?:next|following|last|every|each|past|næste|sidste|hver|forrige|nächste[nrms]?|letzte[nrms]?|jeden|kommende[nrms]?|vorige[nrms]?|prochain|dernier|chaque)\s*$",
    re.IGNORECASE,
)
_AFTER_NEXT = re.compile(r"\s*(?:week|prochain|dernier|næste uge|nächster? woche)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """A day that is named from `start` to `end` of a sentence."""

    start: int
    end: int
    day: date


def find_days(sentence: str, language: str, sent_on: date) -> list[Named]:
    """Return the days in the order they are named; none where the language is not known."""
    reader = _READERS.get(language)
    if reader is None:
        return []
    found: list[Named] = []
    for named in reader(sentence, sent_on):
        if all(named.end <= other.start or named.start >= other.end for other in found):
            found.append(named)
    return sorted(found, key=lambda named: named.start)


def _make_reader(language: str) -> Callable[[str, date], Iterator[Named]]:
    months: dict[str, int] = {}
    for words in (_MONTHS[language], _SHORT[language]):
        months |= {word: n for n, word in enumerate(words.split(), 1) if word != "-"}
    if language == "en":
        months["sept"] = 9
    names = "|".join(sorted(months, key=len, reverse=True))
    weekdays = {word: n for n, word in enumerate(_WEEKDAYS[language].split())}
    forms = [
        re.compile(r"(?<![\w./-])" + form.replace("{m}", names), re.IGNORECASE)
        for form in (_ISO, *_FORMS[language])
    ]
    near = _NEAR[language]
    relative = re.compile(
        r"(?<!\w)(?:(?P<w>" + "|".join(weekdays) + r")|(?P<t>" + "|".join(map(re.escape, near)) + r"))(?!\w)",
        re.IGNORECASE,
    )  # fmt: skip

    def read(sentence: str, sent_on: date) -> Iterator[Named]:
        for form in forms:
            for match in form.finditer(sentence):
                if day := _read_date(match, months, language, sent_on):
                    yield Named(match.start(), match.end(), day)
        for match in relative.finditer(sentence):
            if word := match["t"]:
                day = sent_on + timedelta(days=near[word.lower()])
            elif _NEXT_WORDS.search(sentence, 0, match.start()) or _AFTER_NEXT.match(
                sentence, match.end()
            ):
                continue  # this week's or next week's? people differ
            else:
                ahead = (weekdays[match["w"].lower()] - sent_on.weekday()) % 7 or 7
                day = sent_on + timedelta(days=ahead)
            yield Named(match.start(), match.end(), day)

    return read


def _read_date(
    match: re.Match[str], months: dict[str, int], language: str, sent_on: date
) -> date | None:
    parts = match.groupdict()
    try:
        if parts.get("e"):
            return _read_end(parts["e"].lower(), months, sent_on)
        day = int(parts["d"])
        month = months[parts["m"].lower()] if parts.get("m") else int(parts["n"])
        if "/" in match[0] and language == "en" and day <= 12 and day != month:  # noqa: PLR2004 - the months there are
            return None
        if parts.get("y"):
            year = int(parts["y"])
            return date(year + _CENTURY if len(parts["y"]) == 2 else year, month, day)  # noqa: PLR2004 - digits
        return _next_such_day(month, day, sent_on)
    except (ValueError, OverflowError):
        return None


def _next_such_day(month: int, day: int, sent_on: date) -> date | None:
    for year in (sent_on.year, sent_on.year + 1):
        if day <= monthrange(year, month)[1] and (coming := date(year, month, day)) >= sent_on:
            return coming if (coming - sent_on).days <= AHEAD else None
    return None


def _read_end(word: str, months: dict[str, int], sent_on: date) -> date | None:
    if word in months:
        month = months[word]
        year = sent_on.year + (month < sent_on.month)
        last = date(year, month, monthrange(year, month)[1])
        return last if (last - sent_on).days <= AHEAD else None
    if "week" in word or word in {"ugen", "der woche", "de la semaine", "de semaine"}:
        return sent_on + timedelta(days=(4 - sent_on.weekday()) % 7)
    return sent_on.replace(day=monthrange(sent_on.year, sent_on.month)[1])


_READERS = {language: _make_reader(language) for language in _MONTHS}
