"""A fresh clone on a machine that has python3 and git alone: the README's first command does everything."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import ROOT, run

# how this machine reaches its package registry is its own business
REGISTRY = {name: value for name, value in os.environ.items() if name.upper().startswith(("PIP_", "SSL_"))}
REGISTRY |= {name: value for name, value in os.environ.items() if name.upper().endswith("_PROXY")}


def bare_path(folder: Path) -> str:
    """A PATH with python3 and git and nothing else: no node, no cdk, no aws."""
    folder.mkdir()
    (folder / "python3").symlink_to(Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}"))
    (folder / "git").symlink_to(str(shutil.which("git")))
    return str(folder)


def registry_answers(folder: Path) -> bool:
    """Whether pip can fetch a small package here."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-cache-dir",
        "-q",
        "-d",
        str(folder),
        "constructs",
    ]
    return subprocess.run(pip, capture_output=True, timeout=120).returncode == 0


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not a git checkout")
@pytest.mark.skipif(os.name == "nt", reason="written for POSIX")
def test_a_fresh_clone_answers_with_one_command(tmp_path: Path) -> None:
    if not registry_answers(tmp_path / "probe"):
        pytest.skip("no package registry can be reached from here")
    clone = tmp_path / "preflight"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    path = bare_path(tmp_path / "bin")

    said = run("python3", "lab", "check", "1", cwd=clone, path=path, **REGISTRY)

    assert "Installing into .venv" in said
    assert "7 of 7 kept" in said
    assert "the worked stack" in said
    # the second time there is nothing to install, and no node is started
    assert "Installing" not in run("python3", "lab", "check", "1", cwd=clone, path=path)
    assert (clone / "workspace" / "README.md").is_file()
    assert (
        subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True).stdout
        == ""
    ), "running it dirtied the clone"


def test_localhost_means_this_machine() -> None:
    # the whole suite leans on it: tests talk to localhost, and a guard refuses every other name
    assert {each[4][0] for each in socket.getaddrinfo("localhost", 80)} <= {"127.0.0.1", "::1"}
