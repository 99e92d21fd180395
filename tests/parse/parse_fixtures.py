"""The made-up messages of fixtures/parse, and what is expected of each.

Run as a script, it writes the expected files anew: read the difference before keeping it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from trail.parse.message import parse_message

if TYPE_CHECKING:
    from trail.model import ParsedMessage

FOLDER = Path(__file__).parents[2] / "fixtures" / "parse"
MESSAGES = sorted(FOLDER.glob("*.eml"))


def describe(parsed: ParsedMessage) -> dict:
    """The message as JSON has it, its attachments on a line each, for people to read."""
    described = asdict(parsed)
    envelope = described.pop("envelope")
    sent_at = envelope["sent_at"]
    envelope["sent_at"] = sent_at and sent_at.isoformat()
    envelope["addresses"] = [f"{a.role}: {a.name} <{a.address}>" for a in parsed.envelope.addresses]
    del described["key"]
    for seldom in ("list_id", "language", "beside", "automatic", "statements", "job"):
        if not described[seldom]:
            del described[seldom]
    return json.loads(json.dumps({"envelope": envelope, **described}))


def main() -> None:
    for path in MESSAGES:
        described = describe(parse_message("", path.read_bytes()))
        text = json.dumps(described, ensure_ascii=False, indent=2) + "\n"
        path.with_suffix(".json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
