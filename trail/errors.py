"""What can go wrong, and the exit code each class of it has.

TrailError                      message, hint, exit code
├── ConfigError            3    the configuration cannot be used
├── SecretUnavailable      4    a password could not be had
├── LoginRejected         11    the server refused the login
├── ServerUnreachable     12    no connection, or it broke too often
├── FixityMismatch        21    bytes are not those that were archived
├── ArchiveLocked         22    another trail is writing
├── ArchiveFull           23    no room on the disk
├── ArchiveReadOnly       24    the disk or its permissions refuse writing
├── ArchiveUnreadable     25    a ledger from a newer trail, or a damaged one
├── InvalidQuery          31    a query that cannot be read
├── IndexUnavailable      32    the index is missing, unreadable or of another version
├── UnknownClient         40    no client of that name
├── UnknownMessage        41    no message, or several, with that id
├── BundleExists          42    a bundle is already there
├── UnusableDecisions     43    a table of decisions that cannot be taken
├── OnHold                44    a hold forbids forgetting
├── UnknownEntry          46    no entry of the book, or several, with that id
└── UnusableBook          47    a file that is no book, or a damaged one

Raised in every room, caught in `trail.cli` only, where they become one line, a hint and the exit code.
0 is done, 2 wrong usage, 100 done with warnings, 130 interrupted.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_USAGE = 2
EXIT_WARNINGS = 100
EXIT_INTERRUPTED = 130


class TrailError(Exception):
    """An error a person can act on: `message` says what happened, `hint` what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(TrailError):
    """The configuration is missing or cannot be used."""

    exit_code = 3


class SecretUnavailable(TrailError):
    """No password, or nobody is signed in: the variable is unset, the command failed, or the keyring has none."""

    exit_code = 4


class LoginRejected(TrailError):
    """The server refused the user name, password or token, or the provider the sign-in. Not to be retried without a change."""

    exit_code = 11


class ServerUnreachable(TrailError):
    """The server could not be reached, its certificate did not match, or the line kept breaking."""

    exit_code = 12


class FixityMismatch(TrailError):
    """Bytes on the disk are not the bytes that were recorded."""

    exit_code = 21


class ArchiveLocked(TrailError):
    """Another trail is writing to the archive."""

    exit_code = 22


class ArchiveFull(TrailError):
    """There is no room left where the archive lies."""

    exit_code = 23


class ArchiveReadOnly(TrailError):
    """The archive's disk or permissions refuse writing."""

    exit_code = 24


class ArchiveUnreadable(TrailError):
    """The ledger was written by a newer trail, or is damaged."""

    exit_code = 25


class InvalidQuery(TrailError):
    """A query that cannot be read; `message` has a caret under the spot."""

    exit_code = 31


class IndexUnavailable(TrailError):
    """The index is missing, unreadable or of another version. Any sync or reindex rebuilds it."""

    exit_code = 32


class UnknownClient(TrailError):
    """No client of that name in the configuration."""

    exit_code = 40


class UnknownMessage(TrailError):
    """No message has that id, or more than one has."""

    exit_code = 41


class BundleExists(TrailError):
    """A bundle is already where the new one should go."""

    exit_code = 42


class UnusableDecisions(TrailError):
    """A table of decisions cannot be taken as it is; `message` names the lines. Nothing of it was taken."""

    exit_code = 43


class OnHold(TrailError):
    """A hold is in force: nothing of that client may be forgotten, and nothing was."""

    exit_code = 44


class UnknownEntry(TrailError):
    """Nothing in the client's book has that id, or more than one entry has."""

    exit_code = 46


class UnusableBook(TrailError):
    """A file that cannot be taken as a book; `message` names the place. Nothing of it was taken."""

    exit_code = 47
