"""What a service gives back of a resource's declared properties, asked through the service's own API."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from preflight.cloudformation.ledger import Declared, leaves, plain
from preflight.cloudformation.providers import Context, Made, find_provider


def lost(
    made: Made, kind: str, properties: Mapping[str, Any], unapplied: Collection[str], context: Context
) -> set[str]:
    """The leaves the ledger calls applied whose values the service does not give back, as "dotted.path=value"."""
    provider: Any = find_provider(kind)
    with _what_is_asked_for() as asked:
        answers = provider.read(made, Declared(properties), context)
    pairs = set(_pairs(answers))
    # what a question was asked about is there, or there would be no answer
    values = {value for _, value in (*pairs, *_pairs(asked))} | {key for key, _ in pairs}
    values |= {_last_of(each) for each in values} | {part for each in values for part in _parts(each)}
    also = _synonyms(provider)
    named = {*unapplied, *getattr(provider, "untold", "").split()}
    missing = set()
    for path in leaves(properties):
        dotted = ".".join(path)
        if any(dotted == each or dotted.startswith(each + ".") for each in named):
            continue
        value: Any = properties
        for step in path:
            value = value[int(step)] if isinstance(value, list) else value[step]
        if value in ([], {}, ""):
            continue
        told = _comparable(value)
        name = [step for step in path if not step.isdigit()][-1].lower().rpartition(":")[2]
        known_as = {name, *also.get(name, ())}
        plain_word = isinstance(value, bool) or told in _COMMON or len(told) < 3
        plain_word = plain_word or (told.isdigit() and len(told) != 12)
        words = {told, *_IN_OTHER_WORDS.get(told, ())}
        if plain_word and not any((each, word) in pairs for each in known_as for word in words):
            missing.add(f"{dotted}={value}")
        if not plain_word and not {told, _last_of(told)} & values and not _all_told(value, values):
            missing.add(f"{dotted}={value}")
    return missing


@contextmanager
def _what_is_asked_for() -> Iterator[list[Any]]:
    """The parameters of every call made meanwhile."""
    from botocore.client import BaseClient

    asked: list[Any] = []
    make = BaseClient._make_api_call

    def noted(self: Any, operation: str, parameters: Any) -> Any:
        answer = make(self, operation, parameters)
        asked.append(parameters)
        return answer

    with patch.object(BaseClient, "_make_api_call", noted):
        yield asked


def _last_of(name: str) -> str:
    """What an ARN, a path or an address ends with: services tell the one where they were told the other."""
    if name.startswith(("http://", "https://")):
        return name.partition("//")[2]
    return re.split(r"[:/]", name)[-1] if name.startswith("arn:") else name.removeprefix("custom:")


def _parts(name: str) -> list[str]:
    """The Region and the account an ARN names, and the suffix of a service-linked role."""
    suffix = [name.rpartition("_")[2]] if name.startswith("awsservicerolefor") else []
    return [*suffix, *name.split(":")[3:5]] if name.startswith("arn:") else suffix


def _all_told(value: Any, values: Collection[str]) -> bool:
    """Whether a property that is JSON as text is told as what it says."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return False
    try:
        return all(each in values for _, each in _pairs(json.loads(value)))
    except ValueError:
        return False


_IN_OTHER_WORDS = {"true": ("enabled", "on", "1"), "false": ("disabled", "off", "0")}
_COMMON = {"true", "false", "enabled", "disabled", "default", "none", "*", "active", "allow", "deny"}


def _synonyms(provider: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    made = [provider.makes] if provider.makes else []
    rows = [*made, *(_row(step) for step in provider.then)]
    told = [each.partition("=")[::2] for each in getattr(provider, "tells", "").split()]
    for theirs, ours in told:
        found.setdefault(ours.split(".")[-1].lower(), set()).add(theirs.lower())
    for row in rows:
        renames = [*row.names.items(), *((source, target) for target, source in row.sends.items())]
        for ours, theirs in renames:
            found.setdefault(ours.split(".")[-1].lower(), set()).add(theirs.split(".")[-1].lower())
    return found


def _row(step: Any) -> Any:
    return next(row for row in (getattr(step, name, None) for name in ("put", "add", "on")) if row is not None)


def _pairs(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value[:1] in "{[":
        yield key, _comparable(value)
        try:
            yield from _pairs(json.loads(value), key)
        except ValueError:
            yield key, _comparable(value)
    elif isinstance(value, Mapping):
        pair = {each.lower().removeprefix("parameter"): text for each, text in value.items()}
        named = pair.get("key", pair.get("name"))
        if named is not None and "value" in pair:
            yield str(named).lower(), _comparable(pair["value"])
        for name, each in value.items():
            yield from _pairs(each, name.lower().rpartition(":")[2])
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _pairs(each, key)
    else:
        yield key, _comparable(value)


def _comparable(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace").strip().lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dt%H:%M:%Sz").lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(plain(value)).strip().lower()
