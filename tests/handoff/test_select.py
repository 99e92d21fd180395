from __future__ import annotations

import pytest

from trail.handoff.select import Candidate, count_reasons, hold_back, judge, list_message_ids
from trail.model import Address, Envelope

ME = ("Me@Studio.example", "books@studio.example")
MINE = Address("from", "", "me@studio.example")
JANE = Address("to", "", "jane@acme.example")


def candidate(*addresses, clients=("acme",), inherited=False, message_id="1@studio.example"):
    return Candidate("k" * 64, Envelope(message_id, addresses=addresses), clients, inherited)


def test_a_message_to_the_client_goes_in(acme):
    assert judge(candidate(MINE, JANE), acme, ME) is None


def test_a_message_of_two_clients_stays_and_names_the_other_only_in_private(acme):
    verdict = judge(candidate(MINE, JANE, clients=("acme", "beta")), acme, ME)
    assert verdict.code == "shared"
    assert "beta" in verdict.reason_private
    assert "beta" not in verdict.reason_public
    assert not verdict.may_be_listed


def test_a_message_between_own_addresses_stays_whatever_their_case(acme):
    verdict = judge(candidate(MINE, Address("cc", "", "BOOKS@studio.example")), acme, ME)
    assert verdict.code == "internal"
    assert verdict.may_be_listed


def test_a_draft_without_recipients_is_internal(acme):
    assert judge(candidate(MINE), acme, ME).code == "internal"


def test_a_message_without_any_address_goes_in_when_a_rule_says_so(acme):
    assert judge(candidate(), acme, ME) is None
    assert judge(candidate(inherited=True), acme, ME).code == "thread-only"


@pytest.mark.parametrize(
    "address", ["stranger@other.example", "x@notacme.example", "x@acme.example.evil.example", ""]
)
def test_a_blind_copy_to_a_stranger_keeps_the_message_back(acme, address):
    verdict = judge(candidate(MINE, JANE, Address("bcc", "", address)), acme, ME)
    assert verdict.code == "blind-copy"
    assert not verdict.may_be_listed


@pytest.mark.parametrize(
    "address",
    ["me@studio.example", "boss@acme.example", "it@mail.ACME.example", "jane.private@mail.example"],
)
def test_a_blind_copy_to_oneself_or_the_client_is_no_obstacle(acme, address):
    assert judge(candidate(MINE, JANE, Address("bcc", "", address)), acme, ME) is None


def test_a_message_that_only_its_thread_ties_to_the_client_stays(acme):
    printer = Address("to", "", "print@printer.example")
    assert judge(candidate(MINE, printer, inherited=True), acme, ME).code == "thread-only"
    assert judge(candidate(MINE, printer, inherited=False), acme, ME) is None
    reply_to = Address("reply-to", "", "jane@acme.example")
    assert judge(candidate(MINE, printer, reply_to, inherited=True), acme, ME) is None


def test_a_blind_copy_and_a_shared_message_read_the_same_to_the_recipient(acme):
    shared = judge(candidate(MINE, JANE, clients=("acme", "beta")), acme, ME)
    blind = judge(candidate(MINE, JANE, Address("bcc", "", "x@other.example")), acme, ME)
    assert shared.reason_public == blind.reason_public


def test_a_message_id_is_listed_only_when_no_copy_of_it_is_confidential(acme):
    internal = candidate(MINE, message_id="internal@studio.example")
    twice = candidate(MINE, message_id="twice@studio.example")
    shared = candidate(MINE, JANE, clients=("acme", "beta"), message_id="twice@studio.example")
    held = [hold_back(c, judge(c, acme, ME)) for c in (internal, twice, shared)]
    assert list_message_ids(held) == ["internal@studio.example"]
    assert list(count_reasons(held).values()) == [2, 1]
