"""Typer, imported when something of it is first used: a plain command line needs nothing of it (`trail.cli.plain`).

Modules with commands take `typer` from here. One that imports it itself works as well, and starts later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer as typer  # noqa: PLC0414 - to be taken from here
else:

    class _Later:
        """Stands for the module."""

        def __getattr__(self, name: str) -> Any:
            import typer

            return getattr(typer, name)

    typer = _Later()
