"""Dovecot as a test server: a process shared by as many users as a test run wants."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from servers.dovecot_process import DovecotProcess, explain_absence
from servers.plain import PlainMailbox, encode_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SPECIAL_USE = {"Junk": r"\Junk", "Trash": r"\Trash", "Drafts": r"\Drafts", "Sent": r"\Sent"}


class DovecotServer(PlainMailbox):
    """A Dovecot, seen as the first of its users; `for_user` shows it as another.

    `special_use` maps folders to the attribute LIST shows once they exist (RFC 6154); `bearer` are the mechanisms
    that take a token.
    """

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        *,
        special_use: Mapping[str, str] = SPECIAL_USE,
        bearer: tuple[str, ...] = ("oauthbearer", "xoauth2"),
        process: DovecotProcess | None = None,
    ) -> None:
        users = dict(users or {"me": "secret"})
        self.user, self.password = next(iter(users.items()))
        self._process = process or DovecotProcess(users, dict(special_use), bearer)
        self.port = self._process.port
        self.tls_port: int = self._process.tls_port

    @staticmethod
    def available() -> str | None:
        """Why Dovecot cannot run here; None when it can."""
        return explain_absence()

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.remove()

    @property
    def ca_file(self) -> Path:
        """The certificate to trust on `tls_port`, and for STARTTLS on `port`."""
        return self._process.ca_file

    def for_user(self, name: str | None = None, password: str = "secret") -> DovecotServer:
        """The same process seen as another user, let in if new; without a name, a fresh one."""
        name = name or f"user{next(self._process.numbers)}"
        if name not in self._process.users:
            self._process.add_user(name, password)
        return DovecotServer({name: self._process.users[name]}, process=self._process)

    def start(self) -> None:
        """Start again after `stop`, on the same ports with the same mail."""
        self._process.start()

    def stop(self) -> None:
        """Stop the process, for all its users; the mail stays."""
        self._process.stop()

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def read_log(self) -> str:
        """What Dovecot wrote into its log."""
        return self._process.read_log()

    def fill(self, folder: str, messages: Iterable[bytes]) -> None:
        """Write many messages straight into the folder's Maildir; UIDs in the order given."""
        maildir = self._locate_maildir(folder)
        for name in ("cur", "new", "tmp"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        for number, content in zip(self._process.numbers, messages, strict=False):
            # W is the size with CRLF line ends; with it Dovecot need not read the file
            crlf_size = len(content) + content.count(b"\n") - content.count(b"\r\n")
            name = f"{1_000_000_000 + number}.M{number:09}.trail,S={len(content)},W={crlf_size}:2,"
            (maildir / "cur" / name).write_bytes(content)
        self._process.give_away(self._process.home / "mail" / self.user)

    def set_uidvalidity(self, folder: str, value: int) -> None:
        """Begin a new epoch of the folder; the UIDs stay, as they may."""
        self._process.run_doveadm(
            "mailbox", "update", "-u", self.user, "--uid-validity", str(value), folder
        )

    def _locate_maildir(self, folder: str) -> Path:
        """Where Dovecot keeps a folder: Maildir++, one level of directories, dots between names."""
        root = self._process.home / "mail" / self.user / "Maildir"
        if folder == "INBOX":
            return root
        return root / ("." + os.fsdecode(encode_folder(folder.replace("/", "."))))
