"""The room a bundle takes is asked before it is made."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from trail.errors import ArchiveFull
from trail.handoff.packing import Lock
from trail.handoff.room import check_room, estimate_room


def test_the_estimate_is_above_what_a_bundle_takes(make_bundle, make_item):
    items = [make_item(n, body=b"Words and more words.\r\n" * 400) for n in range(1, 30)]
    mail = sum(len(item.content) for item in items)
    path = make_bundle(items).path
    # the page's own scripts and verify.py are the same in every bundle
    written = sum(
        p.stat().st_blocks * 512
        for p in path.rglob("*")
        if p.is_file() and p.name not in ("verify.py", "START-HERE.html")
    )
    assert written < estimate_room(len(items), mail, None) < 6 * written
    assert estimate_room(1, 1000, Lock()) > estimate_room(1, 1000, None)


def test_too_little_room_is_told_with_both_figures_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000))
    check_room(tmp_path / "new" / "acme", 10, 100_000, None)
    with pytest.raises(ArchiveFull) as caught:
        check_room(tmp_path / "new" / "acme", 1000, 5_000_000_000, None)
    assert "about 14 GB" in caught.value.message
    assert "2.9 MB are free" in caught.value.message
    assert "--out" in caught.value.hint
