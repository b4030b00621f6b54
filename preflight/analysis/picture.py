"""The picture of a design, as an architect draws it: one SVG, the same for the same template.

Containers are the AWS Cloud, Region, VPCs, Availability Zones and subnets; a card is one resource, or several alike;
arrows are what the template declares. No script, no font, no address of elsewhere is in it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from preflight.analysis.drawing import clean, fitted, has_icon, icon, icon_definition, rect, text, width_of, wrapped
from preflight.analysis.layout import Box, Line, Plan, plan_of
from preflight.analysis.scene import THE_INTERNET, USERS, Edge, Scene, scene_of
from preflight.analysis.vpc import label

if TYPE_CHECKING:
    from preflight.analysis.network import Blocked, Path
    from preflight.template import Design, Template

Theme = Literal["light", "dark", "auto"]


@dataclass(frozen=True)
class Overlay:
    """What is shown upon a picture: a path packets take, or where they stop; an AZ lost ("a", "us-east-1a"); prices.

    `prices` holds the text of each price, or of another tag, by logical id; `lost` what else is away and `stops` what
    stops with it, by logical id; `said` is a sentence below the picture, bad news where `holds` is False.
    """

    reach: Path | Blocked | None = None
    lost_zone: str | tuple[str, ...] = ""
    prices: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    said: str = ""
    holds: bool | None = None


def draw(source: Template | Design, *, overlay: Overlay | None = None, theme: Theme = "light") -> str:
    """The picture of a template, or of a design, as an SVG document; `auto` follows the reader's light or dark."""
    return render(planned(source, overlay), overlay, theme)


def planned(source: Template | Design, overlay: Overlay | None = None) -> Plan:
    """The picture before it is drawn: every box and arrow with its place."""
    scene = scene_of(source)
    ends = (overlay.reach.source, overlay.reach.target) if overlay and overlay.reach else ()
    if USERS not in scene.nodes and any(_end(scene, each) == USERS for each in ends):
        scene.nodes = {USERS: THE_INTERNET, **scene.nodes}
    way = _way(scene, overlay)
    drawn = {(edge.source, edge.target) for edge in scene.edges}
    missing = [pair for pair in itertools.pairwise(way) if pair not in drawn]
    return plan_of(scene, [Edge(one, other, "", "reach") for one, other in missing])


def render(plan: Plan, overlay: Overlay | None = None, theme: Theme = "light") -> str:
    """A placed picture as an SVG document."""
    return _Drawing(plan, overlay or Overlay(), theme).svg()


def _way(scene: Scene, overlay: Overlay | None) -> list[str]:
    """The cards a path goes through, from its source to its target, or to where it is stopped."""
    if overlay is None or overlay.reach is None:
        return []
    reach = overlay.reach
    # a route leads through what it names: the internet gateway, the NAT gateway
    leads = {each.logical_id: each.target for table in scene.layout.tables.values() for each in table.routes}
    ids = [_end(scene, reach.source)]
    for hop in reach.hops:
        ids += [hop.logical_id, leads.get(hop.logical_id) if hop.logical_id else None]
    blocker = str(getattr(reach, "logical_id", None))
    ids.append(blocker if scene.stands_for.get(blocker, "") in scene.nodes else _end(scene, reach.target))
    cards = [scene.stands_for.get(each or "", each or "") for each in ids]
    return list(dict.fromkeys(each for each in cards if each in scene.nodes))


def _end(scene: Scene, name: str) -> str | None:
    # "Website in Network/WebsiteSubnet1 (10.40.0.4)"
    head = re.split(r" \(| in ", name)[0]
    if head == "the internet":
        return USERS
    for each, item in scene.layout.design.resources.items():
        if head in (each, label(item)):
            return each
    return None


