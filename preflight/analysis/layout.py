"""Where everything in a picture stands, and which way each arrow goes."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from preflight.analysis.drawing import fitted, width_of
from preflight.analysis.scene import USERS, Edge, Node, Scene
from preflight.analysis.vpc import Subnet

Point = tuple[int, int]
BoxKind = Literal["cloud", "region", "vpc", "zone", "subnet", "card"]


@dataclass
class Box:
    """A rectangle of the picture, in pixels, all of them multiples of ten."""

    key: str
    kind: BoxKind
    x: int
    y: int
    w: int
    h: int
    title: str = ""
    note: str = ""
    tier: str = ""
    node: Node | None = None
    parent: str = ""
    reach: tuple[int, int] | None = None

    @property
    def middle(self) -> int:
        return self.x + self.w // 2


@dataclass(frozen=True)
class Line:
    """A drawn arrow: its corners, and its word with the word's rectangle."""

    edge: Edge
    points: tuple[Point, ...]
    label: str = ""
    spot: tuple[int, int, int, int] | None = None


@dataclass
class Plan:
    """A whole picture, placed."""

    scene: Scene
    width: int = 0
    height: int = 0
    boxes: dict[str, Box] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


def plan_of(scene: Scene, extra: Sequence[Edge] = ()) -> Plan:
    """Place a scene; `extra` are arrows an overlay adds, routed last."""
    placed = _Placer(scene).plan()
    placed.lines = _Router(placed).route([*scene.edges, *extra])
    return placed


