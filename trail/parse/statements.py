"""What an author wrote comes in; what they appear to ask, promise, agree, bill and set days for goes out, sentence by sentence.

Rules only, in English, Danish, German and French (`trail.parse.phrases`); each statement carries the sentence it was found
in. Precision before recall: what may or may not be one, is none. Must never raise, and never read what is only quoted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from trail.model import Statement
from trail.parse import phrases
from trail.parse.bills import read_bill
from trail.parse.days import find_days
from trail.parse.jobs import find_job
from trail.parse.sentences import split_sentences
from trail.parse.threads import normalise_subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from trail.model import ParsedMessage, StatementKind

LANGUAGES = ("en", "da", "de", "fr")
"""Those whose turns of speech are known. Questions are known in every language that asks with `?`."""
STATEMENT_LIMIT = 40
"""Of a message."""
SHOWN = 300
"""Characters of a sentence that are kept."""
FARTHEST = 3 * 366
"""Days: what is due later is no deadline."""
SPEECH = re.compile(
    r"[\"\u201c\u201e\u00ab][^\"\u201c\u201d\u00bb]*\s[^\"\u201c\u201d\u00bb]*[\"\u201c\u201d\u00bb]"
)
_WORD = re.compile(r"\w+")
_ASKED = re.compile(
    r"\w.*[\w)\]%][\"'”\u2019»)\s]*\?+[\"'”\u2019»)]*(?:\s*[:;]-?[)DP(])?$", re.DOTALL
)
_QUOTING = re.compile(
    r"^(?:\w{1,5}> ?)?[\"“„«\u2018>]|^\w{1,5}>|^\W*(?:q|f|faq)[:.]", re.IGNORECASE
)
_FEWEST_WORDS = 3
_LEAD = 90
"""Characters before a day in which the words stand that make it a day something is due."""
_SURELY = {"no": "da"}
"""Written Norwegian is near enough to Danish."""
_GATES = {table: frozenset(words.split()) for table, words in phrases.GATES.items()}
_DUE, _WITHIN, _BILL = (_GATES[table] for table in ("DUE", "WITHIN", "BILL"))


def find_statements(
    text: str, language: str, sent_at: datetime, subject: str = ""
) -> tuple[Statement, ...]:
    """Return what is stated in `text`, in order; `language` as in ISO 639-1, "" where it is not known.

    `subject` adds the bill that it names. Days are reckoned from `sent_at`, in its zone.
    """
    language = _SURELY.get(language, language)
    sent_on = sent_at.date()
    found: list[Statement] = []
    if subject:
        title = normalise_subject(subject)
        words = frozenset(_WORD.findall(title.lower()))
        found += _find_bill(title, words, (language,) if language else LANGUAGES)
    for sentence in split_sentences(text):
        for statement in read_sentence(sentence, language, sent_on):
            if all((s.kind, s.sentence) != (statement.kind, statement.sentence) for s in found):
                found.append(statement)
        if len(found) >= STATEMENT_LIMIT:
            break
    return tuple(found[:STATEMENT_LIMIT])


def add_statements(parsed: ParsedMessage, received_at: datetime) -> ParsedMessage:
    """Return the message with what its author states, and what they sign as; days are reckoned from when it was sent."""
    if parsed.automatic and parsed.automatic != "mailing list":
        return parsed
    envelope = parsed.envelope
    sent_at = envelope.sent_at or received_at
    try:
        found = find_statements(parsed.text, parsed.language, sent_at, envelope.subject)
        job = find_job(parsed.text, envelope.sender.name) if envelope.sender else ""
    except Exception:  # noqa: BLE001 - one odd text never stops a hand-off
        return parsed
    return replace(parsed, statements=found, job=job) if found or job else parsed


def read_sentence(sentence: str, language: str, sent_on: date) -> Iterator[Statement]:
    """Yield what one sentence states; `language` as in ISO 639-1, "" where it is not known."""
    if _QUOTING.search(sentence):
        return
    known = (language,) if language else LANGUAGES
    words = frozenset(_WORD.findall(sentence.lower()))
    told = SPEECH.sub(
        "…", sentence
    )  # what somebody else is said to have said, the author does not say
    due = next((day for each in known if (day := find_due(sentence, words, each, sent_on))), None)
    asked = is_question(told, known)
    if asked:
        yield _state("question", sentence, due)
    elif says("REQUEST", told, words, known):
        if not _matches(phrases.CONDITION, sentence, known):
            yield _state("request", sentence, due)
    elif says("PROMISE", told, words, known) and not _matches(phrases.CONDITION, sentence, known):
        yield _state("promise", sentence, due)
    if due and not asked:
        yield _state("deadline", sentence, due)
    if says("AGREEMENT", told, words, known) and not _matches(phrases.UNDECIDED, sentence, known):
        yield _state("agreement", sentence, due)
    yield from _find_bill(sentence, words, known)


def is_question(sentence: str, known: tuple[str, ...]) -> bool:
    """Whether it surely asks the reader something, in one of the languages `known`."""
    if sentence[-8:].find("?") < 0 or not _ASKED.search(sentence):
        return False
    if sentence.count("(") != sentence.count(")"):
        return False  # an aside, cut in two
    if len(sentence.split()) < _FEWEST_WORDS or _matches(phrases.PLEASANTRY, sentence, known):
        return False
    return known[0] not in LANGUAGES or _matches(phrases.ASKING, sentence, known)


def find_due(sentence: str, words: frozenset[str], language: str, sent_on: date) -> date | None:
    """The first day by which something is due, or on which somebody appears; None when it is past already."""
    if language not in LANGUAGES:
        return None
    if _WITHIN & words and (within := _compile(phrases.WITHIN[language]).search(sentence)):
        weeks = within[2].lower().startswith(("week", "uge", "woche", "semaine"))
        return sent_on + timedelta(days=int(within[1]) * (7 if weeks else 1))
    if not _DUE & words:
        return None
    after = _compile(phrases.DUE_AFTER[language])
    before = [_compile(table[language]) for table in (phrases.DUE, phrases.APPEARANCE)]
    for named in find_days(sentence, language, sent_on):
        lead = sentence[max(0, named.start - _LEAD) : named.start]
        is_due = any(words.search(lead) for words in before) or after.search(sentence[named.end :])
        if is_due and 0 <= (named.day - sent_on).days <= FARTHEST:
            return named.day
    return None


def _find_bill(sentence: str, words: frozenset[str], known: tuple[str, ...]) -> Iterator[Statement]:
    if not (_BILL & words or "rechnung" in sentence.lower()):
        return
    for each in known:
        if each in LANGUAGES and (word := _compile(phrases.BILL[each]).search(sentence)):
            if detail := read_bill(sentence, word.end()):
                yield Statement("invoice", shorten(sentence), None, detail)
            return


def says(table: str, sentence: str, words: frozenset[str], known: tuple[str, ...]) -> bool:
    """Whether a turn of speech of this table of `phrases` is in it; `words` are its words in small letters."""
    return bool(_GATES[table] & words) and _matches(getattr(phrases, table), sentence, known)


def _matches(patterns: Mapping[str, str], sentence: str, known: tuple[str, ...]) -> bool:
    return any(_compile(patterns[each]).search(sentence) for each in known if each in patterns)


def _state(kind: StatementKind, sentence: str, due: date | None) -> Statement:
    return Statement(kind, shorten(sentence), due)


def shorten(sentence: str) -> str:
    """Return it as it is kept: a very long one is cut and ends in "…"."""
    return sentence if len(sentence) <= SHOWN else sentence[: SHOWN - 1].rstrip() + "…"


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
