"""What became of every property a template declares: applied by a provider, or named as not emulated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str, ...]


class Declared(Mapping[str, Any]):
    """A resource's resolved properties, which remembers the ones that were read.

    Reading a leaf (`declared["BucketName"]`) or taking a whole branch (`declared.take("Tags")`) counts as applying
    it: a provider reads a property in order to send it. What nobody read is `unapplied()`. A provider that reads a
    property only to decide something, or that knows the service below drops it, says `not_emulated(...)`.
    """

    def __init__(self, properties: Mapping[str, Any], *, _root: Declared | None = None, _path: Path = ()) -> None:
        self._properties = properties
        self._path = _path
        self._root = _root if _root is not None else self
        if _root is None:
            self._applied: set[Path] = set()
            self._refused: set[Path] = set()

    def __getitem__(self, name: str) -> Any:
        return self._view(self._properties[name], (*self._path, name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)

    def __contains__(self, name: object) -> bool:
        # asking whether a property is there is not reading it
        return name in self._properties

    def take(self, name: str | None = None, default: Any = None) -> Any:
        """The whole branch under `name` (or all of this branch) as plain Python, every leaf counted as applied."""
        if name is None:
            value, path = self._properties, self._path
        elif name in self._properties:
            value, path = self._properties[name], (*self._path, name)
        else:
            return default
        self._root._applied.update(leaves(value, path))
        return plain(value)

    def peek(self, name: str | None = None, default: Any = None) -> Any:
        """The branch under `name` as plain Python, counting nothing as applied."""
        if name is None:
            return plain(self._properties)
        return plain(self._properties[name]) if name in self._properties else default

    def not_emulated(self, *names: str) -> None:
        """Say that the branches under these names (all of this branch when none is given) have no effect here."""
        for name in names or tuple(self._properties):
            if name in self._properties:
                self._root._refused.update(leaves(self._properties[name], (*self._path, name)))

    def unapplied(self) -> tuple[str, ...]:
        """Dotted paths of the leaves nobody applied, shortest form: a wholly unread branch is named once."""
        return shortest(self._root._properties, self.unapplied_leaves())

    def unapplied_leaves(self) -> set[Path]:
        """The paths of the leaves nobody applied."""
        root = self._root
        return set(leaves(root._properties)) - (root._applied - root._refused) - {()}

    def _view(self, value: Any, path: Path) -> Any:
        if isinstance(value, Mapping):
            return Declared(value, _root=self._root, _path=path) if value else self._mark(value, path)
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            if not value:
                return self._mark([], path)
            return [self._view(each, (*path, str(index))) for index, each in enumerate(value)]
        return self._mark(value, path)

    def _mark(self, value: Any, path: Path) -> Any:
        self._root._applied.add(path)
        return value


def shortest(properties: Mapping[str, Any], unapplied: Collection[Path]) -> tuple[str, ...]:
    """Leaf paths as dotted names, where a branch with no other leaves is named once."""
    applied = set(leaves(properties)) - set(unapplied)
    return tuple(sorted(".".join(path) for path in _unread(properties, (), applied)))


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of a value's leaves; an empty branch is a leaf."""
    branches = _branches(value)
    if not branches:
        yield path
    for name, each in branches:
        yield from leaves(each, (*path, name))


def plain(value: Any) -> Any:
    """The same value built of dicts and lists alone."""
    if isinstance(value, Mapping):
        source = value._properties if isinstance(value, Declared) else value
        return {name: plain(each) for name, each in source.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [plain(each) for each in value]
    return value


def _unread(value: Any, path: Path, applied: set[Path]) -> Iterator[Path]:
    all_leaves = set(leaves(value, path))
    if path and not all_leaves & applied:
        yield path
        return
    for name, each in _branches(value):
        yield from _unread(each, (*path, name), applied)


def _branches(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [(str(index), each) for index, each in enumerate(value)]
    return []
