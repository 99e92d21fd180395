"""A message as one HTML page that shows it as it was meant, and in which nothing can act.

Comes in: what was read of a message. Goes out: a page. Its policy lets a browser load nothing at all, from anywhere:
no script, no frame, no picture but those in the message. What is known to be harmful is taken out besides.
"""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, Any

from trail.parse.harmless import clean_html
from trail.terminal import clean_text

if TYPE_CHECKING:
    from trail.parse.markup import Markup

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1em 1em; border-bottom: 1px solid; padding-bottom: 1em; }
dt { opacity: .6; } dd { margin: 0; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; } .quoted { opacity: .7; border-left: 2px solid; padding-left: 1em; }
.letter { overflow-x: auto; contain: content; } img { max-width: 100%; } footer { margin-top: 2em; opacity: .6; }
"""


def write_page(data: dict[str, Any], when: str, markup: Markup) -> str:
    """A page for the message in `data` (as `render.message_data` gives it). `when` is its date for people."""
    left_out: set[str] = set()
    body = clean_markup(markup, left_out) if markup.html else _write_text(data)
    notes = []
    if left_out:
        notes.append(f"{len(left_out)} pictures from elsewhere are not shown.")
    if data["attachments"]:
        names = ", ".join(_write(a["filename"] or a["safe_name"]) for a in data["attachments"])
        notes.append(f"Attachments: {names}. <code>trail save {data['id']} --attachments DIR</code> writes them.")  # fmt: skip
    people = {
        role.capitalize(): ", ".join(
            _write(f"{a['name']} <{a['address']}>" if a["name"] else a["address"])
            for a in data["addresses"]
            if a["role"] == role
        )
        for role in ("from", "to", "cc", "bcc")
    }
    rows = {"Date": _write(when), **people, "Subject": _write(data["subject"])}
    heads = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows.items() if value)
    footer = "".join(f"<p>{note}</p>" for note in notes)
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(clean_text(data['subject'])) or 'message'}</title><style>{_STYLE}</style></head>\n"
        f"<body><dl>{heads}</dl>\n{body}\n<footer>{footer}</footer></body></html>\n"
    )


def clean_markup(markup: Markup, left_out: set[str]) -> str:
    """HTML without anything that acts, hides or loads; pictures of the message stand in it. `left_out` gets the others' addresses."""

    def show(source: str) -> str | None:
        kind, payload = markup.pictures.get(source.removeprefix("cid:"), ("", b""))
        if source.startswith("cid:") and payload:
            return f"data:{kind};base64,{base64.b64encode(payload).decode()}"
        left_out.add(source)
        return None

    cleaned = clean_html(markup.html, show)
    return f'<div class="letter">{cleaned}</div>'


def _write(text: str) -> str:
    return f"<bdi>{html.escape(clean_text(text))}</bdi>" if text else ""


def _write_text(data: dict[str, Any]) -> str:
    text = html.escape(clean_text(data["text"], lines=True).strip())
    quoted = html.escape(clean_text(data["quoted"], lines=True).strip())
    body = f'<div class="text" dir="auto">{text}</div>' if text else "<p>This message has no text.</p>"  # fmt: skip
    return body + (f'<div class="text quoted" dir="auto">{quoted}</div>' if quoted else "")
