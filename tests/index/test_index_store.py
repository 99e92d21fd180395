from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from index_documents import NOW, find_names, make_document, make_key

import trail.index.tiers as tiers_module
import trail.index.writing as writing_module
from trail.errors import ArchiveFull, ArchiveLocked, IndexUnavailable
from trail.index import opening as opening_module
from trail.index import store as store_module
from trail.index.schema import SCHEMA_VERSION
from trail.index.store import SearchIndex, WhooshIndex

# --- adding and removing ---------------------------------------------------------------------------------------


def test_a_key_added_again_replaces_the_message(index):
    assert index.add([make_document("a", "old"), make_document("b", "old")]) == 2
    assert index.add([make_document("a", "new", clients=("globex",))]) == 1
    assert index.count() == 2
    assert find_names(index, "old", "ab") == ["b"]
    assert find_names(index, "new client:globex", "ab") == ["a"]


def test_of_a_key_twice_in_one_call_the_last_counts(index):
    documents = [
        make_document("a", "one"),
        make_document("b"),
        make_document("a", "two"),
        make_document("a", "three"),
    ]
    index.add(documents)
    assert index.count() == 2
    assert find_names(index, "three", "ab") == ["a"]
    assert find_names(index, "one OR two", "ab") == []


def test_removed_messages_are_gone_from_every_kind_of_query(index):
    index.add([make_document(name, "xx y", files=("f.pdf",)) for name in "abc"])
    assert index.remove([make_key("a"), make_key("a"), make_key("zzz")]) == 1
    for query in (
        "",
        "xx",
        "xx*",
        '"xx y"',
        "-z",
        "file:*.pdf",
        "client:acme",
        "on:today",
        "from:jane",
    ):
        assert sorted(find_names(index, query, "abc")) == ["b", "c"], query
    assert index.remove([make_key("b"), make_key("c")]) == 2
    assert (index.count(), index.search("", now=NOW).total) == (0, 0)
    index.add([make_document("a", "x")])
    assert find_names(index, "x", "abc") == ["a"]


def test_adding_nothing_is_no_commit(index, tmp_path):
    before = sorted((tmp_path / "index").iterdir())
    assert index.add(iter(())) == 0
    assert sorted((tmp_path / "index").iterdir()) == before


