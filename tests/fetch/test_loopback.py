"""The address a browser comes back to: it takes one answer, the right one, from this machine."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from trail.errors import LoginRejected
from trail.fetch.loopback import Loopback


def get(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=30) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_answer_with_our_state_is_taken_and_others_are_not():
    with Loopback() as loopback:
        assert get(loopback.redirect_uri + "/?code=early&state=")[0] == 404
        loopback.expect("ours")
        for path in ("/favicon.ico", "/?code=x", "/?code=x&state=theirs", "/?state=ours&state=theirs&code=x"):  # fmt: skip
            assert get(loopback.redirect_uri + path)[0] == 404
        status, page = get(loopback.redirect_uri + "/?code=right&state=ours")
        assert status == 200
        assert "close this window" in page
        assert get(loopback.redirect_uri + "/?code=late&state=ours")[0] == 404
        assert loopback.wait(60) == loopback.redirect_uri + "/?code=right&state=ours"


def test_a_refusal_is_an_answer_too():
    with Loopback() as loopback:
        loopback.expect("ours")
        page = get(loopback.redirect_uri + "/?error=access_denied&state=ours")[1]
        assert "close this window" not in page
        assert "error=access_denied" in loopback.wait(60)


def test_a_browser_that_opens_a_line_and_says_nothing_holds_nobody_up():
    with Loopback() as loopback:
        loopback.expect("ours")
        port = urlsplit(loopback.redirect_uri).port
        with socket.create_connection(("127.0.0.1", port)):
            assert get(loopback.redirect_uri + "/?code=right&state=ours")[0] == 200


def test_nobody_is_waited_for_without_end():
    with Loopback() as loopback:
        loopback.expect("ours")
        with pytest.raises(LoginRejected, match="nobody signed in"):
            loopback.wait(0.05)


def test_nothing_listens_beyond_this_machine_nor_afterwards():
    with Loopback("localhost") as loopback:
        assert loopback._server.server_address[0] == "127.0.0.1"
        port = urlsplit(loopback.redirect_uri).port
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
