"""What a piece of a query asks for: a word, a phrase, an operator with its value.

In: a piece, the moment of asking, the known names. Out: a node, None for signs alone, or InvalidQuery with a caret
under the spot. Must never touch Whoosh or the clock.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trail.errors import InvalidQuery
from trail.index.analysis import fold, split_words
from trail.index.conditions import (
    EVERYTHING,
    TEXT_FIELDS,
    And,
    Exact,
    Keys,
    Node,
    Not,
    Or,
    Size,
    Words,
    sent_between,
)
from trail.index.operators import BY_NAME, STATE_ALIASES, STATES
from trail.index.syntax import fail
from trail.index.terms import TermReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.index.known import Known, Question
    from trail.index.operators import Operator
    from trail.index.syntax import Piece

# Compiled when a query needs them.
_ID = "[0-9a-f]{8,64}"
_SIZE = r"([0-9]{1,12}(?:\.[0-9]{1,3})?)([kmg]?)i?b?"
_HAS = {
    "attachment": Exact("has", "attachment"),
    "attachments": Exact("has", "attachment"),
    "client": Exact("client", "", prefix=True),
}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LANGUAGE = "[a-z]{2,3}"


class ValueReader(TermReader):
    """Reads the pieces of one query."""

    def __init__(self, query: str, now: datetime, known: Known) -> None:
        super().__init__(query)
        self.now = now
        self.known = known

    def read(self, piece: Piece) -> Node | None:
        """Return what `piece` (a word or a phrase, its operator checked) asks for."""
        if not piece.operator:
            if piece.kind == "word" and piece.text == "*":
                return EVERYTHING
            return self.read_words(piece, TEXT_FIELDS)
        if not piece.text.strip():
            hint = f"write it without a space: {piece.operator}:value"
            fail(self.query, piece.start, piece.end, f"{piece.operator}: needs a value", hint)
        operator = BY_NAME[piece.operator]
        if operator.name == "file" and ("*" in piece.text or "?" in piece.text):
            return self.read_file_pattern(piece)
        if operator.group == "people" and piece.kind == "word" and piece.text.lower() == "me":
            return self._read_me(operator, piece)
        if operator.kind == "words":
            return self.expect_words(piece, self.read_words(piece, operator.fields))
        return self._read_fact(operator, piece)

    def check_operator(self, piece: Piece) -> Piece:
        """Return `piece`, with `Re:` made a word; refuse other operators that nobody knows."""
        if not piece.operator or piece.operator in BY_NAME:
            return piece
        if not piece.text and piece.kind == "word":
            return replace(piece, text=f"{piece.operator}:", operator="")
        from trail.index.advice import advise_operator  # noqa: PLC0415 - only a mistake pays for it

        name = piece.operator
        hint = advise_operator(name, piece.text)
        end = piece.start + len(name) + 1
        return fail(self.query, piece.start, end, f'unknown operator "{name}:"', hint)

    def _read_fact(self, operator: Operator, piece: Piece) -> Node:  # noqa: C901, PLR0911 - one for each kind
        value = fold(piece.text).strip()
        match operator.kind:
            case "date":
                return self._read_date(operator, piece)
            case "name":
                return self._read_name(operator.name, piece, value)
            case "has":
                return _HAS.get(value) or Exact("type", self._check_kind(piece, value))
            case "kind":
                return Exact("type", self._check_kind(piece, value))
            case "is":
                return self._read_state(piece, value)
            case "size":
                size = self._read_size(piece, value)
                return Size(low=size) if operator.name == "larger" else Size(high=size)
            case "list":
                terms = tuple(split_words(value))
                return self.expect_words(piece, Words(("list",), terms) if terms else None)
            case "lang":
                return Exact("lang", self._read_language(piece, value))
            case "thread":
                return self._look_up(piece, "thread", self._check_id(piece, value))
            case "id":
                if "@" in value or "<" in value:
                    return self._look_up(piece, "message-id", piece.text.strip().strip("<>"))
                return Exact("key", self._check_id(piece, value), prefix=True)
        raise AssertionError(operator.kind)  # words were read before

    def _read_name(self, operator: str, piece: Piece, value: str) -> Node:
        match operator:
            case "client":
                return Exact("client", self._check_name(piece, "client", self._find_slug(piece, value), self.known.clients))  # fmt: skip
            case "account":
                return Exact("account", self._check_name(piece, "account", value, self.known.accounts))  # fmt: skip
        if self.known.list_folders is not None:
            folders = tuple(self.known.list_folders())
            if piece.kind == "phrase" and (whole := fold(piece.text)) in map(fold, folders):
                return Exact("folder", whole)  # there are folders with a blank at their end
            self._check_name(piece, "folder", value, folders)
        return Exact("folder", value)

    def _find_slug(self, piece: Piece, value: str) -> str:
        """A slug goes before a name: one client may be called what another has for its slug."""
        if value in map(fold, self.known.clients):
            return value
        called = {slug for name, slug in self.known.client_names if fold(name) == value}
        if len(called) > 1:
            self.fail_value(piece, f'several clients are called "{piece.text}"', f"say which: {', '.join(sorted(called))}")  # fmt: skip
        return fold(called.pop()) if called else value

    def _check_name(self, piece: Piece, what: str, value: str, known: Sequence[str]) -> str:
        there = what in ("client", "account") and self.known.list_values
        # of one that is no longer in the configuration, there may be messages still
        if known and value not in map(fold, known) and not (there and value in there(what)):
            from trail.index.advice import advise_name  # noqa: PLC0415 - only a mistake pays for it

            self.fail_value(piece, f'unknown {what} "{piece.text}"', advise_name(what, value, known))  # fmt: skip
        return value

    def _check_kind(self, piece: Piece, value: str) -> str:
        from trail.index.kinds import is_kind, list_known  # noqa: PLC0415 - few queries ask for a kind

        if piece.operator == "has":
            from trail.index.advice import HAS_KINDS, HAS_OTHERS, find_near  # noqa: PLC0415

            if value not in HAS_KINDS:
                near = find_near(value, [*_HAS, *HAS_KINDS])
                hint = HAS_OTHERS.get(value) or (f'did you mean "{near}"?' if near else "")
                if is_kind(value):
                    hint = f"write type:{value}"
                kinds = f"there is has:attachment, has:client, and has: with {' '.join(HAS_KINDS)}"
                self.fail_value(piece, f'has: does not know "{piece.text}"', hint or kinds)
            return value
        value = value.removeprefix(".")
        list_values = self.known.list_values
        if list_values is None or is_kind(value) or value in (there := list_values("type")):
            return value
        from trail.index.advice import advise_kind  # noqa: PLC0415 - only a mistake pays for it

        hint = advise_kind(value, (*list_known(), *there))
        return self.fail_value(piece, f'no attachment is of the kind "{piece.text}"', hint)

    def _read_state(self, piece: Piece, value: str) -> Node:  # noqa: PLR0911 - one for each state
        value = STATE_ALIASES.get(value, value)
        match value:
            case "sent" | "received" | "unanswered" if not self.known.me:
                hint = 'give them in the configuration: me = ["you@studio.example"]'
                self.fail_value(piece, f"is:{value} needs your own addresses", hint)
            case "sent":
                return self._name_me("from")
            case "received":
                return Not(self._name_me("from"))
            case "unanswered":
                ours, followed = self._name_me("from"), self._look_up(piece, "followed")
                return And((self._name_me("to"), Not(ours), Not(followed)))
            case "unread":
                return self._look_up(piece, value)
            case "read":
                return Not(self._look_up(piece, "unread"))
            case "flagged" | "answered" | "draft":
                return Exact("flag", value)
        from trail.index.advice import find_near  # noqa: PLC0415 - only a mistake pays for it

        near = find_near(value, (*STATES, *STATE_ALIASES))
        states = " ".join(f"is:{state}" for state in STATES)
        hint = f'did you mean "is:{near}"?' if near else f"there is {states}"
        return self.fail_value(piece, f'is: does not know "{piece.text}"', hint)

    def _read_me(self, operator: Operator, piece: Piece) -> Node:
        if operator.name == "list" or not (self.known.me or self.known.list_values):
            return Words(operator.fields or ("list",), ("me",))
        if not self.known.me:
            hint = (
                'give them in the configuration: me = ["you@studio.example"]; quotes make it text'
            )
            self.fail_value(piece, f"{piece.operator}:me needs your own addresses", hint)
        return self._name_me(*operator.fields)

    def _name_me(self, *fields: str) -> Node:
        return Or(tuple(Words(fields, (fold(address),)) for address in self.known.me))

    def _look_up(self, piece: Piece, question: Question, value: str = "") -> Node:
        if self.known.look_up is None:
            self.fail_value(piece, "this can only be asked with the archive at hand")
        keys = self.known.look_up(question, value)
        if question == "thread" and not keys:
            self.fail_value(piece, f"no message has the id {value}", "`trail search` prints the ids")  # fmt: skip
        return Keys(keys)

    def _check_id(self, piece: Piece, value: str) -> str:
        if not re.fullmatch(_ID, value):
            hint = "an id is 8 to 64 digits of 0-9 and a-f; a Message-ID has an @"
            self.fail_value(piece, "not an id", hint)
        return value

    def _read_size(self, piece: Piece, value: str) -> int:
        size = re.fullmatch(_SIZE, value.replace(" ", ""))
        if size is None:
            self.fail_value(piece, "not a size", "sizes look like 5M, 200k, 1.5G or 12000 (bytes)")
        return int(float(size[1]) * _UNITS[size[2]])

    def _read_language(self, piece: Piece, value: str) -> str:
        code, _, _ = value.partition("-")  # de-AT is German
        list_values = self.known.list_values
        from trail.index.advice import advise_language, find_language, is_language  # noqa: PLC0415 - few queries ask

        if found := find_language(value):
            return found
        there = () if list_values is None else list_values("lang")
        if re.fullmatch(_LANGUAGE, code) and (
            list_values is None or is_language(code) or code in there
        ):
            return code
        return self.fail_value(
            piece, f'unknown language "{piece.text}"', advise_language(value, there)
        )

    def _read_date(self, operator: Operator, piece: Piece) -> Node:
        from trail.index.dates import parse_range  # noqa: PLC0415 - half of all queries have no date

        try:
            start, end = parse_range(piece.text, self.now)
        except InvalidQuery as error:
            self.fail_value(piece, error.message, error.hint)
        match operator.name:
            case "after" if start:
                return sent_between(start, None)
            case "before" if start:
                return sent_between(None, start)
            case "until" if end:
                return sent_between(None, end)
            case "date":
                return sent_between(start, end)
        return self.fail_value(piece, f"{piece.operator}: needs one date", "date: takes two, such as 2024-01..2024-03")  # fmt: skip
