from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from index_documents import NOW

from trail.errors import InvalidQuery
from trail.index.conditions import EVERYTHING, TEXT_FIELDS, And, Exact, Glob, Not, Or, Sent, Words
from trail.index.query import MAX_CONDITIONS, MAX_DEPTH, OPERATORS, parse_query
from trail.index.syntax import MAX_QUERY, measure_columns


def parse(query, clients=()):
    return parse_query(query, now=NOW, clients=clients)


def word(*terms, prefix=False, fields=TEXT_FIELDS):
    return Words(fields, terms, prefix)


def refuse(query, clients=()):
    with pytest.raises(InvalidQuery) as caught:
        parse(query, clients)
    return caught.value


def pointed_at(query, clients=()):
    """Return the part of the query that stands over the carets."""
    _, line, carets = refuse(query, clients).message.split("\n")
    columns = [c for c in line for _ in range(measure_columns(c))]
    shown = [c for c, caret in zip(columns, carets, strict=False) if caret == "^"]
    return "".join(c for i, c in enumerate(shown) if measure_columns(c) == 1 or i % 2 == 0)


def test_words_are_joined_by_and_which_binds_tighter_than_or():
    assert parse("a b OR c") == Or((And((word("a"), word("b"))), word("c")))
    assert parse("a AND b") == parse("a b") == And((word("a"), word("b")))
    assert parse("a (b OR c)") == And((word("a"), Or((word("b"), word("c")))))


def test_a_minus_and_not_mean_the_same():
    assert parse("a -b") == parse("a NOT b") == And((word("a"), Not(word("b"))))
    assert parse("-(a OR b)") == Not(Or((word("a"), word("b"))))
    assert parse('-"a b"') == Not(word("a", "b"))
    assert parse("--a") == Not(Not(word("a")))
    assert parse("-from:a") == Not(word("a", fields=("from",)))


def test_small_and_or_not_are_words():
    assert parse("to be or not") == And((word("to"), word("be"), word("or"), word("not")))


def test_a_bare_negation_is_everything_else():
    assert parse("NOT a") == Not(word("a"))


def test_nothing_and_a_star_are_everything():
    assert parse("") == parse(" \t ") == parse("*") == EVERYTHING


def test_quotes_of_word_processors_are_quotes():
    assert parse("\u201ca b\u201d") == parse("\u201ea b\u201c") == word("a", "b")


def test_operators_do_not_count_in_quotes():
    assert parse('"form:jane OR (x"') == word("form", "jane", "or", "x")


def test_a_beginning_ends_in_a_star():
    assert parse("inv*") == word("inv", prefix=True)
    assert parse("INV-2024/04*") == word("inv", "2024", "04", prefix=True)
    assert parse("INV-*") == word("inv")
    assert parse("見*") == word("見", prefix=True)
    assert parse('"inv*"') == word("inv")


def test_times_addresses_of_the_web_and_reply_marks_are_text():
    assert parse("12:30") == word("12", "30")
    assert parse("https://x.example/a?b=c:d") == word("https", "x", "example", "a", "b", "c", "d")
    assert parse("Re: offer") == And((word("re"), word("offer")))


def test_signs_alone_are_passed_over():
    assert parse("Smith & Sons - now") == parse("smith sons now")
    assert parse("-& a") == word("a")


def test_each_operator_has_its_fields():
    assert parse("from:jane") == word("jane", fields=("from",))
    assert parse('FROM:"Jane Doe"') == word("jane", "doe", fields=("from",))
    assert parse("from:jane@acme.example") == word("jane@acme.example", fields=("from",))
    assert parse("from:@acme.example") == word("@acme.example", fields=("from",))
    assert parse("with:acme.example") == word("acme", "example", fields=("people",))
    assert parse('subject:"new offer"') == word("new", "offer", fields=("subject",))
    assert parse("in:Clients/Acme") == Exact("folder", "clients/acme")
    assert parse("account:Work") == Exact("account", "work")
    assert parse("has:attachment") == Exact("has", "attachment")
    assert parse("is:Flagged") == Exact("flag", "flagged")
    assert parse("id:0123ABCD") == Exact("key", "0123abcd", prefix=True)
    assert parse("file:*.PDF") == Glob("filename", "*.pdf")
    assert parse('file:"my offer?.pdf"') == Glob("filename", "my offer?.pdf")
    assert parse("file:offer.pdf") == word("offer", "pdf", fields=("file",))
    assert parse("file:off*") == Or(
        (Glob("filename", "off*"), word("off", prefix=True, fields=("file",)))
    )
    assert parse("file:*") == Exact("has", "attachment")


