"""`trail search`: finding. Reading what was found is `trail.cli.reading`."""

from __future__ import annotations

import sys
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from trail.cli.app import Session, app, write_text
from trail.cli.doubt import doubt_data, explaining_absence, tell_doubt
from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.cli.asking import Answers, Question
    from trail.cli.nothing import Missed

_SHOWN = 20
"""Hits without `--limit`, where a person reads them."""
_AT_ONCE = 500
"""Hits whose facts are read together."""


class Sort(StrEnum):
    """How hits are ordered."""

    date = "date"
    oldest = "-date"
    relevance = "relevance"


class By(StrEnum):
    """What hits are counted by."""

    client = "client"
    month = "month"
    person = "person"
    folder = "folder"
    account = "account"
    type = "type"


@app.command()
def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY...",
            help='Words, "phrases", from: subject: client: after: has:attachment … with OR, NOT; see trail help query.',
        ),
    ] = None,
    client: Annotated[
        str | None, typer.Option("--client", help="Only this client's.", metavar="CLIENT")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="From this date on: 2024-03, yesterday, 3 weeks ago.", metavar="DATE"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Up to the end of this date.", metavar="DATE")
    ] = None,
    sort: Annotated[
        Sort, typer.Option("--sort", help="Newest first, oldest first (-date), or best first.")
    ] = Sort.date,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            help="At most so many; 20 if not given, all for --ids, --paths and --jsonl.",
            metavar="N",
        ),
    ] = None,
    page: Annotated[int, typer.Option("--page", min=1, help="The N-th so many.", metavar="N")] = 1,
    threads: Annotated[
        bool, typer.Option("--threads", help="Conversations instead of messages.")
    ] = False,
    count: Annotated[bool, typer.Option("--count", help="Only how many there are.")] = False,
    by: Annotated[
        By | None,
        typer.Option(
            "--by", help="How many by client, month, person, folder, account or type of attachment."
        ),
    ] = None,
    ids: Annotated[bool, typer.Option("--ids", help="Only ids, one a line.")] = False,
    paths: Annotated[bool, typer.Option("--paths", help="Only files, one a line.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="A JSON document a line.")] = False,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Ids and files end with NUL, as for `xargs -0`.")
    ] = False,
) -> None:
    """Find messages."""
    from trail import render
    from trail.cli.asking import open_answers
    from trail.cli.clock import read_clock

    session: Session = ctx.obj
    named = {"threads": threads, "count": count, "by": by is not None}
    named |= {"ids": ids, "paths": paths, "jsonl": jsonl}
    faces = [name for name, wanted in named.items() if wanted]
    if len(faces) > 1:
        raise typer.BadParameter(f"choose one of {' and '.join(f'--{name}' for name in faces)}")
    if null and not (ids or paths):
        raise typer.BadParameter("--null goes with --ids or --paths")
    most = limit or (None if (ids or paths or jsonl) and page == 1 else _SHOWN)
    offset = (page - 1) * (most or 0)
    with explaining_absence(session), open_answers(session.config) as answers:
        question = answers.read_question(
            read_words(query or ()), read_clock(),
            client=client, since=since, until=until, sort=sort.value,
        )  # fmt: skip
        facts = answers.archive.facts
        lag = facts.count_unindexed(answers.index.generation)
        shown = _Shown(session, answers, question, offset, most or _SHOWN)
        if ids or paths:
            total = _show_names(shown, faces[0], most, end="\0" if null else "\n")
        elif jsonl:
            total = _stream_hits(shown, most)
        elif by:
            total = _show_counts(shown, by)
        else:
            show = {"threads": _show_conversations, "count": _show_total}
            total = show.get("".join(faces), _show_hits)(shown)
        if not total and not count:
            empty = not facts.count_messages()[0]
            session.note("the archive is empty; run `trail sync`" if empty else "nothing found")
            for line in shown.explain().lines if not empty else ():
                session.note(line)
        tell_doubt(session, answers.index.doubt)
    for hint in question.asked.hints:
        session.note(f"hint: {hint}")
    if lag:
        session.note(
            f"the index is {render.count_of(lag, 'message')} behind; the next `trail sync` catches up"
        )


def read_words(words: Sequence[str]) -> str:
    """The words as one query; bytes that are no text, which a shell may pass on, become question marks."""
    return " ".join(words).encode("utf-8", "replace").decode()


