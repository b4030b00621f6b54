from __future__ import annotations

import pytest

from preflight.cloudformation import operation
from tests.cloudformation.fakes import Topic, World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A cloud where topics really exist and every other type is recorded."""
    world = World()
    topic = Topic(world)
    monkeypatch.setattr(operation, "find_provider", lambda kind: topic if kind == Topic.type else None)
    return world
