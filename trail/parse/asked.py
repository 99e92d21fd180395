"""One sentence comes in; what it wants of its reader goes out, or why it only seems to want something. Must never raise.

What `trail.parse.statements` is sure of, and the wider turns of speech of `trail.parse.wants`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from trail.parse import civilities, wants
from trail.parse.statements import LANGUAGES, find_due, is_question, says, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from trail.model import NeedKind

SHORT = 80
"""Words of a message that is read with less doubt: whoever writes a line and a question mark asks."""
_LONG = 400
"""Words of a message that is likely an article: what it asks, it asks everybody, unless it speaks to the reader."""
_BRIEF = 4
"""Words of a question that needs no verb."""
_WORD = re.compile(r"\w+")
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon)|morning|hej|hejsa|kaere|hallo|liebe[rs]?|guten (?:tag|morgen)|moin|ey|sehr geehrte[rs]?|bonjour|salut|cher|chere|coucou)(?: [\w.-]{1,20}){0,3}[,!:]+ "
)


class Asked(NamedTuple):
    """What a sentence wants of its reader; `kind` is "" and `doubt` says why where it only seems to."""

    kind: NeedKind
    sentence: str
    due: date | None = None
    doubt: str = ""
    is_sure: bool = True
    """False where only a wider turn of speech says so."""


class Sentence(NamedTuple):
    """A sentence as written and as `wants.fold` gives it, the one after it, and the languages it may be in."""

    written: str
    folded: str
    following: str
    known: tuple[str, ...]
    words: int
    """Words of its message."""


def find_asked(sentence: Sentence, sent_on: date) -> Asked | None:
    """Return what it wants of its reader; None where it wants nothing."""
    bare = _GREETING.sub("", sentence.folded, count=1)
    kind, is_sure = _find_kind(sentence, bare)
    if not kind or matches(civilities.COURTESY, bare, sentence.known):
        return None
    if matches(civilities.WAIT, bare, sentence.known):
        return Asked("", sentence.written, doubt="asks to wait")
    if "?" in sentence.written[-8:] and (why := _doubt(bare, sentence.following)):
        return Asked("", sentence.written, doubt=why)
    words = frozenset(_WORD.findall(sentence.written.lower()))
    days = (find_due(sentence.written, words, each, sent_on) for each in sentence.known)
    due = next((day for day in days if day), None)
    if kind == "deadline" and (not due or matches(civilities.NOT_THE_READER, bare, sentence.known)):
        return None
    return Asked(kind, shorten(sentence.written), due, is_sure=is_sure)


def _find_kind(sentence: Sentence, bare: str) -> tuple[NeedKind, bool]:
    if "?" in sentence.written[-8:] and _is_asked(sentence, bare):
        return "question", True
    words = frozenset(_WORD.findall(sentence.written.lower()))
    if says("REQUEST", sentence.written, words, sentence.known):
        return "request", True
    if any(_wants(each, bare) for each in sentence.known):
        return "request", False
    return (
        ("deadline", False) if matches(civilities.DUE_ALONE, bare, sentence.known) else ("", False)
    )


def _is_asked(sentence: Sentence, bare: str) -> bool:
    count = len(bare.split())
    if count <= _BRIEF and finds(civilities.BRIEF, bare):
        return True
    if sentence.words > _LONG and not finds(civilities.PERSON, bare):
        return False
    if is_question(sentence.written, sentence.known):
        return True
    return count > 1 and (sentence.words < SHORT or finds(civilities.SECOND_PERSON, bare))


def _doubt(bare: str, following: str) -> str:
    """Why a question is none that awaits an answer; "" when it may be one."""
    if matches(civilities.PLEASANTRY, bare, LANGUAGES):
        return "pleasantry"
    if matches(civilities.RHETORICAL, bare, LANGUAGES):
        return "rhetorical"
    if bare.rstrip().endswith("!") and not finds(civilities.SECOND_PERSON, bare):
        return "rhetorical"  # "Do we look like a shop?!"
    following = wants.fold(following)
    if finds(civilities.ANSWERED, following):
        return "rhetorical"
    told = _compile(civilities.EXPLAINED).search(bare)
    return "rhetorical" if told and following.startswith(told[1]) else ""


@cache
def _index(language: str) -> dict[str, tuple[re.Pattern[str], ...]]:
    """The patterns of WANTS by the small words they are tried for."""
    found: dict[str, tuple[re.Pattern[str], ...]] = {}
    for words, pattern in wants.WANTS.get(language, ()):
        for word in words.split():
            found[word] = (*found.get(word, ()), _compile(pattern))
    return found


def _wants(language: str, bare: str) -> bool:
    index = _index(language)
    words = index.keys() & set(_WORD.findall(bare))
    return any(pattern.search(bare) for word in words for pattern in index[word])


def matches(patterns: Mapping[str, str], folded: str, known: tuple[str, ...]) -> bool:
    """Whether the pattern of one of these languages is found in a folded text."""
    return any(finds(patterns[each], folded) for each in known if each in patterns)


def finds(pattern: str, folded: str) -> bool:
    """Whether a pattern is found in a folded text."""
    return _compile(pattern).search(folded) is not None


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
