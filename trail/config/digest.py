"""The table `[digest]`: when the daemon writes the morning digest, where to, and how it is mailed.

In: the table with its values checked one by one; for one check the user's own addresses. Out: a DigestSettings, or problems.
Must never repeat a value that could be a secret. A digest is only ever mailed to an address of the user's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trail.config.checks import Refused, is_this_machine
from trail.model import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trail.config.lines import Place

PLACES = ("file", "desktop", "mail")
"""Where a digest can go."""
_PORTS = {"tls": 465, "starttls": 587, "plain": 25}  # RFC 8314, 6409, 5321
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """When and where to a digest goes."""

    at: tuple[int, int] | None = None
    """Hour and minute, where the user is; None: the daemon writes none."""
    to: tuple[str, ...] = ("file",)
    address: str = ""
    """Whom it is mailed to: one of the user's own addresses; "" for the first of them."""
    server: Account | None = None
    """The SMTP server, with what it is told at the login; without a user nobody logs in."""


def check_clock(value: str) -> str:
    """Refuse what is no time of the day; return it as `07:30`."""
    match = _CLOCK.fullmatch(value)
    if not match:
        raise Refused('must be a time of the day, such as "07:30"')
    return f"{int(match[1]):02}:{match[2]}"


def check_digest(table: dict[str, Any]) -> dict[str, Any]:
    """Refuse what does not go together."""
    for place in table.get("to", ()):
        if place not in PLACES:
            raise Refused(f'"{place}" is none of "file", "desktop", "mail"', key="to")
    if "password_env" in table and "password_command" in table:
        raise Refused("stands beside password_env", "keep one of the two", key="password_command")
    if "mail" in table.get("to", ()) and "host" not in table:
        raise Refused('is missing, and to has "mail"', "name the server that takes your mail: smtp.studio.example", key="host")  # fmt: skip
    plain = table.get("security") == "plain" and not table.get("insecure")
    if plain and not is_this_machine(table.get("host", "localhost")):
        raise Refused(
            "plain would send the digest and the password readable to another machine",
            'use "tls" or "starttls"; or write insecure = true if you must',
            key="security",
        )
    return table


def make_digest(table: Mapping[str, Any]) -> DigestSettings:
    """What a checked table says."""
    at = table.get("at")
    hour, minute = map(int, at.split(":")) if at else (0, 0)
    server = None
    if "host" in table:
        security = table.get("security", "tls")
        server = Account(
            "digest",
            table["host"],
            table.get("user", ""),
            port=table.get("port", _PORTS[security]),
            security=security,
            password_env=table.get("password_env"),
            password_command=table.get("password_command", ()),
            insecure=table.get("insecure", False),
            ca_file=table.get("ca_file"),
        )
    moment = (hour, minute) if at else None
    return DigestSettings(moment, table.get("to", ("file",)), table.get("address", ""), server)


def find_stranger(table: Mapping[str, Any], me: tuple[str, ...]) -> tuple[Place, str, str] | None:
    """What is wrong with whom it goes to, if anything is: place, words, hint."""
    address = table.get("address", "")
    if address and address not in me:
        return ("digest", "address"), f"{address} is none of your own addresses (me)", "a digest tells of all clients: it goes to nobody else"  # fmt: skip
    if "mail" in table.get("to", ()) and not address and not me:
        return ("digest", "to"), "there is nobody to mail to", 'list your own addresses: me = ["me@studio.example"]'  # fmt: skip
    return None