class _Drawing:
    def __init__(self, plan: Plan, overlay: Overlay, theme: Theme) -> None:
        self.plan, self.overlay, self.theme = plan, overlay, theme
        self.scene = plan.scene
        self.way = set(itertools.pairwise(_way(self.scene, overlay)))
        self.stopped = self._stopped()
        self.passed = self._passed()
        self.lost = self._lost_zones()
        self.banner = self._banner()
        self.height = plan.height + 22 * len(self.banner) + (8 if self.banner else 0)

    def svg(self) -> str:
        plan = self.plan
        frames = [box for box in plan.boxes.values() if box.kind != "card"]
        cards = [box for box in plan.boxes.values() if box.kind == "card"]
        icons = sorted({box.node.icon for box in cards if box.node and has_icon(box.node.icon)})
        icons += [name for name in sorted(FRAME_MARKS.values()) if has_icon(name)]
        shown = sum(len(box.node.members) for box in cards if box.node)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plan.width} {self.height}" width="{plan.width}" '
            f'height="{self.height}" role="img" aria-labelledby="title desc" font-family="{FONT}">',
            f'<title id="title">{clean(self.scene.name)}: architecture</title>',
            f'<desc id="desc">{clean(self._described())}</desc>',
            f"<style>{self._style()}</style>",
            "<defs>",
            *(icon_definition(name) for name in icons),
            *(_arrow_head(kind) for kind in ("flow", "grant", "reach", "link", "path")),
            "</defs>",
            rect(0, 0, plan.width, self.height, "paper"),
            text(30, 44, self.scene.name, "name"),
            text(30, 62, _count(shown, len(self.scene.layout.design.resources)), "quiet"),
            *(self._frame(box) for box in sorted(frames, key=lambda box: FRAMES.index(box.kind))),
            *(self._line(line) for line in plan.lines if not self._is_way(line)),
            *(self._line(line) for line in plan.lines if self._is_way(line)),
            *(self._card(box) for box in cards),
            *(self._word(line) for line in plan.lines),
            *self._legend(),
            "</svg>",
        ]
        return "\n".join(part for part in parts if part) + "\n"

    # containers

    def _frame(self, box: Box) -> str:
        style = f"{box.kind} {box.tier}".strip()
        lost = box.key in self.lost
        parts = [f'<g data-id="{clean(box.key)}"{_faded(lost)}>']
        parts.append(rect(box.x, box.y, box.w, box.h, style, radius=2 if box.kind != "zone" else 6))
        mark = FRAME_MARKS.get(box.kind, "")
        x = box.x + 12
        if has_icon(mark):
            parts.append(icon(mark, box.x, box.y, 26))
            x = box.x + 36
        elif box.kind == "subnet":
            x = box.x + 10
        title = box.title + (" · lost" if lost and box.kind == "zone" else "")
        size = 13 if box.kind != "subnet" else 11
        room = box.w - (x - box.x) - 10 - (width_of(box.note, 11) + 10 if box.note else 0)
        parts.append(
            text(
                x,
                box.y + (19 if box.kind != "subnet" else 18),
                fitted(title, room, size, bold=True),
                f"{box.kind}-title {box.tier}".strip(),
            )
        )
        if box.note:
            parts.append(text(box.x + box.w - 10, box.y + 18, box.note, "quiet", anchor="end"))
        if box.key in self.passed:
            parts.append(rect(box.x, box.y, box.w, box.h, "passed", radius=2))
        if box.key in self.stopped:
            parts.append(rect(box.x, box.y, box.w, box.h, "stopped", radius=2))
            parts.append(_cross(box.x + box.w - 2, box.y + box.h - 2))
        parts.append("</g>")
        return "".join(parts)

    # cards

    def _card(self, box: Box) -> str:
        node = box.node
        assert node is not None
        parts = [
            f'<g data-id="{clean(node.key)}" data-members="{clean(" ".join(node.members))}"'
            f"{_faded(node.key in self.lost)}>"
        ]
        parts.append(f"<title>{clean(', '.join(node.names) + ': ' + node.kind)}</title>")
        if box.reach:
            low, high = box.reach
            y = box.y + box.h // 2
            parts.append(f'<path d="M{low} {y - 8}V{y + 8}M{low} {y}H{high}M{high} {y - 8}V{y + 8}" class="spanning"/>')
        if len(node.members) > 1:
            parts.append(rect(box.x + 5, box.y + 5, box.w, box.h, "card", radius=8))
        parts.append(rect(box.x, box.y, box.w, box.h, "card" + (" on-way" if self._on_way(node.key) else ""), radius=8))
        if has_icon(node.icon):
            if node.key == USERS:
                parts.append(rect(box.x + 8, box.y + 8, 44, 44, "chip", radius=6))
            parts.append(icon(node.icon, box.x + 10, box.y + 10, 40))
        else:
            parts.append(rect(box.x + 10, box.y + 10, 40, 40, f"tile {node.category or 'other'}", radius=4))
            parts.append(text(box.x + 30, box.y + 35, _initials(node.kind), "initials", anchor="middle"))
        room = box.w - 60 - 8
        lines = wrapped(node.name, room, 13, bold=True)
        kind = fitted(node.kind, room, 11)
        if kind != node.kind:
            kind = _cut(node.kind, room, bold=False)
        y = box.y + (26 if len(lines) == 1 else 18)
        for line in lines:
            parts.append(text(box.x + 60, y, line, "label"))
            y += 15
        parts.append(text(box.x + 60, y + (2 if len(lines) == 1 else 1), kind, "quiet"))
        is_stopped = node.key in self.stopped
        if is_stopped:
            parts.append(rect(box.x, box.y, box.w, box.h, "stopped", radius=8))
            parts.append(_cross(box.x + box.w - 2, box.y + 2))
        prices = [self.overlay.prices[each] for each in node.members if each in self.overlay.prices]
        if prices:
            said = prices[0] if len(set(prices)) == 1 else f"{prices[0]} …"
            said = _cut(said, box.w - 30)
            wide = width_of(said, 11, bold=True) + 16
            # beside the cross, and above a name of two lines
            x, y = box.x + box.w - wide - (18 if is_stopped else 6), box.y - 13
            parts.append(rect(x, y, wide, 18, "price", radius=9))
            parts.append(text(x + wide / 2, y + 13, said, "price-text", anchor="middle"))
        parts.append("</g>")
        return "".join(parts)

    # arrows

    def _line(self, line: Line) -> str:
        kind = "path" if self._is_way(line) else line.edge.kind
        lost = line.edge.source in self.lost or line.edge.target in self.lost
        return (
            f'<path d="{_rounded(line.points)}" class="line {kind}" marker-end="url(#head-{kind})" '
            f'data-from="{clean(line.edge.source)}" data-to="{clean(line.edge.target)}"{_faded(lost)}/>'
        )

    def _word(self, line: Line) -> str:
        if line.spot is None:
            return ""
        x, y, right, bottom = line.spot
        return rect(x, y, right - x, bottom - y, "halo", radius=4) + text(
            (x + right) / 2, y + 12, line.label, f"word {line.edge.kind}-word", anchor="middle"
        )

    def _is_way(self, line: Line) -> bool:
        return (line.edge.source, line.edge.target) in self.way

    def _on_way(self, key: str) -> bool:
        return any(key in pair for pair in self.way)

    # overlays

    def _stopped(self) -> set[str]:
        """What stops packets, or stops because something else is lost."""
        reach = self.overlay.reach
        names = [*self.overlay.stops]
        if reach is not None and not reach:
            names.append(getattr(reach, "logical_id", None) or "")
        keys = {self.scene.stands_for.get(name, name) for name in names}
        return {key for key in keys if key in self.plan.boxes}

    def _passed(self) -> set[str]:
        """The subnets a path goes through."""
        hops = self.overlay.reach.hops if self.overlay.reach is not None else ()
        keys = {self.scene.stands_for.get(hop.logical_id or "", "") for hop in hops}
        return {key for key in keys if key in self.plan.boxes and self.plan.boxes[key].kind == "subnet"}

    def _lost_zones(self) -> set[str]:
        told = self.overlay.lost_zone
        wanted = {each for each in ((told,) if isinstance(told, str) else told) if each}
        named = {self.scene.stands_for.get(each, each) for each in self.overlay.lost}
        subnets = self.scene.layout.subnets
        gone = {key for key, subnet in subnets.items() if wanted & {subnet.zone, subnet.zone[-1:]}}
        zones = {f"{subnets[key].vpc.item.logical_id}/{subnets[key].zone}" for key in gone}
        cards = {key for key, node in self.scene.nodes.items() if node.subnets and set(node.subnets) <= gone}
        return zones | gone | cards | {each for each in named if each in self.plan.boxes}

    def _banner(self) -> list[str]:
        reach = self.overlay.reach
        if reach is None:
            return [*wrapped(self.overlay.said, self.plan.width - 100, 13, bold=True, most=3), *self._beside()]
        said = reach.because
        if reach:
            by_way_of = getattr(reach, "by_way_of", "")
            said = f"{reach.protocol} {reach.port} from {reach.source} reaches {reach.target}"
            said += f", only {by_way_of}" if by_way_of else ""
        return wrapped(said, self.plan.width - 100, 13, bold=True, most=3)

    def _beside(self) -> list[str]:
        """The tags of what is no card here."""
        drawn = {each for node in self.scene.nodes.values() for each in node.members}
        items = self.scene.layout.design.resources
        told: dict[str, list[str]] = {}
        for name, tag in self.overlay.prices.items():
            if name not in drawn and name in items:
                told.setdefault(tag, []).append(label(items[name]))
        named = [f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}: {tag}" for tag, names in told.items()]
        named = [f"{each} each" if len(told[tag]) > 1 else each for each, tag in zip(named, told, strict=True)]
        return wrapped(f"Not drawn: {'; '.join(named)}", self.plan.width - 100, 13, most=2) if named else []

    def _legend(self) -> list[str]:
        kinds = dict.fromkeys(line.edge.kind for line in self.plan.lines if not self._is_way(line))
        y = self.plan.height - 34
        x = 30
        parts = []
        for kind in ("flow", "grant", "reach", "link"):
            if kind in kinds:
                parts.append(f'<path d="M{x} {y}H{x + 34}" class="line {kind}" marker-end="url(#head-{kind})"/>')
                parts.append(text(x + 44, y + 4, LEGENDS[kind], "quiet"))
                x += 44 + int(width_of(LEGENDS[kind], 11)) + 30
        for at, line in enumerate(self.banner):
            is_bad = self.overlay.holds is False if self.overlay.reach is None else not self.overlay.reach
            style = "verdict no" if is_bad else "verdict"
            parts.append(text(30, self.plan.height + 2 + 22 * at, line, style))
        return parts

    def _described(self) -> str:
        named = {key: node.name for key, node in self.scene.nodes.items()}
        parts = [f"{node.name} ({node.kind})" for node in self.scene.nodes.values()]
        said = [
            f"{named[edge.source]} to {named[edge.target]}" + (f" ({edge.label})" if edge.label else "")
            for edge in self.scene.edges
        ]
        first = f"In {self.scene.region}: " + (", ".join(parts) or "nothing to draw")
        return f"{first}. Arrows: {'; '.join(said)}." if said else f"{first}."

    def _style(self) -> str:
        if self.theme == "auto":
            dark = _css(DARK)
            return _css(LIGHT) + f"@media (prefers-color-scheme:dark){{{dark}}}"
        return _css(DARK if self.theme == "dark" else LIGHT)


