"""Words of many languages, and the names, numbers and addresses of business: found whole, in parts, as anybody types them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_documents import NOW, make_document, make_key

from trail.index.analysis import FORMS, fold, part_forms, read_text, split_words
from trail.model import DocumentText

DANISH = "Kære Søren, vi ses på lørdag i Ærø. Bøger koster 12.500,00 kr. på Åboulevarden."
GERMAN = "Sehr geehrte Frau Müller, die Größe der Straße stimmt. Häuser prüfen wir für Sie."
FRENCH = "Bonjour Hélène, la réponse du garçon est très naïve; l'été arrive à l'œuvre."
JAPANESE = "お世話になっております。請求書をお送りします。東京都のﾃﾞｻﾞｲﾝ事務所より。"
CHINESE = "您好,附件是报价单,请查收。北京设计公司"
KOREAN = "안녕하세요. 견적서를 보내드립니다."


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        (DANISH, "lørdag LØRDAG lordag loerdag søren soeren soren ærø aeroe aero bøger boeger på paa pa åboulevarden aaboulevarden"),
        (GERMAN, "müller Mueller muller MULLER größe groesse grosse GRÖSSE straße strasse STRASSE häuser haeuser hauser für fuer"),
        (FRENCH, "réponse reponse REPONSE garçon garcon naïve naive été ete œuvre oeuvre hélène helene l'été"),
        (JAPANESE, "請求書 請求 求書 書 東京 東京都 京都 デザイン ﾃﾞｻﾞｲﾝ お世話"),
        (CHINESE, "报价单 报价 附件 北京 设计公司 计公"),
        (KOREAN, "견적서 견적 안녕 보내드립니다"),
    ],
)  # fmt: skip
def test_words_are_found_however_they_are_typed(find, text, queries):
    ask = find(make_document("a", text), make_document("b", "nothing of the kind here"))
    assert {query: ask(query) for query in queries.split()} == dict.fromkeys(queries.split(), "a")


def test_a_word_spelled_out_by_its_writer_is_found_by_its_proper_spelling(find):
    ask = find(make_document("a", "vi ses loerdag, mvh Soeren"), make_document("b", "lordag"))
    assert ask("lørdag") in ("ab", "ba")
    assert ask("loerdag") == "a"
    assert ask("søren") == "a"


def test_spelling_out_makes_no_word_of_another(find):
    ask = find(make_document("a", "to pot al"), make_document("b", "toe poet aal"))
    assert [ask(word) for word in ("toe", "poet", "aal", "to", "pot", "al")] == list("bbbaaa")


def test_an_exact_form_is_found_alone(find):
    ask = find(
        make_document("a", "Vi ses på LØRDAG aften"), make_document("b", "vi ses pa lordag aften")
    )
    assert ask("lørdag", sort="date") in ("ab", "ba")
    assert ask("=lørdag") == "a"
    assert ask('"=lørdag aften"') == "a"
    assert ask("subject:=lørdag") == ""
    assert ask("body:=Lørdag") == "a"
    # a word without accents is its own exact form, and the folded one of others
    assert ask("=lordag") in ("ab", "ba")


def test_phrases_keep_their_order_in_every_spelling(find):
    ask = find(
        make_document("a", "på lørdag aften i København"), make_document("b", "aften lørdag")
    )
    for phrase in ("lørdag aften", "loerdag aften", "lordag aften", "aften i koebenhavn"):
        assert ask(f'"{phrase}"') == "a"


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("Rechnung INV-2024/0417 vom Mai", ["INV-2024/0417", "inv-2024/0417", "0417", "INV-2024", "2024/0417", '"inv 2024 0417"', "inv 0417"]),
        ("Betrag: 12.500,00 EUR", ["12.500,00", "12.500", "500,00", '"12.500,00 EUR"']),
        ("Mail an anna.berg@mail.acme.example bitte", ["anna.berg@mail.acme.example", "anna", "berg", "acme.example", "mail.acme.example", "ANNA.BERG@MAIL.ACME.EXAMPLE", "anna.berg"]),
        ("siehe https://www.acme.example/path/x1?y=z7#teil", ["https://www.acme.example/path/x1?y=z7#teil", "acme.example/path", "www.acme.example", "path", "x1", "z7", "acme"]),
        ("in Angebot_Final-v2.pdf steht", ["Angebot_Final-v2.pdf", "angebot", "final", "v2", "pdf", "final-v2", "Angebot*"]),
        ("Teil 4711-AB/9.x und +45 12 34 56 78", ["4711-AB/9.x", "4711-ab", "ab/9", "+45 12 34 56 78", '"12 34 56"']),
    ],
)  # fmt: skip
def test_names_and_numbers_of_business_are_found_whole_and_in_parts(find, text, queries):
    ask = find(
        make_document("a", text), make_document("b", "INV-2025/0417 2.12.500 anna@other.example")
    )
    missed = [query for query in queries if "a" not in ask(query)]
    assert missed == []
    whole = queries[0]
    assert ask(whole) == "a"


def test_the_same_holds_for_file_names_and_for_what_is_in_attachments(find):
    document = make_document("a", files=("Angebot_Größe-v2.pdf",))
    text = DocumentText(
        "Angebot_Größe-v2.pdf", "Rechnung INV-2024/0417 an anna@acme.example, lørdag"
    )
    ask = find(replace(document, documents=(text,)), make_document("b", "x"))
    for query in (
        "groesse",
        "v2",
        "INV-2024/0417",
        "anna@acme.example",
        "loerdag",
        "=lørdag",
        "file:größe",
    ):
        assert ask(query) == "a"
    assert ask("body:loerdag") == ""


def test_snippets_show_the_place_however_the_word_was_typed(find, index):
    find(make_document("a", "x " * 200 + "vi ses lørdag aften " + "y " * 200))
    for query in ("lørdag", "loerdag", "lordag", "=lørdag"):
        (hit,) = index.search(query, now=NOW).hits
        assert "lørdag" in hit.snippet


def test_the_language_of_a_message_is_kept(index):
    document = make_document("a", DANISH)
    index.add([replace(document, parsed=replace(document.parsed, language="da"))])
    assert index.list_values("lang") == ["da"]
    assert index.search("", now=NOW).hits[0].key == make_key("a")


@given(st.text())
def test_the_first_form_of_every_word_is_the_folded_one(text):
    words, _ = read_text(text)
    assert [word.split(FORMS)[0] for word in words] == split_words(fold(text))


@given(st.lists(st.sampled_from(["ø", "o", "oe", "a", "å", "é", "b"]), max_size=8))
def test_forms_have_the_places_of_their_words(words):
    places: dict[str, list[int]] = {}
    for place, word in enumerate(read_text(" ".join(words))[0]):
        places.setdefault(word, []).append(place)
    part_forms(places)
    for form, found in places.items():
        assert found == sorted(set(found))
        for place in found:
            assert fold(form) in (fold(words[place]), "oe", "aa")
    for place, word in enumerate(words):
        assert place in places[fold(word)]
        assert place in places[word]
