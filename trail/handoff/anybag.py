"""Whether a folder of anybody's making is a bag (RFC 8493), by the letter, and no stricter.

In: a folder. Out: its files, and findings by rule. Never: opens a path because a manifest names it, follows a link, fetches
anything, or reads more than a piece of a file at once.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.handoff.fixity import decode_path, is_inside, read_small, show, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trail.handoff.rules import Findings

_MANIFEST = re.compile(r"(tag)?manifest-([A-Za-z0-9_]+)\.txt")
_TAGMANIFEST = re.compile(r"tagmanifest-[^/]+\.txt")
_LINE = re.compile(rb"([0-9a-fA-F]+)[ \t]+\*?(\S[^\r\n]*)")
_FETCH = re.compile(rb"(\S+)[ \t]+([0-9]+|-)[ \t]+(\S[^\r\n]*)")
_PIECE = 1 << 16
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class AnyBag:
    """What a bag holds. Paths are as manifests have them, in NFC."""

    root: Path
    findings: Findings
    sizes: dict[str, int] = field(default_factory=dict)
    info: list[tuple[str, str]] = field(default_factory=list)
    tagmanifests: int = 0
    checked: int = 0

    @property
    def payload(self) -> list[str]:
        """The files in data/, in order."""
        return sorted(path for path in self.sizes if path.startswith("data/"))

    def values(self, label: str) -> list[str]:
        """The values of a field of bag-info.txt, ignoring case."""
        return [value for name, value in self.info if name.lower() == label.lower()]


def read_bag(root: Path, findings: Findings, on_file: Callable[[], None]) -> AnyBag:
    """Check the bag, and return it."""
    bag = AnyBag(root, findings)
    on_disk: dict[str, str] = {}
    for path, name, size in walk(root, lambda text: findings.report("special", text)):
        if name in on_disk:  # two spellings of one name: the second is in no manifest
            findings.report("unlisted", f"{show(path)}: is {show(on_disk[name])} in other letters")
        bag.sizes[name], on_disk[name] = size, path
    _check_declaration(bag)
    listings = [m for m in map(_MANIFEST.fullmatch, bag.sizes) if m]
    bag.tagmanifests = sum(bool(m[1]) for m in listings)
    if len(listings) == bag.tagmanifests:
        findings.report("manifest", "no manifest lists the payload")
    wanted = _read_manifests(bag, listings)
    for name, digests in wanted.items():
        if name not in bag.sizes:
            findings.report("missing", f"{show(name)}: missing", "the files")
        else:
            _compare(bag, on_disk[name], name, digests)
        bag.checked += 1
        on_file()
    _check_info(bag)
    _check_fetch(bag, wanted)
    return bag


def _read_manifests(bag: AnyBag, listings: list[re.Match[str]]) -> dict[str, dict[str, str]]:
    """The hashes of every path that is listed, by algorithm."""
    findings = bag.findings
    wanted: dict[str, dict[str, str]] = {}
    covered: Counter[str] = Counter()
    for match in sorted(listings, key=lambda m: m[0]):
        if match[2].lower() not in hashlib.algorithms_available or "shake" in match[2].lower():
            findings.report("manifest", f"{match[0]}: {match[2]} is no algorithm that is known")
        for path, digest in _read_manifest(bag, match[0], payload=not match[1]).items():
            wanted.setdefault(path, {})[match[2].lower()] = digest
            covered[path] += not match[1]
    needed = 1 if _is_old(bag.root) else len(listings) - bag.tagmanifests
    for name in bag.payload:
        if covered[name] < needed:
            findings.report(
                "unlisted", f"{show(name)}: not in every manifest of the payload", "data"
            )
    return wanted


def _is_old(root: Path) -> bool:
    return b"BagIt-Version: 0.97" in read_small(root / "bagit.txt")


def _check_declaration(bag: AnyBag) -> None:
    content = read_small(bag.root / "bagit.txt")
    lines = content.removeprefix(_BOM).replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    if not (bag.root / "data").is_dir():
        bag.findings.report("payload", "data: missing")
    if content.startswith(_BOM) or lines not in (
        [b"BagIt-Version: 1.0", b"Tag-File-Character-Encoding: UTF-8"],
        [b"BagIt-Version: 0.97", b"Tag-File-Character-Encoding: UTF-8"],
    ):
        bag.findings.report("declaration", "bagit.txt: does not declare BagIt 0.97 or 1.0 in UTF-8")


def _read_manifest(bag: AnyBag, name: str, *, payload: bool) -> dict[str, str]:
    rule = "manifest-line" if payload else "tagmanifest-line"
    entries: dict[str, str] = {}
    for number, line in _iter_lines(bag.root / name):
        found = _LINE.fullmatch(line)
        path = decode_path(found[2]) if found else None
        where = f"{name}: line {number}"
        if found is None or path is None:
            bag.findings.report(rule, f"{where} is not a hash and a path", name)
        elif not is_inside(path.removeprefix("./")):
            bag.findings.report("inside", f"{where} names {show(path)}, which leaves the bag", name)
        elif path.startswith("data/") is not payload or _TAGMANIFEST.fullmatch(path):
            bag.findings.report(rule, f"{where} names {show(path)}, which is not its to name", name)
        elif path in entries:
            bag.findings.report(rule, f"{where} names {show(path)} again", name)
        else:
            entries[path] = found[1].decode().lower()
    return entries


def _compare(bag: AnyBag, path: str, name: str, wanted: dict[str, str]) -> None:
    hashes = {
        algorithm: hashlib.new(algorithm)
        for algorithm in wanted
        if algorithm in hashlib.algorithms_available and "shake" not in algorithm
    }
    try:
        with (bag.root / path).open("rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                for digest in hashes.values():
                    digest.update(piece)
    except OSError as error:
        bag.findings.report(
            "altered", f"{show(name)}: cannot be read: {error.strerror}", "the files"
        )
        return
    for algorithm, digest in hashes.items():
        if digest.hexdigest() != wanted[algorithm]:
            text = f"{show(name)}: altered, its {algorithm} is not the one that is listed"
            bag.findings.report("altered", text, "the files")


def _check_info(bag: AnyBag) -> None:
    text = read_small(bag.root / "bag-info.txt").decode("utf-8", "replace").removeprefix("\ufeff")
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        label, colon, value = line.partition(":")
        if not line:
            continue
        if line[0] in " \t" and bag.info:
            bag.info[-1] = (bag.info[-1][0], f"{bag.info[-1][1]} {line.strip()}")
        elif not colon or not label.strip() or line[0] in " \t" or value[:1] not in ("", " ", "\t"):
            bag.findings.report(
                "info-line", f"bag-info.txt: line {number} is no label and value", "bag-info.txt"
            )
        else:
            bag.info.append((label.strip(), value.strip()))
    count = len(bag.payload)
    right = f"{sum(bag.sizes[name] for name in bag.payload)}.{count}"
    for value in bag.values("Payload-Oxum"):
        if value != right:
            bag.findings.report("oxum", f"bag-info.txt: Payload-Oxum is {show(value)}, not {right}")


def _check_fetch(bag: AnyBag, wanted: dict[str, dict[str, str]]) -> None:
    if "fetch.txt" not in bag.sizes:
        return
    for number, line in _iter_lines(bag.root / "fetch.txt"):
        found = _FETCH.fullmatch(line)
        path = decode_path(found[3]) if found else None
        if path is None or not is_inside(path) or path not in wanted or path[:5] != "data/":
            text = f"fetch.txt: line {number} is no address, length and listed path of the payload"
            bag.findings.report("fetch", text, "fetch.txt")


def _iter_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each line that is not empty, without its end; one that is too long comes in parts, which are no lines of a manifest."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_PIECE):
            number += 1
            line = line.removeprefix(_BOM) if number == 1 else line
            if line := line.removesuffix(b"\n").removesuffix(b"\r"):
                yield number, line
