"""Edits of the configuration: only what was asked for changes, or nothing does."""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.config import load_config, parse_config
from trail.config.edit import add_client, to_toml, write_config
from trail.errors import ConfigError

PATH = Path("/etc/trail/config.toml")

COMMENTED = """\
#  my configuration -- do not touch!

archive   =  '~/trail'   # on the big disk

   # --- mail ---
[[account]]
name = "work"
host = "imap.studio.example"   # since 2019
user = "me@studio.example"


# --- clients -------------------------

[[client]]     # the oldest
name = "Acme"
slug = 'acme'  # never change
domains = [
    "acme.example",   # main
    # "old.example",
    "acme-group.example"
]
  # about Beta: pays late

[[client]]
slug = "beta"
addresses = ["jane@beta.example"]  # only her

# the end
"""


def diff(old: str, new: str) -> list[str]:
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return [line for line in lines if line[0] in "+-"]


def add(text, slug, name="", **rules):
    return add_client(text, PATH, slug, name, rules)


def test_a_new_client_only_adds_lines_at_the_end():
    done = add(
        COMMENTED, "gamma", "Gamma & Söhne", domains=["@Gamma.example"], subjects=[" [GAMMA] "]
    )
    assert done.is_new
    assert done.client.subjects == ("[gamma]",)
    assert done.text == COMMENTED + (
        "\n[[client]]\n"
        'slug = "gamma"\n'
        'name = "Gamma & Söhne"\n'
        'domains = ["gamma.example"]\n'
        'subjects = ["[GAMMA]"]\n'
    )


def test_a_rule_of_a_new_kind_stands_below_the_last_key_of_its_client():
    done = add(COMMENTED, "acme", addresses=["bob@mail.example"])
    assert not done.is_new
    assert diff(COMMENTED, done.text) == ['+ addresses = ["bob@mail.example"]']
    assert ']\naddresses = ["bob@mail.example"]\n  # about Beta' in done.text


def test_a_rule_joins_a_list_of_several_lines_on_a_line_of_its_own():
    done = add(COMMENTED, "acme", domains=["acme.example", "new.example"])
    assert done.added == {"domains": ("new.example",)}
    assert parse_config(done.text, PATH).clients[0] == done.client
    assert diff(COMMENTED, done.text) == [
        '-     "acme-group.example"',
        '+     "acme-group.example",',
        '+     "new.example"',
    ]


def test_a_rule_joins_a_list_on_one_line_and_the_comment_stays():
    done = add(COMMENTED, "beta", addresses=["bob@beta.example"])
    assert diff(COMMENTED, done.text) == [
        '- addresses = ["jane@beta.example"]  # only her',
        '+ addresses = ["jane@beta.example", "bob@beta.example"]  # only her',
    ]


def test_rules_that_are_there_already_change_nothing():
    done = add(COMMENTED, "ACME".lower(), domains=["@ACME.example"])
    assert done.text == COMMENTED
    assert not done.added


def test_windows_line_ends_and_mark_are_kept():
    text = "\ufeff" + COMMENTED.replace("\n", "\r\n")
    for slug in ("acme", "gamma"):
        done = add(text, slug, domains=["new.example"], folders=["x"])
        assert "\n" not in done.text.replace("\r\n", "")
        assert done.text.startswith("\ufeff#")


def test_an_inline_list_of_clients_is_extended_in_its_place():
    text = 'client = [ {slug="acme", domains=["acme.example"]} ] # short\nscope = "clients"\n'
    new = add(text, "beta", domains=["b.example"])
    assert new.text.endswith('# short\nscope = "clients"\n')
    assert parse_config(add(new.text, "acme", folders=["A"]).text, PATH).clients[0].folders == (
        "A",
    )
    assert add("client = []\n", "beta", domains=["b.example"]).client.slug == "beta"


@pytest.mark.parametrize("text", ["", "\ufeff", "# only this", 'me = ["me@x.example"]'])
def test_the_first_client_of_a_file_without_a_last_line_end(text):
    done = add(text, "acme", domains=["acme.example"])
    assert done.text.startswith(text)
    assert parse_config(done.text, PATH).clients == (done.client,)


