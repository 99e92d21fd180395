"""How the finder looks: its styles, its lines, and what it says of how much was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content, Span

from trail.render import count_of
from trail.terminal import BOLD, DIM, ID, MATCH, NAME

if TYPE_CHECKING:
    from textual.css.styles import RulesMap

    from trail.cli.finder.searcher import Found
    from trail.terminal import Line

_LOOKS = {
    MATCH: "bold $text-warning",
    BOLD: "bold",
    DIM: "dim",
    ID: "$text-accent",
    NAME: "$text-primary",
}
STYLES = """
Screen { layers: base; }
#query { height: 1; border: none; padding: 0 1; }
#query:focus { border: none; }
#found { height: 45%; border: none; padding: 0; text-wrap: nowrap; text-overflow: ellipsis; }
#found:focus { border: none; }
#frame { height: 1fr; border-top: solid $primary; }
#frame:focus { border-top: heavy $accent; }
#message { padding: 0 1; }
#state { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
.reading #found { display: none; }
.wide.reading #found { display: block; }
.wide #both { layout: horizontal; height: 1fr; }
.wide #found { width: 45%; height: 100%; }
.wide #frame { border-top: none; border-left: solid $primary; height: 100%; }
Ask { align: center middle; }
Ask Input { width: 70%; }
"""


class OneLine(Content):
    """A line of the list: it is cut, never wrapped, so that its height need not be measured."""

    @classmethod
    def of(cls, line: Line) -> OneLine:
        """A line of ours."""
        content = show_line(line)
        return cls(content.plain, list(content.spans))

    def get_height(self, rules: RulesMap, width: int) -> int:  # noqa: ARG002 - Textual asks so
        """One, however wide."""
        return 1


def describe_found(found: Found, shown: int) -> str:
    """How many are shown, of how many."""
    lead = f"{shown:,} of " if shown < found.total else ""
    about = "" if found.exact else "about "
    return f"{lead}{about}{count_of(found.total, 'message')}"


def show_line(line: Line) -> Content:
    """A line as Textual takes it; whatever stands in it is text, never markup."""
    spans = [Span(start, end, _LOOKS[look]) for start, end, look in line.stretches]
    return Content(line.text, spans)
