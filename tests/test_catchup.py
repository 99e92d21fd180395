"""Catching up: whatever was cut off, the next round completes, once."""

from __future__ import annotations

import os
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archive.archiving import ACME, BOLT, key_of, letter, put
from syncing import make_message, sync

from trail import catchup
from trail.archive.store import open_archive, writing_archive
from trail.catchup import attribute_pending, index_pending
from trail.errors import IndexUnavailable
from trail.index.store import WhooshIndex
from trail.pipeline import open_index

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path):
    with writing_archive(tmp_path) as opened:
        yield opened


def catch_up(archive, *clients):
    attribute_pending(archive, clients or (ACME,))
    with open_index(archive.root) as index:
        return index_pending(archive, index)


def hits(root, query=""):
    index = WhooshIndex.open(root / "index")
    try:
        return sorted(hit.key for hit in index.search(query, now=NOW, limit=5000).hits)
    finally:
        index.close()


def test_what_a_round_left_unindexed_the_next_one_indexes(scripted, tmp_path):
    for number in range(5):
        scripted.append("INBOX", make_message(number))
    sync(scripted, tmp_path, index=False)
    assert not (tmp_path / "index").exists()
    sync(scripted, tmp_path, index=True)
    assert len(hits(tmp_path)) == 5
    assert len(hits(tmp_path, "client:acme")) == 5


@pytest.mark.parametrize(
    "damage", ["missing", "no state", "other version", "garbage", "garbled pointer", "a file"]
)
def test_an_index_that_cannot_be_used_is_made_anew(archive, damage):
    keys = put(archive, *(letter(str(n)) for n in range(4)))
    catch_up(archive)
    place = archive.root / "index"
    match damage:
        case "missing":
            shutil.rmtree(place)
        case "no state":
            next(place.rglob("trail.json")).unlink()
        case "other version":
            next(place.rglob("trail.json")).write_text('{"schema": 999, "generation": "x"}')
        case "garbage":
            for path in place.rglob("*.*"):
                path.write_bytes(b"garbage")
        case "garbled pointer":
            (place / "serving").write_bytes(b"\xff../x")
        case "a file":
            shutil.rmtree(place)
            place.write_bytes(b"no folder")
    assert catch_up(archive) == 4
    assert hits(archive.root) == sorted(keys)


def test_what_a_search_finds_damaged_is_made_anew_by_the_next_round(archive):
    keys = put(archive, *(letter(str(n)) for n in range(4)))
    catch_up(archive)
    (segment,) = (archive.root / "index").rglob("*.seg")
    content = segment.read_bytes()
    footer = int.from_bytes(content[-20:-12], "little")
    segment.write_bytes(content[:9] + b"\xff" * (footer - 9) + content[footer:])
    with pytest.raises(IndexUnavailable):
        hits(archive.root)
    assert catch_up(archive) == 4
    assert hits(archive.root) == sorted(keys)


def test_a_segment_nobody_published_goes_before_the_next_round(archive):
    put(archive, letter("a"))
    catch_up(archive)
    (segment,) = (archive.root / "index").rglob("*.seg")
    segment.with_name("new-MAIN_0123456789abcdef.seg").write_bytes(b"half")
    assert catch_up(archive) == 0
    assert not list((archive.root / "index").rglob("new-*"))


def test_workers_build_several_segments_that_are_merged_in_the_end(archive, monkeypatch):
    monkeypatch.setattr(catchup, "WORTHWHILE_FROM", 1)
    monkeypatch.setattr(catchup, "INDEX_BATCH", 3)
    monkeypatch.setattr(catchup, "TIDY_FROM", 9)
    keys = put(archive, *(letter(str(n)) for n in range(40)))
    assert catch_up(archive) == 40
    assert hits(archive.root) == hits(archive.root, '"body of"') == sorted(keys)
    assert len(list((archive.root / "index").rglob("*.seg"))) < 8


