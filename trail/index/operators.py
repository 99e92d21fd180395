"""The operators of the query language, once, for those who read queries, explain them or complete them.

Every one is in docs/search.md and in `trail help query`, with its example; a test asks the example.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Kind = Literal["words", "name", "date", "size", "has", "is", "kind", "list", "lang", "thread", "id"]


class Operator(NamedTuple):
    """An operator: `name:value`."""

    name: str
    group: str
    """The heading it stands under."""
    kind: Kind
    """How its value is read."""
    value: str
    """What stands behind the colon, in a word or two."""
    example: str
    """A query that finds something in the demo, or in what the tests make."""
    finds: str
    aliases: tuple[str, ...] = ()
    """What people used to other mail programs write."""
    fields: tuple[str, ...] = ()
    """Of the index, where words are looked for."""


OPERATORS: Final = (
    Operator("from", "people", "words", "PERSON", "from:jane", "who sent it", fields=("from",)),
    Operator("to", "people", "words", "PERSON", "to:tanaka@sakura.example", "whom it is addressed to", fields=("to",)),
    Operator("cc", "people", "words", "PERSON", 'cc:"raj patel"', "who gets a copy", fields=("cc",)),
    Operator("bcc", "people", "words", "PERSON", "bcc:ole", "who gets a hidden copy", fields=("bcc",)),
    Operator("with", "people", "words", "PERSON", "with:@acme.example", "anybody in its addresses", ("recip", "participants"), ("people",)),
    Operator("list", "people", "list", "LIST", "list:typeweekly", "the mailing list it came by"),
    Operator("subject", "words", "words", "WORDS", 'subject:"label redesign"', "words of the subject", fields=("subject",)),
    Operator("body", "words", "words", "WORDS", "body:barcode", "what its author wrote", fields=("body",)),
    Operator("quoted", "words", "words", "WORDS", "quoted:barcode", "what its author quoted from others", fields=("quoted",)),
    Operator("content", "words", "words", "WORDS", "content:deadline", "the text in its attachments", fields=("content",)),
    Operator("text", "words", "words", "WORDS", "text:barcode", "as a bare word does, and quoted text too", ("any",), ("body", "subject", "people", "file", "content", "quoted")),
    Operator("lang", "words", "lang", "LANGUAGE", "lang:da", "the language it is written in: da, de, en, or its name", ("language",)),
    Operator("client", "places", "name", "CLIENT", "client:acme", "whose it is, by slug or name"),
    Operator("in", "places", "name", "FOLDER", "in:clients", "the folder or label it lies in, or one above", ("folder", "label", "tag", "maildir", "mailbox")),
    Operator("account", "places", "name", "ACCOUNT", "account:work", "the account it came by"),
    Operator("after", "dates", "date", "DATE", "after:2026-06", "sent at the beginning of the date, or later", ("since", "newer_than", "newer")),
    Operator("before", "dates", "date", "DATE", "before:2025", "sent before the date begins", ("older_than", "older")),
    Operator("until", "dates", "date", "DATE", "until:2024", "sent before the date ends"),
    Operator("date", "dates", "date", "DATE", "date:2025-01..2025-03", "sent on the date, or between two", ("on",)),
    Operator("has", "attachments", "has", "KIND", "has:attachment", "an attachment; has:pdf, has:image … one of that kind; has:client: it is a client's"),
    Operator("file", "attachments", "words", "NAME", "file:*.pdf", "attachments by name: words of it, or a pattern", ("filename", "attachment"), ("file",)),
    Operator("type", "attachments", "kind", "KIND", "type:calendar", "attachments by kind: pdf, image, spreadsheet, text/csv", ("filetype", "mime", "mimetype", "ext")),
    Operator("larger", "attachments", "size", "SIZE", "larger:3k", "messages of that size or more: 5M, 200k", ("larger_than", "bigger")),
    Operator("smaller", "attachments", "size", "SIZE", "smaller:1k", "messages below that size", ("smaller_than",)),
    Operator("is", "state", "is", "STATE", "is:unanswered", "what became of it: see below"),
    Operator("thread", "messages", "thread", "ID", "thread:9e75bab9", "the conversation around a message"),
    Operator("id", "messages", "id", "ID", "id:9e75bab9", "a message by its id, or by its Message-ID", ("msgid", "mid", "rfc822msgid", "messageid")),
)  # fmt: skip

BY_NAME: Final = {
    name: operator for operator in OPERATORS for name in (operator.name, *operator.aliases)
}

STATES: Final = {
    "unanswered": "its conversation ends with it, it is addressed to you, and not from you",
    "sent": "from one of your own addresses (`me`), as from:me",
    "received": "from anybody else",
    "flagged": "bears the flag on a server, as the last round saw it",
    "answered": "the same",
    "draft": "the same",
    "unread": "was not read in any folder it lies in, as the last round saw it",
    "read": "was read",
}
STATE_ALIASES: Final = {
    "starred": "flagged",
    "replied": "answered",
    "seen": "read",
    "unseen": "unread",
}

DATES: Final = (
    *("today", "yesterday", "this_week", "last_week", "this_month", "last_month"),
    *("this_year", "last_year"),
)
"""Dates that have a name, beside days of the week and months."""

FORMS: Final = (
    ("tea labels", "both words (tea AND labels)"),
    ('"tea labels"', "the words side by side"),
    ("beer OR tea", "either; OR in capitals"),
    ("labels -tins", "the first without the second (labels NOT tins)"),
    ("(beer OR tea) labels", "parentheses"),
    ("barc*", "words that begin so"),
    ("=lørdag", "that very spelling, accents included"),
    ('"labels tea"~5', "the words within 5 words, in any order"),
    ("subject:(tea OR labels)", "an operator for all in the parentheses"),
)
"""Queries without operators, and what they find."""
