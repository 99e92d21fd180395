"""The plain text of a body comes in; what the author wrote and what they quoted go out.

Every word of the body is in one or the other. In doubt a line is the author's. Must never raise.
"""

from __future__ import annotations

import re

_PREFIX = re.compile(r"(?:\s{0,8}>)+ ?")
_BLANKS = re.compile(r"\n{3,}")
_SPAN = 3
"""Lines over which an attribution may be wrapped."""
_LONGEST = 400
"""Characters of an attribution."""

# "On 5 January Jane <jane@x> wrote:" in the languages of our users, and a few of their neighbours.
_WROTE = (
    r"wrote|writes|said|skrev|skrifaði|schrieb|schreef|écrit|ecrit|escribió|escreveu|ha scritto|kirjoitti"
    r"|написал\w*|さんは書きました|が書きました|書いた|写道|寫道|のメール"
)
_ATTRIBUTION = re.compile(
    rf".*(?:\b|(?<=[^\x00-\x7f]))(?:{_WROTE}).{{0,120}}[:\uff1a]\s*",
    re.IGNORECASE,
)
_STARTER = re.compile(
    r"\s*(?:On|At|In|Den|D\.|Am|Le|Op|El|Il|Em|På|I)\s.*\d|\s*\d{4}\s?[-/.年]\s?\d{1,2}",
    re.IGNORECASE,
)
_DATED_NAME = re.compile(
    r"\s*\d{4}(?:[-/.]|年)\s?\d{1,2}(?:[-/.]|月)\s?\d{1,2}.*(?:<[^<>\s]+@[^<>\s]+>|日.*)\s*[:\uff1a]?\s*"
)
# What tells an attribution without a `>` after it from the author's own "In 2023 you wrote:".
_PRECISE = re.compile(
    r"@|\d(?:[:.h]|時)\d\d|\d(?:[-/.]|年)\s?\d{1,2}(?:[-/.]|月)|\d\.? \w+\.?,? \d{4}"
)
_ORIGINAL = (
    r"original message|original appointment|forwarded message|forwarded by .*"
    r"|oprindelig meddelelse|oprindelig besked|videresendt (?:meddelelse|besked|mail)"
    r"|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht"
    r"|message d['\u2019]origine|message original|message transféré|message transmis"
    r"|original ?meddelande|opprinnelig melding|oorspronkelijk bericht|doorgestuurd bericht"
    r"|mensaje original|messaggio originale|mensagem original"
    r"|元のメッセージ|転送メッセージ|転送されたメッセージ|原始邮件|原始郵件|转发邮件|邮件原件"
)
_SEPARATOR = re.compile(
    rf"\s*-{{2,}}\s*(?:{_ORIGINAL})\s*-{{2,}}\s*"
    r"|\s*(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|début du message (?:réexpédié|transféré)|start på videresendt besked)\s?:\s*",
    re.IGNORECASE,
)
# The headers that Outlook and its like put before what they quote.
_LABELS = {
    "from": "from|von|fra|från|de|van|da|差出人|发件人|寄件者",
    "date": "sent|date|gesendet|datum|sendt|dato|skickat|envoyé|enviado|verzonden|inviato"
    "|送信日時|日時|发送时间|日期",
    "to": "to|an|til|till|à|a|para|aan|宛先|收件人",
    "subject": "subject|betreff|emne|ämne|objet|asunto|onderwerp|oggetto|assunto|件名|主题|主旨",
}
_LABEL = re.compile(
    r"\s{0,8}\*{0,2}(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _LABELS.items())
    + r")\s?\*{0,2}\s?[:\uff1a]",
    re.IGNORECASE,
)
# Whatever a line must be like to introduce a quotation without `>` after it; most lines are not.
_LEADING = re.compile(
    rf"\s*-{{2,}}|\s*(?:begin|anfang|début|start)\s|\s{{0,8}}\*{{0,2}}(?:{_LABELS['from']})\s?\*{{0,2}}\s?[:\uff1a]"
    rf"|{_STARTER.pattern}",
    re.IGNORECASE,
)
_BLOCK = 7
"""Lines in which the labels of such a block are looked for."""


