#!/usr/bin/env python3
"""Check this hand-off: is every file as it was signed, is none missing or added, and whose signature is it?

    python3 verify.py                            asks for the sender's key
    python3 verify.py 7KQ2M-9XWDF-3HTPA-CEV8R    with the key, as the sender told you on the phone
    python3 verify.py --bundle FOLDER            another folder than the one this file lies in

Needs Python 3.8 or newer, and nothing else. Exit code 0: everything is as it was signed (and with that key); 1: it is not.
It reads only files that it finds in the folder, and never follows a link. Do not take the key from the folder itself:
whoever can write a bundle can write their own key, and their own verify.py, into it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import re
import sys
import unicodedata

TAGMANIFEST = "tagmanifest-sha256.txt"
MANIFEST = "manifest-sha256.txt"
SIGNATURE = "signature.txt"
TIMESTAMP = "timestamp.tsr"
UNLISTED = (TAGMANIFEST, SIGNATURE, TIMESTAMP)
"""Files at the root that no manifest can list: each follows from the one before."""
SMALL = 256 * 1024 * 1024
"""Bytes of a manifest at most."""
LARGEST_STAMP = 256 * 1024
"""Bytes of a timestamp at most: no manifest lists it."""
PIECE = 1 << 20
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is heard or read as another."""
REPARSE_LINKS = (0xA000000C, 0xA0000003)
"""Symbolic links and junctions of Windows."""
_LINE = re.compile(rb"([0-9a-f]{64})  ([^\r\n]+)")
LEFT = " (file managers leave such files: remove it and check again)"
_LEFT_BY_SYSTEMS = frozenset([".ds_store", "thumbs.db", "desktop.ini", ".localized"])


# Ed25519 (RFC 8032, section 5.1), verification only

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)


def _recover_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    return _P - x if x & 1 != sign else x


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _recover_x(_BASE_Y, 0) or 0
_BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)
_ZERO = (0, 1, 1, 0)


