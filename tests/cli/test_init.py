"""`trail init`: answers from flags or a person, a real login, a file without a password."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import dns.resolver
import pytest
import typer
from keyring.backends import fail
from keyrings import SECRET, using_keyring
from servers.dns import DnsServer
from typer.testing import CliRunner

from trail.cli import init
from trail.cli.app import Session
from trail.cli.main import run
from trail.cli.questions import Questions
from trail.config import load_config
from trail.config.template import Answers, render_config
from trail.errors import LoginRejected, SecretUnavailable
from trail.fetch import auth
from trail.fetch.imap import check_login
from trail.fetch.lookup import Found
from trail.fetch.providers import Server


@pytest.fixture(autouse=True)
def no_keyring():
    with using_keyring(fail.Keyring()):
        yield


@pytest.fixture
def path(tmp_path):
    return tmp_path / "conf" / "config.toml"


@pytest.fixture
def trail(path, capsys):
    """Runs a command line and gives exit code, stdout, stderr."""

    def call(*words):
        code = run(["--config", str(path), *map(str, words)])
        return code, *capsys.readouterr()

    return call


def type_answers(path, answers, *, check_login, environ=None, given=None, look_up=None):
    """Run the questions with a person who types `answers`, a line each."""

    def work(session):
        questions = Questions(interactive=True)
        look = look_up
        init.set_up(session, given or Answers(), questions, check_login, look)

    session = Session(environ=environ or {})
    session.config_path = path
    probe = typer.Typer()
    probe.command()(lambda: work(session))
    return CliRunner().invoke(probe, [], input="\n".join(answers) + "\n")


def test_flags_alone_write_a_private_configuration_after_a_real_login(
    trail, path, pymap_server, monkeypatch
):
    monkeypatch.setenv("PW", pymap_server.password)
    monkeypatch.chdir(path.parent.parent)
    code, out, err = trail(
        "init", "--yes", "--me", "Me@Studio.example", "--host", "127.0.0.1", "--port", pymap_server.port,
        "--security", "plain", "--user", pymap_server.user, "--password-env", "PW", "--archive", "box",
        "--client", "acme=acme.example", "--client", "acme=jane@mail.example", "--every", "10m",
    )  # fmt: skip
    assert code == 0, err
    assert "INBOX" in out
    assert "sync --dry-run" in out
    config = load_config(path)
    assert config.archive == Path("box").absolute()  # from where it was typed
    assert config.me == ("me@studio.example",)
    assert config.accounts[0].every == 600
    assert config.clients[0].domains == ("acme.example",)
    assert config.clients[0].addresses == ("jane@mail.example",)
    assert pymap_server.password not in path.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_refused_login_writes_nothing(trail, path, pymap_server, monkeypatch):
    monkeypatch.setenv("PW", SECRET)
    code, _, err = trail(
        "init", "--yes", "--me", "me@studio.example", "--host", "127.0.0.1", "--port", pymap_server.port,
        "--security", "plain", "--password-env", "PW",
    )  # fmt: skip
    assert code == LoginRejected.exit_code, err
    assert SECRET not in err
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        ([], "--me"),
        (["--me", "nobody"], "--me"),
        (["--me", "me@studio.example"], "--password-env"),
        (["--me", "me@studio.example", "--host", "imaps://x"], "--host"),
        (["--me", "me@studio.example", "--port", "99999"], "--port"),
        (["--me", "me@studio.example", "--port", "x"], "--port"),
        (["--me", "me@studio.example", "--security", "ssl"], "--security"),
        (["--me", "me@studio.example", "--every", "often"], "for --every: must be a duration"),
        (
            ["--me", "me@studio.example", "--password-env", "s3cret!"],
            "--password-env: must be the name",
        ),
        (["--me", "me@studio.example", "--account", "My Work"], "--account"),
        (["--me", "me@studio.example", "--client", "acme"], "--client"),
        (["--me", "me@studio.example", "--client", "acme=gmail.com"], "--client"),
        (["--me", "me@studio.example", "--password-command", "'pass"], "--password-command"),
        (["--password-env", "A", "--password-command", "b"], "--password-command"),
    ],
)
def test_without_a_terminal_a_missing_or_wrong_answer_names_its_flag(trail, path, words, flag):
    code, out, err = trail("init", *words)
    assert code == 2
    assert flag in err
    assert "s3cret" not in err
    assert not out
    assert not path.exists()


def test_a_variable_that_is_not_set_is_told_as_such(trail, path, monkeypatch):
    monkeypatch.delenv("PW", raising=False)
    code, _, err = trail("init", "--me", "me@studio.example", "--password-env", "PW")
    assert code == SecretUnavailable.exit_code
    assert "PW" in err


def test_a_configuration_is_replaced_only_when_told_to(trail, path):
    words = [
        "init",
        "--me",
        "me@studio.example",
        "--password-command",
        "pass show 'my mail'",
        "--no-test",
    ]
    assert trail(*words)[0] == 0
    assert load_config(path).accounts[0].password_command == ("pass", "show", "my mail")
    path.write_text("# mine\n")
    code, _, err = trail(*words)
    assert code == 3
    assert "--force" in err
    assert path.read_text() == "# mine\n"
    assert trail(*words, "--force")[0] == 0
    assert load_config(path).me == ("me@studio.example",)


def test_json_tells_what_was_written_and_what_is_next(trail, path):
    code, out, _ = trail(
        "init", "--json", "--me", "me@studio.example", "--password-env", "NOT_SET_HERE", "--no-test"
    )
    assert code == 0
    data = json.loads(out)
    assert data["config"] == str(path)
    assert data["folders"] is None
    assert any("NOT_SET_HERE" in step for step in data["next"])
    assert any("client add" in step for step in data["next"])


def test_an_own_domain_as_client_is_refused_before_anything_is_written(trail, path):
    code, _, err = trail(
        "init", "--me", "me@studio.example", "--client", "us=studio.example", "--password-env", "A", "--no-test"
    )  # fmt: skip
    assert code == 3
    assert "own address" in err
    assert not path.exists()


def test_a_person_answers_with_enter_and_a_password(path, monkeypatch):
    stored, logins = [], []
    monkeypatch.setattr(auth, "store_password", lambda *pair: stored.append(pair))

    def check_login(account, password):
        logins.append((account.host, account.user, password))
        return ["INBOX"]

    answers = ["wrong", "me@fastmail.com", "", "", "", "", "", "acme=fastmail.com"]
    answers += ["acme=acme.example", "-", SECRET]
    result = type_answers(path, answers, check_login=check_login)
    assert result.exit_code == 0, result.output
    assert logins == [("imap.fastmail.com", "me@fastmail.com", SECRET)]
    assert [(account.name, password) for account, password in stored] == [("work", SECRET)]
    assert "app password" in result.output
    assert SECRET not in path.read_text(encoding="utf-8") + result.output
    assert load_config(path).clients[0].domains == ("acme.example",)


def test_without_a_keyring_a_typed_password_becomes_a_variable(path):
    answers = ["me@studio.example", *[""] * 7, "-", SECRET]
    result = type_answers(path, answers, check_login=lambda *_: ["INBOX"])
    assert result.exit_code == 0, result.output
    assert load_config(path).accounts[0].password_env == "TRAIL_WORK_PASSWORD"
    assert "export TRAIL_WORK_PASSWORD" in result.output
    assert SECRET not in path.read_text(encoding="utf-8") + result.output


def test_after_a_failed_login_a_person_may_try_other_answers(path):
    hosts = []

    def check_login(account, password):
        hosts.append(account.host)
        if len(hosts) == 1:
            raise LoginRejected("no", "look again")
        return ["INBOX"]

    given = Answers(archive="box", clients=(("acme", "acme.example"),))
    first = ["me@studio.example", *[""] * 6, "pw", ""]
    second = ["y", "", "", "mail.studio.example", *[""] * 5, "pw"]
    result = type_answers(path, first + second, check_login=check_login, given=given)
    assert result.exit_code == 0, result.output
    assert "look again" in result.output
    assert hosts == ["imap.studio.example", "mail.studio.example"]
    config = load_config(path)
    assert config.accounts[0].host == "mail.studio.example"
    assert config.archive == Path("box").absolute()  # from where it was typed
    assert config.clients[0].slug == "acme"


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False)])
def test_after_a_failed_login_a_person_may_write_anyway_or_give_up(path, answer, written):
    def check_login(*_):
        raise LoginRejected("no")

    answers = ["me@studio.example", *[""] * 7, "-", "pw", "", "n", answer]
    result = type_answers(path, answers, check_login=check_login)
    assert path.exists() is written
    assert result.exit_code == (0 if written else 1)


def test_a_password_given_later_skips_the_login(path):
    def check_login(*_):
        pytest.fail("there was nothing to log in with")

    answers = ["me@studio.example", *[""] * 7, "-", ""]
    result = type_answers(path, answers, check_login=check_login)
    assert result.exit_code == 0, result.output
    assert "not tested" in result.output
    assert load_config(path).accounts[0].password_env == "TRAIL_WORK_PASSWORD"


def test_after_a_wrong_password_only_the_password_is_asked_again(path, pymap_server, monkeypatch):
    stored = []
    monkeypatch.setattr(auth, "store_password", lambda *pair: stored.append(pair))
    given = Answers(
        ("me@studio.example",), "work", "127.0.0.1", str(pymap_server.port), "plain", pymap_server.user,
        archive="box", scope="clients", clients=(("acme", "acme.example"),),
    )  # fmt: skip
    answers = ["wrong-one", "wrong-two", pymap_server.password]
    result = type_answers(path, answers, check_login=check_login, given=given)
    assert result.exit_code == 0, result.output
    assert result.output.count("refused the login of") == 2
    assert result.output.count("Password, once more") == 2
    assert "Try other answers" not in result.output
    assert [password for _, password in stored] == [pymap_server.password]
    assert not [answer for answer in answers if answer in result.output]


def test_without_a_keyring_it_is_said_which_key_names_the_password(path):
    answers = ["me@studio.example", *[""] * 7, "-", SECRET]
    result = type_answers(path, answers, check_login=lambda *_: ["INBOX"])
    assert "nor kept: this machine has no keyring" in result.output
    assert "from the variable TRAIL_WORK_PASSWORD (password_env)" in result.output
    assert "password_command" in result.output


def offer(*found):
    return lambda _: iter(found)


def test_each_server_that_is_found_is_shown_and_may_be_turned_down(path):
    look_up = offer(
        Found(Server("mx.hoster.example"), "found by DNS SRV", is_sure=False),
        Found(Server("imap.studio.example", 143, "starttls", user="me"), "found by autoconfig"),
    )
    answers = ["me@studio.example", "n", "y", *[""] * 4, "-", "pw"]
    hosts = []

    def check_login(account, _):
        hosts.append((account.host, account.port, account.security, account.user))
        return ["INBOX"]

    result = type_answers(path, answers, check_login=check_login, look_up=look_up)
    assert result.exit_code == 0, result.output
    assert "found by DNS SRV: mx.hoster.example:993 tls; use it? [Y/n]" in result.output
    assert "found by autoconfig: imap.studio.example:143 starttls; use it?" in result.output
    assert hosts == [("imap.studio.example", 143, "starttls", "me")]


def test_who_turns_all_down_is_asked(path):
    look_up = offer(Found(Server("mx.hoster.example"), "found by DNS SRV"))
    answers = ["me@studio.example", "n", "", "mail.studio.example", *[""] * 5, "-", ""]
    result = type_answers(path, answers, check_login=None, look_up=look_up)
    assert result.exit_code == 0, result.output
    assert load_config(path).accounts[0].host == "mail.studio.example"


@pytest.fixture
def zone(monkeypatch):
    with DnsServer() as server:
        monkeypatch.setattr(dns.resolver, "default_resolver", server.resolver)
        yield server


YES = ["init", "--yes", "--me", "me@studio.example", "--password-env", "A", "--no-test"]


def test_without_a_person_a_server_of_the_own_domain_is_used(trail, path, zone):
    zone.records["_imaps._tcp.studio.example", "SRV"] = ["5 0 1993 mail.studio.example."]
    code, _, err = trail(*YES)
    assert code == 0, err
    assert "found by DNS SRV: mail.studio.example:1993 tls" in err
    account = load_config(path).accounts[0]
    assert (account.host, account.port) == ("mail.studio.example", 1993)


def test_without_a_person_no_password_goes_where_only_dns_says(trail, path, zone):
    zone.records["_imaps._tcp.studio.example", "SRV"] = ["5 0 993 mx.evil.example."]
    code, _, err = trail(*YES)
    assert code == 0
    assert "--host mx.evil.example if it is right" in err
    assert load_config(path).accounts[0].host == "imap.studio.example"


@pytest.mark.parametrize("words", [["--no-lookup"], ["--host", "imap.hoster.example"]])
def test_nobody_is_asked_who_need_not_be(trail, path, zone, words):
    code, _, err = trail(*YES, *words)
    assert code == 0
    assert not zone.asked
    assert "no server found" not in err
    told = "nobody was asked for the server; imap.studio.example is a guess"
    assert (told in err) == (words == ["--no-lookup"])


def test_what_is_given_counts_more_than_what_is_found(trail, path, zone):
    zone.records["_imaps._tcp.studio.example", "SRV"] = ["5 0 1993 mail.studio.example."]
    assert trail(*YES, "--security", "starttls")[0] == 0
    account = load_config(path).accounts[0]
    assert (account.host, account.port, account.security) == (
        "mail.studio.example",
        143,
        "starttls",
    )


def test_a_provider_without_imap_is_told(trail, path):
    code, _, err = trail("init", "--yes", "--me", "me@tuta.com", "--password-env", "A")
    assert code == 2
    assert "it has no IMAP" in err
    assert "--host" in err


def test_where_passwords_are_taken_no_more_oauth2_is_proposed(path):
    def check_login(*_):
        pytest.fail("there is nothing to log in with yet")

    answers = ["me@hotmail.com", "", "", "", "", "", "app-of-mine", "", "", "-"]
    result = type_answers(path, answers, check_login=check_login)
    assert result.exit_code == 0, result.output
    assert "it takes no passwords any more" in result.output
    account = load_config(path).accounts[0]
    assert account.oauth.provider == "Microsoft"
    assert account.oauth.client_id == "app-of-mine"
    assert "login work" in result.output


def test_flags_set_up_oauth2(trail, path):
    words = ["init", "--yes", "--me", "me@studio.example", "--host", "imap.gmail.com"]
    code, out, err = trail(
        *words, "--oauth-provider", "google", "--oauth-client-id", "app", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["next"][0].endswith("login work")
    assert load_config(path).accounts[0].oauth.provider == "Google"
    code, _, err = trail(*words, "--force", "--oauth-provider", "google")
    assert code == 2
    assert "--oauth-client-id" in err
    code, _, err = trail(*words, "--force", "--oauth-client-id", "a", "--password-env", "A")
    assert code == 2
    assert "--oauth-provider" in err


def test_hostile_answers_are_quoted_in_the_file(path):
    answers = Answers(
        ("me@x.example",),
        "w",
        "h",
        "993",
        "tls",
        'u"\\\n[[client]]',
        archive="a#\"'b",
        scope="clients",
    )
    path.parent.mkdir()
    path.write_text(render_config(answers).replace("\\n", " "), encoding="utf-8")
    config = load_config(path)
    assert config.accounts[0].user == 'u"\\ [[client]]'
    assert config.archive.name == "a#\"'b"
