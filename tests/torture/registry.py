"""All scenarios by name, and what each needs: a row of the fault table in each."""

from __future__ import annotations

import lies
import scenarios
import upsets

EVERYWHERE: dict[str, int] = {
    "kills": 5,
    "cut-lines": 3,
    "stalls": 2,
    "changes-during-the-round": 2,
    "full-disk": 2,
    "io-errors": 3,
    "renumbered": 1,
    "expunged": 1,
    "renamed": 1,
    "emptied": 1,
    "refused-login": 1,
    "clock-jumps": 2,
    "leftovers": 2,
    "older-ledger": 2,
    "two-daemons": 1,
    "crowd": 1,
    "liar": 4,
    "throttled": 2,
    "eight-bit-names": 2,
}
"""How often each is chosen, relative to the others."""
ON_SCRIPTED = {"liar", "throttled", "eight-bit-names"}
"""Those that need a server that lies; the others are played on Dovecot."""
SCENARIOS = {
    name: next(
        getattr(module, name.replace("-", "_"))
        for module in (scenarios, upsets, lies)
        if hasattr(module, name.replace("-", "_"))
    )
    for name in EVERYWHERE
}
