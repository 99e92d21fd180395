from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.parse.threads import ThreadMember, build_thread, is_answer, normalise_subject

START = datetime(2026, 1, 5, tzinfo=UTC)


def member(key, *references, day=None, message_id=""):
    sent_at = None if day is None else START + timedelta(days=day)
    return ThreadMember(key, f"{key}@x" if message_id == "" else message_id, references, sent_at)


def draw(members):
    return [f"{'  ' * node.depth}{node.key}" for node in build_thread(members)]


def test_a_conversation_is_shown_parents_first_and_siblings_by_date():
    members = [
        member("late", "root@x", day=3),
        member("answer", "root@x", "early@x", day=4),
        member("early", "root@x", day=2),
        member("root", day=1),
    ]
    assert draw(members) == ["root", "  early", "    answer", "  late"]
    assert [node.parent for node in build_thread(members)] == [None, "root", "early", "root"]


def test_a_missing_message_passes_its_children_to_the_nearest_above():
    members = [member("a", day=1), member("c", "a@x", "b@x", day=2), member("d", "lost@x", day=3)]
    assert draw(members) == ["a", "  c", "d"]


def test_another_message_may_tell_the_parent_of_one_that_does_not():
    members = [member("a", day=1), member("b", day=2), member("c", "a@x", "b@x", day=3)]
    assert draw(members) == ["a", "  b", "    c"]


def test_messages_that_name_each_other_survive():
    members = [member("a", "b@x", day=1), member("b", "a@x", day=2), member("c", "c@x", day=3)]
    assert sorted(line.strip() for line in draw(members)) == ["a", "b", "c"]


def test_two_messages_with_one_id_are_both_shown_and_replies_hang_on_the_first():
    members = [
        member("a", day=1),
        member("a2", day=2, message_id="a@x"),
        member("b", "a@x", day=3),
    ]
    assert draw(members) == ["a", "  b", "a2"]


def test_equal_subjects_do_not_join_strangers_and_the_undated_come_last():
    members = [member("x", message_id=None), member("y", day=1, message_id=None)]
    assert draw(members) == ["y", "x"]


def test_a_very_long_conversation_is_no_recursion():
    members = [member(str(n), f"{n - 1}@x", day=n) for n in range(2000)]
    assert [node.depth for node in build_thread(members)] == list(range(2000))


IDS = st.sampled_from([f"{letter}@x" for letter in "abcdefg"])


@given(
    st.lists(
        st.builds(
            ThreadMember,
            st.sampled_from("stuvwxyz"),
            IDS | st.none(),
            st.lists(IDS, max_size=5).map(tuple),
            st.none() | st.integers(0, 9).map(lambda n: START + timedelta(days=n)),
        ),
        max_size=12,
        unique_by=lambda member: member.key,
    )
)
def test_every_member_is_shown_once_after_its_parent(members):
    nodes = build_thread(members)
    assert sorted(node.key for node in nodes) == sorted(m.key for m in members)
    depths = {None: -1}
    for node in nodes:
        assert node.depth == depths[node.parent] + 1
        depths[node.key] = node.depth
    assert nodes == build_thread(members[::-1])


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Re: Fwd: Contract", "Contract"),
        ("RE : SV: AW: WG: TR: VS: Contract", "Contract"),
        ("Re[2]: Re(3): Re^4: Contract", "Contract"),
        ("[2] Contract", "Contract"),
        ("Re: [ACME] Re: Contract", "[ACME] Re: Contract"),
        ("回复\uff1aRe: 合同", "合同"),
        ("  a \r\n b  ", "a b"),
        ("Reform: yes", "Reform: yes"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_reply_marks_are_taken_off_a_subject(subject, expected):
    assert normalise_subject(subject) == expected


@pytest.mark.parametrize("subject", ["Re: Logo", "SV: Logo", "AW: Logo", "Re[2]: Logo", "  re : Logo", "R: Logo", "Re: Fwd: Logo"])  # fmt: skip
def test_a_reply_mark_makes_an_answer(subject):
    assert is_answer(subject)


@pytest.mark.parametrize("subject", ["Logo", "Fwd: Logo", "FW: Re: Logo", "WG: Logo", "TR: Logo", "VS: Logo", "I: Logo", "", "Report: x"])  # fmt: skip
def test_a_forward_and_a_new_letter_are_none(subject):
    assert not is_answer(subject)
