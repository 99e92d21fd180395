"""What can be done to a bundle behind its sender's back."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trail.handoff.keys import SigningKey
from trail.handoff.seal import make_signature
from trail.handoff.verify import SIGNATURE, TAGMANIFEST, UNLISTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def reseal(root: Path) -> None:
    """Write new manifests, as somebody would who wants to hide a change."""
    files = sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink())
    payload = [p for p in files if p.is_relative_to(root / "data")]
    size = sum(p.stat().st_size for p in payload)
    info = root / "bag-info.txt"
    lines = [line for line in info.read_text().splitlines() if not line.startswith("Payload-Oxum")]
    info.write_text("\n".join([*lines, f"Payload-Oxum: {size}.{len(payload)}", ""]))
    for name, chosen in (
        ("manifest-sha256.txt", payload),
        (TAGMANIFEST, [p for p in files if p not in payload]),
    ):
        (root / name).write_text(
            "".join(
                f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(root).as_posix()}\n"
                for p in chosen
                if p.name not in UNLISTED
            )
        )


def sign_anew(root: Path) -> str:
    """Sign with another key; return its fingerprint."""
    key = SigningKey(Ed25519PrivateKey.generate())
    content = make_signature(key, (root / TAGMANIFEST).read_bytes())
    (root / SIGNATURE).write_bytes(content)
    return key.fingerprint


def find_emls(root: Path) -> list[Path]:
    return sorted((root / "data/eml").rglob("*.eml"))


def _swap(root: Path) -> None:
    one, two, *_ = find_emls(root)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def _change(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _link(root: Path) -> None:
    path = find_emls(root)[0]
    shutil.move(path, root.parent / "moved.eml")
    path.symlink_to(root.parent / "moved.eml")


def _rename(path: Path, name: str) -> None:
    path.rename(path.with_name(name))


def _add_line(root: Path, manifest: str, path: str) -> None:
    digest = hashlib.sha256(b"").hexdigest()
    _change(root / manifest, lambda b: b + f"{digest}  {path}\n".encode())


def _grow(path: Path) -> None:
    """Make a file of a terabyte that takes no room, where nobody lists it."""
    with path.open("xb") as file:
        file.truncate(1 << 40)


def _edit_and_reseal(root: Path) -> None:
    mail = find_emls(root)[0]
    _change(mail, lambda b: b.replace(b"easy", b"hard"))
    mbox = next((root / "data/mbox").iterdir())
    _change(mbox, lambda b: b.replace(b"easy", b"hard", 1))
    reseal(root)


def _remove_signature_and_reseal(root: Path) -> None:
    (root / SIGNATURE).unlink()
    _edit_and_reseal(root)


def _list_signature(root: Path) -> None:
    digest = hashlib.sha256((root / SIGNATURE).read_bytes()).hexdigest()
    _change(root / TAGMANIFEST, lambda b: b + f"{digest}  {SIGNATURE}\n".encode())


def _empty(root: Path) -> None:
    for path in (root / "data").rglob("*"):
        if path.is_file():
            path.unlink()
    reseal(root)


def _touch(path):
    path.touch()
    return path


def _copy_in_capitals(root: Path) -> None:
    path = find_emls(root)[0]
    path.with_name(path.name.upper()).write_bytes(b"Subject: another\n\n")


def _swap_attachments(root: Path) -> None:
    one, two, *_ = sorted(
        p for p in (root / "data/attachments").rglob("*") if p.is_file() and p.suffix != ".csv"
    )
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


MANIFEST = "manifest-sha256.txt"
TAMPERINGS: dict[str, Callable[[Path], object]] = {
    "an empty folder with a message of its own": lambda root: (
        root / "data" / "VOID since March"
    ).mkdir(),
    "an empty folder at the root": lambda root: (root / "new").mkdir(),
    "an empty folder where the mail is": lambda root: (root / "data/eml/new").mkdir(),
    "a message of the same name in capitals": _copy_in_capitals,
    "two attachments swapped": _swap_attachments,
    "the mbox cut": lambda r: _change(next((r / "data/mbox").iterdir()), lambda b: b[:-9]),
    "an attachment removed": lambda r: next((r / "data/attachments").rglob("*.pdf")).unlink(),
    "a list of files to fetch": lambda r: (r / "fetch.txt").write_text(
        "https://evil.example/x.eml 10 data/eml/x.eml\n"
    ),
    "a manifest of another hash": lambda r: (r / "manifest-md5.txt").write_text(""),
    "the declaration of another version": lambda r: _change(
        r / "bagit.txt", lambda b: b.replace(b"1.0", b"0.97")
    ),
    "bag-info cut": lambda r: _change(r / "bag-info.txt", lambda b: b[:-5]),
    "the tag manifest in CRLF": lambda r: _change(
        r / TAGMANIFEST, lambda b: b.replace(b"\n", b"\r\n")
    ),
    "the signature in CRLF": lambda r: _change(r / SIGNATURE, lambda b: b.replace(b"\n", b"\r\n")),
    "a timestamp that is none, and huge": lambda root: os.truncate(
        _touch(root / "timestamp.tsr"), 1 << 30
    ),
    "a message changed": lambda r: _change(find_emls(r)[0], lambda b: b[:-1] + b"!"),
    "a message truncated": lambda r: _change(find_emls(r)[0], lambda b: b[:-1]),
    "a message emptied": lambda r: _change(find_emls(r)[0], lambda b: b""),
    "a message removed": lambda r: find_emls(r)[0].unlink(),
    "two messages swapped": _swap,
    "a message renamed in case": lambda r: _rename(find_emls(r)[0], find_emls(r)[0].name.upper()),
    "a message as a link": _link,
    "a message as a folder": lambda r: (p := find_emls(r)[0], p.unlink(), p.mkdir(exist_ok=True)),
    "a file added to the mail": lambda r: (r / "data/eml/INBOX/more.eml").write_bytes(b"x"),
    "a file added at the root": lambda r: (r / "letter.html").write_bytes(b"x"),
    "a hidden file added": lambda r: (
        (r / "pages").mkdir(exist_ok=True) or (r / "pages/.x").write_bytes(b"x")
    ),
    "a page changed": lambda r: _change(r / "START-HERE.html", lambda b: b + b" "),
    "a page removed": lambda r: (r / "START-HERE.html").unlink(),
    "verify.py changed": lambda r: _change(r / "verify.py", lambda b: b + b"\n"),
    "a link to elsewhere added": lambda r: (r / "more").symlink_to(r.parent),
    "a pipe added": lambda r: os.mkfifo(r / "data/pipe"),
    "a huge file added": lambda r: _grow(r / "data/eml/huge.eml"),
    "the manifest cut": lambda r: _change(r / MANIFEST, lambda b: b[:-30]),
    "the manifest in CRLF": lambda r: _change(r / MANIFEST, lambda b: b.replace(b"\n", b"\r\n")),
    "the manifest doubled": lambda r: _change(r / MANIFEST, lambda b: b + b),
    "the manifest removed": lambda r: (r / MANIFEST).unlink(),
    "the tag manifest removed": lambda r: (r / TAGMANIFEST).unlink(),
    "the tag manifest changed": lambda r: _change(r / TAGMANIFEST, lambda b: b.upper()),
    "the tag manifest longer": lambda r: _change(r / TAGMANIFEST, lambda b: b + b"\n"),
    "a path that leaves": lambda r: _add_line(r, MANIFEST, "data/../../moved.eml"),
    "a path of Windows": lambda r: _add_line(r, MANIFEST, "data\\x"),
    "an escaped path": lambda r: _add_line(r, MANIFEST, "data/%2e%2e/x"),
    "the signature removed": lambda r: (r / SIGNATURE).unlink(),
    "the signature changed": lambda r: _change(
        r / SIGNATURE, lambda b: b[:-2] + (b"1\n" if b.endswith(b"0\n") else b"0\n")
    ),
    "the signature with a word": lambda r: _change(r / SIGNATURE, lambda b: b + b"Ok: yes\n"),
    "the signature of a link": lambda r: (
        shutil.move(r / SIGNATURE, r.parent / "s"),
        (r / SIGNATURE).symlink_to(r.parent / "s"),
    ),
    "the signature listed": _list_signature,
    "a fingerprint not the key's": lambda r: _change(
        r / SIGNATURE, lambda b: b.replace(b"Fingerprint: ", b"Fingerprint: A")
    ),
    "all changed, manifests made anew": _edit_and_reseal,
    "all changed, manifests made anew, not signed": _remove_signature_and_reseal,
    "all removed, manifests made anew": _empty,
}
"""Everything that somebody without the key can do."""