def _count(drawn: int, declared: int) -> str:
    if not declared:
        return "nothing is declared yet"
    said = f"{declared} resource{'' if declared == 1 else 's'} declared"
    return f"{said}, {drawn} of them drawn as {'a card' if drawn == 1 else 'cards'}"


def _rounded(points: tuple[tuple[int, int], ...]) -> str:
    """A way with its corners rounded."""
    parts = [f"M{points[0][0]} {points[0][1]}"]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        size = min(6, _length(before, at) // 2, _length(at, after) // 2)
        a, b = _toward(at, before, size), _toward(at, after, size)
        parts.append(f"L{a[0]} {a[1]}Q{at[0]} {at[1]} {b[0]} {b[1]}")
    parts.append(f"L{points[-1][0]} {points[-1][1]}")
    return "".join(parts)


def _length(one: tuple[int, int], other: tuple[int, int]) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _toward(start: tuple[int, int], end: tuple[int, int], size: int) -> tuple[int, int]:
    return tuple(  # type: ignore[return-value]
        here + max(-size, min(size, there - here)) for here, there in zip(start, end, strict=True)
    )


def _cut(said: str, room: float, *, bold: bool = True) -> str:
    """As much of a text's beginning as there is room for."""
    if width_of(said, 11, bold=bold) <= room:
        return said
    while said and width_of(f"{said}…", 11, bold=bold) > room:
        said = said[:-1]
    return f"{said.rstrip()}…"


def _cross(x: int, y: int) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="11" class="cross"/><path d="M{x - 4} {y - 4}l8 8m0 -8l-8 8" class="cross-mark"/>'
    )


