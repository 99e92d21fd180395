"""OAuth2 with a provider that keeps to the book, and with one that does not."""

from __future__ import annotations

import json
import traceback
import urllib.request
from dataclasses import replace

import pytest
from servers.oauth import OAuthServer

from trail.config import parse_config
from trail.errors import LoginRejected, ServerUnreachable
from trail.fetch import oauth
from trail.fetch.loopback import Loopback
from trail.fetch.tokens import Grant


@pytest.fixture
def provider(tmp_path):
    with OAuthServer(tmp_path) as server:
        yield server


@pytest.fixture
def account(provider, tmp_path):
    return make_account(provider, tmp_path)


def make_account(provider, tmp_path, **changes):
    keys = {key: value for key, value in (provider.keys | changes).items() if value is not None}
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    text = '[[account]]\nname = "work"\nhost = "127.0.0.1"\nuser = "me"\n' + "\n".join(lines)
    return parse_config(text, tmp_path / "config.toml").accounts[0]


def browse(url, provider):
    """Do what a browser does: follow, with the test's certificate trusted."""
    import ssl  # noqa: PLC0415

    handler = urllib.request.HTTPSHandler(
        context=ssl.create_default_context(cafile=provider.ca_file)
    )
    with urllib.request.build_opener(handler, urllib.request.ProxyHandler({})).open(url) as page:
        return page.read().decode()


def sign_in(account, provider, secret=""):
    with Loopback() as loopback:
        question = oauth.begin_in_browser(account.oauth, loopback.redirect_uri)
        loopback.expect(question.state)
        assert "trail" in browse(question.url, provider)
        return oauth.finish_in_browser(account, question, loopback.wait(60), secret)


def refusal(kind, provider, act, *arguments, **named):
    """The error, in which nothing that was given out or sent stands."""
    with pytest.raises(kind) as caught:
        act(*arguments, **named)
    error = caught.value
    told = "".join(traceback.format_exception(error)) + error.hint
    sent = [v for asked in provider._web.requests for k, v in asked.form.items() if k in SECRETS]
    assert not [secret for secret in (*provider.given, *sent) if secret and secret in told]
    assert error.hint
    return error


SECRETS = ("code", "code_verifier", "refresh_token", "client_secret", "device_code")


class Watch:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def clock(self):
        return self.now


def test_a_browser_signs_in_with_pkce_and_a_loopback_address(account, provider):
    grant = sign_in(account, provider)
    assert grant.refresh_token in provider.grants
    assert grant.client_id == provider.client_id
    asked = provider.asked("authorize")[0].query
    assert asked["scope"] == "imap offline_access"
    assert provider.asked("token")[0].form["code_verifier"] not in str(provider.asked("authorize"))


def test_two_sign_ins_share_neither_state_nor_verifier(account):
    first, second = (oauth.begin_in_browser(account.oauth, "http://127.0.0.1:1") for _ in range(2))
    assert first.state != second.state
    assert first.verifier != second.verifier
    assert len(first.verifier) >= 43


def test_googles_and_microsofts_sign_ins_ask_for_what_they_want_to_be_asked(tmp_path):
    text = "\n".join(
        f'[[account]]\nname = "{name}"\nuser = "me@x.example"\nauth = "oauth2"\noauth_provider = "{name}"\noauth_client_id = "id"'
        for name in ("google", "microsoft")
    )
    google, microsoft = parse_config(text, tmp_path / "config.toml").accounts
    url = oauth.begin_in_browser(google.oauth, "http://127.0.0.1:1").url
    assert url.startswith("https://accounts.google.com/")
    assert "access_type=offline" in url
    assert "scope=https%3A%2F%2Fmail.google.com%2F&" in url
    with Loopback(microsoft.oauth.redirect_host) as loopback:
        url = oauth.begin_in_browser(microsoft.oauth, loopback.redirect_uri).url
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A" in url
    assert "IMAP.AccessAsUser.All+offline_access" in url


def test_a_person_who_declines_is_told_so(account, provider):
    provider.faults["authorize"].append("access_denied")
    assert "declined" in refusal(LoginRejected, provider, sign_in, account, provider).message


def test_an_answer_of_another_sign_in_is_not_taken(account, provider):
    question = oauth.begin_in_browser(account.oauth, "http://127.0.0.1:1")
    came_to = "http://127.0.0.1:1/?code=stolen&state=other"
    error = refusal(LoginRejected, provider, oauth.finish_in_browser, account, question, came_to, "")  # fmt: skip
    assert "another sign-in" in error.message
    assert not provider.asked("token")


@pytest.mark.parametrize("pasted", ["", "nonsense", "http://[", "http://127.0.0.1:1/?state={}"])
def test_a_pasted_address_without_a_code_is_refused(account, provider, pasted):
    question = oauth.begin_in_browser(account.oauth, "http://127.0.0.1:1")
    pasted = pasted.format(question.state)
    refusal(LoginRejected, provider, oauth.finish_in_browser, account, question, pasted, "")


def test_a_code_works_once_and_with_its_own_verifier_only(account, provider):
    with Loopback() as loopback:
        question = oauth.begin_in_browser(account.oauth, loopback.redirect_uri)
        loopback.expect(question.state)
        browse(question.url, provider)
        came_to = loopback.wait(60)
    other = oauth.begin_in_browser(account.oauth, question.redirect_uri)
    forged = oauth.Question(question.url, question.state, other.verifier, question.redirect_uri)
    error = refusal(LoginRejected, provider, oauth.finish_in_browser, account, forged, came_to, "")
    assert "Malformed auth code" in error.message


