"""The configuration as a value: one TOML file, read once, checked completely.

In: the path of a `config.toml` (`config.example.toml` documents every key). Out: a frozen `Config`,
or one ConfigError that names file, line and key of everything wrong with it.
Must never write, read the environment, hold a password, or repeat a value that could be one.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from trail.config import schema
from trail.config.digest import DigestSettings, find_stranger, make_digest
from trail.config.domains import covers
from trail.config.hours import make_hours
from trail.config.problems import (
    describe_problems,
    describe_syntax,
    find_near,
    find_secrets,
    list_tables,
)
from trail.config.schema import Problem, Table, read_table
from trail.errors import ConfigError, UnknownClient
from trail.model import Account, Client, Hours, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trail.config.lines import Place

_Made = TypeVar("_Made", Account, Client)
DEFAULT_ARCHIVE = "~/trail"


@dataclass(frozen=True, slots=True)
class Handoff:
    """What hand-offs are made and sealed with. Paths are absolute."""

    key_file: Path | None = None
    """Where the signing key lies; None: in the keyring, or a place of trail's own."""
    timestamp_url: str = ""
    """The authority that is asked for timestamps; "" for none."""
    timestamp_ca: Path | None = None
    """Certificates that its timestamps must lead to; None: it does not matter."""
    letter: Path | None = None
    """The user's own template of the letter, or a folder of templates; None for ours."""
    language: str = ""
    """Of the letter: `english`, `danish`, `german`; "" for that which the client writes most."""


@dataclass(frozen=True, slots=True)
class Caldav:
    """The calendar that next actions are put into."""

    url: str
    """Of the calendar itself, with a / at its end."""
    user: str
    password_env: str | None = None
    password_command: tuple[str, ...] = ()
    ca_file: Path | None = None
    """Certificates (PEM) to trust instead of the system's."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the configuration says: addresses and domains in lower case, paths absolute."""

    path: Path
    """The file itself, as it was named."""
    archive: Path
    scope: Scope = "clients"
    me: tuple[str, ...] = ()
    """The user's own addresses."""
    accounts: tuple[Account, ...] = ()
    clients: tuple[Client, ...] = ()
    stemming: str = ""
    """The language in which forms of a word are found too, not only the word itself; "" for none."""
    handoff: Handoff = field(default_factory=Handoff)
    caldav: Caldav | None = None
    digest: DigestSettings = field(default_factory=DigestSettings)
    hours: Hours = field(default_factory=Hours)
    """When the user works."""
    questionnaire: Path | None = None
    """The user's own templates of the questionnaire, a folder; None for ours."""

    @property
    def own_addresses(self) -> frozenset[str]:
        """`me`, and what accounts log in with where that is an address. In lower case."""
        users = (account.user.lower() for account in self.accounts)
        return frozenset((*self.me, *(user for user in users if "@" in user)))


def default_config_path() -> Path:
    """Return where the configuration lies unless the user says otherwise."""
    import platformdirs  # noqa: PLC0415 - not needed when the user names the file

    return platformdirs.user_config_path("trail", appauthor=False) / "config.toml"


def load_config(path: Path) -> Config:
    """Read and check the configuration at `path`. Raises ConfigError listing all that is wrong."""
    return parse_config(read_config_text(path), path)


