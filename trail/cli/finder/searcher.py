"""The thread of the finder that asks archive and index, so that the screen never waits.

Comes in: questions, from any thread. Goes out: futures of rows and lines that are safe on a terminal. One thread asks
everything: the ledger is read where it was opened. It knows nothing of screens.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail import render
from trail.cli.asking import open_answers
from trail.cli.clock import read_clock
from trail.cli.conversations import read_conversation, tree_lines
from trail.cli.finder.typed import finish_query
from trail.cli.opening import find_opener, hand_over, write_copy
from trail.cli.reading import describe_message, find_message
from trail.cli.saving import find_place, write_attachments
from trail.errors import TrailError
from trail.index.conditions import iter_words
from trail.index.snippets import SnippetMaker
from trail.render import count_of
from trail.results import excerpt_data, snippet_line
from trail.terminal import DIM, MATCH, NAME, Line, clean_text, join_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from typing import Any, TypeVar

    from trail.cli.asking import Answers, Question
    from trail.config import Config
    from trail.index.failures import Doubt

    _Result = TypeVar("_Result")

PAGE = 100
"""Hits that are read together."""
MOST = 2000
"""Hits in the list: whoever wants more narrows the search."""
_HEADERS = ("date", "from", "to", "cc", "bcc", "subject")
"""Headers that are shown: the screen is small, and `trail show` has them all."""
_LINES = 1000
"""Lines of a message that are shown, and searched for words: they are wrapped while somebody types."""
_LINE = 2000
"""Characters of a line that are shown."""
_CHARACTERS = 100_000
"""Characters of all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the list."""

    id: str
    line: Line


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: some rows of the list, of `total`."""

    rows: tuple[Row, ...]
    total: int
    exact: bool = True
    """Whether `total` is no estimate."""


class Searcher:
    """An archive and its index, asked one question after the other. Close it in the end."""

    def __init__(self, config: Config, client: str | None = None) -> None:
        """`client`: the slug of the one whose messages are found; None: everybody's."""
        self._config = config
        self._client = client
        self._pool = ThreadPoolExecutor(1, "searcher")
        self._open = contextlib.ExitStack()
        self._answers: Answers | None = None
        self._question: Question | None = None
        """What was asked last: each message that is read is marked by it."""

    def open(self) -> Future[None]:
        """Open both. The future raises what is wrong with them."""
        return self._pool.submit(self._open_answers)

    @property
    def doubt(self) -> Doubt | None:
        """Why something may not be found, as far as it is known."""
        return self._answers.index.doubt if self._answers else None

    def search(self, typed: str) -> Future[Found | None]:
        """The first of what is found, newest first; None where too little is typed.

        The future raises InvalidQuery, IndexUnavailable.
        """
        return self._ask(lambda answers: self._search(answers, typed))

    def search_on(self, typed: str, offset: int) -> Future[Found]:
        """What is found from the `offset`-th on. The future raises as that of `search`."""
        return self._ask(
            lambda answers: _list_hits(answers, self._read_question(answers, typed), offset)
        )

    def read(self, short: str, typed: str) -> Future[list[Line]]:
        """A message to read, with the words marked that are asked for."""
        return self._ask(lambda answers: _read(answers, short, self._read_question(answers, typed)))

    def show_thread(self, short: str) -> Future[list[Row]]:
        """The conversation around a message."""
        return self._ask(lambda answers: _show_thread(answers, short))

    def save_attachments(self, short: str, folder: Path) -> Future[list[Path]]:
        """Write the attachments into a folder, over nothing."""
        return self._ask(
            lambda answers: write_attachments(_load(answers, short)[1], find_place(folder))
        )

    def hand_over(self, short: str, environ: Mapping[str, str]) -> Future[None]:
        """Open the message with the desktop's mail program."""
        return self._ask(lambda answers: _hand_over(answers, short, environ))

    def close(self) -> None:
        """Close archive and index, and end the thread."""
        self._pool.submit(self._open.close)
        self._pool.shutdown()

    def _ask(self, what: Callable[[Answers], _Result]) -> Future[_Result]:
        def ask() -> _Result:
            assert self._answers is not None
            try:
                return what(self._answers)
            except TrailError:
                raise
            except (
                Exception
            ) as error:  # the screen knows how to tell a TrailError, and nothing else
                raise TrailError(f"unexpected {type(error).__name__}: {error}") from error

        return self._pool.submit(ask)

    def _search(self, answers: Answers, typed: str) -> Found | None:
        if finish_query(typed) is None:
            return None
        self._question = None  # threads, answers and what is unread are looked up anew
        return _list_hits(answers, self._read_question(answers, typed), 0)

    def _read_question(self, answers: Answers, typed: str) -> Question:
        query = finish_query(typed) or typed
        if self._question is None or self._question.typed != query:
            self._question = answers.read_question(query, read_clock(), client=self._client)
        return self._question

    def _open_answers(self) -> None:
        self._answers = self._open.enter_context(open_answers(self._config))