def split_quoted(body: str) -> tuple[str, str]:
    """Divide a body into the author's text and the quoted one, both without outer blank lines.

    Quoted is what has the `>` prefix (which is taken off), what follows an attribution, and what
    was forwarded. The signature is the author's.
    """
    written: list[str] = []
    quoted: list[str] = []
    for start, line in mark_quoted(body):
        if start is None:
            written.append(line)
        else:
            quoted.append(line[start:])
    return _trim(written), _trim(quoted)


def mark_quoted(body: str) -> list[tuple[int | None, str]]:
    """Every line of a body, and where in it quoted words begin: behind the `>`; None in one of the author's."""
    lines = body.splitlines()
    marked: list[tuple[int | None, str]] = []
    last_prefixed = len(lines) - 1 if ">" in body else -1
    while last_prefixed >= 0 and not _has_prefix(lines[last_prefixed]):
        last_prefixed -= 1
    at, rest = 0, False
    while at < len(lines):
        line = lines[at]
        span = 1
        if at <= last_prefixed and (prefix := _PREFIX.match(line)):
            marked.append((prefix.end(), line))
        elif rest:
            marked.append((0, line))
        elif (at < last_prefixed or _LEADING.match(line)) and (
            lead := _read_lead(lines, at, last_prefixed)
        ):
            span, rest = lead
            marked += [(0, each) for each in lines[at : at + span]]
        else:
            marked.append((None, line))
        at += span
    return marked


def _read_lead(lines: list[str], at: int, last_prefixed: int) -> tuple[int, bool] | None:
    """Read what introduces a quotation at line `at`, if anything does.

    Gives over how many lines it goes, and whether all that follows is quoted.
    """
    line = lines[at]
    if not line or line.isspace() or len(line) > _LONGEST:
        return None
    followed = _has_prefix(_next_line(lines, at + 1))
    if _opens_rest(lines, at):
        return 1, not followed
    if followed and (_ATTRIBUTION.fullmatch(line) or _DATED_NAME.fullmatch(line)):
        return 1, False
    span = _measure_attribution(lines, at)
    if span and _has_prefix(_next_line(lines, at + span)):
        return span, False
    if not span or not _PRECISE.search(" ".join(lines[at : at + span])):
        return None
    # Quoted without a prefix, unless a prefix further on shows that what follows is the author's.
    return span, last_prefixed < at


def _measure_attribution(lines: list[str], at: int) -> int:
    """Count the lines over which an attribution at line `at` is wrapped: 0 when there is none."""
    joined = ""
    if _STARTER.match(lines[at]):
        for span, part in enumerate(lines[at : at + _SPAN], start=1):
            if not part.strip() or _has_prefix(part):
                break
            joined = f"{joined} {part}"
            if len(joined) <= _LONGEST and _ATTRIBUTION.fullmatch(joined):
                return span
    return 0


def _opens_rest(lines: list[str], at: int) -> bool:
    """Whether all that follows line `at` is quoted: a separator, or a block of copied headers."""
    if _SEPARATOR.fullmatch(lines[at]):
        return True
    first = _LABEL.match(lines[at])
    if first is None or first.lastgroup != "from":
        return False
    kinds = {
        found.lastgroup for part in lines[at : at + _BLOCK] if (found := _LABEL.match(part[:100]))
    }
    return "subject" in kinds and len(kinds) > len(("from", "subject"))


def _has_prefix(line: str) -> bool:
    return line.lstrip().startswith(">")


def _next_line(lines: list[str], at: int) -> str:
    # A few blank lines at most: more would cost quadratic time, and belong to no attribution.
    return next((line for line in lines[at : at + 5] if line.strip()), "")


def _trim(lines: list[str]) -> str:
    return _BLANKS.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
