"""Letters out of templates: ours, or the user's own (Jinja2, in its sandbox).

In: the path of a template or of a folder of them, a language, a Letter. Out: Markdown, and HTML where there is a template for
it. Whatever a stranger wrote is escaped: as Markdown in `.md.j2`, as HTML in `.html.j2`. Raises ConfigError that names file
and line; a template is tried on made-up letters before anything of a bundle is written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from trail.errors import ConfigError
from trail.handoff.papers.letter.markdown import Words, escape_markdown, link
from trail.handoff.papers.letter.specimen import make_specimens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from trail.handoff.papers.letter.values import Letter

_HERE = Path(__file__).parent
_MARKDOWN, _HTML = "letter.md.j2", "letter.html.j2"
_ENDINGS = {".md.j2": "markdown", ".html.j2": "html"}


@dataclass(frozen=True, slots=True)
class Template:
    """What makes a letter's texts; `markdown` and `html` are None where there is no template for them."""

    markdown: Callable[[Letter], str] | None
    html: Callable[[Letter], str] | None


@cache
def read_words(language: str) -> dict[str, Any]:
    """What stands in a letter whatever the mail says."""
    words = json.loads((_HERE / "words.json").read_text(encoding="utf-8"))
    return dict(words[language])


def load_template(chosen: Path | None, language: str) -> Template:
    """Read the templates and try them. Raises ConfigError."""
    folder, names = _find(chosen)
    made: dict[str, Callable[[Letter], str]] = {}
    for kind, name in names.items():
        try:
            made[kind] = _load(folder, name, kind, language)
        except jinja2.TemplateSyntaxError as error:
            where = folder / (error.name or name)
            raise _broken(where, error.lineno, error.message or "cannot be read") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{folder / name}: cannot be read: {getattr(error, 'strerror', None) or 'is not UTF-8'}"
            ) from None
        if chosen:
            for specimen in make_specimens():
                made[kind](specimen)
    return Template(made.get("markdown"), made.get("html"))


def _find(chosen: Path | None) -> tuple[Path, dict[str, str]]:
    """The folder of the templates, and the name of each kind there is."""
    if chosen is None:
        return _HERE, {"markdown": _MARKDOWN}
    if chosen.is_dir():
        names = {"markdown": _MARKDOWN, "html": _HTML}
        found = {kind: name for kind, name in names.items() if (chosen / name).is_file()}
        if found:
            return chosen, found
        raise ConfigError(
            f"{chosen}: there is no {_MARKDOWN} and no {_HTML} in it",
            "put one there, or name a file: [handoff] letter",
        )
    if not chosen.is_file():
        raise ConfigError(f"{chosen}: there is no such template", "it is named in [handoff] letter")
    for ending, kind in _ENDINGS.items():
        if chosen.name.endswith(ending):
            return chosen.parent, {kind: chosen.name}
    raise ConfigError(
        f"{chosen}: the name of a letter's template ends in .md.j2 or .html.j2",
        "a Markdown template makes letter.md, letter.html and letter.docx; an HTML one letter.html only",
    )


def _load(folder: Path, name: str, kind: str, language: str) -> Callable[[Letter], str]:
    words = read_words(language)
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=kind == "html",
        finalize=escape_markdown if kind == "markdown" else None,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        cache_size=0,
    )
    environment.filters |= {
        "day": partial(format_day, words=words),
        "count": partial(format_count, words=words),
        "fill": fill if kind == "markdown" else fill_plain,
        "words": Words,
        "url": quote,
    }
    linked = link if kind == "markdown" else link_html
    template = environment.get_template(name)

    def render(letter: Letter) -> str:
        try:
            text = template.render(letter=letter, t=words, link=linked, language=language)
        except jinja2.TemplateSyntaxError as error:
            raise _broken(
                folder / (error.name or name), error.lineno, error.message or "cannot be read"
            ) from None
        except Exception as error:  # noqa: BLE001 - whatever a template does is the template's fault
            line = _find_line(error, environment, folder)
            raise _broken(*line, _explain(error)) from None
        return _tidy(text) if kind == "markdown" else text

    return render


def _find_line(error: Exception, environment: jinja2.Environment, folder: Path) -> tuple[Path, int]:
    # Jinja writes the lines of a template into the traceback; the innermost is where it went wrong.
    del environment
    found = (folder, 0)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if Path(name).parent == folder and name.endswith(".j2"):
            found = (Path(name), trace.tb_lineno)
        trace = trace.tb_next
    return found


def _explain(error: Exception) -> str:
    return str(error) or type(error).__name__


def _broken(path: Path, line: int, what: str) -> ConfigError:
    return ConfigError(
        f"{path}:{line}: {what}",
        "correct the template, or take [handoff] letter out: nothing was written",
    )


def _tidy(text: str) -> str:
    """No more than one blank line between blocks, none inside a table or a list where a loop left it."""
    lines: list[str] = []
    for line in (line.rstrip() for line in text.splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n") + "\n"


def format_day(day: date, words: dict[str, Any]) -> Words:
    """`12 March 2026`, as the language has it."""
    month = words["months"].split()[day.month - 1]
    return Words(words["day"].format(d=day.day, m=month, y=day.year))


def format_count(forms: Sequence[str], number: int, words: dict[str, Any]) -> str:
    """The form for one or for many, with the number."""
    shown = f"{number:,}".replace(",", words["thousands"])
    return forms[0] if number == 1 else forms[1].format(n=shown)


def fill_plain(text: str, **values: object) -> str:
    """The same without any markup."""
    return text.replace("*", "").format(**values)


def link_html(text: object, target: str) -> Markup:
    """Make a link to a file beside the letter, in HTML."""
    return Markup('<a href="{}">{}</a>').format(target, text)


def fill(text: str, **values: object) -> Words:
    """Put values into a sentence of ours, as Markdown; what they hold is no markup."""
    return Words(text.format(**{key: escape_markdown(value) for key, value in values.items()}))
