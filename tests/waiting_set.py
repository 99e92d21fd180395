"""The labelled messages of `fixtures/waiting`: read, made into real mail, judged by the whole parser, and scored."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trail.parse.message import parse_message
from trail.parse.needs import judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.model import Need

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "waiting"
PARTS = ("known", "held-out", "hard", "fresh")
LANGUAGES = ("en", "da", "de", "fr")
OURS = frozenset({"nora@studio.example"})
SENT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)  # a Tuesday
SAID = ("promise", "change", "escalation", "departure")
_DEFAULTS = {
    "From": "Jane Miller <jane@acme.example>",
    "To": "Nora Lind <nora@studio.example>",
    "Subject": "",
    "Date": "Tue, 10 Mar 2026 09:00:00 +0000",
    "Content-Type": "text/plain; charset=utf-8",
}
_LABELS = ("Needs", "Evidence", "Why", "Says", "Attach")


@dataclass(frozen=True)
class Example:
    """A message and what its labels say. `name` is where it stands and what it is about."""

    name: str
    content: bytes
    awaits: bool
    kind: str
    due: date | None
    evidence: tuple[str, ...]
    said: frozenset[str]


@dataclass
class Score:
    """Right and wrong of one group of messages; the lists name the messages."""

    total: int = 0
    true: int = 0
    false: list[str] = field(default_factory=list)
    """Judged to await an answer, and do not."""
    missed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    """Rightly judged to await one, by another sentence than any labelled."""
    misdated: list[str] = field(default_factory=list)
    """Rightly judged to await one, due on another day."""

    @property
    def precision(self) -> float:
        return self.true / max(1, self.true + len(self.false))

    @property
    def recall(self) -> float:
        return self.true / max(1, self.true + len(self.missed))


def read_set(part: str, language: str) -> list[Example]:
    """The messages of `part` ("known", "held-out") in `language`."""
    text = (FOLDER / part / f"{language}.txt").read_text(encoding="utf-8")
    pieces = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    assert not pieces[0].strip()
    return [
        _read(f"{part}/{language}: {title}", piece)
        for title, piece in zip(pieces[1::2], pieces[2::2], strict=True)
    ]


def read_part(part: str) -> list[Example]:
    return [example for language in LANGUAGES for example in read_set(part, language)]


def judge_example(example: Example) -> Need:
    return judge(parse_message("0" * 64, example.content), SENT, OURS)


def score(examples: Iterable[Example]) -> Score:
    found = Score()
    for example in examples:
        need = judge_example(example)
        found.total += 1
        if not example.awaits:
            if need.awaits:
                found.false.append(f"{example.name}: {need.sentence}")
            continue
        if not need.awaits:
            found.missed.append(f"{example.name}: {need.why_not}")
            continue
        found.true += 1
        if not any(_agree(sentence, need.sentence) for sentence in example.evidence):
            found.elsewhere.append(f"{example.name}: {need.sentence}")
        if need.due != example.due:
            found.misdated.append(f"{example.name}: {need.due}")
    return found


def score_said(examples: Iterable[Example]) -> dict[str, Score]:
    """The same of what messages say, by kind."""
    found = {kind: Score() for kind in SAID}
    for example in examples:
        said = {statement.kind: statement.sentence for statement in judge_example(example).said}
        for kind, one in found.items():
            one.total += 1
            if kind in said and kind in example.said:
                one.true += 1
            elif kind in said:
                one.false.append(f"{example.name}: {said[kind]}")
            elif kind in example.said:
                one.missed.append(example.name)
    return found


def _agree(labelled: str, quoted: str) -> bool:
    one, other = (" ".join(sentence.lower().split()) for sentence in (labelled, quoted))
    return one in other or other in one


def _read(name: str, piece: str) -> Example:
    head, _, text = piece.partition("\n\n")
    labels: dict[str, list[str]] = {}
    headers: dict[str, str] = dict(_DEFAULTS)
    for line in head.splitlines():
        key, _, value = line.partition(": ")
        if key in _LABELS:
            labels.setdefault(key, []).append(value)
        else:
            headers[key] = value
    kind, _, due = labels["Needs"][0].partition(" ")
    evidence = tuple(labels.get("Evidence", ()))
    flat = " ".join(f"{text} {headers['Subject']}".split())
    for sentence in evidence:
        assert kind != "no", name
        assert " ".join(sentence.split()).lower() in flat.lower(), (name, sentence)
    assert kind == "no" or evidence, name
    said = frozenset(", ".join(labels.get("Says", ())).split(", ")) - {""}
    assert said <= set(SAID), name
    return Example(
        name,
        _build(headers, text.strip("\n"), labels.get("Attach", [])),
        awaits=kind != "no",
        kind=kind,
        due=date.fromisoformat(due) if due else None,
        evidence=evidence,
        said=said,
    )


def _build(headers: dict[str, str], text: str, attached: list[str]) -> bytes:
    if attached:
        inner = headers["Content-Type"]
        headers = headers | {"Content-Type": 'multipart/mixed; boundary="sep"'}
        text = f"--sep\nContent-Type: {inner}\n\n{text}\n" + "".join(
            f'--sep\nContent-Type: application/octet-stream; name="{name}"\n'
            f"Content-Disposition: attachment\n\nx\n"
            for name in attached
        )
        text += "--sep--"
    head = "\n".join(f"{key}: {value}" for key, value in headers.items())
    return f"{head}\nMIME-Version: 1.0\n\n{text}\n".replace("\n", "\r\n").encode()
