"""When a bundle was signed, as an authority saw it (RFC 3161).

In: the bytes of signature.txt, and an authority's answer over them. Out: the moment, and who vouches for it.
Never: asks the network itself, or trusts a certificate because the answer brings it along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from trail.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from rfc3161_client import TimeStampRequest, TimeStampResponse


class StampProblem(ValueError):
    """A timestamp that does not hold; the text says why."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A timestamp that holds. `trusted` tells whether it leads to an authority that was named."""

    at: datetime
    authority: str
    trusted: bool


def make_request(content: bytes) -> TimeStampRequest:
    """Ask for a timestamp over `content`; only its SHA-256 is sent."""
    builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build()


def check_stamp(
    answer: bytes,
    content: bytes,
    authorities: Sequence[x509.Certificate] | None = None,
    nonce: int | None = None,
) -> Stamp:
    """Check an authority's answer over `content`. Raises StampProblem."""
    try:
        response = decode_timestamp_response(_sort_certificates(answer))
        signer, brought = _find_signer(response)
        at = response.tst_info.gen_time
        # first by the certificates it brings itself, which shows that it is whole; then by those that were named
        VerifierBuilder(roots=brought, nonce=nonce).build().verify_message(response, content)
        if authorities is not None:
            _check_authority(response, content, signer, authorities)
    except VerificationError as error:
        raise StampProblem(f"does not hold: {error}") from None
    except (KeyboardInterrupt, SystemExit, StampProblem):
        raise
    except BaseException as error:  # noqa: BLE001 - the library's Rust panics are no Exceptions
        raise StampProblem(f"is no timestamp ({type(error).__name__})") from None
    return Stamp(at, _name(signer), authorities is not None)


def read_authorities(path: Path) -> list[x509.Certificate]:
    """The certificates in a PEM file. Raises ConfigError."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(
            f"{path}: holds no certificates", "it must be a file of certificates in PEM form"
        ) from None


def _check_authority(
    response: TimeStampResponse,
    content: bytes,
    signer: x509.Certificate,
    authorities: Sequence[x509.Certificate],
) -> None:
    try:
        VerifierBuilder(roots=list(authorities)).build().verify_message(response, content)
    except (VerificationError, ValueError):  # ValueError: no authority at all
        raise StampProblem(
            f"its authority, {_name(signer)}, is not the one that was named"
        ) from None


def _find_signer(response: TimeStampResponse) -> tuple[x509.Certificate, list[x509.Certificate]]:
    brought = [x509.load_der_x509_certificate(der) for der in response.signed_data.certificates]
    signers = list(response.signed_data.signer_infos)
    fitting = [
        certificate
        for certificate in brought
        for signer in signers
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number)
    ]
    if len(signers) != 1 or len(fitting) != 1:
        raise StampProblem("does not say in one way who signed it")
    return fitting[0], brought


def _sort_certificates(answer: bytes) -> bytes:
    """Put the certificates an answer brings along in the order of DER, as the library insists on.

    Authorities that run `openssl ts` send the signer's first. The signature does not cover them, and no length changes.
    """
    place = (0, len(answer))
    # TimeStampResp, its token, the token's content, SignedData (RFC 3161, section 2.4.2; RFC 5652, sections 3 and 5.1)
    for tag, skip in ((0x30, 0), (0x30, 1), (0xA0, 1), (0x30, 0), (0xA0, 3)):
        inside = _list_values(answer, *place)
        if len(inside) <= skip or answer[inside[skip][0]] != tag:
            return answer
        place = inside[skip][1:]
    brought = sorted(answer[start:end] for start, _, end in _list_values(answer, *place))
    return answer[: place[0]] + b"".join(brought) + answer[place[1] :]


def _list_values(content: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """The DER values between two places: where each begins, where its content does, and where it ends; none if they do not fit."""
    found = []
    while start < end:
        inner, size = start + 2, content[start + 1] if start + 1 < end else 0
        if size & 0x80:
            inner += size & 0x7F
            size = int.from_bytes(content[start + 2 : inner], "big")
        if inner + size > end:
            return []
        found.append((start, inner, inner + size))
        start = inner + size
    return found


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()
