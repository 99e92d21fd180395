"""Entries for the tests of the book."""

from __future__ import annotations

from datetime import UTC, date, datetime

from trail.model import Action, Agreement, Note

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 4)


def action(name="aaaaa1", client="acme", text="Call", **fields):
    return Action(name, client, text, fields.pop("created_at", NOW), fields.pop("changed_at", NOW), **fields)  # fmt: skip


def note(name="aaaan1", client="acme", text="A note", **fields):
    return Note(name, client, text, fields.pop("created_at", NOW), fields.pop("changed_at", NOW))


def agreement(name="aaaag1", **fields):
    values = {"client": "acme", "kind": "contract", "text": "Retainer", "remind": "30d"} | fields
    return Agreement(id=name, created_at=NOW, changed_at=NOW, **values)
