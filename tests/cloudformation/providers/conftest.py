"""A bench to try one provider on: make, read back, change and delete a resource as the engine would."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from preflight.cloudformation.ledger import Declared, leaves, plain
from preflight.cloudformation.providers import Context, Made, find_provider

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
        provider: Any = find_provider(thing.type)
        answers = provider.read(thing.made, Declared(thing.properties), thing.context)
        pairs = set(_pairs(answers))
        values = {value for _, value in pairs} | {key for key, _ in pairs}
        also = _synonyms(provider)
        named = thing.unapplied
        lost = set()
        for path in leaves(thing.properties):
            dotted = ".".join(path)
            if any(dotted == each or dotted.startswith(each + ".") for each in named):
                continue
            value: Any = thing.properties
            for step in path:
                value = value[int(step)] if isinstance(value, list) else value[step]
            if value in ([], {}):
                continue
            told = _comparable(value)
            name = [step for step in path if not step.isdigit()][-1].lower().rpartition(":")[2]
            known_as = {name, *also.get(name, ())}
            plain_word = isinstance(value, bool) or told in _COMMON or told.isdigit() or len(told) < 3
            if plain_word and not any((each, told) in pairs for each in known_as):
                lost.add(f"{dotted}={value}")
            if not plain_word and told not in values:
                lost.add(f"{dotted}={value}")
        return lost


_COMMON = {"true", "false", "enabled", "disabled", "default", "none", "*", "active", "allow", "deny"}


def _synonyms(provider: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    made = [provider.makes] if provider.makes else []
    rows = [*made, *(_row(step) for step in provider.then)]
    for row in rows:
        renames = [*row.names.items(), *((source, target) for target, source in row.sends.items())]
        for ours, theirs in renames:
            found.setdefault(ours.split(".")[-1].lower(), set()).add(theirs.split(".")[-1].lower())
    return found


def _row(step: Any) -> Any:
    return next(row for row in (getattr(step, name, None) for name in ("put", "add", "on")) if row is not None)


def _pairs(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value[:1] in "{[":
        try:
            yield from _pairs(json.loads(value), key)
        except ValueError:
            yield key, _comparable(value)
    elif isinstance(value, Mapping):
        if set(map(str.lower, value)) == {"key", "value"}:
            pair = {each.lower(): text for each, text in value.items()}
            yield str(pair["key"]).lower(), _comparable(pair["value"])
        for name, each in value.items():
            yield from _pairs(each, name.lower().rpartition(":")[2])
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _pairs(each, key)
    else:
        yield key, _comparable(value)


def _comparable(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dt%H:%M:%Sz").lower()
    return str(plain(value)).strip().lower()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An empty emulated cloud with one stack's bench in it."""
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "testing")
    with mock_aws():
        yield Bench()
