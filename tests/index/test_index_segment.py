"""The parts of a segment's file, each read back; and what is damaged is noticed."""

from __future__ import annotations

import random
from array import array
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_documents import make_document, make_key

from trail.errors import IndexUnavailable
from trail.index import slabs as slabs_module
from trail.index.bitmaps import (
    iter_bits,
    iter_first,
    measure_documents,
    pack_documents,
    read_bits,
    read_documents,
    to_bits,
)
from trail.index.building import build_segments
from trail.index.compiling import FieldWriter
from trail.index.dictionary import FieldReader
from trail.index.merging import merge_segments
from trail.index.places import Places, is_wide, measure_places, pack_places
from trail.index.schema import to_fields
from trail.index.segment import SUFFIX, WAITING, Damaged, SegmentFile
from trail.index.slabs import SlabReader, SlabWriter
from trail.index.store import WhooshIndex

SIZES = st.sampled_from([1, 7, 300, 5_000, 65_536, 65_537, 200_000])


@st.composite
def documents(draw):
    """Ascending documents of a segment, and its size."""
    size = draw(SIZES)
    count = min(size, draw(st.sampled_from([1, 3, 63, 64, 257, 2_000, size // 16, size // 15, size])))  # fmt: skip
    chosen = random.Random(draw(st.integers(0, 9))).sample(range(size), max(1, count))
    return sorted(chosen), size


class File:
    """What is written, in memory."""

    def __init__(self):
        self.content = bytearray()

    def write(self, piece):
        self.content += piece
        return len(self.content) - len(piece)


@settings(max_examples=60, deadline=None)
@given(documents())
def test_documents_are_read_as_they_were_packed(given_):
    numbers, size = given_
    packed = pack_documents(numbers, size)
    assert len(packed) == measure_documents(len(numbers), size)
    bits = read_bits(packed, len(numbers), size)
    assert bits == to_bits(numbers, size)
    assert list(read_documents(packed, len(numbers), size)) == numbers
    assert list(iter_bits(bits)) == list(iter_first(bits)) == numbers


@settings(max_examples=60, deadline=None)
@given(documents(), st.integers(0, 9), st.sampled_from([30, 0xFFFF, 0x10000, 1 << 22]))
def test_places_are_read_as_they_were_packed(given_, seed, most):
    numbers, size = given_
    chance = random.Random(seed)
    places = {
        n: sorted(chance.randint(0, most) for _ in range(chance.choice([1, 1, 2, 3])))
        for n in numbers
    }
    if seed == 5:
        places[numbers[0]] = list(range(300))
    counts = [len(places[n]) for n in numbers]
    flat = [p for n in numbers for p in places[n]]
    wide = is_wide(counts, flat)
    packed = pack_places(numbers, counts, flat, size, wide=wide)
    assert len(packed) == measure_places(len(numbers), len(flat), size, wide=wide)
    run = SimpleNamespace(read=lambda start, length: packed[start : start + length])
    read = Places(run, 0, to_bits(numbers, size), len(flat), size, wide=wide)
    asked = chance.sample(numbers, min(len(numbers), 40))
    assert {n: list(read.find(n)) for n in asked} == {n: places[n] for n in asked}
    chunks = list(read.iter_chunks())
    assert [d for chunk in chunks for d in chunk[0]] == numbers
    assert [c for chunk in chunks for c in chunk[1]] == counts
    assert [p for chunk in chunks for p in chunk[2]] == flat


@settings(max_examples=40, deadline=None)
@given(st.sets(st.binary(max_size=6).map(lambda b: b.replace(b"\xff", b"\xfe")), max_size=200), st.binary(max_size=2))  # fmt: skip
def test_terms_are_found_alone_and_by_their_beginnings(terms, beginning):
    file = File()
    places = SlabWriter(file.write, 1)
    writer = FieldWriter(file.write, places, 500)
    held = {}
    for number, term in enumerate(sorted(terms)):
        held[term] = list(range(number % 490, min(500, number % 490 + number % 7 + 1)))
        writer.add(term, held[term], [1] * len(held[term]), [number] * len(held[term]))
    section = writer.finish()
    directory = places.finish()
    run = SlabReader(bytes(file.content), directory)
    reader = FieldReader(bytes(file.content), section, run, 500)
    assert [entry.term for entry in reader.iter_from()] == sorted(terms)
    begun = [term for term in sorted(terms) if term.startswith(beginning)]
    assert [entry.term for entry in reader.iter_from(beginning)] == begun
    for term, having in held.items():
        entry = reader.find(term)
        assert list(reader.read_documents(entry)) == having
        assert reader.read_bits(entry) == to_bits(having, 500)
    assert (reader.find(beginning) is None) == (beginning not in terms)
    united = {d for term in begun for d in held[term]}
    assert reader.unite(reader.iter_from(beginning)) == to_bits(united, 500)


@pytest.mark.parametrize("size", [3, 17, 500, 70_000])
def test_the_short_way_of_a_term_that_stands_in_one_place_leads_to_the_same_bytes(size):
    terms = [(b"%03d" % n, n % size, place) for n, place in enumerate([0, 255, 256, 0xFFFF, 0x10000] * 30)]  # fmt: skip
    written = []
    for way in ("add", "add_once"):
        file = File()
        places = SlabWriter(file.write, 1)
        writer = FieldWriter(file.write, places, size)
        for term, document, place in terms:
            if way == "add":
                writer.add(term, (document,), (1,), (place,))
            else:
                writer.add_once(term, document, place)
        written.append((writer.finish(), places.finish(), bytes(file.content)))
    assert written[0] == written[1]


def test_any_part_of_a_run_is_read_and_the_cache_stays_within_its_bounds(monkeypatch):
    monkeypatch.setattr(slabs_module, "CACHED", 3 * slabs_module.SLAB)
    file = File()
    writer = SlabWriter(file.write, 1)
    chance = random.Random(1)
    whole = b""
    for _ in range(300):
        piece = chance.randbytes(chance.choice([1, 50, 3000]))
        writer.add(piece)
        whole += piece
    directory = writer.finish()
    reader = SlabReader(bytes(file.content), directory)
    for _ in range(200):
        start = chance.randrange(len(whole))
        length = chance.randrange(min(60_000, len(whole) - start) + 1)
        assert reader.read(start, length) == whole[start : start + length]
        assert slabs_module._cache._size <= 3 * slabs_module.SLAB


def test_a_segment_has_its_documents_newest_first_and_knows_their_keys(tmp_path):
    (name,) = build_segments(tmp_path, (to_fields(make_document(n, "x")) for n in range(30)))
    file = SegmentFile(tmp_path / f"{WAITING}{name}{SUFFIX}")
    assert file.orders == array("q", sorted(file.orders, reverse=True))
    for number in range(30):
        (document,) = file.find_keys(make_key(number))
        assert file.read_key(document) == make_key(number) == file.read_stored(document)[0]
        assert document in file.find_keys(make_key(number)[:3])
    assert file.find_keys("f" * 64) == file.find_keys("0" * 65) == []
    assert len(file.find_keys("")) == 30


def test_what_was_removed_is_not_in_what_is_merged(tmp_path):
    files = []
    for first in (0, 20):
        batch = (to_fields(make_document(n, f"w{n} common")) for n in range(first, first + 20))
        files.append(
            SegmentFile(tmp_path / f"{WAITING}{next(build_segments(tmp_path, batch))}{SUFFIX}")
        )
    gone = to_bits([0, 5, 19], 20)
    merged = merge_segments(tmp_path, [(files[0], gone), (files[1], 0)])
    file = SegmentFile(tmp_path / f"{WAITING}{merged}{SUFFIX}")
    left = {files[0].read_key(d) for d in range(20) if not gone >> d & 1}
    left |= {files[1].read_key(d) for d in range(20)}
    assert {file.read_key(d) for d in range(file.size)} == left
    assert file.open_field("body").find(b"common").having == file.size == 37
    assert sum(file.read_lengths("body")) == 74
    assert merge_segments(tmp_path, [(files[0], (1 << 20) - 1)]) is None


@pytest.mark.parametrize("at", [0.0, 0.2, 0.4, 0.6, 0.8, 0.97, 1.0])
@pytest.mark.parametrize("how", ["flipped", "cut", "empty"])
def test_damage_is_noticed_and_the_index_is_not_used_any_more(tmp_path, at, how):
    index = WhooshIndex.create(tmp_path)
    index.add(make_document(n, f"w{n} common words here", quoted="x y") for n in range(50))
    index.close()
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    content = bytearray(path.read_bytes())
    place = min(len(content) - 1, int(at * len(content)))
    if how == "flipped":
        content[place] ^= 0xFF
    path.write_bytes(content[:place] if how == "cut" else b"" if how == "empty" else content)
    try:
        opened = WhooshIndex.open(tmp_path)
        for query in ("common", '"common words"', "co*", "w7", ""):
            assert opened._segments.open()[0].file.size == 50
            opened.search(query, now=make_document("a").received_at, limit=50)
    except IndexUnavailable:
        with pytest.raises(IndexUnavailable):
            WhooshIndex.open(tmp_path)
        assert WhooshIndex.create(tmp_path).count() == 0
    else:
        assert how == "flipped"  # in what no query needed: the documents of a term, a column


def test_a_segment_of_another_format_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr("trail.index.recording.FORMAT", 99)
    (name,) = build_segments(tmp_path, [to_fields(make_document("a"))])
    with pytest.raises(Damaged):
        SegmentFile(tmp_path / f"{WAITING}{name}{SUFFIX}")
