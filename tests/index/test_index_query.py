from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from index_documents import NOW

from trail.errors import InvalidQuery
from trail.index.conditions import (
    EVERYTHING,
    TEXT_FIELDS,
    And,
    Exact,
    Glob,
    Keys,
    Near,
    Not,
    Or,
    Sent,
    Size,
    Words,
)
from trail.index.known import Known
from trail.index.operators import BY_NAME
from trail.index.query import MAX_CONDITIONS, MAX_DEPTH, Part, read_query
from trail.index.syntax import MAX_QUERY, measure_columns


def parse(query, clients=(), known=None):
    return read_query(query, now=NOW, known=known or Known(clients)).node


def word(*terms, prefix=False, fields=TEXT_FIELDS):
    return Words(fields, terms, prefix)


def refuse(query, clients=(), known=None):
    with pytest.raises(InvalidQuery) as caught:
        parse(query, clients, known)
    return caught.value


def pointed_at(query, clients=(), known=None):
    """Return the part of the query that stands over the carets."""
    _, line, carets = refuse(query, clients, known).message.split("\n")
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
    assert parse('after:"3 weeks ago"') == parse("newer_than:3w") == Sent(since=1707782400)
    assert parse("since:2024-03") == Sent(since=march)
    assert parse("until:2024-03") == Sent(until=april)
    assert parse("older_than:3w") == Sent(until=1707782400)
    assert parse("date:2024-03") == parse("date:2024-03..2024-03") == Sent(march, april)
    assert parse("date:2024-03..") == Sent(since=march)
    assert parse("date:..2024-03") == Sent(until=april)


def test_words_near_each_other_are_asked_with_a_number():
    assert parse('"red blue"~5') == Near(TEXT_FIELDS, ("red", "blue"), 5)
    assert parse('subject:"red blue red"~3') == Near(("subject",), ("red", "blue", "red"), 3)
    assert parse('"jane@acme.example x"~9').terms == ("jane", "acme", "example", "x")
    assert parse('("red blue"~5)') == parse('"red blue"~5')
    assert parse('"red"~5') == word("red")
    assert parse('"& -"~5 red') == word("red")
    assert parse('"red blue" ~5') == And((word("red", "blue"), word("5")))
    assert parse('"red blue"~5x') == And((word("red", "blue"), parse("5x")))
    assert "2 to 1000" in refuse('"red blue"~1').hint
    assert pointed_at('x "red blue"~1001') == '"red blue"~1001'
    assert pointed_at('"書 見積"~9') == '"書 見積"~9'


def test_an_operator_before_parentheses_is_that_of_all_in_them():
    jane, bob = word("jane", fields=("from",)), word("bob", fields=("from",))
    assert parse("from:(jane OR bob)") == Or((jane, bob))
    assert parse("from:(jane to:me) x") == And((And((jane, word("me", fields=("to",)))), word("x")))
    assert parse('-subject:("a b" (c OR -d))') == Not(
        And(
            (
                word("a", "b", fields=("subject",)),
                Or((word("c", fields=("subject",)), Not(word("d", fields=("subject",))))),
            )
        )
    )
    assert parse("date:(2024-03 OR 2024-04)") == parse("date:2024-03 OR date:2024-04")
    assert parse("subject:(Re: offer)") == And(
        (word("re", fields=("subject",)), word("offer", fields=("subject",)))
    )
    assert parse("from:(jane) bob") == And((jane, word("bob")))
    assert pointed_at("form:(jane)") == "form:"
    assert pointed_at("x from:(jane") == "from:("
    assert pointed_at("has:(attachment offer)") == "offer"


def test_facts_of_a_message_are_asked():
    assert parse("larger:5M") == Size(low=5 << 20)
    assert parse("smaller:200k") == parse("smaller_than:200KB") == Size(high=200 << 10)
    assert parse("larger:1.5k smaller:12000") == And((Size(low=1536), Size(high=12000)))
    assert parse("type:pdf") == parse("has:PDF") == Exact("type", "pdf")
    assert parse("type:text/csv") == Exact("type", "text/csv")
    assert (
        parse("lang:DE")
        == parse("lang:german")
        == parse("lang:Deutsch")
        == parse("lang:de-AT")
        == Exact("lang", "de")
    )
    assert parse("list:dev@lists.x.example") == word(
        "dev", "lists", "x", "example", fields=("list",)
    )
    assert parse("is:starred") == Exact("flag", "flagged")
    assert parse("text:x") == word("x", fields=(*TEXT_FIELDS, "quoted"))
    assert parse("label:x") == parse("folder:x") == parse("tag:x") == Exact("folder", "x")
    assert parse("attachment:x") == parse("filename:x") == word("x", fields=("file",))


