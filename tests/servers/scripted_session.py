"""One client's connection to a `ScriptedServer`: reads commands, answers, breaks off where told to.

Of IMAP4rev1 (RFC 3501) it knows what a client that only reads needs; all else is BAD.
"""

from __future__ import annotations

import base64
import fnmatch
import re
from typing import TYPE_CHECKING

from servers.plain import encode_folder
from servers.scripted_fetch import expand_set, render_fetch, wants_body, wants_header
from servers.scripted_line import Line, OverError, split_strings

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from servers.scripted import ScriptedServer
    from servers.scripted_faults import Faults, StoredFolder


class _RefusedError(Exception):
    """The command gets a tagged NO with this text."""


class Session:
    """A connection. `number` counts the server's connections from 1."""

    def __init__(self, server: ScriptedServer, client: socket.socket, number: int) -> None:
        self.server = server
        self._line = Line(server, client, number)
        self._logged_in = False
        self._folder: StoredFolder | None = None
        self._read_only = True

    @property
    def faults(self) -> Faults:
        """The lies of this moment."""
        return self.server.faults

    def run(self) -> None:
        """Serve until the client goes, or a fault ends it."""
        try:
            if self.faults.greeting:
                self._line.send(b"* " + self.faults.greeting.encode() + b"\r\n")
                if not self.faults.greeting.startswith("OK"):
                    return
            else:
                self._line.send(b"* OK [CAPABILITY " + self._capabilities() + b"] ready\r\n")
            while self._answer_one():
                pass
        except (OverError, OSError):
            return
        finally:
            self._line.close()

    def _answer_one(self) -> bool:
        tag, _, line = self._line.read_command().partition(b" ")
        self.server.commands.append(line.decode(errors="backslashreplace"))
        words = line.split(b" ", 2)
        name = words[0].upper()
        if name == b"UID" and len(words) > 1:
            name += b" " + words[1].upper()
        arguments = line[len(name) :].strip()
        self._reply(tag, name.decode(errors="replace"), arguments, len(line))
        return name != b"LOGOUT"

    def _reply(self, tag: bytes, name: str, arguments: bytes, length: int) -> None:
        if name in self.faults.stall_on:
            self.server.closing.wait()
            raise OverError
        answer = getattr(self, "_do_" + name.lower().replace(" ", "_"), None)
        try:
            if length > self.faults.longest_line:
                self._line.send(tag + b" BAD Too long argument\r\n")
                return
            if answer is None or not (self._logged_in or name in _BEFORE_LOGIN):
                self._line.send(tag + b" BAD Unknown command\r\n")
                return
            self._refuse_if_told(name)
            text = answer(arguments) or b"done"
        except _RefusedError as refusal:
            self._line.send(tag + b" NO " + str(refusal).encode() + b"\r\n")
            return
        self._line.send(tag + b" OK " + text + b"\r\n")

    def _refuse_if_told(self, name: str) -> None:
        queue = self.faults.refusals.get(name)
        if queue:
            raise _RefusedError(queue.pop(0))
        if name in self.faults.always_refuse:
            raise _RefusedError(self.faults.always_refuse[name])

    def _capabilities(self) -> bytes:
        return " ".join(self.server.capabilities).encode()

    # ---- before and around login

    def _do_capability(self, _: bytes) -> None:
        self._line.send(b"* CAPABILITY " + self._capabilities() + b"\r\n")

    def _do_noop(self, _: bytes) -> None:
        return

    def _do_id(self, _: bytes) -> None:
        self._line.send(b"* ID NIL\r\n")

    def _do_logout(self, _: bytes) -> None:
        self._line.send(b"* BYE good night\r\n")

    def _do_login(self, arguments: bytes) -> bytes:
        user, password = split_strings(arguments)
        return self._let_in(user.decode(), password.decode())

    def _do_authenticate(self, arguments: bytes) -> bytes:
        mechanism, _, initial = arguments.partition(b" ")
        if not initial:
            self._line.send(b"+ \r\n")
            initial = self._line.read_line().strip()
        response = base64.b64decode(initial).decode()
        if mechanism.upper() == b"PLAIN":
            _, user, password = response.split("\0")
            return self._let_in(user, password)
        # XOAUTH2 and OAUTHBEARER both carry "auth=Bearer <token>"; here the password is the token
        token = re.search("auth=Bearer ([^\x01]+)", response)
        return self._let_in(self.server.user, token[1] if token else "")

    def _let_in(self, user: str, password: str) -> bytes:
        if (user, password) != (self.server.user, self.server.password):
            raise _RefusedError("[AUTHENTICATIONFAILED] Invalid credentials")
        self._logged_in = True
        return b"[CAPABILITY " + self._capabilities() + b"] logged in"

    def _do_namespace(self, _: bytes) -> None:
        self._line.send(b'* NAMESPACE (("" ' + self._separator() + b")) NIL NIL\r\n")

    def _do_enable(self, arguments: bytes) -> None:
        self._line.send(b"* ENABLED " + arguments + b"\r\n")

    def _do_idle(self, _: bytes) -> None:
        self._line.send(b"+ idling\r\n")
        if self._line.read_line().strip().upper() != b"DONE":
            raise OverError

    # ---- folders

    def _separator(self) -> bytes:
        return (
            b"NIL"
            if self.server.separator is None
            else b'"' + self.server.separator.encode() + b'"'
        )

    def _wire_name(self, name: str) -> bytes:
        return self.faults.raw_names.get(name, encode_folder(name))

    def _do_list(self, arguments: bytes) -> None:
        # a selection such as (SPECIAL-USE), and RETURN options, narrow nothing that a reader minds
        arguments = re.sub(rb"^\([^)]*\) ", b"", arguments)
        arguments = re.sub(rb" RETURN .*$", b"", arguments, flags=re.IGNORECASE)
        _, pattern = split_strings(arguments)
        if not pattern:
            self._line.send(b"* LIST (\\Noselect) " + self._separator() + b' ""\r\n')
            return
        for name, folder in self._listed():
            wire = self._wire_name(name)
            if fnmatch.fnmatchcase(
                wire.decode("latin-1"), pattern.decode("latin-1").replace("%", "*")
            ):
                shown = () if self.faults.hide_special_use else folder.attributes
                quoted = b'"' + re.sub(rb'(["\\])', rb"\\\1", wire) + b'"'
                flags = " ".join(shown).encode()
                self._line.send(
                    b"* LIST (" + flags + b") " + self._separator() + b" " + quoted + b"\r\n"
                )

    def _listed(self) -> Iterator[tuple[str, StoredFolder]]:
        if not self.faults.list_nothing:
            yield from list(self.server.folders.items())

    def _find(self, wire: bytes) -> StoredFolder:
        for name, folder in list(self.server.folders.items()):
            same = wire == self._wire_name(name) or (name == "INBOX" and wire.upper() == b"INBOX")
            if same and name not in self.faults.vanished and r"\Noselect" not in folder.attributes:
                return folder
        raise _RefusedError("[NONEXISTENT] No such mailbox")

    def _do_status(self, arguments: bytes) -> None:
        head, _, items = arguments.rpartition(b" (")
        (wire,) = split_strings(head)
        folder = self._find(wire)
        values = {
            "MESSAGES": len(folder.messages),
            "RECENT": 0,
            "UNSEEN": sum(r"\Seen" not in m.flags for m in folder.messages.values()),
            "UIDNEXT": folder.uidnext,
            "UIDVALIDITY": folder.uidvalidity,
            "SIZE": sum(len(m.content) for m in folder.messages.values()),
        }
        if "OBJECTID" in self.server.capabilities:
            name = next(n for n, other in self.server.folders.items() if other is folder)
            told = self.faults.status_mailboxid.get(name, folder.mailbox_id.encode())
            values["MAILBOXID"] = f"({told.decode('latin-1')})"
        if "CONDSTORE" in self.server.capabilities:
            values["HIGHESTMODSEQ"] = folder.modseq
        asked = items.rstrip(b")").decode().upper().split()
        shown = " ".join(f"{item} {values[item]}" for item in asked if item in values)
        self._line.send(b'* STATUS "' + wire + b'" (' + shown.encode() + b")\r\n")

    def _do_examine(self, arguments: bytes) -> bytes:
        return self._open(arguments, read_only=True)

    def _do_select(self, arguments: bytes) -> bytes:
        return self._open(arguments, read_only=False)

    def _open(self, arguments: bytes, *, read_only: bool) -> bytes:
        self._folder = None
        (wire,) = split_strings(re.sub(rb" \([^)]*\)$", b"", arguments))
        self._folder = folder = self._find(wire)
        self._read_only = read_only
        lines = [
            r"FLAGS (\Answered \Flagged \Deleted \Seen \Draft)",
            r"OK [PERMANENTFLAGS ()] none",
            f"{len(folder.messages)} EXISTS",
            "0 RECENT",
            f"OK [UIDVALIDITY {folder.uidvalidity}] valid",
            f"OK [UIDNEXT {folder.uidnext}] next",
        ]
        if "OBJECTID" in self.server.capabilities:
            lines.append(f"OK [MAILBOXID ({folder.mailbox_id})] id")
        if "CONDSTORE" in self.server.capabilities:
            lines.append(f"OK [HIGHESTMODSEQ {folder.modseq}] highest")
        self._line.send("".join(f"* {line}\r\n" for line in lines).encode())
        return b"[READ-ONLY] opened" if read_only else b"[READ-WRITE] opened"

    def _do_close(self, _: bytes) -> None:
        self._folder = None

    _do_unselect = _do_close

    def _opened(self) -> StoredFolder:
        if self._folder is None:
            raise _RefusedError("no mailbox is open")
        return self._folder

    # ---- messages

    def _do_uid_search(self, arguments: bytes) -> None:
        folder = self._opened()
        uids = sorted(set(folder.messages) - self.faults.search_hides)
        wanted = re.search(
            r"(?:^|\s)(?:UID )?([\d*][\d,:*]*)", arguments.decode(errors="replace").upper()
        )
        if wanted:
            uids = expand_set(wanted[1], uids)
        self._line.send("".join(["* SEARCH", *(f" {uid}" for uid in uids), "\r\n"]).encode())

    def _do_uid_fetch(self, arguments: bytes) -> None:
        folder = self._opened()
        which, _, items = arguments.decode().partition(" ")
        items, since = self._split_changedsince(items)
        numbers = {uid: number for number, uid in enumerate(sorted(folder.messages), 1)}
        body, header = wants_body(items), wants_header(items)
        for uid in expand_set(which, list(numbers)):
            if folder.messages[uid].modseq <= since:
                continue
            if (body and uid in self.faults.refused) or (
                header and uid in self.faults.refused_headers
            ):
                raise _RefusedError("[SERVERBUG] Internal error occurred")
            if uid in self.faults.bye_at | self.faults.bye_always_at:
                self.faults.bye_at.discard(uid)
                self._line.send(b"* BYE Server is going down\r\n")
                raise OverError
            for line in self.faults.unsolicited:
                self._line.send(line + b"\r\n")
            if uid in self.faults.no_response:
                continue
            response = render_fetch(numbers[uid], folder.messages[uid], items, self.faults)
            if uid in self.faults.cut_at and body:
                self._line.cut(response[: self.faults.cut_at.pop(uid)])
            self._line.send(response)
            if not self._read_only and re.search(r"BODY\[", items, re.IGNORECASE):
                folder.messages[uid].flags.add(r"\Seen")

    def _split_changedsince(self, items: str) -> tuple[str, int]:
        """The items, and the mod-sequence of CHANGEDSINCE (RFC 7162, section 3.1.4.1); 0 without."""
        found = re.search(r" \(CHANGEDSINCE (\d+)\)$", items, re.IGNORECASE)
        if found is None:
            return items, 0
        if "CONDSTORE" not in self.server.capabilities:
            raise _RefusedError("Unknown FETCH modifier")
        return items[: found.start()], int(found[1])


_BEFORE_LOGIN = frozenset({"CAPABILITY", "NOOP", "ID", "LOGOUT", "LOGIN", "AUTHENTICATE"})
