"""Who writes to whom in the made-up correspondence: names, addresses, signatures, clocks, manners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal

Zone = Literal["Copenhagen", "London", "Tokyo"]
WINTER_OFFSET: dict[Zone, int] = {"Copenhagen": 1, "London": 0, "Tokyo": 9}
DANISH_DAYS = ("man.", "tirs.", "ons.", "tors.", "fre.", "lør.", "søn.")
DANISH_MONTHS = (
    "jan.",
    "feb.",
    "mar.",
    "apr.",
    "maj",
    "jun.",
    "jul.",
    "aug.",
    "sep.",
    "okt.",
    "nov.",
    "dec.",
)
ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ENGLISH_MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an address. `language` decides how they introduce what they quote."""

    name: str
    address: str
    signature: str = ""
    zone: Zone = "Copenhagen"
    language: Literal["en", "da", "ja", "outlook"] = "en"
    program: str = ""

    def read_clock(self, moment: str) -> datetime:
        """The aware time of "2025-03-04 10:02" where they live."""
        local = datetime.fromisoformat(moment)
        hours = WINTER_OFFSET[self.zone] + (self.zone != "Tokyo" and _is_summer(local.date()))
        return local.replace(tzinfo=timezone(timedelta(hours=hours)))

    def introduce(self, author: Person, when: datetime) -> str:
        """The line above a quotation, as this person's mail program writes it."""
        match self.language:
            case "da":
                day, month = DANISH_DAYS[when.weekday()], DANISH_MONTHS[when.month - 1]
                moment = f"{day} {when.day}. {month} {when.year} kl. {when:%H.%M}"
                return f"Den {moment} skrev {author.name} <{author.address}>:"
            case "ja":
                return f"{when.year}年{when.month}月{when.day}日 {when:%H:%M} {author.name}:"
            case "outlook":
                sent = f"{when.day:02} {ENGLISH_MONTHS[when.month - 1]} {when.year} {when:%H:%M}"
                head = f"From: {author.name} <{author.address}>\nSent: {sent}"
                return f"-----Original Message-----\n{head}"
            case _:
                day, month = ENGLISH_DAYS[when.weekday()], ENGLISH_MONTHS[when.month - 1]
                moment = f"{day}, {when.day} {month} {when.year} at {when:%H:%M}"
                return f"On {moment}, {author.name} wrote:"


def _is_summer(day: date) -> bool:
    """Whether Europe has put its clocks forward: last Sunday of March to last Sunday of October."""

    def last_sunday(month: int) -> date:
        end = date(day.year, month, 31)
        return end - timedelta(days=(end.weekday() + 1) % 7)

    return last_sunday(3) <= day < last_sunday(10)


PEOPLE = {
    "me": Person(
        "Freja Holm",
        "me@studio.example",
        "Freja Holm\nHolm Studio · Griffenfeldsgade 7 · København N\n+45 5550 1417 · studio.example",
        program="Thunderbird 128",
    ),
    "freja": Person("Freja Holm", "freja@holm.example", program="iPhone Mail (22A3354)"),
    # Acme Ltd
    "jane": Person(
        "Jane Miller",
        "jane.miller@acme.example",
        "Jane Miller\nBrand Manager, Acme Ltd\n14 Wapping Wharf, Bristol",
        zone="London",
        program="Microsoft Outlook 16.0",
    ),
    "jane-private": Person(
        "Jane M.", "jane.private@mail.example", zone="London", program="iPhone Mail (22A3354)"
    ),
    "tom": Person(
        "Tom Okafor",
        "tom.okafor@acme.example",
        "Tom Okafor | Finance | Acme Ltd",
        zone="London",
        language="outlook",
        program="Microsoft Outlook 16.0",
    ),
    "raj": Person(
        "Raj Patel",
        "raj@acme.example",
        "Raj Patel\nManaging Director, Acme Ltd",
        zone="London",
        language="outlook",
        program="Microsoft Outlook 16.0",
    ),
    # Nørrebro Bryggeri
    "mads": Person(
        "Mads Krogh",
        "mads@bryggeriet.example",
        "Mads Krogh\nBrygmester, Nørrebro Bryggeri",
        language="da",
    ),
    "signe": Person(
        "Signe Lund",
        "signe@bryggeriet.example",
        "Signe Lund\nMarked & event, Nørrebro Bryggeri\nRyesgade 33 · åbent onsdag-lørdag",
        language="da",
        program="Apple Mail (2.3774)",
    ),
    "bente": Person(
        "Bente Juul",
        "bogholderi@bryggeriet.example",
        "Bente Juul, bogholderi",
        language="da",
        program="Microsoft Outlook 16.0",
    ),
    # Sakura Trading
    "sato": Person(
        "佐藤 由美 (Yumi Sato)",
        "y.sato@sakura.example",
        "佐藤 由美 / Yumi Sato\n桜貿易株式会社 商品企画部\nSakura Trading Co., Product Planning",
        zone="Tokyo",
        language="ja",
    ),
    "tanaka": Person(
        "Ken Tanaka",
        "tanaka@sakura.example",
        "田中 健 / Ken Tanaka\nSakura Trading Co., Logistics",
        zone="Tokyo",
        language="en",
    ),
    # those around the studio
    "ole": Person(
        "Ole Brandt", "ole@brandt-revision.example", "Ole Brandt, revisor", language="da"
    ),
    "ida": Person("Ida Vang", "ida@idavang.example", "Ida Vang, illustration"),
    "printer": Person(
        "Vesterbro Printhus", "ordre@printhus.example", "Karsten, Vesterbro Printhus", language="da"
    ),
    "nanna": Person("Nanna", "nanna@venner.example", language="da"),
    "mum": Person("Kirsten Holm", "kirsten@holm-familien.example", language="da"),
    "landlord": Person("Griffenfeld Ejendomme", "drift@griffenfeld.example"),
    "weekly": Person("Type Weekly", "hello@typeweekly.example", zone="London"),
    "paper": Person("Papirhandleren", "nyt@papirhandleren.example"),
    "phone": Person("Nordfon", "no-reply@nordfon.example"),
    "student": Person("Asta Bech", "asta@designskolen.example", "Asta Bech, 3. semester"),
    # and those nobody asked
    "phish": Person("Acme Ltd Billing", "billing@acme.example.secure-pay.example"),
    "pills": Person("Dr. Best Price", "offer@cheap-meds.example"),
    "prince": Person("Barrister Emmanuel", "barrister@lucky-estate.example"),
    "seo": Person("Rank Rocket", "growth@rankrocket.example"),
    "crypto": Person("Coin Sunrise", "team@coinsunrise.example"),
    "parcel": Person("Parcel Notice", "notice@parcel-fee.example"),
}
