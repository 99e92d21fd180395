"""`trail login`, what it makes possible, and `trail logout`: with a provider and a Dovecot that takes its tokens."""

from __future__ import annotations

import os
import random
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser

import keyring
import pytest
from keyring.backends import fail
from keyrings import MemoryKeyring, using_keyring
from servers.oauth import OAuthServer
from servers.proxy import Proxy
from syncing import make_message

from trail.cli import login
from trail.config import load_config
from trail.errors import (
    EXIT_WARNINGS,
    ConfigError,
    LoginRejected,
    SecretUnavailable,
    ServerUnreachable,
)
from trail.fetch.auth import store_password

pytestmark = pytest.mark.dovecot


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """No keyring, and a folder of its own for what is kept instead."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with using_keyring(fail.Keyring()):
        yield tmp_path / "state" / "trail" / "tokens"


@pytest.fixture
def provider(tmp_path, dovecot):
    with OAuthServer(tmp_path, dovecot.user) as server:
        yield server


@pytest.fixture
def browser(provider, monkeypatch):
    """A person with a browser, who agrees; gives the addresses that were opened."""
    opened, threads = [], []
    context = ssl.create_default_context(cafile=provider.ca_file)
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({})
    )

    def browse(url):
        opened.append(url)
        threads.append(threading.Thread(target=lambda: opener.open(url).close()))
        threads[-1].start()
        return True

    monkeypatch.setattr(webbrowser, "open", browse)
    yield opened
    for thread in threads:
        thread.join()


@pytest.fixture
def signed_in(desk, dovecot, provider, browser):
    """A desk whose account is signed in, and has one message."""
    dovecot.append("INBOX", make_message(1))
    set_up(desk, dovecot, provider)
    desk.done("login", "work")
    return desk


def set_up(desk, dovecot, provider, **changes):
    return desk.set_up(dovecot, **({"password_env": None} | provider.keys | changes))


def hold_no_secret(provider, *texts):
    return not [s for s in provider.given for text in texts if s in text]


def end_tokens(state):
    """Let the access token end that is kept."""
    (kept,) = state.glob("*.json")
    kept.write_text(re.sub(r'"expires_at": [0-9.]+', '"expires_at": 1.0', kept.read_text()))


def test_a_browser_signs_in_and_the_mail_is_fetched(desk, dovecot, provider, browser, state):
    dovecot.append("INBOX", make_message(1))
    set_up(desk, dovecot, provider)
    answer = desk.done("login", "work")
    (kept,) = state.glob("*.json")
    assert answer.out == f"work: signed in; 127.0.0.1 lets {dovecot.user} in\nkept in {kept}\n"
    assert browser[0] in answer.err, "who has another browser must see the address"
    synced = desk.done("sync")
    assert synced.out == "work: 1 archived\n"
    assert hold_no_secret(provider, answer.out, answer.err, synced.err, desk.config.read_text())
    everything = b"".join(p.read_bytes() for p in desk.archive.rglob("*") if p.is_file())
    assert not [secret for secret in provider.given if secret.encode() in everything]


def test_a_code_signs_in_without_a_browser(desk, dovecot, provider):
    set_up(desk, dovecot, provider)
    provider.faults["token"] += ["authorization_pending"]
    answer = desk.done("login", "work", "--device", "--quiet", "--json")
    assert answer.data["kept_in"].endswith(".json")
    assert answer.data["folders"] == ["INBOX"]
    assert set(answer.data) == {"schema", "account", "kept_in", "folders"}
    assert "type the code WDJB-MJHT" in answer.err
    assert desk.done("sync").out == "work: nothing new\n"


def test_a_provider_without_a_page_to_sign_in_at_gives_a_code_unasked(desk, dovecot, provider):
    set_up(desk, dovecot, provider, oauth_authorize_url=None)
    assert "WDJB-MJHT" in desk.done("login", "work").err


def test_a_provider_that_gives_no_codes_leads_to_the_browser(desk, dovecot, provider):
    set_up(desk, dovecot, provider, oauth_device_url=None)
    answer = desk.trail("login", "work", "--device")
    assert answer.code == ConfigError.exit_code
    assert "trail login work --paste" in answer.err


def test_somebody_else_who_signs_in_is_not_kept(desk, dovecot, provider, browser, state):
    set_up(desk, dovecot, provider)
    provider.user = "somebody-else"
    answer = desk.trail("login", "work")
    assert answer.code == LoginRejected.exit_code
    assert f"somebody other than {dovecot.user}?" in answer.err
    assert not list(state.glob("*.json"))


def test_a_mail_server_that_is_down_does_not_undo_the_sign_in(desk, dovecot, provider, browser):
    set_up(desk, dovecot, provider, port=1)
    answer = desk.trail("login", "work")
    assert answer.code == 100
    assert "not tried at the server" in answer.err
    set_up(desk, dovecot, provider)
    desk.done("sync")


def test_who_is_not_signed_in_is_told_how(desk, dovecot, provider):
    set_up(desk, dovecot, provider)
    answer = desk.trail("sync")
    assert answer.code == SecretUnavailable.exit_code
    assert "trail login work" in answer.err


def test_another_app_needs_another_sign_in(signed_in):
    signed_in.config.write_text(signed_in.config.read_text().replace("trail-app", "other-app"))
    answer = signed_in.trail("sync")
    assert answer.code == SecretUnavailable.exit_code
    assert "oauth_client_id has changed" in answer.err


def test_a_token_is_used_while_it_lasts_and_renewed_when_it_does_not(signed_in, provider, state):
    signed_in.done("sync")
    assert len(provider.asked("token")) == 1, "a good token was renewed"
    provider.lifetime = 30  # less than what is left for a login
    end_tokens(state)
    signed_in.done("sync")
    signed_in.done("sync")
    assert len(provider.asked("token")) == 3, "a token about to end was not renewed"


def test_a_token_the_server_no_longer_takes_is_renewed_once(desk, dovecot, provider, browser):
    provider.rotate = True
    provider.announced = 3600
    dovecot.append("INBOX", make_message(1))
    set_up(desk, dovecot, provider)
    provider.lifetime = -10
    desk.done("login", "work", "--no-test")
    provider.lifetime = 3600
    assert desk.done("sync").out == "work: 1 archived\n"
    assert len(provider.asked("token")) == 2
    assert desk.done("sync").out == "work: nothing new\n"
    assert len(provider.asked("token")) == 2


def test_a_line_that_breaks_again_and_again_costs_one_renewal(desk, dovecot, provider, browser, tmp_path):  # fmt: skip
    dovecot.fill("INBOX", [make_message(n) for n in range(100)])
    set_up(desk, dovecot, provider)
    desk.done("login", "work")
    (kept,) = desk.root.glob("state/trail/tokens/*.json")
    with Proxy("127.0.0.1", dovecot.port) as proxy:
        set_up(desk, dovecot, provider, port=proxy.port)

        text = re.sub(r'"access_token": "[^"]+"', '"access_token": "ended"', kept.read_text())
        kept.write_text(text)
        proxy.cut_after = 4000
        proxy.only = frozenset({2, 3})
        assert desk.done("sync").out == "work: 100 archived\n"
        assert proxy.connections > 3
    assert len(provider.asked("token")) == 2


def test_a_token_that_is_refused_twice_is_told_with_the_command_that_mends_it(
    signed_in, provider, state
):
    provider.lifetime = -10
    provider.announced = 3600
    end_tokens(state)
    answer = signed_in.trail("sync", "-v")
    assert answer.code == LoginRejected.exit_code
    assert "trail login work" in answer.err
    assert len(provider.asked("token")) == 3, "one sign-in, one renewal, one more, and no storm"
    assert hold_no_secret(provider, answer.err)


def test_a_sign_in_that_was_taken_back_names_the_command_that_mends_it(signed_in, provider, state):
    provider.grants.clear()
    end_tokens(state)
    answer = signed_in.trail("sync", "-v")
    assert answer.code == LoginRejected.exit_code
    assert "no longer accepts the sign-in (invalid_grant): trail login work" in answer.err
    status = signed_in.trail("status")
    assert status.code == EXIT_WARNINGS
    assert "trail login work" in status.out
    assert hold_no_secret(provider, answer.err)
    signed_in.done("login", "work")
    signed_in.done("sync")


def test_a_provider_that_is_down_for_long_is_a_server_out_of_reach(signed_in, provider, monkeypatch, state):  # fmt: skip
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)  # the pauses between attempts
    provider.faults["token"] += ["500"] * 20
    end_tokens(state)
    answer = signed_in.trail("sync")
    assert answer.code == ServerUnreachable.exit_code
    provider.faults.clear()
    signed_in.done("sync")


def test_signing_out_forgets_and_tells_the_provider(signed_in, provider, state):
    answer = signed_in.done("logout", "work")
    assert "signed out, and 127.0.0.1 has taken it back" in answer.out
    assert not provider.grants
    assert not list(state.glob("*.json"))
    assert signed_in.trail("sync").code == SecretUnavailable.exit_code
    assert signed_in.done("logout", "work").out == "work: was not signed in\n"


def test_a_provider_that_cannot_be_told_does_not_keep_anybody_signed_in(signed_in, provider, state):
    provider.faults["revoke"].append("huge")
    answer = signed_in.trail("logout", "work", "--json")
    assert answer.code == 100
    assert answer.data["revoked"] is False
    assert set(answer.data) == {"schema", "account", "was_signed_in", "revoked"}
    assert not list(state.glob("*.json"))


def test_an_apps_secret_comes_from_its_variable_and_is_not_kept_beside_it(
    desk, dovecot, tmp_path, browser, provider, state, monkeypatch
):
    provider.client_secret = "the-apps-own"
    set_up(desk, dovecot, provider, oauth_client_secret_env="APP_SECRET")
    assert desk.trail("login", "work").code == SecretUnavailable.exit_code
    monkeypatch.setenv("APP_SECRET", "wrong")
    assert desk.trail("login", "work").code == LoginRejected.exit_code
    monkeypatch.setenv("APP_SECRET", "the-apps-own")
    desk.done("login", "work")
    (kept,) = state.glob("*.json")
    assert "the-apps-own" not in kept.read_text()


def test_a_typed_secret_and_a_pasted_address_do_without_a_browser_here(
    desk, dovecot, provider, monkeypatch, state
):
    provider.client_secret = "the-apps-own"
    set_up(desk, dovecot, provider)
    asked = []

    def type_in(question, *_, **options):
        asked.append(question)
        assert options["hide_input"]
        if "secret" in question:
            return "the-apps-own"
        (url,) = re.findall(r"https://\S+", desk.capsys.readouterr().err)
        request = urllib.request.Request(url)
        context = ssl.create_default_context(cafile=provider.ca_file)
        opener = urllib.request.OpenerDirector()  # follows no redirect: the browser cannot either
        opener.add_handler(urllib.request.HTTPSHandler(context=context))
        with opener.open(request) as page:
            return f" {page.headers['Location']}\n"

    monkeypatch.setattr(login.typer, "prompt", type_in)
    monkeypatch.setattr(login, "_can_ask", lambda: True)
    desk.done("login", "work", "--paste")
    assert len(asked) == 2
    desk.done("login", "work", "--paste")
    assert len(asked) == 3, "the secret was asked for though it is known"
    end_tokens(state)
    desk.done("sync")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["login", "nobody"], ConfigError.exit_code, "accounts: work"),
        (["logout", "nobody"], ConfigError.exit_code, "accounts: work"),
        (["login", "work", "--paste", "--device"], 2, "--device"),
        (["login", "work", "--paste"], 2, "nobody is here"),
    ],
)
def test_wrong_usage_is_told(desk, dovecot, provider, words, code, told):
    set_up(desk, dovecot, provider)
    answer = desk.trail(*words)
    assert answer.code == code
    assert told in answer.err


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_secret_is_in_the_process_list_or_the_environment_of_a_browser(desk, dovecot, provider, tmp_path):  # fmt: skip
    """A real browser program, and a look at every process while it runs."""
    script = tmp_path / "browser.py"
    script.write_text(
        "import glob, pathlib, ssl, sys, urllib.request\n"
        f"context = ssl.create_default_context(cafile={str(provider.ca_file)!r})\n"
        "opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({}))\n"
        "opener.open(sys.argv[1]).close()\n"
        "seen = b''\n"
        "for name in ('cmdline', 'environ'):\n"
        "    for path in glob.glob('/proc/[0-9]*/' + name):\n"
        "        try: seen += pathlib.Path(path).read_bytes()\n"
        "        except OSError: pass\n"
        f"pathlib.Path({str(tmp_path / 'seen')!r}).write_bytes(seen)\n"
    )
    set_up(desk, dovecot, provider)
    answer = desk.run_beside("login", "work", env={"BROWSER": f"{sys.executable} {script} %s"})
    assert answer.code == 0, answer
    seen = (tmp_path / "seen").read_bytes()
    assert b"login\0work" in seen
    assert not [secret for secret in provider.given if secret.encode() in seen]
    assert desk.run_beside("sync").out == "work: nothing new\n"


def test_a_daemon_rests_when_the_sign_in_is_taken_back_and_goes_on_after_the_next(
    signed_in, provider, dovecot, tmp_path, state
):
    desk = signed_in
    text = desk.config.read_text().replace('name = "work"', 'name = "work"\nevery = "10s"')
    desk.config.write_text(text)
    provider.grants.clear()
    end_tokens(state)
    log = tmp_path / "daemon.log"

    def wait_for(words):
        deadline = time.monotonic() + 60
        while words not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    with log.open("w") as stderr:
        process = desk.start("daemon", stderr=stderr)
        wait_for("trail login work")
        asked = len(provider.asked("token"))
        wait_for("paused")
        desk.done("login", "work")
        wait_for("work: 1 archived")
        assert len(provider.asked("token")) == asked + 1, "the paused account went on asking"
        process.terminate()
        process.wait(60)
    assert hold_no_secret(provider, log.read_text())


def test_a_password_is_kept_in_the_keyring_once_it_has_been_tried(desk, dovecot, monkeypatch):
    desk.set_up(dovecot, password_env=None)
    answer = desk.trail("login", "work")
    assert answer.code == SecretUnavailable.exit_code
    assert "password_env or password_command" in answer.err
    keyring.set_keyring(MemoryKeyring())
    assert desk.trail("login", "work").code == 2
    typed = ["wrong", dovecot.password]
    monkeypatch.setattr(login.typer, "prompt", lambda *_, **__: typed.pop(0))
    monkeypatch.setattr(login, "_can_ask", lambda: True)
    assert desk.trail("login", "work").code == LoginRejected.exit_code
    assert not keyring.get_keyring().entries
    desk.done("login", "work")
    desk.done("sync")
    assert "signed out" in desk.done("logout", "work").out
    assert desk.trail("sync").code == SecretUnavailable.exit_code


@pytest.mark.parametrize("option", ["--device", "--paste"])
def test_an_option_of_oauth2_is_refused_where_there_is_a_password(desk, dovecot, option):
    answer = desk.set_up(dovecot).trail("login", "work", option)
    assert answer.code == 2
    assert f'value for {option}: account "work" has a password' in answer.err


def test_of_a_password_from_elsewhere_there_is_nothing_to_forget(desk, dovecot):
    desk.set_up(dovecot)
    told = "work: nothing to forget: the password comes from password_env\n"
    for ring in (fail.Keyring(), MemoryKeyring()):
        keyring.set_keyring(ring)
        assert desk.done("logout", "work").out == told
    store_password(load_config(desk.config).accounts[0], "an old one")
    assert desk.done("logout", "work").out == (
        "work: signed out; the password comes from password_env all the same\n"
    )
    assert not keyring.get_keyring().entries


def test_a_password_from_elsewhere_is_not_asked_for(desk, dovecot):
    desk.set_up(dovecot)
    answer = desk.trail("login", "work")
    assert answer.code == ConfigError.exit_code
    assert "password_env" in answer.err


def test_the_configuration_says_what_the_account_is(desk, dovecot, provider):
    set_up(desk, dovecot, provider)
    account = load_config(desk.config).accounts[0]
    assert account.auth == "oauth2"
    assert account.oauth.client_id == "trail-app"
    assert os.fspath(provider.ca_file) == account.ca_file


def test_commands_that_read_load_nothing_of_it(desk, dovecot):
    desk.set_up(dovecot)
    desk.done("sync")
    script = (
        "import sys\nfrom trail.cli.main import run\nrun(sys.argv[1:])\n"
        "slow = {'oauthlib', 'dns', 'keyring', 'webbrowser', 'http', 'ssl'}\n"
        "print(slow & {name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--config", str(desk.config), "search", "x"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "set()"
