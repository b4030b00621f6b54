"""Everything the internet can reach in a design, through which door and on which ports, and what only looks open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from preflight.analysis.interfaces import BALANCER, CLASSIC, LAMBDA, NAT, READERS
from preflight.analysis.network import INTERNET, Network
from preflight.analysis.vpc import EVERYWHERE_6, Group, Net, Ports, Rule, as_list, is_public, is_true, label, span
from preflight.analysis.walk import Blocked, End, Hop, Path
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.template import Design, Item


@dataclass(frozen=True)
class Door:
    """One thing the internet reaches.

    `by` is the kind of door, `ports` what is open, in words; `who` may come: anyone, or some addresses; `asks` what a
    visitor is asked for besides; `leads` where it leads on; `depends` what decides whether it is open at all.
    """

    what: str
    logical_id: str
    by: str
    ports: tuple[str, ...]
    who: str = "anyone"
    asks: str = ""
    leads: tuple[str, ...] = ()
    hops: tuple[Hop, ...] = ()
    depends: tuple[str, ...] = ()

    @property
    def way(self) -> list[str]:
        """The hops that let a visitor in, each a line; those of the answer left out."""
        told = [f"{hop.component}: {hop.detail}" for hop in self.hops if "the answer" not in hop.detail]
        return list(dict.fromkeys(told))

    @property
    def sentence(self) -> str:
        """The door as one sentence."""
        said = f"{self.who} reaches {self.what} on {', '.join(self.ports)} through {self.by}"
        said += f"; {self.asks}" if self.asks else ""
        said += f"; it leads to {', '.join(self.leads)}" if self.leads else ""
        return said


@dataclass(frozen=True)
class Closed:
    """One thing that looks open and is not: what about it does, and why nobody comes through."""

    what: str
    logical_id: str
    looks: str
    why: str
    code: str = ""


@dataclass(frozen=True)
class Exposure:
    """What is open to the internet, what may be, and what only looks so; true when anything is open for sure."""

    open: tuple[Door, ...]
    unsure: tuple[Door, ...]
    closed: tuple[Closed, ...]

    def __bool__(self) -> bool:
        return bool(self.open)

    def __iter__(self) -> Iterator[Door]:
        return iter(self.open)


def exposed(design: Design) -> Exposure:
    """Everything the internet can reach, and on which port; and what looks open but is not.

    Routes, addresses, network ACLs and security groups decide about interfaces in a VPC; a service's own public
    endpoint (API Gateway, function URL, bucket, CloudFront) by its own settings. Who may call what is there is for
    permissions to say: `asks` names the first of them.
    """
    return _Look(design).all()


class _Look:
    def __init__(self, design: Design) -> None:
        self.design = design
        self.network = Network(design)
        self.doors: list[Door] = []
        self.closed: list[Closed] = []

    def all(self) -> Exposure:
        for item in self.design.resources.values():
            ask = EDGES.get(item.type)
            if ask is not None:
                for found in ask(self, item):
                    if isinstance(found, Door):
                        self.doors.append(found)
                    else:
                        self.closed.append(found)
            if item.type in READERS and item.type not in NOT_ASKED:
                self._in_a_vpc(item)
        self._worn_by_nothing()
        return Exposure(
            tuple(each for each in self.doors if not each.depends),
            tuple(each for each in self.doors if each.depends),
            tuple(self.closed),
        )

    # what has an interface in a VPC

    def _in_a_vpc(self, item: Item) -> None:
        ends = self.network._interfaces(item)
        if item.type in (BALANCER, CLASSIC) and self.network.balancers.kind(item) == "gateway":
            return
        found: dict[str, tuple[str, Path]] = {}
        blocked: list[tuple[str, Blocked]] = []
        looks = ""
        for end in ends:
            if end.unknown:
                self._cannot_tell(item, end)
                continue
            for rule, who in _candidates(end):
                looks = looks or (_looks(end, rule) if who == "anyone" else "")
                for ports, answer in self._tried(end, rule):
                    if isinstance(answer, Path):
                        # of a rule for everything a listener tells which protocol it is
                        told = rule if end.accepts is None else replace(rule, protocol=answer.protocol)
                        found.setdefault(f"{rule_name(told, ports)}|{who}", (who, answer))
                    elif who == "anyone":
                        blocked.append((looks, answer))
        for key, (who, path) in _merged(found).items():
            self._add(item, key, who, path)
        if not found:
            self._only_looks(item, ends, looks, blocked)

    def _tried(self, end: End, rule: Rule) -> Iterator[tuple[Ports | None, Path | Blocked]]:
        """Which of a rule's ports a packet gets to; from one port to the next nothing changes but at the told ones."""
        for protocol in ("tcp", "udp", "icmp") if rule.protocol == "-1" else (rule.protocol.replace("v6", ""),):
            if protocol not in ("tcp", "udp", "icmp"):
                continue
            if end.accepts is not None:
                heard = [port for port, protocols in end.accepts if protocol in protocols and port is not None]
                low, high = rule.ports or (0, 65535)
                spans = [(port, port) for port in dict.fromkeys(heard) if low <= port <= high]
            elif protocol == "icmp":
                spans = [(8, 8)]
            else:
                spans = self._spans(end, rule.ports or (0, 65535))
            for ports in spans:
                answer = self._one(end, rule, protocol, ports[0])
                yield (None if protocol == "icmp" else ports), answer
                if isinstance(answer, Blocked) and answer.code not in BY_PORT:
                    return

    def _spans(self, end: End, ports: Ports) -> list[Ports]:
        """A range cut where a network ACL's entries begin and stop to match."""
        low, high = ports
        told = {low}
        for entry in end.subnet.acl.entries if end.subnet is not None else ():
            if entry.ports is not None and not entry.outbound:
                told |= {each for each in (entry.ports[0], entry.ports[1] + 1) if low <= each <= high}
        cuts = sorted(told)
        return [(cut, (cuts[index + 1] - 1) if index + 1 < len(cuts) else high) for index, cut in enumerate(cuts)]

    def _one(self, end: End, rule: Rule, protocol: str, port: int) -> Path | Blocked:
        nets = tuple(_outside(net) for net in rule.nets if not _is_private(net)) or INTERNET.spaces
        start = replace(INTERNET, spaces=nets)
        return self.network._between(start, end, protocol, (port, port), False)

    def _add(self, item: Item, ports: Sequence[str], who: str, path: Path) -> None:
        by, asks = "a public IP address", ""
        leads: tuple[str, ...] = ()
        if item.type in (BALANCER, CLASSIC):
            by = "the load balancer's listeners"
            leads = tuple(self.network.leads(item, INTERNET))
            asks = self._wall(item)
        elif item.type.startswith(("AWS::RDS", "AWS::Redshift", "AWS::AmazonMQ", "AWS::DMS")):
            by = "its public address (PubliclyAccessible)"
            asks = "it asks for its own user and password"
        is_sure = not any("unless" in hop.detail for hop in path.hops)
        told = "its Scheme" if item.type in (BALANCER, CLASSIC) else "PubliclyAccessible"
        depends = path.depends if is_sure else (*path.depends, f"{told}, which is not told")
        self.doors.append(
            Door(label(item), item.logical_id, by, tuple(ports), who, asks, leads, path.hops, tuple(depends))
        )

    def _wall(self, item: Item) -> str:
        arns = (item.arn, item.physical_id)
        for each in self.design.of_type("AWS::WAFv2::WebACLAssociation"):
            if each.properties.get("ResourceArn") in arns:
                return "a web ACL looks at each request"
        return ""

    def _cannot_tell(self, item: Item, end: End) -> None:
        if item.type in (BALANCER, CLASSIC) and item.properties.get("Scheme") == "internal":
            return
        if item.type in MAY_BE_PUBLIC and item.logical_id not in {each.logical_id for each in self.doors}:
            self.doors.append(
                Door(label(item), item.logical_id, "a public IP address", ("some port",), depends=(end.unknown,))
            )

    def _only_looks(self, item: Item, ends: list[End], looks: str, blocked: list[tuple[str, Blocked]]) -> None:
        if blocked:
            # the reason that is nearest to open says most
            said, answer = next(((said, each) for said, each in blocked if each.depends), blocked[0])
            if answer.depends:
                self.doors.append(
                    Door(label(item), item.logical_id, "a public IP address", ("some port",), depends=answer.depends)
                )
                return
            self.closed.append(Closed(label(item), item.logical_id, said or looks, answer.explanation, answer.code))
            return
        public = next((end for end in ends if end.public and not end.unknown), None)
        if public is None:
            return
        if item.type in (BALANCER, CLASSIC) and not self.network.balancers.accepts(item):
            why, code = "it has no listener", "ELBV2_LISTENERS_MISMATCH"
        else:
            names = " and ".join(group.label for group in public.groups or ()) or "nothing"
            why, code = f"no rule of {names} lets the internet in", "ENI_SG_RULES_MISMATCH"
        brings = public.why if public.why and public.why != "given at launch" else "it has a public IPv4 address"
        self.closed.append(Closed(label(item), item.logical_id, brings, why, code))

    def _worn_by_nothing(self) -> None:
        worn = {group.name for ends in self.network._found.values() for end in ends for group in end.groups or ()}
        for item in self.design.resources.values():
            if item.type in READERS and item.logical_id not in self.network._found:
                ends = self.network._interfaces(item)
                worn |= {group.name for end in ends for group in end.groups or ()}
        for name, group in self.network.layout.groups.items():
            rule = next((rule for rule in group.ingress if _is_for_all(rule)), None)
            if rule is not None and group.logical_id and name not in worn and not self._is_named(group):
                self.closed.append(
                    Closed(
                        group.label,
                        group.logical_id,
                        f"its rule admits {_plain(rule)} from everyone",
                        "nothing in this design wears it",
                    )
                )

    def _is_named(self, group: Group) -> bool:
        """Whether a resource of a type nobody taught us wears the group."""
        item = self.design.resources[str(group.logical_id)]
        values = {item.physical_id, str(item.attributes.get("GroupId"))}
        return any(
            values & set(_texts(each.properties))
            for each in self.design.resources.values()
            if each.type not in GROUP_TALK and each.type not in READERS
        )

    # public endpoints of services

    def rest_api(self, item: Item) -> Iterator[Door | Closed]:
        types = [str(each).upper() for each in as_list(_at(item.properties, "EndpointConfiguration.Types"))]
        name = label(item)
        stages = self._of("AWS::ApiGateway::Stage", "RestApiId", item)
        staged = stages or [
            each
            for each in self._of("AWS::ApiGateway::Deployment", "RestApiId", item)
            if each.properties.get("StageName")
        ]
        if "PRIVATE" in types:
            yield Closed(name, item.logical_id, "it is an API", "it is private: reached by an interface endpoint only")
        elif not staged:
            yield Closed(name, item.logical_id, "it is a public API", "no stage of it is deployed here")
        elif is_true(item.properties.get("DisableExecuteApiEndpoint")) and not self._has_domain(item):
            yield Closed(
                name, item.logical_id, "it is a public API", "its default endpoint is off, and it has no domain"
            )
        else:
            methods = self._of("AWS::ApiGateway::Method", "RestApiId", item)
            methods = [each for each in methods if each.properties.get("HttpMethod") != "OPTIONS"]
            free = [
                each
                for each in methods
                if str(each.properties.get("AuthorizationType") or "NONE").upper() == "NONE"
                and not is_true(each.properties.get("ApiKeyRequired"))
            ]
            asks = _asked(len(free), len(methods), "method")
            if item.properties.get("Policy"):
                asks += (" and " if asks else "") + "its resource policy decides who"
            yield Door(name, item.logical_id, "API Gateway's public endpoint", ("tcp 443",), asks=asks)

    def http_api(self, item: Item) -> Iterator[Door | Closed]:
        name = label(item)
        if not self._of("AWS::ApiGatewayV2::Stage", "ApiId", item):
            yield Closed(name, item.logical_id, "it is a public API", "it has no stage here")
        elif is_true(item.properties.get("DisableExecuteApiEndpoint")) and not self._has_domain(item):
            yield Closed(
                name, item.logical_id, "it is a public API", "its default endpoint is off, and it has no domain"
            )
        else:
            routes = self._of("AWS::ApiGatewayV2::Route", "ApiId", item)
            free = [each for each in routes if str(each.properties.get("AuthorizationType") or "NONE") == "NONE"]
            asks = _asked(len(free), len(routes), "route")
            yield Door(name, item.logical_id, "API Gateway's public endpoint", ("tcp 443",), asks=asks)

    def function_url(self, item: Item) -> Iterator[Door | Closed]:
        arn = item.properties.get("TargetFunctionArn")
        function = next(
            (each for each in self.design.of_type(LAMBDA) if arn in (each.arn, each.physical_id, each.logical_id)), None
        )
        name = f"the URL of {label(function) if function else arn}"
        if str(item.properties.get("AuthType")).upper() != "NONE":
            yield Closed(
                name, item.logical_id, "it has a public URL", "it answers signed requests only (AuthType AWS_IAM)"
            )
            return
        # without a permission for everyone the URL answers 403
        # https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html, checked_on 2026-11-22
        names = (arn, *((function.arn, function.physical_id) if function else ()))
        granted = any(
            each.properties.get("FunctionName") in names
            and str(each.properties.get("Principal")) == "*"
            and "InvokeFunctionUrl" in str(each.properties.get("Action"))
            for each in self.design.of_type("AWS::Lambda::Permission")
        )
        if granted:
            leads = (label(function),) if function else ()
            yield Door(
                name, item.logical_id, "a function URL", ("tcp 443",), asks="AuthType NONE asks nothing", leads=leads
            )
        else:
            why = "no permission lets everyone invoke it, so it answers 403"
            yield Closed(name, item.logical_id, "its AuthType is NONE", why)

    def bucket(self, item: Item) -> Iterator[Door | Closed]:
        from preflight.analysis import identities
        from preflight.analysis.policy import MalformedPolicy

        opened, refused = [], ""
        for arn, actions in self._said_to_everyone(item):
            action = _one_of(actions)
            try:
                decision = identities.may(self.design, "anyone", action, arn)
            except (MalformedPolicy, Usage) as error:
                # a policy AWS would refuse, or one about a thing from elsewhere, decides nothing here
                yield Door(label(item), item.logical_id, "its bucket policy", ("tcp 443",), depends=(str(error),))
                return
            if decision.answer in ("allowed", "depends"):
                opened.append((action, arn, decision))
            else:
                refused = decision.because
        website = bool(item.properties.get("WebsiteConfiguration"))
        if opened:
            action, _, decision = opened[0]
            depends = tuple(map(str, decision.depends_on)) if decision.answer == "depends" else ()
            by = "its bucket policy and its website endpoint" if website else "its bucket policy"
            ports = ("tcp 443", "tcp 80")
            asks = f"{action} asks nothing"
            yield Door(label(item), item.logical_id, by, ports, asks=asks, depends=depends)
        elif refused:
            yield Closed(label(item), item.logical_id, "its bucket policy names everyone", refused)
        elif website:
            why = "no policy lets anyone read what is in it"
            yield Closed(label(item), item.logical_id, "it has a website endpoint", why)

    def _said_to_everyone(self, bucket: Item) -> Iterator[tuple[str, list[str]]]:
        for policy in self.design.of_type("AWS::S3::BucketPolicy"):
            if self.network.layout.ref(policy.properties.get("Bucket")) not in (bucket.logical_id, bucket.physical_id):
                continue
            for statement in _several(_at(policy.properties, "PolicyDocument.Statement")):
                if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
                    continue
                who = statement.get("Principal")
                if who == "*" or (isinstance(who, Mapping) and "*" in as_list(who.get("AWS"))):
                    actions = [str(each) for each in as_list(statement.get("Action"))]
                    for arn in as_list(statement.get("Resource")):
                        yield str(arn), actions

    def distribution(self, item: Item) -> Iterator[Door | Closed]:
        config = item.properties.get("DistributionConfig")
        config = config if isinstance(config, Mapping) else {}
        if not is_true(config.get("Enabled", True)):
            yield Closed(label(item), item.logical_id, "it is a CloudFront distribution", "it is not enabled")
            return
        behaviour = config.get("DefaultCacheBehavior")
        behaviour = behaviour if isinstance(behaviour, Mapping) else {}
        asks = []
        if behaviour.get("TrustedKeyGroups") or behaviour.get("TrustedSigners"):
            asks.append("it asks for a signed URL or cookie")
        if config.get("WebACLId"):
            asks.append("a web ACL looks at each request")
        origins = [str(each.get("DomainName")) for each in as_list(config.get("Origins")) if isinstance(each, Mapping)]
        yield Door(
            label(item),
            item.logical_id,
            "CloudFront",
            ("tcp 443", "tcp 80"),
            asks=", ".join(asks),
            leads=tuple(dict.fromkeys(self._origin(each) for each in origins)),
        )

    def _origin(self, domain: str) -> str:
        for item in self.design.resources.values():
            if item.type in ORIGINS and any(
                isinstance(value, str) and value and (value == domain or value in domain)
                for name, value in item.attributes.items()
                if name in ORIGIN_NAMES
            ):
                return label(item)
        for item in self.design.of_type("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"):
            if domain.startswith(f"{item.physical_id}."):
                return label(item)
        return domain

    def accelerator(self, item: Item) -> Iterator[Door | Closed]:
        listeners = self._of("AWS::GlobalAccelerator::Listener", "AcceleratorArn", item)
        names = [each for one in listeners for each in (one.physical_id, one.arn)]
        groups = [
            each
            for each in self.design.of_type("AWS::GlobalAccelerator::EndpointGroup")
            if each.properties.get("ListenerArn") in names
        ]
        if not listeners or not groups:
            why = "no endpoint group stands behind it" if listeners else "it has no listener"
            yield Closed(label(item), item.logical_id, "it is a global accelerator", why)
            return
        ports = []
        for one in listeners:
            protocol = str(one.properties.get("Protocol") or "TCP").lower()
            for each in as_list(one.properties.get("PortRanges")):
                if isinstance(each, Mapping):
                    low, high = str(each.get("FromPort")), str(each.get("ToPort") or each.get("FromPort"))
                    ports.append(f"{protocol} {low if low == high else f'{low}-{high}'}")
        told = [each for group in groups for each in as_list(group.properties.get("EndpointConfigurations"))]
        ids = [str(each.get("EndpointId")) for each in told if isinstance(each, Mapping)]
        leads = tuple(self._called(each) for each in ids)
        yield Door(label(item), item.logical_id, "Global Accelerator", tuple(ports), leads=leads)

    def _called(self, value: str) -> str:
        return next(
            (label(each) for each in self.design.resources.values() if value in (each.physical_id, each.arn)), value
        )

    def search(self, item: Item) -> Iterator[Door | Closed]:
        if not item.properties.get("VPCOptions"):
            asks = "its access policy decides who"
            yield Door(label(item), item.logical_id, "its public endpoint (no VPC options)", ("tcp 443",), asks=asks)

    def graphql(self, item: Item) -> Iterator[Door | Closed]:
        if str(item.properties.get("Visibility")).upper() != "PRIVATE":
            asks = f"it asks for {item.properties.get('AuthenticationType')}"
            yield Door(label(item), item.logical_id, "AppSync's public endpoint", ("tcp 443",), asks=asks)

    def kubernetes(self, item: Item) -> Iterator[Door | Closed]:
        # https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html, checked_on 2026-11-22
        config = item.properties.get("ResourcesVpcConfig")
        config = config if isinstance(config, Mapping) else {}
        if is_true(config.get("EndpointPublicAccess", True)):
            cidrs = [str(each) for each in as_list(config.get("PublicAccessCidrs"))]
            who = ", ".join(cidrs) if cidrs and "0.0.0.0/0" not in cidrs else "anyone"
            asks = "it asks for IAM credentials"
            yield Door(label(item), item.logical_id, "the Kubernetes API's public endpoint", ("tcp 443",), who, asks)

    def _of(self, kind: str, key: str, item: Item) -> list[Item]:
        names = (item.physical_id, item.logical_id, item.arn)
        return [each for each in self.design.of_type(kind) if each.properties.get(key) in names]

    def _has_domain(self, item: Item) -> bool:
        return bool(
            self._of("AWS::ApiGateway::BasePathMapping", "RestApiId", item)
            or self._of("AWS::ApiGatewayV2::ApiMapping", "ApiId", item)
        )


