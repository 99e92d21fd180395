"""Rounds against test servers: a Config without a file, and the round as the command line runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.archive.store import writing_archive
from trail.config import Config
from trail.fetch.imap import ImapSource
from trail.intake import Round
from trail.model import Client
from trail.pipeline import run_round

if TYPE_CHECKING:
    from pathlib import Path

    from trail.model import FolderReport, SyncReport

ACME = Client("acme", "Acme Ltd", domains=("acme.example",))
ME = ("me@studio.example",)


def make_config(
    root: Path,
    *,
    scope: str = "everything",
    clients: tuple[Client, ...] = (ACME,),
    accounts: tuple = (),
) -> Config:
    """A configuration for the archive in `root`."""
    return Config(
        path=root / "config.toml",
        archive=root,
        scope=scope,
        me=ME,
        accounts=accounts,
        clients=clients,
    )


def sync(
    server: Any,
    root: Path,
    *,
    index: bool = False,
    password: str | None = None,
    account: Any = None,
    **options: Any,
) -> SyncReport:
    """One round over the server's account."""
    fields = {key: options.pop(key) for key in ("scope", "clients") if key in options}
    account = account or server.account()
    config = make_config(root, accounts=(account,), **fields)
    with writing_archive(root) as archive:
        round_ = Round(
            archive,
            config,
            lambda a: ImapSource(a, password or server.password),
            **{"sleep": lambda _: None} | options,
        )
        return run_round(round_, [account], index=index)


def folder_of(report: SyncReport, name: str = "INBOX") -> FolderReport:
    """One folder of a report on one account."""
    (account,) = report.accounts
    return next(f for f in account.folders if f.folder == name)


def totals(report: SyncReport) -> dict[str, int]:
    """The sums over all folders."""
    folders = [f for a in report.accounts for f in a.folders]
    return {
        name: sum(getattr(f, name) for f in folders)
        for name in ("archived", "already_held", "left", "failed", "gone")
    }


def make_message(
    number: int,
    *,
    sender: str = "jane@acme.example",
    to: str = "me@studio.example",
    size: int = 300,
    subject: str = "",
    extra: str = "",
) -> bytes:
    """A plain message of about `size` bytes, distinct by its number."""
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject or f'Message {number}'}\r\nMessage-ID: <{number}@test.example>\r\nDate: Tue, 05 Mar 2024 10:00:00 +0100\r\n{extra}\r\n"
    filling = f"Line of message {number}.\r\n"
    return (head + filling * max(1, (size - len(head)) // len(filling))).encode()
