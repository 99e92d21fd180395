"""Whose message is it: rules, reasons, inheritance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.attribute.rules import attribute, covers_address, fingerprint_rules, inherit
from trail.model import Address, Attribution, Client, Envelope

ACME = Client(
    "acme",
    "Acme",
    addresses=("jane.private@mail.example",),
    domains=("acme.example",),
    folders=("Clients/Acme",),
    subjects=("[acme]",),
)
BOLT = Client("bolt", "Bolt", domains=("bolt.example", "xn--bcher-kva.example"))


def envelope(*pairs, subject=""):
    return Envelope(
        addresses=tuple(Address(role, "", address) for role, address in pairs), subject=subject
    )


def slugs(found):
    return [a.client for a in found]


@pytest.mark.parametrize("role", ["from", "sender", "reply-to", "to", "cc", "bcc", "delivered-to"])
def test_every_address_header_counts_and_is_named_in_the_reason(role):
    (found,) = attribute("k", envelope((role, "jane@acme.example")), (), [ACME, BOLT])
    assert found.client == "acme"
    assert found.reason.lower() == f"domain acme.example in {role}"
    assert not found.inherited


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ("jane@acme.example", True),
        ("jane@mail.acme.example", True),
        ("jane@a.b.acme.example", True),
        ("jane@acme.example.", True),
        ("jane@notacme.example", False),
        ("jane@acme.example.secure-pay.example", False),
        ("acme.example@other.example", False),
        ("jane@acme.example@other.example", False),
        ("jane.private@mail.example", True),
        ("notjane.private@mail.example", False),
        ("jane@mail.example", False),
        ("acme.example", True),
        ("", False),
        ("@", False),
    ],
)
def test_a_domain_takes_in_itself_and_its_subdomains_only(address, covered):
    assert (covers_address(ACME, address) is not None) is covered


@pytest.mark.parametrize(
    "address", ["eva@bücher.example", "eva@post.bücher.example", "eva@xn--bcher-kva.example"]
)
def test_a_domain_is_the_same_in_both_its_spellings(address):
    assert covers_address(BOLT, address) == "domain xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address", ["eva@\udcff.example", "eva@" + "ü" * 300, "eva@ß.example", "eva@\u2028"]
)
def test_a_domain_that_is_none_belongs_to_nobody(address):
    assert covers_address(BOLT, address) is None


@pytest.mark.parametrize(
    ("subject", "found"),
    [("Re: [ACME] offer", ["acme"]), ("[Acme]", ["acme"]), ("acme", []), ("[ac me]", []), ("", [])],
)
def test_a_mark_in_the_subject_is_found_in_any_case(subject, found):
    assert slugs(attribute("k", envelope(subject=subject), (), [ACME, BOLT])) == found


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("Clients/Acme", True),
        ("clients/ACME", True),
        ("Clients/Acme/2024", True),
        ("Clients/Acme2", False),
        ("Old/Clients/Acme", False),
        ("Clients", False),
    ],
)
def test_a_folder_rule_takes_in_the_folder_and_those_below_it(place, found):
    assert bool(attribute("k", Envelope(), [place], [ACME])) is found


def test_a_folder_name_is_the_same_composed_and_decomposed():
    client = Client("n", "N", folders=("Kunder/Nørre Åby",))
    assert attribute("k", Envelope(), ["Kunder/Nørre A\u030aby"], [client])


def test_a_message_may_belong_to_several_clients():
    found = attribute(
        "k", envelope(("to", "a@acme.example"), ("cc", "b@bolt.example")), (), [ACME, BOLT]
    )
    assert slugs(found) == ["acme", "bolt"]


def test_a_client_without_rules_has_no_mail():
    assert (
        attribute(
            "k", envelope(("to", "a@acme.example"), subject="x"), ["INBOX", ""], [Client("c", "C")]
        )
        == ()
    )


def given_to(client, key="p" * 64):
    return Attribution(key, client, "domain")


def test_a_reply_inherits_what_it_does_not_have():
    found = inherit("k", [given_to("acme", "k")], {"p" * 64: [given_to("acme"), given_to("bolt")]})
    assert [(a.key, a.client, a.inherited) for a in found] == [("k", "bolt", True)]


def test_nobody_inherits_from_himself():
    assert inherit("k", [], {"k": [given_to("acme", "k")]}) == ()


def test_two_parents_give_one_inheritance():
    parents = {name * 64: [given_to("acme", name * 64)] for name in "ba"}
    (found,) = inherit("k", [], parents)
    assert found.reason == "reply in the thread of " + "a" * 12


words = st.text("ab.@", max_size=12)
clients = st.lists(
    st.builds(
        Client,
        st.sampled_from(["a", "b", "c"]),
        st.just("N"),
        *[st.lists(words, max_size=2).map(tuple)] * 4,
    ),
    max_size=3,
    unique_by=lambda c: c.slug,
)
envelopes = st.builds(
    lambda who, subject: envelope(*(("to", a) for a in who), subject=subject),
    st.lists(words, max_size=3),
    words,
)


@given(envelopes, st.lists(words, max_size=2), clients)
def test_whatever_is_read_each_client_stands_once_with_a_reason(read, places, rules):
    found = attribute("k", read, places, rules)
    assert slugs(found) == [c.slug for c in rules if c.slug in slugs(found)]
    assert all(a.reason and not a.inherited for a in found)


@given(envelopes, st.lists(words, max_size=2), clients)
def test_one_clients_rules_never_change_anothers_mail(read, places, rules):
    together = attribute("k", read, places, rules)
    apart = [a for client in rules for a in attribute("k", read, places, [client])]
    assert list(together) == apart


@given(clients, st.randoms())
def test_the_fingerprint_knows_rules_not_their_order(rules, random):
    shuffled = [
        Client(
            c.slug,
            "other name",
            *(
                tuple(random.sample(part, len(part)))
                for part in (c.addresses, c.domains, c.folders, c.subjects)
            ),
        )
        for c in random.sample(rules, len(rules))
    ]
    assert fingerprint_rules(shuffled) == fingerprint_rules(rules)


def test_the_fingerprint_tells_every_rule_apart():
    variants = [
        Client("a", "A"),
        Client("b", "A"),
        *(
            Client("a", "A", **{field: ("x",)})
            for field in ("addresses", "domains", "folders", "subjects")
        ),
    ]
    assert (
        len({fingerprint_rules([v]) for v in variants} | {fingerprint_rules([])})
        == len(variants) + 1
    )
