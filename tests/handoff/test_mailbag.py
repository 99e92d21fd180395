from __future__ import annotations

import contextlib
import csv
import errno
import mailbox
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import bagit
import pytest

from trail.errors import ArchiveFull, ArchiveReadOnly, BundleExists, FixityMismatch
from trail.handoff.building import building
from trail.handoff.check import verify_bundle
from trail.handoff.select import HeldBack, Verdict
from trail.model import Withheld

SHARED = HeldBack(
    Withheld("a" * 64, "shared with beta", "secret@beta.example", subject="Beta's plan"),
    Verdict("shared", "concerning others as well", "shared with beta"),
)
INTERNAL = HeldBack(
    Withheld("b" * 64, "between own addresses only", "draft@studio.example"),
    Verdict("internal", "internal to the sender's office", "own", may_be_listed=True),
)


def read_table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files_of(root):
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def test_an_independent_validator_accepts_the_bundle(bundle):
    assert bagit.Bag(str(bundle)).validate()
    validator = Path(sys.executable).with_name("bagit.py")
    done = subprocess.run(
        [validator, "--validate", "--quiet", bundle], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_a_bundle_is_found_whole_by_its_own_check(bundle):
    verification = verify_bundle(bundle)
    assert verification.problems == ()
    assert verification.checked == len(files_of(bundle))


def test_the_bundle_has_the_layout_of_a_mailbag(bundle):
    assert {p.name for p in bundle.iterdir()} == {
        "bagit.txt", "bag-info.txt", "mailbag.csv", "manifest-sha256.txt",
        "tagmanifest-sha256.txt", "START-HERE.html", "pages", "data", "verify.py", "signature.txt",
    }  # fmt: skip
    assert {p.name for p in (bundle / "data").iterdir()} == {"eml", "mbox", "attachments"}
    assert (bundle / "data/mbox/acme-2024-07-01.mbox").is_file()
    info = bagit.Bag(str(bundle)).info
    assert info["Mailbag-Source"] == "imap"
    assert info["Original-Included"] == "False"
    assert info["IMAP-User"] == "me@studio.example, books@studio.example"
    assert info["External-Identifier"] == "acme-2024-07-01"
    assert not any(isinstance(value, list) for value in info.values())


def test_every_message_is_byte_identical_and_reached_from_the_table(make_bundle, make_item):
    items = [make_item(n, folder=f) for n, f in enumerate(["INBOX", "a:b/CON", "../x"], start=1)]
    root = make_bundle(items).path
    rows = read_table(root / "mailbag.csv")
    assert [row["Message-Path"] for row in rows] == ["INBOX", "a:b/CON", "../x"]
    for row, item in zip(rows, items, strict=True):
        path = root / "data/eml" / row["Derivatives-Path"] / f"{row['Mailbag-Message-ID']}.eml"
        assert path.read_bytes() == item.content
        assert len(row["Mailbag-Message-ID"]) <= 36
    assert all(p.is_relative_to(root) for p in root.rglob("*"))
    assert rows[0]["Subject"] == "Quote"
    assert rows[0]["Message-ID"] == "1@studio.example"


def test_python_counts_the_messages_of_the_mbox(bundle):
    box = mailbox.mbox(bundle / "data/mbox/acme-2024-07-01.mbox", create=False)
    try:
        assert len(box) == 4
        assert box[0]["Subject"] == "Quote"
    finally:
        box.close()


def test_attachments_lie_beside_a_table_of_their_names(bundle):
    folder = next((bundle / "data/attachments").glob("*_00004_*"))
    rows = read_table(folder / "attachments.csv")
    assert [row["Original-Filename"] for row in rows] == ["a.txt", "A.TXT", "unknown"]
    kept = [row["Mailbag-Filename"] for row in rows]
    assert kept == ["a.txt", f"{folder.name}-2.TXT", f"{folder.name}-3"]
    assert [(folder / name).read_bytes() for name in kept] == [b"one", b"two", b"three"]


def test_hostile_messages_make_a_bundle_that_validates(make_bundle, make_item):
    names = [
        "../../etc/passwd",
        "CON",
        "a\r\nb",
        "\u202egnp.exe",
        "\ud800",
        "x" * 500,
        "%0A",
        "*",
        "é",
        "e\u0301",
    ]
    folders = [
        "CON",
        "x/../../y",
        "a\nb",
        "\ud800",
        "é" * 400,
        "data",
        "",
        "//",
        "INBOX",
        "inbox",
        "x.eml",
    ]
    items = [
        make_item(
            n,
            folder=folder,
            subject='=cmd|"\r\n\x00<b>\ud800',
            text="\x00\ud800" * 5,
            content=os.urandom(n) + b"\nFrom " * n,
            files=[(name, b"x") for name in names],
            defects=("bad\nheader",),
        )
        for n, folder in enumerate(folders, start=1)
    ]
    root = make_bundle(items).path
    assert bagit.Bag(str(root)).validate()
    assert verify_bundle(root).problems == ()


def test_a_bundle_without_messages_validates(make_bundle):
    bundle = make_bundle([])
    assert bundle.messages == 0
    assert bagit.Bag(str(bundle.path)).validate()
    assert verify_bundle(bundle.path).ok


def test_equal_messages_each_keep_their_place(make_bundle, make_item):
    assert verify_bundle(make_bundle([make_item(1), make_item(1)]).path).ok


def test_a_long_table_is_split_with_its_header_in_the_first_part_only(make_bundle, make_item):
    root = make_bundle([make_item(n) for n in range(1, 102)], rows_per_csv=10).path
    parts = sorted(p.name for p in root.glob("mailbag*.csv"))
    assert parts == [f"mailbag-{n:02}.csv" for n in range(1, 12)]
    lines = [(root / part).read_bytes().splitlines() for part in parts]
    assert [len(part) for part in lines] == [11, *[10] * 9, 1]
    assert [b"Mailbag-Message-ID" in part[0] for part in lines] == [True] + [False] * 10
    assert verify_bundle(root).problems == ()


def test_a_table_of_exactly_one_part_is_not_split(make_bundle, make_item):
    root = make_bundle([make_item(n) for n in range(10)], rows_per_csv=10).path
    assert [p.name for p in root.glob("mailbag*.csv")] == ["mailbag.csv"]


def test_nothing_of_a_message_shared_with_another_client_is_in_the_bundle(make_bundle, make_item):
    bundle = make_bundle([make_item(1)], [SHARED, INTERNAL])
    root = bundle.path
    everything = b"".join((root / path).read_bytes() for path in files_of(root)).lower()
    assert b"beta" not in everything
    assert (root / "messages_not_retained.txt").read_bytes() == b"draft@studio.example\n"
    assert read_table(root / "withheld.csv") == [
        {"Reason": "concerning others as well", "Messages": "1"},
        {"Reason": "internal to the sender's office", "Messages": "1"},
    ]
    assert [w.reason for w in bundle.withheld] == ["shared with beta", "between own addresses only"]


def test_no_list_of_messages_is_written_when_none_may_be_named(make_bundle, make_item):
    root = make_bundle([make_item(1)], [SHARED]).path
    assert not (root / "messages_not_retained.txt").exists()


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_is_there_is_never_overwritten(make_bundle, make_item, tmp_path, kind):
    out = tmp_path / "acme-2024-07-01"
    {
        "folder": out.mkdir,
        "file": out.touch,
        "dangling link": lambda: out.symlink_to(tmp_path / "nowhere"),
    }[kind]()
    with pytest.raises(BundleExists):
        make_bundle([make_item(1)])
    assert [p.name for p in tmp_path.iterdir()] == [out.name]


def test_a_folder_that_appears_meanwhile_is_never_overwritten(make_bundle, make_item, tmp_path):
    def items():
        yield make_item(1)
        (tmp_path / "acme-2024-07-01").mkdir()

    with pytest.raises(BundleExists):
        make_bundle(items())
    assert [p.name for p in tmp_path.iterdir()] == ["acme-2024-07-01"]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, RuntimeError, OSError(errno.EACCES, "source")]
)
def test_after_an_interruption_nothing_is_left(make_bundle, make_item, tmp_path, error):
    def items():
        yield make_item(1)
        raise error

    # An error of the source stays that error: only the bundle's own disk is translated.
    with pytest.raises(error if isinstance(error, type) else OSError):
        make_bundle(items())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, ArchiveFull), (errno.EROFS, ArchiveReadOnly), (errno.EACCES, ArchiveReadOnly)],
)
def test_a_disk_that_refuses_is_named_and_left_clean(
    make_bundle, make_item, tmp_path, monkeypatch, number, expected, at_once
):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    flush = refuse if at_once else lambda _: False
    monkeypatch.setattr("trail.handoff.building.flush_file_system", flush)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(expected, match="acme-2024-07-01") as caught:
        make_bundle([make_item(1)])
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no /dev/shm to mount a small disk on")
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting needs root")
def test_a_really_full_disk_leaves_nothing(make_item, info, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        from trail.handoff.mailbag import write_bundle  # noqa: PLC0415  # only this test needs it

        items = (make_item(n, body=b"x" * 20_000) for n in range(100))
        with pytest.raises(ArchiveFull):
            write_bundle(items, [], info, small / "acme")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_draft_that_comes_while_all_is_removed_goes_too(tmp_path, monkeypatch):
    """A worker reads ahead, and has not heard yet that there will be no bundle."""
    real, late = os.rmdir, []

    def arrive_late(path, **options):
        if not late:
            late.append(path)
            (next(tmp_path.glob(".box.partial-*")) / "late").write_bytes(b"Dear Jane,")
        return real(path, **options)

    monkeypatch.setattr(os, "rmdir", arrive_late)
    with contextlib.suppress(KeyboardInterrupt), building(tmp_path / "box") as folder:
        (folder / "drafts").mkdir()
        raise KeyboardInterrupt
    assert late
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_but_not_what_another_is_building(
    make_bundle, make_item, tmp_path
):
    dead = tmp_path / ".acme-2024-07-01.partial-dead"
    (dead / "data").mkdir(parents=True)
    stranger = tmp_path / ".other.partial-dead"
    stranger.mkdir()
    nested = {}

    def items():
        yield make_item(1)
        nested["seen"] = sorted(p.name for p in tmp_path.iterdir())
        make_bundle([make_item(2)])

    with pytest.raises(BundleExists):
        make_bundle(items())
    assert dead.name not in nested["seen"]
    assert verify_bundle(tmp_path / "acme-2024-07-01").ok
    assert {p.name for p in tmp_path.iterdir()} == {"acme-2024-07-01", stranger.name}


def test_a_process_killed_in_the_middle_leaves_no_bundle(tmp_path):
    script = """
import hashlib, os, sys
from datetime import UTC, datetime
from pathlib import Path
from trail.handoff.mailbag import BagInfo, BundleItem, write_bundle
from trail.model import ArchivedMessage, Client, Envelope, ParsedMessage
at = datetime(2024, 3, 5, tzinfo=UTC)
def items():
    key = hashlib.sha256(b"x").hexdigest()
    yield BundleItem(ArchivedMessage(key, Path("x"), 1, at), b"x", ParsedMessage(key, Envelope(), "x"), "INBOX", "w")
    os.kill(os.getpid(), 9)
write_bundle(items(), [], BagInfo(Client("acme", "Acme"), "1", (), (), at), Path(sys.argv[1]))
"""
    out = tmp_path / "acme"
    done = subprocess.run([sys.executable, "-c", script, out], check=False)
    assert done.returncode == -9
    assert [p.name.startswith(".acme.partial-") for p in tmp_path.iterdir()] == [True]


def test_a_message_that_is_not_what_was_archived_stops_the_bundle(make_bundle, make_item, tmp_path):
    item = make_item(1)
    for key in ("0" * 64, "../../x"):
        with pytest.raises(FixityMismatch):
            make_bundle([replace(item, archived=replace(item.archived, key=key))])
    assert list(tmp_path.iterdir()) == []


def test_the_bundle_is_private_and_progress_is_told(make_bundle, make_item):
    told = []
    bundle = make_bundle([make_item(n) for n in range(3)], on_progress=told.append)
    assert told == [1, 2, 3]
    assert bundle.messages == 3
    assert bundle.path.stat().st_mode & 0o777 == 0o700
    payload = [p for p in (bundle.path / "data").rglob("*") if p.is_file()]
    assert bundle.bytes == sum(p.stat().st_size for p in payload)


def test_nothing_is_written_outside_the_folder_of_the_bundle(
    make_bundle, make_item, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "gettempdir", lambda: pytest.fail("the system's folder was used"))
    make_bundle([make_item(1)])
    assert [p.name for p in tmp_path.iterdir()] == ["acme-2024-07-01"]
