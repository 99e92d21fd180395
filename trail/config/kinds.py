"""Kinds of values of the configuration: each is a function that takes a value as tomllib reads it.

Out: the value as `trail.config.schema` hands it on. Raises Refused, which for a list says it of each element.
Must never repeat a value that could be a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.config import checks
from trail.config.checks import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Any], Any]
    """Takes a value as tomllib read it and returns it as trail wants it. Raises Refused."""


def text(*more: Check, strip: bool = True) -> Check:
    """A text that is not empty, without space around it unless it may be meant, and what `more` makes of it."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Refused("must be a text in quotes")
        text = value.strip() if strip else value
        if not text:
            raise Refused("must not be empty")
        for one in (checks.check_text, *more):
            text = one(text)
        return text

    return check


def list_of(check_element: Callable[[Any], str]) -> Callable[[Any], tuple[str, ...]]:
    """A list of such elements, as a tuple."""

    def check(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise Refused('must be a list, such as ["one", "two"]')
        checked, refused = [], []
        for number, element in enumerate(value):
            try:
                checked.append(check_element(element))
            except Refused as refusal:
                refused.append((number, refusal))
        if refused:
            raise Refused("", elements=refused)
        return tuple(checked)

    return check


def texts(*more: Check, strip: bool = True) -> Check:
    """A list of such texts, each once."""
    check_list = list_of(text(*more, strip=strip))
    return lambda value: tuple(dict.fromkeys(check_list(value)))


def _check_argument(value: Any) -> str:
    # handed on as it is: it may be a script of several lines, empty, or repeat another
    if not isinstance(value, str):
        raise Refused("must be a text in quotes")
    if "\0" in value:
        raise Refused("must not hold a NUL character")
    return value


_check_arguments = list_of(_check_argument)


def check_command(value: Any) -> tuple[str, ...]:
    """Return a command and its arguments."""
    arguments = _check_arguments(value)
    if not arguments:
        raise Refused("must not be empty")
    return arguments


def choice(*choices: str) -> Check:
    """One of these words."""
    *others, last = map(repr, choices)
    words = f"must be {', '.join(others)} or {last}"

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Refused(words)
        return value

    return check


def duration(least: float, most: float, words: str) -> Check:
    """A length of time between these seconds, which `words` tells as a person writes them."""

    def check(value: Any) -> float:
        try:
            seconds = checks.read_duration(value)
        except ValueError as error:
            raise Refused(str(error)) from None
        if not least <= seconds <= most:
            raise Refused(f"must be between {words}")
        return seconds

    return check


def check_port(value: Any) -> int:
    """Refuse what is no TCP port."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("must be a whole number")
    return checks.check_port(value)


def check_bool(value: Any) -> bool:
    """Refuse what is not true or false."""
    if not isinstance(value, bool):
        raise Refused("must be true or false")
    return value


def tables(kind: str) -> Check:
    """A list of tables, which are read one by one."""

    def check(value: Any) -> Any:
        if not isinstance(value, list):
            raise Refused(f"must be written as [[{kind}]], with two brackets on each side")
        return value

    return check
