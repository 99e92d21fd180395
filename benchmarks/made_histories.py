"""Made-up correspondence with many clients over years, of which it is known who waits for whom in the end.

Questions, requests, promises, answers and thanks in four languages, two people of ours, two or three of each client's,
answers of programs and newsletters between them. Everything is drawn from a fixed seed: equal numbers give equal bytes.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, NamedTuple

from trail.model import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20261122
END = datetime(2026, 11, 20, 16, tzinfo=UTC)
"""When the correspondence breaks off."""
YEARS = 8
ME = ("me@studio.example", "mia@studio.example")
LANGUAGES = ("en", "en", "da", "de", "fr")
_PEOPLE = (
    "Jane Holt",
    "Ole Krag",
    "Petra Vogel",
    "Luc Martin",
    "Ann Berg",
    "Tom Reed",
    "Eva Lind",
    "Karl Busch",
)

_GREETING = {
    "en": "Hi {name},",
    "da": "Hej {name},",
    "de": "Guten Tag {name},",
    "fr": "Bonjour {name},",
}
_CLOSING = {
    "en": "Best regards",
    "da": "Venlig hilsen",
    "de": "Mit freundlichen Grüßen",
    "fr": "Cordialement",
}
_FILLING = {
    "en": (
        "We talked about this at the meeting in the office last week, and everybody liked the first draft of it.",
        "The printer has told us that the paper we had in mind is not made any more, so we looked at another one.",
        "I have attached what we have so far, with the notes that came in from the people in the other office.",
        "The numbers are the ones from the spring, and they have not changed since then as far as we know.",
        "There was a long discussion about the colours, which is now over, and the blue one stays as it is.",
        "It took a little longer than we had thought, because two of us were away for most of the month.",
    ),
    "da": (
        "Vi talte om det på mødet i sidste uge, og alle var glade for det første udkast til siden.",
        "Trykkeriet siger at papiret ikke bliver lavet mere, så vi har set på et andet som er lige så godt.",
        "Jeg har vedhæftet det vi har indtil nu sammen med de noter der kom fra de andre på kontoret.",
        "Tallene er dem fra foråret, og de har ikke ændret sig siden så vidt vi ved.",
    ),
    "de": (
        "Wir haben in der letzten Woche auf dem Treffen darüber gesprochen, und allen hat der erste Entwurf gefallen.",
        "Die Druckerei sagt, dass es das Papier nicht mehr gibt, und wir haben uns ein anderes angesehen.",
        "Im Anhang ist das, was wir bisher haben, mit den Notizen aus dem anderen Büro.",
        "Die Zahlen sind die aus dem Frühjahr und haben sich seitdem nicht geändert.",
    ),
    "fr": (
        "Nous en avons parlé à la réunion de la semaine dernière, et le premier projet a plu à tout le monde.",
        "L'imprimeur nous dit que le papier n'est plus fabriqué, et nous en avons regardé un autre.",
        "Vous trouverez dans la pièce jointe ce que nous avons pour le moment avec les notes de l'autre bureau.",
        "Les chiffres sont ceux du printemps et n'ont pas changé depuis.",
    ),
}  # fmt: skip
_ASKING = {
    "en": ("Could you please send us the signed contract?", "When can we expect the next version of the site?", "Can you tell me which of the two logos we should use?"),
    "da": ("Kan du sende os den underskrevne kontrakt?", "Hvornår kan vi få den næste version af siden?", "Hvilket af de to logoer skal vi bruge?"),
    "de": ("Können Sie uns den unterschriebenen Vertrag schicken?", "Wann können wir mit der nächsten Version rechnen?", "Welches der beiden Logos sollen wir nehmen?"),
    "fr": ("Pourriez-vous nous envoyer le contrat signé ?", "Quand pouvons-nous attendre la prochaine version du site ?", "Quel logo devons-nous prendre pour la page ?"),
}  # fmt: skip
_PROMISING = {
    "en": "I will get back to you on {day} with the rest.",
    "da": "Jeg vender tilbage {day} med resten.",
    "de": "Ich melde mich bis {day} bei Ihnen mit dem Rest.",
    "fr": "Je reviens vers vous avant le {day} avec le reste.",
}
_THANKING = {
    "en": "Thank you, that is all we needed.",
    "da": "Tak, det var alt hvad vi skulle bruge.",
    "de": "Vielen Dank, das ist alles, was wir gebraucht haben.",
    "fr": "Merci, c'est tout ce dont nous avions besoin.",
}
_TELLING = {
    "en": "It is the second one, and it is in the folder now.",
    "da": "Det er den anden, og den ligger i mappen nu.",
    "de": "Es ist das zweite, und es liegt jetzt im Ordner.",
    "fr": "C'est le deuxième, et il est dans le dossier maintenant.",
}
_AWAY = {
    "en": "I am out of the office until Monday.",
    "da": "Jeg er ikke på kontoret før mandag.",
    "de": "Ich bin im Urlaub und ab Montag wieder da.",
    "fr": "Je suis actuellement absent jusqu'à lundi.",
}
_MONTHS = {
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_SUBJECTS = ("The contract", "Logo, second round", "Budget", "Website texts", "Photographs", "Spring catalogue", "Signs for the shop", "Newsletter")  # fmt: skip


class Letter(NamedTuple):
    """A message as it lies on a server. `received_at` is when it came there."""

    client: str
    received_at: datetime
    content: bytes


class Owed(NamedTuple):
    """A word that is owed when the correspondence breaks off: by whom ("us" or "them"), why, and by which message."""

    client: str
    by: str
    kind: str
    message_id: str


def make_clients(count: int = 80) -> list[Client]:
    """Clients with one, two or three domains each."""
    return [
        Client(f"client{n:02}", f"Client {n:02}", domains=tuple(f"c{n:02}{x}.example" for x in "abc"[: n % 3 + 1]))
        for n in range(count)
    ]  # fmt: skip


def make_histories(count: int, clients: int = 80) -> Iterator[tuple[list[Letter], list[Owed]]]:
    """Yield conversations until there are about `count` messages."""
    chance = random.Random(SEED)
    made, number = 0, 0
    own = make_clients(clients)
    while made < count:
        letters, ending = _make_conversation(
            chance, own[int(clients * chance.random() ** 1.5)], number
        )
        made += len(letters)
        number += 1
        yield letters, ending


def _make_conversation(
    chance: random.Random, client: Client, number: int
) -> tuple[list[Letter], list[Owed]]:
    language = LANGUAGES[int(client.slug[-2:]) % len(LANGUAGES)]
    people = [_make_person(client, n) for n in range(int(client.slug[-2:]) % 3 + 1)]
    at = END - timedelta(days=365 * YEARS * chance.random(), hours=1)
    subject = f"{chance.choice(_SUBJECTS)} {number}"
    length = min(1 + int(chance.expovariate(1 / 6)), 60)
    chain: list[str] = []
    letters: list[Letter] = []
    theirs = chance.random() < 0.6
    owed: list[Owed] = []
    for step in range(length):
        person, me = chance.choice(people), ("Mia Studio", chance.choice(ME))
        sender, to = (person, me) if theirs else (me, person)
        drawn = chance.random()
        last = step == length - 1
        act = (
            "asks"
            if drawn < 0.5
            else "tells"
            if drawn < 0.8
            else "thanks"
            if drawn < 0.92
            else "promises"
        )
        if not chain and act in ("thanks", "promises"):
            act = "asks"
        message_id = f"{number}.{step}@{sender[1].partition('@')[2]}"
        letters.append(
            _write(chance, client, language, sender, to, subject, chain, message_id, act, at)
        )
        chain.append(message_id)
        if (
            theirs and chance.random() < 0.04
        ):  # a program answers for us, at once; nobody waits for less because of it
            away = f"{number}.{step}.away@studio.example"
            letters.append(
                _write(
                    chance,
                    client,
                    language,
                    me,
                    person,
                    subject,
                    chain,
                    away,
                    "away",
                    at + timedelta(minutes=1),
                )
            )
        author, reader = ("them", "us") if theirs else ("us", "them")
        owed = [one for one in owed if one.by != author]
        if act == "asks":
            owed.append(Owed(client.slug, reader, "question", message_id))
        elif act == "promises":
            owed.append(Owed(client.slug, author, "promise", message_id))
        at += timedelta(hours=chance.expovariate(1 / 30) + 0.2)
        if at >= END or last:
            break
        theirs = not theirs
    return letters, owed


def _make_person(client: Client, n: int) -> tuple[str, str]:
    name = _PEOPLE[(int(client.slug[-2:]) + n) % len(_PEOPLE)]
    return name, f"{name.split()[0].lower()}@{client.domains[n % len(client.domains)]}"


def _write(
    chance: random.Random,
    client: Client,
    language: str,
    sender: tuple[str, str],
    to: tuple[str, str],
    subject: str,
    chain: list[str],
    message_id: str,
    act: str,
    at: datetime,
) -> Letter:
    said = {
        "asks": lambda: chance.choice(_ASKING[language]),
        "tells": lambda: _TELLING[language],
        "thanks": lambda: _THANKING[language],
        "promises": lambda: _PROMISING[language].format(
            day=_name_day(at + timedelta(days=5), language)
        ),
        "away": lambda: _AWAY[language],
    }[act]()
    filling = (
        " ".join(chance.choices(_FILLING[language], k=chance.randint(1, 12)))
        if act != "away"
        else ""
    )
    quoted = (
        f"\r\n\r\n> {chance.choice(_FILLING[language])}\r\n> {chance.choice(_ASKING[language])}"
        if chain and act != "away"
        else ""
    )
    body = "\r\n\r\n".join(
        filter(
            None,
            (
                _GREETING[language].format(name=to[0].split()[0]),
                said,
                filling,
                f"{_CLOSING[language]}\r\n{sender[0]}",
            ),
        )
    )
    head = [
        f"From: {sender[0]} <{sender[1]}>",
        f"To: {to[0]} <{to[1]}>",
        f"Subject: {'Re: ' if chain else ''}{subject}",
        f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(at)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    if chain:
        head.append(f"In-Reply-To: <{chain[-1]}>")
        head.append("References: " + "\r\n ".join(f"<{one}>" for one in chain[-10:]))
    if act == "away":
        head.append("Auto-Submitted: auto-replied")
    text = "\r\n".join(head) + "\r\n\r\n" + body + quoted + "\r\n"
    return Letter(client.slug, at, text.encode())


def _name_day(at: datetime, language: str) -> str:
    if language == "en":
        return f"{at:%d %B %Y}"
    month = _MONTHS[language].split()[at.month - 1]
    return f"{at.day} {month} {at.year}" if language == "fr" else f"{at.day}. {month} {at.year}"
