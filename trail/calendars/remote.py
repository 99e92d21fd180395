"""One calendar on a CalDAV server (RFC 4791), through the `caldav` library, which lives here only.

In: its address, a user, a password. Out: its things to do; items added, changed and removed. Must never touch an item it
was not told to, write over one that changed since it was read, or send a password to another place than that address.
Slow to import, and not everybody has that library.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from caldav import DAVClient
from caldav.lib.error import AuthorizationError
from requests import exceptions

from trail.calendars.items import change_item, read_todo
from trail.errors import ConfigError, LoginRejected, ServerUnreachable, TrailError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from trail.model.book import Todo

TIMEOUT = 30
"""Seconds without a byte after which the server is given up."""
_DAV, _CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_ABOUT = """<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:resourcetype/><C:supported-calendar-component-set/></D:prop></D:propfind>"""
_TODOS = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO"/></C:comp-filter></C:filter></C:calendar-query>"""
_OK, _MULTI, _NOT_FOUND, _CONFLICT, _CHANGED, _BROKEN = 200, 207, 404, 409, 412, 500


class ChangedMeanwhile(Exception):
    """An item changed on the server since it was read; nothing was written."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the calendar: where it lies, which version, its text, and what it says."""

    address: str
    etag: str
    text: str
    todo: Todo


class Calendar:
    """A calendar, open in a `with` block. Raises LoginRejected, ServerUnreachable and ConfigError throughout."""

    def __init__(self, url: str, user: str, password: str, ca_file: str | None = None) -> None:
        # what it is told by the server, texts of ours among it, it would tell on stderr
        logging.getLogger("caldav").disabled = True
        self.url = url
        self._host = urlsplit(url).hostname or url
        self._client: Any = DAVClient(
            url, username=user, password=password, timeout=TIMEOUT, ssl_verify_cert=ca_file or True
        )
        self._client.session.trust_env = False  # a .netrc would go before the password
        self._client.session.max_redirects = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def check(self) -> None:
        """Raises ConfigError where there is no calendar that takes things to do."""
        reply = self._ask("PROPFIND", self.url, _ABOUT, {"Depth": "0"})
        if reply.status == _NOT_FOUND:
            raise self._refuse("there is nothing at this address")
        if reply.status >= _BROKEN:
            self._expect(reply, "read")
        tree = reply.tree
        if (
            reply.status != _MULTI
            or tree is None
            or not any(
                kind.find(f"{_CALDAV}calendar") is not None
                for kind in tree.iter(f"{_DAV}resourcetype")
            )
        ):
            raise self._refuse("there is no calendar at this address")
        names = [comp.get("name", "").upper() for comp in tree.iter(f"{_CALDAV}comp")]
        if names and "VTODO" not in names:
            raise self._refuse("this calendar takes no things to do, only appointments")

    def list_items(self) -> dict[str, Item]:
        """The things to do by UID, ours and all others; what cannot be read is passed over."""
        reply = self._ask("REPORT", self.url, _TODOS, {"Depth": "1"})
        self._expect(reply, "read")
        items: dict[str, Item] = {}
        for response in () if reply.tree is None else reply.tree.iter(f"{_DAV}response"):
            href = urljoin(self.url, response.findtext(f"{_DAV}href") or "")
            text = next((e.text for e in response.iter(f"{_CALDAV}calendar-data") if e.text), "")
            etag = next((e.text for e in response.iter(f"{_DAV}getetag") if e.text), "")
            todo = read_todo(text) if text else None
            if todo is not None and urlsplit(href)[:2] == urlsplit(self.url)[:2]:
                items[todo.uid] = Item(href, etag, text, todo)
        return items

    def add(self, uid: str, text: str) -> None:
        """Put a new item there. Raises ChangedMeanwhile when there is one of that name."""
        address = urljoin(self.url, f"{quote(uid.replace('@', '-'), safe='-._')}.ics")
        self._put(address, text, {"If-None-Match": "*"})

    def change(self, item: Item, wanted: str) -> None:
        """Make an item say what the calendar `wanted` says. Raises ChangedMeanwhile."""
        try:
            text = change_item(item.text, wanted)
        except ValueError as error:
            raise ChangedMeanwhile from error
        self._put(item.address, text, _match(item))

    def remove(self, item: Item) -> None:
        """Take an item away; it may be gone. Raises ChangedMeanwhile."""
        reply = self._ask("DELETE", item.address, "", _match(item))
        if reply.status == _CHANGED:
            raise ChangedMeanwhile
        if reply.status != _NOT_FOUND:
            self._expect(reply, "changed")

    def _put(self, address: str, text: str, headers: dict[str, str]) -> None:
        headers = {"Content-Type": "text/calendar; charset=utf-8"} | headers
        reply = self._ask("PUT", address, text, headers)
        if reply.status in (_CHANGED, _CONFLICT):
            raise ChangedMeanwhile
        self._expect(reply, "changed")

    def _ask(self, method: str, address: str, body: str, headers: dict[str, str]) -> Any:
        with self._translate_errors():
            return self._client.request(address, method, body, headers)

    def _expect(self, reply: Any, what: str) -> None:
        if not _OK <= reply.status < _OK + 100:
            raise ServerUnreachable(
                f"{self._host}: the calendar could not be {what} (status {reply.status})",
                "run the command again later; what was done is done",
            )

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn what the library says into ours; never with an address, which may tell a secret, or a body."""
        problem: TrailError | None = None
        try:
            yield
        except AuthorizationError:
            problem = LoginRejected(
                f"{self._host}: the calendar refuses the user name or password, or what was to be done",
                "correct user and password of [caldav]; many providers want an app password",
            )
        except exceptions.TooManyRedirects:
            problem = self._refuse("this address leads to another one")
        except exceptions.SSLError:
            problem = ServerUnreachable(
                f"{self._host}: its certificate is not trusted, or is another machine's",
                "check the address; ca_file under [caldav] names a private authority",
            )
        except exceptions.RequestException as error:
            problem = ServerUnreachable(
                f"{self._host}: cannot be reached ({type(error).__name__})",
                "check network and address; run the command again later",
            )
        except Exception as error:  # noqa: BLE001 - it raises what its parsers raise, and bare errors of its own
            problem = ServerUnreachable(
                f"{self._host}: does not answer as a calendar does ({type(error).__name__})",
                "check url under [caldav]",
            )
        if problem:
            raise problem

    def _refuse(self, words: str) -> ConfigError:
        return ConfigError(
            f"[caldav] url: {words}",
            "it must be the address of one calendar, as its settings in the calendar program show it",
        )


def _match(item: Item) -> dict[str, str]:
    """Only the version that was read. A weak tag never matches (RFC 9110, section 13.1.1)."""
    return {"If-Match": item.etag} if item.etag and not item.etag.startswith("W/") else {}
