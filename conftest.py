"""Keeps every test on this machine, and gives them the tiny course and an empty cloud."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from preflight.clouds.isolation import environment, fake_environment, is_loopback

if TYPE_CHECKING:
    from preflight.clouds.offline import OfflineCloud
    from tests.shelf.builder import Shelf

pytest_plugins = ["preflight.pytest_plugin"]


def pytest_configure(config: pytest.Config) -> None:
    """From before the first test is collected until after the last one has run."""
    guards = ExitStack()
    guards.enter_context(environment(fake_environment("us-east-1")))
    guards.enter_context(no_connection_leaves())
    config.add_cleanup(guards.close)


@contextmanager
def no_connection_leaves() -> Iterator[None]:
    """Let no socket of this process connect, and no name be looked up, beyond this machine."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_far(self, address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_far(self, address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if host is not None and not is_loopback(_text(host)):
            raise LeftThisMachine(f"a test looked up {_text(host)}")
        return look_up(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(socket.socket, "connect", guarded_connect)
        patches.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patches.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


class LeftThisMachine(AssertionError):
    """A test tried to talk to another machine."""


def _refuse_far(sock: socket.socket, address: Any) -> None:
    is_ip = sock.family in (socket.AF_INET, socket.AF_INET6)
    if is_ip and not is_loopback(_text(address[0])):
        raise LeftThisMachine(f"a test tried to reach {address}")


def _text(host: Any) -> str:
    return host.decode() if isinstance(host, bytes) else str(host)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """The tiny course in a folder of its own."""
    from tests.shelf.builder import Shelf

    return Shelf(tmp_path / "shelf")


@pytest.fixture
def cloud() -> Iterator[OfflineCloud]:
    """An empty offline cloud."""
    from preflight.clouds.offline import OfflineCloud

    with OfflineCloud() as cloud:
        yield cloud
