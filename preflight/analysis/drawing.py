"""Text that is measured before it is drawn, and the few shapes a picture is made of, as SVG."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from html import escape
from pathlib import Path

ICONS = Path(__file__).resolve().parent.parent / "icons"


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is, in pixels, in Helvetica and what stands in for it, with a little to spare.

    Widths are of Helvetica's Adobe font metrics, in thousandths of the size; what is not in them counts as wide.
    """
    units = sum(WIDTHS.get(each, 1000 if ord(each) > 0x2E7F else 700) for each in text)
    return units * size / 1000 * (1.1 if bold else 1.04)


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of its end as there is room for behind an ellipsis: a path's end says what a thing is."""
    if width_of(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and width_of(f"…{kept}", size, bold=bold) > room:
        kept = kept[1:]
    return f"…{kept}" if kept else ""


def wrapped(text: str, room: float, size: float, *, bold: bool = False, most: int = 2) -> list[str]:
    """A name in at most so many lines, broken behind slashes and spaces, else before capitals, else anywhere."""
    if width_of(text, size, bold=bold) <= room:
        return [text]
    pieces = [each for each in re.split(r"(?<=[/ ])|(?<=[a-z0-9])(?=[A-Z])|(?<=[-_.:])", text) if each]
    lines = [""]
    for piece in pieces:
        if lines[-1] and width_of((lines[-1] + piece).rstrip(), size, bold=bold) > room:
            lines.append("")
        lines[-1] += piece
    lines = [line.strip() for line in lines]
    if len(lines) > most:
        if "/" in text:
            # a path's end says what a thing is
            return wrapped(text.split("/", 1)[1], room, size, bold=bold, most=most)
        lines = [*lines[: most - 1], "".join(lines[most - 1 :])]
        while lines[-1] and width_of(f"{lines[-1]}…", size, bold=bold) > room:
            lines[-1] = lines[-1][:-1]
        lines[-1] += "…"
    return [fitted(line, room, size, bold=bold) for line in lines]


def text(x: float, y: float, said: str, style: str, *, anchor: str = "") -> str:
    """One line of text; `style` is its class."""
    to = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:g}" y="{y:g}" class="{style}"{to}>{clean(said)}</text>'


def rect(x: float, y: float, w: float, h: float, style: str, *, radius: int = 0, more: str = "") -> str:
    """A rectangle; `style` is its class."""
    round_ = f' rx="{radius}"' if radius else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}"{round_} class="{style}"{more}/>'


def icon(name: str, x: float, y: float, size: int) -> str:
    """An icon that `icon_definition` has defined."""
    return f'<use href="#icon-{name}" transform="translate({x:g} {y:g}) scale({size / 48:g})"/>'


def icon_definition(name: str) -> str:
    """An icon's file, as it is, to be used where `icon` says; nothing else of it is ever drawn."""
    return f'<image id="icon-{name}" width="48" height="48" href="data:image/svg+xml;base64,{_encoded(name)}"/>'


def has_icon(name: str) -> bool:
    """Whether there is an icon of this name."""
    return bool(name) and bool(_encoded(name))


@lru_cache(maxsize=256)
def _encoded(name: str) -> str:
    file = ICONS / f"{name}.svg"
    return base64.b64encode(file.read_bytes()).decode("ascii") if file.is_file() else ""


def clean(said: str) -> str:
    """A text as XML holds it, without the control characters XML has no way to say."""
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", said))


WIDTHS = dict(
    zip(
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~·…×→",
        [278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278]
        + [556] * 10
        + [278, 278, 584, 584, 584, 556, 1015]
        + [667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667]
        + [944, 667, 667, 611, 278, 278, 278, 469, 556, 333]
        + [556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500]
        + [722, 500, 500, 500, 334, 260, 334, 584, 278, 1000, 584, 1000],
        strict=True,
    )
)
