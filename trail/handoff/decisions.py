"""What people decide about doubtful messages: when a decision holds, how it is counted, and the table it is made in.

In: verdicts, decisions, the bytes of a table that came back. Out: the same, checked. Pure: no disk, no clock. A table is taken
whole or not at all. What it says about a message is never believed: only `id`, `decision` and `why` are read.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from trail.errors import UnusableDecisions
from trail.handoff.plain import harmless_cell, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trail.handoff.select import Verdict
    from trail.model import Decided

COLUMNS = ("id", "date", "from", "to", "subject", "reason", "decision", "why", "check")
GIVE, WITHHOLD = "give", "withhold"
_UNASKED = "there is nothing to decide about"
_PROBLEMS = 10
"""Problems of a table that are told at once."""
_LIMIT = 64 << 20
"""Bytes of a table that comes back."""


class Ruling(NamedTuple):
    """A decision as it was made: the message, whether it goes, and why."""

    key: str
    gives: bool
    why: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message somebody has to decide about, in words for the sender."""

    key: str
    date: str
    sender: str
    recipients: str
    subject: str
    reasons: tuple[Verdict, ...]
    decided: Decided | None = None
    """What was decided before, as far as it holds."""


class DecisionCount(NamedTuple):
    """What the recipient is told: so many messages were released, or withheld, by whom and on which day."""

    gives: bool
    messages: int
    by: str
    day: str


def describe_reason(verdict: Verdict) -> str:
    """What speaks against a message, and what to give it would tell besides."""
    told = verdict.reason_private
    if verdict.code == "blind-copy":
        told += " (given, the Bcc line itself goes along and tells the client so; --redact can take the address out)"
    return told


def name_reasons(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """What speaks against a message, in terms that stay: `leak bolt phrase <key>`, `blind-copy x@y.example`."""
    names = {
        f"{verdict.code} {what}".strip()
        for verdict in verdicts
        for what in verdict.evidence or verdict.about or ("",)
    }
    return tuple(sorted(names))


def still_holds(decided: Decided, verdicts: Iterable[Verdict]) -> bool:
    """Whether a decision counts: one to give is void once anything speaks against the message that did not then."""
    return not decided.gives or set(name_reasons(verdicts)) <= set(decided.reasons)


def count_decisions(decisions: Iterable[Decided]) -> tuple[DecisionCount, ...]:
    """What the recipient is told of decisions: no message, no reason."""
    counts = Counter((d.gives, d.by, d.at.strftime("%Y-%m-%d")) for d in decisions)
    rows = (DecisionCount(gives, n, by, day) for (gives, by, day), n in counts.items())
    return tuple(sorted(rows, key=lambda row: (row.day, not row.gives, row.by)))


def write_table(doubts: Sequence[Doubt]) -> bytes:
    """The table for a spreadsheet: UTF-8 with a byte order mark, commas, CRLF; no cell is a formula."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    rows.writerow(COLUMNS)
    for doubt in doubts:
        word = "" if doubt.decided is None else GIVE if doubt.decided.gives else WITHHOLD
        why = doubt.decided.why if doubt.decided else ""
        reason = "; ".join(map(describe_reason, doubt.reasons)) or "nothing speaks against it"
        cells = (doubt.key, doubt.date, doubt.sender, doubt.recipients, doubt.subject, reason, word, why, _check(doubt))  # fmt: skip
        rows.writerow(map(harmless_cell, cells))
    return ("\ufeff" + text.getvalue()).encode("utf-8", "replace")


def read_table(raw: bytes, doubts: Mapping[str, Doubt]) -> list[Ruling]:
    """What was decided in a table that came back; rows without a decision are passed over.

    Takes what spreadsheets make of it: a byte order mark or none, semicolons or tabs, columns moved or added.
    Raises UnusableDecisions, with the line of each problem.
    """
    rows = _read_rows(raw)
    number, head = next(rows, (1, []))
    names = [cell.strip().casefold() for cell in head]
    if missing := [name for name in ("id", "decision", "check") if name not in names]:
        raise UnusableDecisions(
            f"line {number}: there is no column {' and no column '.join(missing)}",
            "keep the first line of the table as trail wrote it",
        )
    rulings: dict[str, Ruling] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(names, cells, strict=False))
        key = _bare(row.get("id", "")).lower()
        problem = _find_problem(row, doubts.get(key), lines.get(key))
        if problem:
            problems.append(f"line {number}: {problem}")
            continue
        lines[key] = number
        if word := row["decision"].strip().casefold():
            rulings[key] = Ruling(key, word == GIVE, one_line(_bare(row.get("why", ""))))
    if len(problems) > 1 and not lines and all(_UNASKED in problem for problem in problems):
        raise UnusableDecisions(
            "nothing in this table waits for a decision",
            "is it another client's? Write the table of this one with --review-out",
        )
    if problems:
        more = len(problems) - _PROBLEMS
        rest = [f"and {more} more"] if more > 0 else []
        raise UnusableDecisions(
            "\n".join([*problems[:_PROBLEMS], *rest]),
            "nothing was changed; correct these lines, or write the table anew with --review-out",
        )
    return list(rulings.values())


def _find_problem(row: dict[str, str], doubt: Doubt | None, seen: int | None) -> str:
    if "check" not in row:
        return f"has {len(row)} cells where {len(COLUMNS)} belong"
    given = _bare(row["id"])
    if seen is not None:
        return f"the same message as in line {seen}"
    if doubt is None:
        return f'{_UNASKED} "{given[:70]}"'
    if _bare(row["check"]) != _check(doubt):
        return "what speaks against this message is no longer what the table says, or the line was changed"
    word = row["decision"].strip().casefold()
    if word not in ("", GIVE, WITHHOLD):
        return (
            f'"{row["decision"].strip()[:40]}" is no decision: write {GIVE}, {WITHHOLD} or nothing'
        )
    return ""


def _read_rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(raw) > _LIMIT:
        raise UnusableDecisions(
            f"a table of {len(raw):,} bytes is none of ours", "is this the right file?"
        )
    text = _decode(raw)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def iterate() -> Iterator[tuple[int, list[str]]]:
        start = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnusableDecisions(
                    f"line {start}: cannot be read as CSV ({error})",
                    "save the table as CSV, with the quotes the spreadsheet puts",
                ) from error
            yield start, cells
            start = reader.line_num + 1

    return iterate()


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252", "latin-1")  # as Excel saves
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnusableDecisions("line 1: this is no text", "save the table as CSV in UTF-8")


def _check(doubt: Doubt) -> str:
    """What a line was written about; letters first, so that no spreadsheet takes it for a number."""
    about = "\n".join((doubt.key, *name_reasons(doubt.reasons)))
    return "c" + hashlib.sha256(about.encode()).hexdigest()[:12]


def _bare(cell: str) -> str:
    return cell.strip().removeprefix("'").strip()
