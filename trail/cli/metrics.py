"""`trail status --prometheus`: the same figures for a monitoring system.

Comes in: what `read_status` gathered. Goes out: the text exposition format of Prometheus, version 0.0.4: a HELP and a TYPE
line for each metric, then its samples. Times are Unix seconds, sizes bytes. Labels hold names of accounts and clients,
nothing of the mail.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from trail import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    Sample = tuple[dict[str, str], float]

KINDS = (
    "failing",
    "never",
    "stale",
    "failed",
    "warning",
    "damage",
    "rule",
    "forgetting",
    "index",
    "unattributed",
    "lag",
)
"""All kinds of problems there are: one that does not occur is a 0, so that an alert can wait for it."""


def metrics_text(data: dict[str, Any]) -> str:
    """All metrics. Every line ends with a line feed."""
    lines: list[str] = []
    for name, text, samples in _metrics(data):
        if samples:
            lines += [f"# HELP trail_{name} {text}", f"# TYPE trail_{name} gauge"]
            lines += [
                f"trail_{name}{_write_labels(labels)} {value:.17g}" for labels, value in samples
            ]
    return "\n".join(lines) + "\n"


def _metrics(data: dict[str, Any]) -> Iterator[tuple[str, str, list[Sample]]]:
    accounts, daemon, index = data["accounts"], data["daemon"], data["index"]
    yield "build_info", "The version of trail.", [({"version": __version__}, 1)]
    yield "messages", "Messages in the archive.", _one(data["messages"])
    yield "archive_bytes", "Size of the messages in the archive.", _one(data["bytes"])
    counts = [p["kind"] for p in data["problems"]]
    yield (
        "problems",
        "Problems that `trail status` tells of, by kind.",
        [({"kind": kind}, counts.count(kind)) for kind in KINDS],
    )
    yield (
        "account_failing",
        "Whether the last round of the account ended with an error.",
        [(_of(a), bool(a["error"])) for a in accounts],
    )
    yield (
        "account_paused",
        "Whether the daemon lets the account rest after a refused login.",
        [(_of(a), a["account"] in daemon.get("paused", {})) for a in accounts],
    )
    for what, text in (("success", "was last done"), ("started", "last began")):
        yield (
            f"account_last_{what}_timestamp_seconds",
            f"When a round of the account {text}.",
            [(_of(a), _to_seconds(a[f"last_{what}_at"])) for a in accounts if a[f"last_{what}_at"]],
        )
    for key, text in (
        ("on_server", "Messages on the server at the last look."),
        ("archived", "Places on the server whose message is archived."),
        ("left", "Messages left on the server: nobody's client mail."),
        ("failed", "Messages that could not be fetched and are tried again."),
        ("gone", "Archived places that are no longer on the server."),
    ):
        sums = [(_of(a), sum(f[key] for f in a["folders"])) for a in accounts]
        yield f"account_{key}_messages", text, sums
    yield (
        "client_messages",
        "Messages of the client in the archive.",
        [({"client": c["client"]}, c["messages"]) for c in data["clients"]],
    )
    yield (
        "unattributed_messages",
        "Messages not attributed under the present rules.",
        _one(data["unattributed"]),
    )
    yield "unparsable_messages", "Messages not readable as mail.", _one(len(data["unparsable"]))
    for key, text in (
        ("waiting", "Attachments whose text is still to be read."),
        ("unreadable", "Attachments whose text could not be read, or not to the end."),
    ):
        yield f"attachments_{key}", text, _one(data["attachments"][key])
    yield "index_messages", "Messages in the search index.", _one(index["messages"])
    yield "index_lag_messages", "Messages the search index lacks.", _one(index["lag"])
    yield "daemon_running", "Whether a daemon works on the archive.", _one(daemon["running"])


def _one(value: float) -> list[Sample]:
    return [({}, value)]


def _of(account: dict[str, Any]) -> dict[str, str]:
    return {"account": account["account"]}


def _to_seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _write_labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items()) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