def test_own_addresses_tell_what_was_sent():
    known = Known(me=("me@studio.example", "Freja@holm.example"))
    sent = Or(
        (word("me@studio.example", fields=("from",)), word("freja@holm.example", fields=("from",)))
    )
    assert parse("is:sent", known=known) == sent
    assert parse("is:received", known=known) == Not(sent)
    for state in ("sent", "received", "unanswered"):
        assert "me = " in refuse(f"is:{state}").hint


def test_the_archive_is_asked_what_only_it_knows():
    asked = []

    def look_up(question, value):
        asked.append((question, value))
        return frozenset({"k"} if value != "00000000" else ())

    known = Known(me=("me@x.example",), look_up=look_up)
    for query in (
        "thread:0123ABCD",
        "id:<A+b@x.example>",
        "msgid:a@x",
        "is:unread",
    ):
        assert parse(query, known=known) == Keys(frozenset({"k"}))
    assert parse("is:read", known=known) == Not(Keys(frozenset({"k"})))
    assert asked == [
        ("thread", "0123abcd"), ("message-id", "A+b@x.example"), ("message-id", "a@x"),
        ("unread", ""), ("unread", ""),
    ]  # fmt: skip
    to, sender = word("me@x.example", fields=("to",)), word("me@x.example", fields=("from",))
    assert parse("is:unanswered", known=known) == And(
        (Or((to,)), Not(Or((sender,))), Not(Keys(frozenset({"k"}))))
    )
    assert asked[-1] == ("followed", "")
    assert pointed_at("a thread:00000000", known=known) == "00000000"
    assert pointed_at("is:unread") == "unread"


def test_folders_and_accounts_are_checked_against_those_there_are():
    known = Known(
        accounts=("work",), list_folders=lambda: ("inbox", "clients", "clients/acme", "sent items")
    )
    assert parse("in:INBOX account:Work", known=known) == And(
        (Exact("folder", "inbox"), Exact("account", "work"))
    )
    assert refuse("in:inbx", known=known).hint == 'did you mean "inbox"?'
    assert refuse("in:sent", known=known).hint == 'did you mean "sent items" or is:sent?'
    assert refuse("in:acme", known=known).hint == 'did you mean "clients/acme"?'
    assert refuse("account:home", known=known).hint == "there are work"
    assert pointed_at("x in:unread", known=known) == "unread"
    assert refuse("in:unread", known=known).hint == "did you mean is:unread?"


def test_folders_are_listed_only_for_a_query_that_names_one():
    def list_folders():
        raise AssertionError

    assert parse("from:a client:b has:pdf", known=Known(list_folders=list_folders))


def test_small_or_and_and_are_hinted_at():
    def hints(query):
        return [hint.split()[0] for hint in read_query(query, now=NOW).hints]

    assert hints("tea or labels") == hints('"a" or (b)') == hints("a or b or c") == ['"or"']
    assert hints("tea and labels or beer") == ['"and"', '"or"']
    assert hints('"tea or labels"') == hints("or a") == hints("a or") == hints("a OR b") == []
    assert hints("subject:or or x") == ['"or"']


def test_a_query_is_taken_apart_as_it_was_typed():
    asked = read_query('Tea -from:jane subject:("b c" OR d) NOT (e f) Tea -"g h"~5 &', now=NOW)
    assert [part.text for part in asked.parts] == [
        "Tea", "-from:jane", 'subject:"b c"', "subject:d", "-(e f)", '-"g h"~5',
    ]  # fmt: skip
    assert asked.parts[1][:2] == ("-from:jane", Not(word("jane", fields=("from",))))
    assert asked.parts[0].places == ((0, 3), (46, 49))
    assert asked.parts[2].places == ((24, 29),)
    assert read_query("", now=NOW).parts == ()


def test_an_unknown_operator_is_shown_with_the_nearest_one():
    error = refuse("form:jane invoice")
    assert error.message == 'unknown operator "form:"\n  form:jane invoice\n  ^^^^^'
    assert error.hint == 'did you mean "from:"? Quotes make it plain text'
    assert refuse("subjekt:x").hint == 'did you mean "subject:"? Quotes make it plain text'
    assert refuse("size:5M").hint == "write larger: or smaller:"
    assert "subject:" in refuse("zzzzz:1").hint


def test_an_unknown_client_is_shown_with_the_nearest_one():
    error = refuse("offer client:acem", clients=("acme", "globex"))
    assert error.message == 'unknown client "acem"\n  offer client:acem\n               ^^^^'
    assert error.hint == 'did you mean "acme"?'


