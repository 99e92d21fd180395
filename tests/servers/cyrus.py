"""Cyrus as a test server: dots between the levels of a folder's name, all of them below INBOX, and a shared namespace.

A process shared by as many users as a test run wants; it lets everybody in with any password. It runs unpacked, from
generated files in a temporary folder, and as root gives its privileges away. `CyrusServer.special` says what it does
otherwise than the other servers.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import tempfile
import time
import zlib
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

from servers.dovecot_process import NOBODY, find_free_ports
from servers.plain import PlainMailbox, answers, checked, encode_folder
from servers.unpacked import explain_missing_program, locate_root, make_environment

if TYPE_CHECKING:
    from collections.abc import Iterable

BINARIES = "usr/lib/cyrus/bin"
IMAPD_CONF = """
configdirectory: {home}/conf
defaultpartition: default
partition-default: {home}/mail
cyrus_user: {user}
admins: admin
allowplaintext: yes
altnamespace: no
unixhierarchysep: no
autocreate_quota: 0
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN
failedloginpause: 0
"""
CYRUS_CONF = """
START {{
  recover cmd="{binaries}/ctl_cyrusdb -C {home}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{binaries}/imapd -C {home}/imapd.conf" listen="127.0.0.1:{port}" prefork=1 maxchild=100
}}
EVENTS {{
}}
"""
UIDVALIDITY_AT = 44
"""Offset of the UIDVALIDITY in the header of cyrus.index, version 17."""


class CyrusServer(PlainMailbox):
    """A Cyrus, seen as one of its users."""

    separator = "."
    prefix = "INBOX/"
    refused_in_names = '"\\{}%!;<>|`'
    takes_bare_newlines = False

    def __init__(self, user: str = "me", *, owner: CyrusServer | None = None) -> None:
        self.user = user
        self.password = "secret"
        self._process: subprocess.Popen[bytes] | None = None
        if owner is not None:
            self.home, self.port, self._numbers = owner.home, owner.port, owner._numbers
            with self.connect():
                return  # the first login makes the INBOX
        self._numbers = count(1)
        (self.port,) = find_free_ports(1)
        # not below pytest's own folder, which only its owner may enter
        self.home = Path(tempfile.mkdtemp(prefix="trail-cyrus-"))
        self._configure()

    @staticmethod
    def available() -> str | None:
        """Why Cyrus cannot run here; None when it can."""
        return explain_missing_program(f"{BINARIES}/master")

    def __enter__(self) -> Self:
        files = {"-C": "imapd.conf", "-M": "cyrus.conf", "-p": "pid"}
        options = [part for option, file in files.items() for part in (option, self.home / file)]
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._find("master"), *options, "-D"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=make_environment(),
                start_new_session=True,
                **_nobody(),
            )
        deadline = time.monotonic() + 30
        while not answers(self.port, b"* OK"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"Cyrus does not start: {(self.home / 'log').read_text()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def for_user(self) -> CyrusServer:
        """The same process seen as a fresh user."""
        return CyrusServer(f"user{next(self._numbers)}", owner=self)

    def as_admin(self) -> CyrusServer:
        """The same process seen as the one who may make folders for all."""
        admin = CyrusServer("admin", owner=self)
        admin.prefix = ""
        return admin

    def fill(self, folder: str, messages: Iterable[bytes]) -> None:
        """Put many messages into a folder, made when missing, UIDs in the order given."""
        if folder not in self.folders():
            self.create(folder)
        self.append_all(folder, messages)

    def set_uidvalidity(self, folder: str, value: int) -> None:
        """Begin a new epoch of the folder, written into its index and the list of mailboxes; the UIDs stay, as they may."""
        name = "user." + self.user + self.spell(folder).decode().removeprefix("INBOX")
        index = Path(self._run("mbpath", name).strip()) / "cyrus.index"
        data = bytearray(index.read_bytes())
        (length,) = struct.unpack_from("!I", data, 12)
        struct.pack_into("!I", data, UIDVALIDITY_AT, value)
        struct.pack_into("!I", data, length - 4, zlib.crc32(data[: length - 4]))
        with index.open("r+b") as file:
            file.write(data[:length])
        database, key = str(self.home / "conf/mailboxes.db"), "N" + name.replace(".", "\x1f")
        for line in self._run("cyr_dbtool", database, "twoskip", "show").split("\n"):
            if line.startswith(key + "\t"):
                entry = re.sub(r" V \d+ ", f" V {value} ", line.partition("\t")[2])
                self._run("cyr_dbtool", database, "twoskip", "set", key, entry)

    def share(self, folder: str, messages: Iterable[bytes]) -> None:
        """A folder of nobody in particular, that everybody may read."""
        admin = self.as_admin()
        admin.create(folder)
        with admin.connect() as client:
            checked(client.setacl(encode_folder(folder).decode(), "admin", "lrswipkxtecda"))
            checked(client.setacl(encode_folder(folder).decode(), "anyone", "lrs"))
        admin.append_all(folder, messages)

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of Cyrus' own programs and give what it prints."""
        command = [self._find(program), "-C", str(self.home / "imapd.conf"), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=make_environment(), **_nobody()
        ).stdout

    def _find(self, program: str) -> str:
        return str(locate_root() / BINARIES / program)

    def _configure(self) -> None:
        import pwd  # noqa: PLC0415 - not there on Windows, where Cyrus is not either

        uid = NOBODY if os.geteuid() == 0 else os.geteuid()
        fields = {
            "home": self.home,
            "user": pwd.getpwuid(uid).pw_name,
            "port": self.port,
            "binaries": locate_root() / BINARIES,
        }
        (self.home / "imapd.conf").write_text(IMAPD_CONF.format(**fields))
        (self.home / "cyrus.conf").write_text(CYRUS_CONF.format(**fields))
        for folder in ("conf/socket", "mail"):
            (self.home / folder).mkdir(parents=True)
        self.home.chmod(0o755)
        if os.geteuid() == 0:
            for path in (self.home, *self.home.rglob("*")):
                os.chown(path, NOBODY, NOBODY)


def _nobody() -> dict[str, object]:
    """As root, a process gives its privileges away."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
