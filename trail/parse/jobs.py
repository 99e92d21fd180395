"""What an author wrote and their name come in; what they sign as goes out ("Head of Brand"). Must never raise."""

from __future__ import annotations

import re

from trail.parse import phrases

_LINES = 14
"""Lines at the end in which people sign."""
_LONGEST = 60
_JOB = re.compile(phrases.JOB, re.IGNORECASE)
_NO_JOB = re.compile(r"[@?!:;\d]|\.\s|\.$|\b(?:I|we|you|jeg|vi|du|ich|wir|Sie|je|nous|vous)\b")


def find_job(text: str, name: str) -> str:
    """Return what stands below or beside the author's `name` where they sign; "" when it is not plainly a job."""
    wanted = " ".join(name.split()).casefold()
    if len(wanted.split()) < 2:  # noqa: PLR2004 - a first name alone stands anywhere
        return ""
    lines = [" ".join(line.split()) for line in text[-4000:].splitlines() if line.strip()][-_LINES:]
    for line, below in zip(lines, [*lines, ""][1:], strict=True):
        folded = line.casefold()
        if folded == wanted:
            job = below
        elif folded.startswith((f"{wanted},", f"{wanted} -", f"{wanted} |", f"{wanted} \u2013")):
            job = line[len(wanted) :].lstrip(" ,-|\u2013")
        else:
            continue
        if len(job) <= _LONGEST and _JOB.search(job) and not _NO_JOB.search(job):
            return job
    return ""
