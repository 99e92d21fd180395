from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.handoff.names import FolderNames, escape_name, fold, is_portable, name_attachments

HOSTILE = [
    "CON", "con.txt", "a:b", "..", ".", "../x", "nul", "COM1.log", "a\\b", "x.", "x ", " x", "", "a\0b",
    "a\r\nb", "100%", "é" * 200, "\u202egnp.exe", "=3A", "\ud800", "~root", "*", "a\u2028b", "LPT¹", "a\x85b",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_name_is_kept(name):
    assert not is_portable(name) or name == "=3A"
    kept = name_attachments("2024-03-05_00001_1a2b3c4d", [(name, "")])
    assert is_portable(kept[0])


@pytest.mark.parametrize("name", ["plan.pdf", "Rechnung Größe.pdf", "契約.docx", "a-b_c (1).txt"])
def test_a_harmless_name_is_kept(name):
    assert name_attachments("id", [(name, "x")]) == [name]


def test_attachments_of_one_name_get_names_of_their_own():
    originals = ["a.txt", "A.TXT", "attachments.csv", "id-2.TXT", "", "cafe\u0301", "café"]
    names = name_attachments("id", [(name, "") for name in originals])
    assert names == ["a.txt", "id-2.TXT", "id-3.csv", "id-4.TXT", "id-5", "café", "id-7"]
    assert len({fold(name) for name in names}) == len(names)


def test_a_nameless_attachment_opens_with_a_click():
    assert name_attachments("id", [("", "attachment-1.png"), ("a/b", "a_b.PDF")]) == [
        "id-1.png",
        "id-2.PDF",
    ]


@given(st.lists(st.text(max_size=20) | st.sampled_from(HOSTILE), max_size=12))
def test_attachment_names_are_portable_and_unique(originals):
    names = name_attachments("2024-03-05_00001_1a2b3c4d", [(name, name) for name in originals])
    assert all(map(is_portable, names))
    assert len({fold(name) for name in [*names, "attachments.csv"]}) == len(originals) + 1


@given(st.text(min_size=1) | st.sampled_from([h for h in HOSTILE if h]))
def test_an_escaped_folder_stays_inside_and_can_be_written_anywhere(folder):
    path = FolderNames().escape(folder)
    parts = path.split("/") if path else []
    assert len(path) <= 120
    assert all(is_portable(part) for part in parts)
    assert not any(part.casefold().endswith(".eml") for part in parts)


def test_escapes_can_be_read_back():
    assert escape_name("a:b") == "a=3Ab"
    assert escape_name("..") == "=2E=2E"
    assert escape_name("CON") == "=43ON"
    assert escape_name("100%") == "100=25"


def test_folders_that_differ_in_case_only_share_a_spelling():
    names = FolderNames()
    assert names.escape("Clients/Acme") == "Clients/Acme"
    assert names.escape("CLIENTS/Beta") == "Clients/Beta"
    assert names.escape("clients/acme") == "Clients/Acme"


def test_long_folders_that_start_alike_stay_apart():
    names = FolderNames()
    assert names.escape("x" * 300 + "a") != names.escape("x" * 300 + "b")
