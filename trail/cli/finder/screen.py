"""The finder's screen (Textual lives here only): a line to type in, what it finds, and the message.

Comes in: keys. Goes out: nothing but what the terminal shows. Whatever takes time happens in the searcher's thread; a
search that a later one has overtaken is dropped. An error is a line below the list, never more.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from trail.cli.finder.fields import Ask, Query
from trail.cli.finder.looks import STYLES, OneLine, describe_found, show_line
from trail.cli.finder.searcher import MOST
from trail.errors import TrailError
from trail.render import count_of
from trail.terminal import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from textual.events import Resize

    from trail.cli.finder.searcher import Found, Row, Searcher
    from trail.terminal import Line

_WIDE = 130
"""Columns from which list and message stand side by side."""
_PAUSE = 0.15
"""Seconds without a key after which is searched."""
_GLANCE = 0.04
"""Seconds a message is chosen before it is read: who scrolls passes many."""
_AHEAD = 50
"""Rows before the end of the list at which more are found."""
_LETTERS = ("leave", "type", "thread", "open", "copy", "save")
"""Actions of keys that are letters in the query."""


class Finder(App[None]):
    """Type and see."""

    CSS = STYLES
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("q", "leave", "quit"),
        Binding("escape", "back", "back"),
        Binding("slash", "type", "type", key_display="/"),
        Binding("t", "thread", "thread"),
        Binding("o", "open", "open"),
        Binding("y", "copy", "copy id"),
        Binding("s", "save", "attachments"),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    def __init__(self, searcher: Searcher, query: str, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._searcher = searcher
        self._asked = self._first = query
        self._environ = environ
        self._waiting: Any = None
        self._sought: str | None = None
        """What was searched for last, found or not."""
        self._ids: list[str] = []
        self._before: tuple[list[Row], int] | None = None
        """The hits, and which was chosen, while a conversation is shown in their place."""
        self._rows: list[Row] = []
        self._options: dict[Row, Option] = {}
        """Of the hits of the last search, and of conversations around them."""
        self._found: Found | None = None
        """What the list shows the hits of."""
        self._sought_from = 0
        """How many hits there were when more were looked for."""
        self._state = ""

    def compose(self) -> ComposeResult:
        """The query above; the list and the message; a line of state; the keys."""
        yield Query(self._first, placeholder="type to find", id="query", select_on_focus=False)
        with Container(id="both"):
            yield OptionList(id="found", markup=False)
            with VerticalScroll(id="frame"):
                yield Static(id="message", markup=False)
        yield Static(id="state", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin with what the command line asked for."""
        self.query_one("#query", Input).focus()
        self._search()

    def on_resize(self, event: Resize) -> None:
        """Side by side, where there is room."""
        self.screen_stack[0].set_class(event.size.width >= _WIDE, "wide")

    # typing

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search when no key came for a moment."""
        if event.input.id == "query":
            if self._waiting is not None:
                self._waiting.stop()
            # the query it began with is told as a change, too: its hits must not come twice, over what was opened since
            if event.value != self._sought:
                self._waiting = self.set_timer(_PAUSE, self._search)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to what was found."""
        if event.input.id == "query":
            self.query_one("#found").focus()

    def action_enter_list(self) -> None:
        """From the query down into the list."""
        self.query_one("#found").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual asks so
        """Where letters are typed, those that mean something elsewhere are not shown below."""
        return action not in _LETTERS or not isinstance(self.focused, Query)

    def _search(self) -> None:
        self._sought = query = self.query_one("#query", Input).value
        self._work("search", self._find, query)

    async def _find(self, query: str) -> None:
        try:
            found = await asyncio.wrap_future(self._searcher.search(query))
        except TrailError as error:  # a query that is half typed, mostly: what was found last stays
            self._tell_error(error)
            return
        if found is None:
            self._tell(self._state or "type at least two letters")
            return
        self._asked, self._before, self._found, self._sought_from = query, None, found, 0
        self._state = describe_found(found, len(found.rows))
        self._options.clear()
        self._fill(list(found.rows))

    def _fill(self, rows: list[Row], highlighted: int = 0) -> None:
        self._rows = rows
        options = self.query_one("#found", OptionList)
        options.set_options(self._make_options(rows))
        self._tell(self._state)
        if rows:
            options.highlighted = highlighted
        self._read()

    def _make_options(self, rows: list[Row]) -> list[Option]:
        """What the list takes, for hits that come back the same as before: it is costly to make."""
        for row in rows:
            if row not in self._options:
                self._options[row] = Option(OneLine.of(row.line))
        return [self._options[row] for row in rows]

    def _go_on(self) -> None:
        """Find more, where the end of the list is near."""
        at = self.query_one("#found", OptionList).highlighted or 0
        found, shown = self._found, len(self._rows)
        more = found is not None and shown < min(found.total, MOST)
        if more and self._before is None and at >= shown - _AHEAD and self._sought_from != shown:
            self._sought_from = shown
            self._work("more", self._find_more, self._asked)

    async def _find_more(self, query: str) -> None:
        try:
            found = await asyncio.wrap_future(self._searcher.search_on(query, len(self._rows)))
        except TrailError as error:
            self._tell_error(error)
            return
        if query != self._asked or self._before is not None:
            return  # the list shows something else by now
        known = {
            row.id for row in self._rows
        }  # of mail that came meanwhile, the last are seen again
        rows = [row for row in found.rows if row.id not in known]
        if not rows:
            self._found = None
            return
        self._found = found
        self._rows += rows
        self.query_one("#found", OptionList).add_options(self._make_options(rows))  # fmt: skip
        self._state = describe_found(found, len(self._rows))
        self._tell(self._state)

    # reading

    def on_option_list_option_highlighted(self) -> None:
        """Show the message under the cursor."""
        self._go_on()
        self._read()

    def on_option_list_option_selected(self) -> None:
        """Go on to the message itself, which then has the screen."""
        self.screen.add_class("reading")
        self.query_one("#frame").focus()

    def _read(self) -> None:
        self._work("read", self._preview, self._chosen, self._asked)

    async def _preview(self, short: str | None, query: str) -> None:
        lines: list[Line] = []
        await asyncio.sleep(_GLANCE)
        if short is not None:
            try:
                lines = await asyncio.wrap_future(self._searcher.read(short, query))
            except TrailError as error:
                self._tell_error(error)
        self.query_one("#message", Static).update(Content("\n").join(map(show_line, lines)))
        self.query_one("#frame").scroll_home(animate=False)

    @property
    def _chosen(self) -> str | None:
        at = self.query_one("#found", OptionList).highlighted
        return self._rows[at].id if at is not None and at < len(self._rows) else None

    # keys

    def action_type(self) -> None:
        """Go to the query."""
        self.screen.remove_class("reading")
        self.query_one("#query").focus()

    def action_move(self, by: int) -> None:
        """Down or up in the list, or in the message."""
        frame, options = self.query_one("#frame"), self.query_one("#found", OptionList)
        if self.focused is frame:
            frame.scroll_relative(y=by, animate=False)
        elif by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_leave(self) -> None:
        """Leave."""
        self.exit()

    async def action_back(self) -> None:
        """From the message to the list, from a conversation to the hits, from those to the query; there, leave."""
        if self.focused is self.query_one("#frame"):
            self.screen.remove_class("reading")
            self.query_one("#found").focus()
        elif self._before is not None:
            (rows, highlighted), self._before = self._before, None
            self._fill(rows, highlighted)
        elif self.focused is self.query_one("#query"):
            self.exit()
        else:
            self.action_type()

    async def action_thread(self) -> None:
        """Show the conversation in place of the hits."""
        if (short := self._chosen) is None:
            return
        try:
            rows = await asyncio.wrap_future(self._searcher.show_thread(short))
        except TrailError as error:
            self._tell_error(error)
            return
        if self._before is None:
            self._before = self._rows, self.query_one("#found", OptionList).highlighted or 0
        self.screen.remove_class("reading")
        self.query_one("#found").focus()
        self._fill(rows, next((n for n, row in enumerate(rows) if row.id == short), 0))
        self._tell(f"a conversation of {count_of(len(rows), 'message')}; Esc goes back")

    def action_copy(self) -> None:
        """Put the id where the terminal pastes from."""
        if (short := self._chosen) is not None:
            self.copy_to_clipboard(short)
            self._tell(f"copied {short}")

    def action_open(self) -> None:
        """Open it with the mail program."""
        if (short := self._chosen) is not None:
            self._tell("opening …")
            self._work("open", self._open, short)

    async def _open(self, short: str) -> None:
        try:
            await asyncio.wrap_future(self._searcher.hand_over(short, self._environ))
        except TrailError as error:
            self._tell_error(error)
        else:
            self._tell(f"opened {short}")

    def action_save(self) -> None:
        """Ask where the attachments go."""
        if (short := self._chosen) is not None:

            def save(folder: str | None) -> None:
                if folder is not None:
                    self._work("save", self._save, short, folder)

            self.push_screen(Ask(), save)

    async def _save(self, short: str, folder: str) -> None:
        try:
            saved = await asyncio.wrap_future(self._searcher.save_attachments(short, Path(folder)))
        except TrailError as error:
            self._tell_error(error)
        else:
            self._tell(f"saved {', '.join(map(str, saved))}" if saved else "this message has no attachments")  # fmt: skip

    def _work(
        self, group: str, what: Callable[..., Coroutine[Any, Any, None]], *values: str | None
    ) -> None:
        """Do something beside the keys; of a search or a preview only the last one counts."""
        work: Any = partial(what, *values)
        self.run_worker(
            work, group=group, exclusive=group in ("search", "read"), exit_on_error=False
        )

    def _tell_error(self, error: TrailError) -> None:
        """What is wrong, without the place it is at, and what to do."""
        self._tell("; ".join(filter(None, (error.message.partition("\n")[0], error.hint))))

    def _tell(self, text: str) -> None:
        self.query_one("#state", Static).update(Content(clean_text(text)))
