"""letter.docx: the letter as a Word document (ECMA-376, WordprocessingML), of the parts that a letter needs.

In: the letter in Markdown, its title, its language, when it was made. Out: the bytes, the same for the same letter.
Own code: headings, paragraphs, lists, tables and links are a page of XML, and no library gives the same bytes twice.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from trail.handoff.papers.letter.markdown import parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from markdown_it.token import Token

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGES = {"en": "en-GB", "da": "da-DK", "de": "de-DE"}
_WIDTH = 9298
"""Of the text, in twentieths of a point: A4 less its margins."""
_CELL = "<w:tc><w:tcPr/>"
_TABLES = {
    "table_open": (
        '<w:tbl><w:tblPr><w:tblStyle w:val="Plain"/><w:tblW w:w="5000" w:type="pct"/></w:tblPr>',
    ),
    # A table at the end of a document, or before another, needs a paragraph after it.
    "table_close": ("</w:tbl><w:p/>",),
    "tr_open": ("<w:tr>",),
    "tr_close": ("</w:tr>",),
    "th_open": (_CELL,),
    "td_open": (_CELL,),
    "th_close": ("</w:tc>",),
    "td_close": ("</w:tc>",),
}
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: a ZIP knows no earlier."""


def make_document(markdown: str, title: str, language: str, at: datetime) -> bytes:
    """Return the file."""
    writer = _Writer()
    writer.write(parse(markdown))
    links = "".join(
        f'<Relationship Id="rLink{n}" Type="{_RELATIONS}/hyperlink" Target={quoteattr(target)} TargetMode="External"/>'
        for target, n in writer.links.items()
    )
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPES}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        f'<Override PartName="/word/numbering.xml" ContentType="{_TYPES}.numbering+xml"/>'
        '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
        "_rels/.rels": _relate(
            f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="word/document.xml"/>'
            '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        ),
        "docProps/core.xml": '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<dc:title>{_text(title)}</dc:title><dc:language>{_LANGUAGES[language]}</dc:language><dcterms:created xsi:type="dcterms:W3CDTF">{at:%Y-%m-%dT%H:%M:%SZ}</dcterms:created></cp:coreProperties>',
        "word/_rels/document.xml.rels": _relate(
            f'<Relationship Id="rId1" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
            f'<Relationship Id="rId2" Type="{_RELATIONS}/numbering" Target="numbering.xml"/>{links}'
        ),
        "word/document.xml": f"<w:document {_W} {_R}><w:body>{''.join(writer.body)}"
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1304" w:right="1304" w:bottom="1304" w:left="1304" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr></w:body></w:document>',
        "word/styles.xml": _styles(_LANGUAGES[language]),
        "word/numbering.xml": f'<w:numbering {_W}><w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/>'
        '<w:pPr><w:ind w:left="360" w:hanging="360"/></w:pPr></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, xml in parts.items():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, (_HEAD + xml).encode())
    return target.getvalue()


class _Writer:
    """Turns the tokens of Markdown into paragraphs and tables."""

    def __init__(self) -> None:
        self.body: list[str] = []
        self.links: dict[str, int] = {}
        self._style = ""
        self._lists = 0
        self._heading = ""

    def write(self, tokens: Sequence[Token]) -> None:
        """Append what the tokens say."""
        for at, token in enumerate(tokens):
            self.body += _TABLES.get(token.type, ())
            match token.type:
                case "heading_open":
                    self._heading = f"Heading{min(int(token.tag[1]), 3)}"
                case "heading_close":
                    self._heading = ""
                case "bullet_list_open" | "ordered_list_open":
                    self._lists += 1
                case "bullet_list_close" | "ordered_list_close":
                    self._lists -= 1
                case "table_open":
                    self._style = "Cell"
                    self.body.append(_draw_grid(tokens, at))
                case "table_close":
                    self._style = ""
                case "inline":
                    self._write_paragraph(token.children or [])
                case "fence" | "code_block":
                    self.body.append(self._paragraph(_run(token.content, [])))

    def _write_paragraph(self, children: Sequence[Token]) -> None:
        runs: list[str] = []
        marks: list[str] = []
        for child in children:
            match child.type:
                case "strong_open":
                    marks.append("<w:b/>")
                case "em_open":
                    marks.append("<w:i/>")
                case "strong_close" | "em_close":
                    marks.pop()
                case "link_open":
                    number = self.links.setdefault(str(child.attrGet("href")), len(self.links) + 1)
                    runs.append(f'<w:hyperlink r:id="rLink{number}">')
                    marks.append('<w:rStyle w:val="Link"/>')
                case "link_close":
                    runs.append("</w:hyperlink>")
                    marks.pop()
                case "softbreak":
                    runs.append(_run(" ", marks))
                case "hardbreak":
                    runs.append("<w:r><w:br/></w:r>")
                case _:
                    runs.append(_run(child.content, marks))
        self.body.append(self._paragraph("".join(runs)))

    def _paragraph(self, runs: str) -> str:
        style = self._style or self._heading or ("Listed" if self._lists else "")
        look = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f"<w:p>{look}{runs}</w:p>"


def _draw_grid(tokens: Sequence[Token], at: int) -> str:
    """The columns of the table at this token: Word wants them before the rows."""
    end = next(n for n in range(at, len(tokens)) if tokens[n].type == "tr_close")
    columns = sum(token.type in ("th_open", "td_open") for token in tokens[at:end])
    column = f'<w:gridCol w:w="{_WIDTH // max(1, columns)}"/>'
    return f"<w:tblGrid>{column * columns}</w:tblGrid>"


def _run(text: str, marks: Sequence[str]) -> str:
    if not text:
        return ""
    # The order of the schema: the style comes first.
    look = "".join(sorted(marks, key=lambda mark: "rStyle" not in mark))
    return f'<w:r>{f"<w:rPr>{look}</w:rPr>" if look else ""}<w:t xml:space="preserve">{_text(text)}</w:t></w:r>'


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _relate(relationships: str) -> str:
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relationships}</Relationships>'


def _styles(language: str) -> str:
    def heading(level: int, size: int) -> str:
        return (
            f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/>'
            f'<w:pPr><w:keepNext/><w:spacing w:before="{360 - 60 * level}" w:after="80"/><w:outlineLvl w:val="{level - 1}"/></w:pPr><w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>'
        )

    return (
        f'<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Georgia" w:hAnsi="Georgia" w:cs="Times New Roman"/><w:sz w:val="21"/><w:lang w:val="{language}"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
        f"{heading(1, 34)}{heading(2, 25)}{heading(3, 22)}"
        '<w:style w:type="paragraph" w:styleId="Listed"><w:name w:val="List Bullet"/><w:basedOn w:val="Normal"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:spacing w:after="60"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:customStyle="1" w:styleId="Cell"><w:name w:val="Cell"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="0" w:line="240" w:lineRule="auto"/></w:pPr><w:rPr><w:sz w:val="19"/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Link"><w:name w:val="Hyperlink"/><w:rPr><w:color w:val="14468C"/><w:u w:val="single"/></w:rPr></w:style>'
        '<w:style w:type="table" w:customStyle="1" w:styleId="Plain"><w:name w:val="Plain"/><w:tblPr><w:tblBorders><w:bottom w:val="single" w:sz="4" w:space="0" w:color="BBBBBB"/><w:insideH w:val="single" w:sz="4" w:space="0" w:color="DDDDDD"/></w:tblBorders>'
        '<w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/><w:right w:w="110" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>'
    )