def _faded(lost: bool) -> str:
    return ' class="lost"' if lost else ""


def _initials(kind: str) -> str:
    return "".join(word[0].upper() for word in kind.split()[:2] if word)


def _arrow_head(kind: str) -> str:
    return (
        f'<marker id="head-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1L9 5L0 9z" class="head {kind}-head"/></marker>'
    )


def _css(colours: Mapping[str, str]) -> str:
    css = STYLE
    for name, value in colours.items():
        css = css.replace(f"${name};", f"{value};")
    return css


FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
FRAMES = ("cloud", "region", "vpc", "zone", "subnet")
FRAME_MARKS = {"cloud": "AWSCloud", "region": "Region", "vpc": "VirtualprivatecloudVPC"}
LEGENDS = {
    "flow": "calls, sends, delivers",
    "grant": "a role is granted it",
    "reach": "packets may pass, on this port",
    "link": "uses",
}

STYLE = """
.paper{fill:$paper;}.name{font-size:22px;font-weight:700;fill:$ink;}.quiet{font-size:11px;fill:$quiet;}
.label{font-size:13px;font-weight:700;fill:$ink;}
.cloud{fill:none;stroke:$cloud;stroke-width:1.5;}.cloud-title{font-size:13px;font-weight:700;fill:$ink;}
.region{fill:$region-fill;stroke:$region;stroke-width:1.2;stroke-dasharray:3 4;}
.region-title{font-size:13px;font-weight:700;fill:$region;}
.vpc{fill:$vpc-fill;stroke:$vpc;stroke-width:1.5;}.vpc-title{font-size:13px;font-weight:700;fill:$vpc;}
.zone{fill:none;stroke:$zone;stroke-width:1.2;stroke-dasharray:6 4;}
.zone-title{font-size:13px;font-weight:700;fill:$zone;}
.subnet{stroke:none;}.subnet.public{fill:$public-fill;}.subnet.private{fill:$private-fill;}
.subnet.isolated{fill:$isolated-fill;}.subnet-title{font-size:11px;font-weight:700;}
.subnet-title.public{fill:$public;}.subnet-title.private{fill:$private;}.subnet-title.isolated{fill:$isolated;}
.card{fill:$card;stroke:$card-line;stroke-width:1;}.on-way{stroke:$red;stroke-width:2.5;}
.chip{fill:#ffffff;}.spanning{fill:none;stroke:$card-line;stroke-width:1.2;}
.line{fill:none;stroke-width:1.5;}.line.flow{stroke:$flow;}.line.grant{stroke:$grant;stroke-dasharray:6 3;}
.line.reach{stroke:$reach;}.line.link{stroke:$link;stroke-dasharray:2 3;}.line.path{stroke:$red;stroke-width:3.5;}
.flow-head{fill:$flow;}.grant-head{fill:$grant;}.reach-head{fill:$reach;}.link-head{fill:$link;}.path-head{fill:$red;}
.halo{fill:$paper;fill-opacity:.93;}.word{font-size:11px;}.flow-word{fill:$flow;}.grant-word{fill:$grant;}
.reach-word{fill:$reach;font-weight:700;}.link-word{fill:$link;}
.price{fill:$price;}.price-text{font-size:11px;font-weight:700;fill:$price-ink;}
.passed{fill:none;stroke:$red;stroke-width:1.5;stroke-dasharray:5 3;}
.stopped{fill:none;stroke:$red;stroke-width:3;}.cross{fill:$red;}.cross-mark{fill:none;stroke:#ffffff;stroke-width:2.5;}
.verdict{font-size:13px;font-weight:700;fill:$ink;}.verdict.no{fill:$red;}
.lost{opacity:.32;filter:grayscale(1);}
.initials{font-size:15px;font-weight:700;fill:#ffffff;}.tile{fill:#5a6b86;}
.tile.compute{fill:#ed7100;}.tile.storage{fill:#3f8624;}.tile.database{fill:#c925d1;}.tile.networking{fill:#8c4fff;}
.tile.security{fill:#dd344c;}.tile.integration{fill:#e7157b;}.tile.management{fill:#e7157b;}.tile.analytics{fill:#8c4fff;}
"""
LIGHT = {
    "paper": "#ffffff",
    "ink": "#16191f",
    "quiet": "#545b64",
    "cloud": "#232f3e",
    "region": "#00777a",
    "region-fill": "none",
    "vpc": "#7d3ff0",
    "vpc-fill": "#fcfaff",
    "zone": "#00658f",
    "public": "#2f6414",
    "public-fill": "#eaf5e3",
    "private": "#01617a",
    "private-fill": "#e3f3f9",
    "isolated": "#4a5160",
    "isolated-fill": "#edeff2",
    "card": "#ffffff",
    "card-line": "#b6bec9",
    "flow": "#232f3e",
    "grant": "#a3420b",
    "reach": "#6b2fd6",
    "link": "#6b7583",
    "red": "#d1132a",
    "price": "#232f3e",
    "price-ink": "#ffffff",
}
DARK = {
    "paper": "#10141b",
    "ink": "#f1f3f6",
    "quiet": "#a9b3c1",
    "cloud": "#c9d1dc",
    "region": "#39c5c8",
    "region-fill": "none",
    "vpc": "#b08cff",
    "vpc-fill": "#151626",
    "zone": "#5cc0ea",
    "public": "#9bd67c",
    "public-fill": "#17281a",
    "private": "#79cfea",
    "private-fill": "#122733",
    "isolated": "#bcc4d0",
    "isolated-fill": "#1f242d",
    "card": "#1b212b",
    "card-line": "#46505f",
    "flow": "#d5dbe4",
    "grant": "#ffa766",
    "reach": "#c3a6ff",
    "link": "#8e99a8",
    "red": "#ff5c6c",
    "price": "#f1f3f6",
    "price-ink": "#10141b",
}
