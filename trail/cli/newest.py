"""The newest headers on the servers, for suggestions: with scope "clients" other people's mail is nowhere else.

Comes in: accounts and a way to connect. Goes out: envelopes with their INTERNALDATE. Nothing of it is kept, and nothing
changes on a server (EXAMINE and BODY.PEEK only).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.errors import TrailError
from trail.fetch.plan import HEADER_BATCH, choose_folders
from trail.fetch.source import FolderUnavailable
from trail.parse.envelope import parse_envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from trail.fetch.source import RemoteFolder, Source
    from trail.model import Account, Envelope

    Mail = Iterator[tuple[Envelope, datetime]]

NEWEST = 2000
"""Headers of a folder that are looked at."""


def read_newest(
    accounts: Iterable[Account],
    connect: Callable[[Account], Source],
    *,
    warn: Callable[[str], None],
    progress: Callable[[str, int, int], None],
) -> Mail:
    """Envelopes of the folders that a sync would look at; `warn` is told of an account that cannot be read to the end."""
    for account in accounts:
        try:
            source = connect(account)
            try:
                yield from _read_account(account, source, progress)
            finally:
                source.close()
        except TrailError as error:
            warn(f"{error.message}; {error.hint}" if error.hint else error.message)


def _read_account(
    account: Account, source: Source, progress: Callable[[str, int, int], None]
) -> Mail:
    folders, _, _ = choose_folders(source.list_folders(), account.folders, gmail=source.is_gmail)
    for number, folder in enumerate(folders):
        progress(f"{account.name}: {folder.name}", number, len(folders))
        try:
            yield from _read_folder(source, folder)
        except FolderUnavailable:
            continue


def _read_folder(source: Source, folder: RemoteFolder) -> Mail:
    source.examine(folder)
    uids = source.list_uids()[-NEWEST:]
    for start in range(0, len(uids), HEADER_BATCH):
        headers, _ = source.fetch_headers(uids[start : start + HEADER_BATCH])
        for header in headers:
            yield parse_envelope(header.content), header.received_at
