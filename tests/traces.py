"""Looking for words in everything that lies below some folders: in the raw bytes, in names, and in whatever is compressed by zlib.

Knows nothing of trail's formats: every place that may begin a zlib stream is tried.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

_STREAM = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_LONGEST = 1 << 24


def find_traces(words, *roots):
    """{word: files} of every word that is anywhere, whatever its capitals; roots are folders or files."""
    wanted = {word: word.lower().encode() for word in words}
    found = {}
    for path in (p for root in map(Path, roots) for p in [root, *sorted(root.rglob("*"))]):
        texts = [path.name.lower().encode(), *(_read(path) if path.is_file() else ())]
        for word, wanted_bytes in wanted.items():
            if any(wanted_bytes in text for text in texts):
                found.setdefault(word, set()).add(path.name)
    return found


def _read(path):
    content = path.read_bytes()
    yield content.lower()
    for match in _STREAM.finditer(content):
        try:
            yield zlib.decompressobj().decompress(content[match.start() :], _LONGEST).lower()
        except zlib.error:
            continue
