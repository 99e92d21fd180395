"""The verification of Ed25519 in verify.py: as RFC 8032 says, and never more generous than cryptography's."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.handoff.verify import _L, _P, _decode, _encode, fingerprint, is_signed

# RFC 8032, section 7.1: secret key, public key, message, signature
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
# the eight points of small order, and their second spellings (y = 0, 1 and -1 written above the field)
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def accepts(key, message, signature):
    """What cryptography says."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vectors_of_rfc_8032(vector):
    secret, key, message, signature = map(bytes.fromhex, vector)
    private = Ed25519PrivateKey.from_private_bytes(secret)
    assert private.public_key().public_bytes_raw() == key
    assert private.sign(message) == signature
    assert is_signed(key, message, signature)
    assert not is_signed(key, message + b"x", signature)
    assert not is_signed(key[::-1], message, signature)


def test_a_second_spelling_of_s_is_refused():
    _, key, message, signature = map(bytes.fromhex, VECTORS[1])
    s = int.from_bytes(signature[32:], "little")
    for multiple in (1, 2, 7):
        larger = s + multiple * _L
        if larger < 1 << 256:
            assert not is_signed(key, message, signature[:32] + larger.to_bytes(32, "little"))


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_a_key_for_which_anybody_can_sign_is_refused(key):
    key = bytes.fromhex(key)
    for number in range(60):  # with R = B·s, one message in eight fits such a key
        message = b"%d" % number
        for r in (*SMALL_ORDER, "5866666666666666666666666666666666666666666666666666666666666666"):
            s = 1 if r.startswith("58") else 0
            signature = bytes.fromhex(r) + s.to_bytes(32, "little")
            if number < 4 or accepts(key, message, signature):
                assert not is_signed(key, message, signature)


def test_such_a_key_would_be_taken_by_others():
    """The test above is about something: cryptography takes such a signature."""
    key = bytes.fromhex(SMALL_ORDER[0])
    base = bytes.fromhex("58" + "66" * 31)
    assert accepts(key, b"anything", base + (1).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65])
def test_wrong_lengths_are_refused(length):
    _, key, message, signature = map(bytes.fromhex, VECTORS[0])
    assert not is_signed((key * 3)[:length], message, signature)
    assert not is_signed(key, message, (signature * 2)[:length])


@pytest.mark.parametrize("y", [_P, _P + 1, _P + 18, 2, (1 << 255) - 1])
def test_what_encodes_no_point_or_one_in_two_ways_is_refused(y):
    encoded = y.to_bytes(32, "little")
    assert _decode(encoded) is None


@settings(max_examples=60)
@given(
    secret=st.binary(min_size=32, max_size=32),
    message=st.binary(max_size=200),
    bit=st.integers(0, 511),
    where=st.sampled_from(["nothing", "signature", "key", "message"]),
)
def test_it_says_what_cryptography_says(secret, message, bit, where):
    private = Ed25519PrivateKey.from_private_bytes(secret)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)

    def flip(content, at):
        changed = bytearray(content)
        changed[at // 8 % len(content)] ^= 1 << at % 8
        return bytes(changed)

    if where == "signature":
        signature = flip(signature, bit)
    elif where == "key":
        key = flip(key, bit)
    elif where == "message":
        message = flip(message or b"x", bit)
    assert is_signed(key, message, signature) is accepts(key, message, signature)
    assert is_signed(key, message, signature) is (where == "nothing")


@settings(max_examples=60)
@given(key=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
def test_what_it_takes_others_take(key, signature):
    assert not is_signed(key, b"", signature) or accepts(key, b"", signature)
    point = _decode(key)
    assert point is None or _encode(point) == key


def test_a_fingerprint_is_a_hundred_bits_of_the_hash():
    key = bytes.fromhex(VECTORS[0][1])
    letters = fingerprint(key).replace("-", "")
    number = 0
    for letter in letters:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    digest = int.from_bytes(hashlib.sha256(key).digest(), "big")
    assert number == digest >> 156