def _add(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    low, high = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    c, d = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = high - low, d - c, d + c, high + low
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(n: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    result = _ZERO
    while n:
        if n & 1:
            result = _add(result, point)
        point = _add(point, point)
        n >>= 1
    return result


def _encode(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(encoded: bytes) -> tuple[int, int, int, int] | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _recover_x(y, sign) if y < _P else None
    return None if x is None else (x, y, 1, x * y % _P)


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` is one of the Ed25519 public key `key` (32 bytes).

    Stricter than RFC 8032: no second spelling of S, R or the key, and no key of small order, for which anybody can sign.
    """
    if len(key) != 32 or len(signature) != 64:
        return False
    point, s = _decode(key), int.from_bytes(signature[32:], "little")
    if point is None or s >= _L or _encode(_multiply(8, point)) == _encode(_ZERO):
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    h = int.from_bytes(digest, "little") % _L
    minus = (_P - point[0], point[1], 1, _P - point[3])
    return _encode(_add(_multiply(s, _BASE), _multiply(h, minus))) == signature[:32]


# The key's fingerprint, and the signature's file


def fingerprint(key: bytes) -> str:
    """The first 100 bits of the key's SHA-256, fit to be read over the phone: `7KQ2M-9XWDF-3HTPA-CEV8R`."""
    number = int.from_bytes(hashlib.sha256(key).digest()[:13], "big") >> 4
    letters = "".join(ALPHABET[number >> shift & 31] for shift in range(95, -5, -5))
    return "-".join(letters[i : i + 5] for i in range(0, 20, 5))


def read_fingerprint(told: str) -> str:
    """A fingerprint as a person writes it (or a whole public key in hex), spelled as ours; "" when it is none."""
    plain = "".join(c for c in told.upper() if c not in " -.:\t\r\n")
    if re.fullmatch("[0-9A-F]{64}", plain):
        return fingerprint(bytes.fromhex(plain))
    plain = plain.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(plain) != 20 or any(c not in ALPHABET for c in plain):
        return ""
    return "-".join(plain[i : i + 5] for i in range(0, 20, 5))


def format_signature(key: bytes, signature: bytes) -> bytes:
    """The signature's file: there is one spelling only."""
    return (
        f"Signed-File: {TAGMANIFEST}\nSignature-Algorithm: Ed25519\nPublic-Key: {key.hex()}\n"
        f"Key-Fingerprint: {fingerprint(key)}\nSignature: {signature.hex()}\n"
    ).encode()


def read_signature(content: bytes) -> tuple[bytes, bytes] | None:
    """The public key and the signature; None when the file is not spelled as it must be."""
    found = re.search(rb"\nPublic-Key: ([0-9a-f]{64})\n.*\nSignature: ([0-9a-f]{128})\n\Z", content)
    if found is None:
        return None
    key, signature = bytes.fromhex(found[1].decode()), bytes.fromhex(found[2].decode())
    return (key, signature) if format_signature(key, signature) == content else None


# The bundle


class Check:
    """What was found in a bundle's folder."""

    def __init__(self, root: str) -> None:
        root = os.path.abspath(root)
        # without this mark Windows refuses paths of more than 260 characters
        marked = os.name != "nt" or root.startswith("\\\\")
        self.root = root if marked else "\\\\?\\" + root
        self.problems: list[str] = []
        self.files = self.messages = self.attachments = 0
        self.key = ""
        """The fingerprint of the key it is signed with; "" when it is not signed."""
        self.read = {name: self.read_file(name) for name in (SIGNATURE, TAGMANIFEST, MANIFEST)}

    def run(self) -> None:
        """Look at every file once."""
        if self.read[TAGMANIFEST] is None:
            self.problems.append(f"{TAGMANIFEST}: missing: this is no whole bundle")
            return
        self.check_signature(self.read[SIGNATURE], self.read[TAGMANIFEST])
        listed = self.read_manifest(TAGMANIFEST)
        for path, digest in self.read_manifest(MANIFEST).items():
            listed.setdefault(path, digest)
        self.check_names(listed)
        size = count = 0
        found: set[str] = set()
        for path, name, length in self.walk():
            self.files += 1
            left = name not in listed and bool(explain_addition(name))
            if name.startswith("data/") and not left:
                size, count = size + length, count + 1
            if name == TIMESTAMP and length > LARGEST_STAMP:
                self.problems.append(f"{name}: is too large to be one")
            if name in UNLISTED:
                continue
            if name not in listed or name in found:
                self.problems.append(f"{show(path)}: was added{explain_addition(path)}")
            elif self.hash_file(path, name) != listed[name]:
                self.problems.append(f"{show(path)}: was altered")
            if not left:
                found.add(name)
        self.problems += [f"{show(name)}: is missing" for name in sorted(set(listed) - found)]
        self.check_counts(found, f"{size}.{count}")

    def check_signature(self, content: bytes | None, signed: bytes | None) -> None:
        parts = None if content is None else read_signature(content)
        if content is None:
            self.problems.append(f"{SIGNATURE}: missing: nobody stands for this bundle")
        elif parts is None:
            self.problems.append(f"{SIGNATURE}: is not as trail writes it")
        elif not is_signed(parts[0], signed or b"", parts[1]):
            self.problems.append(f"{SIGNATURE}: does not fit: {TAGMANIFEST} is not what was signed")
        else:
            self.key = fingerprint(parts[0])

    def check_names(self, listed: dict[str, str]) -> None:
        spelled: dict[str, str] = {}
        for name in listed:
            other = spelled.setdefault(name.casefold(), name)
            if other != name:
                self.problems.append(f"{show(name)}: differs from {show(other)} in case only")

    def check_counts(self, found: set[str], oxum: str) -> None:
        info = (self.read_file("bag-info.txt") or b"").decode("utf-8", "replace")
        if f"\nPayload-Oxum: {oxum}\n" not in info:
            self.problems.append("bag-info.txt: Payload-Oxum is not what data/ holds")
        for name in sorted(n for n in found if re.fullmatch(r"mailbag(-[0-9]+)?\.csv", n)):
            text = (self.read_file(name) or b"").decode("utf-8", "replace")
            try:
                rows = [row[1:7:5] for row in csv.reader(io.StringIO(text, newline=""))]
            except csv.Error as error:
                self.problems.append(f"{name}: cannot be read: {error}")
                continue
            for row in rows:
                if row[:1] != ["Mailbag-Message-ID"]:
                    self.messages += 1
                    self.attachments += (
                        int(row[1]) if re.fullmatch("[0-9]{1,9}", "".join(row[1:])) else 0
                    )
        mails = sum(n.startswith("data/eml/") for n in found)
        files = sum(n.startswith("data/attachments/") for n in found)
        files -= sum(n.endswith("/attachments.csv") for n in found)
        if (self.messages, self.attachments) != (mails, files):
            self.problems.append(
                f"mailbag.csv: lists {self.messages} messages and {self.attachments} attachments, data/ holds {mails} and {files}"
            )

    def read_manifest(self, name: str) -> dict[str, str]:
        content = self.read[name]
        entries: dict[str, str] = {}
        if content is None:
            return entries
        if not content.endswith(b"\n"):
            self.problems.append(f"{name}: is cut off")
        for number, line in enumerate(content.split(b"\n")[:-1], 1):
            match = _LINE.fullmatch(line)
            path = "" if match is None else match[2].decode("utf-8", "replace")
            of_payload = path.startswith("data/")
            if match is None or not is_inside(path) or of_payload is not (name == MANIFEST):
                self.problems.append(f"{name}: line {number} is not one of its own")
            elif path in entries or path in UNLISTED:
                self.problems.append(f"{name}: line {number} must not be there")
            else:
                entries[path] = match[1].decode()
        return entries

    def walk(self) -> list[tuple[str, str, int]]:
        """Every file's path, the same as in a manifest, and its size."""
        files: list[tuple[str, str, int]] = []
        folders = [""]
        while folders:
            folder = folders.pop()
            try:
                entries = sorted(os.scandir(self.place(folder)), key=lambda entry: entry.name)
            except OSError as error:
                self.problems.append(f"{show(folder) or '.'}: cannot be read: {error.strerror}")
                continue
            if folder and not entries:  # its name may say something
                self.problems.append(f"{show(folder)}: an empty folder, was added")
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                state = entry.stat(follow_symlinks=False)
                linked = getattr(state, "st_reparse_tag", 0) in REPARSE_LINKS
                if linked or entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
                    self.problems.append(f"{show(path)}: is a link, or no file")
                elif entry.is_dir():
                    folders.append(path)
                else:
                    # some systems and ZIP programs decompose accents on the way
                    files.append((path, unicodedata.normalize("NFC", path), state.st_size))
        return files

    def place(self, path: str) -> str:
        return os.path.join(self.root, *path.split("/")) if path else self.root

    def read_file(self, name: str) -> bytes | None:
        """A small file whole; None when it is not there, no plain file, or larger than it may be."""
        path = self.place(name)
        try:
            state = os.lstat(path)
            if state.st_mode & 0o170000 != 0o100000 or state.st_size > SMALL:
                return None
            with open(path, "rb") as file:
                return file.read(SMALL)
        except OSError:
            return None

    def hash_file(self, path: str, name: str) -> str:
        content = self.read.get(name)
        if content is not None:
            return hashlib.sha256(content).hexdigest()  # the very bytes that were understood
        digest = hashlib.sha256()
        try:
            with open(self.place(path), "rb", buffering=0) as file:
                for piece in iter(lambda: file.read(PIECE), b""):
                    digest.update(piece)
        except OSError as error:
            self.problems.append(f"{show(path)}: cannot be read: {error.strerror}")
        return digest.hexdigest()


def is_inside(path: str) -> bool:
    """Whether a path of a manifest stays in the folder, on every system, and needs no unescaping."""
    parts = path.split("/")
    return not (
        any(part in ("", ".", "..") for part in parts)
        or any(c in path for c in '\\%:\0"<>|?*')
        or path != unicodedata.normalize("NFC", path)
        or "\ufffd" in path
    )


def explain_addition(path: str) -> str:
    """What to add about files that no sender, but the recipient's computer puts there."""
    name = path.rpartition("/")[2].lower()
    usual = name in _LEFT_BY_SYSTEMS or name.startswith("._")
    return LEFT if usual else ""


def show(path: str) -> str:
    """A path fit for a terminal: what does not print is escaped."""
    escaped = (
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in path
    )
    return "".join(escaped)


def explain_key(key: str, told: str) -> str:
    """That a bundle is signed with the key of the fingerprint `key`, and not of that which was told; and if that may be a slip."""
    differ = sum(letter != told[place] for place, letter in enumerate(key))
    near = {1: "; one letter differs", 2: "; two letters differ"}.get(differ, "")
    return f"the key you gave is {told}, signed with {key}{near}"


def give_verdict(check: Check, told: str) -> tuple[bool, list[str]]:
    """Whether all is well, and the words for it; `told` is the fingerprint the sender told, "" when it is not known."""
    wrong = list(check.problems)
    if told and check.key and told != check.key:
        wrong.insert(0, explain_key(check.key, told))
        if not check.problems:
            return False, [
                "THE KEY YOU GAVE IS NOT THE ONE THIS IS SIGNED WITH. Look for a slip in the key first.",
                f"  {wrong[0]}",
                "Ask the sender for it again, letter by letter. If it stays another, do not rely on this bundle.",
            ]
    if wrong:
        shown = [f"  {problem}" for problem in wrong[:20]]
        more = [f"  and {len(wrong) - 20} more"] if len(wrong) > 20 else []
        if check.key and all(problem.endswith(LEFT) for problem in wrong):
            return False, ["AS IT WAS SIGNED, BUT FOR FILES THAT WERE ADDED SINCE.", *shown, *more]
        return False, ["NOT AS IT WAS SIGNED. Do not rely on this bundle.", *shown, *more]
    counts = ((check.files, "file"), (check.messages, "message"), (check.attachments, "attachment"))
    what = ", ".join(f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in counts)
    if told:
        return True, [f"WHOLE, UNCHANGED, AND SIGNED WITH THE KEY YOU WERE TOLD: {what}."]
    return True, [
        f"WHOLE AND UNCHANGED SINCE IT WAS SIGNED: {what}.",
        f"Signed by key {check.key}. Whose key that is cannot be seen from here:",
        "compare it with what the sender told you, on the phone or in person, not with what stands in this folder.",
    ]


def main(words: list[str]) -> int:
    """Check, tell, and return the exit code."""
    parser = argparse.ArgumentParser(prog="verify.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("key", nargs="*", help="the key's fingerprint, as the sender told you")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--key", dest="told", default="", metavar="KEY", help="the same")
    parser.add_argument("--bundle", default=here, metavar="FOLDER", help="another folder")
    options = parser.parse_args(words)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    words = [*options.key, options.told]
    asked = not any(words) and sys.stdin is not None and sys.stdin.isatty()
    try:
        typed = input("Key the sender told you (Enter if none): ") if asked else "".join(words)
    except EOFError:
        typed = ""
    told = read_fingerprint(typed)
    if typed.strip() and not told:
        print("That is no key: 20 letters and digits, such as 7KQ2M-9XWDF-3HTPA-CEV8R.")
        return 1
    check = Check(options.bundle)
    try:
        check.run()
    except OSError as error:
        check.problems.append(f"{show(str(error.filename))}: cannot be read: {error.strerror}")
    well, lines = give_verdict(check, told)
    print("\n".join(lines))
    if asked and os.name == "nt":
        input("Press Enter to close.")  # opened by a click, the window would be gone
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
