import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.parse.names import make_safe_name

RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\jane\\report.pdf", "report.pdf"),
        ("/etc/passwd", "passwd"),
        ("Invoice 1/2.pdf", "Invoice 1_2.pdf"),
        ("..", "attachment-3.pdf"),
        ("", "attachment-3.pdf"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("LPT1 .txt", "_LPT1.txt"),
        ("console.txt", "console.txt"),
        ("a.pdf. . ", "a.pdf"),
        (".htaccess", "htaccess"),
        ("-rf", "_-rf"),
        ("a\nb\tc\x00.pdf", "a b c.pdf"),
        ("exe\u202efdp.pdf", "exefdp.pdf"),
        ("A\u030a.pdf", "\u00c5.pdf"),
        ('<a>:"b"|c?*.pdf', "_a___b__c__.pdf"),
        ("契約書.pdf", "契約書.pdf"),
    ],
)
def test_a_name_becomes_harmless_and_stays_readable(filename, expected):
    assert make_safe_name(filename, 3, set(), "application/pdf") == expected


def test_names_are_unique_ignoring_case():
    taken = set()
    names = [make_safe_name(n, 1, taken) for n in ("a.pdf", "A.PDF", "a (2).pdf", "a.pdf")]
    assert names == ["a.pdf", "A (2).PDF", "a (2) (2).pdf", "a (3).pdf"]


def test_a_long_name_is_cut_and_keeps_its_extension():
    name = make_safe_name("æ" * 300 + ".pdf", 1, set())
    assert name.endswith("æ.pdf")
    assert 118 <= len(name.encode()) <= 120


def test_a_nameless_file_of_an_unknown_type_is_a_bin():
    assert make_safe_name("", 7, set(), "application/x-odd") == "attachment-7.bin"


@given(st.lists(st.text(max_size=150) | st.sampled_from(["CON.txt", "a.b", "A.B", "a" * 150])))
def test_any_names_are_valid_everywhere_and_unique(filenames):
    taken = set()
    names = [make_safe_name(name, n, taken) for n, name in enumerate(filenames, start=1)]
    assert len({unicodedata.normalize("NFC", name.casefold()) for name in names}) == len(names)
    for name in names:
        assert 0 < len(name.encode()) <= 120
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
        assert name == name.strip(" ").rstrip(".")
        assert not name.startswith((".", "-"))
        assert name.split(".")[0].rstrip(" ").lower() not in RESERVED
        assert unicodedata.is_normalized("NFC", name)
