"""Keeps a process away from the real AWS: made-up credentials, and no request that leaves this machine."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from preflight.clouds import Keys
from preflight.errors import Unavailable

# an access key id has twenty characters, and moto reads the account from no other
FAKE_KEYS = Keys("AKIAPREFLIGHTOFFLINE", "made-up")


class LeavesThisMachine(Unavailable):
    """A call would have reached the real AWS, or another machine."""


def fake_environment(region: str) -> dict[str, str]:
    """The AWS_* variables that let any AWS tool run with made-up credentials, and no others."""
    return {
        "AWS_ACCESS_KEY_ID": FAKE_KEYS.access_key,
        "AWS_SECRET_ACCESS_KEY": FAKE_KEYS.secret,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # a profile could name an endpoint, a role or a retry mode
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Replace every AWS_* and MOTO_* variable of this process by these; the old ones come back at the end."""
    before = _aws_variables()
    _replace(before, variables)
    try:
        yield
    finally:
        _replace(_aws_variables(), before)


@contextmanager
def loopback_only() -> Iterator[None]:
    """Let no request of botocore leave this machine, whichever client makes it.

    The patch is on botocore's transport, below every client, session and credential provider.
    """
    from botocore.httpsession import URLLib3Session

    send = URLLib3Session.send

    def send_on_this_machine(self: Any, request: Any) -> Any:
        host = urlsplit(request.url).hostname or ""
        if not is_loopback(host):
            raise LeavesThisMachine(
                f"Nothing on this machine answers for {host}, and no call may leave it; "
                "what needs the real AWS is asked with ./lab verify"
            )
        return send(self, request)

    with patch.object(URLLib3Session, "send", send_on_this_machine):
        yield


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _aws_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "MOTO_"))}


def _replace(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