def test_clients_are_checked_only_against_known_ones():
    assert parse("client:ACME", clients=("Acme",)) == Exact("client", "acme")
    assert parse("client:whoever") == Exact("client", "whoever")


def test_a_client_can_be_named_in_full():
    known = Known(clients=("acme",), client_names=[("Acme Ltd", "acme")])
    assert parse('client:"ACME ltd"', known=known) == Exact("client", "acme")
    assert pointed_at('client:"Acme Inc"', known=known) == '"Acme Inc"'


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
        ("is:unreed", "unreed"),
        ("larger:big", "big"),
        ("larger:-5M", "-5M"),
        ("lang:klingon", "klingon"),
        ("after:..2024", "..2024"),
        ("until:2024..", "2024.."),
        ("date:2025..2024", "2025..2024"),
        ("date:..", ".."),
        ("list:!!", "!!"),
        ('subject:"!!"~5', '"!!"~5'),
        ("thread:12", "12"),
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


def look_up_nothing(question, value):
    return frozenset()


FULLY_KNOWN = Known(
    ("acme",), [("Acme", "acme")], ("work",), ("me@x.example",), lambda: ["inbox"], look_up_nothing
)
_PIECES = st.sampled_from(
    [*(f"{name}:" for name in BY_NAME), "(", ")", '"', "-", "*", "OR", "AND", "NOT", " ", " ", "a", "offer",
     "2024-03", "見積", "é", "x@y.example", "://", ":", "form:", "\x00", "\ud800", "0123abcd", "attachment",
     '"~', "~5", "~0", "..", "2024", "3w", "monday", "5M", "k", "sent", "unanswered", "or", "and", "acme", "Inbox", "(("]
)  # fmt: skip


@given(st.text() | st.lists(_PIECES, max_size=30).map("".join), st.booleans())
@example("\ud800:x", False)
@example("İ:x", True)
@example("(\u201c", True)
def test_any_text_is_read_or_refused_with_a_caret_line(query, knows):
    try:
        asked = read_query(query, now=NOW, known=FULLY_KNOWN if knows else Known(("acme",)))
        assert all(part.text for part in asked.parts)
    except InvalidQuery as error:
        head, line, carets = error.message.split("\n")
        assert head
        assert set(carets) == {" ", "^"}
        assert measure_columns(line) >= carets.index("^")


# --- there and back ----------------------------------------------------------------------------------------------

_NAMES = {
    ("from",): "from",
    ("subject",): "subject",
    ("file",): "file",
    TEXT_FIELDS: "",
    ("quoted",): "quoted",
}
_ROWS = st.lists(st.sampled_from(["red", "blue", "or", "and", "7"]), min_size=1, max_size=3).map(
    tuple
)
_LEAVES = (
    st.builds(Words, st.sampled_from(sorted(_NAMES)), _ROWS)
    | st.builds(Words, st.sampled_from(sorted(_NAMES)), st.just(("red",)), st.just(True)).filter(lambda w: w.fields != ("file",))
    | st.builds(Near, st.sampled_from(sorted(_NAMES)), _ROWS.filter(lambda row: len(row) > 1), st.integers(3, 50))
    | st.builds(Exact, st.sampled_from(["client", "account", "folder", "type"]), st.sampled_from(["a", "b c", "not"]))
    | st.builds(Size, st.integers(0, 10**9)) | st.builds(Size, st.none(), st.integers(0, 10**9))
)  # fmt: skip


def _combine(parts):
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)


def write(node):  # noqa: PLR0911 - one for each kind
    """Write a tree as a query."""
    match node:
        case And(parts):
            return f"({' '.join(map(write, parts))})"
        case Or(parts):
            return f"({' OR '.join(map(write, parts))})"
        case Not(part):
            return f"-{write(part)}"
        case Exact(field, value):
            return f'{ {"folder": "in"}.get(field, field) }:"{value}"'
        case Size(None, high):
            return f"smaller:{high}"
        case Size(low):
            return f"larger:{low}"
    operator = f"{_NAMES[node.fields]}:" if _NAMES[node.fields] else ""
    if isinstance(node, Near):
        return f'{operator}"{" ".join(node.terms)}"~{node.distance}'
    return f"{operator}{node.terms[0]}*" if node.prefix else f'{operator}"{" ".join(node.terms)}"'


@given(st.recursive(_LEAVES, _combine, max_leaves=12))
def test_what_is_written_from_a_tree_is_read_as_the_same_tree(node):
    assert parse(write(node)) == node


def test_a_slug_goes_before_the_name_of_another_client():
    known = Known(clients=("acme", "acme-dk"), client_names=[("Acme Ltd", "acme"), ("Acme", "acme-dk")])  # fmt: skip
    assert parse("client:acme", known=known) == Exact("client", "acme")
    assert parse('client:"Acme Ltd"', known=known) == Exact("client", "acme")


