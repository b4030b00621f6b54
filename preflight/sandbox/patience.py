"""Asks again, later and later, when AWS says that it was asked too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

# https://docs.aws.amazon.com/awsservices/latest/APIReference/CommonErrors.html, and the services' own words for it
THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "InternalFailure",
    "PriorRequestNotComplete",
}
TIMES = 6


def patiently(ask: Callable[[], Answer], *, sleep: Callable[[float], None] | None = None) -> Answer:
    """The answer of a call, asked for up to six times; the last refusal is raised as it came."""
    from botocore.exceptions import ClientError

    for number in range(TIMES):
        try:
            return ask()
        except ClientError as error:
            if number == TIMES - 1 or error.response.get("Error", {}).get("Code") not in THROTTLED:
                raise
            (sleep or time.sleep)(0.3 * 2**number)
    raise AssertionError("the last time either answered or raised")
