"""What a load balancer listens to and where it sends it: listeners, rules, target groups and their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preflight.analysis.interfaces import AUTO_SCALING, BALANCER, CLASSIC, SERVICE
from preflight.analysis.vpc import Layout, as_list, label

if TYPE_CHECKING:
    from preflight.template import Item


@dataclass(frozen=True)
class Forward:
    """One way through a load balancer: a port it listens on, and a target with the port it is registered on.

    `protocols` are those of the listener (tcp, udp); `target` is a resource's logical id or an address; a port is None
    where the template cannot know it. `keeps_client` says that the target sees the client's own address.
    """

    balancer: Item
    listener: int | None
    protocols: tuple[str, ...]
    target: str
    port: int | None
    keeps_client: bool
    health_port: int | None
    via: str


class Balancers:
    """The load balancers of one design, read once."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.items = layout.design.of_type(BALANCER, CLASSIC)
        self._arns = {each: item for item in self.items for each in (item.physical_id, item.logical_id, item.arn)}
        self._groups = {
            each: item
            for item in layout.design.of_type("AWS::ElasticLoadBalancingV2::TargetGroup")
            for each in (item.physical_id, item.arn)
        }
        self.listeners = self._read_listeners()
        self.forwards = [*self._read_forwards(), *self._read_classic()]

    def _balancer(self, value: Any) -> Item | None:
        return self._arns.get(value) if isinstance(value, str) else None

    def accepts(self, balancer: Item) -> list[tuple[int | None, tuple[str, ...]]]:
        """The ports and protocols a load balancer listens on."""
        return self.listeners.get(balancer.logical_id, [])

    def towards(self, target: str, port: int | None = None) -> list[Forward]:
        """The ways through a load balancer to a target, on a port of its own or on any."""
        return [
            each
            for each in self.forwards
            if each.target == target and (port is None or each.port is None or each.port == port)
        ]

    def through(self, balancer: Item, port: int | None = None) -> list[Forward]:
        """Where a load balancer sends what comes in on a port."""
        return [
            each
            for each in self.forwards
            if each.balancer is balancer and (port is None or each.listener is None or each.listener == port)
        ]

    def kind(self, balancer: Item) -> str:
        """Application, network, gateway or classic."""
        return "classic" if balancer.type == CLASSIC else str(balancer.properties.get("Type") or "application").lower()

    def _read_listeners(self) -> dict[str, list[tuple[int | None, tuple[str, ...]]]]:
        found: dict[str, list[tuple[int | None, tuple[str, ...]]]] = {}
        for item in self.layout.design.of_type("AWS::ElasticLoadBalancingV2::Listener"):
            balancer = self._balancer(item.properties.get("LoadBalancerArn"))
            if balancer is not None:
                heard = (_int(item.properties.get("Port")), _protocols(item.properties.get("Protocol")))
                found.setdefault(balancer.logical_id, []).append(heard)
        for item in self.layout.design.of_type(CLASSIC):
            for each in as_list(item.properties.get("Listeners")):
                if isinstance(each, Mapping):
                    found.setdefault(item.logical_id, []).append((_int(each.get("LoadBalancerPort")), ("tcp",)))
        return found

    def _read_forwards(self) -> Iterator[Forward]:
        design = self.layout.design
        rules: dict[str, list[Any]] = {}
        for rule in design.of_type("AWS::ElasticLoadBalancingV2::ListenerRule"):
            arn = str(rule.properties.get("ListenerArn"))
            rules.setdefault(arn, []).extend(as_list(rule.properties.get("Actions")))
        for listener in design.of_type("AWS::ElasticLoadBalancingV2::Listener"):
            balancer = self._balancer(listener.properties.get("LoadBalancerArn"))
            if balancer is None:
                continue
            actions = [*as_list(listener.properties.get("DefaultActions")), *rules.get(listener.physical_id, [])]
            seen: set[str] = set()
            for group in (self._groups.get(arn) for action in actions for arn in _forwarded(action)):
                if group is None or group.logical_id in seen:
                    continue
                seen.add(group.logical_id)
                for target, port in self._targets(group):
                    yield Forward(
                        balancer,
                        _int(listener.properties.get("Port")),
                        _protocols(listener.properties.get("Protocol")),
                        target,
                        port,
                        self.kind(balancer) == "network" and _keeps_client(group),
                        _int(group.properties.get("HealthCheckPort")),
                        label(group),
                    )

    def _targets(self, group: Item) -> Iterator[tuple[str, int | None]]:
        """What is registered in a target group, and on which port."""
        design = self.layout.design
        own = _int(group.properties.get("Port"))
        for target in as_list(group.properties.get("Targets")):
            if isinstance(target, Mapping):
                name = self.layout.ref(target.get("Id"))
                balancer = self._balancer(target.get("Id"))
                port = _int(target.get("Port")) if target.get("Port") is not None else own
                yield (balancer.logical_id if balancer else name), port
        names = {group.physical_id, group.arn}
        for item in design.of_type(AUTO_SCALING):
            if names & set(map(str, as_list(item.properties.get("TargetGroupARNs")))):
                yield item.logical_id, own
        for item in design.of_type(SERVICE):
            for each in as_list(item.properties.get("LoadBalancers")):
                if isinstance(each, Mapping) and str(each.get("TargetGroupArn")) in names:
                    # tasks with an address of their own are registered on the container's port; on a shared host the
                    # port is drawn when a task starts
                    is_own = "NetworkConfiguration" in item.properties
                    yield item.logical_id, (_int(each.get("ContainerPort")) or own) if is_own else None

    def _read_classic(self) -> Iterator[Forward]:
        design = self.layout.design
        for balancer in design.of_type(CLASSIC):
            targets = [self.layout.ref(each) for each in as_list(balancer.properties.get("Instances"))]
            targets += [
                item.logical_id
                for item in design.of_type(AUTO_SCALING)
                if balancer.logical_id in map(self.layout.ref, as_list(item.properties.get("LoadBalancerNames")))
                or balancer.physical_id in as_list(item.properties.get("LoadBalancerNames"))
            ]
            for each in as_list(balancer.properties.get("Listeners")):
                if isinstance(each, Mapping):
                    ports = _int(each.get("LoadBalancerPort")), _int(each.get("InstancePort"))
                    for target in targets:
                        yield Forward(balancer, ports[0], ("tcp",), target, ports[1], False, None, label(balancer))


def _forwarded(action: Any) -> list[Any]:
    """The target groups of an action, weighted ones too."""
    if not isinstance(action, Mapping):
        return []
    weighted = action.get("ForwardConfig")
    several = as_list(weighted.get("TargetGroups")) if isinstance(weighted, Mapping) else []
    told = [each.get("TargetGroupArn") for each in several if isinstance(each, Mapping)]
    return [each for each in (action.get("TargetGroupArn"), *told) if isinstance(each, str)]


def _keeps_client(group: Item) -> bool:
    """Whether a network load balancer's targets see the client's address.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html, checked_on
    2026-11-22
    """
    protocol = str(group.properties.get("Protocol")).upper()
    if protocol not in ("TCP", "TLS"):
        return True
    for each in as_list(group.properties.get("TargetGroupAttributes")):
        if isinstance(each, Mapping) and each.get("Key") == "preserve_client_ip.enabled":
            return str(each.get("Value")).lower() == "true"
    return str(group.properties.get("TargetType") or "instance") == "instance"


def _protocols(name: Any) -> tuple[str, ...]:
    text = str(name or "HTTP").upper()
    return {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp"), "QUIC": ("udp",), "TCP_QUIC": ("tcp", "udp")}.get(
        text, ("tcp",)
    )


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
