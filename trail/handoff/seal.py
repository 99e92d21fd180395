"""What stands for a bundle: the signature over its tag manifest, and the moment an authority saw it.

In: the bytes of the tag manifest and a key; later, a folder of anybody's making. Out: signature.txt; whose key signed, or what
is wrong. Never: says that a bundle is genuine because of anything that only stands in the bundle.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from trail.handoff import verify
from trail.handoff.verify import SIGNATURE, TAGMANIFEST, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cryptography.x509 import Certificate

    from trail.handoff.keys import SigningKey
    from trail.handoff.timestamp import Stamp

VERIFIER = "verify.py"


@dataclass(frozen=True, slots=True)
class Signing:
    """What a bundle is sealed with. `stamp` asks an authority for a timestamp over some bytes; None where it gave none."""

    key: SigningKey
    stamp: Callable[[bytes], bytes | None] | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """What stands for a bundle, as far as it holds."""

    key: str = ""
    """Fingerprint of the key it is signed with; "" when the signature does not hold."""
    told: bool = False
    """Whether that is the key one was told."""
    stamp: Stamp | None = None
    problems: tuple[str, ...] = ()


def make_signature(key: SigningKey, tagmanifest: bytes) -> bytes:
    """The content of signature.txt."""
    return verify.format_signature(key.public, key.sign(tagmanifest))


def read_verifier() -> bytes:
    """The program that goes into the bundle."""
    return inspect.getsource(verify).encode()


def is_sealed(root: Path) -> bool:
    """Whether there is something that wants to be a signature."""
    return (root / SIGNATURE).is_file()


def check_seal(
    root: Path, told: str = "", authorities: Sequence[Certificate] | None = None
) -> Seal:
    """Check signature and timestamp of the bundle in `root`.

    `told` is the fingerprint the sender told; "" when it is not known. `authorities` are the certificates a timestamp must
    lead to; None when it does not matter whose it is.
    """
    check = verify.Check(str(root))
    check.check_signature(check.read[SIGNATURE], check.read[TAGMANIFEST])
    signature, tagmanifest = check.read[SIGNATURE] or b"", check.read[TAGMANIFEST] or b""
    problems = list(check.problems)
    if check.key and not _confirm(signature, tagmanifest):
        problems.append(f"{SIGNATURE}: does not hold")
    if told and check.key and told != check.key:
        problems.append(f"{SIGNATURE}: {verify.explain_key(check.key, told)}")
    stamp = None
    token = check.read_file(TIMESTAMP)
    if token is not None:
        from trail.handoff.timestamp import StampProblem, check_stamp  # noqa: PLC0415 - slow to import, and seldom needed

        try:
            stamp = check_stamp(token, signature, authorities)
        except StampProblem as problem:
            problems.append(f"{TIMESTAMP}: {problem}")
    held = check.key if not check.problems else ""
    return Seal(held, bool(told) and told == held, stamp, tuple(problems))


def _confirm(signature: bytes, tagmanifest: bytes) -> bool:
    """Ask a second implementation."""
    parts = verify.read_signature(signature)
    if parts is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(parts[0]).verify(parts[1], tagmanifest)
    except (InvalidSignature, ValueError):
        return False
    return True
