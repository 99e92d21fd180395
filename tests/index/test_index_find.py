from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from index_documents import JANE, ME, NOW, find_names, make_document, make_key

from trail.errors import InvalidQuery
from trail.index.conditions import And, Exact, Keys, Not
from trail.model import Address


def test_bare_words_are_found_in_text_subject_people_and_attachments_and_not_in_quotes(find):
    ask = find(
        make_document("a", "the budget"),
        make_document("b", quoted="the budget"),
        make_document("c", subject="the budget"),
        make_document("d", files=("budget.pdf",)),
        make_document("e", addresses=(Address("cc", "Ms Budget", "b@x.example"),)),
        make_document("f", "nothing"),
        make_document("g", files=("x.pdf",), contents=("a page", "on the budget")),
    )
    assert sorted(ask("budget")) == list("acdeg")
    assert sorted(ask("text:budget")) == list("abcdeg")
    assert sorted(ask("BUDGET -the")) == list("de")
    assert ask("body:budget") == "a"
    assert ask("quoted:budget") == "b"
    assert ask("content:budget") == ask('content:"the budget"') == "g"
    assert ask('"page on"') == ""
    assert ask("subject:budget") == "c"
    assert ask("file:budget") == "d"


def test_relevance_puts_own_words_first_then_subject_people_names_and_text_of_attachments(find):
    plain = {"addresses": (ME,)}
    ask = find(
        make_document("a", "the budget of it", files=("x.doc",), contents=("to fill it up",), **plain),
        make_document("b", "words to fill it", subject="the budget", contents=("to fill it up",), **plain),
        make_document("c", "words to fill it", addresses=(Address("to", "The Budget", "x@y.example"),)),
        make_document("d", "words to fill it", files=("the budget.doc",), contents=("to fill it up",), **plain),
        make_document("e", "words to fill it", files=("x.doc",), contents=("the budget of it",), **plain),
        make_document("f", "words to fill it", quoted="the budget of it", **plain),
    )  # fmt: skip
    assert ask("budget", sort="relevance") == "abcde"
    assert ask("text:budget", sort="relevance") == "abcdef"


def test_a_word_asked_for_is_worth_more_when_it_is_rare(find):
    ask = find(
        make_document("a", "common"),
        make_document("b", "common"),
        make_document("c", "common"),
        make_document("d", "rare"),
    )
    assert ask("common OR rare", sort="relevance")[0] == "d"


@pytest.mark.parametrize(
    "query",
    ["INV-2024/0417", '"INV-2024/0417"', "inv 2024", "2024/0417", "0417", "INV-2024/04*",
     '"invoice INV-2024/0417 over 12.500,00"', "12.500,00", '"00 EUR"', "jane.private@mail.example",
     "mail.example", "jane.private", '"to jane.private@mail"', "https://shop.example/a_b?c=1", "shop.example",
     "a_b", "Größe", "GROSSE", "groß*", "\uff41\uff52\uff45", "cafe"],
)  # fmt: skip
def test_numbers_addresses_and_links_are_found_whole_and_in_parts(find, query):
    text = (
        "See invoice INV-2024/0417 over 12.500,00 EUR, sent to jane.private@mail.example; "
        "sizes (Größe) are at https://shop.example/a_b?c=1 in the café."
    )
    ask = find(make_document("a", text), make_document("b", "0418 2024 INV 500,12 jane mail a c"))
    assert ask(query).startswith("a")


@pytest.mark.parametrize(
    "query", ["見積", "積書", "見積書", "書", "本日の見積", '"見積書 INV"', "から", "ｶﾀ", "견적"]
)
def test_parts_of_texts_without_spaces_are_found(find, query):
    ask = find(
        make_document("a", "本日の見積書INVを送ります。東京から カタカナ 견적서"),
        make_document("b", "書積見 ま"),
    )
    assert ask(query) in ("a", "ab")
    assert ask("見書") == ""


def test_a_phrase_does_not_cross_people_or_files_or_parts(find):
    ask = find(
        make_document(
            "a", "one", quoted="two", files=("red", "blue"),
            addresses=(Address("to", "Ann", "ann@x.example"), Address("to", "Bob", "bob@y.example")),
        )
    )  # fmt: skip
    assert ask('"ann ann"') == "a"
    assert ask('"example bob"') == ask('"red blue"') == ask('"one two"') == ""