class _Placer:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.boxes: dict[str, Box] = {}
        self.by_place: dict[str, list[Node]] = defaultdict(list)
        for node in scene.nodes.values():
            self.by_place[node.place].append(node)

    def plan(self) -> Plan:
        top = TITLE
        if self.by_place["outside"]:
            top += CARD_H + ROW_GAP
        inner_x = MARGIN + 2 * PAD
        edge_rows = self._rows_of(self.by_place["edge"], 5)
        front_rows = self._rows_of(self.by_place["front"], 5)
        region_y = top + HEAD + len(edge_rows) * (CARD_H + ROW_GAP) - (20 if not edge_rows else 0)
        region_y += 20 if not edge_rows else 0
        content_y = region_y + HEAD + len(front_rows) * (CARD_H + ROW_GAP)
        right, bottom = self._inside(inner_x, content_y)
        needed = max([right, *(inner_x + _row_width(row) for row in (*edge_rows, *front_rows))])
        needed = max(needed, inner_x + 2 * (CARD_W + COL_GAP), MARGIN + _row_width(self.by_place["outside"]))
        region = Box(
            "region",
            "region",
            MARGIN + PAD,
            region_y,
            needed + PAD - MARGIN - PAD,
            bottom + PAD - region_y,
            f"Region · {self.scene.region}",
            parent="cloud",
        )
        cloud = Box(
            "cloud",
            "cloud",
            MARGIN,
            top,
            region.x + region.w + PAD - MARGIN,
            region.y + region.h + PAD - top,
            "AWS Cloud",
        )
        for index in reversed(range(len(front_rows))):
            self._line_up(front_rows[index], region_y + HEAD + index * (CARD_H + ROW_GAP), inner_x, needed, "region")
        for index in reversed(range(len(edge_rows))):
            self._line_up(edge_rows[index], top + HEAD + index * (CARD_H + ROW_GAP), inner_x, needed, "cloud")
        self._line_up(self.by_place["outside"], TITLE, MARGIN, cloud.x + cloud.w, "")
        ordered = {"cloud": cloud, "region": region, **self.boxes}
        return Plan(self.scene, cloud.x + cloud.w + MARGIN, cloud.y + cloud.h + MARGIN + LEGEND, ordered)

    def _rows_of(self, nodes: Sequence[Node], most: int) -> list[list[Node]]:
        """Rows of cards, those that arrows leave before those they reach."""
        ranks = _ranks(nodes, self.scene.edges)
        ordered = sorted(nodes, key=lambda node: ranks[node.key])
        return [ordered[at : at + most] for at in range(0, len(ordered), most)]

    def _inside(self, x: int, y: int) -> tuple[int, int]:
        """VPCs at the left, what is regional at their side; (right, bottom)."""
        right, bottom = x, y
        by_vpc: dict[str, list[Node]] = defaultdict(list)
        for node in self.by_place["vpc"]:
            by_vpc[node.vpc or ""].append(node)
        across = len(self.scene.layout.vpcs) <= 2
        at = y
        for vpc in self.scene.layout.vpcs:
            if across:
                box = self._vpc(vpc, by_vpc.pop(vpc, []), right if right == x else right + 60, y)
            else:
                box = self._vpc(vpc, by_vpc.pop(vpc, []), x, at)
                at = box.y + box.h + 60
            right, bottom = max(right, box.x + box.w), max(bottom, box.y + box.h)
        loose = [node for nodes in by_vpc.values() for node in nodes]
        side = [*self.by_place["region"], *loose]
        if side:
            start = right + SIDE_GAP if right > x else x
            tall = bottom - y if right > x else 0
            wide, low = self._flow(side, start, y, tall, "region")
            right, bottom = max(right, wide), max(bottom, low)
        return right, max(bottom, y + 40)

    # a VPC

    def _vpc(self, vpc: str, nodes: Sequence[Node], x: int, y: int) -> Box:
        layout = self.scene.layout
        subnets = [each for each in layout.subnets.values() if each.vpc.item.logical_id == vpc]
        zones = sorted({each.zone for each in subnets})
        rows = _tiers(subnets)
        gateways = [node for node in nodes if not node.subnets and _is_gateway(node)]
        loose = [node for node in nodes if not node.subnets and not _is_gateway(node)]
        at_home = [node for node in nodes if node.subnets]
        cells, spanning = self._cells(at_home, rows, zones)
        left, top = x + 40, y + HEAD
        if gateways:
            top += CARD_H + 40
        zone_top = top
        top += 40 if zones else 0
        widths = {zone: self._zone_width(zone, rows, cells) for zone in zones}
        starts: dict[str, int] = {}
        at = left
        for zone in zones:
            starts[zone] = at
            at += widths[zone] + ZONE_GAP
        zones_right = at - ZONE_GAP if zones else left
        boxes: list[Box] = []
        for index, row in enumerate(rows):
            lanes = spanning[index]
            tallest = max((_stack_height(len(cells.get((index, zone), ()))) for zone in zones), default=0)
            inside = 40 + tallest + (CARD_H + LANE_GAP) * len(lanes)
            height = max(60, inside - LANE_GAP + 30 if tallest or lanes else 0)
            for zone in zones:
                for subnet in row.get(zone, ())[:1]:
                    boxes.append(self._subnet(subnet, starts[zone] + 10, top, widths[zone] - 20, height, vpc))
                self._stack(cells.get((index, zone), ()), starts[zone] + 10, top + 40, widths[zone] - 20, f"row{index}")
            lane_y = top + 40 + tallest
            for node in lanes:
                self._span(node, lane_y, starts, widths)
                lane_y += CARD_H + LANE_GAP
            top += height + TIER_GAP
        bottom = top - (TIER_GAP - 10) if rows else top
        for zone in zones:
            key = f"{vpc}/{zone}"
            box = Box(key, "zone", starts[zone], zone_top, widths[zone], bottom - zone_top, f"AZ {zone}", parent=vpc)
            boxes.insert(0, box)
        right = max(zones_right if zones else left, left + _row_width(gateways))
        for at, node in enumerate(reversed(gateways)):
            self._card(node, right - CARD_W - at * (CARD_W + COL_GAP), y + HEAD, vpc)
        if loose:
            start = right + 50 if zones or gateways else left
            most = 1 if len(loose) <= 5 else 2
            right, low = self._flow(loose, start, zone_top, 0, vpc, most=most)
            bottom = max(bottom, low)
        right = max(right, left + CARD_W)
        vpc_node = layout.vpcs[vpc]
        cidr = ", ".join(map(str, vpc_node.cidrs[:2]))
        room = right + 40 - x
        note = cidr
        title = fitted(f"VPC · {vpc_node.label}", room - 90 - width_of(note, 11), 13, bold=True)
        outer = Box(vpc, "vpc", x, y, room, bottom + 30 - y, title, note, parent="region")
        self.boxes = (
            {vpc: outer, **{box.key: box for box in boxes}, **self.boxes} if vpc not in self.boxes else self.boxes
        )
        return outer

    def _cells(
        self, nodes: Sequence[Node], rows: Sequence[Mapping[str, list[Subnet]]], zones: Sequence[str]
    ) -> tuple[dict[tuple[int, str], list[Node]], dict[int, list[Node]]]:
        home = {
            each.item.logical_id: (index, zone)
            for index, row in enumerate(rows)
            for zone, found in row.items()
            for each in found
        }
        cells: dict[tuple[int, str], list[Node]] = defaultdict(list)
        spanning: dict[int, list[Node]] = defaultdict(list)
        for node in nodes:
            places = [home[each] for each in node.subnets if each in home]
            if len({zone for _, zone in places}) > 1:
                spanning[min(places)[0]].append(node)
            else:
                cells[places[0]].append(node)
        return cells, spanning

    def _zone_width(self, zone: str, rows: Sequence[object], cells: Mapping[tuple[int, str], Sequence[Node]]) -> int:
        most = max((len(cells.get((index, zone), ())) for index in range(len(rows))), default=0)
        columns = 1 if most <= 4 else 2 if most <= 10 else 3
        return 60 + columns * CARD_W + (columns - 1) * 40

    def _stack(self, nodes: Sequence[Node], x: int, y: int, width: int, parent: str) -> None:
        columns = max(1, (width - 20 + 40) // (CARD_W + 40))
        columns = min(columns, 1 if len(nodes) <= 4 else 2 if len(nodes) <= 10 else 3)
        used = columns * CARD_W + (columns - 1) * 40
        start = x + (width - used) // 20 * 10
        for index, node in enumerate(nodes):
            column, row = index % columns, index // columns
            self._card(node, start + column * (CARD_W + 40), y + row * (CARD_H + LANE_GAP), node.subnets[0])

    def _span(self, node: Node, y: int, starts: Mapping[str, int], widths: Mapping[str, int]) -> None:
        layout = self.scene.layout
        zones = [layout.subnets[each].zone for each in node.subnets]
        low = min(starts[zone] for zone in zones)
        high = max(starts[zone] + widths[zone] for zone in zones)
        middle = (low + high) // 20 * 10
        self._card(node, middle - SPAN_W // 2, y, node.vpc or "", SPAN_W)
        self.boxes[node.key].reach = (low + 30, high - 30)

    def _subnet(self, subnet: Subnet, x: int, y: int, w: int, h: int, vpc: str) -> Box:
        cidr = ", ".join(map(str, subnet.cidrs[:1]))
        title = subnet.label.removeprefix(f"{subnet.vpc.label}/")
        if subnet.tier not in title.lower():
            title += f" · {subnet.tier}"
        title = fitted(title, w - 30 - width_of(cidr, 11), 11, bold=True)
        key = subnet.item.logical_id
        return Box(key, "subnet", x, y, w, h, title, cidr, subnet.tier, parent=f"{vpc}/{subnet.zone}")

    def _card(self, node: Node, x: int, y: int, parent: str, width: int = 0) -> None:
        self.boxes[node.key] = Box(node.key, "card", x, y, width or CARD_W, CARD_H, node=node, parent=parent)

    # rows of cards

    def _flow(self, nodes: Sequence[Node], x: int, y: int, tall: int, parent: str, most: int = 0) -> tuple[int, int]:
        """Cards in rows, each below what leads to it, the unconnected ones after; (right, bottom)."""
        keys = {node.key for node in nodes}
        edges = [each for each in self.scene.edges if each.source in keys and each.target in keys]
        touched = {end for edge in self.scene.edges for end in (edge.source, edge.target)}
        ranks = _ranks(nodes, edges)
        by_rank: dict[int, list[Node]] = defaultdict(list)
        alone = [node for node in nodes if node.key not in touched]
        for node in nodes:
            if node.key in touched:
                by_rank[ranks[node.key]].append(node)
        if not most:
            widest = max((len(row) for row in by_rank.values()), default=1)
            most = (6 if widest == 6 else 5) if not tall else 3 if len(nodes) <= 15 else 6
            most = max(1, min(most, max(widest, len(alone) // 3 + 1 if tall else min(4, len(alone)))))
        rows = _ordered([by_rank[rank] for rank in sorted(by_rank)], edges)
        rows = [row[at : at + most] for row in rows for at in range(0, len(row), most)]
        right = x
        width = max((_row_width(row) for row in rows), default=0)
        width = max(width, min(most, len(alone)) * (CARD_W + COL_GAP) - COL_GAP)
        for index, row in enumerate(rows):
            self._line_up(row, y, x, x + width, parent)
            crowd = sum(1 for each in edges if each.source in {node.key for node in row})
            last = index == len(rows) - 1
            y += CARD_H + (40 if last else ROW_GAP + min(40, crowd // 4 * 10))
            right = max(right, x + width)
        for at in range(0, len(alone), most):
            row = alone[at : at + most]
            for index, node in enumerate(row):
                self._card(node, x + index * (CARD_W + COL_GAP), y, parent)
            right = max(right, x + _row_width(row))
            y += CARD_H + 40
        return right, y - 40

    def _line_up(self, row: Sequence[Node], y: int, low: int, high: int, parent: str) -> None:
        """Place a row's cards near what they are tied to, in their order, between two borders."""
        wished = [self._wish(node, (low + high) // 2) - CARD_W // 2 for node in row]
        order = (
            sorted(range(len(row)), key=lambda at: (wished[at], at))
            if any(self._tied(node) for node in row)
            else list(range(len(row)))
        )
        step = CARD_W + COL_GAP
        placed: list[int] = []
        for rank, at in enumerate(order):
            least = placed[-1] + step if placed else low
            most = high - CARD_W - (len(order) - 1 - rank) * step
            placed.append(max(least, min(most, wished[at] // 10 * 10)))
        if not any(self._tied(node) for node in row):
            free = max(0, high - low - _row_width(row)) // 20 * 10
            placed = [low + free + index * step for index in range(len(row))]
        for at, x in zip(order, placed, strict=True):
            self._card(row[at], x, y, parent)

    def _tied(self, node: Node) -> list[Box]:
        ends = [edge.target for edge in self.scene.edges if edge.source == node.key]
        ends += [edge.source for edge in self.scene.edges if edge.target == node.key]
        return [self.boxes[each] for each in ends if each in self.boxes]

    def _wish(self, node: Node, default: int) -> int:
        tied = self._tied(node)
        if not tied:
            return default
        # a firewall stands beside the way to what it guards
        return sum(box.middle for box in tied) // len(tied) + (CARD_W + COL_GAP if node.type.endswith("WebACL") else 0)


def _tiers(subnets: Sequence[Subnet]) -> list[dict[str, list[Subnet]]]:
    """Rows of subnets, public ones first, each with at most one subnet a zone."""
    groups: dict[tuple[int, str], list[Subnet]] = defaultdict(list)
    for subnet in subnets:
        name = re.sub(r"\d+$", "", subnet.label)
        groups[TIERS.index(subnet.tier), name].append(subnet)
    rows: list[dict[str, list[Subnet]]] = []
    for (_, _), group in sorted(groups.items(), key=lambda each: each[0][0]):
        by_zone: dict[str, list[Subnet]] = defaultdict(list)
        for subnet in group:
            by_zone[subnet.zone].append(subnet)
        for index in range(max(map(len, by_zone.values()))):
            rows.append({zone: [found[index]] for zone, found in by_zone.items() if len(found) > index})
    return _joined_rows(rows)


def _joined_rows(rows: Sequence[dict[str, list[Subnet]]]) -> list[dict[str, list[Subnet]]]:
    """Rows of one tier that need not be apart, for they share no zone, drawn as one."""
    joined: list[dict[str, list[Subnet]]] = []
    for row in rows:
        tier = next(iter(row.values()))[0].tier
        for known in joined:
            if next(iter(known.values()))[0].tier == tier and not known.keys() & row.keys():
                known.update(row)
                break
        else:
            joined.append(dict(row))
    return joined


def _is_gateway(node: Node) -> bool:
    return node.type.endswith("Gateway")


def _stack_height(count: int) -> int:
    columns = 1 if count <= 4 else 2 if count <= 10 else 3
    return -(-count // columns) * (CARD_H + LANE_GAP)


def _row_width(row: Sequence[Node]) -> int:
    return max(0, len(row) * (CARD_W + COL_GAP) - COL_GAP)


def _ranks(nodes: Sequence[Node], edges: Iterable[Edge]) -> dict[str, int]:
    """How many arrows lead to each node at most, those that close a circle aside."""
    keys = [node.key for node in nodes]
    known = set(keys)
    onward: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if edge.source in known and edge.target in known:
            onward[edge.source].append(edge.target)
    order: list[str] = []
    state: dict[str, int] = {}
    forward: set[tuple[str, str]] = set()
    entered = {target for targets in onward.values() for target in targets}
    for start in sorted(keys, key=lambda key: (key in entered, keys.index(key))):
        if start in state:
            continue
        state[start] = 1
        walk = [(start, iter(onward[start]))]
        while walk:
            key, rest = walk[-1]
            for each in rest:
                if state.get(each) != 1:
                    forward.add((key, each))
                if each not in state:
                    state[each] = 1
                    walk.append((each, iter(onward[each])))
                    break
            else:
                state[key] = 2
                order.append(key)
                walk.pop()
    ranks = dict.fromkeys(keys, 0)
    for key in reversed(order):
        for each in onward[key]:
            if (key, each) in forward:
                ranks[each] = max(ranks[each], ranks[key] + 1)
    # what only begins arrows stands right above the first thing it leads to
    for key in keys:
        if key not in entered and onward[key]:
            ranks[key] = max(0, min(ranks[each] for each in onward[key]) - 1)
    return ranks


def _ordered(rows: list[list[Node]], edges: Sequence[Edge]) -> list[list[Node]]:
    """Each row in an order that crosses few arrows: by the mean place of what it is tied to."""
    place = {node.key: float(at) - len(row) / 2 for row in rows for at, node in enumerate(row)}
    tied: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        tied[edge.source].append(edge.target)
        tied[edge.target].append(edge.source)
    for turn in range(6):
        for row in rows if turn % 2 == 0 else reversed(rows):
            own = {node.key for node in row}
            means = {}
            for node in row:
                others = [place[each] for each in tied[node.key] if each not in own]
                means[node.key] = sum(others) / len(others) if others else place[node.key]
            row.sort(key=lambda node: (means[node.key], place[node.key]))
            for at, node in enumerate(row):
                place[node.key] = at - len(row) / 2
    return rows


class _Router:
    """Finds each arrow a way of level and upright pieces, around cards, with few corners and few crossings.

    The picture is a grid of tens; a row or a column of it is one integer whose bits are its cells, so that a whole
    piece of a way is judged at once.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.columns, self.rows = plan.width // U + 1, plan.height // U + 1
        self.hard = ([0] * self.rows, [0] * self.columns)
        self.soft = ([0] * self.rows, [0] * self.columns)
        self.text = ([0] * self.rows, [0] * self.columns)
        # lines along a row or column, and lines across it
        self.along = ([0] * self.rows, [0] * self.columns)
        self.across = ([0] * self.rows, [0] * self.columns)
        self.family: dict[str, tuple[dict[int, int], dict[int, int]]] = defaultdict(lambda: ({}, {}))
        cloud = plan.boxes["cloud"]
        right, bottom = cloud.x + cloud.w, cloud.y + cloud.h
        for left, top, wide, high in (
            (0, cloud.y, cloud.x + PAD, cloud.h),
            (right - PAD, cloud.y, plan.width - right + PAD, cloud.h),
            (0, bottom - PAD, plan.width, plan.height - bottom + PAD),
        ):
            # what is inside stays inside, if it can
            self._mark(self.text, left, top, wide, high)
        for box in plan.boxes.values():
            if box.kind == "card":
                self._mark(self.hard, box.x, box.y, box.w, box.h)
                self._mark(self.soft, box.x - U, box.y - U, box.w + 2 * U, box.h + 2 * U)
                if box.reach:
                    self._mark(self.soft, box.reach[0], box.y + 20, box.reach[1] - box.reach[0], 20)
            else:
                wide = int(width_of(box.title, 13, bold=True)) + 50
                self._mark(self.text, box.x, box.y, min(box.w, wide), 30)
                if box.note:
                    taken = int(width_of(box.note, 11)) + 20
                    self._mark(self.text, box.x + box.w - taken, box.y, taken, 30)

    def route(self, edges: Sequence[Edge]) -> list[Line]:
        found: dict[int, tuple[Point, ...]] = {}
        # short ways are found first, and those of users before all
        order = sorted(range(len(edges)), key=lambda at: (edges[at].source != USERS, self._distance(edges[at]), at))
        for at in order:
            found[at] = self._way(edges[at])
        return _labelled(self.plan, [(edge, found[at]) for at, edge in enumerate(edges)])

    def _distance(self, edge: Edge) -> int:
        one, other = self.plan.boxes[edge.source], self.plan.boxes[edge.target]
        return abs(one.middle - other.middle) + abs(one.y - other.y)

    def _mark(self, masks: tuple[list[int], list[int]], x: int, y: int, w: int, h: int) -> None:
        left, right = max(0, x // U), min(self.columns, -(-(x + w) // U))
        top, bottom = max(0, y // U), min(self.rows, -(-(y + h) // U))
        if right <= left or bottom <= top:
            return
        level, upright = ((1 << (right - left)) - 1) << left, ((1 << (bottom - top)) - 1) << top
        for row in range(top, bottom):
            masks[0][row] |= level
        for column in range(left, right):
            masks[1][column] |= upright

    def _way(self, edge: Edge) -> tuple[Point, ...]:
        one, other = self.plan.boxes[edge.source], self.plan.boxes[edge.target]
        self.own = [self.family[f"{edge.kind} from {edge.source}"], self.family[f"{edge.kind} to {edge.target}"]]
        best: tuple[float, tuple[Point, ...]] = (1e9, ())
        # the nearest first, for what is found early saves looking at what cannot be better
        pairs = [
            (cost + more + abs(start[0] - end[0]) + abs(start[1] - end[1]), cost + more, side, start, into, end)
            for side, start, cost in _ports(one)
            for into, end, more in _ports(other)
        ]
        for least, cost, side, start, into, end in sorted(pairs):
            if least >= best[0]:
                break
            best = self._between(side, start, into, end, cost, best)
        if not best[1] or self._hits(best[1]):
            best = self._around(one, other, best)
        cells = best[1]
        self._use(cells)
        return _to_pixels(cells, one, other)

    def _between(
        self, side: str, start: Point, into: str, end: Point, cost: float, best: tuple[float, tuple[Point, ...]]
    ) -> tuple[float, tuple[Point, ...]]:
        (sx, sy), (tx, ty) = start, end
        if side in "tb" and into in "tb":
            low, high = _channel(side, sy, into, ty, self.rows - 1)
            if sx == tx and low <= high and ((side == "b") == (ty >= sy)) and side != into:
                best = self._try(((sx, sy), (tx, ty)), cost, best)
            for y in range(low, high + 1, 1 if high - low < 30 else 2):
                if sx != tx:
                    best = self._try(((sx, sy), (sx, y), (tx, y), (tx, ty)), cost + 14, best)
        elif side in "lr" and into in "lr":
            low, high = _channel("b" if side == "r" else "t", sx, "b" if into == "r" else "t", tx, self.columns - 1)
            if sy == ty and low <= high and ((side == "r") == (tx >= sx)) and side != into:
                best = self._try(((sx, sy), (tx, ty)), cost, best)
            for x in range(low, high + 1, 1 if high - low < 30 else 2):
                if sy != ty:
                    best = self._try(((sx, sy), (x, sy), (x, ty), (tx, ty)), cost + 14, best)
        elif side in "tb":
            if (ty >= sy) == (side == "b") and (sx <= tx) == (into == "l"):
                best = self._try(((sx, sy), (sx, ty), (tx, ty)), cost + 7, best)
        elif (tx >= sx) == (side == "r") and (sy <= ty) == (into == "t"):
            best = self._try(((sx, sy), (tx, sy), (tx, ty)), cost + 7, best)
        return best

    def _hits(self, points: tuple[Point, ...]) -> bool:
        """Whether a way goes over a card."""
        for (x, y), (u, v) in itertools.pairwise(points):
            way, at, low, high = (0, y, min(x, u), max(x, u)) if y == v else (1, x, min(y, v), max(y, v))
            if self.hard[way][at] & (((1 << (high - low + 1)) - 1) << low):
                return True
        return False

    def _around(self, one: Box, other: Box, best: tuple[float, tuple[Point, ...]]) -> tuple[float, tuple[Point, ...]]:
        """A way with five pieces, where none of three is free."""
        starts = [each for each in _ports(one) if each[0] in "tb" and each[2] == 0]
        ends = [each for each in _ports(other) if each[0] in "tb" and each[2] == 0]
        for side, (sx, sy), _ in starts:
            for into, (tx, ty), _ in ends:
                low, high = max(1, min(sx, tx) - 45), min(self.columns - 2, max(sx, tx) + 45)
                for y in (sy + 1, sy + 3) if side == "b" else (sy - 1, sy - 3):
                    for far in (ty + 1, ty + 3) if into == "b" else (ty - 1, ty - 3):
                        for x in range(low, high + 1, 2):
                            best = self._try(((sx, sy), (sx, y), (x, y), (x, far), (tx, far), (tx, ty)), 28, best)
        return best

    def _try(
        self, points: tuple[Point, ...], cost: float, best: tuple[float, tuple[Point, ...]]
    ) -> tuple[float, tuple[Point, ...]]:
        limit = best[0]
        x, y = points[0]
        for u, v in points[1:]:
            cost += abs(x - u) + abs(y - v)
            x, y = u, v
        if cost >= limit:
            return best
        x, y = points[0]
        for u, v in points[1:]:
            if y == v:
                way, at, low, high, last = 0, y, x, u, self.rows
            else:
                way, at, low, high, last = 1, x, y, v, self.columns
            x, y = u, v
            if low > high:
                low, high = high, low
            if low < 0 or at < 0 or at >= last:
                return best
            piece = ((1 << (high - low + 1)) - 1) << low
            if over := self.hard[way][at] & piece:
                cost += 120 * over.bit_count()
                if cost >= limit:
                    return best
            cost += 3 * (self.soft[way][at] & piece).bit_count() + 14 * (self.text[way][at] & piece).bit_count()
            along = self.along[way]
            if taken := along[at] & piece:
                mine = 0
                for family in self.own:
                    mine |= family[way].get(at, 0)
                cost += 25 * (taken & ~mine).bit_count()
            cost += 5 * (self.across[way][at] & piece).bit_count()
            # right beside another line of the same way
            if 0 < at < last - 1:
                cost += 2 * ((along[at - 1] | along[at + 1]) & piece).bit_count()
            if cost >= limit:
                return best
        return cost, points

    def _use(self, points: tuple[Point, ...]) -> None:
        for (x, y), (u, v) in itertools.pairwise(points):
            way, at, low, high = (0, y, min(x, u), max(x, u)) if y == v else (1, x, min(y, v), max(y, v))
            piece = ((1 << (high - low + 1)) - 1) << low
            self.along[way][at] |= piece
            for family in self.own:
                family[way][at] = family[way].get(at, 0) | piece
            for cell in range(low, high + 1):
                self.across[1 - way][cell] |= 1 << at


def _channel(side: str, start: int, into: str, end: int, last: int) -> tuple[int, int]:
    """Between which rows an arrow may go over from one column to another, by the sides it leaves and enters."""
    low = max(start if side == "b" else 0, end if into == "b" else 0)
    high = min(start if side == "t" else last, end if into == "t" else last)
    # around both by not too much
    return max(low, min(start, end) - 12, 1), min(high, max(start, end) + 12, last - 1)


def _ports(box: Box) -> list[tuple[str, Point, float]]:
    left, right, top, bottom = box.x // U, (box.x + box.w) // U - 1, box.y // U, (box.y + box.h) // U - 1
    middle = (left + right) // 2
    found: list[tuple[str, Point, float]] = []
    for shift in (0, -3, 3, -6, 6):
        found.append(("t", (middle + shift, top - 1), abs(shift)))
        found.append(("b", (middle + shift, bottom + 1), abs(shift)))
    for shift in (0, -1, 2):
        found.append(("l", (left - 1, (top + bottom) // 2 + shift), abs(shift) + 9))
        found.append(("r", (right + 1, (top + bottom) // 2 + shift), abs(shift) + 9))
    return found


def _to_pixels(cells: tuple[Point, ...], one: Box, other: Box) -> tuple[Point, ...]:
    if not cells:
        cells = ((one.middle // U, one.y // U), (other.middle // U, other.y // U))
    points = [(x * U + U // 2, y * U + U // 2) for x, y in cells]
    points.insert(0, _at_border(points[0], one))
    points.append(_at_border(points[-1], other))
    straight: list[Point] = []
    for point in points:
        if straight and straight[-1] == point:
            continue
        if len(straight) > 1 and _in_line(straight[-2], straight[-1], point):
            straight[-1] = point
        else:
            straight.append(point)
    return tuple(straight)


def _in_line(one: Point, two: Point, three: Point) -> bool:
    return one[0] == two[0] == three[0] or one[1] == two[1] == three[1]


def _at_border(point: Point, box: Box) -> Point:
    x, y = point
    return min(max(x, box.x), box.x + box.w), min(max(y, box.y), box.y + box.h)


Spot = tuple[int, int, int, int]


def _labelled(plan: Plan, ways: Sequence[tuple[Edge, tuple[Point, ...]]]) -> list[Line]:
    """The lines with their words where these hide neither a card, nor another word, nor another line, if they can."""
    taken: list[Spot] = []
    for box in plan.boxes.values():
        if box.kind == "card":
            taken.append((box.x - 2, box.y - 2, box.x + box.w + 2, box.y + box.h + 2))
        else:
            wide = int(width_of(box.title, 13, bold=True)) + 44
            taken.append((box.x, box.y, box.x + wide, box.y + 28))
            if box.note:
                taken.append((box.x + box.w - int(width_of(box.note, 11)) - 16, box.y, box.x + box.w, box.y + 28))
    pieces = [
        (edge, (min(x, u) - 2, min(y, v) - 2, max(x, u) + 2, max(y, v) + 2))
        for edge, points in ways
        for (x, y), (u, v) in itertools.pairwise(points)
    ]
    lines: list[Line] = []
    for edge, points in ways:
        if not edge.label:
            lines.append(Line(edge, points))
            continue
        word = fitted(edge.label, 170, 11)
        w, h = int(width_of(word, 11)) + 10, 16
        best: tuple[float, Spot] | None = None
        for (x, y), (u, v) in itertools.pairwise(points):
            length = abs(x - u) + abs(y - v)
            if length < 14:
                continue
            for part in (0.5, 0.3, 0.7, 0.15, 0.85):
                cx, cy = int(x + (u - x) * part), int(y + (v - y) * part)
                spot = (cx - w // 2, cy - h // 2, cx - w // 2 + w, cy - h // 2 + h)
                cost = abs(part - 0.5) * 4 - min(length, 80) / 40 + (22 if length < (w + 24 if y == v else 26) else 0)
                if spot[0] < 4 or spot[2] > plan.width - 4:
                    cost += 200
                cost += sum(60 for each in taken if _overlap(spot, each))
                cost += sum(8 for other, each in pieces if other is not edge and _overlap(spot, each))
                if best is None or cost < best[0]:
                    best = cost, spot
        if best is None:
            lines.append(Line(edge, points))
            continue
        taken.append(best[1])
        lines.append(Line(edge, points, word, best[1]))
    return lines


def _overlap(one: Spot, other: Spot) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


U = 10
CARD_W, CARD_H = 220, 60
SPAN_W = 260
COL_GAP, ROW_GAP, LANE_GAP = 80, 70, 50
ZONE_GAP, TIER_GAP = 30, 50
SIDE_GAP = 110
PAD, MARGIN, HEAD = 30, 30, 50
TITLE, LEGEND = 80, 60
TIERS = ("public", "private", "isolated")
