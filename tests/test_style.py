"""The house's style is kept: ruff format, ruff check, and mypy --strict on the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

TOOLS = {
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "ruff check": ["ruff", "check", "--quiet", "."],
    "mypy": ["mypy", "--no-error-summary"],
}


@pytest.mark.parametrize("name", TOOLS)
def test_style(name: str) -> None:
    finished = subprocess.run([sys.executable, "-m", *TOOLS[name]], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, f"{name}:\n{finished.stdout}{finished.stderr}"
