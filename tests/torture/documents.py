"""Broken documents, by the thousand: no reader may crash, hang, or take more than its limits.

    python tests/torture/documents.py --seconds 1200 [--seed 7]

Every document is a sound one of some kind, broken in up to four places, alone or packed in others. Each is read in a process with the
limits of trail's own readers; what kills one is printed with the numbers that make it again. At the end: how many were read, the
slowest, the most memory, and how many were found fault with.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import lzma
import os
import random
import resource
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "parse"), str(Path(__file__).parents[2])]

from documents_made import MADE, make_mail, make_tar, pack  # noqa: E402 - after the path

from trail.confinement import confine  # noqa: E402 - after the path
from trail.parse.documents import MEMORY, SECONDS, read_document  # noqa: E402 - after the path
from trail.parse.documents_budget import CHARACTERS  # noqa: E402 - after the path

ROUND = 250
"""Documents that one process reads, so that a crash costs few."""
SLOW = 5.0
"""Seconds from which a document is named."""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    asked.add_argument("--seconds", type=float, default=300)
    asked.add_argument("--seed", type=int, default=int(time.time()))
    asked.add_argument("--only", default="", help="a part of a name, as .tar")
    args = asked.parse_args()
    names = [name for name in MADE if args.only in name]
    until = time.monotonic() + args.seconds
    total: Counter[str] = Counter()
    slowest, number, failures = (0.0, ""), args.seed, 0
    while time.monotonic() < until:
        said, status = _read_round(names, number)
        for line in said:
            what, seconds, name = line.split("\t")
            total[what] += 1
            slowest = max(slowest, (float(seconds), f"{name} of seed {number}"))
            if float(seconds) > SLOW:
                print(f"slow: {name} of seed {number}: {seconds} s", flush=True)
        if status or len(said) < ROUND:
            failures += 1
            print(f"KILLED ({status}): document {len(said)} of seed {number}", flush=True)
        number += 1
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{sum(total.values()):,} documents, {total['sound']:,} read to the end; slowest {slowest[0]:.2f} s ({slowest[1]}); {most} MiB; {failures} failures")  # fmt: skip
    return 1 if failures else 0


def _read_round(names: list[str], seed: int) -> tuple[list[str], int]:
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        warnings.simplefilter("ignore")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        with os.fdopen(theirs, "w") as out:
            for number in range(ROUND):
                name, content = make(names, seed, number)
                confine(seconds=SECONDS, memory=MEMORY)
                began = time.process_time()
                text, problem = read_document(name, "application/octet-stream", content)
                assert len(text) <= CHARACTERS
                text.encode()
                print("broken" if problem else "sound", f"{time.process_time() - began:.3f}", name, sep="\t", file=out, flush=True)  # fmt: skip
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as told:
        said = [line.rstrip("\n") for line in told if line.endswith("\n")]
    return said, os.waitpid(child, 0)[1]


def make(names: list[str], seed: int, number: int) -> tuple[str, bytes]:
    """The same document for the same numbers."""
    chance = random.Random(seed * 1000 + number)
    name = chance.choice(names)
    content = MADE[name]
    if chance.random() < 0.4:  # something that is broken inside of something sound
        content = _break(chance, content)
        name, content = _pack(chance, name, content)
        if chance.random() < 0.7:
            return name, content
    return name, _break(chance, content)


def _pack(chance: random.Random, name: str, content: bytes) -> tuple[str, bytes]:
    match chance.randrange(6):
        case 0:
            return "a.zip", pack({name: content, "b.txt": "Worte"}, chance.choice((0, 8)))
        case 1:
            return "a.tar", make_tar({name: content, "b.txt": b"Worte"}, chance.choice((0, 1, 2)))
        case 2:
            return f"{name}.gz", gzip.compress(content, mtime=0)
        case 3:
            return f"{name}.xz", lzma.compress(content)
        case 4:
            return "a.tar.bz2", bz2.compress(make_tar({name: content}))
        case _:
            return "a.eml", make_mail("x", {name: content})


def _break(chance: random.Random, content: bytes) -> bytes:
    data = bytearray(content or b"x")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(7):
            case 0:
                del data[max(1, at) :]
            case 1:
                for _ in range(chance.randint(1, 20)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            case 2:
                data[at:at] = chance.randbytes(chance.randint(1, 40))
            case 3:
                other = chance.randrange(len(data))
                a, b = sorted((at, other))
                data[a:b] = data[a:b][::-1] if chance.random() < 0.5 else data[a:b] * 2
            case 4:  # a length that is a lie
                data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\0\0"))  # fmt: skip
            case 5:  # digits, as those of a header of a tar or of a PDF
                data[at : at + 11] = b"77777777777"
            case _:
                data[at:at] = bytes(data[at : at + 64]) * chance.randint(1, 2000)
    return bytes(data)


if __name__ == "__main__":
    raise SystemExit(main())
