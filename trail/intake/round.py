"""What one round knows while it runs: shared by its accounts and folders, gone with it."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from trail.attribute.rules import fingerprint_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.archive.sightings import Place
    from trail.archive.store import Archive
    from trail.config import Config
    from trail.errors import TrailError
    from trail.fetch.source import FolderState, RemoteFolder, Source
    from trail.model import Account

    Connect = Callable[[Account], Source]
    Progress = Callable[[str, int, int], None]
    """Called with what is being done, how many messages are done, and of how many."""


@dataclass
class Round:
    """What one round knows while it runs."""

    archive: Archive
    config: Config
    connect: Connect
    dry_run: bool = False
    only: frozenset[str] = frozenset()
    """Names of the folders to look at; empty: all. A look at some is no round: it is not recorded as one."""
    progress: Progress = lambda *_: None
    stopping: Callable[[], bool] = lambda: False
    sleep: Callable[[float], object] = time.sleep
    warnings: list[str] = field(default_factory=list)
    problems: dict[str, TrailError] = field(default_factory=dict)
    """What kept an account from being looked at to the end, by its name."""
    folder_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """All folders of each account that was reached."""
    folders: dict[str, dict[str, RemoteFolder]] = field(default_factory=dict)
    """The same folders by name, as the server spells them."""
    renamed: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """Folders of each account that were found under another name: the name now, and the former one."""
    states: dict[tuple[str, str, int], FolderState] = field(default_factory=dict)
    """What names stood for when a renamed folder was looked for, by account, name and the UIDVALIDITY it had."""
    left_replies: dict[int, list[Place]] = field(default_factory=lambda: defaultdict(list))
    """Hash of a Message-ID -> messages left in this round that refer to it. In memory only: of other people's mail nothing is kept."""
    waiting: list[Place] = field(default_factory=list)
    """Those that this round left: for good once it is over."""
    reopened: set[Place] = field(default_factory=set)
    """Those of them that were looked at again."""
    recovered: bool = False
    """Something came that an earlier round could not have: what was left then may answer it."""
    asked_again: bool = False
    """What was left then was decided again: since then all of it is among `left_replies`."""

    @cached_property
    def rules(self) -> str:
        """The fingerprint messages are attributed under."""
        return fingerprint_rules(self.config.clients)

    @cached_property
    def under(self) -> str:
        """The fingerprint decisions are made under: what is left under "clients" is looked at again under "everything"."""
        return f"{self.config.scope}:{self.rules}"

    @property
    def under_waiting(self) -> str:
        """The same for a reply that is left, until the round has come to its end: what it answers may still be met."""
        return f"{self.under}:waiting"
