"""How often each function has been invoked in one chain of requests, as Lambda tells it in the trace header.

The SDKs send the header on from a function (`X-Amzn-Trace-Id`), SQS keeps it with the message; its Lineage is
`hash:count` for each function of the chain. Lambda ends a chain that has come to one function 16 times:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html, checked_on 2026-11-23.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Iterable

HEADER = "X-Amzn-Trace-Id"
MOST_IN_A_CHAIN = 16


def follow(trace: str, function: str) -> tuple[str, int]:
    """The header for an invocation that this one led to, and how often its function has been invoked by then."""
    counts = _counts(trace)
    mark = hashlib.sha256(function.encode()).hexdigest()[:8]
    counts[mark] = counts.get(mark, 0) + 1
    root = re.search(r"Root=([\w-]+)", trace)
    begun = root[1] if root else f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    lineage = "|".join(f"{each}:{count}" for each, count in counts.items())
    return f"Root={begun};Parent={secrets.token_hex(8)};Sampled=0;Lineage={lineage}", counts[mark]


def longest(traces: Iterable[str]) -> str:
    """The header of the longest chain."""
    return max(traces, key=lambda each: sum(_counts(each).values()), default="")


def _counts(trace: str) -> dict[str, int]:
    found = re.search(r"Lineage=([\w:|]+)", trace)
    return {mark: int(count) for mark, count in re.findall(r"([0-9a-f]{8}):(\d+)", found[1])} if found else {}
