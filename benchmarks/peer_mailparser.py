"""What a hand-off is held against: mail-parser reads each message of a client of an archive once, in two processes.

`python benchmarks/peer_mailparser.py ARCHIVE CLIENT` prints how many it read.
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import mailparser

from trail.archive.store import open_archive


def read(path: Path) -> int:
    """Read a message, and give its size."""
    content = path.read_bytes()
    mailparser.parse_from_bytes(content)
    return len(content)


def main() -> None:
    root, client = Path(sys.argv[1]), sys.argv[2]
    with open_archive(root) as archive:
        keys = archive.facts.client_keys(client)
        paths = [root / message.path for message in archive.facts.find_messages(keys).values()]
    with multiprocessing.Pool(2) as pool:
        sizes = list(pool.imap_unordered(read, paths, chunksize=50))
    print(f"{len(sizes)} messages, {sum(sizes)} bytes")


if __name__ == "__main__":
    main()
