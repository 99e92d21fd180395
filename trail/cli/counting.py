"""`trail search --by`: how many of the messages found are a client's, of a month, with a person, in a folder, of a kind.

Comes in: a question. Goes out: counts, each with the part of a query that finds as many: the index counts what that part
asks for, so that both agree. A message counts once for each value it has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from trail.index.analysis import fold
from trail.index.conditions import Exact, Node, Not, Words, sent_between
from trail.results import Count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trail.cli.asking import Answers, Question

Facet = Literal["client", "month", "person", "folder", "account", "type"]


class _Value(NamedTuple):
    """Something that messages may have in common."""

    value: str
    label: str
    query: str
    node: Node


def count_by(answers: Answers, question: Question, facet: Facet) -> tuple[int, list[Count]]:
    """How many messages match, and how many have each value: the most first, months in their order."""
    values = list(_LISTS[facet](answers, question))
    nodes = [value.node for value in values]
    counts = answers.index.count_each(question.query, nodes, **question.narrowed)
    counted = [Count(v.value, v.label, n, v.query) for v, n in zip(values, counts, strict=True)]
    if facet != "month":  # a month without mail between others is told, too
        counted = sorted((c for c in counted if c.count), key=lambda c: (-c.count, c.value))
    return answers.count(question), counted


def name_people(answers: Answers, counts: list[Count]) -> list[Count]:
    """The counts with a name before each address that has one."""
    names = answers.archive.tallies.name_people([count.value for count in counts])
    return [
        Count(c.value, f"{names[c.value]} <{c.value}>" if c.value in names else c.value, c.count, c.query)
        for c in counts
    ]  # fmt: skip


def write_value(operator: str, value: str) -> str:
    """An operator with its value, as a query has it; "" for what the language has no way to write."""
    if re.search('["\u201c\u201d\u201e\uff02]', value):
        return ""
    plain = re.fullmatch(r"[^\s()]+", value)
    return f"{operator}:{value}" if plain else f'{operator}:"{value}"'


def _list_clients(answers: Answers, _: Question) -> Iterator[_Value]:
    names = {fold(c.slug): f"{c.name} ({c.slug})" for c in answers.config.clients}
    for slug in answers.index.list_values("client"):
        label = names.get(slug, slug)
        yield _Value(slug, label, write_value("client", slug), Exact("client", slug))
    yield _Value("", "nobody's", "-has:client", Not(Exact("client", "", prefix=True)))


def _list_months(answers: Answers, question: Question) -> Iterator[_Value]:
    span = answers.index.find_span(question.query, **question.narrowed)
    if span is None:
        return
    from trail.index.dates import parse_range

    now = question.narrowed["now"]
    first, last = (_number_month(moment.astimezone(now.tzinfo)) for moment in span)
    for number in range(first, last + 1):
        month = f"{number // 12:04}-{number % 12 + 1:02}"
        node = sent_between(*parse_range(month, now))
        yield _Value(month, month, f"date:{month}", node)


def _number_month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _list_people(answers: Answers, _: Question) -> Iterator[_Value]:
    own = {fold(address) for address in answers.config.me}
    for address in answers.index.list_values("people"):
        # beside them stand words of their names, and domains
        if "@" in address[1:] and address not in own:
            query = write_value("with", address)
            yield _Value(address, address, query, Words(("people",), (address,)))


def _list_folders(answers: Answers, _: Question) -> Iterator[_Value]:
    # not what `in:` finds besides: last names, and what stands above folders and is none
    names = {fold(name): name for name in answers.archive.tallies.list_places()}
    for value, name in names.items():
        yield _Value(name, name, write_value("in", name), Exact("folder", value))


def _list_accounts(answers: Answers, _: Question) -> Iterator[_Value]:
    names = {fold(account.name): account.name for account in answers.config.accounts}
    for value in answers.index.list_values("account"):
        name = names.get(value, value)
        yield _Value(name, name, write_value("account", name), Exact("account", value))


def _list_types(answers: Answers, _: Question) -> Iterator[_Value]:
    from trail.index.kinds import choose_telling

    for kind in choose_telling(answers.index.list_values("type")):
        yield _Value(kind, kind, write_value("type", kind), Exact("type", kind))


_LISTS = {
    "client": _list_clients,
    "month": _list_months,
    "person": _list_people,
    "folder": _list_folders,
    "account": _list_accounts,
    "type": _list_types,
}