def test_a_commit_the_ledger_does_not_know_of_gives_no_double_hits(archive, monkeypatch):
    keys = put(archive, *(letter(str(n)) for n in range(4)))
    with monkeypatch.context() as patch:
        patch.setattr(archive.facts, "mark_indexed", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            catch_up(archive)
    assert hits(archive.root) == sorted(keys)
    assert catch_up(archive) == 4
    assert hits(archive.root) == sorted(keys)


def test_a_client_taken_away_finds_nothing_any_more(archive):
    put(
        archive,
        letter("a"),
        letter("r", sender="x@else.example", refs=["a"]),
        letter("b", sender="x@bolt.example"),
    )
    catch_up(archive, ACME, BOLT)
    assert len(hits(archive.root, "client:acme")) == 2
    catch_up(archive, BOLT)
    assert hits(archive.root, "client:acme") == []
    assert hits(archive.root, "client:bolt") == [key_of(letter("b", sender="x@bolt.example"))]
    catch_up(archive, ACME, BOLT)
    assert len(hits(archive.root, "client:acme")) == 2


REAL_PARSE = catchup.parse_stored


def parse_or_die(stored):
    """Killed by one message (module level: workers import it)."""
    if b"<deadly@x>" in Path(stored[1]).read_bytes():
        os.kill(os.getpid(), signal.SIGKILL)
    return REAL_PARSE(stored)


def test_a_message_that_kills_its_parser_is_known_by_its_headers_and_all_others_whole(
    archive, monkeypatch
):
    deadly = letter("deadly", subject="deadlysubject")
    keys = put(archive, *(letter(str(n)) for n in range(6)), deadly)
    monkeypatch.setattr(catchup, "WORTHWHILE_FROM", 1)
    monkeypatch.setattr(catchup, "parse_stored", parse_or_die)
    assert catch_up(archive) == 7
    assert hits(archive.root) == sorted(keys)
    assert hits(archive.root, "deadlysubject") == [key_of(deadly)]
    assert len(hits(archive.root, "body")) == 6
    assert [(m.key, why) for m, why in archive.facts.iter_unparsable()] == [
        (key_of(deadly), "the parser was killed by it")
    ]
    assert catch_up(archive) == 0


def test_after_a_writer_was_killed_even_a_few_messages_are_parsed_in_a_worker(
    tmp_path, monkeypatch
):
    with pytest.raises(ZeroDivisionError), writing_archive(tmp_path) as archive:  # noqa: PT012 - as it dies
        put(archive, letter("deadly"), letter("a"))
        attribute_pending(archive, (ACME,))
        raise ZeroDivisionError
    monkeypatch.setattr(catchup, "parse_stored", parse_or_die)
    with writing_archive(tmp_path) as archive:
        assert catch_up(archive) == 2
    with open_archive(tmp_path) as archive:
        assert [m.key for m, _ in archive.facts.iter_unparsable()] == [key_of(letter("deadly"))]


def test_a_file_that_is_missing_is_said_to_be_and_read_once_it_is_back(archive):
    (key,) = put(archive, letter("a"))
    (message,) = archive.facts.iter_messages()
    (archive.root / message.path).unlink()
    catch_up(archive)
    assert [why for _, why in archive.facts.iter_unparsable()] == [
        "its file is missing or cannot be read"
    ]
    put(archive, letter("a"), start=2)
    assert catch_up(archive) == 1
    assert hits(archive.root, "client:acme body") == [key]
    assert list(archive.facts.iter_unparsable()) == []


def test_of_a_message_that_is_too_large_only_the_beginning_is_read(archive, monkeypatch):
    large = letter("large", subject="largesubject") + b"x " * 5000 + b"\r\nlastword\r\n"
    monkeypatch.setattr(catchup, "PARSE_LIMIT", 4096)
    (key,) = put(archive, large)
    catch_up(archive)
    assert hits(archive.root, "client:acme largesubject") == [key]
    assert hits(archive.root, "lastword") == []


def test_a_stop_is_heeded_between_two_batches_and_the_rest_follows(archive, monkeypatch):
    put(archive, *(letter(str(n)) for n in range(6)))
    monkeypatch.setattr(catchup, "INDEX_BATCH", 2)
    attribute_pending(archive, (ACME,))
    answers = iter([False, True])
    with open_index(archive.root) as index:
        assert index_pending(archive, index, stopping=lambda: next(answers)) == 2
    assert catch_up(archive) == 4
    assert len(hits(archive.root)) == 6
