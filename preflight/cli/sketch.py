"""Draws a design with an answer upon it, and puts the picture where it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.analysis.picture import Overlay
    from preflight.template import Template


def sketch(file: Path, template: Template, overlay: Overlay | None, command: str) -> None:
    """Write the picture of a template, for light and dark readers; raises Usage, with the command, where it cannot."""
    from preflight.analysis.picture import draw

    write(file, draw(template, overlay=overlay, theme="auto"), command)


def write(file: Path, picture: str, command: str) -> None:
    """Put a picture there, making its folder; raises Usage, with the command to try again, where it cannot."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(picture, encoding="utf-8")
    except OSError as fault:
        raise Usage(
            f"{file} cannot be written ({fault.strerror}); name another place with {command} --svg PATH"
        ) from fault
