"""Where the links of a message lead, as text: what they say and what they do may differ, and in a PDF nothing is to act.

In: markup that was cleaned. Out: pairs of words and address. Never: an address other than of the web or of mail.
"""

from __future__ import annotations

from html.parser import HTMLParser

MOST = 100
_SCHEMES = ("http://", "https://", "mailto:")


def find_links(html: str) -> list[tuple[str, str]]:
    """The words of each link and where it leads, the first `MOST`, each once; not those that say it themselves."""
    reader = _Links()
    reader.feed(html)
    reader.close()
    pairs = dict.fromkeys((" ".join("".join(words).split()), to) for to, words in reader.found)
    told = [(words, to) for words, to in pairs if to.removeprefix("mailto:") != words]
    return told[:MOST]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self._open: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            target = dict(attrs).get("href") or ""
            self._open = []
            if target.lower().startswith(_SCHEMES):
                self.found.append((target, self._open))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.append(data)
