"""What a round of fetching did. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What one round did in one folder. `on_server` is the count after it."""

    folder: str
    uidvalidity: int
    on_server: int = 0
    archived: int = 0
    already_held: int = 0
    left: int = 0
    failed: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class RenamedFolder:
    """A folder that a round found under another name; what was known of it is known of it still."""

    folder: str
    """Its name now."""
    formerly: str


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What one round did in one account. `error` is empty when the account was reached."""

    account: str
    folders: tuple[FolderReport, ...] = ()
    error: str = ""
    renamed: tuple[RenamedFolder, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one round did."""

    accounts: tuple[AccountReport, ...] = ()
    warnings: tuple[str, ...] = ()
