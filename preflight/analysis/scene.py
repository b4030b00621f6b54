"""What is in a picture of a design: the things drawn, what each of them stands for, and the arrows between them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from preflight.analysis import catalogue
from preflight.analysis.catalogue import GROUP, ON_PREMISES, WORN, look
from preflight.analysis.vpc import SUBNET, VPC, Layout, Rule, as_list, label, span
from preflight.template import names_in

if TYPE_CHECKING:
    from preflight.template import Design, Item, Template

Kind = Literal["flow", "grant", "reach", "link"]
Place = Literal["outside", "edge", "front", "region", "vpc"]

USERS = "users"
READABLE = 30
CROWDED = 60


@dataclass(frozen=True)
class Node:
    """One card: a thing, or several alike; `members` are the logical ids drawn as it.

    `subnets` are where it stands, empty for what stands in a VPC or Region as a whole.
    """

    key: str
    name: str
    kind: str
    icon: str
    category: str
    place: Place
    members: tuple[str, ...]
    names: tuple[str, ...]
    type: str = ""
    vpc: str | None = None
    subnets: tuple[str, ...] = ()


THE_INTERNET = Node(USERS, "Users", "The internet", "Users", "", "outside", (), ("Users",), USERS)


@dataclass(frozen=True)
class Edge:
    """An arrow: something flows, a role is granted something, packets may pass, or one is declared with the other."""

    source: str
    target: str
    label: str
    kind: Kind


@dataclass
class Scene:
    """All that is drawn. `stands_for` names for every logical id the card, subnet or VPC it is drawn as."""

    name: str
    region: str
    layout: Layout
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    stands_for: dict[str, str] = field(default_factory=dict)


def scene_of(source: Template | Design) -> Scene:
    """What to draw of a template; of a design, whose references are found again by their values."""
    return _Reader(source).scene()


class _Reader:
    def __init__(self, source: Template | Design) -> None:
        # a template is told from a design by what it can do, for importing it here would be for that alone
        self.design: Design = source.design() if hasattr(source, "design") else source
        self.layout = Layout(self.design)
        self.items = self.design.resources
        self.raw = self._raw(source)
        self.refs = {
            name: [each for each in sorted(names_in(raw)) if each in self.items and each != name]
            for name, raw in self.raw.items()
        }
        self.referrers: dict[str, list[str]] = defaultdict(list)
        for name, targets in self.refs.items():
            for each in targets:
                self.referrers[each].append(name)
        self.cdk_own = {name for name, item in self.items.items() if _is_of_cdk(item)}
        self.wearers: dict[str, list[str]] = {}
        self.nodes: dict[str, Node] = {}
        self.stands_for: dict[str, str] = {}
        self.found: dict[tuple[str, str], dict[Kind, dict[str, None]]] = {}

    def scene(self) -> Scene:
        self._choose()
        self._fold()
        self._connect()
        scene = Scene(_name_of(self.items.values(), self.design), self._region(), self.layout)
        scene.edges = self._edges()
        scene.nodes, scene.stands_for = self.nodes, self.stands_for
        return collapsed(scene)

    def _raw(self, source: Any) -> dict[str, Mapping[str, Any]]:
        if hasattr(source, "design"):
            declared = source.resources
            return {name: declared[name].properties if name in declared else {} for name in self.items}
        values: dict[str, str] = {}
        for name, item in self.items.items():
            for value in (item.physical_id, item.arn, *item.attributes.values()):
                # shorter values, a stage called "v1", are words of everybody's
                if isinstance(value, str) and len(value) > 8:
                    values.setdefault(value, name)
        return {name: _referring(item.properties, values) for name, item in self.items.items()}

    def _region(self) -> str:
        """Where the subnets say they are, for a template does not say it itself; else what the design was made for."""
        zones = (subnet.zone for subnet in self.layout.subnets.values())
        named = {zone[:-1] for zone in zones if re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", zone)}
        return named.pop() if len(named) == 1 else self.design.region

    # what is drawn

    def _choose(self) -> None:
        for name, item in self.items.items():
            if item.type in (VPC, SUBNET):
                self.stands_for[name] = name
            elif not catalogue.is_noise(item.type) and item.type not in WORN and name not in self.cdk_own:
                if item.type == "AWS::EC2::EIP" and self._is_held(name):
                    continue
                self._draw(item)
        for name, item in self.items.items():
            if item.type in WORN:
                self.wearers[name] = sorted(set(self._wearing(name)))
                # a role CDK made for itself is nobody's to draw
                if not self.wearers[name] and name not in self.cdk_own and not self._serves_cdk(name):
                    self._draw(item)

    def _draw(self, item: Item) -> None:
        seen = look(item.type)
        place, vpc, subnets = self._where(item)
        name = label(item)
        for home in (
            *(self.layout.subnets[each].label for each in subnets[:1]),
            self.layout.vpcs[vpc].label if vpc in self.layout.vpcs else "",
        ):
            if home and name.startswith(f"{home}/"):
                name = name[len(home) + 1 :]
        kind = self._kind(item, seen.kind)
        self.stands_for[item.logical_id] = item.logical_id
        self.nodes[item.logical_id] = Node(
            item.logical_id,
            name,
            kind,
            seen.icon,
            seen.category,
            place,
            (item.logical_id,),
            (name,),
            item.type,
            vpc,
            subnets,
        )

    def _kind(self, item: Item, kind: str) -> str:
        get = item.properties.get
        if item.type.endswith("V2::LoadBalancer"):
            made = {"network": "Network", "gateway": "Gateway"}.get(str(get("Type")), "Application")
            return f"{made} Load Balancer"
        if item.type == "AWS::EC2::VPCEndpoint":
            service = str(get("ServiceName", "")).rsplit(".", 1)[-1]
            service = {"s3": "S3", "dynamodb": "DynamoDB"}.get(
                service, service.upper() if len(service) < 4 else service
            )
            return f"{service} {str(get('VpcEndpointType', 'Gateway')).lower()} endpoint"
        if item.type == "AWS::EC2::VPCPeeringConnection":
            ends = [label(self.items[each]) for each in self.refs[item.logical_id] if each in self.layout.vpcs]
            return f"Peers {' and '.join(ends)}" if len(ends) == 2 else kind
        if item.type == "AWS::ApiGatewayV2::Api" and str(get("ProtocolType")).upper() == "WEBSOCKET":
            return "API Gateway WebSocket API"
        if item.type == "AWS::RDS::DBInstance":
            multi = " · Multi-AZ" if str(get("MultiAZ")).lower() == "true" else ""
            return f"RDS {ENGINES.get(str(get('Engine')), 'database')}{multi}"
        return kind

    def _where(self, item: Item) -> tuple[Place, str | None, tuple[str, ...]]:
        kind = item.type
        if kind == ON_PREMISES:
            return "outside", None, ()
        if kind in catalogue.EDGE:
            return "edge", None, ()
        if kind == "AWS::WAFv2::WebACL":
            return ("edge" if item.properties.get("Scope") == "CLOUDFRONT" else "front"), None, ()
        if kind in catalogue.FRONT:
            return "front", None, ()
        if not self.layout.vpcs:
            return "region", None, ()
        subnets = self._subnets(item)
        if subnets and kind not in NOT_IN_SUBNETS:
            return "vpc", self.layout.subnets[subnets[0]].vpc.item.logical_id, subnets
        vpc = self._vpc(item)
        if vpc is not None and kind in OF_A_VPC:
            return "vpc", vpc, ()
        return "region", None, ()

    def _subnets(self, item: Item) -> tuple[str, ...]:
        known = self.layout.subnets
        found = {self.layout.ref(each) for each in _texts(item.properties)} & known.keys()
        found |= {each for each in self.refs[item.logical_id] if each in known}
        if not found:
            near = [each for each in self.refs[item.logical_id] if self.items[each].type in SUBNET_GROUPS]
            near += [
                each
                for each in self.referrers[item.logical_id]
                if self.items[each].type
                in ("AWS::EFS::MountTarget", "AWS::EC2::VolumeAttachment", "AWS::EC2::EIPAssociation")
            ]
            # one more step: a volume is where its instance is, a cluster's instance where the cluster is
            near += [far for each in near for far in self.refs[each] if self.items[far].type == "AWS::EC2::Instance"]
            near += [each for each in self.refs[item.logical_id] if self.items[each].type == "AWS::RDS::DBCluster"]
            if item.type == "AWS::RDS::DBInstance" and not near:
                near = [each for each in self.refs[item.logical_id] if self.items[each].type == "AWS::RDS::DBInstance"]
            near += [far for each in near for far in self.refs[each] if self.items[far].type in SUBNET_GROUPS]
            for each in near:
                found |= {far for far in self.refs[each] if far in known}
        home = [each for each in known if each in found]
        return tuple(each for each in home if known[each].vpc is known[home[0]].vpc)

    def _vpc(self, item: Item) -> str | None:
        direct = [each for each in self.refs[item.logical_id] if each in self.layout.vpcs]
        if direct:
            return direct[0]
        for gateway, vpc in sorted(self.layout.gateways):
            if gateway == item.logical_id and vpc in self.layout.vpcs:
                return vpc
        return None

    def _is_held(self, name: str) -> bool:
        return any(
            each in self.items
            and self.items[each].type
            in (
                "AWS::EC2::NatGateway",
                "AWS::EC2::Instance",
                "AWS::EC2::EIPAssociation",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
            )
            for each in self.referrers[name]
        ) or bool(self.refs[name])

    def _wearing(self, name: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """The cards that wear a role or a group, themselves or through a launch template, task definition and such."""
        for each in self.referrers[name]:
            kind = self.items[each].type
            if each in self.nodes and kind not in NOT_WEARING:
                yield each
            elif each not in seen and kind in CARRIES:
                yield from self._wearing(each, seen | {each})

    def _serves_cdk(self, name: str) -> bool:
        users = [each for each in self.referrers[name] if self.items[each].type not in NOT_WEARING]
        return bool(users) and all(each in self.cdk_own or catalogue.is_noise(self.items[each].type) for each in users)

    # what the rest is drawn as

    def _fold(self) -> None:
        pending = [name for name in self.items if name not in self.stands_for]
        for ways in (self._owner, self._by_wearer, self._by_path, self._by_reference):
            moved = True
            while moved:
                moved = False
                for name in pending:
                    owner = ways(name) if name not in self.stands_for else None
                    if owner is not None:
                        self.stands_for[name] = owner
                        moved = True
                pending = [name for name in pending if name not in self.stands_for]

    def _owner(self, name: str) -> str | None:
        if self.items[name].type in ("AWS::EC2::RouteTable", "AWS::EC2::NetworkAcl"):
            guarded = [
                far
                for each in self.referrers[name]
                if "Association" in self.items[each].type
                for far in self._refs(each, "SubnetId")
            ]
            return next(
                (self.stands_for[each] for each in (*guarded, *self._refs(name, "VpcId")) if each in self.stands_for),
                None,
            )
        for key in OWNERS.get(self.items[name].type, ()):
            for each in self._refs(name, key):
                if each in self.stands_for:
                    return self.stands_for[each]
        return None

    def _by_wearer(self, name: str) -> str | None:
        return next(iter(self.wearers.get(name, ())), None)

    def _by_path(self, name: str) -> str | None:
        path = self.items[name].path
        parts = (path or "").split("/")
        for cut in range(len(parts) - 1, 1, -1):
            if owner := self._paths.get("/".join(parts[:cut])):
                return owner
        return None

    @property
    def _paths(self) -> dict[str, str]:
        if "_made_paths" not in self.__dict__:
            made = {}
            for name in self.nodes:
                path = self.items[name].path or ""
                home, _, last = path.rpartition("/")
                made[path] = name
                if last in ("Resource", "Default"):
                    made[home] = name
            self.__dict__["_made_paths"] = made
        found: dict[str, str] = self.__dict__["_made_paths"]
        return found

    def _by_reference(self, name: str) -> str | None:
        for each in (*self.referrers[name], *self.refs[name]):
            if each in self.stands_for:
                return self.stands_for[each]
        return None

    # the arrows

    def _connect(self) -> None:
        for name, item in self.items.items():
            for sources, targets, said in FLOWS.get(item.type, ()):
                for source in self._cards(name, sources):
                    for target in self._cards(name, targets):
                        self._arrow(source, target, said, "flow")
        for name, item in self.items.items():
            special = getattr(self, SPECIAL.get(item.type, ""), None)
            if special is not None:
                special(name, item)
        self._behind_load_balancers()
        self._grants()
        self._reach()
        self._from_users()
        self._links()

    def _arrow(self, source: str, target: str, said: str, kind: Kind) -> None:
        if source != target and (source in self.nodes or source == USERS) and target in self.nodes:
            kinds = self.found.setdefault((source, target), {})
            kinds.setdefault(kind, {})[said] = None

    def _cards(self, name: str, path: str) -> list[str]:
        if not path:
            return [self.stands_for[name]] if name in self.stands_for else []
        cards = (self.stands_for.get(each) for each in self._refs(name, path))
        return list(dict.fromkeys(each for each in cards if each is not None and each in self.nodes))

    def _refs(self, name: str, path: str) -> list[str]:
        return [each for each in sorted(names_in(_at(self.raw[name], path.split(".")))) if each in self.items]

    def _notifications(self, name: str, item: Item) -> None:
        buckets = self._cards(name, "BucketName")
        for target in self._cards(name, "NotificationConfiguration"):
            for bucket in buckets:
                self._arrow(bucket, target, "notifies", "flow")

    def _redrive(self, name: str, item: Item) -> None:
        policy = item.properties.get("RedrivePolicy")
        tries = policy.get("maxReceiveCount") if isinstance(policy, Mapping) else None
        for target in self._cards(name, "RedrivePolicy"):
            self._arrow(name, target, f"after {tries} tries" if tries else "failed", "flow")

    def _event_source(self, name: str, item: Item) -> None:
        for source in self._cards(name, "EventSourceArn"):
            for target in self._cards(name, "FunctionName"):
                stream = (
                    self.nodes[source].type.split("::")[1] in ("DynamoDB", "Kinesis") if source in self.nodes else ""
                )
                self._arrow(source, target, "stream" if stream else "triggers", "flow")
        for source in self._cards(name, ""):
            for target in self._cards(name, "DestinationConfig"):
                self._arrow(source, target, "on failure", "flow")

    def _listener(self, name: str, item: Item) -> None:
        for target in self._cards(name, "DefaultActions"):
            self._arrow(self.stands_for.get(name, ""), target, "signs in with", "flow")

    def _behind_load_balancers(self) -> None:
        for name, item in self.items.items():
            if item.type != "AWS::ElasticLoadBalancingV2::TargetGroup":
                continue
            doors = {
                self.stands_for[each]
                for each in self.referrers[name]
                if "Listener" in self.items[each].type and each in self.stands_for
            }
            behind = [self.stands_for[each] for each in self.referrers[name] if each in self.nodes]
            behind += self._cards(name, "Targets")
            port = item.properties.get("Port")
            for door in sorted(doors):
                for each in behind:
                    if self.nodes[each].type != "AWS::ElasticLoadBalancingV2::LoadBalancer" or door != each:
                        self._arrow(door, each, str(port) if isinstance(port, int) else "", "flow")

    def _grants(self) -> None:
        for name, item in self.items.items():
            properties = item.properties
            if item.type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
                holders = [each for key in ("Roles", "Users", "Groups") for each in self._refs(name, key)]
                holders += [
                    each
                    for each in self.referrers[name]
                    if self.items[each].type.startswith("AWS::IAM::") and name in self._refs(each, "ManagedPolicyArns")
                ]
                self._grant(holders, properties.get("PolicyDocument"), self._raw_at(name, "PolicyDocument"))
            elif item.type in ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"):
                raws = as_list(self._raw_at(name, "Policies"))
                for one, raw in zip(as_list(properties.get("Policies")), raws, strict=False):
                    if isinstance(one, Mapping) and isinstance(raw, Mapping):
                        self._grant([name], one.get("PolicyDocument"), raw.get("PolicyDocument"))
            elif item.type in RESOURCE_POLICIES:
                for key in ("PolicyDocument", "KeyPolicy"):
                    self._granted_by(name, properties.get(key), self._raw_at(name, key))

    def _raw_at(self, name: str, key: str) -> Any:
        return self.raw[name].get(key)

    def _grant(self, holders: Sequence[str], document: Any, raw: Any) -> None:
        cards = [card for holder in holders for card in self._holders(holder)]
        for statement, written in _statements(document, raw):
            for target in sorted({self.stands_for.get(each, "") for each in names_in(written.get("Resource"))}):
                for verb in _verbs(statement.get("Action")):
                    for card in cards:
                        self._grant_arrow(card, target, verb)

    def _granted_by(self, name: str, document: Any, raw: Any) -> None:
        target = self.stands_for.get(name, "")
        for statement, written in _statements(document, raw):
            for holder in sorted(names_in(written.get("Principal"))):
                if holder in self.items and holder not in self.cdk_own:
                    for verb in _verbs(statement.get("Action")):
                        for card in self._holders(holder):
                            self._grant_arrow(card, target, verb)

    def _grant_arrow(self, card: str, target: str, verb: str) -> None:
        if target in self.nodes and self.nodes[target].type != "AWS::IAM::Role":
            # a queue that triggers a function is read by it: the arrow is there, the other way
            triggered = self.found.get((target, card), {}).get("flow", {})
            if ("triggers" in triggered or "stream" in triggered) and verb in ("reads", "receives"):
                return
            self._arrow(card, target, verb, "grant")

    def _holders(self, name: str) -> list[str]:
        return [name] if name in self.nodes else self.wearers.get(name, [])

    def _reach(self) -> None:
        for group in self.layout.groups.values():
            wearing = self._wearing_group(group.name)
            for rule in group.ingress:
                for other in self._wearing_group(rule.group) if rule.group else ():
                    for each in wearing:
                        self._arrow(other, each, _port(rule), "reach")

    def _wearing_group(self, name: str | None) -> list[str]:
        return [] if name is None else self._holders(name)

    def _from_users(self) -> None:
        public = {name for name, subnet in self.layout.subnets.items() if subnet.tier == "public"}
        for group in self.layout.groups.values():
            open_to_all = [rule for rule in group.ingress if any(net.prefixlen == 0 for net in rule.nets)]
            for each in self._wearing_group(group.name) if open_to_all else ():
                node = self.nodes[each]
                scheme = self.items[each].properties.get("Scheme")
                faces = (
                    scheme == "internet-facing"
                    if node.type.endswith("LoadBalancer")
                    else bool(public & {*node.subnets})
                )
                if faces or node.type == GROUP:
                    for rule in open_to_all:
                        self._arrow(USERS, each, _port(rule), "reach")
        for name, item in self.items.items():
            card = self.stands_for.get(name, "")
            if item.type in (
                "AWS::CloudFront::Distribution",
                "AWS::GlobalAccelerator::Accelerator",
                *catalogue.API_DOORS,
            ):
                self._arrow(USERS, card, "HTTPS", "flow")
            elif item.type == "AWS::Route53::HostedZone" and not item.properties.get("VPCs"):
                self._arrow(USERS, card, "looks up", "flow")
            elif item.type == "AWS::Lambda::Url":
                self._arrow(USERS, card, "function URL", "flow")
            elif item.type == "AWS::Cognito::UserPool":
                self._arrow(USERS, card, "sign in", "flow")

    def _links(self) -> None:
        """Whatever else one card is declared with, where no arrow says it yet."""
        encrypted: dict[str, list[str]] = defaultdict(list)
        for name in self.items:
            card = self.stands_for.get(name, "")
            if (
                card not in self.nodes
                or self.nodes[card].type == "AWS::KMS::Key"
                or (name != card and self.items[name].type not in LINKING)
            ):
                continue
            for each in self.refs[name]:
                target = self.stands_for.get(each, "")
                kind = self.items[each].type
                if target not in self.nodes or target == card or kind in WORN or kind.startswith("AWS::IAM"):
                    continue
                if kind == "AWS::KMS::Key" or kind == "AWS::KMS::Alias":
                    encrypted[target].append(card)
                elif name in self.nodes and self.nodes[name].type in SAYS_ONLY_WATCHES:
                    continue
                elif not self.found.get((card, target)) and not self.found.get((target, card)):
                    self._arrow(card, target, "", "link")
        for key, cards in encrypted.items():
            cards = [each for each in dict.fromkeys(cards) if each != key and (key, each) not in self.found]
            if len(cards) > 3:
                self.nodes[key] = replace(self.nodes[key], kind=f"KMS key · encrypts {len(cards)} things")
                continue
            for each in cards:
                self._arrow(key, each, "encrypts", "link")

    def _edges(self) -> list[Edge]:
        edges = []
        if any(source == USERS for source, _ in self.found):
            self.nodes = {USERS: THE_INTERNET, **self.nodes}
        order = {key: index for index, key in enumerate(self.nodes)}
        for (source, target), kinds in sorted(
            self.found.items(), key=lambda each: (order[each[0][0]], order[each[0][1]])
        ):
            kind = next(each for each in KINDS if each in kinds)
            # a flow says more than the grant or the port that lets it
            said = [*kinds[kind]] + ([*kinds.get("reach", ())] if kind == "flow" else [])
            edges.append(Edge(source, target, _joined(said), kind))
        return edges


def collapsed(scene: Scene) -> Scene:
    """The scene with repeats drawn once, with their number, where there is more to see than can be read."""
    for limit, alike in ((READABLE, _alike_in_all), (CROWDED, _alike_in_place), (CROWDED, _alike_in_kind)):
        # a few cards with very many arrows are as hard to read
        if len(scene.nodes) > limit or len(scene.edges) > limit + 5:
            scene = _collapse(scene, alike)
    return scene


def _collapse(scene: Scene, alike: Any) -> Scene:
    groups: dict[Any, list[Node]] = defaultdict(list)
    ends: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for edge in scene.edges:
        ends[edge.source].add(("to", edge.target, edge.label))
        ends[edge.target].add(("from", edge.source, edge.label))
    for node in scene.nodes.values():
        groups[node.key if node.key == USERS else alike(node, frozenset(ends[node.key]))].append(node)
    nodes: dict[str, Node] = {}
    moved: dict[str, str] = {}
    for group in groups.values():
        if len(group) < 3 or group[0].type == GROUP:
            nodes.update((node.key, node) for node in group)
            continue
        first = group[0]
        members = tuple(each for node in group for each in node.members)
        names = tuple(each for node in group for each in node.names)
        name = _shared(names)
        nodes[first.key] = replace(first, name=f"{name} × {len(names)}", members=members, names=names)
        moved.update((node.key, first.key) for node in group)
    order = {key: index for index, key in enumerate(scene.nodes)}
    found: dict[tuple[str, str], Edge] = {}
    for edge in scene.edges:
        source, target = moved.get(edge.source, edge.source), moved.get(edge.target, edge.target)
        if source == target:
            continue
        known = found.get((source, target))
        said = _joined([*known.label.split(LISTED), edge.label]) if known else edge.label
        kind = min((edge.kind, known.kind), key=KINDS.index) if known else edge.kind
        found[source, target] = Edge(source, target, said, kind)
    return replace(
        scene,
        nodes={key: nodes[key] for key in sorted(nodes, key=order.__getitem__)},
        edges=list(found.values()),
        stands_for={name: moved.get(key, key) for name, key in scene.stands_for.items()},
    )


def _alike_in_all(node: Node, ends: frozenset[Any]) -> Any:
    return node.type, node.place, node.vpc, node.subnets, ends


def _alike_in_place(node: Node, ends: frozenset[Any]) -> Any:
    return node.type, node.place, node.vpc, node.subnets


def _alike_in_kind(node: Node, ends: frozenset[Any]) -> Any:
    return node.category, node.type.split("::")[1:2], node.place, node.vpc, node.subnets


def _shared(names: Sequence[str]) -> str:
    """What several names begin with, else the first of them and an ellipsis."""
    first, last = min(names), max(names)
    size = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    begun = first[:size].rstrip("0123456789/-_ ")
    return begun if len(begun) >= 3 else f"{names[0]} …"


def _joined(said: Sequence[str]) -> str:
    words = list(dict.fromkeys(each for each in said if each))
    return LISTED.join(words[:3]) + (" …" if len(words) > 3 else "")


def _name_of(items: Iterable[Item], design: Design) -> str:
    heads = {item.path.split("/")[0] for item in items if item.path and "/" in item.path}
    return next(iter(heads)) if len(heads) == 1 else design.stack_name


def _is_of_cdk(item: Item) -> bool:
    parts = (item.path or "").split("/")
    return any(each.startswith(CDK_OWN) for each in parts)


def _statements(document: Any, raw: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    if not isinstance(document, Mapping) or not isinstance(raw, Mapping):
        return
    for one, written in zip(as_list(document.get("Statement")), as_list(raw.get("Statement")), strict=False):
        if isinstance(one, Mapping) and isinstance(written, Mapping) and one.get("Effect") == "Allow":
            yield one, written


def _verbs(actions: Any) -> list[str]:
    """What actions come to, in one word each: forty of them are mostly "reads" and "writes"."""
    verbs: dict[str, None] = {}
    for each in as_list(actions):
        service, _, action = str(each).partition(":")
        if service in ("kms", "logs", "xray", "cloudwatch", "sts", "iam", "ssmmessages"):
            continue
        if not action or action == "*":
            verbs["may do anything with"] = None
        elif service in VERBS:
            for start, verb in VERBS[service].items():
                if action.startswith(start):
                    verbs[verb] = None
        else:
            verbs["reads" if re.match(READING, action) else "writes"] = None
    found = list(verbs)
    return ["reads", *(each for each in found if each != "reads")] if "reads" in found else found


def _port(rule: Rule) -> str:
    if rule.unreadable:
        return "its port"
    if rule.ports is None:
        return "all traffic" if rule.protocol == "-1" else rule.protocol
    return span(rule.ports) if rule.protocol == "tcp" else f"{rule.protocol} {span(rule.ports)}"


def _at(value: Any, path: Sequence[str]) -> Any:
    """What is under a path of keys, through lists; what is behind a function is taken whole."""
    if isinstance(value, list):
        return [_at(each, path) for each in value]
    if not path or not isinstance(value, Mapping):
        return value
    if path[0] in value:
        return _at(value[path[0]], path[1:])
    return value if any(str(key).startswith("Fn::") for key in value) else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _referring(value: Any, values: Mapping[str, str]) -> Any:
    """A resolved value with what belongs to resources turned back into references."""
    if isinstance(value, Mapping):
        return {key: _referring(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_referring(each, values) for each in value]
    if not isinstance(value, str) or len(value) <= 8:
        return value
    if value in values:
        return {"Ref": values[value]}
    pieces = re.findall(r"[\w.:-]{9,}", value)
    inside = [values[cut] for piece in pieces for cut in (piece, piece.rpartition(":")[0]) if cut in values]
    if not inside and value.startswith(("arn:", "{", "http")):
        inside = [name for known, name in values.items() if known in value]
    return {"Fn::Join": ["", [value, *({"Ref": each} for each in inside)]]} if inside else value


KINDS: tuple[Kind, ...] = ("flow", "grant", "reach", "link")
LISTED = " · "
READING = (
    r"Get|List|Describe|BatchGet|Query|Scan|Read|Select|Head|View|Lookup|Search|SubscribeToShard|Download"
    r"|PartiQLSelect|Condition"
)
VERBS: dict[str, dict[str, str]] = {
    "lambda": {"Invoke": "invokes"},
    "sns": {"Publish": "publishes"},
    "sqs": {"SendMessage": "sends", "ReceiveMessage": "receives", "DeleteMessage": "receives"},
    "states": {"Start": "starts"},
    "events": {"PutEvents": "puts events"},
    "ecs": {"RunTask": "runs", "StopTask": "stops"},
    "ecr": {"BatchGetImage": "pulls", "PutImage": "pushes"},
    "rds-db": {"connect": "connects"},
    "rds": {},
    "elasticfilesystem": {"ClientMount": "mounts"},
    "execute-api": {"Invoke": "calls"},
}
ENGINES = {
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "aurora-postgresql": "Aurora PostgreSQL",
    "aurora-mysql": "Aurora MySQL",
}

CDK_OWN = (
    "Custom::",
    "BucketNotificationsHandler",
    "AWS679f53fac002430cb0da5b7982bd2287",
    "LogRetention",
    "framework-",
    "waiter-state-machine",
)

SUBNET_GROUPS = {
    "AWS::RDS::DBSubnetGroup",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::Redshift::ClusterSubnetGroup",
    "AWS::DAX::SubnetGroup",
    "AWS::DMS::ReplicationSubnetGroup",
    "AWS::EC2::NetworkInterface",
}
NOT_IN_SUBNETS = {"AWS::EC2::TransitGateway", "AWS::Events::Rule", "AWS::CloudWatch::Dashboard", "AWS::SSM::Parameter"}
OF_A_VPC = catalogue.GATEWAYS | {
    GROUP,
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::Instance",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayVpcAttachment",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
}
# what names a role or a group without wearing it
NOT_WEARING = {
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::Group",
    "AWS::KMS::Key",
    "AWS::S3::BucketPolicy",
    "AWS::SecretsManager::Secret",
    "AWS::CloudWatch::Dashboard",
}
CARRIES = {
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::Cognito::IdentityPoolRoleAttachment",
    "AWS::EC2::LaunchTemplate",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::MountTarget",
    "AWS::IAM::InstanceProfile",
    "AWS::Backup::BackupSelection",
}
RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SecretsManager::ResourcePolicy",
}
# folded things whose references are their owner's
LINKING = {
    "AWS::ECS::TaskDefinition",
    "AWS::EC2::LaunchTemplate",
    "AWS::Backup::BackupSelection",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::Config::DeliveryChannel",
    "AWS::EC2::VolumeAttachment",
    "AWS::Cognito::UserPoolClient",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::EC2::FlowLog",
}
SAYS_ONLY_WATCHES = {"AWS::CloudWatch::Dashboard"}

# which of its properties names the thing that a folded one belongs to
OWNERS: dict[str, tuple[str, ...]] = {
    "AWS::EC2::Route": ("RouteTableId",),
    "AWS::EC2::NetworkAclEntry": ("NetworkAclId",),
    "AWS::EC2::SubnetRouteTableAssociation": ("SubnetId",),
    "AWS::EC2::SubnetNetworkAclAssociation": ("SubnetId",),
    "AWS::EC2::SecurityGroupIngress": ("GroupId",),
    "AWS::EC2::SecurityGroupEgress": ("GroupId",),
    "AWS::EC2::VPCGatewayAttachment": ("InternetGatewayId", "VpnGatewayId"),
    "AWS::EC2::VolumeAttachment": ("VolumeId",),
    "AWS::EC2::FlowLog": ("ResourceId",),
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn",),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn",),
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::Lambda::Alias": ("FunctionName",),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName",),
    "AWS::Lambda::EventSourceMapping": ("FunctionName",),
    "AWS::Lambda::Permission": ("FunctionName",),
    "AWS::Lambda::Url": ("TargetFunctionArn",),
    "AWS::Lambda::Version": ("FunctionName",),
    "AWS::RDS::DBProxyTargetGroup": ("DBProxyName",),
    "AWS::Route53::RecordSet": ("HostedZoneId",),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SNS::Subscription": ("TopicArn",),
    "AWS::SNS::TopicPolicy": ("Topics",),
    "AWS::SQS::QueuePolicy": ("Queues",),
    "AWS::WAFv2::WebACLAssociation": ("WebACLArn",),
    "Custom::S3AutoDeleteObjects": ("BucketName",),
    "Custom::S3BucketNotifications": ("BucketName",),
    "Custom::CDKBucketDeployment": ("DestinationBucketName",),
}

# (where the arrow begins, where it ends, its word), each a path of the resource's properties or "" for its own card
FLOWS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "AWS::ApiGateway::Method": (("", "Integration.Uri", "calls"),),
    "AWS::ApiGateway::Authorizer": (("", "AuthorizerUri", "authorizes"), ("", "ProviderARNs", "authorizes")),
    "AWS::ApiGatewayV2::Integration": (("", "IntegrationUri", "calls"),),
    "AWS::ApiGatewayV2::Authorizer": (("", "AuthorizerUri", "authorizes"), ("", "JwtConfiguration", "authorizes")),
    "AWS::AppSync::DataSource": (("", "LambdaConfig", "calls"), ("", "DynamoDBConfig", "reads")),
    "AWS::AutoScaling::AutoScalingGroup": (("", "NotificationConfigurations.TopicARN", "notifies"),),
    "AWS::Backup::BackupSelection": (("", "BackupSelection.Resources", "backs up"),),
    "AWS::Batch::JobQueue": (("", "ComputeEnvironmentOrder", "runs on"),),
    "AWS::CloudFront::Distribution": (
        ("", "DistributionConfig.Origins", "origin"),
        ("", "DistributionConfig.Logging", "logs"),
        ("DistributionConfig.WebACLId", "", "guards"),
    ),
    "AWS::CloudTrail::Trail": (("", "S3BucketName", "logs"), ("", "SnsTopicName", "notifies")),
    "AWS::CloudWatch::Alarm": (
        ("", "AlarmActions", "alarms"),
        ("", "OKActions", "alarms"),
        ("Dimensions", "", "watched"),
        ("Metrics", "", "watched"),
    ),
    "AWS::CloudWatch::CompositeAlarm": (("", "AlarmActions", "alarms"), ("AlarmRule", "", "watched")),
    "AWS::Config::DeliveryChannel": (("", "S3BucketName", "records"),),
    "AWS::Cognito::UserPool": (("", "LambdaConfig", "calls"),),
    "AWS::DynamoDB::Table": (("", "KinesisStreamSpecification.StreamArn", "stream"),),
    "AWS::ECS::Service": (),
    "AWS::Events::Rule": (
        ("", "Targets.Arn", "sends"),
        ("EventBusName", "", "matches"),
        ("", "Targets.DeadLetterConfig", "failed"),
    ),
    "AWS::Glue::Crawler": (("Targets", "", "crawled"), ("", "DatabaseName", "writes")),
    "AWS::GlobalAccelerator::EndpointGroup": (("", "EndpointConfigurations", "forwards"),),
    "AWS::IAM::User": (("", "Groups", "member of"),),
    "AWS::IAM::UserToGroupAddition": (("Users", "GroupName", "member of"),),
    "AWS::KinesisFirehose::DeliveryStream": (
        ("KinesisStreamSourceConfiguration", "", "stream"),
        ("", "ExtendedS3DestinationConfiguration", "delivers"),
        ("", "S3DestinationConfiguration", "delivers"),
        ("", "ExtendedS3DestinationConfiguration.ProcessingConfiguration", "transforms"),
    ),
    "AWS::Lambda::EventInvokeConfig": (
        ("", "DestinationConfig.OnFailure", "on failure"),
        ("", "DestinationConfig.OnSuccess", "on success"),
    ),
    "AWS::Lambda::Function": (("", "DeadLetterConfig", "on failure"), ("", "FileSystemConfigs", "mounts")),
    "AWS::Logs::SubscriptionFilter": (("", "DestinationArn", "log lines"),),
    "AWS::Pipes::Pipe": (("Source", "", "polled"), ("", "Target", "sends"), ("", "Enrichment", "enriches")),
    "AWS::RDS::DBInstance": (("SourceDBInstanceIdentifier", "", "replicates"),),
    "AWS::RDS::DBProxyTargetGroup": (("", "DBInstanceIdentifiers", "pools"), ("", "DBClusterIdentifiers", "pools")),
    "AWS::Route53::RecordSet": (("", "AliasTarget.DNSName", "alias"), ("", "ResourceRecords", "record")),
    "AWS::S3::Bucket": (
        ("", "NotificationConfiguration", "notifies"),
        ("", "ReplicationConfiguration.Rules", "replicates"),
        ("", "LoggingConfiguration", "logs"),
    ),
    "AWS::SNS::Subscription": (("TopicArn", "Endpoint", "delivers"), ("", "RedrivePolicy", "failed")),
    "AWS::Scheduler::Schedule": (("", "Target.Arn", "invokes"), ("", "Target.DeadLetterConfig", "failed")),
    "AWS::SecretsManager::RotationSchedule": (("", "RotationLambdaARN", "rotated by"),),
    "AWS::SecretsManager::SecretTargetAttachment": (("SecretId", "TargetId", "login of"),),
    "AWS::StepFunctions::StateMachine": (("", "DefinitionString", "runs"), ("", "Definition", "runs")),
    "AWS::WAFv2::WebACLAssociation": (("", "ResourceArn", "guards"),),
}
SPECIAL = {
    "Custom::S3BucketNotifications": "_notifications",
    "AWS::SQS::Queue": "_redrive",
    "AWS::Lambda::EventSourceMapping": "_event_source",
    "AWS::ElasticLoadBalancingV2::Listener": "_listener",
}
