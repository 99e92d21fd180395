"""What an author wrote comes in; its sentences go out, each on one line, as far as they are prose.

Signatures, notices of confidentiality, code, logs and tables stay out. Must never raise, nor take more than linear time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_LIMIT = 40_000
"""Characters that are looked at."""
SENTENCE_LIMIT = 600
"""Characters of a sentence: what is longer is no prose."""
_WRAPPED = 48
"""Characters of a line that was broken by a program, not by its author."""
_PROSE = 0.7
"""Part of a sentence that is letters and blanks."""
_CLOSING_LINES = 14
"""Lines at the end in which people sign."""
_CLOSING_WORDS = 5

_BULLET = re.compile(r"^\s*(?:[-*•\u2013·]|\(?\d{1,2}[.)]|[a-z]\))\s+")
_HEADED = re.compile(r"[\w /.-]{1,24}:(?:\s|$)")
_SIGNED = re.compile(r"--\s?$|_{5,}\s*$|-{5,}\s*$|={5,}\s*$")
_REGARDS = re.compile(
    r"(?:(?:best|kind|warm|warmest|many|with|yours|sincerely|cheers|thanks|thank you|regards"
    r"|(?:med |de |mange )?(?:venlig|bedste|kærlig|hilsen|mvh|vh|kh|tak)\w*"
    r"|mit (?:freundlichen|besten|herzlichen)|(?:viele|beste|liebe|herzliche|schöne|freundliche) grüße|mfg|lg|vg|grüße|gruß"
    r"|cordialement|bien (?:à vous|cordialement)|meilleures salutations|amicalement|salutations)\b[^.?!\d]{0,40})[,.!]?$",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"received this (?:e-?mail|message) (?:in|by) (?:error|mistake)|intended (?:recipient|only|solely)|confidential(?:ity)? (?:notice|information|and)|disclaimer|unsubscribe"
    r"|this (?:e-?mail|message|communication)[^.]{0,60}(?:confidential|virus|intended)"
    r"|diese (?:e-?mail|nachricht)[^.]{0,60}vertraulich|irrtümlich erhalten|abbestellen"
    r"|denne (?:e-?mail|mail|besked)[^.]{0,60}fortrolig|afmeld|ved en fejl (?:har )?modtaget"
    r"|ce (?:message|courriel|mail)[^.]{0,60}confidentiel|se désinscrire|désabonner",
    re.IGNORECASE,
)
_NOTICE_WORDS = (
    *("in error", "by mistake", "intended", "confidential", "disclaimer", "unsubscribe", "vertraulich", "irrtümlich", "abbestellen"),
    *("fortrolig", "afmeld", "modtaget", "désinscrire", "désabonner"),
)  # fmt: skip
_END = re.compile(r"[.!?…]+[\"'”\u2019»)\]]*(?=\s)")
_NO_END = re.compile(
    r"(?:^|[\s(])(?:\d{1,2}|[A-Za-zÀ-ÿ]|[a-z]\.[a-z]|dr|mr|mrs|ms|prof|st|no|nos|nr|art|sec|vs|e\.g|i\.e|etc|approx|inc|ltd|co|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
    r"|ca|evt|inkl|ekskl|excl|incl|bl\.a|f\.eks|fx|kl|hr|fr|kr|mio|vedr|tlf|bzw|z\.b|d\.h|u\.a|ggf|usw|str|abs|tel|ing|mag|env|av|cie|m|mme|okt|dez|mär|maj)\.$",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\s+[\"'“\u2018„«(¿]*[A-ZÀ-ÖØ-Þ0-9]")
_SPACES = re.compile(r"\s+")
_WEB = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_WEB_SIGNS = ("@", "://", "www.")
_NO_LETTER = re.compile(r"[^\w\s]|[\d_]")
_FIGURES = re.compile(r"[\d.,:/-]+")
_CODE = re.compile(r"[{}]|;\s*$|=>|==|\|\||&&|^\s*[$#<|%\\]|::|@@|---|\+\+\+|\w\(\)|</\w")
_CODE_SIGNS = re.compile(r"[{};=|&$#<%\\:@(+-]")
"""One of them is in all code: found many times faster."""


def split_sentences(text: str) -> Iterator[str]:
    """Yield the sentences in order."""
    for block in _split_blocks(text[:TEXT_LIMIT]):
        if has_any(block, _NOTICE_WORDS) and _NOTICE.search(block[:2000]):
            continue
        for sentence in _split_block(block):
            if 1 < len(sentence) <= SENTENCE_LIMIT and is_prose(sentence):
                yield sentence


def has_any(text: str, words: tuple[str, ...]) -> bool:
    """Whether any of these small words stands in the text: many times faster than a pattern that ignores case."""
    small = text.lower()
    return any(word in small for word in words)


def is_prose(sentence: str) -> bool:
    """Whether it is made of words, and not of code, figures or addresses."""
    if _CODE_SIGNS.search(sentence) and _CODE.search(sentence):
        return False
    if sentence.isupper():
        return False
    words = _WEB.sub("", sentence) if any(sign in sentence for sign in _WEB_SIGNS) else sentence
    letters = len(words) - len(_NO_LETTER.findall(words))  # blanks too; few signs are none
    signs = len(_FIGURES.sub("", words))
    return letters >= _PROSE * signs and 2 * letters >= len(words) and " " in words.strip()


def _split_blocks(text: str) -> Iterator[str]:
    """Yield what belongs together: the lines of a paragraph that a program broke, joined again."""
    lines = _take_off_signature(text.splitlines())
    block: list[str] = []
    for line in lines:
        bare = line.strip()
        starts = bool(block) and (
            len(block[-1]) < _WRAPPED or _BULLET.match(line) or _HEADED.match(bare)
        )
        # A line that goes on in small letters was broken, however short.
        goes_on = bare[:1].islower() and bool(block) and block[-1][-1:] not in ".!?:"
        if not bare or (starts and not goes_on):
            if block:
                yield " ".join(block)
            block = []
        if bare:
            block.append(_BULLET.sub("", line, count=1).strip() if not block else bare)
    if block:
        yield " ".join(block)


def _take_off_signature(lines: list[str]) -> list[str]:
    """Leave out what follows a line that people sign below."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    del lines[end:]
    for at, line in enumerate(lines):
        bare = line.strip()
        if at and line.startswith("--") and _SIGNED.match(bare):
            return lines[:at]
        near_end = at and len(lines) - at <= _CLOSING_LINES
        # "Thanks for the call" is no closing where more of the letter follows.
        if near_end and len(bare.split()) <= _CLOSING_WORDS and _REGARDS.match(bare):
            return lines[:at]
    return lines


def _split_block(block: str) -> Iterator[str]:
    block = _SPACES.sub(" ", block)
    start = 0
    for end in _END.finditer(block):
        if end[0][0] == "." and _NO_END.search(
            block[max(start, end.start() - 12) : end.start() + 1]
        ):
            continue
        if _NEXT.match(block, end.end()):
            yield block[start : end.end()].strip()
            start = end.end()
    if rest := block[start:].strip():
        yield rest
