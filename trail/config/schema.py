"""What the tables of the configuration may hold, checked by pydantic's core.

In: the tables as tomllib reads them. Out: their values as `trail.model` wants them, or problems.
Must never repeat a value that could be a secret: not in a problem, not in an exception.

The core is used without pydantic's model classes, which take 70 ms longer to import: every command
reads the configuration first. The defaults stand in `trail.model`, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import CoreConfig, SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from trail.config import checks, oauth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic_core import ErrorDetails

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


def read_table(
    schema: SchemaValidator, table: object, place: Place
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the checked values of `table`, which stands at `place`; or None and its problems."""
    try:
        return schema.validate_python(table), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    return None, [_describe(detail, place) for detail in found]


def _describe(detail: ErrorDetails, place: Place) -> Problem:
    inner = detail["loc"]
    context = detail.get("ctx", {})
    if detail["type"] == "refused":
        key = (context["key"],) if context["key"] else ()
        return Problem((*place, *inner, *key), context["text"], context["hint"])
    text = _WORDS.get(detail["type"], "cannot be used")
    return Problem(
        (*place, *inner), text.format_map({"key": inner[-1] if inner else "", **context})
    )


_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "unknown key",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": 'must be a list, such as ["one", "two"]',
    "too_short": "must not be empty",
    "string_pattern_mismatch": "must not hold a NUL character",
    "list_type": "must be written as [[{key}]], with two brackets on each side",
    "dict_type": "must be a table",
    "literal_error": "must be {expected}",
}


def _duration(least: float, most: float, words: str) -> cs.CoreSchema:
    def check(value: object) -> float:
        try:
            seconds = checks.read_duration(value)
        except ValueError as error:
            raise checks.refuse(str(error)) from None
        if not least <= seconds <= most:
            raise checks.refuse(f"must be between {words}")
        return seconds

    return cs.no_info_plain_validator_function(check)


def _check_account(table: dict[str, Any]) -> dict[str, Any]:
    if "password_env" in table and "password_command" in table:
        raise checks.refuse(
            "stands beside password_env", "keep one of the two", key="password_command"
        )
    security = table.get("security", "tls")
    if (
        security == "plain"
        and not table.get("insecure")
        and not checks.is_this_machine(table["host"])
    ):
        raise checks.refuse(
            "plain would send the password readable to another machine",
            'use "tls" or "starttls"; or write insecure = true if you must',
            key="security",
        )
    if security != "tls":
        table.setdefault("port", 143)  # RFC 8314: 993 expects TLS from the first byte
    return oauth.read_oauth(table)


def _check_client(table: dict[str, Any]) -> dict[str, Any]:
    if not any(table.get(kind) for kind in ("addresses", "domains", "folders", "subjects")):
        raise checks.refuse(
            "has no rule that tells which mail is theirs",
            'add one: domains = ["acme.example"], or addresses, folders, subjects',
        )
    table.setdefault("name", table["slug"])
    return table


def _text(*more: Callable[[str], str], strip: bool = True) -> cs.CoreSchema:
    schema: cs.CoreSchema = cs.str_schema(strict=True, strip_whitespace=strip, min_length=1)
    for check in (checks.check_text, *more):
        schema = cs.no_info_after_validator_function(check, schema)
    return schema


def _texts(*more: Callable[[str], str], strip: bool = True) -> cs.CoreSchema:
    schema = cs.tuple_schema([_text(*more, strip=strip)], variadic_item_index=0, strict=False)
    return cs.no_info_after_validator_function(_drop_repeated, schema)


def _drop_repeated(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _command() -> cs.CoreSchema:
    # An argument is handed on as it is: it may be a script of several lines, or repeat another.
    part = cs.str_schema(strict=True, pattern=r"\A[^\x00]*\z")
    return cs.tuple_schema([part], variadic_item_index=0, min_length=1, strict=False)


def _table(
    required: Mapping[str, cs.CoreSchema],
    optional: Mapping[str, cs.CoreSchema],
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    prepare: Callable[[Any], Any] | None = None,
) -> SchemaValidator:
    fields = {key: cs.typed_dict_field(schema, required=True) for key, schema in required.items()}
    fields |= {key: cs.typed_dict_field(schema, required=False) for key, schema in optional.items()}
    schema: cs.CoreSchema = cs.typed_dict_schema(fields, extra_behavior="forbid")
    if check is not None:
        schema = cs.no_info_after_validator_function(check, schema)
    if prepare is not None:
        schema = cs.no_info_before_validator_function(prepare, schema)
    return SchemaValidator(schema, CoreConfig(hide_input_in_errors=True))


_FILE: dict[str, cs.CoreSchema] = {
    "archive": _text(),
    "scope": cs.literal_schema(["clients", "everything"]),
    "me": _texts(checks.check_address),
    "stemming": cs.literal_schema([*STEMMED]),
    "account": cs.list_schema(cs.any_schema(), strict=True),
    "client": cs.list_schema(cs.any_schema(), strict=True),
}
_ACCOUNT_REQUIRED: dict[str, cs.CoreSchema] = {
    "name": _text(checks.check_slug),
    "host": _text(checks.check_host),
    "user": _text(),
}
_ACCOUNT_OPTIONAL: dict[str, cs.CoreSchema] = {
    "port": cs.no_info_after_validator_function(checks.check_port, cs.int_schema(strict=True)),
    "security": cs.literal_schema(["tls", "starttls", "plain"]),
    "password_env": _text(checks.check_variable),
    "password_command": _command(),
    "every": _duration(SHORTEST_ROUND, _YEAR, '"10s" and "365d"'),
    "folders": _texts(strip=False),  # an IMAP folder may well end in a space
    "idle": _texts(strip=False),
    "insecure": cs.bool_schema(strict=True),
    "timeout": _duration(1.0, _HOUR, '"1s" and "1h"'),
    "ca_file": _text(),
    "auth": cs.literal_schema(["password", "oauth2"]),
    "oauth_provider": cs.literal_schema([*oauth.PROVIDERS]),
    "oauth_client_id": _text(),
    "oauth_client_secret_env": _text(checks.check_variable),
    "oauth_client_secret_command": _command(),
    "oauth_tenant": _text(checks.check_host),
    "oauth_scopes": _texts(),
    "oauth_authorize_url": _text(oauth.check_url),
    "oauth_device_url": _text(oauth.check_url),
    "oauth_token_url": _text(oauth.check_url),
    "oauth_revoke_url": _text(oauth.check_url),
}
_CLIENT_REQUIRED: dict[str, cs.CoreSchema] = {"slug": _text(checks.check_slug)}
_CLIENT_OPTIONAL: dict[str, cs.CoreSchema] = {
    "name": _text(),
    "addresses": _texts(checks.check_address),
    "domains": _texts(checks.check_domain),
    "folders": _texts(strip=False),  # an IMAP folder may well end in a space
    "subjects": _texts(checks.check_subject),
    "stemming": cs.literal_schema([*STEMMED]),
}

FILE = _table({}, _FILE)
ACCOUNT = _table(_ACCOUNT_REQUIRED, _ACCOUNT_OPTIONAL, _check_account, oauth.fill_host)
CLIENT = _table(_CLIENT_REQUIRED, _CLIENT_OPTIONAL, _check_client)

KEYS: dict[str, tuple[str, ...]] = {
    "": tuple(_FILE),
    "account": (*_ACCOUNT_REQUIRED, *_ACCOUNT_OPTIONAL),
    "client": (*_CLIENT_REQUIRED, *_CLIENT_OPTIONAL),
}
"""The keys there are: of the file ("") and of its tables."""
