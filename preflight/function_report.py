"""What an invocation leaves: its payload as Lambda answers it, and its log with Lambda's own lines."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from preflight.function_environments import Environment, Outcome, now_ms

RESPONSE_LIMIT = 6291556
# one event of CloudWatch Logs, and one PutLogEvents
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html, checked_on 2026-11-22
LOG_EVENT = 256 * 1024 - 26
LOG_BATCH = 1048576
LOG_BATCH_EVENTS = 10000


def report(
    function: Any, version: str, request_id: str, environment: Environment, outcome: Outcome
) -> tuple[bytes, Literal["Unhandled"] | None, list[tuple[int, str]]]:
    """The payload, whether it is an error, and the whole log of an invocation with Lambda's own lines."""
    said = f"RequestId: {request_id}"
    lines = list(outcome.lines)
    status = ""
    if outcome.status == "answered":
        payload: Any = outcome.body.encode()
        if len(payload) > RESPONSE_LIMIT:
            message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
            payload = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
            lines.append((now_ms(), f"[ERROR] [{now_ms()}] LAMBDA_RUNTIME Failed to post handler success response."))
            status = "error\tError Type: Function.ResponseSizeTooLarge"
    elif outcome.status == "failed":
        payload = outcome.error
        lines.append((now_ms(), _error_lines(payload)))
        if str(payload["errorType"]).startswith("Runtime.") or outcome.error["requestId"] == "":
            status = f"error\tError Type: {payload['errorType']}"
    elif outcome.status == "timeout":
        words = f"Task timed out after {function.timeout:.2f} seconds"
        payload = {"errorType": "Sandbox.Timedout", "errorMessage": f"{said} Error: {words}"}
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines.append((now_ms(), f"{stamp} {request_id} {words}"))
        status = "timeout"
    else:
        kind = "Runtime.ExitError" if outcome.status == "exited" else "Runtime.OutOfMemory"
        way = outcome.error if outcome.status == "exited" else "signal: killed"
        words = f"Runtime exited with error: {way}" if way else "Runtime exited without providing a reason"
        payload = {"errorType": kind, "errorMessage": f"{said} Error: {words}"}
        lines.append((now_ms(), f"{said} Error: {words}\n{kind}"))
        status = f"error\tError Type: {kind}"
    before = []
    if outcome.init_seconds is not None:
        python = ".".join(map(str, sys.version_info[:3]))
        before = [(environment.born_at, f"INIT_START Runtime Version: python:{python}"), *outcome.before]
    began = lines[0][0] if lines else now_ms()
    log = [*before, (began, f"START {said} Version: {version}"), *lines, (now_ms(), f"END {said}")]
    log.append((now_ms(), _report_line(function, said, outcome, status)))
    error: Literal["Unhandled"] | None = None
    if not isinstance(payload, bytes):
        payload, error = json.dumps(payload, ensure_ascii=False).encode(), "Unhandled"
    return payload, error, log


def _report_line(function: Any, said: str, outcome: Outcome, status: str) -> str:
    ms = outcome.seconds * 1000
    billed = math.ceil(ms + (outcome.init_seconds or 0.0) * 1000)
    memory = function.memory_size
    parts = [
        f"REPORT {said}",
        f"Duration: {ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {memory} MB",
        f"Max Memory Used: {min(outcome.peak, memory)} MB",
    ]
    if outcome.init_seconds is not None:
        parts.append(f"Init Duration: {outcome.init_seconds * 1000:.2f} ms")
    if status:
        parts.append(f"Status: {status}")
    return "\t".join(parts) + "\t"


def _error_lines(error: Mapping[str, Any]) -> str:
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}", "Traceback (most recent call last):"]
    for each in error["stackTrace"]:
        for line in str(each).splitlines():
            inner = line.lstrip(" ")
            # no-break spaces, as Lambda keeps the indentation
            lines.append(" " * (len(line) - len(inner)) + inner)
    return "\n".join(lines)


def batches(lines: list[tuple[int, str]]) -> list[list[dict[str, Any]]]:
    """Log lines as PutLogEvents takes them: no event and no batch too large, none out of order."""
    made: list[list[dict[str, Any]]] = []
    batch: list[dict[str, Any]] = []
    size, last = 0, 0
    for at, line in lines:
        last = max(at, last)
        for part in _split(line):
            room = len(part.encode()) + 26
            if batch and (size + room > LOG_BATCH or len(batch) >= LOG_BATCH_EVENTS):
                made.append(batch)
                batch, size = [], 0
            batch.append({"timestamp": last, "message": part})
            size += room
    return [*made, batch] if batch else made


def _split(line: str) -> list[str]:
    # an event cannot be empty, and Lambda keeps a line's end
    text = f"{line}\n"
    if len(text) * 4 <= LOG_EVENT or len(text.encode()) <= LOG_EVENT:
        return [text]
    data = text.encode()
    return [data[at : at + LOG_EVENT].decode("utf-8", "ignore") for at in range(0, len(data), LOG_EVENT)]
