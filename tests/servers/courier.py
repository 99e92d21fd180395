"""Courier as a test server: dots between the levels of a folder's name, INBOX before all of them, no UIDNEXT at EXAMINE.

Courier's imapd itself, unpacked, once for each connection as its own login program starts it; the login is ours, because
Courier's needs a daemon and files in /etc. In a temporary folder; as root it gives its privileges away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

from servers.dovecot_process import NOBODY
from servers.plain import PlainMailbox
from servers.scripted_line import split_strings
from servers.unpacked import explain_missing_program, locate_root, make_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IMAPD = "usr/bin/imapd"
CAPABILITIES = (
    "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"
)


class CourierServer(PlainMailbox):
    """A Courier, seen as one of its users."""

    separator = "."
    prefix = "INBOX/"

    def __init__(self, user: str = "me", *, owner: CourierServer | None = None) -> None:
        self.user = user
        self.password = "secret"
        if owner is not None:
            self.home, self.port, self._numbers = owner.home, owner.port, owner._numbers
            self._make_maildir(self.home / user / "Maildir")
            return
        self._numbers = count(1)
        # not below pytest's own folder, which only its owner may enter
        self.home = Path(tempfile.mkdtemp(prefix="trail-courier-"))
        self.home.chmod(0o755)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._processes: set[subprocess.Popen[bytes]] = set()

    @staticmethod
    def available() -> str | None:
        """Why Courier cannot run here; None when it can."""
        return explain_missing_program(IMAPD)

    def __enter__(self) -> Self:
        self._listening = socket.create_server((self.host, 0))
        self.port = self._listening.getsockname()[1]
        self._make_maildir(self.home / self.user / "Maildir")
        self._start(self._accept, self._listening, self._serve)
        self._notifying = self._make_notifier()
        self._start(self._accept, self._notifying, socket.socket.close)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        for listening in (self._listening, self._notifying):
            with contextlib.suppress(OSError):  # shutdown wakes the thread in accept
                listening.shutdown(socket.SHUT_RDWR)
        for process in list(self._processes):
            process.terminate()
        for thread in self._threads:
            thread.join(timeout=10)
        self._listening.close()
        self._notifying.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def for_user(self) -> CourierServer:
        """The same server seen as a fresh user."""
        return CourierServer(f"user{next(self._numbers)}", owner=self)

    def fill(self, folder: str, messages: Iterable[bytes]) -> None:
        """Put many messages into a folder, made when missing, UIDs in the order given."""
        if folder not in self.folders():
            self.create(folder)
        self.append_all(folder, messages)

    def set_uidvalidity(self, folder: str, value: int) -> None:
        """Begin a new epoch of the folder, written into its list of UIDs, which stay, as they may."""
        database = self._locate_maildir(folder) / "courierimapuiddb"
        head, _, rest = database.read_text().partition("\n")
        version, _, *more = head.split(" ")
        database.write_text(" ".join([version, str(value), *more]) + "\n" + rest)

    def share(self, folder: str, messages: Iterable[bytes]) -> None:
        """A folder of another user, that this one may read: Courier's older kind, `shared.STAFF.FOLDER`."""
        staff = CourierServer("staff", owner=self)
        maildir = self.home / "staff" / "Maildir" / f".{folder}"
        self._make_maildir(maildir)
        (maildir / "maildirfolder").touch()
        staff.append_all(staff.place(folder), messages)
        link = self.home / self.user / "Maildir" / "shared-maildirs"
        link.write_text(f"staff\t{self.home / 'staff' / 'Maildir'}\n")

    def _locate_maildir(self, folder: str) -> Path:
        root = self.home / self.user / "Maildir"
        inner = self.spell(folder).decode().removeprefix("INBOX")
        return root / inner if inner else root

    def _make_maildir(self, maildir: Path) -> None:
        for folder in ("cur", "new", "tmp"):
            (maildir / folder).mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for path in (maildir.parent, maildir, *maildir.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="courier", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listening: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        while not self._closing.is_set():
            try:
                client, _ = listening.accept()
            except OSError:
                return
            self._start(serve, client)

    def _make_notifier(self) -> socket.socket:
        """A place where imapd asks for notices of changed files, and is sent away: without it, it asks for a second."""
        import pwd  # noqa: PLC0415 - not there on Windows, where Courier is not either

        uid = NOBODY if os.geteuid() == 0 else os.geteuid()
        listening = socket.socket(socket.AF_UNIX)
        name = f"\0/tmp/fam-{pwd.getpwuid(uid).pw_name}-{self.home.name}"
        # gamin's client takes the whole of sun_path for the name
        listening.bind(name.encode().ljust(108, b"\0"))
        listening.listen()
        return listening

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                found = self._log_in(client)
            except OSError:
                return
            if found is None:
                return
            tag, user = found
            process = subprocess.Popen(
                [locate_root() / IMAPD, "Maildir"],
                cwd=self.home / user,
                env=self._make_environment(tag, user),
                stdin=client,
                stdout=client,
                stderr=subprocess.DEVNULL,
                **(
                    {"user": NOBODY, "group": NOBODY, "extra_groups": []}
                    if os.geteuid() == 0
                    else {}
                ),
            )
            self._processes.add(process)
        process.wait()
        self._processes.discard(process)

    def _log_in(self, client: socket.socket) -> tuple[str, str] | None:
        """Tag and user of the LOGIN that was right; None when the client went."""
        client.sendall(f"* OK [CAPABILITY {CAPABILITIES}] Courier-IMAP ready.\r\n".encode())
        while line := _read_line(client):
            tag, _, rest = line.partition(b" ")
            command, _, arguments = rest.partition(b" ")
            if command.upper() == b"CAPABILITY":
                client.sendall(f"* CAPABILITY {CAPABILITIES}\r\n".encode())
            elif command.upper() == b"LOGIN":
                user, password = (part.decode() for part in split_strings(arguments))
                if password == self.password and (self.home / user).is_dir():
                    return tag.decode(), user
                client.sendall(tag + b" NO Login failed.\r\n")
                continue
            client.sendall(tag + b" OK done\r\n")
            if command.upper() == b"LOGOUT":
                return None
        return None

    def _make_environment(self, tag: str, user: str) -> dict[str, str]:
        return make_environment(
            IMAPLOGINTAG=tag,
            AUTHENTICATED=user,
            AUTHADDR=user,
            PROTOCOL="IMAP",
            TCPREMOTEIP="127.0.0.1",
            TCPREMOTEPORT="0",
            IMAP_CAPABILITY=CAPABILITIES,
            IMAP_ACL="0",
            IMAP_KEYWORDS="1",
            IMAP_USELOCKS="0",
            IMAP_TRASHFOLDERNAME="Trash",
            IMAP_IDLE_TIMEOUT="60",
            GAM_CLIENT_ID=self.home.name,
        )


def _read_line(client: socket.socket) -> bytes:
    """A line with its end; byte by byte, so that what follows stays for imapd."""
    line = b""
    while not line.endswith(b"\n"):
        byte = client.recv(1)
        if not byte:
            return b""
        line += byte
    return line.rstrip(b"\r\n")
