"""The address book of clients: what is listed, added, suggested."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.cli import clients
from trail.cli.main import run
from trail.cli.suggestions import Correspondent, gather_correspondents, rank_suggestions
from trail.config import load_config, parse_config
from trail.model import Address, Envelope

CONFIG = """\
# mine
archive = "box"
me = ["me@studio.example"]

[[client]]
slug = "acme"
name = "Acme Ltd"
domains = ["acme.example"]  # all of them
"""
T0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def trail(path, capsys):
    def call(*words):
        code = run(["--config", str(path), *map(str, words)])
        return code, *capsys.readouterr()

    return call


def config(text=CONFIG):
    return parse_config(text, Path("/etc/trail/config.toml"))


def person(address, received=0, sent=0, name="", days=0):
    return Correspondent(address, name, received, sent, T0 + timedelta(days=days))


def rules(people, limit=10, text=CONFIG):
    return [one.rule for one in rank_suggestions(people, config(text), limit)]


def test_clients_are_listed_with_their_rules_before_there_is_an_archive(trail):
    code, out, _ = trail("clients")
    assert code == 0
    assert out.splitlines()[1].split() == ["acme", "Acme", "Ltd", "0", "acme.example"]
    data = json.loads(trail("clients", "--json")[1])
    assert data["clients"] == [
        {
            "client": "acme", "name": "Acme Ltd", "addresses": [], "domains": ["acme.example"],
            "folders": [], "subjects": [], "messages": 0, "first": None, "last": None,
        }
    ]  # fmt: skip


def test_a_client_is_shown_by_its_name_with_its_counts(trail, monkeypatch):
    counted = {"acme": (1234, 0, 86400 * 365)}
    monkeypatch.setattr(clients, "count_messages", lambda _: counted)
    code, out, _ = trail("client", "show", "ACME ltd")
    assert code == 0
    assert "acme.example" in out
    assert "1,234, 1970-01-01 to 1971-01-01" in out


def test_an_unknown_client_is_told_with_the_nearest(trail):
    code, out, err = trail("client", "show", "amce")
    assert code == 40
    assert not out
    assert "did you mean acme?" in err


def test_a_client_is_added_and_the_rest_of_the_file_stays(trail, path):
    code, out, err = trail(
        "client", "add", "beta", "--name", "Beta", "--domain", "@Beta.example", "--address", "b@mail.example",
        "--folder", "Clients/Beta", "--subject", "[BETA]",
    )  # fmt: skip
    assert code == 0
    assert "added the client beta" in out
    assert "trail sync" in err
    assert path.read_text(encoding="utf-8").startswith(CONFIG)
    beta = load_config(path).clients[1]
    assert (beta.name, beta.domains, beta.subjects) == ("Beta", ("beta.example",), ("[beta]",))


def test_rules_for_a_client_that_is_there_are_added_to_it(trail, path):
    code, out, err = trail(
        "client", "add", "acme", "--domain", "acme.example", "--domain", "acme.test", "--name", "X"
    )
    assert code == 0
    assert out == "added to the client acme: domains: acme.test\n"
    assert 'its name stays "Acme Ltd"' in err
    assert 'domains = ["acme.example", "acme.test"]  # all of them' in path.read_text(
        encoding="utf-8"
    )


def test_rules_that_are_there_already_change_nothing(trail, path):
    before = path.stat()
    code, out, _ = trail("client", "add", "acme", "--domain", "acme.example", "--json")
    assert code == 0
    assert json.loads(out)["added"] == {}
    assert path.stat().st_ino == before.st_ino
    assert path.read_text(encoding="utf-8") == CONFIG


def test_a_client_without_a_rule_is_wrong_usage(trail):
    code, _, err = trail("client", "add", "beta", "--name", "Beta")
    assert code == 2
    assert "--domain" in err


@pytest.mark.parametrize(
    "rule",
    [("--domain", "gmail.com"), ("--address", "me@studio.example"), ("--domain", "studio.example")],
)
def test_a_rule_that_would_take_in_too_much_changes_nothing(trail, path, rule):
    code, _, err = trail("client", "add", "beta", *rule)
    assert code == 3
    assert "hint: " in err
    assert path.read_text(encoding="utf-8") == CONFIG


def test_mail_is_counted_by_who_wrote_to_whom():
    def mail(sender, *recipients):
        people = [Address("from", "", sender), *(Address("to", "N", one) for one in recipients)]
        return Envelope(addresses=tuple(people))

    found = gather_correspondents(
        [
            (mail("me@studio.example", "a@x.example", "b@x.example", "a@x.example"), T0),
            (mail("a@x.example", "me@studio.example", "c@x.example"), T0 + timedelta(days=1)),
            (Envelope(), T0),
        ],
        config(),
    )
    assert found == [
        Correspondent("a@x.example", "N", 1, 1, T0 + timedelta(days=1)),
        Correspondent("b@x.example", "N", 0, 1, T0),
    ]


def test_those_one_writes_with_come_first_and_machines_last():
    people = [
        person("no-reply@shop.example", received=900),
        person("newsletter@news.example", received=800),
        person("stranger@human.example", received=3),
        person("silent@asked.example", sent=2),
        person("friend@two-way.example", received=1, sent=1),
    ]
    assert rules(people) == [
        "two-way.example", "asked.example", "human.example", "shop.example", "news.example",
    ]  # fmt: skip
    assert rules(people, limit=2) == ["two-way.example", "asked.example"]


def test_a_robot_one_writes_to_is_no_robot():
    people = [person("support-noreply@a.example", received=5, sent=5), person("jane@b.example", 4)]
    assert rules(people) == ["a.example", "b.example"]


def test_people_of_a_domain_are_one_client_and_of_free_mail_each_their_own():
    people = [
        person("a@beta.example", 1, 1),
        person("b@mail.beta.example", 2, 1, days=3),
        person("jane.doe@gmail.com", 1, 1, "Jane Doe"),
        person("joe@gmail.com", 1),
    ]
    found = rank_suggestions(people, config(), 10)
    assert [one.rule for one in found] == ["beta.example", "jane.doe@gmail.com", "joe@gmail.com"]
    assert (found[0].received, found[0].sent, found[0].last_at) == (3, 2, T0 + timedelta(days=3))
    assert found[0].command == "trail client add beta --domain beta.example"
    assert found[1].command == (
        "trail client add jane-doe --address jane.doe@gmail.com '--name=Jane Doe'"
    )


def test_own_addresses_and_clients_are_not_suggested_and_colleagues_only_one_by_one():
    people = [
        person("me@studio.example", 5, 5),
        person("bob@acme.example", 5, 5),
        person("bob@sub.acme.example", 5, 5),
        person("colleague@studio.example", 1, 1),
    ]
    assert rules(people) == ["colleague@studio.example"]


def test_slugs_are_usable_and_unlike_each_other():
    people = [
        person("a@acme.co.uk", 5, 5), person("a@acme.test", 4, 4), person("a@nul.example", 3, 3),
        person("+++@gmail.com", 2, 2),
    ]  # fmt: skip
    slugs = [one.slug for one in rank_suggestions(people, config(), 10)]
    assert slugs == ["acme-2", "acme-3", "nul-client", "client"]


TEXT = st.text(max_size=12)
PEOPLE = st.lists(
    st.builds(
        Correspondent,
        address=st.one_of(TEXT, st.tuples(TEXT, st.sampled_from(["gmail.com", "a.example", "b.a.example", "c.test"])).map("@".join), st.emails()),
        name=TEXT,
        received=st.integers(0, 5),
        sent=st.integers(0, 5),
        last_at=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds the zone
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(PEOPLE)
def test_the_command_of_every_suggestion_adds_a_client(tmp_path_factory, people):
    path = tmp_path_factory.getbasetemp() / "suggested.toml"
    path.write_text(CONFIG, encoding="utf-8")
    found = rank_suggestions(people, config(), 10)
    for one in found:
        trail, *words = shlex.split(one.command)
        assert trail == "trail"
        assert run(["--quiet", "--json", "--config", str(path), *words]) == 0, one
    assert [client.slug for client in load_config(path).clients] == [
        "acme",
        *(one.slug for one in found),
    ]


def test_suggestions_come_from_the_archived_mail(trail, path, monkeypatch):
    mail = Envelope(addresses=(Address("from", "Evil\x1b[31m", "x@new.example"),))
    monkeypatch.setattr(clients, "_iter_mail", lambda _: iter([(mail, T0)]))
    code, out, _ = trail("client", "suggest")
    assert code == 0
    assert f"trail --config {path} client add new --domain new.example" in out
    assert "\x1b" not in out
    assert json.loads(trail("client", "suggest", "--json")[1])["suggestions"][0]["received"] == 1


def test_without_an_archive_there_is_nothing_to_suggest_from(trail):
    code, out, err = trail("client", "suggest")
    assert code == 3
    assert "trail sync" in err
    assert not out
