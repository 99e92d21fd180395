"""Values of options and arguments, read without pydantic where they are plain.

Typer (from 0.29 on) has pydantic check every value, whose import takes as long as a search. What is right at the first
look is taken here; whatever is not, is left to Typer, which says what is wrong with it.

It hooks into what Typer keeps of a parameter (`_runtime_param`); should that change its name, commands only start later.
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typer.models import ParameterInfo


class NotPlain(Exception):
    """A value that Typer is to look at."""


class PlainValues:
    """What Typer asks for the value of a parameter."""

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        """The value a command gets for `value`, a text from the command line or a default."""
        try:
            return _read_value(param, value)
        except NotPlain:
            param._runtime_param = None  # noqa: SLF001 - see above
            return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


_PLAIN = PlainValues()


def spare_pydantic(parameters: Iterable[Any]) -> None:
    """Have these parameters of a command read here first."""
    for parameter in parameters:
        if getattr(parameter, "_runtime_param", parameter) is None:
            parameter._runtime_param = _PLAIN  # noqa: SLF001 - see above


def _read_value(param: Any, value: Any) -> Any:
    kind, info = param.type_descriptor.annotation, param.type_descriptor.parameter_info
    if info.parser is not None:
        raise NotPlain
    if param.multiple or param.nargs == -1:
        if value is None:
            return ()
        if get_origin(kind) is not list or not isinstance(value, list | tuple):
            raise NotPlain
        return [_read_one(get_args(kind)[0], info, one) for one in value]
    return None if value is None else _read_one(kind, info, value)


def _read_one(kind: Any, info: ParameterInfo, value: Any) -> Any:
    if kind is str or not isinstance(value, str):
        if isinstance(kind, type) and isinstance(value, kind):
            return value
    elif kind is Path:
        checked = info.exists or info.resolve_path or info.writable or not info.dir_okay
        if not checked and (os.access(value, os.R_OK) or not os.path.lexists(value)):
            return Path(value)
    elif kind is int:
        low = -float("inf") if info.min is None else info.min
        high = float("inf") if info.max is None else info.max
        if value.isascii() and value.isdigit() and len(value) <= 9 and low <= int(value) <= high:  # noqa: PLR2004 - short enough for anything
            return int(value)
    elif isinstance(kind, type) and issubclass(kind, Enum) and value in {e.value for e in kind}:
        return kind(value)
    raise NotPlain
