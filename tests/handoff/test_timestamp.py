"""Timestamps: what an authority answers is checked against what was asked, and against the authority that was named."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from needs import give_up
from servers.authority import Authority, available

from trail.errors import ConfigError
from trail.handoff.seal import Signing, check_seal
from trail.handoff.timestamp import (
    StampProblem,
    check_stamp,
    make_request,
    read_authorities,
)
from trail.handoff.verify import SIGNATURE, TIMESTAMP

CONTENT = b"Signature: 00\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if not available():
        give_up("no openssl")
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    if not available():
        give_up("no openssl")
    return Authority(tmp_path_factory.mktemp("other"), "Another authority")


@pytest.fixture(scope="module")
def answered(authority):
    """A request and its answer."""
    request = make_request(CONTENT)
    return request, authority.stamp(request.as_bytes())


def test_a_stamp_tells_when_and_who_and_whether_that_is_the_one_named(answered, authority):
    request, answer = answered
    stamp = check_stamp(answer, CONTENT, read_authorities(authority.ca_file), request.nonce)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(hours=1)
    assert (stamp.authority, stamp.trusted) == ("A test authority", True)
    assert check_stamp(answer, CONTENT).trusted is False


def test_only_a_hash_is_sent(answered):
    request, _ = answered
    assert CONTENT[:9] not in request.as_bytes()
    assert len(request.as_bytes()) < 100


def test_a_stamp_over_something_else_is_refused(answered, authority):
    request, answer = answered
    with pytest.raises(StampProblem, match="Mismatch between messages"):
        check_stamp(answer, CONTENT + b"x")
    with pytest.raises(StampProblem, match="Nonce mismatch"):
        check_stamp(answer, CONTENT, nonce=request.nonce + 1)


def test_an_authority_that_is_not_the_one_named_is_refused_though_its_answer_brings_its_root(
    authority, other
):
    forged = other.stamp(make_request(CONTENT).as_bytes())
    assert check_stamp(forged, CONTENT).authority == "Another authority"
    for named in (read_authorities(authority.ca_file), []):
        with pytest.raises(StampProblem, match="Another authority, is not the one that was named"):
            check_stamp(forged, CONTENT, named)


@pytest.mark.parametrize("cut", [0, 1, 40, 400, -1])
def test_what_is_no_stamp_is_refused(answered, cut):
    with pytest.raises(StampProblem):
        check_stamp(answered[1][:cut], CONTENT)


def test_a_changed_byte_anywhere_is_refused_or_changes_nothing_that_is_told(answered, authority):
    request, answer = answered
    roots = read_authorities(authority.ca_file)
    right = check_stamp(answer, CONTENT, roots, request.nonce)
    refused = 0
    for at in range(0, len(answer), 7):
        changed = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        try:
            assert check_stamp(changed, CONTENT, roots, request.nonce) == right
        except StampProblem:
            refused += 1
    assert refused > len(answer) / 7 / 2


def test_a_refusal_of_the_authority_is_no_stamp(authority):
    refusal = authority.stamp(b"\x30\x03\x02\x01\x01")  # a request that asks for nothing
    with pytest.raises(StampProblem):
        check_stamp(refusal, CONTENT)


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_file_without_certificates_is_a_config_error(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        read_authorities(path)


def test_the_stamp_of_a_bundle_is_over_its_signature(
    make_bundle, make_item, authority, signing_key, tmp_path
):
    def stamp(content):
        return authority.stamp(make_request(content).as_bytes())

    made = make_bundle([make_item(1)], signing=Signing(signing_key, stamp))
    assert made.stamped is True
    roots = read_authorities(authority.ca_file)
    seal = check_seal(made.path, signing_key.fingerprint, roots)
    assert seal.problems == ()
    assert seal.stamp.trusted
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-data", made.path / SIGNATURE, "-in", made.path / TIMESTAMP,
         "-CAfile", authority.ca_file],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout, done
    (made.path / TIMESTAMP).write_bytes(stamp(b"something else"))
    assert check_seal(made.path).problems == (
        f"{TIMESTAMP}: does not hold: Mismatch between messages",
    )
    (made.path / TIMESTAMP).write_bytes(b"rubbish")
    assert "is no timestamp" in check_seal(made.path).problems[0]
    assert check_seal(made.path).stamp is None
