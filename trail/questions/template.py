"""The questionnaire out of its templates (Jinja2, in its sandbox): ours, or the user's own in a folder.

In: a language, the client's name, who asks. Out: a text for a mail, or a page that can be filled in and printed, without scripts and without a
network. What a stranger wrote is escaped in the page. Raises ConfigError naming the template, and the line where one is known.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from trail.errors import ConfigError
from trail.terminal import clean_text

_HERE = Path(__file__).parent
_NAMES = {"text": "questionnaire.txt.j2", "html": "questionnaire.html.j2"}


def write_questionnaire(
    kind: Literal["text", "html"], language: str, client: str, sender: str, folder: Path | None
) -> str:
    """The questionnaire. `language`: en, da, de. `folder`: where templates of the user's own are; what is not in it is ours."""
    name = _NAMES[kind]
    own = folder if folder and (folder / name).is_file() else None
    if folder and not any((folder / one).is_file() for one in _NAMES.values()):
        raise ConfigError(
            f"{folder}: there is no {' and no '.join(_NAMES.values())} in it",
            "put one there, or take [book] questionnaire out",
        )
    place = own or _HERE
    words = _read_words()[language]
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(place),
        autoescape=kind == "html",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    values = {"t": words, "client": _plain(client), "sender": _plain(sender), "language": language}
    try:
        return environment.get_template(name).render(values)
    except jinja2.TemplateSyntaxError as error:
        raise _broken(f"{place / name}:{error.lineno}", error.message or "cannot be read") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(str(place / name), getattr(error, "strerror", None) or "is not UTF-8") from None  # fmt: skip
    except Exception as error:  # noqa: BLE001 - whatever a template does is the template's fault
        raise _broken(_find_line(error, place / name), str(error) or type(error).__name__) from None


def _read_words() -> dict[str, dict[str, Any]]:
    return dict(json.loads((_HERE / "words.json").read_text(encoding="utf-8")))


def _plain(text: str) -> str:
    return clean_text(" ".join(text.split()))


def _find_line(error: Exception, path: Path) -> str:
    # Jinja writes the lines of a template into the traceback; the innermost is where it went wrong.
    found, trace = str(path), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            found = f"{path}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _broken(where: str, what: str) -> ConfigError:
    return ConfigError(
        f"{where}: {what}",
        "correct the template, or take [book] questionnaire out: nothing was written",
    )
