"""Completion in bash, zsh and fish: what the shell is told to do, and what it gets to hear.

Comes in: the line as typed (bash), or its words (zsh, fish). Goes out: a first line with the kind of answer (`values`,
`open` where nothing is to follow, `files`, `dirs`), then a line for each word that may stand there.
Bash takes a colon for the end of a word, and quotes for a part of one: so it gives the whole line, and gets back what
has to stand in the place of the part it means.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trail.cli.completion import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trail.cli.completion import Offer

VARIABLE = "_TRAIL_COMPLETE"
"""Set by the scripts below to the name of the shell."""

SCRIPTS = {
    "bash": r"""_trail() {
    local kind= answers=()
    { read -r kind; mapfile -t answers; } < <(_TRAIL_COMPLETE=bash "$1" "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    COMPREPLY=("${answers[@]}")
    case $kind in
        open) compopt -o nospace ;;
        files) compopt -o default ;;
        dirs) compopt -o dirnames ;;
    esac
}
complete -F _trail trail
""",
    "zsh": r"""#compdef trail
_trail() {
    local line kind
    local -a lines values helps open
    lines=("${(@f)$(_TRAIL_COMPLETE=zsh "$words[1]" "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    kind=$lines[1]
    lines=("${(@)lines[2,-1]}")
    case $kind in
        files) _files; return ;;
        dirs) _files -/; return ;;
        open) open=(-S '') ;;
    esac
    for line in $lines; do
        values+=("${line%%$'\t'*}")
        helps+=("${line/$'\t'/  }")
    done
    (( $#values )) && compadd -U "${(@)open}" -d helps -l -a values
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _trail trail
""",
    "fish": r"""function __trail_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l plain (string unescape -- $word); or set plain $word
    set -l lines (_TRAIL_COMPLETE=fish $words[1] $words[2..-1] "$plain" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$plain"
        case dirs
            __fish_complete_directories "$plain"
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end
complete -c trail -f -a '(__trail_complete)'
""",
}
_RC = {"bash": ".bashrc", "zsh": ".zshrc"}
_SAFE = re.compile(r"[^\w@%+=:,./~^-]")


class TypedLine(NamedTuple):
    """A command line cut as a shell cuts it. `raw` is the last word as it was typed, from its first character."""

    words: list[str]
    raw: str
    quote: str
    """The quote that is open at the end; "" when none is."""


def answer(shell: str, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Print what the shell asked for."""
    lines = ["values"]
    with contextlib.suppress(Exception):  # a shell that waits for Tab has no use for errors
        lines = (_answer_bash if shell == "bash" else _answer)(arguments, environ)
    text = "".join(f"{' '.join(line.splitlines())}\n" for line in lines)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.flush()


def _answer(words: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    *before, word = words
    kind, offers = suggest([*before, word.lstrip("\"'")], environ)
    return [
        _name_kind(kind, offers),
        *(f"{o.word}\t{o.help}" if o.help else o.word for o in offers),
    ]


def _answer_bash(arguments: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    line, part = arguments
    typed = cut_line(line)
    kind, offers = suggest(typed.words[1:], environ)
    words = (replace_part(typed, part, offer.word) for offer in offers)
    return [_name_kind(kind, offers), *(word for word in words if word is not None)]


def _name_kind(kind: str, offers: Sequence[Offer]) -> str:
    return "open" if offers and all(offer.unfinished for offer in offers) else kind


def cut_line(line: str) -> TypedLine:
    """Cut a line into words, quotes and backslashes taken away. The last word is what is being typed, maybe empty."""
    words: list[str] = []
    word: list[str] = []
    quote, start, at = "", None, 0
    while at < len(line):
        char = line[at]
        if not quote and char in " \t\n":
            if start is not None:
                words.append("".join(word))
            word, start, at = [], None, at + 1
            continue
        start = at if start is None else start
        if char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        elif char == "\\" and quote != "'" and (not quote or line[at + 1 : at + 2] in '$`"\\'):
            word.append(line[at + 1 : at + 2])
            at += 1
        else:
            word.append(char)
        at += 1
    return TypedLine([*words, "".join(word)], line[start:] if start is not None else "", quote)


def replace_part(typed: TypedLine, part: str, word: str) -> str | None:
    """What has to stand where bash sees `part`, so that the word being typed becomes `word`; None where that cannot be."""
    raw = typed.raw
    if not typed.quote:
        written = _SAFE.sub(r"\\\g<0>", word)
    elif raw.startswith(typed.quote) and typed.quote not in raw[1:].replace('\\"', ""):
        raw = raw[1:]
        written = (
            re.sub(r'[\\"$`]', r"\\\g<0>", word)
            if typed.quote == '"'
            else word.replace("'", r"'\''")
        )
    else:
        return None
    cut = len(raw) - len(part)
    return written[cut:] if cut >= 0 and written.startswith(raw[:cut]) else None


def install(shell: str) -> Path:
    """Put the script where the shell finds it, and return its path. Raises OSError."""
    if shell == "fish":
        path = _folder("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / "trail.fish"
    else:
        path = _folder("XDG_DATA_HOME", ".local/share") / "trail" / f"completion.{shell}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCRIPTS[shell], encoding="utf-8")
    if shell in _RC:
        rc = Path.home() / _RC[shell]
        line = f"source '{path}'\n"
        old = rc.read_text(encoding="utf-8") if rc.exists() else ""
        if line not in old:
            with rc.open("a", encoding="utf-8") as file:
                file.write(("\n" if old and not old.endswith("\n") else "") + line)
    return path


def _folder(variable: str, usual: str) -> Path:
    given = os.environ.get(variable, "")
    return Path(given) if given.startswith("/") else Path.home() / usual
