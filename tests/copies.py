"""A copy of the project to use as a learner would, workspace and all, without touching this one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".preflight", "node_modules", "cdk.out", "__pycache__", ".*_cache", ".hypothesis"
)


def copy_of_the_project(folder: Path) -> Path:
    """The project in a folder of its own, with an empty workspace and this one's .venv."""
    if not (VENV / "made-by-lab").is_file():
        pytest.skip("./lab has not made this .venv; run ./lab test")
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    for each in (folder / "workspace").iterdir():
        if each.name != "README.md":
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    (folder / ".venv").symlink_to(VENV)
    return folder


def run(*command: str, cwd: Path, good: tuple[int, ...] = (0,), path: str | None = None, **more: str) -> str:
    """Run a command with a bare environment; returns what it printed, both streams, and wants one of the exit codes."""
    environment = {
        "PATH": path if path is not None else os.environ["PATH"],
        "HOME": os.environ.get("HOME", str(cwd)),
        "LANG": "C.UTF-8",
        # whoever runs this may have credentials of their own
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        **more,
    }
    finished = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode in good, f"{' '.join(command)} ended with {finished.returncode}:\n{said}"
    assert "Traceback" not in said, said
    return said
