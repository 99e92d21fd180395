"""Addresses and domains as rules compare them.

In: what a person wrote or a header said. Out: lower case, ASCII (IDNA) after the @.
Must never look anything up: no DNS, no files.
"""

from __future__ import annotations

import re

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\],;:\\\"@]{1,64}")
_LONGEST = 253
# IDNA 2003, which Python has, maps these to other letters; IDNA 2008 keeps them: two domains.
_AMBIGUOUS = frozenset("ßς\u200c\u200d")

_FREE = frozenset(
    """
    gmail.com googlemail.com icloud.com me.com mac.com msn.com aol.com aim.com mail.com
    email.com usa.com web.de freenet.de t-online.de arcor.de mailbox.org posteo.de
    posteo.net tutanota.com tutanota.de tuta.com tuta.io tutamail.com pm.me hey.com
    fastmail.com fastmail.fm hushmail.com rocketmail.com orange.fr wanadoo.fr free.fr
    laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it tiscali.it alice.it tin.it
    bluewin.ch hispeed.ch telenet.be skynet.be ziggo.nl kpnmail.nl xs4all.nl planet.nl
    home.nl telia.com jubii.dk mail.dk stofanet.dk online.no wp.pl o2.pl onet.pl interia.pl
    op.pl seznam.cz centrum.cz email.cz azet.sk ukr.net mail.ru bk.ru inbox.ru list.ru
    rambler.ru ya.ru comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net
    charter.net earthlink.net juno.com shaw.ca rogers.com sympatico.ca btinternet.com
    btopenworld.com virginmedia.com sky.com talktalk.net ntlworld.com blueyonder.co.uk
    bigpond.com optusnet.com.au xtra.co.nz uol.com.br bol.com.br terra.com.br qq.com
    foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com 139.com 189.cn
    naver.com hanmail.net daum.net nate.com rediffmail.com
    """.split()  # noqa: SIM905 - a list literal of a hundred lines reads worse
)
# Providers with a domain for each country: yahoo.co.uk, hotmail.fr, gmx.net.
_FREE_FAMILY = re.compile(
    r"(?:hotmail|live|outlook|yahoo|ymail|gmx|proton|protonmail|yandex|zoho|zohomail|inbox)"
    r"\.(?:com?\.)?[a-z]{2,3}"
)


def normalise_domain(text: str) -> str:
    """Return the domain in lower case and ASCII, without a leading "@" or "*.".

    Raises ValueError, saying in words what is wrong, when it cannot be a domain.
    """
    return normalise_host(text.strip().removeprefix("*.").removeprefix("@").removeprefix("."))


def normalise_address(text: str) -> str:
    """Return the address in lower case, its domain in ASCII.

    Raises ValueError, saying in words what is wrong, when it cannot be an address.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local):
        raise ValueError("is not an address such as jane@acme.example")
    try:
        return f"{local.lower()}@{normalise_host(domain)}"
    except ValueError:
        raise ValueError("is not an address such as jane@acme.example") from None


def normalise_host(text: str) -> str:
    """Return the name of a host or domain in lower case and ASCII; ValueError as above."""
    domain = text.removesuffix(".").lower()
    if not domain.isascii():
        if not _AMBIGUOUS.isdisjoint(domain):
            raise ValueError("must be written in its xn-- form, for there are two readings of it")
        try:
            domain = domain.encode("idna").decode("ascii").lower()
        except UnicodeError:
            raise ValueError("is not a domain") from None
    if len(domain) > _LONGEST or not all(_LABEL.fullmatch(part) for part in domain.split(".")):
        raise ValueError("is not a domain")
    return domain


def is_free_mail(domain: str) -> bool:
    """Whether strangers share this (normalised) domain, so that it tells nothing of a client."""
    return domain in _FREE or _FREE_FAMILY.fullmatch(domain) is not None


def covers(domain: str, address: str) -> bool:
    """Whether a rule for `domain` takes in `address`: the domain itself or any below it."""
    host = address.rpartition("@")[2]
    return host == domain or host.endswith("." + domain)
