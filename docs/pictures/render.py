"""Renders what `./lab check` really prints, and a design as `./lab show` draws it, for the README.

python docs/pictures/render.py
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 104

PICTURES = {
    "check-starter": ("check", "1", "--starter"),
    "check-worked": ("check", "1", "--worked"),
}

DRAWN = {"three-tiers": ROOT / "tests" / "apps" / "three_tiers.py"}


def main() -> None:
    for name, code in DRAWN.items():
        (Path(__file__).parent / f"{name}.svg").write_text(drawn(code), encoding="utf-8")
    for name, arguments in PICTURES.items():
        console = Console(
            record=True, width=WIDTH + 4, file=io.StringIO(), force_terminal=True, color_system="truecolor"
        )
        console.print(Text.from_ansi("$ ./lab " + " ".join(arguments) + "\n\n" + printed(*arguments).strip()))
        svg = console.export_svg(title="Preflight", unique_id=name)
        # no font is fetched from anywhere: the picture looks the same without a network
        svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
        (Path(__file__).parent / f"{name}.svg").write_text(svg, encoding="utf-8")


def drawn(code: Path) -> str:
    """The picture of the stack in a file."""
    sys.path.insert(0, str(ROOT))
    from preflight.analysis.picture import draw
    from preflight.synth import Synthesizer
    from preflight.template import Template

    with Synthesizer(ROOT) as synthesizer:
        return draw(Template.load(synthesizer.synth(code, "ThreeTiers").template_path))


def printed(*arguments: str) -> str:
    """What a command prints on a terminal of our width, colours included."""
    terminal, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    command = [sys.executable, str(ROOT / "lab"), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=other, stdout=other, stderr=other)
    os.close(other)
    said = b""
    try:
        while chunk := os.read(terminal, 65536):
            said += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    process.wait()
    os.close(terminal)
    return said.decode().replace("\r\n", "\n")


if __name__ == "__main__":
    main()
