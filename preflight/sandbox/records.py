"""What was deployed where and until when: one small file a lab in workspace/deployed/."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from preflight.errors import Unavailable


class Record(BaseModel):
    """One lab's stack as it was begun; it stays until a teardown has been proved, whatever happens in between.

    `place` is the account's id, or the endpoint. Times are UTC. `live` is the outcome of each promise when it was last
    verified there.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    lab: int
    stack: str
    place: str
    account: str
    region: str
    begun: datetime
    expires: datetime
    code: str
    whole: bool = False
    verified: datetime | None = None
    live: dict[str, str] = {}


def folder_of(root: Path) -> Path:
    """Where the records are."""
    return root / "workspace" / "deployed"


def write(root: Path, record: Record) -> None:
    """Keep a record, whole or not at all; raises Unavailable where nothing can be kept."""
    folder = folder_of(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(record.model_dump(mode="json"), indent=2) + "\n")
        Path(name).replace(folder / f"{record.stack}.json")
    except OSError as error:
        raise Unavailable(
            f"workspace/deployed/ cannot be written ({error.strerror}), and what is not written down is forgotten; "
            "make it writable, then ./lab doctor"
        ) from error


def read(root: Path, stack: str) -> Record | None:
    """The record of a stack, None without one; a file nobody can read counts as none."""
    try:
        data: Any = json.loads((folder_of(root) / f"{stack}.json").read_text(encoding="utf-8"))
        return Record.model_validate(data)
    except (OSError, ValueError, ValidationError):
        return None


def records(root: Path) -> list[Record]:
    """Every record there is, the first to expire first."""
    names = [file.stem for file in folder_of(root).glob("*.json") if not file.name.startswith(".")]
    found = [record for record in (read(root, name) for name in names) if record is not None]
    return sorted(found, key=lambda record: record.expires)


def forget(root: Path, stack: str) -> None:
    """Take a record away, after its stack was proved to be gone."""
    with contextlib.suppress(OSError):
        (folder_of(root) / f"{stack}.json").unlink()
