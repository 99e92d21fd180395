"""How a token is shown to a server: byte for byte what the standards say, and to Dovecot itself."""

from __future__ import annotations

import json

import pytest
from servers.dovecot import DovecotServer
from servers.oauth import make_token

from trail.errors import LoginRejected
from trail.fetch.imap import check_login
from trail.fetch.sasl import AccessToken, BearerLogin, choose_mechanism

TOKEN = AccessToken("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([b"IMAP4REV1", b"AUTH=XOAUTH2", b"AUTH=OAUTHBEARER"], "OAUTHBEARER"),
        ([b"AUTH=PLAIN", b"auth=xoauth2"], "XOAUTH2"),
        ([b"AUTH=PLAIN", b"SASL-IR"], None),
    ],
)
def test_the_standard_mechanism_is_chosen_where_the_server_has_it(offered, chosen):
    assert choose_mechanism(offered) == chosen


@pytest.mark.parametrize(
    ("mechanism", "user", "first", "complaint", "answer", "problem"),
    [
        (  # as its providers document it
            "XOAUTH2", "someuser@example.com",
            b"user=someuser@example.com\1auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1",
            b'{"status":"401","schemes":"bearer"}', b"", "401",
        ),
        (  # as RFC 7628 has it
            "OAUTHBEARER", "a,b=c@example.com",
            b"n,a=a=2Cb=3Dc@example.com,\1auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1",
            b'{"status":"invalid_token","scope":"example_scope"}', b"\1", "invalid_token",
        ),
    ],
)  # fmt: skip
def test_each_mechanism_speaks_as_it_is_specified(
    mechanism, user, first, complaint, answer, problem
):
    login = BearerLogin(mechanism, user, TOKEN)
    assert login(b"") == first
    assert login(complaint) == answer
    assert login.problem == problem


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_a_complaint_that_makes_no_sense_is_none(said):
    login = BearerLogin("XOAUTH2", "me", TOKEN)
    login(b"")
    login(said)
    assert login.problem == ""


def test_a_complaint_is_shown_on_one_line_of_decent_length():
    login = BearerLogin("XOAUTH2", "me", TOKEN)
    login(b"")
    login(json.dumps({"status": "no\r\n\x1b[31m" + "x" * 1000}).encode())
    assert login.problem.isprintable()
    assert len(login.problem) == 60


def test_a_token_is_not_in_what_is_printed_of_it():
    assert TOKEN.value not in f"{TOKEN!r} {TOKEN} {BearerLogin('XOAUTH2', 'me', TOKEN)!r}"


@pytest.mark.dovecot
@pytest.mark.parametrize("mechanism", ["oauthbearer", "xoauth2"])
def test_dovecot_lets_a_good_token_in_by_either_mechanism(mechanism):
    with DovecotServer(bearer=(mechanism,)) as server:
        assert "INBOX" in check_login(server.account(), AccessToken(make_token("me", 3600)))
        with pytest.raises(LoginRejected, match=r"invalid_token|401") as caught:
            check_login(server.account(), AccessToken(make_token("me", -10)))
        assert "trail login work" in caught.value.hint
        with pytest.raises(LoginRejected):
            check_login(server.account(), AccessToken(make_token("you", 3600)))


@pytest.mark.dovecot
def test_a_token_goes_over_tls_and_starttls(dovecot):
    for changes in (
        {"port": dovecot.tls_port, "security": "tls"},
        {"port": dovecot.port, "security": "starttls"},
    ):
        account = dovecot.account(**changes, ca_file=str(dovecot.ca_file))
        assert "INBOX" in check_login(account, AccessToken(make_token(dovecot.user, 3600)))


def test_a_server_that_takes_no_tokens_is_told(pymap_server):
    with pytest.raises(LoginRejected, match="takes no OAuth2"):
        check_login(pymap_server.account(), TOKEN)