def read_config_text(path: Path) -> str:
    """Return the text, its line ends as they are. Raises ConfigError when it cannot be read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file",
            "`trail init` writes it for you; `trail demo` shows trail without an account",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8", "save the file as UTF-8") from None


def parse_config(text: str, path: Path) -> Config:
    """Check the text of a configuration; `path` names it, and relative paths start at its folder.

    Raises ConfigError listing all that is wrong, one line each.
    """
    try:
        return _read_text(text.removeprefix("\ufeff"), path)  # editors on Windows put that mark
    except RecursionError:
        raise ConfigError(f"{path}: tables and lists are nested too deeply") from None


def find_client(config: Config, name: str) -> Client:
    """Return the client with that slug or name, ignoring case; UnknownClient names near ones."""
    wanted = name.strip().casefold()
    for client in config.clients:
        if client.slug == wanted:
            return client
    named = [client for client in config.clients if client.name.casefold() == wanted]
    if len(named) == 1:
        return named[0]
    if named:
        slugs = ", ".join(client.slug for client in named)
        raise UnknownClient(f'several clients are called "{name}"', f"say which: {slugs}")
    known = {client.name.casefold(): client.slug for client in config.clients}
    known |= {client.slug: client.slug for client in config.clients}
    near = dict.fromkeys(known[match] for match in find_near(wanted, known))
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif known:
        hint = "`trail clients` lists them"
    else:
        hint = "there is none yet: `trail client add`"
    raise UnknownClient(f'no client "{name}"', hint)


def find_account(config: Config, name: str) -> Account:
    """Return the account with that name, ignoring case. Raises ConfigError listing the names."""
    for account in config.accounts:
        if account.name == name.strip().casefold():
            return account
    names = ", ".join(account.name for account in config.accounts)
    raise ConfigError(
        f'{config.path}: no account "{name}"',
        f"accounts: {names}" if names else "`trail init` sets one up",
    )


def _read_text(text: str, path: Path) -> Config:
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        raise describe_syntax(error, text, path) from None
    top, problems = read_table(schema.FILE, data, ())
    handoff, not_right = read_table(schema.HANDOFF, data.get("handoff", {}), ("handoff",))
    problems += not_right
    caldav, not_right = (
        read_table(schema.CALDAV, data["caldav"], ("caldav",)) if "caldav" in data else (None, [])
    )
    problems += not_right
    book, not_right = read_table(schema.BOOK, data.get("book", {}), ("book",))
    problems += not_right
    digest, not_right = read_table(schema.DIGEST, data.get("digest", {}), ("digest",))
    problems += not_right
    accounts, found = _read_tables("account", schema.ACCOUNT, Account, data)
    clients, also_found = _read_tables("client", schema.CLIENT, Client, data)
    me: tuple[str, ...] = (top or {}).get("me", ())
    problems += found + also_found
    problems += _find_repeated("account", "name", data)
    problems += _find_repeated("client", "slug", data)
    for i, client in clients.items():
        problems += find_own(("client", i), client, me)
    if stranger := find_stranger(digest or {}, me):
        problems.append(Problem(*stranger))
    secrets = find_secrets(data)
    if top is None or problems or secrets:
        places = {problem.place for problem in secrets}
        others = [problem for problem in problems if problem.place not in places]
        raise describe_problems(secrets + others, data, text, path)
    return Config(
        path,
        archive=_complete_path(top.get("archive", DEFAULT_ARCHIVE), path),
        scope=top.get("scope", "clients"),
        me=me,
        accounts=tuple(_complete_account(account, path) for account in accounts.values()),
        clients=tuple(clients.values()),
        stemming=top.get("stemming", ""),
        handoff=_complete_handoff(handoff or {}, path),
        caldav=_complete_caldav(caldav, path) if caldav else None,
        digest=_complete_digest(make_digest(digest or {}), path),
        hours=make_hours(book or {}),
        questionnaire=_complete_path(book["questionnaire"], path)
        if book and "questionnaire" in book
        else None,
    )


def _read_tables(
    kind: str, table_schema: Table, make: type[_Made], data: Mapping[str, Any]
) -> tuple[dict[int, _Made], list[Problem]]:
    """Return what was made of each table that is right, by its number, and the problems."""
    made: dict[int, _Made] = {}
    problems: list[Problem] = []
    for i, table in enumerate(list_tables(data, kind)):
        values, found = read_table(table_schema, table, (kind, i))
        problems += found
        if values is not None:
            made[i] = make(**values)
    return made, problems


def _complete_account(account: Account, config_path: Path) -> Account:
    if account.ca_file is None:
        return account
    return replace(account, ca_file=str(_complete_path(account.ca_file, config_path)))


def _complete_digest(digest: DigestSettings, config_path: Path) -> DigestSettings:
    server = digest.server and _complete_account(digest.server, config_path)
    return replace(digest, server=server)


def _complete_handoff(table: Mapping[str, str], config_path: Path) -> Handoff:
    files = {
        key: _complete_path(table[key], config_path)
        for key in ("key_file", "timestamp_ca", "letter")
        if key in table
    }
    return Handoff(
        timestamp_url=table.get("timestamp_url", ""), language=table.get("language", ""), **files
    )


def _complete_caldav(table: dict[str, Any], config_path: Path) -> Caldav:
    if "ca_file" in table:
        table["ca_file"] = _complete_path(table["ca_file"], config_path)
    return Caldav(**table)


def _complete_path(written: str, config_path: Path) -> Path:
    path = Path(written)
    with suppress(RuntimeError):  # nobody has that home: then it is a folder called ~name
        path = path.expanduser()
    path = config_path.parent / path
    return path if path.is_absolute() else Path.cwd() / path


def _find_repeated(kind: str, key: str, data: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, table in enumerate(list_tables(data, kind)):
        name = table.get(key) if isinstance(table, dict) else None
        if isinstance(name, str):
            if name in seen:
                yield Problem((kind, i, key), f"another {kind} has this {key} already")
            seen.add(name)


def find_own(place: Place, client: Client, me: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a problem for each rule of the client, which stands at `place`, that takes in one of `me`."""
    for address in me:
        if address in client.addresses:
            yield Problem(
                (*place, "addresses"),
                f"{address} is one of your own addresses (me)",
                "all of your mail would be this client's: take it out",
            )
        for domain in client.domains:
            if covers(domain, address):
                yield Problem(
                    (*place, "domains"),
                    f"{domain} takes in your own address {address} (me)",
                    "all of your mail would be this client's: list their addresses instead",
                )