def test_an_app_with_a_secret_sends_it_and_keeps_it_with_the_grant(tmp_path):
    with OAuthServer(tmp_path, client_secret="apps-own") as provider:
        account = make_account(provider, tmp_path)
        grant = sign_in(account, provider, "apps-own")
        assert grant.client_secret == "apps-own"
        assert oauth.renew(account, grant, "apps-own").access_token != grant.access_token
        error = refusal(LoginRejected, provider, oauth.renew, account, grant, "wrong-one")
        assert "oauth_client_id" in error.hint


def test_a_code_is_waited_for_as_long_and_as_slowly_as_the_provider_says(account, provider):
    code = oauth.begin_on_device(account, "")
    assert code.user_code == "WDJB-MJHT"
    assert code.address.startswith(provider.url)
    provider.faults["token"] += ["authorization_pending", "slow_down", "authorization_pending", "500"]  # fmt: skip
    watch = Watch()
    grant = oauth.finish_on_device(account, code, "", sleep=watch.sleep, clock=watch.clock)
    assert grant.refresh_token in provider.grants
    assert watch.slept == [1, 1, 6, 6, 12]


@pytest.mark.parametrize(
    ("fault", "words"),
    [("expired_token", "no longer good"), ("access_denied", "declined"), ("invalid_client", "invalid_client")],
)  # fmt: skip
def test_a_code_that_comes_to_nothing_is_told(account, provider, fault, words):
    code = oauth.begin_on_device(account, "")
    provider.faults["token"].append(fault)
    watch = Watch()
    error = refusal(
        LoginRejected, provider, oauth.finish_on_device, account, code, "", sleep=watch.sleep, clock=watch.clock
    )  # fmt: skip
    assert words in error.message


def test_a_code_nobody_types_ends_by_itself(account, provider):
    code = replace(oauth.begin_on_device(account, ""), expires_in=20.0)
    provider.faults["token"] += ["authorization_pending"] * 100
    watch = Watch()
    error = refusal(
        LoginRejected, provider, oauth.finish_on_device, account, code, "", sleep=watch.sleep, clock=watch.clock
    )  # fmt: skip
    assert "nobody agreed in time" in error.message
    assert watch.now == 20


@pytest.mark.parametrize("fault", ["garbage", "list", "empty", "500", "429", "huge", "elsewhere"])
def test_a_device_endpoint_out_of_its_mind_is_a_server_out_of_reach(account, provider, fault):
    provider.faults["device"].append(fault)
    refusal(ServerUnreachable, provider, oauth.begin_on_device, account, "")


def test_an_app_that_may_not_use_codes_is_told_in_the_providers_words(account, provider):
    provider.faults["device"].append("unauthorized_client")
    error = refusal(LoginRejected, provider, oauth.begin_on_device, account, "")
    assert "unauthorized_client: so it was ordered" in error.message


def test_a_grant_is_renewed_and_keeps_its_refresh_token(account, provider):
    grant = sign_in(account, provider)
    renewed = oauth.renew(account, grant, "")
    assert renewed.access_token != grant.access_token
    assert renewed.refresh_token == grant.refresh_token


def test_a_refresh_token_good_for_one_use_is_replaced(account, provider):
    provider.rotate = True
    grant = sign_in(account, provider)
    renewed = oauth.renew(account, grant, "")
    assert renewed.refresh_token in provider.grants
    assert renewed.refresh_token != grant.refresh_token
    refusal(LoginRejected, provider, oauth.renew, account, grant, "")


@pytest.mark.parametrize("fault", [None, "invalid_grant", "interaction_required", "invalid_scope", "echo"])  # fmt: skip
def test_a_grant_that_was_taken_back_names_the_command_that_mends_it(account, provider, fault):
    grant = sign_in(account, provider)
    if fault is None:
        provider.grants.clear()
    else:
        provider.faults["token"].append(fault)
    error = refusal(LoginRejected, provider, oauth.renew, account, grant, "")
    assert error.message.endswith("trail login work")


@pytest.mark.parametrize(
    "fault",
    ["500", "429", "garbage", "list", "empty", "huge", "control", "odd", "elsewhere", "server_error", "temporarily_unavailable"],
)  # fmt: skip
def test_a_provider_out_of_its_mind_is_tried_again_later(account, provider, fault):
    grant = sign_in(account, provider)
    provider.faults["token"].append(fault)
    refusal(ServerUnreachable, provider, oauth.renew, account, grant, "")
    assert oauth.renew(account, grant, "").access_token


def test_what_a_provider_repeats_of_our_secrets_is_cut_out(account, provider):
    provider.faults["token"].append("echo")
    error = refusal(LoginRejected, provider, sign_in, account, provider)
    assert "…" in error.message


def test_a_sign_in_that_could_not_last_is_refused(account, provider):
    provider.faults["token"].append("no_refresh_token")
    assert "offline_access" in refusal(LoginRejected, provider, sign_in, account, provider).hint


def test_a_provider_that_is_not_there_or_not_to_be_trusted_is_out_of_reach(provider, tmp_path):
    grant = Grant(provider.client_id, "refresh-one")
    gone = make_account(provider, tmp_path, oauth_token_url="https://127.0.0.1:1/token")
    error = refusal(ServerUnreachable, provider, oauth.renew, gone, grant, "")
    assert "refresh-one" not in error.message
    stranger = make_account(provider, tmp_path)
    stranger = type(stranger)("work", "127.0.0.1", "me", oauth=stranger.oauth)
    assert "certificate" in refusal(ServerUnreachable, provider, oauth.renew, stranger, grant, "").message  # fmt: skip
    assert not provider.asked("token")


def test_a_grant_is_taken_back_at_the_provider(account, provider, tmp_path):
    grant = sign_in(account, provider)
    assert oauth.revoke(account, grant)
    assert not provider.grants
    silent = make_account(provider, tmp_path, oauth_revoke_url=None)
    assert not oauth.revoke(silent, grant)
