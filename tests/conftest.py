"""Fixtures for all rooms: mail servers, each test with a mailbox of its own.

A test that needs a program which is not on the machine is skipped and says why; where CI=true it
fails, because there a skipped test is one nobody runs. The markers `dovecot`, `cyrus`, `courier` and `browser` do so too.
"""

from __future__ import annotations

import os
import signal
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import dns.resolver
import pytest
from hypothesis import settings
from needs import explain_missing, find_chromium, give_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doors import Desk
    from servers import MailServer
    from servers.courier import CourierServer
    from servers.cyrus import CyrusServer
    from servers.dovecot import DovecotServer
    from servers.pymap import PymapServer
    from servers.scripted import ScriptedServer

# No assertion on time: a busy machine is no failure.
settings.register_profile("trail", deadline=None)
settings.load_profile("trail")


def pytest_configure() -> None:
    """A process of `pytest -n` ignores Ctrl-C, and so would the programs that tests start and interrupt."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Hold the markers to what they say."""
    for needed in ("dovecot", "cyrus", "courier", "browser"):
        if item.get_closest_marker(needed) and (reason := explain_missing(needed)):
            give_up(reason)


@pytest.fixture(autouse=True)
def no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves this machine: other names are unknown, and there is nobody to ask for them."""
    look_up = socket.getaddrinfo

    def look_up_here(host: Any, *rest: Any, **named: Any) -> Any:
        if host in (None, "", "localhost", b"localhost") or _is_address(host):
            return look_up(host, *rest, **named)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
    monkeypatch.setattr(dns.resolver, "default_resolver", dns.resolver.Resolver(configure=False))


def _is_address(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def chromium() -> str:
    """The path of a Chromium."""
    return find_chromium() or give_up(str(explain_missing("browser")))


@pytest.fixture(scope="session")
def dovecot_process() -> Iterator[DovecotServer]:
    """One Dovecot for the whole run. Tests take `dovecot`, a user of their own on it."""
    if reason := explain_missing("dovecot"):
        give_up(reason)
    from servers.dovecot import DovecotServer  # noqa: PLC0415 - few tests need it

    with DovecotServer() as server:
        yield server


@pytest.fixture
def dovecot(dovecot_process: DovecotServer) -> DovecotServer:
    """A fresh user with an empty INBOX on a running Dovecot."""
    dovecot_process.start()  # a test before may have stopped it
    return dovecot_process.for_user()


@pytest.fixture(scope="session")
def cyrus_process() -> Iterator[CyrusServer]:
    """One Cyrus for the whole run. Tests take `cyrus`, a user of their own on it."""
    if reason := explain_missing("cyrus"):
        give_up(reason)
    from servers.cyrus import CyrusServer  # noqa: PLC0415 - few tests need it

    with CyrusServer() as server:
        yield server


@pytest.fixture
def cyrus(cyrus_process: CyrusServer) -> CyrusServer:
    """A fresh user with an empty INBOX on a running Cyrus."""
    return cyrus_process.for_user()


@pytest.fixture(scope="session")
def courier_process() -> Iterator[CourierServer]:
    """One Courier for the whole run. Tests take `courier`, a user of their own on it."""
    if reason := explain_missing("courier"):
        give_up(reason)
    from servers.courier import CourierServer  # noqa: PLC0415 - few tests need it

    with CourierServer() as server:
        yield server


@pytest.fixture
def courier(courier_process: CourierServer) -> CourierServer:
    """A fresh user with an empty INBOX on a Courier."""
    return courier_process.for_user()


@pytest.fixture
def pymap_server() -> Iterator[PymapServer]:
    """A fresh pymap with an empty INBOX."""
    from servers.pymap import PymapServer  # noqa: PLC0415 - few tests need it

    with PymapServer() as server:
        yield server


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A fresh scripted server with an empty INBOX; set `faults` on it, and read `commands`."""
    from servers.scripted import ScriptedServer  # noqa: PLC0415 - few tests need it

    with ScriptedServer() as server:
        yield server


@pytest.fixture(params=["pymap_server", pytest.param("dovecot", marks=pytest.mark.dovecot)])
def mail_server(request: pytest.FixtureRequest) -> MailServer:
    """Each real server in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A configuration still to be written, and the command line to use it with."""
    from doors import PASSWORD_VARIABLE, Desk  # noqa: PLC0415 - few tests need it

    monkeypatch.setenv(PASSWORD_VARIABLE, "")  # so that it is gone afterwards
    desk = Desk(tmp_path, capsys)
    yield desk
    desk.clear()


@pytest.fixture
def kept(desk: Desk, pymap_server: PymapServer) -> Desk:
    """An archive with three messages."""
    from syncing import make_message  # noqa: PLC0415 - few tests need it

    for number in range(3):
        pymap_server.append("INBOX", make_message(number))
    desk.set_up(pymap_server).done("sync")
    return desk
