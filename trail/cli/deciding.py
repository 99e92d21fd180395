"""Who answers for what is decided here: hand-offs, decisions on messages, holds, what is forgotten.

In: a name that was given, the configuration. Out: that name, else the user's first address, else their name on this machine.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trail.config import Config


def name_decider(config: Config, by: str = "") -> str:
    """The name that ledger and audit log get."""
    return " ".join(by.split()) or "".join(config.me[:1]) or getpass.getuser()
