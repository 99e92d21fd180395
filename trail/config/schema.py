"""What the tables of the configuration may hold.

In: the tables as tomllib reads them. Out: their values as `trail.model` wants them, or problems.
Must never repeat a value that could be a secret: not in a problem, not in an exception.

Plain functions: every command reads the configuration first, and no library of validators is imported as fast as these run.
The defaults stand in `trail.model`, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from trail.config import checks, digest, hours, kinds, oauth
from trail.config.checks import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trail.config.kinds import Check
    from trail.config.lines import Place

SHORTEST_ROUND = 10.0
"""Seconds: a daemon that comes more often is a nuisance to the server."""
STEMMED = (
    "arabic", "danish", "dutch", "english", "finnish", "french", "german", "hungarian", "italian",
    "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish",
)  # fmt: skip
"""Languages whose forms of a word the index knows."""
_YEAR = 365 * 86_400.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place of the file: `text` says what, `hint` what to do."""

    place: Place
    text: str
    hint: str = ""


class Table(NamedTuple):
    """The keys of a table, each with its check, and what is checked of them together."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check]
    check: Check = lambda table: table
    """Of the whole table, where each of its values is right."""
    prepare: Check = lambda table: table
    """Of what stands there, before anything is known of it."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys there are, those that must be given first."""
        return (*self.required, *self.optional)


