"""The fields of a part come in; what they say of its kind, name and encoding goes out (RFC 2045, 2183).

Parameters are read by the standard library, one header at a time and cut to a length it can bear.
Must never raise, and never give out a name as a path.
"""

from __future__ import annotations

import contextlib
import re
from email.message import Message
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from trail.parse.charsets import clean
from trail.parse.headers import decode_words, unfold

if TYPE_CHECKING:
    from trail.parse.headers import Field

_COMMENT = re.compile(r"\([^()]*\)")
# The standard library splits parameters in quadratic time.
_LIMIT = 8192
_NAME_LIMIT = 1000


class Mime(NamedTuple):
    """What a part says of itself. All in lower case but `boundary`, `filename` and `content_id`."""

    mime_type: str = "text/plain"
    charset: str = ""
    boundary: bytes = b""
    disposition: str = ""
    encoding: str = ""
    filename: str = ""
    content_id: str = ""


def read_mime(fields: list[Field], default_type: str, charset: str) -> Mime:
    """Read the MIME fields of a part; `charset` is what its raw 8-bit names are likely in."""
    raw: dict[str, bytes] = {}
    for field in fields:
        if field.name.startswith("content-"):
            raw.setdefault(field.name, field.value[:_LIMIT])
    if not raw:
        return Mime(default_type)
    mime_type, about = _read_parameters(raw.get("content-type"), default_type)
    disposition, placed = _read_parameters(raw.get("content-disposition"), "")
    no_name = (b"", "")
    name = placed.get("filename") or about.get("name") or placed.get("name") or no_name
    encoding = _COMMENT.sub("", unfold(raw.get("content-transfer-encoding", b"")))
    return Mime(
        mime_type=mime_type,
        charset=about.get("charset", (b"", ""))[0].decode("ascii", "replace").lower(),
        boundary=about.get("boundary", (b"", ""))[0].rstrip(),
        disposition=disposition,
        encoding=encoding.lower().partition(";")[0].strip(" \t\"'"),
        filename=decode_words(unfold(name[0], name[1] or charset))[:_NAME_LIMIT],
        content_id=unfold(raw.get("content-id", b"")).strip("<> ")[:_NAME_LIMIT],
    )


@lru_cache(256)
def _read_parameters(value: bytes | None, default: str) -> tuple[str, dict[str, tuple[bytes, str]]]:
    """Give the value before the parameters, and of each parameter its bytes and their charset; not to be changed."""
    if value is None:
        return default, {}
    message = Message()
    # Latin-1 keeps every byte one character, so that each can be had back.
    message["Content-Type"] = " ".join(value.decode("latin-1").split("\r\n")).replace("\n", " ")
    found: dict[str, tuple[bytes, str]] = {}
    # RFC 2231 continuations with absurd numbers or charsets make the standard library raise.
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        # RFC 2231 makes a triple of charset, language and text; the stubs do not know.
        parameters: list[tuple[str, Any]] = list(message.get_params(failobj=[]))
        for name, given in parameters[1:]:
            charset, text = (given[0], given[2]) if isinstance(given, tuple) else ("", given)
            # Where a name is given twice, RFC 2231 tells the better one (RFC 6266, section 4.3).
            if name.lower() not in found or isinstance(given, tuple):
                found[name.lower()] = (text.encode("latin-1", "replace"), charset or "")
    head = message["Content-Type"].partition(";")[0].strip().lower()
    if default and head.count("/") != 1:
        # RFC 2045, section 5.2: what cannot be read is plain text.
        head = "text/plain"
    return clean(head.encode("ascii", "replace").decode("ascii")), found