class _Shown(NamedTuple):
    """What is to be shown: of the answers those behind `offset`, at most `most`."""

    session: Session
    answers: Answers
    question: Question
    offset: int
    most: int

    def explain(self) -> Missed:
        """Why nothing is found."""
        from trail.cli.nothing import explain

        question, narrowed = self.question, self.question.narrowed
        return explain(
            self.answers.index,
            question.typed,
            question.asked,
            client=narrowed.get("client"),
            since=narrowed.get("since"),
            until=narrowed.get("until"),
            typed=(question.since, question.until),
            stemming=narrowed.get("stemming", {}),
        )

    @property
    def doubt(self) -> dict[str, Any]:
        """What a program is told where the answer may be incomplete."""
        return doubt_data(self.answers.archive.root, self.answers.index.doubt)

    def tell_rest(self, shown: int, total: int, noun: str, about: str = "") -> None:
        """Say what is not shown."""
        page = self.offset // self.most + 1
        if not shown and total:
            self.session.note(f"there is no page {page}: there are {total:,} {noun}")
        elif self.offset + shown < total:
            first = f"{self.offset + 1} to {self.offset + shown}" if self.offset else f"{shown}"
            how = f"--page {page + 1}" if self.offset else "--limit"
            self.session.note(f"{first} of {about}{total:,}; {how} shows more")


def _show_hits(shown: _Shown) -> int:
    from trail.results import hits_lines

    session, answers, question, offset, most = shown
    result = answers.index.search(
        question.query, sort=question.sort, limit=most, offset=offset, **question.narrowed
    )
    found = answers.describe(result.hits, question)
    rows, days = [row for _, row in found], [hit.sent_at for hit, _ in found]
    data: dict[str, Any] = {"total": result.total, "exact": result.exact, "hits": rows}
    if session.json and not result.total:
        data["nothing"] = shown.explain().data
    session.emit_lines(data | shown.doubt, hits_lines(rows, days, session.width))
    about = "" if result.exact else "about "
    shown.tell_rest(len(result.hits), result.total, "messages", about)
    return result.total


def _show_total(shown: _Shown) -> int:
    total = shown.answers.count(shown.question)
    shown.session.emit({"total": total} | shown.doubt, str(total))
    return total


def _show_conversations(shown: _Shown) -> int:
    from trail.results import conversation_data, conversations_lines, excerpt_data

    session, answers, question, offset, most = shown
    facts = answers.archive.facts
    total, found, more, every = answers.find_conversations(question, most, offset)
    clients = facts.read_attributions([c.hit.key for c in found])
    excerpts = answers.open_excerpts(question)
    rows = [
        conversation_data(c, facts.shorten_key(c.hit.key), clients.get(c.hit.key, ()))
        | excerpt_data(excerpts.explain(c.hit))
        for c in found
    ]
    days = [c.hit.sent_at for c in found]
    session.emit_lines(
        {"total": total, "conversations": rows, "more": more, "in_all": every} | shown.doubt,
        conversations_lines(rows, days, session.width),
    )
    if every is not None:
        shown.tell_rest(len(found), every, "conversations")
    elif more:
        session.note(f"there are more; --page {offset // most + 2} shows them")
    elif total and not found:
        session.note(f"there is no page {offset // most + 1}")
    return total


def _show_counts(shown: _Shown, by: By) -> int:
    from trail.cli.counting import count_by, name_people
    from trail.results import counts_lines

    session, answers, question, offset, most = shown
    total, counts = count_by(answers, question, by.value)
    end = len(counts) - offset
    # of months the last ones are asked for, in their order
    some = counts[max(0, end - most) : max(0, end)] if by is By.month else counts[offset:][:most]
    if by is By.person:
        some = name_people(answers, some)
    rows = [{"value": c.value, "label": c.label, "count": c.count, "query": c.query} for c in some]
    session.emit_lines(
        {"total": total, "by": by.value, "values": len(counts), "counts": rows} | shown.doubt,
        counts_lines(some, session.width, draws=session.draws),
    )
    shown.tell_rest(len(some), len(counts), f"{by.value}s".replace("persons", "people"))
    if total and not counts:
        session.note("none of them has an attachment of a kind that is known")
    return total


def _stream_hits(shown: _Shown, most: int | None) -> int:
    session, answers, question, offset, _ = shown
    hits = islice(answers.iter_hits(question), offset, None if most is None else offset + most)
    total = 0
    while batch := list(islice(hits, _AT_ONCE)):
        for _, row in answers.describe(batch, question):
            session.emit_document(row)
        total += len(batch)
    if not total:
        total = answers.count(question)
        shown.tell_rest(0, total, "messages")
    return total


def _show_names(shown: _Shown, what: str, most: int | None, end: str) -> int:
    """Ids or paths, for the next program in a pipe."""
    session, answers, question, offset, _ = shown
    archive = answers.archive
    every = answers.list_keys(question)
    keys = every[offset : None if most is None else offset + most]
    if what == "ids":
        names = archive.facts.shorten_keys(keys)
    else:
        messages = archive.facts.find_messages(keys)
        names = [str(archive.root / messages[key].path) for key in keys if key in messages]
    if session.json:
        session.emit({"total": len(every), what: names} | shown.doubt)
    else:
        write_text(sys.stdout, "".join(name + end for name in names))
    if not keys:
        shown.tell_rest(0, len(every), "messages")
    return len(every)
