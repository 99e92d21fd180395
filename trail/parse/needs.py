"""A parsed message comes in; whether it awaits an answer, by which sentence, and what it says, goes out as a `Need`.

Rules only, in English, Danish, German and French (`trail.parse.wants`, `trail.parse.signals`), for mail of either side:
theirs, to which an answer of ours is due, and ours, which nobody may have answered. Only the author's own words are read,
never what is quoted or forwarded. Derived and repeatable. Must never raise, nor take more than linear time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.model import Need, Statement
from trail.parse import signals, wants
from trail.parse.addressee import Addressees
from trail.parse.asked import SHORT, Asked, Sentence, find_asked, finds, matches
from trail.parse.language import COMMON, detect_language
from trail.parse.sentences import split_sentences
from trail.parse.statements import LANGUAGES, SPEECH, find_statements, read_sentence, shorten
from trail.parse.threads import normalise_subject

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from trail.model import ParsedMessage

RULES = 3
"""Rises whenever a rule changes: what was judged by an earlier number may be judged otherwise by this one."""
SAID_LIMIT = 60
"""Statements that are kept of a message."""
_LONGEST = 10_000
"""Characters of a message whose words are counted."""
_FEW = 10
"""Words of a message whose question may be its subject."""
_SCRAP = 4
"""Words of a line that is no sentence, and may be all there is."""
_SHARE = 3
"""One word in so many has to be common in the language of the message, or the sentence may be in another."""
_HEAD = 2000
"""Characters in which a message says what it is."""
_SURELY = {"no": "da"}
_ESCALATION, _DEPARTURE = (
    frozenset(words.split()) for words in (signals.ESCALATION_WORDS, signals.DEPARTURE_WORDS)
)
_WORD = re.compile(r"\w+")
_END = re.compile(r"(?<=[?!])\s+(?=\w)")
_SMALL_END = re.compile(r"(?<=[?!])\s+(?=\w)|(?<=\w\w\w\.)\s+(?=[^\W\d_]{2})")
"""The same of people who write no capitals."""
_QUOTED = re.compile(r"(?:^|\s)(?:\w{1,12}>+|\|) ")


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
    # a newsletter's only recipient is the reader; who answers on a list names them beside it
    on_list = parsed.automatic == "mailing list"
    named_on_list = on_list and people.named_among_others and not people.is_ours
    reading = _Reading(parsed, parsed.envelope.sent_at or received_at, people)
    if parsed.automatic and not named_on_list:
        # an answer by itself is how one often learns that somebody has left
        said = reading.find_departures() if parsed.automatic == "automatic answer" else ()
        return Need(awaits=False, why_not=parsed.automatic, said=said)
    if _is_by_program(parsed):
        return Need(awaits=False, why_not="sent by a program")
    reading.read()
    return reading.conclude()


class _Reading:
    """One message, sentence by sentence."""

    def __init__(self, parsed: ParsedMessage, sent_at: datetime, people: Addressees) -> None:
        self._parsed = parsed
        self._sent_at = sent_at
        self._people = people
        self._language = _SURELY.get(parsed.language, parsed.language)
        self._words = parsed.text[:_LONGEST].count(" ")
        self._asked: list[Asked] = []
        self._said: list[Statement] = []
        self._doubts: list[str] = []
        """Why what might have asked does not, in order."""

    def find_departures(self) -> tuple[Statement, ...]:
        for piece in split_sentences(self._parsed.text[:_HEAD]):
            self._find_signs(piece, wants.fold(piece))
        return tuple(said for said in self._said if said.kind == "departure")

    def read(self) -> None:
        subject = self._parsed.envelope.subject
        if subject:
            self._said += find_statements("", self._language, self._sent_at, subject)
        pieces = [piece for each in split_sentences(self._parsed.text) for piece in _split(each)]
        if not pieces:
            pieces = self._read_scraps()
        if self._is_about_subject(subject):
            pieces.append(subject.strip())
        for piece, following in zip(pieces, [*pieces[1:], ""], strict=False):
            if not _QUOTED.search(piece):
                self._read_piece(piece, following)
            if len(self._said) >= SAID_LIMIT:
                break

    def conclude(self) -> Need:
        said = tuple(self._said[:SAID_LIMIT])
        told = wants.fold(self._parsed.text[:_HEAD])
        asked = [each for each in self._asked if each.kind != "deadline"] or self._asked
        if self._people.to_oneself:
            return Need(awaits=False, why_not="to oneself", said=said)
        if asked and not finds(signals.NO_ANSWER, told):
            first = next((each for each in asked if each.is_sure), asked[0])
            due = next((each.due for each in (first, *self._asked) if each.due), None)
            return Need(True, first.kind, first.sentence, due, said=said)
        why_not = "says that no answer is needed" if asked else self._explain(told)
        return Need(awaits=False, why_not=why_not, said=said)

    def _explain(self, told: str) -> str:
        if not _WORD.search(told):
            return "no text"
        if self._doubts:
            return self._doubts[0]
        if finds(signals.INFORMATION, told):
            return "for information only"
        return (
            "thanks" if self._words < SHORT and finds(signals.THANKS, told) else "nothing is asked"
        )

    def _is_about_subject(self, subject: str) -> bool:
        """Whether the question is the subject, and the text says no more than `see subject`."""
        if not subject.rstrip().endswith("?") or normalise_subject(subject) != subject.strip():
            return False
        return not self._parsed.envelope.references and len(self._parsed.text.split()) <= _FEW

    def _read_scraps(self) -> list[str]:
        """Return the lines of a message that is too short to have sentences, such as `And?`."""
        lines = [line.strip() for line in self._parsed.text[:200].splitlines()]
        return [line for line in lines if 0 < len(line.split()) <= _SCRAP][:3]

    def _read_piece(self, piece: str, following: str) -> None:
        known = self._find_languages(piece.lower().split())
        folded = wants.fold(SPEECH.sub("…", piece))
        elsewhere = self._people.read(piece) == "others"
        language = known[0] if len(known) == 1 else ""
        for statement in read_sentence(piece, language, self._sent_at.date()):
            # what is asked is judged below
            if statement.kind not in ("question", "request", "deadline") or (
                statement.kind == "deadline" and not elsewhere
            ):
                self._say(statement)
        self._find_signs(piece, folded)
        sentence = Sentence(piece, folded, following, known, self._words)
        asked = find_asked(sentence, self._sent_at.date())
        if asked and (elsewhere or asked.doubt):
            self._doubts.append(asked.doubt or "addressed to somebody else")
        elif asked:
            self._ask(asked, sentence)

    def _ask(self, asked: Asked, sentence: Sentence) -> None:
        self._asked.append(asked)
        if not asked.kind or asked.kind == "deadline":
            return
        self._say(Statement(asked.kind, asked.sentence, asked.due))
        if matches(signals.CHANGE, sentence.folded, sentence.known) and not finds(
            signals.NO_CHANGE, sentence.folded
        ):
            self._say(Statement("change", asked.sentence, asked.due))

    def _find_signs(self, piece: str, folded: str) -> None:
        words = frozenset(_WORD.findall(folded))
        if words & _ESCALATION and finds(signals.ESCALATION, folded):
            self._say(Statement("escalation", shorten(piece)))
        if words & _DEPARTURE and finds(signals.DEPARTURE, folded):
            self._say(Statement("departure", shorten(piece)))

    def _say(self, statement: Statement) -> None:
        if all((s.kind, s.sentence) != (statement.kind, statement.sentence) for s in self._said):
            self._said.append(statement)

    def _find_languages(self, words: Collection[str]) -> tuple[str, ...]:
        """The language of the message, and that of the sentence where it is another; all where neither is known."""
        own = COMMON.get(self._language, frozenset())
        if words and len(own.intersection(words)) * _SHARE >= len(words):
            return (self._language,)  # many times faster than to look what else it may be
        found = detect_language(" ".join(words))
        known = dict.fromkeys(each for each in (self._language, _SURELY.get(found, found)) if each)
        return tuple(known) or LANGUAGES


def _split(sentence: str) -> list[str]:
    return (_SMALL_END if sentence[:1].islower() else _END).split(sentence)


def _is_by_program(parsed: ParsedMessage) -> bool:
    text = wants.fold(f"{parsed.text[:1500]} {parsed.text[-500:]}")
    if finds(signals.PROGRAM, text):
        return True
    sender = parsed.envelope.sender
    if sender is None:
        return False
    if finds(signals.NO_BOX, sender.address):
        return True
    subject = wants.fold(parsed.envelope.subject[:200])
    return finds(signals.SERVICE, sender.address) and finds(signals.RECEIPT, subject)
