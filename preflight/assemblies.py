"""Keeps cloud assemblies by the content of everything they were made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preflight.fresh import ENGINE

MOST_ENTRIES = 40
MOST_BYTES = 256 * 1024 * 1024
ABANDONED_AFTER = 3600.0
# Another process may still read what was asked for a moment ago.
IN_USE_FOR = 900.0
# A file's time may lag the clock by one tick of the kernel.
CLOCK_STEP = 0.02
MOST_FILES_IN_A_FOLDER = 2000

# Written by tools beside the code; nothing in them changes what is built.
NOT_CODE = frozenset(
    {".git", ".venv", "__pycache__", "node_modules", "cdk.out", ".DS_Store", ".pytest_cache", ".ruff_cache"}
    | {".mypy_cache", ".hypothesis", ".idea", ".vscode"}
)

# Modules that decide what an assembly holds: a change in one makes every stored assembly a stranger.
MAKERS = ("fresh.py", "stack_code.py", "stack_faults.py", "synth_worker.py", "assemblies.py")


@dataclass(frozen=True)
class Entry:
    """One stored assembly: its folder, and what the worker said about it."""

    directory: Path
    made: Mapping[str, Any]
    output: str


class Store:
    """Assemblies under one folder; a folder that cannot be written gives way to a private one, removed by `close`."""

    def __init__(self, folder: Path) -> None:
        self._private: Path | None = None
        self._unfinished: list[Path] = []
        self._number = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            folder = self._private = Path(tempfile.mkdtemp(prefix="preflight-"))
        self.folder = folder

    def find(self, key: str) -> Entry | None:
        """The newest entry under `key` whose every input is still as it was."""
        for path in sorted(self.folder.glob(f"{key}-*"), key=_used, reverse=True):
            try:
                noted = json.loads((path / "entry.json").read_text("utf-8"))
                if not _still_holds(noted):
                    continue
                directory = path / "assembly"
                if not (directory / noted["made"]["template"]).is_file():
                    continue
                os.utime(path)
            except (OSError, ValueError, KeyError):
                continue
            return Entry(directory, noted["made"], noted["output"])
        return None

    def room(self) -> Path:
        """A new folder for an assembly in the making; nobody finds it before `keep`."""
        self._number += 1
        room = self.folder / f".new-{os.getpid()}-{time.time_ns()}-{self._number}"
        # somebody may have cleaned .preflight away since this process began
        room.mkdir(parents=True)
        self._unfinished.append(room)
        return room

    def keep(self, room: Path, key: str, *, since: float, folder: tuple[Path, str], entry: Entry) -> Entry:
        """Give the finished assembly in `room` its name, in one step.

        `since` is the time (seconds) the request began and `folder` the code's folder with its digest then: when an
        input has changed in between, nobody can say which version was built, so the entry stays unnamed and is
        removed by `close`.
        """
        place, digest = folder
        inputs = [path for path in map(Path, entry.made["files"]) if not digest or place not in path.parents]
        if digest != folder_digest(place) or any(_changed_since(path, since) for path in inputs):
            return entry
        noted = {
            "folder": [str(place), digest],
            "files": {str(path): digest_of(path) for path in inputs},
            "environ": entry.made["environ"],
            "made": entry.made,
            "output": entry.output,
        }
        named = self.folder / f"{key}-{_digest(json.dumps(noted, sort_keys=True).encode())[:16]}"
        (room / "entry.json").write_text(json.dumps(noted), "utf-8")
        try:
            room.rename(named)
        except OSError:
            # Another process stored the same one first, or holds a file of ours open: either way this one serves.
            return entry
        self._unfinished.remove(room)
        self._tidy(named)
        return Entry(named / "assembly", entry.made, entry.output)

    def drop(self, room: Path) -> None:
        """Remove an assembly that came to nothing."""
        shutil.rmtree(room, ignore_errors=True)
        self._unfinished.remove(room)

    def close(self) -> None:
        """Remove what was never named."""
        for room in self._unfinished[:]:
            self.drop(room)
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)

    def _tidy(self, newest: Path) -> None:
        now = time.time()
        for room in self.folder.glob(".new-*"):
            if room not in self._unfinished and now - _used(room) > ABANDONED_AFTER:
                shutil.rmtree(room, ignore_errors=True)
        entries = sorted((p for p in self.folder.iterdir() if not p.name.startswith(".")), key=_used, reverse=True)
        total = 0
        for count, path in enumerate(entries):
            total += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            too_many = count >= MOST_ENTRIES or total > MOST_BYTES
            if path != newest and too_many and now - _used(path) > IN_USE_FOR:
                shutil.rmtree(path, ignore_errors=True)


# bytes; a larger file, data that lies beside the code, is told by its size and time
LARGE_FILE = 32 * 1024 * 1024


def key_of(file: Path, construct_id: str, context: Mapping[str, Any]) -> str:
    """The name all assemblies of one stack file share: its path, context, and the versions that build it."""
    makers = [_digest((ENGINE / name).read_bytes()) for name in MAKERS]
    facts = [str(file), construct_id, context, _versions(), sys.version, makers]
    return _digest(json.dumps(facts, sort_keys=True).encode())[:16]


def folder_digest(folder: Path) -> str:
    """One digest for the names and contents below `folder`; empty for a folder too large to be a lab's."""
    digest = hashlib.sha256()
    for count, path in enumerate(_files(folder)):
        if count == MOST_FILES_IN_A_FOLDER:
            return ""
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + digest_of(path).encode() + b"\0")
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """The digest of a file's content or a folder's; empty when there is nothing there to read."""
    try:
        if path.is_dir():
            return folder_digest(path)
        if not path.is_file():
            return ""  # a pipe or a device: reading it may never end
        stat = path.stat()
        large = f"{stat.st_size} {stat.st_mtime_ns}".encode() if stat.st_size > LARGE_FILE else None
        return _digest(large or path.read_bytes())
    except OSError:
        return ""


def _still_holds(noted: Mapping[str, Any]) -> bool:
    place, digest = noted["folder"]
    return (
        all(os.environ.get(name) == value for name, value in noted["environ"].items())
        and folder_digest(Path(place)) == digest
        and all(digest_of(Path(name)) == was for name, was in noted["files"].items())
    )


def _changed_since(path: Path, since: float) -> bool:
    try:
        return path.stat().st_mtime >= since - CLOCK_STEP
    except OSError:
        return True


def _files(folder: Path) -> Iterable[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - NOT_CODE)
        yield from (Path(here, name) for name in sorted(names) if name not in NOT_CODE and not name.endswith(".pyc"))


def _versions() -> list[str]:
    wanted = ("aws_cdk_lib-", "constructs-", "jsii-")
    found = set()
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208  (a Path for each of 300 names costs more than the hashing)
        except OSError:
            continue
        found |= {name for name in names if name.startswith(wanted) and name.endswith(".dist-info")}
    return sorted(found)


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
