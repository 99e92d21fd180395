"""The keys of an account that signs in with OAuth2: presets, other providers, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from trail.config import parse_config
from trail.errors import ConfigError

HEAD = '[[account]]\nname = "work"\nuser = "me@studio.example"\n'
OWN = 'host = "imap.studio.example"\nauth = "oauth2"\noauth_client_id = "app"\n'
TOKEN = 'oauth_token_url = "https://login.studio.example/token"\n'


def read(text):
    return parse_config(HEAD + text, Path("c.toml")).accounts[0]


def test_google_needs_no_more_than_an_app():
    account = read('auth = "oauth2"\noauth_provider = "google"\noauth_client_id = "app"\n')
    assert account.host == "imap.gmail.com"
    assert account.oauth.scopes == ("https://mail.google.com/",)
    assert account.oauth.client_id == "app"
    assert account.oauth.device_url == "", "Google's device flow gives no access to mail"


def test_microsoft_may_be_asked_for_one_organisation():
    keys = 'auth = "oauth2"\noauth_provider = "microsoft"\noauth_client_id = "app"\n'
    common, own = read(keys), read(keys + 'oauth_tenant = "studio.example"\n')
    assert common.host == "outlook.office365.com"
    assert common.oauth.token_url == "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    assert "/studio.example/oauth2/" in own.oauth.device_url
    assert "offline_access" in own.oauth.scopes


def test_another_provider_is_called_by_its_host():
    account = read(OWN + TOKEN + 'oauth_device_url = "https://login.studio.example/device"\n')
    assert account.oauth.provider == "login.studio.example"
    assert account.oauth.authorize_url == ""


def test_what_is_given_counts_more_than_a_preset():
    account = read(
        OWN + 'oauth_provider = "google"\noauth_scopes = ["one", "two"]\noauth_revoke_url = "https://r.example/"\n'
    )  # fmt: skip
    assert account.host == "imap.studio.example"
    assert account.oauth.scopes == ("one", "two")
    assert account.oauth.revoke_url == "https://r.example/"
    assert account.oauth.token_url == "https://oauth2.googleapis.com/token"


def test_a_password_is_what_an_account_has_unless_it_says_otherwise():
    assert read('host = "h.example"\n').auth == "password"
    assert read('host = "h.example"\nauth = "password"\npassword_env = "A"\n').oauth is None


@pytest.mark.parametrize(
    ("text", "line", "words", "hint"),
    [
        ('host = "h"\noauth_client_id = "app"\n', 5, "oauth_client_id: is of use with auth", "add auth"),
        ('host = "h"\nauth = "oauth2"\n', 1, "oauth_client_id: is missing", "docs/oauth.md"),
        ('host = "h"\nauth = "oauth"\n', 5, "auth: must be", ""),
        (OWN, 1, "oauth_token_url: is missing", "oauth_provider"),
        (OWN + TOKEN, 1, "oauth_authorize_url: is missing", "add one of the two"),
        (OWN + 'oauth_provider = "yahoo"\n', 7, "oauth_provider: must be", ""),
        (OWN + 'oauth_provider = "google"\noauth_tenant = "x"\n', 8, "oauth_tenant: is of use with Microsoft", ""),
        (OWN + 'oauth_provider = "google"\npassword_env = "A"\n', 8, "password_env: stands beside auth", "take it out"),
        (OWN + 'oauth_provider = "google"\npassword_command = ["a"]\n', 8, "password_command: stands", "take it out"),
        (OWN + 'oauth_provider = "google"\noauth_client_secret = "geheim"\n', 8, "oauth_client_secret: a password does not", "trail login"),
        (OWN + 'oauth_provider = "google"\noauth_client_secret_env = "ge heim"\n', 8, "oauth_client_secret_env: must be", ""),
        (OWN + 'oauth_provider = "google"\noauth_client_secret_env = "A"\noauth_client_secret_command = ["b"]\n', 9, "stands beside", "keep one"),
        (OWN + 'oauth_token = "geheim"\n', 7, "oauth_token: a password does not", ""),
        (OWN + 'oauth_token_ur = "https://x.example"\n', 7, "", ""),
        (OWN + TOKEN.replace("https", "http"), 7, "must be an address that begins with https://", ""),
        (OWN + 'oauth_token_url = "https://me:geheim@x.example/"\n', 7, "without user, password", ""),
        (OWN + 'oauth_token_url = "https://x.example/#a"\n', 7, "must be an address", ""),
        (OWN + 'oauth_token_url = "https://[::1/"\n', 7, "must be an address", ""),
        (OWN + 'oauth_token_url = "https:///x"\n', 7, "must be an address", ""),
        ('auth = "oauth2"\n', 1, "host: is missing", ""),
        ("oauth_provider = 7\n", 4, "oauth_provider: must be", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_what_to_do(text, line, words, hint):
    with pytest.raises(ConfigError) as caught:
        read(text)
    told = caught.value.message + "\n" + caught.value.hint
    assert f"c.toml:{line}: " in told
    assert words in caught.value.message
    assert hint in caught.value.hint
    assert "geheim" not in told
    assert "ge heim" not in told