def _candidates(end: End) -> Iterator[tuple[Rule, str]]:
    """The rules that let somebody of the internet in, and whom."""
    if end.bare:
        yield Rule("-1", None, INTERNET.spaces, None, None, None), "anyone"
    for group in end.groups or ():
        for rule in group.ingress:
            if rule.unreadable:
                yield replace(rule, nets=INTERNET.spaces), "anyone"
            elif _is_for_all(rule):
                yield rule, "anyone"
            else:
                public = [str(net) for net in rule.nets if not _is_private(net)]
                if public:
                    yield rule, ", ".join(public)


def _merged(found: Mapping[str, tuple[str, Path]]) -> dict[tuple[str, ...], tuple[str, Path]]:
    """What is open, the ports of one kind of visitor together."""
    together: dict[str, tuple[list[str], Path]] = {}
    for key, (who, path) in found.items():
        ports, _ = together.setdefault(who, ([], path))
        ports.append(key.rpartition("|")[0])
    return {tuple(dict.fromkeys(ports)): (who, path) for who, (ports, path) in together.items()}


def rule_name(rule: Rule, ports: Ports | None) -> str:
    """A protocol with its ports, in words."""
    protocol = "icmp" if ports is None else rule.protocol
    if ports is None:
        return "icmp"
    if protocol == "-1":
        return "all ports" if ports == (0, 65535) else span(ports)
    return f"{protocol} {'all ports' if ports == (0, 65535) else span(ports)}"


