"""The index made anew beside the one that serves: nothing is missing meanwhile, nothing is doubled after, whatever interrupts it."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
from archive.archiving import ACME, BOLT, letter, put

from trail import catchup, rebuilding
from trail.archive.store import open_archive, writing_archive
from trail.catchup import attribute_pending, index_pending
from trail.errors import ArchiveFull, ArchiveLocked, IndexUnavailable
from trail.index import schema, serving
from trail.index.segment import SUFFIX
from trail.index.store import WhooshIndex
from trail.pipeline import open_index
from trail.rebuilding import needs_rebuild, rebuild_index
from trail.settling import hold_rebuilding

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(catchup, "INDEX_BATCH", 3)
    monkeypatch.setattr(rebuilding, "FEW", 1)


@pytest.fixture
def root(tmp_path):
    """An archive of ten messages, all of them indexed, in several segments."""
    arrive(tmp_path, *range(10))
    return tmp_path


def arrive(root, *numbers, clients=(ACME,)):
    """A round that brings these messages; returns their keys."""
    with writing_archive(root) as archive:
        keys = (
            put(archive, *(letter(f"n{n}") for n in numbers), start=numbers[0] + 1)
            if numbers
            else []
        )
        catch_up(archive, *clients)
    return keys


def catch_up(archive, *clients):
    attribute_pending(archive, clients)
    with open_index(archive.root) as index:
        return index_pending(archive, index)


def find(root, query=""):
    index = WhooshIndex.open(root / "index")
    try:
        return sorted(hit.key for hit in index.search(query, now=NOW, limit=5000).hits)
    finally:
        index.close()


def list_keys(root):
    with open_archive(root) as archive:
        return sorted(m.key for m in archive.facts.iter_messages())


def expect_whole(root):
    """Everything is in the index that serves, once, and it is the only one."""
    index = WhooshIndex.open(root / "index")
    with open_archive(root) as archive:
        assert archive.facts.count_unindexed(index.generation) == 0
        assert archive.building.generation is None
        assert archive.building.count_done() == 0
        assert not needs_rebuild(archive)
    assert index.count() == len(list_keys(root))
    assert find(root) == find(root, "body") == list_keys(root)
    assert {p.name for p in (root / "index").iterdir()} - {"rebuilding"} == {
        "serving",
        index.generation,
    }


def list_indexes(root):
    return [path.name for path in (root / "index").iterdir() if path.is_dir()]


def damage_segment(root, which=0):
    """Spoil what a search reads of a segment; returns how many messages it has."""
    index = WhooshIndex.open(root / "index")
    listed = index._list_segments()[which]
    path = index.folder / f"{listed.name}{SUFFIX}"
    content = path.read_bytes()
    footer = int.from_bytes(content[-20:-12], "little")
    path.write_bytes(content[:9] + b"\xff" * (footer - 9) + content[footer:])
    return listed.left


def test_the_old_index_answers_until_the_new_one_is_complete_also_who_has_it_open(root):
    before = list_keys(root)
    reader = WhooshIndex.open(root / "index")
    old = reader.generation
    seen = []
    assert (
        rebuild_index(root, progress=lambda *_: seen.append((find(root), reader.generation))) == 10
    )
    assert len(seen) > 2
    assert all(found == before and generation == old for found, generation in seen)
    assert reader.search("", now=NOW).total == 10
    assert reader.generation != old, "it turned to the new one"
    assert not (root / "index" / old).exists()
    expect_whole(root)


def test_a_search_that_is_under_way_when_the_index_changes_comes_to_its_end(root):
    hits = WhooshIndex.open(root / "index").iter_hits("", now=NOW)
    first = next(hits).key
    rebuild_index(root)
    assert sorted([first, *(hit.key for hit in hits)]) == list_keys(root)


def test_what_comes_changes_and_goes_during_a_rebuild_is_right_in_the_new_index(root):
    (gone,) = find(root, '"body of n3"')
    meanwhile = iter(
        (
            lambda: arrive(root, 20, 21),
            lambda: arrive(root, clients=(BOLT,)),  # all lose their client
            lambda: forget(root, gone),
            lambda: arrive(root, 22, clients=(ACME,)),  # and have it again
        )
    )
    rebuild_index(root, progress=lambda *_: next(meanwhile, lambda: None)())
    assert next(meanwhile, None) is None
    assert len(list_keys(root)) == 12
    assert gone not in find(root)
    assert find(root, "client:acme") == list_keys(root)
    expect_whole(root)


def forget(root, key):
    """As somebody takes a message out of the archive."""
    with writing_archive(root) as archive:
        with open_index(root) as index:
            index.remove([key])
        with archive.ledger.transaction():
            for table in (
                "address",
                "reference",
                "envelope",
                "attribution",
                "document",
                "sighting",
                "message",
            ):
                archive.ledger.execute(f"DELETE FROM {table} WHERE key = ?", (key,))


def stop_at(moment, monkeypatch):
    """Have the rebuild broken off there."""
    if moment == "building":
        counted = iter(range(2))
        real = rebuilding.Building.enter
        monkeypatch.setattr(
            rebuilding.Building,
            "enter",
            lambda *a: real(*a) if next(counted, None) is not None else 1 / 0,
        )
    elif moment == "merging":
        monkeypatch.setattr(rebuilding, "tidy_index", lambda *_: 1 / 0)
    elif moment == "before it serves":
        monkeypatch.setattr(serving, "serve", lambda *_: 1 / 0)
    elif moment == "when it serves":
        real = serving.serve
        monkeypatch.setattr(serving, "serve", lambda *a: [real(*a), 1 / 0])
    elif moment == "before the old one goes":
        monkeypatch.setattr(serving, "clear_others", lambda *_: 1 / 0)


MOMENTS = ("building", "merging", "before it serves", "when it serves", "before the old one goes")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("then", ["a rebuild", "a round"])
def test_a_rebuild_that_is_cut_short_costs_no_hit_and_is_finished(root, monkeypatch, moment, then):
    with monkeypatch.context() as patch:
        stop_at(moment, patch)
        with pytest.raises(ZeroDivisionError):
            rebuild_index(root)
    assert find(root) == list_keys(root)
    built = []
    if then == "a round":
        arrive(root, 30)
        assert find(root) == list_keys(root)
        with open_archive(root) as archive:
            again = needs_rebuild(archive)
        assert again == (moment in MOMENTS[:3])
    if then == "a rebuild" or again:
        rebuild_index(root, progress=lambda _, now, total: built.append(now))
    if moment == "building":
        assert built[0] > 6, "it goes on where it was"
    expect_whole(root)


def test_who_has_enough_gets_the_rest_done_at_the_next_time(root):
    turns = 0

    def has_begun():
        answers = chain([False], repeat(True))  # one batch
        return lambda: next(answers)

    while rebuild_index(root, enough=has_begun()) is None:
        turns += 1
        assert find(root) == list_keys(root)
        if turns < 3:
            arrive(root, 40 + turns)
    assert turns > 2
    expect_whole(root)


def test_only_one_process_rebuilds_and_the_writer_is_waited_for_in_the_end_only(root):
    with hold_rebuilding(root), pytest.raises(ArchiveLocked, match="rebuilt by another"):
        rebuild_index(root)
    done = []
    with writing_archive(root), pytest.raises(ArchiveLocked, match="writing"):
        rebuild_index(root, progress=lambda _, now, __: done.append(now), wait=0.0)
    assert done[-1] == 10
    assert find(root) == list_keys(root)
    rebuild_index(root)
    expect_whole(root)


def test_without_room_for_a_second_index_the_old_one_stays(root, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
        with pytest.raises(ArchiveFull, match="1 are free"):
            rebuild_index(root)
    assert len(list_indexes(root)) == 1
    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "tidy_index", raise_full)
        with pytest.raises(ArchiveFull):
            rebuild_index(root)
    assert len(list_indexes(root)) == 1, "what was built makes room again"
    assert find(root) == list_keys(root)
    rebuild_index(root)
    expect_whole(root)


def raise_full(*_):
    raise ArchiveFull("no room")


# --- doubt -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["damaged", "missing", "cut"])
def test_a_search_answers_from_what_is_sound_and_says_how_much_is_missing(root, how):
    index = WhooshIndex.open(root / "index")
    if how == "damaged":
        lost = damage_segment(root)
    else:
        listed = index._list_segments()[0]
        path, lost = index.folder / f"{listed.name}{SUFFIX}", listed.left
        path.write_bytes(path.read_bytes()[:100]) if how == "cut" else path.unlink()
    fresh = WhooshIndex.open(root / "index")
    for query in ("", "body", '"body of"', "bo*", "client:acme"):
        assert fresh.search(query, now=NOW, limit=50).total == 10 - lost, query
    assert (fresh.doubt.why, fresh.doubt.missing) == ("damaged", lost)
    assert (
        len(fresh.list_keys("body", now=NOW))
        == len(list(fresh.iter_hits("", now=NOW)))
        == 10 - lost
    )
    again = WhooshIndex.open(root / "index")
    assert again.doubt == fresh.doubt, "it was noted"


def test_damage_that_turns_up_between_two_hits_neither_ends_nor_doubles_them(root):
    index = WhooshIndex.open(root / "index")
    hits = index.iter_hits("", "date", now=NOW)
    found = [next(hits).key]
    lost = damage_segment(root, -1)
    with suppress(IndexUnavailable):
        found += [hit.key for hit in hits]
    assert len(found) == len(set(found)) >= 10 - lost


def test_a_round_goes_on_with_what_is_sound_and_the_rebuild_after_it_brings_the_rest(root):
    lost = damage_segment(root)
    find(root, "body")  # finds out
    (key,) = arrive(root, 50)
    assert len(find(root)) == 11 - lost
    assert find(root, "n50") == [key]
    with open_archive(root) as archive:
        assert needs_rebuild(archive)
    rebuild_index(root)
    expect_whole(root)


def test_where_no_segment_is_sound_nothing_is_answered_and_the_round_makes_it_anew(root):
    for number in range(len(WhooshIndex.open(root / "index")._list_segments())):
        damage_segment(root, number)
    with pytest.raises(IndexUnavailable):
        find(root, "body")
    arrive(root, 50)
    expect_whole(root)


def test_what_was_built_so_far_serves_where_the_old_one_breaks_down_altogether(root, monkeypatch):
    with monkeypatch.context() as patch:
        stop_at("building", patch)
        with pytest.raises(ZeroDivisionError):
            rebuild_index(root)
    with open_archive(root) as archive:
        building, done = archive.building.generation, archive.building.count_done()
    (root / "index" / "serving").write_text("nonsense")
    with writing_archive(root) as archive:
        assert catch_up(archive, ACME) == 10 - done
    assert WhooshIndex.open(root / "index").generation == building
    expect_whole(root)


def test_an_index_of_an_older_trail_serves_takes_new_messages_and_is_made_anew(root, monkeypatch):
    for module in (serving, schema):
        monkeypatch.setattr(module, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    monkeypatch.setattr("trail.index.store.SCHEMA_VERSION", schema.SCHEMA_VERSION)
    index = WhooshIndex.open(root / "index")
    assert index.doubt.why == "older"
    arrive(root, 60)
    assert find(root) == list_keys(root)
    with open_archive(root) as archive:
        assert needs_rebuild(archive)
    rebuild_index(root)
    assert (
        json.loads((WhooshIndex.open(root / "index").folder / "trail.json").read_bytes())["schema"]
        == schema.SCHEMA_VERSION
    )
    expect_whole(root)


def test_an_index_that_is_too_old_to_be_read_is_made_anew_by_the_round(root, monkeypatch):
    monkeypatch.setattr(serving, "READABLE_SINCE", schema.SCHEMA_VERSION + 1)
    monkeypatch.setattr(serving, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    monkeypatch.setattr("trail.index.store.SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    with pytest.raises(IndexUnavailable, match="another version"):
        find(root)
    arrive(root, 60)
    expect_whole(root)


def test_an_index_that_lies_in_the_folder_itself_serves_until_it_was_made_anew(tmp_path):
    with writing_archive(tmp_path) as archive:
        put(archive, *(letter(f"n{n}") for n in range(4)))
        attribute_pending(archive, [ACME])
        index = WhooshIndex.create(tmp_path / "index")
        index_pending(archive, index)
    reader = WhooshIndex.open(tmp_path / "index")
    assert reader.search("body", now=NOW).total == 4
    rebuild_index(tmp_path)
    assert reader.search("body", now=NOW).total == 4
    expect_whole(tmp_path)
