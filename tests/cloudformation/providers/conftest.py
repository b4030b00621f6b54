"""A bench to try one provider on: make, read back, change and delete a resource as the engine would."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, find_provider
from tests.readback import lost

ACCOUNT = "123456789012"
_CLIENTS: dict[tuple[str, str], Any] = {}


@dataclass
class Thing:
    """A resource on the bench."""

    type: str
    properties: dict[str, Any]
    made: Made
    context: Context
    unapplied: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        return self.made.physical_id

    def __getitem__(self, attribute: str) -> Any:
        return self.made.attributes[attribute]


@dataclass
class Bench:
    """Makes, changes and deletes resources of one stack."""

    region: str = "us-east-1"
    tags: dict[str, str] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, region: str | None = None) -> Any:
        import boto3

        where = (service, region or self.region)
        if where not in _CLIENTS:
            _CLIENTS[where] = boto3.client(service, region_name=where[1])
        return _CLIENTS[where]

    def context(self, logical_id: str = "Thing") -> Context:
        return Context(
            stack_name="Lab1",
            stack_id=f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/Lab1/0001",
            logical_id=logical_id,
            region=self.region,
            account=ACCOUNT,
            make_client=self.client,
            tags=self.tags,
            beside=self.beside,
        )

    def make(self, kind: str, logical_id: str = "Thing", **properties: Any) -> Thing:
        provider = find_provider(kind)
        assert provider is not None, kind
        declared, context = Declared(properties), self.context(logical_id)
        made = provider.create(declared, context)
        return Thing(kind, properties, made, context, declared.unapplied())

    def change(self, thing: Thing, **properties: Any) -> Thing:
        provider = find_provider(thing.type)
        assert provider is not None
        declared = Declared(properties)
        made = provider.update(thing.made, declared, thing.properties, thing.context)
        return Thing(thing.type, properties, made, thing.context, declared.unapplied())

    def delete(self, thing: Thing) -> None:
        provider = find_provider(thing.type)
        assert provider is not None
        provider.delete(thing.made, Declared(thing.properties), thing.context)

    def lost(self, thing: Thing) -> set[str]:
        """The leaves the ledger calls applied whose values the service does not give back, by dotted path."""
        return lost(thing.made, thing.type, thing.properties, thing.unapplied, thing.context)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An empty emulated cloud, corrected as the offline one is, with one stack's bench in it."""
    from moto import mock_aws

    from preflight.clouds.corrections import corrected

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "testing")
    with mock_aws(), corrected():
        yield Bench()