def test_people_are_found_by_name_address_and_domain_in_their_role(find):
    addresses = (
        Address("from", "Jane Doe", "jane@eu.acme.example"),
        Address("to", "", "me@studio.example"),
        Address("cc", "Łukasz", "lukasz@globex.example"),
        Address("bcc", "", "boss@studio.example"),
    )
    ask = find(make_document("a", addresses=addresses), make_document("b", addresses=(ME,)))
    for query in (
        "from:jane", 'from:"jane doe"', "from:jane@eu.acme.example", "from:eu.acme.example", "from:acme.example",
        "from:@acme.example", "from:jan*", "cc:lukasz", "cc:@globex.example", "bcc:boss", "with:jane", "with:boss",
        "with:lukasz@globex.example", "jane@eu.acme.example",
    ):  # fmt: skip
        assert ask(query) == "a", query
    for query in (
        "from:me",
        "to:jane",
        "from:cme.example",
        "from:@me.example",
        "from:ane@eu.acme.example",
    ):
        assert ask(query) == "", query
    assert sorted(ask("to:studio.example")) == ["a", "b"]


def test_files_are_found_by_pattern_word_and_presence(find):
    ask = find(
        make_document("a", files=("Offer [final] v2.PDF",)),
        make_document("b", files=("invoice-7.docx", "")),
        make_document("c", "invoice"),
    )
    assert (
        ask("file:*.pdf") == ask("file:*[final]*") == ask("file:offer") == ask("file:fin*") == "a"
    )
    assert ask("file:invoice") == ask("file:invoice-?.doc*") == ask("file:inv*") == "b"
    assert sorted(ask("has:attachment")) == sorted(ask("file:*")) == ["a", "b"]
    assert ask("-has:attachment") == "c"


def test_a_file_pattern_of_many_stars_ends(find):
    ask = find(make_document("a", files=("a" * 200,)))
    assert ask("file:" + "*a" * 60 + "*b") == ""


def test_folders_are_found_by_path_parent_and_name(find):
    ask = find(
        make_document("a", folders=("Clients/Acme Ltd",)),
        make_document(
            "b", folders=("INBOX.Clients.Globex", "[Gmail]/All Mail"), accounts=("Home",)
        ),
    )
    assert ask("in:clients") == ask('in:"acme ltd"') == ask('in:"CLIENTS/ACME LTD"') == "a"
    assert (
        ask("in:inbox")
        == ask("in:inbox.clients")
        == ask("in:globex")
        == ask('in:"all mail"')
        == "b"
    )
    assert ask("account:home") == "b"


def test_client_and_time_can_be_given_beside_the_query(find):
    ask = find(
        make_document("a", "x", sent_at=NOW, clients=("acme", "globex")),
        make_document("b", "x", sent_at=NOW - timedelta(seconds=1)),
        make_document("c", "x", sent_at=NOW - timedelta(days=400), clients=()),
    )
    assert ask("", client="globex") == ask("client:GLOBEX") == "a"
    assert ask("", client="acme") == "ab"
    assert ask("x", since=NOW) == "a"
    assert ask("x", until=NOW) == "bc"
    assert ask("x", since=NOW - timedelta(seconds=0.5)) == "a"
    assert ask("", since=NOW - timedelta(days=1), until=NOW) == "b"
    assert ask("after:2024-03-05") == "ab"
    assert ask("before:2024") == "c"
    assert ask("-client:acme") == "c"
    assert ask("x OR before:2024", client="acme") == "ab"


def test_days_in_a_query_are_those_of_nows_time_zone(index):
    index.add([make_document("a", sent_at=datetime(2024, 3, 4, 22, 30, tzinfo=UTC))])
    berlin_winter = NOW.astimezone(ZoneInfo("Europe/Berlin"))
    tokyo = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    assert index.search("on:2024-03-04", now=berlin_winter).total == 1
    assert index.search("on:2024-03-04", now=tokyo).total == 0
    assert index.search("on:2024-03-05", now=tokyo).total == 1


def test_a_message_without_a_date_counts_from_its_arrival(find):
    ask = find(
        make_document("a", sent_at=None, received_at=NOW),
        make_document("b", sent_at=NOW - timedelta(1)),
    )
    assert ask("") == "ab"
    assert ask("on:today") == "a"


@pytest.mark.parametrize("year", [1, 1601, 1969, 2107, 9999])
def test_absurd_dates_are_kept_and_sorted(index, year):
    strange = datetime(year, 6, 1, 12, tzinfo=UTC)
    index.add([make_document("a", sent_at=strange), make_document("b", sent_at=NOW)])
    assert find_names(index, names="ab") == (["a", "b"] if strange > NOW else ["b", "a"])
    assert index.search(f"on:{year:04}-06", now=NOW).total == 1
    assert index.search("", now=NOW).hits[0 if strange > NOW else 1].sent_at == strange