def _looks(end: End, rule: Rule) -> str:
    if end.bare:
        return end.why or "it has a public address"
    owner = next((group.label for group in end.groups or () if rule in group.ingress), "its security group")
    return f"{owner} admits {_plain(rule)} from everyone"


def _plain(rule: Rule) -> str:
    if rule.protocol == "-1":
        return "all traffic"
    return f"{rule.protocol}{'' if rule.ports is None else ' ' + span(rule.ports)}"


def _is_for_all(rule: Rule) -> bool:
    return any(net.prefixlen == 0 for net in rule.nets)


def _is_private(net: Net) -> bool:
    return not is_public(net[0]) and net.prefixlen > 0


def _outside(net: Net) -> Net:
    """A rule's block as far as it is of the internet: not all IPv6 addresses are anybody's."""
    return EVERYWHERE_6 if net.version == 6 and net.prefixlen < EVERYWHERE_6.prefixlen else net


def _one_of(actions: Sequence[str]) -> str:
    """One action a statement is about, without wildcards where it is a common one."""
    patterns = [each.lower() for each in actions]
    common = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject")
    told = (each for each in common if any(fnmatchcase(each.lower(), pattern) for pattern in patterns))
    return next(told, next((each for each in actions if "*" not in each), "s3:GetObject"))