def test_a_name_that_several_clients_have_names_none():
    known = Known(clients=("a1", "a2"), client_names=[("Acme", "a1"), ("ACME", "a2")])
    error = refuse("client:acme", known=known)
    assert 'several clients are called "acme"' in error.message
    assert error.hint == "say which: a1, a2"


def test_what_is_left_out_is_one_part():
    for query in ("a -(b OR c)", "a NOT (b OR c)"):
        parts = read_query(query, now=NOW).parts
        assert [part.text for part in parts] == ["a", "-(b OR c)"]
        assert parts[1].node == Not(Or((word("b"), word("c"))))
    assert read_query("a -subject:(b c) d", now=NOW).parts[1].text == "-subject:(b c)"
    assert read_query("NOT NOT a", now=NOW).parts == (
        Part("-NOT a", Not(Not(word("a"))), ((4, 9),)),
    )


def hints(query, known=None):
    return read_query(query, now=NOW, known=known or Known()).hints


@pytest.mark.parametrize("query", ["tea - labels", "- labels tea", "tea -", "tea (- labels)"])
def test_a_hyphen_before_a_blank_leaves_nothing_out(query):
    assert parse(query) == parse(query.replace("- ", "").replace(" -", ""))


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("tea - labels", "-labels leaves that out"),
        ("- (tea OR x)", "-(…) leaves that out"),
        ("{tea beer}", "(tea OR beer)"),
        ("tea | beer", "OR in capitals"),
        ("tea || beer", "OR in capitals"),
        ("tea Or beer", '"Or" is looked for'),
        ("tea And beer", '"And" is looked for'),
        ('"labels tea" ~5', '"labels tea"~5'),
        ("tea AROUND 5 labels", '"tea labels"~7'),
        ("tea NEAR/5 labels", '"tea labels"~6'),
        ("tea ADJ/5 labels", '"tea labels"~6'),
        ("tea NEAR labels", '"tea labels"~11'),
        ("tea AROUND 5", "near each other"),
        ("(a) NEAR (b)", '"tea labels"~11'),
        ("<a@b.example>", "'id:<a@b.example>'"),
    ],
)
def test_what_other_programs_write_is_told_how_it_is_written_here(query, hint):
    assert hint in " ".join(hints(query))


@pytest.mark.parametrize(
    "query", ["tea -labels", "around near", "tea-labels", '"labels tea"~5', "a@b.example", "-", "NEAR x"]
)  # fmt: skip
def test_who_writes_as_it_is_meant_gets_no_hint(query):
    try:
        assert hints(query) == ()
    except InvalidQuery:
        assert query == "-"


def test_words_within_none_are_refused_as_within_one():
    assert "2 to 1000" in refuse('"red blue"~0').hint
    assert parse('"red"~0') == word("red")


def in_an_archive(**names):
    values = {"type": ["dwg", "application/x-odd"], "lang": ["da", "sk"]}
    return Known(list_values=lambda field: values[field], **names)


@pytest.mark.parametrize("kind", ["pdf", "docx", "image", "DWG", "text/csv", "image/heic", "application/x-odd", ".pdf"])  # fmt: skip
def test_kinds_that_are_known_or_there_are_asked_for(kind):
    assert parse(f"type:{kind}", known=in_an_archive()) == parse(f"type:{kind}")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("type:pfd", '"pdf"'),
        ("type:image/*", "write type:image"),
        ("type:qqqqqq", "text/csv"),
        ("has:jpg", "write type:jpg"),
        ("lang:xx", "there are ar"),
        ("lang:germn", '"de"'),
        ("note:this", "Quotes make it plain text"),
        ("C:\\foo", "uotes make it plain text"),
        ("(tea", "come in pairs"),
        ("tea)", "come in pairs"),
        ("from:me", "me ="),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(query, hint):
    assert hint in refuse(query, known=in_an_archive()).hint


def test_languages_that_are_known_or_there_are_asked_for():
    for language in ("da", "sk", "de-AT", "tr", "German"):
        assert parse(f"lang:{language}", known=in_an_archive()) == parse(f"lang:{language}")


def test_me_is_each_of_ones_own_addresses_but_in_quotes():
    known = in_an_archive(me=("A@b.example", "c@d.example"))
    own = [word(address, fields=("to",)) for address in ("a@b.example", "c@d.example")]
    assert parse("to:me", known=known) == Or(tuple(own))
    assert parse('to:"me"', known=known) == word("me", fields=("to",))
    assert parse("list:me", known=known) == parse("list:me")
    assert parse("from:me") == word("me", fields=("from",))
