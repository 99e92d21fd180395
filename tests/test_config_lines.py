"""The lines of keys: every shape TOML allows."""

from __future__ import annotations

import tomllib

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.config.lines import find_line, locate_keys

TEXT = r'''# a comment with [[account]] and "quotes
archive = "~/[trail] # not a comment"
dotted . "key.with dot" = 1.5   # [x]
many = """
[[account]]
quoted \""" and "" ends"""""
raw = \'\'\'
'' name = 1 \'''\'
numbers = [ # ]
  1,
  [2, 3,
   4],
  { deep = [ 5,
    6 ] },
]
at = 1979-05-27 07:32:00
inline = { x = 1, y = { z = "}" } }

[[ account ]] # the first
name = 'w"o#r'
  [account.more]
  a = 1
  [[account.more.list]]
  b = 2
[["account"]]
'name' = "x"
[other."dotted name"]
last = true'''.replace(r"\'", "'")


def test_every_shape_of_key_has_its_line():
    tomllib.loads(TEXT)
    lines = locate_keys(TEXT)
    places = {
        ("archive",): 2,
        ("dotted",): 3,
        ("dotted", "key.with dot"): 3,
        ("many",): 4,
        ("raw",): 7,
        ("numbers",): 9,
        ("numbers", 0): 10,
        ("numbers", 1, 2): 12,
        ("numbers", 2, "deep", 1): 14,
        ("at",): 16,
        ("inline", "y", "z"): 17,
        ("account",): 19,
        ("account", 0): 19,
        ("account", 0, "name"): 20,
        ("account", 0, "more"): 21,
        ("account", 0, "more", "list", 0, "b"): 24,
        ("account", 1): 25,
        ("account", 1, "name"): 26,
        ("other", "dotted name", "last"): 28,
    }
    assert {place: lines.get(place) for place in places} == places


def test_windows_line_ends_count_once():
    assert locate_keys("\r\n[a]\r\nb = 1\r\n") == {("a",): 2, ("a", "b"): 3}


def test_a_place_that_is_not_written_stands_where_it_would():
    lines = locate_keys("\n[[a]]\nb = 1\n")
    assert find_line(lines, ("a", 0, "missing", 3)) == 2
    assert find_line(lines, ("nowhere",)) == 1


KEYS = st.text(min_size=1, max_size=4)
VALUES = st.recursive(
    st.one_of(st.integers(-9, 9), st.booleans(), st.text(max_size=6), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


def list_places(value, place=()):
    if place:
        yield place
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in pairs:
        yield from list_places(inner, (*place, key))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_a_document_holds_has_a_line(data):
    text = tomlkit.dumps(data)
    data = tomllib.loads(text)
    lines = locate_keys(text)
    assert set(lines) == set(list_places(data))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
