"""The fields of the finder that are typed in: the query, and a folder's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key


class Query(Input):
    """The query; while it is typed, letters are letters, and the keys below say how one gets out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.enter_list", "to the list", key_display="Down, Enter"),
        Binding("escape", "app.back", "leave"),
    ]

    async def _on_key(self, event: Key) -> None:
        """Do at once what a key is bound to: Textual does it later, behind letters that came in the same breath.

        Over a slow line keys come together; Ctrl-U and a word then left nothing of the word.
        """
        bindings = self._bindings.key_to_bindings.get(event.key, ())
        for binding in bindings:
            event.stop()
            event.prevent_default()
            await self.app.run_action(binding.action, self)
        if not bindings:
            await super()._on_key(event)


class Ask(ModalScreen[str | None]):
    """Asks for a folder."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "back")]

    def compose(self) -> ComposeResult:
        """One line to type in."""
        field = Input(".", placeholder="folder")
        field.border_title = "save the attachments in"
        yield field

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the folder back."""
        self.dismiss(event.value.strip() or None)
