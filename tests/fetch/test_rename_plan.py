"""Which folder is this one under its former name: the decision alone, as tables and as laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.fetch.renames import KnownFolder, KnownMessage, agrees, find_origins, has_left
from trail.fetch.source import FolderState, RawHeader

AT = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)
OLD = KnownFolder(1, "Old", 7, 11, None)
MARKED = KnownFolder(2, "Marked", 7, 11, "M1")
CONTENT = b"Subject: a\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    ("state", "known", "found"),
    [
        (FolderState(7, 11, 10), [OLD], [OLD]),
        (FolderState(7, 99, 10), [OLD], [OLD]),
        (FolderState(7, None, 10), [OLD], [OLD]),
        (FolderState(7, 10, 9), [OLD], []),  # UIDNEXT never goes back
        (FolderState(8, 11, 10), [OLD], []),
        (FolderState(8, 1, 0, mailboxid="M1"), [OLD, MARKED], [MARKED]),  # whatever the numbers say
        (FolderState(7, 11, 10, mailboxid="M1"), [OLD, MARKED], [MARKED]),
        (FolderState(7, 11, 10, mailboxid="M2"), [OLD, MARKED], [OLD]),  # two ids are two folders
        (FolderState(7, 11, 10), [], []),
    ],
)
def test_a_folder_is_looked_for_by_what_a_rename_leaves(state, known, found):
    assert find_origins("new", state, known) == found


@pytest.mark.parametrize(
    ("known", "now", "left"),
    [
        (OLD, None, True),
        (OLD, FolderState(7, 11, 10), False),
        (OLD, FolderState(8, 1, 0), True),
        (OLD, FolderState(7, 11, 10, mailboxid="M9"), False),
        (MARKED, FolderState(7, 11, 10, mailboxid="M1"), False),
        (MARKED, FolderState(9, 11, 10, mailboxid="M1"), False),  # renumbered, not gone
        (MARKED, FolderState(7, 11, 10, mailboxid="M2"), True),
        (MARKED, FolderState(7, 11, 10), False),
    ],
)
def test_a_name_is_free_when_it_stands_for_nothing_or_for_another_folder(known, now, left):
    assert has_left(known, now) is left


def header(**changes):
    fields = {"uid": 3, "content": CONTENT[:14], "size": len(CONTENT), "received_at": AT}
    return RawHeader(**(fields | {"flags": (), "labels": ()} | changes))


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ([header()], True),
        ([header(), header(uid=99)], True),  # one that is not archived says nothing
        ([], False),
        ([header(uid=99)], False),
        ([header(size=1)], False),
        ([header(content=b"Subject: b\r\n\r\n")], False),
        ([header(received_at=AT + timedelta(seconds=1))], False),
        ([header(), header(size=1)], False),
    ],
)
def test_a_sample_agrees_when_every_message_compared_is_the_same(shown, same):
    assert agrees(shown, {3: KnownMessage(CONTENT, AT)}) is same


def test_the_date_counts_only_where_it_is_that_of_the_place():
    shown = [header(received_at=AT + timedelta(days=1))]
    assert agrees(shown, {3: KnownMessage(CONTENT, None)})


small = st.integers(1, 3)
ids = st.sampled_from([None, "M1", "M2"])
folders = st.builds(KnownFolder, small, st.sampled_from("abc"), small, small, ids)
states = st.builds(FolderState, small, st.none() | small, small, mailboxid=ids)


@given(states, st.lists(folders))
def test_what_is_found_has_the_same_id_or_the_same_uidvalidity(state, known):
    found = find_origins("new", state, known)
    assert set(found) <= set(known)
    by_id = [k for k in known if state.mailboxid and k.mailboxid == state.mailboxid]
    if by_id:
        assert sorted(found, key=repr) == sorted(by_id, key=repr)
    else:
        assert all(k.uidvalidity == state.uidvalidity for k in found)
        assert all(state.uidnext is None or k.least_uidnext <= state.uidnext for k in found)


@given(folders, states)
def test_a_folder_that_stands_as_it_was_known_has_never_left(known, state):
    same = FolderState(known.uidvalidity, state.uidnext, state.exists, mailboxid=known.mailboxid)
    assert not has_left(known, same)
