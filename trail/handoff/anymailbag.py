"""Whether a folder of anybody's making is a mailbag, rule by rule (Mailbag 1.0): what is common to the whole of it.

In: a folder. Out: a Verification that names the section each problem breaks. Needs no archive. Never: raises because of what
it finds, or holds others to the rules trail has for itself. Messages and attachments: trail.handoff.anymessages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.handoff.anybag import read_bag
from trail.handoff.anyinfo import check_info
from trail.handoff.anymessages import check_messages
from trail.handoff.fixity import is_inside, read_small, show
from trail.handoff.rules import FORMATS, Findings, has_format
from trail.model import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trail.handoff.anybag import AnyBag

_TABLE = re.compile(r"mailbag(-[0-9]+)?\.csv")
_BAGITS = re.compile(
    r"bagit\.txt|bag-info\.txt|fetch\.txt|(tag)?manifest-.*\.txt|.*_not_retained\.txt"
)
_BOM = b"\xef\xbb\xbf"
_PIECE = 1 << 20


def verify_any(path: Path, on_progress: Callable[[int], None] | None = None) -> Verification:
    """Check the mailbag in the folder `path`; `on_progress` is told how many files were hashed."""
    findings = Findings()
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if on_progress:
            on_progress(done)

    try:
        bag = read_bag(path, findings, count)
        _check_tag_files(bag)
        check_info(bag)
        _check_folders(bag)
        message_ids, folders = check_messages(bag)
        _check_not_retained(bag, message_ids, folders)
    except OSError as error:
        findings.problems.append(
            f"{show(str(error.filename or path))}: cannot be read: {error.strerror}"
        )
    findings.finish()
    return Verification(done, tuple(findings.problems), tuple(findings.advice), ours=False)


def _check_tag_files(bag: AnyBag) -> None:
    for name in ("bag-info.txt",):
        if name not in bag.sizes:
            bag.findings.report("tag-files", f"{name}: missing")
    if not bag.tagmanifests:
        bag.findings.report("tag-files", "no tag manifest")
    if not any(map(_TABLE.fullmatch, bag.sizes)):
        bag.findings.report("tag-files", "mailbag.csv: missing")
    defined = (n for n in bag.sizes if _BAGITS.fullmatch(n) or _TABLE.fullmatch(n))
    for name in sorted(defined):
        decodes, has_cr, bom = _read_text(bag.root / name)
        if not decodes and not _TABLE.fullmatch(name):  # a table's row is named below
            bag.findings.report("utf-8", f"{name}: is not UTF-8")
        if bom:
            bag.findings.report("bom", f"{name}: begins with a byte order mark")
        if has_cr and not _TABLE.fullmatch(name):
            bag.findings.report("lf", f"{name}: has lines that do not end in LF alone")


def _read_text(path: Path) -> tuple[bool, bool, bool]:
    """Whether a file is UTF-8, has a CR, begins with a mark; read in pieces."""
    import codecs  # noqa: PLC0415 - for a foreign bag only

    decoder = codecs.getincrementaldecoder("utf-8")()
    decodes, has_cr, bom = True, False, False
    with path.open("rb") as file:
        first = True
        while piece := file.read(_PIECE):
            bom = piece.startswith(_BOM) if first else bom
            first = False
            has_cr = has_cr or b"\r" in piece
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                decodes = False
                break
        if decodes:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                decodes = False
    return decodes, has_cr, bom


def _check_folders(bag: AnyBag) -> None:
    data = bag.root / "data"
    if data.is_symlink() or not data.is_dir():
        return
    found = set()
    for entry in sorted(data.iterdir()):
        name = entry.name
        if entry.is_symlink():
            continue  # named already
        if not entry.is_dir() or name not in (*FORMATS, "attachments"):
            bag.findings.report(
                "formats", f"data/{show(name)}: not one of Mailbag's format folders"
            )
        elif name != "attachments":
            found.add(name)
    if not found:
        bag.findings.report("formats", "data: has no format folder")
    source = next(iter(bag.values("Mailbag-Source")), "").lower()
    for name in sorted(found):
        _check_format(bag, name, is_source=name == source)


def _check_format(bag: AnyBag, name: str, *, is_source: bool) -> None:
    files = [path for path in bag.payload if path.startswith(f"data/{name}/")]
    right = [path for path in files if has_format(path, name)]
    if not right:
        bag.findings.report("format-content", f"data/{name}: holds no {name} file")
    for path in files:
        if not has_format(path, name):
            if not is_source:
                bag.findings.report(
                    "format-content", f"{show(path)}: is no {name} file", f"data/{name}"
                )
        elif not _looks_like(bag, path, name):
            bag.findings.report(
                "format-content", f"{show(path)}: does not begin as {name} does", f"data/{name}"
            )


_BEGINNINGS = {
    "mbox": (b"From ",),
    "pst": (b"!BDN",),
    "msg": (b"\xd0\xcf\x11\xe0",),
    "pdf": (b"%PDF-",),
    "warc": (b"WARC/", b"\x1f\x8b"),
}


def _looks_like(bag: AnyBag, path: str, name: str) -> bool:
    beginnings = _BEGINNINGS.get(name)
    if beginnings is None or (name == "mbox" and bag.sizes[path] == 0):
        return True
    content = read_small(bag.root / path, 8)
    return not content or content.startswith(beginnings)  # empty: spelled otherwise on the disk


def _check_not_retained(bag: AnyBag, message_ids: set[str], folders: set[str]) -> None:
    for name in ("messages_not_retained.txt", "folders_not_retained.txt"):
        if name not in bag.sizes:
            continue
        text = read_small(bag.root / name).decode("utf-8", "replace").removeprefix("\ufeff")
        for number, ended in enumerate(text.removesuffix("\n").split("\n"), 1):
            where, line = f"{name}: line {number}", ended.removesuffix("\r")
            if name.startswith("messages"):
                if not line or line != line.strip():
                    bag.findings.report("not-retained", f"{where} is no Message-ID", name)
                elif line.strip("<>") in message_ids:
                    bag.findings.report(
                        "not-retained", f"{where} names a message that is in the mailbag", name
                    )
            elif not is_inside(line):
                bag.findings.report("not-retained", f"{where} is no relative path", name)
            elif line in folders:
                bag.findings.report(
                    "not-retained", f"{where} names a folder that is in the mailbag", name
                )