def _list_hits(answers: Answers, question: Question, offset: int) -> Found:
    result = answers.index.search(question.query, limit=PAGE, offset=offset, **question.narrowed)
    rows = []
    for hit, data in answers.describe(result.hits):
        who = clean_text(render.name_person(hit.sender) or "?")
        marks = tuple((start, end, MATCH) for start, end in hit.subject_marks)
        line = join_pieces(
            f"{render.format_day(hit.sent_at)}  ",
            (",".join(data["clients"]) or "-", NAME),
            f"  {who}: ",
            Line(hit.subject, marks) if hit.subject.strip() else "(no subject)",
            "  [+]" if hit.attachments else "",
        )
        rows.append(Row(data["id"], Line(clean_text(line.text), line.stretches)))
    return Found(tuple(rows), result.total, result.exact)


def _load(answers: Answers, short: str) -> tuple[Any, bytes]:
    archived = find_message(answers.archive, short)
    return archived, answers.archive.read(archived)


def _read(answers: Answers, short: str, question: Question) -> list[Line]:
    archived, content = _load(answers, short)
    lines = render.message_lines(*describe_message(answers.archive, archived, content))
    head = lines.index(Line(""))
    seen = "\n".join(clean_text(line.text) for line in lines)
    excerpt = answers.open_excerpts(question).complete(archived.key, seen)
    found = [snippet_line(excerpt_data(excerpt))] if excerpt else []
    found = [join_pieces(("found    ", DIM), line) for line in found]
    lines = [x for x in lines[:head] if x.text.split()[0] in _HEADERS] + found + lines[head:]
    lines = _cut(lines, short)
    snippets = SnippetMaker(iter_words(question.query))
    return [_mark(line, snippets) for line in lines]


def _cut(lines: list[Line], short: str) -> list[Line]:
    """What a screen can take of a message, and what is left out."""
    shown: list[Line] = []
    room = _CHARACTERS
    for line in lines[:_LINES]:
        if room <= 0:
            break
        cut = len(line.text) > _LINE
        shown.append(Line(line.text[:_LINE] + " …", ()) if cut else line)
        room -= len(shown[-1].text)
    if left := len(lines) - len(shown):
        shown += [Line(""), Line(f"… and {count_of(left, 'more line')}: `trail show {short}`")]
    return shown


def _mark(line: Line, snippets: SnippetMaker) -> Line:
    """Mark what was asked for, over what stands there; a word of a header counts as one of the subject's."""
    text = clean_text(line.text)
    places: Sequence[tuple[int, int]] = ()
    for field in ("body", "quoted", "subject", "file"):
        places = places or snippets.find_marks(field, text)
    marks = tuple((start, end, MATCH) for start, end in places)
    return Line(text, marks or line.stretches)


def _show_thread(answers: Answers, short: str) -> list[Row]:
    archived, _ = _load(answers, short)
    rows, days, _ = read_conversation(answers.archive, archived)
    lines = tree_lines(rows, days, archived.key, None, draws=True)
    return [
        Row(row["id"], Line(clean_text(line.text), line.stretches))
        for row, line in zip(rows, lines, strict=True)
    ]


def _hand_over(answers: Answers, short: str, environ: Mapping[str, str]) -> None:
    opener = find_opener(environ)
    archived, content = _load(answers, short)
    data, sent_at = describe_message(answers.archive, archived, content)
    hand_over(write_copy(data, sent_at, content, html=False), opener)
