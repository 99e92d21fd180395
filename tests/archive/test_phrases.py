"""The cache of phrases: what is kept comes back, and what is damaged does not."""

from __future__ import annotations

from array import array

import pytest

from trail.archive.phrases import FOLDER, Phrases, Record


def record(n, *numbers, text=""):
    return Record(f"{n:064x}", array("Q", numbers), array("Q", numbers[:1]), text)


@pytest.fixture
def phrases(tmp_path):
    return Phrases(tmp_path, 1)


def read(phrases, kind="own"):
    return {r.key: (list(r.phrases), list(r.closing), r.text) for r in phrases.iter_records(kind)}


def test_what_is_kept_comes_back_by_kind(phrases):
    phrases.add("own", [record(1, 5, 2**64 - 1, text="ü\nx"), record(2)])
    phrases.add("rest", [record(1, 7)])
    assert read(phrases) == {f"{1:064x}": ([5, 2**64 - 1], [5], "ü\nx"), f"{2:064x}": ([], [], "")}
    assert phrases.list_keys("own") == {(1).to_bytes(32, "big"), (2).to_bytes(32, "big")}
    assert read(phrases, "rest") == {f"{1:064x}": ([7], [7], "")}
    assert read(phrases, "document") == {}


def test_only_what_is_wanted_is_read(phrases):
    phrases.add("own", [record(n, n) for n in range(5)])
    wanted = (3).to_bytes(32, "big").__eq__
    assert [list(r.phrases) for r in phrases.iter_records("own", wanted)] == [[3]]


def test_a_record_may_be_large_and_hides_none_behind_it(phrases):
    """Such as of a message with tables of millions of numbers."""
    large = Record(f"{1:064x}", array("Q", bytes(72 << 20)), array("Q"), "")
    phrases.add("own", [large, record(2, 6)])
    assert phrases.list_keys("own") == {n.to_bytes(32, "big") for n in (1, 2)}
    wanted = (2).to_bytes(32, "big").__eq__
    assert [r.key for r in phrases.iter_records("own", wanted)] == [f"{2:064x}"]


def test_another_version_begins_anew(phrases, tmp_path):
    phrases.add("own", [record(1, 5)])
    assert Phrases(tmp_path, 2).list_keys("own") == set()


@pytest.mark.parametrize("damage", ["torn", "altered", "lengths", "empty"])
def test_damage_ends_a_file_and_hides_nothing_else(phrases, tmp_path, damage):
    phrases.add("own", [record(1, 5)])
    whole = next((tmp_path / FOLDER).rglob("*.bin"))
    size = whole.stat().st_size
    whole.unlink()
    phrases.add("own", [record(1, 5), record(2, 6)])
    file = next((tmp_path / FOLDER).rglob("*.bin"))
    phrases.add("own", [record(3, 7)])
    content = bytearray(file.read_bytes())
    if damage == "torn":
        content = content[:-1]
    elif damage == "altered":
        content[-1] ^= 1
    elif damage == "lengths":
        content[size + 32 : size + 36] = b"\xff\xff\xff\xff"
    else:
        content = bytearray()
    file.write_bytes(content)
    expected = {f"{3:064x}"} | ({f"{1:064x}"} if damage != "empty" else set())
    assert set(read(phrases)) == expected


def test_many_files_become_one_and_keep_everything(phrases, tmp_path):
    for n in range(20):
        phrases.add("own", [record(n, n)])
    assert len(phrases.list_keys("own")) == 20
    assert len(list((tmp_path / FOLDER).rglob("*.bin"))) == 1
    assert len(read(phrases)) == 20
    assert not list((tmp_path / FOLDER).rglob("*.new"))


def test_the_cache_is_its_owners_alone(phrases, tmp_path):
    phrases.add("own", [record(1, 5)])
    for path in (tmp_path / FOLDER).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
