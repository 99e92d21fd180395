import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.parse import text as text_module
from trail.parse.html import read_html
from trail.parse.text import mark_quoted, split_quoted

ATTRIBUTIONS = [
    "On Mon, 5 Jan 2026 at 10:00, Jane <jane@acme.example> wrote:",
    "Jane Doe wrote:",
    "Den man. 5. jan. 2026 kl. 10.00 skrev Jane <jane@acme.example>:",
    "Jane skrev den 2026-01-05 10:00:",
    "Am 05.01.2026 um 10:00 schrieb Jane:",
    "Jane schrieb am 05.01.2026:",
    "Le lun. 5 janv. 2026 à 10:00, Jane a écrit\u00a0:",
    "Op 5 jan. 2026 om 10:00 schreef Jane:",
    "2026年1月5日(月) 10:00 Jane <jane@acme.example>:",
    "2026年1月5日 10:00 山田さんは書きました\uff1a",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_attribution_before_a_quotation_is_quoted_with_it(attribution):
    written, quoted = split_quoted(f"Mine.\n\n{attribution}\n\n> theirs\n\nMine too.")
    assert written == "Mine.\n\nMine too."
    assert quoted.splitlines() == [attribution.rstrip(), "theirs"]


@pytest.mark.parametrize("attribution", [a for a in ATTRIBUTIONS if "5" in a and a[0] in "ODAL"])
def test_what_follows_a_dated_attribution_without_prefix_is_quoted(attribution):
    written, quoted = split_quoted(f"Mine.\n\n{attribution}\n\ntheirs\nall of it")
    assert written == "Mine."
    assert quoted.endswith("theirs\nall of it")


@pytest.mark.parametrize(
    "mark",
    [
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "-----Oprindelig meddelelse-----",
        "-----Ursprüngliche Nachricht-----",
        "-----Message d\u2019origine-----",
        "-----元のメッセージ-----",
        "Begin forwarded message:",
        "From: J\nSent: today\nTo: me\nSubject: x",
        "Von: J\nGesendet: heute\nAn: ich\nBetreff: x",
        "Fra: J\nSendt: i dag\nTil: mig\nEmne: x",
        "De : J\nEnvoyé : hier\nÀ : moi\nObjet : x",
        "*From:* J\n*Date:* today\n*Subject:* x",
    ],
)
def test_what_was_forwarded_is_quoted_to_the_end(mark):
    written, quoted = split_quoted(f"FYI\n\n{mark}\n\ntheir words")
    assert written == "FYI"
    assert quoted == f"{mark}\n\ntheir words"


@pytest.mark.parametrize(
    "prose",
    [
        "In 2023 you wrote:\nnothing.",
        "She said:\nno.",
        "From: here to there\nit is far.",
        "On the 5 points:\nall fine.",
        "-- \nJane\nAcme",
        "a > b\nb > c",
    ],
)
def test_the_authors_own_words_are_not_taken_for_a_quotation(prose):
    assert split_quoted(prose) == ("\n".join(s.rstrip() for s in prose.split("\n")), "")


@given(
    st.lists(
        st.sampled_from(
            [
                *ATTRIBUTIONS,
                "> q1",
                ">> q2",
                "",
                "own",
                "-----Original Message-----",
                "From: a",
                "Sent: b",
                "To: c",
                "Subject: d",
                "On 5 Jan 2026 at 10:00 a long",
                "name wrote:",
            ]
        )
    )
)
def test_every_word_is_in_one_or_the_other(lines):
    body = "\n".join(lines)
    words = re.compile(r"\w+")
    assert Counter(words.findall("\n".join(split_quoted(body)))) == Counter(words.findall(body))


def test_html_keeps_words_apart_as_they_are_shown():
    html = "<p>un<b>brok</b>en</p><table><tr><td>a</td><td>b</td></tr></table>x<br>y<div>z</div>"
    assert read_html(html).split() == ["unbroken", "a", "b", "x", "y", "z"]


def test_preformatted_lines_stay_lines():
    assert read_html("<pre>one\n  two\n</pre>three").split("\n")[:2] == ["one", "two"]


def test_quotes_in_html_stand_behind_a_prefix():
    html = "mine<blockquote><p>one</p><blockquote>two</blockquote>three</blockquote>mine too"
    written, quoted = split_quoted(read_html(html))
    assert written.split("\n\n") == ["mine", "mine too"]
    assert quoted.split() == ["one", "two", "three"]


@given(st.text(alphabet="<>/abp &;#\ufdd0\ufdd1\ufdd2 \n\"'=!-", max_size=80))
def test_no_html_raises_or_leaks_our_marks(html):
    assert not set(read_html(html)) & set("\ufdd0\ufdd1\ufdd2")


LINES = st.sampled_from(
    [*ATTRIBUTIONS, "On 5 January", "jane@acme.example wrote:", "-----Original Message-----", "Begin forwarded message:",
     "*From:* Jane", "Von: Jane", "\u3000差出人: x", "Sent: monday", "Subject: x", "> theirs", "", "mine", "\x0bOn 5 jan"]
)  # fmt: skip


@given(st.lists(LINES, max_size=8))
def test_no_line_is_passed_over_that_might_introduce_a_quotation(lines):
    body = "\n".join(lines)
    divided = split_quoted(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "_LEADING", re.compile(""))  # none is
        assert split_quoted(body) == divided


@given(st.lists(st.sampled_from(["> a", ">> b", "c", "", "On 5 May 2024 Jane <j@x.example> wrote:", "-----Original Message-----", " >d"]), max_size=12))  # fmt: skip
def test_marked_lines_are_those_of_the_body_in_its_order(lines):
    body = "\n".join(lines)
    marked = mark_quoted(body)
    assert [line for _, line in marked] == body.splitlines()
    assert all(start is None or line[:start].strip(" >") == "" for start, line in marked)