def read_table(
    table: Table, written: object, place: Place
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the checked values of what is `written` at `place`; or None and its problems."""
    written = table.prepare(written)
    if not isinstance(written, dict):
        return None, [Problem(place, "must be a table")]
    values: dict[str, Any] = {}
    problems = [
        Problem((*place, key), "is missing") for key in table.required if key not in written
    ]
    for key, value in written.items():
        check = table.required.get(key) or table.optional.get(key)
        if check is None:
            problems.append(Problem((*place, key), "unknown key"))
            continue
        try:
            values[key] = check(value)
        except Refused as refusal:
            problems += _list_problems(refusal, (*place, key))
    if problems:
        return None, problems
    try:
        # in the order of the schema, not of the file: a table is the same however it is sorted
        return table.check({key: values[key] for key in table.keys if key in values}), []
    except Refused as refusal:
        return None, list(_list_problems(refusal, place))


def _list_problems(refusal: Refused, place: Place) -> Iterator[Problem]:
    if not refusal.elements:
        key = (refusal.key,) if refusal.key else ()
        yield Problem((*place, *key), refusal.text, refusal.hint)
    for number, of_element in refusal.elements:
        yield from _list_problems(of_element, (*place, number))


def _check_source(table: dict[str, Any]) -> dict[str, Any]:
    if "password_env" in table and "password_command" in table:
        raise Refused("stands beside password_env", "keep one of the two", key="password_command")
    return table


def _check_account(table: dict[str, Any]) -> dict[str, Any]:
    table = _check_source(table)
    security = table.get("security", "tls")
    if (
        security == "plain"
        and not table.get("insecure")
        and not checks.is_this_machine(table["host"])
    ):
        raise Refused(
            "plain would send the password readable to another machine",
            'use "tls" or "starttls"; or write insecure = true if you must',
            key="security",
        )
    if security != "tls":
        table.setdefault("port", 143)  # RFC 8314: 993 expects TLS from the first byte
    return oauth.read_oauth(table)


def _check_client(table: dict[str, Any]) -> dict[str, Any]:
    if not any(table.get(kind) for kind in ("addresses", "domains", "folders", "subjects")):
        raise Refused(
            "has no rule that tells which mail is theirs",
            'add one: domains = ["acme.example"], or addresses, folders, subjects',
        )
    table.setdefault("name", table["slug"])
    return table


FILE = Table(
    {},
    {
        "archive": kinds.text(),
        "scope": kinds.choice("clients", "everything"),
        "me": kinds.texts(checks.check_address),
        "stemming": kinds.choice(*STEMMED),
        "handoff": lambda table: table,  # is read by itself, as those below
        "caldav": lambda table: table,
        "digest": lambda table: table,
        "book": lambda table: table,
        "account": kinds.tables("account"),
        "client": kinds.tables("client"),
    },
)
HANDOFF = Table(
    {},
    {
        "key_file": kinds.text(),
        "timestamp_url": kinds.text(checks.check_authority),
        "timestamp_ca": kinds.text(),
        "letter": kinds.text(),
        "language": kinds.choice("english", "danish", "german"),
    },
)
CALDAV = Table(
    {
        "url": kinds.text(checks.check_calendar),
        "user": kinds.text(),
    },
    {
        "password_env": kinds.text(checks.check_variable),
        "password_command": kinds.check_command,
        "ca_file": kinds.text(),
    },
    _check_source,
)
BOOK = Table(
    {},
    {
        "hours": kinds.text(hours.check_hours),
        "days": kinds.text(hours.check_days),
        "questionnaire": kinds.text(),
    },
)
DIGEST = Table(
    {},
    {
        "at": kinds.text(digest.check_clock),
        "to": kinds.texts(),
        "address": kinds.text(checks.check_address),
        "host": kinds.text(checks.check_host),
        "port": kinds.check_port,
        "security": kinds.choice("tls", "starttls", "plain"),
        "user": kinds.text(),
        "password_env": kinds.text(checks.check_variable),
        "password_command": kinds.check_command,
        "insecure": kinds.check_bool,
        "ca_file": kinds.text(),
    },
    digest.check_digest,
)
ACCOUNT = Table(
    {
        "name": kinds.text(checks.check_slug),
        "host": kinds.text(checks.check_host),
        "user": kinds.text(),
    },
    {
        "port": kinds.check_port,
        "security": kinds.choice("tls", "starttls", "plain"),
        "password_env": kinds.text(checks.check_variable),
        "password_command": kinds.check_command,
        "every": kinds.duration(SHORTEST_ROUND, _YEAR, '"10s" and "365d"'),
        "folders": kinds.texts(strip=False),  # an IMAP folder may well end in a space
        "idle": kinds.texts(strip=False),
        "insecure": kinds.check_bool,
        "timeout": kinds.duration(1.0, _HOUR, '"1s" and "1h"'),
        "ca_file": kinds.text(),
        "auth": kinds.choice("password", "oauth2"),
        "oauth_provider": kinds.choice(*oauth.PROVIDERS),
        "oauth_client_id": kinds.text(),
        "oauth_client_secret_env": kinds.text(checks.check_variable),
        "oauth_client_secret_command": kinds.check_command,
        "oauth_tenant": kinds.text(checks.check_host),
        "oauth_scopes": kinds.texts(),
        "oauth_authorize_url": kinds.text(oauth.check_url),
        "oauth_device_url": kinds.text(oauth.check_url),
        "oauth_token_url": kinds.text(oauth.check_url),
        "oauth_revoke_url": kinds.text(oauth.check_url),
    },
    _check_account,
    oauth.fill_host,
)
CLIENT = Table(
    {"slug": kinds.text(checks.check_slug)},
    {
        "name": kinds.text(),
        "addresses": kinds.texts(checks.check_address),
        "domains": kinds.texts(checks.check_domain),
        "folders": kinds.texts(strip=False),  # an IMAP folder may well end in a space
        "subjects": kinds.texts(checks.check_subject),
        "stemming": kinds.choice(*STEMMED),
        "keep": kinds.text(checks.check_span),
    },
    _check_client,
)

KEYS = {
    "": FILE.keys,
    "handoff": HANDOFF.keys,
    "caldav": CALDAV.keys,
    "digest": DIGEST.keys,
    "book": BOOK.keys,
    "account": ACCOUNT.keys,
    "client": CLIENT.keys,
}
"""The keys there are: of the file ("") and of its tables."""
