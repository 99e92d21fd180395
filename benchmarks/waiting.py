"""How well mail that awaits an answer is recognised: the labelled set of `fixtures/waiting`, as the tables of docs/waiting.md.

With `--mail FOLDER`, a folder of messages as files: the processor time a message takes, and what they are judged to be.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the reader of the set

import waiting_set
from waiting_set import LANGUAGES, PARTS, SAID, Score

from trail.parse.message import parse_message
from trail.parse.needs import RULES, judge
from trail.parse.statements import add_statements

_RUNS = 3
_NOW = datetime(2026, 3, 10, tzinfo=UTC)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mail", type=Path, help="a folder of messages")
    options.add_argument("--wrong", action="store_true", help="list what is judged wrongly")
    given = options.parse_args()
    print_set(wrong=given.wrong)
    if given.mail:
        print_speed(given.mail)


def print_set(*, wrong: bool) -> None:
    print(f"Rules {RULES}\n")
    print("| set | language | messages | await an answer | precision | recall | sentence | day |")
    print("|---|---|---|---|---|---|---|---|")
    for part in PARTS:
        for language in LANGUAGES:
            print_row(part, language, waiting_set.score(waiting_set.read_set(part, language)))
        print_row(part, "all", waiting_set.score(waiting_set.read_part(part)), wrong=wrong)
    every = [example for part in PARTS for example in waiting_set.read_part(part)]
    print("\n| says | in | precision | recall |\n|---|---|---|---|")
    for kind, found in waiting_set.score_said(every).items():
        assert kind in SAID
        count = found.true + len(found.missed)
        print(f"| {kind} | {count} | {found.precision:.2f} | {found.recall:.2f} |")
        if wrong:
            print_wrong(found)


def print_row(part: str, language: str, found: Score, *, wrong: bool = False) -> None:
    awaiting = found.true + len(found.missed)
    shares = [1 - len(odd) / max(1, found.true) for odd in (found.elsewhere, found.misdated)]
    figures = " | ".join(f"{n:.2f}" for n in (found.precision, found.recall, *shares))
    print(f"| {part} | {language} | {found.total} | {awaiting} | {figures} |")
    if wrong:
        print_wrong(found)


def print_wrong(found: Score) -> None:
    for name in ("false", "missed", "elsewhere", "misdated"):
        for line in getattr(found, name):
            print(f"    {name}: {line}", file=sys.stderr)


def print_speed(folder: Path) -> None:
    """Processor time, without parsing; the least of a few runs, since other programs disturb."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parsed = [parse_message("0" * 64, path.read_bytes()) for path in files]
    people = [
        replace(message, automatic="")  # a list's mail is read as if it were written to us
        for message in parsed
        if message.automatic in ("", "mailing list")
    ]
    needs = [judge(message, _NOW) for message in parsed]
    times: dict[str, list[float]] = {}
    for _ in range(_RUNS):
        for name, function, messages in (
            ("all, needs and statements", judge, parsed),
            ("by people, needs and statements", judge, people),
            ("by people, statements alone", add_statements, people),
        ):
            began = time.process_time()
            for message in messages:
                function(message, _NOW)
            took = (time.process_time() - began) * 1000 / max(1, len(messages))
            times.setdefault(f"{name}, {len(messages):,}", []).append(took)
    print()
    for name, taken in times.items():
        print(f"{min(taken):.2f} ms a message ({name})")
    for what, count in Counter(need.why_not or need.kind for need in needs).most_common():
        print(f"{count:7,} {what}")


if __name__ == "__main__":
    main()