def test_sizes_keys_kinds_lists_and_languages_are_found(find, index):
    ask = find(
        make_document("a", size=500, files=("Plan.PDF",), list_id="Dev list <dev.lists.x.example>"),
        make_document("b", size=5 << 20, files=("plan.xlsx", "photo.jpeg"), language="da"),
        make_document("c", size=1024, language="de"),
    )
    assert ask("larger:5M") == "b"
    assert sorted(ask("larger:1k")) == sorted(ask("-smaller:1024")) == ["b", "c"]
    assert ask("smaller:1k") == "a"
    assert ask("larger:501 smaller:2000 -lang:da") == "c"
    assert ask("type:pdf") == ask("has:pdf") == "a"
    assert ask("type:spreadsheet") == ask("has:image") == ask("type:jpg") == "b"
    assert ask("list:dev") == ask('list:"dev list"') == ask("list:dev@lists.x.example") == "a"
    assert ask("lang:danish") == "b"
    asked = And((Keys(frozenset(map(make_key, "ac")) | {"0" * 64}), Not(Exact("lang", "de"))))
    assert [hit.key for hit in index.search(asked, now=NOW).hits] == [make_key("a")]


def test_near_words_are_found_in_any_order_and_no_further_apart_than_asked(find):
    ask = find(
        make_document("a", "red one two blue"),
        make_document("b", "blue red"),
        make_document("c", "red", subject="blue"),
        make_document("d", "red one blue red"),
    )
    assert sorted(ask('"red blue"~4')) == ["a", "b", "d"]
    assert sorted(ask('"blue red"~3')) == ["b", "d"]
    assert ask('"red red blue"~4') == "d"
    assert ask('"red red"~3') == ""
    assert ask('"red blue"~4 -"red blue"~3') == "a"


def test_an_unknown_operator_reaches_the_caller(index):
    with pytest.raises(InvalidQuery, match="unknown operator"):
        index.search("form:jane", now=NOW)
    with pytest.raises(InvalidQuery, match="unknown client"):
        index.search("client:x", now=NOW, clients=["acme"])


# --- pages and hits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["date", "relevance"])
def test_pages_have_every_message_once_newest_first(index, sort):
    same_second = [
        make_document(i, "x", sent_at=NOW - timedelta(minutes=i // 4)) for i in range(40)
    ]
    for start in range(0, 40, 9):
        index.add(same_second[start : start + 9])
    pages = [
        index.search("x", now=NOW, limit=7, offset=at, sort=sort).hits for at in range(0, 42, 7)
    ]
    hits = [hit for page in pages for hit in page]
    assert len({hit.key for hit in hits}) == 40
    assert hits == sorted(hits, key=lambda hit: (hit.sent_at, hit.key), reverse=True)
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 5]
    assert index.search("x", now=NOW, limit=0).total == 40
    assert index.search("x", now=NOW, offset=99).hits == ()


def test_a_hit_shows_the_message(index):
    document = make_document(
        "a", "I write about the budget.", subject="The\nbudget\x1b[31m", files=("x.pdf", ""), clients=("acme", "b"),
        addresses=(JANE, ME, Address("cc", "Bob", "bob@x.example"), Address("reply-to", "", "r@x.example")),
    )  # fmt: skip
    index.add([document])
    (hit,) = index.search("budget", now=NOW).hits
    assert hit.key == document.key
    assert (hit.sent_at, hit.received_at) == (NOW, NOW + timedelta(hours=1))
    assert hit.sender == "Jane Doe <jane@acme.example>"
    assert hit.recipients == ("me@studio.example", "Bob <bob@x.example>")
    assert hit.clients == ("acme", "b")
    assert hit.subject == "The budget [31m"
    assert hit.attachments == 2
    assert hit.snippet == "I write about the budget."


def test_halves_of_surrogate_pairs_do_no_harm(index):
    strange = "caf\udce9 \ud83d"
    index.add(
        [make_document("a", strange, subject=strange, files=(strange,), folders=(strange,),
                       addresses=(Address("from", strange, strange),))]
    )  # fmt: skip
    (hit,) = index.search("caf", now=NOW).hits
    json.dumps([hit.subject, hit.sender, hit.snippet]).encode("ascii")
    assert "\udce9" not in hit.subject + hit.sender + hit.snippet
    assert index.search("caf \udce9* file:\udce9*", now=NOW).total == 0
