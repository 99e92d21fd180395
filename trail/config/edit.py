"""Changes to the configuration that leave everything a person wrote there as it is.

In: the text of a configuration and what to add. Out: the new text, checked before anybody writes it.
Must never reorder, reformat or drop a line, nor leave half a file behind.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import tomlkit
from tomlkit.exceptions import TOMLKitError

from trail.config.lines import locate_keys
from trail.config.load import Config, find_own, parse_config
from trail.config.schema import CLIENT, read_table
from trail.errors import ConfigError
from trail.model import Client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

RULES = ("addresses", "domains", "folders", "subjects")
"""The keys of a client that hold rules."""
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Addition:
    """What came of adding rules: the new text, which is the old one where nothing was added."""

    text: str
    client: Client
    """As it is now."""
    added: Mapping[str, tuple[str, ...]]
    """The rules that are new, by key."""
    is_new: bool
    """Whether the client itself is."""


def add_client(
    text: str, path: Path, slug: str, name: str, rules: Mapping[str, Sequence[str]]
) -> Addition:
    """Add the rules to the client `slug`, or the client itself where there is none.

    `text` is the configuration at `path`; `rules` has keys of `RULES`; an empty `name` is the slug.
    The name of a client that is there already stays. Raises ConfigError when the result, or the
    configuration as it was, is not right.
    """
    config = parse_config(text, path)
    wanted = _check_client(slug, name, rules, config.me)
    place = next((i for i, c in enumerate(config.clients) if c.slug == wanted.slug), None)
    if place is None:
        added = {key: getattr(wanted, key) for key in RULES if getattr(wanted, key)}
        table = {"slug": wanted.slug, **({"name": wanted.name} if name else {}), **added}
        client, clients = wanted, (*config.clients, wanted)
    else:
        old = config.clients[place]
        added = {key: _subtract(getattr(wanted, key), getattr(old, key)) for key in RULES}
        added = {key: new for key, new in added.items() if new}
        table = added
        client = replace(old, **{key: getattr(old, key) + new for key, new in added.items()})
        clients = (*config.clients[:place], client, *config.clients[place + 1 :])
    new_text = _edit_text(text, place, _spell(table, rules)) if added else text
    _check_edit(new_text, replace(config, clients=clients))
    return Addition(new_text, client, added, is_new=place is None)


def _subtract(rules: tuple[str, ...], held: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(rule for rule in rules if rule not in held)


def write_config(path: Path, text: str) -> None:
    """Put `text` in the place of the file at `path` in one step; 0600 and its folders where new.

    A link is followed: its target is replaced, with the permissions it had. Raises ConfigError.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace_file(target, text.encode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _replace_file(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - pathlib opens no descriptors
            file.write(content)
            file.flush()
            if target.exists():
                _copy_owner(target, name)
            os.fsync(file.fileno())
        os.replace(name, target)  # noqa: PTH105 - the name is mkstemp's, a str
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - the same
        raise
    if hasattr(os, "O_DIRECTORY"):  # the name is durable only when its folder is
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _copy_owner(source: Path, name: str) -> None:
    status = source.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # only root gives files away; the editor's own will do
            os.chown(name, status.st_uid, status.st_gid)
    os.chmod(name, status.st_mode & 0o7777)  # noqa: PTH101 - the same


def _check_client(
    slug: str, name: str, rules: Mapping[str, Sequence[str]], me: tuple[str, ...]
) -> Client:
    table: dict[str, Any] = {key: list(values) for key, values in rules.items() if values}
    table |= {"slug": slug, **({"name": name} if name else {})}
    values, problems = read_table(CLIENT, table, ("client",))
    if values is not None:
        client = Client(**values)
        problems = list(find_own(("client",), client, me))
        if not problems:
            return client
    first = problems[0]
    key = f"{first.place[1]}: " if len(first.place) > 1 else ""
    raise ConfigError(f'client "{slug}": {key}{first.text}', first.hint)


def _spell(table: Mapping[str, Any], typed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give subject marks the capitals they were typed with; they are compared without."""
    capitals = {mark.strip().lower(): mark.strip() for mark in typed.get("subjects", ())}
    spelled = dict(table)
    if "subjects" in spelled:
        spelled["subjects"] = tuple(capitals[mark] for mark in spelled["subjects"])
    return spelled


def _edit_text(text: str, place: int | None, table: Mapping[str, Any]) -> str:
    """Add `table` to the client at `place`, or as a new client; "" when tomlkit cannot read it."""
    try:
        if _is_inline(text):
            return _edit_inline(text, place, table)
        if place is None:
            return _append_client(text, table)
        return _extend_client(text, place, table)
    except TOMLKitError:
        return ""


def _append_client(text: str, table: Mapping[str, Any]) -> str:
    end = _find_line_end(text)
    lines = ["[[client]]", *(f"{key} = {to_toml(value)}" for key, value in table.items())]
    gap = "" if not text.strip(_MARK) else end if text.endswith("\n") else end * 2
    return text + gap + end.join(lines) + end


def _extend_client(text: str, place: int, rules: Mapping[str, Sequence[str]]) -> str:
    # Only the client's own lines go through tomlkit, which would move tables that stand apart and
    # put new keys below the comment that belongs to the next table.
    mark = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(_MARK)
    if not text.endswith("\n"):
        text += _find_line_end(text)
    lines = text.split("\n")
    places = locate_keys(text)
    start = places["client", place]
    tables = (line for where, line in places.items() if len(where) == 2)  # noqa: PLR2004 - ("client", 0)
    end = min((line for line in tables if line > start), default=len(lines) + 1)
    while lines[end - 2].strip() == "" or lines[end - 2].lstrip().startswith("#"):
        end -= 1
    own = "\n".join(lines[start - 1 : end - 1]) + "\n"
    line_end = _find_line_end(own)
    document = tomlkit.parse(own.replace("\r\n", "\n"))
    clients: Any = document["client"]
    _extend_table(clients[0], rules)
    own = document.as_string().replace("\n", line_end)
    return mark + "\n".join([*lines[: start - 1], own.removesuffix("\n"), *lines[end - 1 :]])


def _edit_inline(text: str, place: int | None, table: Mapping[str, Any]) -> str:
    """Edit `client = [{...}]`, which is one value: tomlkit keeps it in its place."""
    mark = _MARK if text.startswith(_MARK) else ""
    document = tomlkit.parse(text.removeprefix(_MARK))
    clients: Any = document["client"]
    if place is None:
        clients.append(_extend_table(tomlkit.inline_table(), table))
    else:
        _extend_table(clients[place], table)
    return mark + document.as_string()


def _extend_table(table: Any, rules: Mapping[str, Any]) -> Any:
    for key, value in rules.items():
        if key not in table:
            table[key] = list(value) if isinstance(value, tuple) else value
        else:
            for rule in value:
                table[key].append(rule)
    return table


def _is_inline(text: str) -> bool:
    text = text.removeprefix(_MARK)
    if "client" not in tomllib.loads(text):
        return False
    line = text.split("\n")[locate_keys(text)["client",] - 1]
    return not line.lstrip().startswith("[[")


def _find_line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def to_toml(value: str | Sequence[str]) -> str:
    """Write a text, or a list of texts, as a TOML value on one line."""
    if isinstance(value, str):
        return tomlkit.item(value).as_string()
    return "[" + ", ".join(to_toml(one) for one in value) + "]"


def _check_edit(new_text: str, expected: Config) -> None:
    try:
        is_right = parse_config(new_text, expected.path) == expected
    except ConfigError:
        is_right = False
    if not is_right:
        raise ConfigError(
            f"{expected.path}: could not be changed without risk to what is there",
            "add the rules with an editor",
        )