def test_tables_that_stand_apart_stay_where_they_are():
    client = '[[client]]\nslug = "{}"\ndomains = ["x.example"]\n'
    account = '[[account]]\nname = "w"\nhost = "h"\nuser = "u"\n'
    text = client.format("a") + account + client.format("b") + account.replace('"w"', '"v"')
    assert diff(text, add(text, "a", folders=["F"]).text) == ['+ folders = ["F"]']
    assert diff(text, add(text, "b", folders=["F"]).text) == ['+ folders = ["F"]']


def test_what_cannot_be_edited_safely_is_left_to_a_person():
    text = '[[client]]\nslug = "a"\nfolders = ["""x\\\n# y"""]\n'
    assert parse_config(text, PATH).clients[0].folders == ("x# y",)
    with pytest.raises(ConfigError) as caught:
        add(text, "a", folders=["F"])
    assert "editor" in caught.value.hint


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({}, 'client "new": has no rule'),
        ({"domains": ["gmail.com"]}, 'client "new": domains: gmail.com is a free mail provider'),
        ({"addresses": ["x"]}, "is not an address"),
    ],
)
def test_rules_that_are_not_right_are_refused(rules, message):
    with pytest.raises(ConfigError, match="new") as caught:
        add(COMMENTED, "new", **rules)
    assert message in caught.value.message


def test_a_rule_that_takes_in_an_own_address_is_refused():
    with pytest.raises(ConfigError, match=r"domains: studio\.example takes in your own address"):
        add('me = ["me@studio.example"]\n', "new", domains=["studio.example"])


def test_a_broken_configuration_is_not_edited():
    with pytest.raises(ConfigError, match="not TOML"):
        add("x =", "new", domains=["b.example"])


def test_a_new_file_is_private_and_its_folder_is_made(tmp_path):
    path = tmp_path / "a" / "b" / "config.toml"
    write_config(path, "# é\n")
    assert path.read_bytes() == "# é\n".encode()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_permissions_of_a_file_are_kept_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("old")
    path.chmod(0o640)
    write_config(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_linked_configuration_is_written_through(tmp_path):
    target = tmp_path / "dotfiles" / "trail.toml"
    target.parent.mkdir()
    target.write_text("old")
    path = tmp_path / "config.toml"
    path.symlink_to(Path("dotfiles") / "trail.toml")
    write_config(path, "new")
    assert path.is_symlink()
    assert target.read_text() == "new"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trail.config.edit.os.fsync", fail)
    with pytest.raises(ConfigError, match="No space left"):
        write_config(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_place_of_the_file_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write_config(tmp_path, "new")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_toml(text):
    assert tomllib.loads(f"x = {to_toml([text])}")["x"] == [text]


WORD = st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "addresses": st.lists(WORD.map("{}@mail.example".format), max_size=3),
        "domains": st.lists(WORD.map("{}.example".format), max_size=3),
        "folders": st.lists(
            st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=3
        ),
        "subjects": st.lists(WORD.map("[{}]".format), max_size=3),
    },
).filter(lambda rules: any(rules.values()))
EDITS = st.lists(st.tuples(st.sampled_from(["acme", "beta", "c", "d"]), RULES), max_size=5)


@settings(max_examples=60, deadline=None)
@given(edits=EDITS, line_end=st.sampled_from(["\n", "\r\n"]))
def test_any_edits_one_after_the_other_keep_every_comment_and_add_up(edits, line_end):
    text = COMMENTED.replace("\n", line_end)
    expected = {client.slug: client for client in parse_config(text, PATH).clients}
    for slug, rules in edits:
        done = add(text, slug, **rules)
        old = expected.get(slug)
        if old:
            gained = {key: getattr(old, key) + new for key, new in done.added.items()}
            assert done.client == replace(old, **gained)
        for key, values in rules.items():
            assert {value.lower() if key == "subjects" else value for value in values} <= set(
                getattr(done.client, key)
            )
        expected[slug] = done.client
        text = done.text
    assert parse_config(text, PATH).clients == tuple(expected.values())
    for line in COMMENTED.splitlines():
        assert line.partition("#")[2] in text


def test_an_edited_file_loads(tmp_path):
    path = tmp_path / "config.toml"
    write_config(path, add(COMMENTED, "gamma", domains=["g.example"]).text)
    assert [client.slug for client in load_config(path).clients] == ["acme", "beta", "gamma"]