def test_after_begins_with_the_period_and_before_ends_before_it():
    march = 1709251200
    april = 1711929600
    assert parse("after:2024-03") == Sent(since=march)
    assert parse("before:2024-03") == Sent(until=march)
    assert parse("on:2024-03") == Sent(march, april)
    assert parse('after:"3 weeks ago"') == Sent(since=1707782400)


def test_an_unknown_operator_is_shown_with_the_nearest_one():
    error = refuse("form:jane invoice")
    assert error.message == 'unknown operator "form:"\n  form:jane invoice\n  ^^^^^'
    assert error.hint == 'did you mean "from:"?'
    assert refuse("since:2024").hint == 'did you mean "after:"?'
    assert "subject:" in refuse("zzzzz:1").hint


def test_an_unknown_client_is_shown_with_the_nearest_one():
    error = refuse("offer client:acem", clients=("acme", "globex"))
    assert error.message == 'unknown client "acem"\n  offer client:acem\n               ^^^^'
    assert error.hint == 'did you mean "acme"?'


def test_clients_are_checked_only_against_known_ones():
    assert parse("client:ACME", clients=("Acme",)) == Exact("client", "acme")
    assert parse("client:whoever") == Exact("client", "whoever")


@pytest.mark.parametrize(
    ("query", "spot"),
    [
        ('a "b c', '"'),
        ('from:"jane', '"'),
        ("a (b", "("),
        ("a) b", ")"),
        ("a () b", "()"),
        ("a OR", "OR"),
        ("OR a", "OR"),
        ("a OR OR b", "OR"),
        ("a AND", "AND"),
        ("AND", "AND"),
        ("(a OR) b", "OR"),
        ("a NOT", "NOT"),
        ("NOT OR a", "NOT"),
        ("from: jane", "from:"),
        ('from:""', 'from:""'),
        ("from:!!", "!!"),
        ("a *b", "*b"),
        ("a b*c", "b*c"),
        ("x a*", "a*"),
        ("has:offer", "offer"),
        ("id:12", "12"),
        ("id:xyz12345", "xyz12345"),
        ("a on:2024-13", "2024-13"),
        ("& --", "& --"),
        ("見積書 form:x", "form:"),
        ("form:見積", "form:"),
        ("on:見積", "見積"),
        ("a\tb form:x", "form:"),
        ("w " * 60 + "form:x" + " w" * 60, "form:"),
    ],
)  # fmt: skip
def test_an_error_points_at_its_spot(query, spot):
    assert pointed_at(query) == spot


def test_a_long_query_is_shown_in_part():
    error = refuse("word " * 60 + "form:x" + " word" * 60)
    _, line, carets = error.message.split("\n")
    assert max(len(line), len(carets)) < 80
    assert line[2] == line[-1] == "…"


def test_queries_have_bounds():
    assert "too long" in refuse("a" * (MAX_QUERY + 1)).message
    assert "nested" in refuse("(" * 1000 + "a" + ")" * 1000).message
    assert "nested" in refuse("-" * 1000 + "a").message
    assert "nested" in refuse("NOT " * 900 + "a").message
    assert "conditions" in refuse("ab " * (MAX_CONDITIONS + 1)).message
    parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)
    parse("ab " * MAX_CONDITIONS)


_PIECES = st.sampled_from(
    [*(f"{name}:" for name in OPERATORS), "(", ")", '"', "-", "*", "OR", "AND", "NOT", " ", " ", "a", "offer",
     "2024-03", "見積", "é", "x@y.example", "://", ":", "form:", "\x00", "\ud800", "0123abcd", "attachment"]
)  # fmt: skip


@given(st.text() | st.lists(_PIECES, max_size=30).map("".join))
@example("\ud800:x")
@example("İ:x")
@example("(\u201c")
def test_any_text_is_read_or_refused_with_a_caret_line(query):
    try:
        parse(query, clients=("acme",))
    except InvalidQuery as error:
        head, line, carets = error.message.split("\n")
        assert head
        assert set(carets) == {" ", "^"}
        assert measure_columns(line) >= carets.index("^")
