"""Planning: pure, so held against models and properties instead of servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from trail.fetch.plan import choose_folders, is_unchanged, plan_folder, split_batches
from trail.fetch.source import FolderState, RemoteFolder

uids = st.frozensets(st.integers(1, 30))


@given(uids, uids, uids, uids)
def test_every_uid_is_settled_or_undecided_and_never_both(shown, settled, again, gone):
    again -= settled
    gone &= settled | again
    plan = plan_folder(shown, settled=settled, again=again, gone=gone)
    assert len(set(plan.undecided)) == len(plan.undecided)
    assert set(plan.undecided) | (shown & settled) == shown
    assert not set(plan.undecided) & settled
    assert plan.gone == (settled | again) - shown - gone
    assert plan.returned == gone & shown


@given(uids, uids)
def test_new_messages_come_before_old_trouble(shown, again):
    undecided = plan_folder(shown, settled=frozenset(), again=again, gone=frozenset()).undecided
    assert list(undecided) == sorted(undecided, key=lambda uid: (uid in again, uid))


@given(
    st.lists(st.integers(1, 1000), unique=True),
    st.dictionaries(st.integers(1, 1000), st.integers(0, 120)),
    st.integers(1, 7),
    st.integers(1, 100),
)
def test_batches_are_bounded_and_hold_everything_once_in_order(wanted, sizes, most, most_bytes):
    batches = list(split_batches(wanted, sizes, most=most, most_bytes=most_bytes))
    assert [uid for batch in batches for uid in batch] == wanted
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(sizes.get(uid, most_bytes) for uid in batch) <= most_bytes


class Mailbox(RuleBasedStateMachine):
    """A folder as RFC 9051 allows it to change, and what the last look remembers of it."""

    @initialize()
    def begin(self):
        self.messages, self.uidnext, self.seen = set(), 1, None

    @rule(count=st.integers(1, 3), skipped=st.integers(0, 2))
    def append(self, count, skipped):
        self.uidnext += skipped
        self.messages |= set(range(self.uidnext, self.uidnext + count))
        self.uidnext += count

    @rule(data=st.data())
    def expunge(self, data):
        if self.messages:
            self.messages -= data.draw(st.sets(st.sampled_from(sorted(self.messages)), min_size=1))

    @rule(between=st.sampled_from(["nothing", "append", "expunge", "both"]))
    def look(self, between):
        """EXAMINE tells UIDNEXT; what happens before SEARCH is in the list, not in it."""
        uidnext = self.uidnext
        if between in ("append", "both"):
            self.append(1, 0)
        if between in ("expunge", "both") and self.messages:
            self.messages.discard(min(self.messages))
        self.seen = (uidnext, frozenset(self.messages))

    @invariant()
    def unchanged_is_only_said_of_the_same_set(self):
        if getattr(self, "seen", None):
            uidnext, seen = self.seen
            state = FolderState(1, self.uidnext, len(self.messages))
            if is_unchanged(state, uidnext=uidnext, on_server=len(seen)):
                assert seen == self.messages


TestMailbox = Mailbox.TestCase


def test_a_server_without_uidnext_is_always_looked_at():
    assert not is_unchanged(FolderState(1, None, 3), uidnext=None, on_server=3)
    assert not is_unchanged(FolderState(1, None, 3), uidnext=4, on_server=3)
    assert not is_unchanged(FolderState(1, 4, 3), uidnext=None, on_server=3)
    assert is_unchanged(FolderState(1, 4, 3), uidnext=4, on_server=3)


def folder(name, *attributes, raw=None):
    return RemoteFolder(name, raw or name.encode(), frozenset(attributes))


def choose(*folders, wanted=(), gmail=False):
    chosen, left_out, missing = choose_folders(folders, wanted, gmail=gmail)
    assert sorted(f.name for f in chosen) == sorted({f.name for f in chosen})
    return [f.name for f in chosen], left_out, missing


def test_marked_junk_trash_and_drafts_are_left_out_whatever_their_names():
    chosen, left_out, _ = choose(
        folder("INBOX"),
        folder("A", "\\junk"),
        folder("B", "\\trash"),
        folder("C", "\\drafts"),
        folder("D", "\\sent"),
        folder("E", "\\archive"),
    )
    assert chosen == ["INBOX", "D", "E"]
    assert left_out == ["A", "B", "C"]


@pytest.mark.parametrize(
    "name",
    [
        "Trash", "Spam", "Junk E-mail", "Drafts", "Deleted Items", "INBOX/Trash", "INBOX/Spam",
        "Papirkurv", "Uønsket mail", "Kladder", "Slettet post", "Papierkorb", "Entwürfe", "Gelöschte Elemente",
        "Unerwünscht", "Corbeille", "Brouillons", "Éléments supprimés", "Courrier indésirable", "E\u0301le\u0301ments supprime\u0301s",
    ],
)  # fmt: skip
def test_a_server_that_marks_nothing_is_understood_by_its_names(name):
    assert choose(folder("INBOX"), folder(name))[:2] == (["INBOX"], [name])


def test_a_name_means_nothing_where_the_server_marks_that_use_elsewhere():
    assert choose(folder("Spam"), folder("Junk", "\\junk"), folder("Trash"))[0] == ["Spam"]


def test_a_clients_folder_called_spam_is_the_clients():
    assert choose(folder("Clients/Spam"), folder("Clients/Drafts"))[0] == [
        "Clients/Spam",
        "Clients/Drafts",
    ]


def test_what_lies_in_the_trash_is_trash():
    chosen, left_out, _ = choose(
        folder("INBOX"),
        folder("Bin", "\\trash"),
        folder("Bin/Old/Deep"),
        folder("Binders"),
        folder("Spam"),
        folder("Spam/2020"),
    )
    assert chosen == ["INBOX", "Binders"]
    assert left_out == ["Bin", "Bin/Old/Deep", "Spam", "Spam/2020"]


def test_folders_that_only_show_others_are_left_out_and_what_cannot_be_opened_too():
    chosen, left_out, _ = choose(
        folder("INBOX"),
        folder("All", "\\all"),
        folder("Stars", "\\flagged"),
        folder("[Gmail]", "\\noselect"),
        folder("x", "\\nonexistent"),
    )
    assert chosen == ["INBOX"]
    assert left_out == ["All", "Stars"]


def test_gmail_is_all_mail_alone_unless_it_is_hidden():
    everything = (
        folder("INBOX"),
        folder("[Gmail]/All Mail", "\\all"),
        folder("Clients"),
        folder("[Gmail]/Spam", "\\junk"),
    )
    assert choose(*everything, gmail=True)[0] == ["[Gmail]/All Mail"]
    assert choose(everything[0], *everything[2:], gmail=True)[0] == ["INBOX", "Clients"]


def test_wanted_folders_are_those_alone_and_the_missing_are_named():
    assert choose(folder("INBOX"), folder("Clients/Ørsted"), folder("Trash", "\\trash"), wanted=("inbox", "clients/\u00f8rsted", "Trash", "Nope")) == (
        ["INBOX", "Clients/Ørsted", "Trash"], [], ["Nope"],
    )  # fmt: skip


def test_a_folder_wanted_twice_is_one_folder():
    assert choose(folder("INBOX"), wanted=("INBOX", "Inbox"))[0] == ["INBOX"]


def test_two_folders_that_differ_in_case_are_both_to_be_had():
    two = (folder("clients"), folder("Clients"))
    assert choose(*two, wanted=("Clients",))[0] == ["Clients"]
    assert choose(*two, wanted=("clients",))[0] == ["clients"]
    assert choose(*two, wanted=("CLIENTS",))[0] == ["clients"]
    assert choose(*two)[0] == ["clients", "Clients"]


def test_two_folders_of_one_name_never_share_their_uids():
    two = (
        folder("Nørre", raw=b"N&APg-rre"),
        folder("Nørre", raw="Nørre".encode()),
        folder("INBOX"),
    )
    chosen, _, _ = choose_folders(two)
    assert len({f.name for f in chosen}) == 3
    assert {f.raw for f in chosen} == {f.raw for f in two}
    assert [f.name for f in chosen] == [f.name for f in choose_folders(two)[0]]


def test_a_folder_listed_twice_is_one_folder():
    assert choose(folder("INBOX"), folder("INBOX"))[0] == ["INBOX"]


names = st.lists(
    st.sampled_from(["INBOX", "Trash", "a", "A", "a/b", "Spam/x", "å", "a\u030a"]), max_size=6
)
attributes = st.frozensets(
    st.sampled_from(["\\junk", "\\trash", "\\all", "\\noselect", "\\sent"]), max_size=2
)


@given(
    st.lists(st.builds(RemoteFolder, names.map("/".join), st.binary(max_size=3), attributes)),
    names,
    st.booleans(),
)
def test_every_folder_that_can_be_opened_is_chosen_or_named_as_left_out(folders, wanted, gmail):
    chosen, left_out, missing = choose_folders(folders, wanted, gmail=gmail)
    openable = {
        f.raw
        for f in {f.raw: f for f in reversed(folders)}.values()
        if not f.attributes & {"\\noselect"}
    }
    assert len(chosen) + len(left_out) == len(openable)
    assert {f.raw for f in chosen} <= openable
    assert set(missing) <= set(wanted)
