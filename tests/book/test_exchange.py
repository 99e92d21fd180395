"""The book as a file: it comes back, merges in any order, and garbage is refused with its place."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from booking import NOW, TODAY, action, agreement, note
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.book.exchange import format_book, merge, read_book
from trail.errors import UnusableBook
from trail.model import Action, Note, Request, Settled, Struck

moments = st.integers(0, 2**34).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # fmt: skip
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip)
ids = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=6, max_size=6)
few = st.sampled_from(["aaaaa1", "aaaaa2", "aaaaa3"])
days = st.none() | st.dates()


def entries(names=ids, when=moments):
    return st.lists(
        st.builds(Note, names, st.just("acme"), texts, when, when)
        | st.builds(
            Action, names, st.just("acme"), texts, when, when, days, st.booleans(),
            st.sampled_from(["", "f" * 64]), st.just(""), st.none() | when,
        )
        | st.builds(
            Request, names, st.just("acme"), texts, when, when, days, texts, st.just(""),
            st.sampled_from(["open", "done", "declined"]),
        ),
        max_size=6,
        unique_by=lambda one: (type(one), one.id),
    )  # fmt: skip


def settlings(keys, when=moments):
    return st.lists(
        st.builds(
            Settled, st.sampled_from(["acme", "bolt"]), keys, st.sampled_from(["us", "them"]),
            when, st.none() | when, when, st.booleans(),
        ),
        max_size=6,
        unique_by=identity,
    )  # fmt: skip


def identity(settled):
    return settled.key, settled.client, settled.by


keys = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(entries(), st.lists(st.builds(Struck, ids, st.just("acme"), st.just("note"), moments), unique_by=lambda one: one.id), settlings(keys))  # fmt: skip
def test_a_book_comes_back_as_it_was(made, struck, settled):
    copy = read_book(format_book(made, struck, settled, NOW))
    assert set(copy.entries) == set(made)
    assert list(copy.struck) == struck
    assert list(copy.settled) == settled


NEAR = st.integers(0, 2).map(lambda hours: NOW + timedelta(hours=hours))
BOOKS = st.tuples(
    entries(few, NEAR), st.lists(st.builds(Struck, few, st.just("acme"), st.sampled_from(["note", "action"]), st.just(NOW)), max_size=2, unique_by=lambda one: (one.id, one.kind)),
    settlings(st.sampled_from(["a" * 64, "b" * 64]), NEAR),
)  # fmt: skip


def take(book, other):
    """What a book is after it took another in, as the ledger does it."""
    mine = {(type(e), e.id): e for e in book[0]}
    gone = {(s.kind, s.id): s for s in book[1]}
    plan = merge(read_book(format_book(*other, NOW)), mine.values(), gone.values(), book[2])
    mine |= {(type(e), e.id): e for e in (*plan.added, *plan.changed)}
    gone |= {(s.kind, s.id): s for s in plan.struck}
    for kind, name in gone:
        mine.pop(({"note": Note, "action": Action}[kind], name), None)
    decided = {identity(one): one for one in (*book[2], *plan.settled)}
    return list(mine.values()), list(gone.values()), list(decided.values())


@settings(max_examples=200)
@given(BOOKS, BOOKS)
def test_two_books_that_take_each_other_in_are_equal_and_again_changes_nothing(one, other):
    one, other = take(([], [], []), one), take(([], [], []), other)
    left, right = take(one, other), take(other, one)
    assert set(left[0]) == set(right[0])
    assert {(s.kind, s.id) for s in left[1]} == {(s.kind, s.id) for s in right[1]}
    assert set(left[2]) == set(right[2])
    newest = {}
    for settled in sorted((*one[2], *other[2]), key=lambda each: each.at):
        newest[identity(settled)] = settled.at
    assert {identity(each): each.at for each in left[2]} == newest
    again = merge(read_book(format_book(*right, NOW)), *left)
    assert (again.added, again.changed, again.struck, again.settled) == ((), (), (), ())


def book(**lists):
    return {"format": "trail-book", "version": 1, **lists}


DONE = {
    "client": "acme", "key": "a" * 64, "by": "us", "at": "2026-03-05T09:30:00Z", "until": None,
    "last_at": "2026-03-05T09:30:00Z",
}  # fmt: skip
NOTE = {"id": "aaaan1", "client": "acme", "text": "x", "created_at": "2026-03-05T09:30:00Z"}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "no book"),
        ({"format": "x"}, "no book"),
        (book() | {"version": True}, "version: must be a whole number"),
        (book() | {"version": 2}, "newer trail"),
        (book(more=[]), "more: unknown key"),
        (book(notes={}), "notes: must be a list"),
        (book(notes=[3]), "notes[0]: must be an object"),
        (book(notes=[NOTE, NOTE]), "notes[1].id: aaaan1 is that of notes[0]"),
        (book(notes=[NOTE | {"extra": 1}]), "notes[0].extra: unknown key"),
        (book(notes=[{"id": "aaaan1"}]), "notes[0].client: is missing"),
        (book(notes=[NOTE | {"id": "../../x"}]), "notes[0].id: must be an id"),
        (book(notes=[NOTE | {"client": "A b"}]), "notes[0].client: must be the slug"),
        (book(notes=[NOTE | {"text": " "}]), "notes[0].text: says nothing"),
        (book(notes=[NOTE | {"text": "\ud800"}]), "notes[0].text: "),
        (book(notes=[NOTE | {"created_at": "2026-02-30T09:30:00Z"}]), "notes[0].created_at: "),
        (book(notes=[NOTE | {"created_at": "yesterday"}]), "must be a moment such as"),
        (book(actions=[NOTE | {"due": "2026-02-30"}]), "actions[0].due: "),
        (book(actions=[NOTE | {"private": 1}]), "actions[0].private: must be true or false"),
        (book(actions=[NOTE | {"source": "abc"}]), "actions[0].source: must be a SHA-256"),
        (book(agreements=[NOTE | {"kind": "bet"}]), "agreements[0].kind: must be one of contract"),
        (book(agreements=[NOTE | {"kind": "rate", "remind": "x"}]), "must be a length of time"),
        (book(requests=[NOTE | {"state": "lost"}]), "requests[0].state: must be one of open"),
        (book(settled=[DONE, DONE]), f"settled[1].key: {'a' * 64} is that of settled[0]"),
        (book(settled=[DONE | {"key": ""}]), "settled[0].key: must be the key of a message"),
        (book(settled=[DONE | {"key": "a"}]), "settled[0].key: must be a SHA-256"),
        (book(settled=[DONE | {"by": "me"}]), "settled[0].by: must be one of us, them"),
        (book(settled=[DONE | {"until": "2026-03-05"}]), "settled[0].until: must be a moment"),
        (book(settled=[DONE | {"undone": 1}]), "settled[0].undone: must be true or false"),
        (book(settled=[NOTE]), "settled[0].id: unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_place(data, place):
    with pytest.raises(UnusableBook) as caught:
        read_book(json.dumps(data))
    assert place in caught.value.message


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", '"x"', "{} {}"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(UnusableBook):
        read_book(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "client", "text", "created_at", "due", "kind"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("notes", "actions", "agreements", "requests", "struck", "settled"), json_values)))  # fmt: skip
def test_any_json_is_a_book_or_is_refused(lists):
    with contextlib.suppress(UnusableBook):
        read_book(json.dumps(book(**lists)))


def test_the_newer_state_stays_and_what_was_struck_stays_away():
    old, new = action(), replace(action(), text="New", changed_at=NOW + timedelta(hours=1))
    copy = read_book(format_book([new], [], [], NOW))
    assert merge(copy, [old], []).changed == (new,)
    assert merge(copy, [], []).added == (new,)
    assert merge(copy, [new], []).same == 1
    assert merge(read_book(format_book([old], [], [], NOW)), [new], []).older == 1
    gone = Struck("aaaaa1", "acme", "action", NOW)
    assert merge(copy, [], [gone]).older == 1
    assert merge(copy, [], [replace(gone, kind="suggestion")]).added == (new,)
    assert merge(read_book(format_book([], [gone], [], NOW)), [old], []).struck == (gone,)


def test_what_was_undone_later_is_not_settled_anew():
    done = read_book(json.dumps(book(settled=[DONE]))).settled[0]
    assert (done.until, done.undone) == (None, False)
    undone = replace(done, at=done.at + timedelta(seconds=1), undone=True)
    assert merge(read_book(format_book([], [], [done], NOW)), [], [], [undone]).older == 1
    assert merge(read_book(format_book([], [], [undone], NOW)), [], [], [done]).settled == (undone,)


def test_an_id_of_another_clients_entry_is_refused():
    copy = read_book(format_book([note()], [], [], NOW))
    with pytest.raises(UnusableBook, match=r"notes\[0\].id: aaaan1 is an entry of bolt here"):
        merge(copy, [note(client="bolt")], [])


def test_an_agreement_keeps_every_field():
    one = agreement(
        value="95 EUR", since=TODAY, until=date(2027, 1, 1), remark="r", source="a" * 64,
        file="c.pdf", digest="b" * 64, ended_at=NOW,
    )  # fmt: skip
    assert read_book(format_book([one], [], [], NOW)).entries == (one,)
