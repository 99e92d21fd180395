"""What single values of the configuration may be.

In: a value of the right type. Out: the value in the form the rest of trail compares, or a refusal
in words. Must never repeat a value that could be a secret put in the wrong place.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from trail.config.domains import is_free_mail, normalise_address, normalise_domain, normalise_host
from trail.config.spans import read_span

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([smhd])")
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHORTEST_MARK = 3


class Refused(ValueError):
    """A value that cannot be used: what is wrong, what to do, and for a table which key of it."""

    def __init__(
        self, text: str, hint: str = "", key: str = "", elements: Sequence[tuple[int, Refused]] = ()
    ) -> None:
        """`elements`: in a list it is these that are wrong, by their number from 0."""
        super().__init__(text)
        self.text = text
        self.hint = hint
        self.key = key
        self.elements = elements


def check_text(value: str) -> str:
    """Refuse what could break a line of a protocol or a log."""
    if _CONTROL.search(value):
        raise Refused("must not hold control characters")
    return value


def check_slug(value: str) -> str:
    """Refuse what cannot be the name of a folder on every system."""
    if not _SLUG.fullmatch(value) or value.endswith("."):
        raise Refused(
            "must be made of a-z, 0-9, dot, hyphen, underscore, beginning with a letter or digit",
            "it becomes the name of a folder",
        )
    if _WINDOWS_DEVICE.fullmatch(value):
        raise Refused(f"{value} is a reserved name on Windows", "choose another: folders bear it")
    return value


def check_span(value: str) -> str:
    """Refuse what is no length of time by the calendar; return it as `10 years`."""
    try:
        return str(read_span(value))
    except ValueError as error:
        raise Refused(str(error)) from None


def check_host(value: str) -> str:
    """Return the host in lower case and ASCII, or an IP address as it stands."""
    try:
        return normalise_host(value)
    except ValueError:
        pass
    if _read_ip(value) is not None:
        return value
    raise Refused(
        "must be the name of a host only, such as imap.studio.example",
        "the port has a key of its own; no imaps:// before the name",
    )


def _read_ip(host: str) -> Any:
    import ipaddress  # noqa: PLC0415 - rarely needed, and every command reads the configuration

    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_this_machine(host: str) -> bool:
    """Whether `host` can only be the machine that trail runs on."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _read_ip(host)
    return address is not None and bool(address.is_loopback)


def check_authority(value: str) -> str:
    """Refuse what is no web address. It need not be https: a timestamp proves itself."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - as above

    try:
        parts = urlsplit(value)
        is_good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or "@" in parts.netloc or not value.isascii() or " " in value:
        raise Refused("must be an address that begins with http:// or https://, without a password")
    return value


def check_calendar(value: str) -> str:
    """Refuse what is no address that a password may be sent to: https, or http to this machine. Return it with a / at its end."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - as above

    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        is_good = bool(host) and parts.port != 0
        is_good = is_good and (
            parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))
        )
    except ValueError:
        is_good = False
    odd = "@" in value.partition("//")[2].partition("/")[0] or parts.query or parts.fragment if is_good else True  # fmt: skip
    if odd or not value.isascii() or " " in value:
        raise Refused(
            "must be an address that begins with https://, without user, password, ? or #",
            "that of one calendar, as its settings in the calendar program show it",
        )
    return value if value.endswith("/") else f"{value}/"


def check_port(value: int) -> int:
    """Refuse what is no TCP port."""
    if not 1 <= value <= 65535:  # noqa: PLR2004 - the port numbers there are
        shown = f" (is {value})" if abs(value) < 10**12 else ""
        raise Refused(f"must be between 1 and 65535{shown}")
    return value


def read_duration(value: object) -> float:
    """Return the seconds of 90, 1.5, "90s", "5m", "1h" or "1d". Raises ValueError otherwise."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNITS[match[2]]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:
            seconds = math.inf
        if math.isfinite(seconds):
            return seconds
    raise ValueError('must be a duration: "90s", "5m", "1h", "1d", or a number of seconds')


def check_variable(value: str) -> str:
    """Refuse what no shell takes for the name of a variable."""
    # The value is not repeated: it may be the password itself, put in the wrong place.
    if not _VARIABLE.fullmatch(value):
        raise Refused(
            "must be the name of an environment variable, such as TRAIL_WORK_PASSWORD",
            "the password goes into that variable, never into this file",
        )
    return value


def check_address(value: str) -> str:
    """Return the address in the form rules are compared in."""
    try:
        return normalise_address(value)
    except ValueError as error:
        raise Refused(f'"{value}" {error}') from None


def check_domain(value: str) -> str:
    """Return the domain in that form; refuse those that strangers share."""
    try:
        domain = normalise_domain(value)
    except ValueError as error:
        hint = "an address belongs in addresses" if "@" in value.strip().removeprefix("@") else ""
        raise Refused(f'"{value}" {error}', hint) from None
    if is_free_mail(domain):
        raise Refused(
            f"{domain} is a free mail provider: its users are not one client",
            'list their addresses instead: addresses = ["jane@' + domain + '"]',
        )
    if "." not in domain:
        raise Refused(
            f'"{value}" would take in a whole top-level domain', "name the client's own domain"
        )
    return domain


def check_subject(value: str) -> str:
    """Return the mark in lower case; refuse what would match by chance."""
    if len(value) < _SHORTEST_MARK:
        raise Refused(
            f'"{value}" is too short: it would match subjects of other people',
            "a mark has at least three characters, such as [ACME]",
        )
    return value.lower()
