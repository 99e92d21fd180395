"""`trail` and `python -m trail`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == [
        "--version"
    ]:  # answered without importing anything, so that scripts may ask often
        from trail import __version__  # noqa: PLC0415 - see above

        print(f"trail {__version__}")  # noqa: T201 - the one line printed outside the doors
        return
    # pydantic, which Typer has check what is unusual, looks through all installed packages for plugins otherwise
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    if shell := os.environ.get("_TRAIL_COMPLETE"):  # a shell wants to know what may stand next
        from trail.cli.shells import answer  # noqa: PLC0415 - see above

        answer(shell, sys.argv[1:], os.environ)
        return
    from trail.cli.main import run  # noqa: PLC0415 - see above

    code = run(sys.argv[1:])
    # Python looks through all objects for cycles before it ends, which takes a good part of the time of a search: let it pass
    # over those there are. Files are closed and locks are let go all the same.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
