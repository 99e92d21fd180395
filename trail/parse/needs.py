"""A parsed message comes in; whether it awaits an answer, by which sentence, and what it says, goes out as a `Need`.

Rules only, in English, Danish, German and French (`trail.parse.wants`, `trail.parse.signals`), for mail of either side:
theirs, to which an answer of ours is due, and ours, which nobody may have answered. Only the author's own words are read,
never what is quoted or forwarded. Derived and repeatable. Must never raise, nor take more than linear time.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from trail.model import Need, Statement
from trail.parse import signals, wants
from trail.parse.addressee import Addressees
from trail.parse.language import COMMON, detect_language
from trail.parse.sentences import split_sentences
from trail.parse.statements import (
    LANGUAGES,
    SPEECH,
    find_due,
    find_statements,
    is_question,
    read_sentence,
    says,
    shorten,
)
from trail.parse.threads import normalise_subject

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, datetime

    from trail.model import NeedKind, ParsedMessage

RULES = 1
"""Rises whenever a rule changes: what was judged by an earlier number may be judged otherwise by this one."""
SAID_LIMIT = 60
"""Statements that are kept of a message."""
_SHORT = 80
"""Words of a message that is read with less doubt: whoever writes a line and a question mark asks."""
_FEW = 10
"""Words of a message whose question may be its subject."""
_BRIEF = 4
"""Words of a message that is nothing but a question."""
_END = re.compile(r"(?<=[?!])\s+(?=\w)")
_SMALL_END = re.compile(r"(?<=[?!])\s+(?=\w)|(?<=\w\w\w\.)\s+(?=[^\W\d_]{2})")
"""The same of people who write no capitals."""
_QUOTED = re.compile(r"(?:^|\s)\w{1,12}> ")
_WORD = re.compile(r"\w+")
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon)|morning|hej|hejsa|kaere|hallo|liebe[rs]?|guten (?:tag|morgen)|moin|ey|sehr geehrte[rs]?|bonjour|salut|cher|chere|coucou)(?: [\w.-]{1,20}){0,3}[,!:]+ "
)
_SHARE = 3
"""One word in so many has to be common in the language of the message, or the sentence may be in another."""
_ODD = {"no": "da"}


class _Found(NamedTuple):
    """A sentence that wants something of the reader."""

    kind: NeedKind
    sentence: str
    due: date | None


def judge(parsed: ParsedMessage, received_at: datetime, ours: Collection[str] = ()) -> Need:
    """Judge one message. `ours`: our own addresses, in lower case; without them, whatever is asked is asked of the reader.

    Days are reckoned from when it was sent, or else from `received_at`.
    """
    try:
        return _judge(parsed, received_at, ours)
    except Exception as error:  # noqa: BLE001 - one odd text never stops a round
        return Need(awaits=False, why_not=f"the rules failed: {type(error).__name__}")


def _judge(parsed: ParsedMessage, received_at: datetime, ours: Collection[str]) -> Need:
    people = Addressees(parsed.envelope, ours)
    if parsed.automatic and not (
        parsed.automatic == "mailing list" and people.named and not people.is_ours
    ):
        return Need(awaits=False, why_not=parsed.automatic)
    if _is_by_program(parsed):
        return Need(awaits=False, why_not="sent by a program")
    reading = _Reading(parsed, (parsed.envelope.sent_at or received_at).date(), people)
    reading.read()
    return reading.conclude()


class _Reading:
    """One message, sentence by sentence."""

    def __init__(self, parsed: ParsedMessage, sent_on: date, people: Addressees) -> None:
        self._parsed = parsed
        self._sent_on = sent_on
        self._people = people
        self._language = _ODD.get(parsed.language, parsed.language)
        self._is_short = len(parsed.text.split(maxsplit=_SHORT)) < _SHORT
        self._found: list[_Found] = []
        self._said: list[Statement] = []
        self._passed: dict[str, None] = {}
        """Why what might have asked does not, in order."""

    def read(self) -> None:
        subject = self._parsed.envelope.subject
        sent_at = self._parsed.envelope.sent_at
        if subject and sent_at:
            self._said += find_statements("", self._language, sent_at, subject)
        pieces = [piece for each in split_sentences(self._parsed.text) for piece in _split(each)]
        if not pieces:
            pieces = self._read_scraps()
        if self._is_about_subject(subject):
            pieces.append(subject.strip())
        for piece, following in zip(pieces, [*pieces[1:], ""], strict=False):
            self._read_piece(piece, following)
            if len(self._said) >= SAID_LIMIT:
                break

    def conclude(self) -> Need:
        said = tuple(self._said[:SAID_LIMIT])
        awaited = [found for found in self._found if found.kind != "deadline"] or self._found
        told = wants.fold(self._parsed.text[:2000])
        if self._people.to_oneself:
            return Need(awaits=False, why_not="to oneself", said=said)
        if awaited and not _finds(signals.NO_ANSWER, told):
            first = awaited[0]
            due = next((found.due for found in (first, *self._found) if found.due), None)
            return Need(True, first.kind, first.sentence, due, said=said)
        return Need(awaits=False, why_not=self._explain(told, asked=bool(awaited)), said=said)

    def _explain(self, told: str, *, asked: bool) -> str:
        if asked:
            return "says that no answer is needed"
        if not _WORD.search(told):
            return "no text"
        if self._passed:
            return next(iter(self._passed))
        if _finds(signals.INFORMATION, told):
            return "for information only"
        if self._is_short and _finds(signals.THANKS, told):
            return "thanks"
        return "nothing is asked"

    def _is_about_subject(self, subject: str) -> bool:
        """Whether the question is the subject, and the text says no more than `see subject`."""
        if not subject.rstrip().endswith("?") or normalise_subject(subject) != subject.strip():
            return False
        return not self._parsed.envelope.references and len(self._parsed.text.split()) <= _FEW

    def _read_scraps(self) -> list[str]:
        """Return the lines of a message that is too short to have sentences, such as `And?`."""
        lines = [line.strip() for line in self._parsed.text[:200].splitlines()]
        return [line for line in lines if 0 < len(line.split()) <= _BRIEF][:3]

    def _read_piece(self, piece: str, following: str) -> None:
        if _QUOTED.search(piece):
            return
        known = self._find_languages(piece.lower().split())
        folded = wants.fold(SPEECH.sub("…", piece))
        elsewhere = self._people.read(piece) == "others"
        self._note(piece, folded, known, elsewhere=elsewhere)
        found = self._find_asked(piece, folded, following, known)
        if found is None:
            return
        if elsewhere:
            self._passed.setdefault("addressed to somebody else")
            return
        self._found.append(found)
        if found.kind in ("question", "request"):
            if all(found.sentence != other.sentence for other in self._said):
                self._say(Statement(found.kind, found.sentence, found.due))
            if _finds(signals.CHANGE, folded) and not _finds(signals.NO_CHANGE, folded):
                self._say(Statement("change", found.sentence, found.due))

    def _note(self, piece: str, folded: str, known: tuple[str, ...], *, elsewhere: bool) -> None:
        """Keep what the sentence says; what it asks only where it is said to the reader."""
        language = known[0] if len(known) == 1 else ""
        for statement in read_sentence(piece, language, self._sent_on):
            if not (elsewhere and statement.kind in ("question", "request", "deadline")):
                self._say(statement)
        if _finds(signals.ESCALATION, folded):
            self._say(Statement("escalation", shorten(piece)))
        if _finds(signals.DEPARTURE, folded):
            self._say(Statement("departure", shorten(piece)))

    def _say(self, statement: Statement) -> None:
        if all((s.kind, s.sentence) != (statement.kind, statement.sentence) for s in self._said):
            self._said.append(statement)

    def _find_asked(
        self, piece: str, folded: str, following: str, known: tuple[str, ...]
    ) -> _Found | None:
        bare = _GREETING.sub("", folded, count=1)
        kind = self._find_kind(piece, bare, known)
        if not kind or _matches(wants.COURTESY, bare, known):
            return None
        if "?" in piece[-8:] and (why := self._doubt(bare, following)):
            self._passed.setdefault(why)
            return None
        due = self._find_due(piece, known)
        if kind == "deadline" and (not due or _matches(wants.NOT_THE_READER, bare, known)):
            return None
        return _Found(kind, shorten(piece), due)

    def _find_kind(self, piece: str, bare: str, known: tuple[str, ...]) -> NeedKind:
        words = frozenset(_WORD.findall(piece.lower()))
        if "?" in piece[-8:] and self._is_asked(piece, bare, known):
            return "question"
        if says("REQUEST", piece, words, known):
            return "request"
        if any(_wants(each, bare) for each in known):
            return "request"
        return "deadline" if _matches(wants.DUE_ALONE, bare, known) else ""

    def _doubt(self, bare: str, following: str) -> str:
        """Why a question is none that awaits an answer; "" when it may be one."""
        if _matches(wants.PLEASANTRY, bare, LANGUAGES):
            return "pleasantry"
        if _matches(wants.RHETORICAL, bare, LANGUAGES) or _finds(
            wants.ANSWERED, wants.fold(following)
        ):
            return "rhetorical"
        return ""

    def _is_asked(self, piece: str, bare: str, known: tuple[str, ...]) -> bool:
        if is_question(piece, known):
            return True
        if len(bare.split()) <= _BRIEF and _finds(wants.BRIEF, bare):
            return True
        return self._is_short and len(bare.split()) > 1

    def _find_due(self, piece: str, known: tuple[str, ...]) -> date | None:
        words = frozenset(_WORD.findall(piece.lower()))
        days = (find_due(piece, words, each, self._sent_on) for each in known)
        return next((day for day in days if day), None)

    def _find_languages(self, words: Collection[str]) -> tuple[str, ...]:
        """The language of the message, and that of the sentence where it is another; all where neither is known."""
        own = COMMON.get(self._language, frozenset())
        if words and len(own.intersection(words)) * _SHARE >= len(words):
            return (self._language,)  # many times faster than to look what else it may be
        found = detect_language(" ".join(words))
        known = dict.fromkeys(each for each in (self._language, _ODD.get(found, found)) if each)
        return tuple(known) or LANGUAGES


def _split(sentence: str) -> list[str]:
    return (_SMALL_END if sentence[:1].islower() else _END).split(sentence)


def _is_by_program(parsed: ParsedMessage) -> bool:
    text = wants.fold(parsed.text[:1500] + " " + parsed.text[-500:])
    if _finds(signals.PROGRAM, text):
        return True
    sender = parsed.envelope.sender
    return (
        sender is not None
        and _finds(signals.SERVICE, sender.address)
        and _finds(signals.RECEIPT, wants.fold(parsed.envelope.subject[:200]))
    )


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


def _matches(patterns: Mapping[str, str], folded: str, known: tuple[str, ...]) -> bool:
    return any(_compile(patterns[each]).search(folded) for each in known if each in patterns)


def _finds(pattern: str, folded: str) -> bool:
    return _compile(pattern).search(folded) is not None


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
