"""Names of folders between the wire and people: modified UTF-7, raw UTF-8, or whatever it is.

Comes in: bytes of a server. Goes out: text, never lossy; and the bytes again, as the server spelled them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imapclient.imap_utf7 import decode as decode_utf7

from trail.fetch.source import FolderUnavailable

if TYPE_CHECKING:
    from trail.fetch.source import RemoteFolder


def decode_folder(raw: bytes, delimiter: object) -> str:
    """A folder's name: modified UTF-7 (RFC 3501, section 5.1.3), raw UTF-8, or whatever it is, never lossy."""
    try:
        name = decode_utf7(raw) if raw.isascii() else raw.decode("utf-8")
        name.encode()
    except (UnicodeError, ValueError):
        name = "".join(chr(byte) if byte < 0x80 else f"\\x{byte:02x}" for byte in raw)  # noqa: PLR2004 - the end of ASCII
    separator = to_text(delimiter) if delimiter else ""
    return (
        name.replace("/", "\u2215").replace(separator, "/")
        if separator and separator != "/"
        else name
    )


def spell(folder: RemoteFolder) -> str:
    """The name as it goes over the wire."""
    if (
        b"\r" in folder.raw or b"\n" in folder.raw or b"\0" in folder.raw
    ):  # would end our command and begin another
        raise FolderUnavailable(
            f"{folder.name!r}: a folder name with a line break cannot be opened"
        )
    return folder.raw.decode("latin-1")


def to_bytes(value: object) -> bytes:
    """An atom as it came over the wire; IMAPClient makes a number of some."""
    return value if isinstance(value, bytes) else str(value).encode()


def to_text(value: object) -> str:
    """The same as text, whatever its bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
