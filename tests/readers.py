"""How programs of others read an mbox: Python's own, mutt, and Thunderbird by the rules of its importer.

Each takes a file, and gives every message it finds, as bytes.
"""

from __future__ import annotations

import contextlib
import mailbox
import re
import shlex
import shutil
from typing import TYPE_CHECKING

from needs import give_up
from terminals import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIELD = re.compile(rb"[!-9;-~]+:")
_LONGEST_SENDER = 254


def read_with_python(path: Path) -> list[bytes]:
    """With `mailbox` of the standard library, which takes no quoting back."""
    with contextlib.closing(mailbox.mbox(path, create=False)) as box:
        return [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 - iterating gives messages


def read_with_mutt(path: Path, scratch: Path) -> bytes:
    """All messages with their From_ lines, one after the other, as mutt gives them to a command."""
    if shutil.which("mutt") is None:
        give_up("no mutt")
    out = scratch / "out"
    settings = "set pipe_decode=no pipe_split=no pipe_sep='' sort=mailbox-order mark_old=no auto_tag=yes wait_key=no quit=yes"
    keys = f"push '<tag-pattern>~A<enter><pipe-message>cat > {shlex.quote(str(out))}<enter><exit>'"
    command = ("mutt", "-n", "-F", "/dev/null", "-R", "-f", str(path), "-e", settings, "-e", keys)
    with contextlib.closing(Terminal(*command, kind="vt100")) as terminal:
        said = terminal.wait()
    assert terminal.code == 0, said
    return out.read_bytes()


def read_with_thunderbird(content: bytes) -> Iterator[tuple[str, str, bytes]]:
    """The sender and the time of each From_ line, and the message below it, by the rules of Thunderbird's reader.

    Those of MboxMsgInputStream in comm-central, `mailnews/`, in Thunderbird 128 and later, told anew:

    1. A message begins at a line that starts with `From `; in the middle of one, such a line counts only if at least two
       lines that start with a field's name and a colon follow, folded ones counting as one (or the file ends before).
    2. The line is dropped. Its first word is the sender, at most 254 bytes long, the rest a time of 22 to 32 bytes.
    3. Lines up to the first empty one are the head, and stay as they are.
    4. Of a line of the body that is some `>` and then `From `, one `>` is taken away.
    5. One empty line before the next message, or before the end, is dropped, unless it ends the head.
    """
    lines = content.splitlines(keepends=True) if b"\r" not in content else _split(content)
    starts = [n for n in range(len(lines)) if not n or _begins(lines, n)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        sender, _, time = lines[start].removeprefix(b"From ").strip().partition(b" ")
        fits = len(sender) <= _LONGEST_SENDER and 22 <= len(time) <= 32
        head = next((n for n in range(start + 1, end) if not lines[n].strip(b"\r\n")), end)
        body = lines[head + 1 : end]
        if body and body[-1] in (b"\n", b"\r\n"):
            body.pop()
        told = [re.sub(rb"^>(>*From )", rb"\1", line) for line in body]
        message = b"".join([*lines[start + 1 : head + 1], *told])
        yield (sender.decode(), time.decode(), message) if fits else ("", "", message)


def _split(content: bytes) -> list[bytes]:
    """Lines that end in LF: a bare CR ends none."""
    return re.findall(rb"[^\n]*\n|[^\n]+\Z", content)


def _begins(lines: list[bytes], number: int) -> bool:
    """Whether a new message begins at that line."""
    if not lines[number].startswith(b"From "):
        return False
    fields = 0
    for line in lines[number + 1 :]:
        if fields and line.startswith((b" ", b"\t")):
            continue
        if not _FIELD.match(line):
            return False
        fields += 1
        if fields == 2:
            return True
    return True
