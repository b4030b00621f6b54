"""What the learner reads, kept as files: PREFLIGHT_UPDATE_GOLDEN=1 writes them anew, and the diff is the review."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "golden"


def same_as_golden(name: str, text: str) -> None:
    """Insist that `text` is what tests/golden/`name`.txt holds."""
    file = FOLDER / f"{name}.txt"
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    if os.environ.get("PREFLIGHT_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert file.is_file(), f"no golden file {name}; PREFLIGHT_UPDATE_GOLDEN=1 writes it"
    assert text == file.read_text(encoding="utf-8")