def _asked(free: int, whole: int, kind: str) -> str:
    if not whole:
        return ""
    if not free:
        return f"every {kind} asks for authorization"
    if whole == 1:
        return f"its {kind} asks for no authorization"
    return f"{free} of {whole} {kind}s {'ask' if free > 1 else 'asks'} for no authorization"


def _at(properties: Any, path: str) -> Any:
    for step in path.split("."):
        properties = properties.get(step) if isinstance(properties, Mapping) else None
    return properties


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


EDGES: Mapping[str, Callable[[_Look, Item], Iterator[Door | Closed]]] = {
    "AWS::ApiGateway::RestApi": _Look.rest_api,
    "AWS::ApiGatewayV2::Api": _Look.http_api,
    "AWS::Lambda::Url": _Look.function_url,
    "AWS::S3::Bucket": _Look.bucket,
    "AWS::CloudFront::Distribution": _Look.distribution,
    "AWS::GlobalAccelerator::Accelerator": _Look.accelerator,
    "AWS::OpenSearchService::Domain": _Look.search,
    "AWS::Elasticsearch::Domain": _Look.search,
    "AWS::AppSync::GraphQLApi": _Look.graphql,
    "AWS::EKS::Cluster": _Look.kubernetes,
}

# nothing opens a connection to these, or the mount target answers for its file system
NOT_ASKED = frozenset(
    {LAMBDA, NAT, "AWS::EFS::FileSystem", "AWS::CodeBuild::Project", "AWS::Batch::ComputeEnvironment"}
    | {"AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain", "AWS::EC2::VPCEndpoint"}
)
MAY_BE_PUBLIC = frozenset(
    {"AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::RDS::DBInstance", BALANCER, CLASSIC}
)
# a property of these names a group without wearing it
GROUP_TALK = frozenset(
    {"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"}
    | {"AWS::EC2::LaunchTemplate"}
)
# of these the next port may answer otherwise
BY_PORT = frozenset({"SUBNET_ACL_RESTRICTION", "ENI_SG_RULES_MISMATCH", "ELBV2_LISTENERS_MISMATCH"})
ORIGINS = frozenset({"AWS::S3::Bucket", BALANCER, CLASSIC, "AWS::Lambda::Url"})
ORIGIN_NAMES = frozenset({"DomainName", "RegionalDomainName", "DNSName", "WebsiteURL", "FunctionUrl"})