def test_an_interrupted_batch_leaves_the_index_as_it_was(index):
    index.add([make_document("a", "old")])

    def broken():
        yield make_document("a", "new")
        yield make_document("b", "new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.add(broken())
    assert find_names(index, "", "ab") == ["a"]
    assert find_names(index, "old", "ab") == ["a"]
    assert index.add([make_document("b", "later")]) == 1


def test_segments_stay_few_and_lose_nothing(index):
    for i in range(150):
        index.add([make_document(i, f"word{i} common")])
        if i % 3 == 0:
            index.remove([make_key(i // 2)])
    assert len(index._segments.open()) <= 20
    gone = {i // 2 for i in range(0, 150, 3)}
    assert sorted(find_names(index, "common", range(150))) == [
        i for i in range(150) if i not in gone
    ]
    assert find_names(index, "word149", range(150)) == [149]


def test_too_many_segments_are_merged_whatever_it_takes(index, monkeypatch):
    monkeypatch.setattr(tiers_module, "_TIER", 9)
    monkeypatch.setattr(tiers_module, "_MOST", 8)
    for i in range(40):
        index.add([make_document(i, "common")])
    assert len(index._segments.open()) <= 8
    assert index.search("common", now=NOW).total == 40


def test_a_text_beyond_all_measure_is_cut(index):
    index.add([make_document("a", "beginning " + "x " * 1_000_000 + "ending")])
    assert index.search("beginning", now=NOW).total == 1
    assert index.search("ending", now=NOW).total == 0


# --- the folder ------------------------------------------------------------------------------------------------


def test_whoosh_is_a_search_index():
    def needs(index: SearchIndex) -> SearchIndex:
        return index

    methods = {name for name in vars(SearchIndex) if not name.startswith("_")}
    assert methods == {
        *("generation", "doubt", "add", "remove", "count", "search", "close"),
        *("count_matching", "list_values", "count_words", "list_words"),
        *("iter_hits", "list_keys", "count_each", "find_span"),
    }
    assert methods <= set(dir(needs(WhooshIndex)))


def test_what_was_added_is_there_when_opened_again(tmp_path):
    made = WhooshIndex.create(tmp_path / "deep" / "index")
    made.add([make_document("a", "x")])
    made.close()
    opened = WhooshIndex.open(tmp_path / "deep" / "index")
    assert opened.generation == made.generation
    assert opened.count() == 1
    assert opened.add([make_document("b", "x")]) == 1


def test_a_fresh_index_is_empty_and_of_another_generation(tmp_path):
    first = WhooshIndex.create(tmp_path)
    first.add([make_document("a", "x")])
    second = WhooshIndex.create(tmp_path)
    assert second.generation != first.generation
    assert (second.count(), WhooshIndex.open(tmp_path).count()) == (0, 0)
    assert len(second.generation) == 32
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".pst", ".tmp")]


def damage(folder, how):
    state = folder / "trail.json"
    match how:
        case "no folder":
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
        case "no state":
            state.unlink()
        case "no json":
            state.write_bytes(b"\xff{")
        case "no object":
            state.write_text("[1]")
        case "other version":
            state.write_text(json.dumps({"schema": SCHEMA_VERSION + 1, "generation": "00"}))
        case "no toc":
            for path in folder.glob("*.toc"):
                path.unlink()
        case "cut toc":
            for path in folder.glob("*.toc"):
                path.write_bytes(path.read_bytes()[:40])
        case "foreign toc":
            for path in folder.glob("*.toc"):
                path.write_bytes(b"\x00" * 500)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # Whoosh lets go of broken files late
@pytest.mark.parametrize(
    "how",
    [
        "no folder",
        "no state",
        "no json",
        "no object",
        "other version",
        "no toc",
        "cut toc",
        "foreign toc",
    ],
)
def test_an_index_that_cannot_be_used_says_how_it_is_rebuilt(tmp_path, how):
    folder = tmp_path / "index"
    WhooshIndex.create(folder).add([make_document("a")])
    damage(folder, how)
    with pytest.raises(IndexUnavailable) as caught:
        WhooshIndex.open(folder)
    assert "trail reindex" in caught.value.hint
    assert WhooshIndex.create(folder).count() == 0


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # Whoosh lets go of broken files late
@pytest.mark.parametrize("suffix", [".trm", ".pst", ".order.col", "._stored.col"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 3000, None])
def test_damaged_files_are_an_unavailable_index(tmp_path, monkeypatch, suffix, content):
    index = WhooshIndex.create(tmp_path)
    index.add([make_document(i, f"word{i} x") for i in range(20)])
    for path in tmp_path.glob(f"*{suffix}"):
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    monkeypatch.setattr("whoosh.index.sleep", lambda _: None)
    # Some damage shows only in what is read; it must never show as anything else.
    with suppress(IndexUnavailable):
        assert WhooshIndex.open(tmp_path).search("x word3", now=NOW).total <= 1


def test_a_second_writer_waits_only_so_long(index, monkeypatch):
    monkeypatch.setattr(store_module, "_LOCK_SECONDS", 0.2)
    with index._publishing(), pytest.raises(ArchiveLocked):
        index.add([make_document("a")])
    assert index.add([make_document("a")]) == 1


def test_a_full_disk_is_named_and_leaves_the_old_state(index, monkeypatch):
    index.add([make_document("a", "x")])

    def full(_path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing_module, "sync_path", full)
        with pytest.raises(ArchiveFull):
            index.add([make_document("b", "x")])
    assert find_names(index, "x", "ab") == ["a"]
    assert index.add([make_document("b", "x")]) == 1
    assert find_names(index, "x", "ab", sort="date") in (["a", "b"], ["b", "a"])


def test_files_reach_the_disk_before_the_list_that_names_them(index, tmp_path, monkeypatch):
    index.add([make_document("a")])
    folder = tmp_path / "index"
    old_toc = next(folder.glob("*.toc")).name
    synced = []
    real = os.fsync

    def record(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((path.name, {p.name for p in folder.glob("*.toc")}))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    index.add([make_document("b")])
    new_toc = next(folder.glob("*.toc")).name
    (segment, at_segment), (first, at_first), (toc, at_toc), (last, at_last) = synced
    assert segment.startswith("new-MAIN_")
    assert at_segment == at_first == at_toc == {old_toc}
    assert toc == f"{new_toc}.tmp"
    assert first == last == "index"
    assert at_last == {old_toc, new_toc}
    assert {segment.removeprefix("new-"), new_toc} <= {p.name for p in folder.iterdir()}


def test_a_search_that_meets_a_commit_takes_the_new_state(index, tmp_path, monkeypatch):
    index.add([make_document("a", "x")])
    real = opening_module.SegmentFile
    commits = iter("bcdefghi")

    def disturbed(path):
        for name in commits:
            WhooshIndex.open(tmp_path / "index").add([make_document(name, "x")])
            break
        return real(path)

    monkeypatch.setattr(opening_module, "SegmentFile", disturbed)
    assert 1 <= index.search("x", now=NOW).total <= 9
    assert next(commits, None) is None
    assert index.search("x", now=NOW).total == 9


def test_a_search_does_not_wait_for_ever_for_a_quiet_moment(index, monkeypatch):
    index.add([make_document("a", "x")])
    index.close()

    def gone(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(opening_module, "SegmentFile", gone)
    with pytest.raises(IndexUnavailable):
        index.search("x", now=NOW)


def test_documents_are_not_changed(index):
    document = make_document("a", "x")
    copy = replace(document)
    index.add([document])
    assert document == copy
