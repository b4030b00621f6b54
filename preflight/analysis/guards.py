"""What lets a packet pass or not: the rules of security groups and the entries of network ACLs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

Net = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Ports = tuple[int, int]


@dataclass(frozen=True)
class AclEntry:
    """A numbered rule of a network ACL; no `ports` means all of them, `net` None one that cannot be read."""

    number: int
    outbound: bool
    protocol: str
    allows: bool
    net: Net | None
    ports: Ports | None
    logical_id: str | None
    unreadable: str = ""

    def matches(self, protocol: str, address: Address) -> bool:
        """Whether protocol and address are this entry's."""
        if self.net is None or self.net.version != address.version or address not in self.net:
            return False
        return self.protocol in ("-1", protocol) or (
            protocol == "icmp" and self.protocol == "icmpv6" == f"icmpv{address.version}"
        )


@dataclass(frozen=True)
class Acl:
    """A network ACL, its entries in the order of their numbers."""

    label: str
    logical_id: str | None
    entries: tuple[AclEntry, ...]

    def first(self, outbound: bool, protocol: str, port: int, address: Address) -> AclEntry | None:
        """The entry that decides about one port: the first that matches."""
        for entry in self.entries:
            low, high = entry.ports or (0, 65535)
            if entry.outbound == outbound and low <= port <= high and entry.matches(protocol, address):
                return entry
        return None

    def admits_some(self, outbound: bool, protocol: str, ports: Ports, address: Address) -> bool:
        """Whether any port of the range is admitted."""
        left = [ports]
        for entry in self.entries:
            if entry.outbound != outbound or not entry.matches(protocol, address):
                continue
            span = entry.ports or (0, 65535)
            if entry.allows and any(piece[0] <= span[1] and span[0] <= piece[1] for piece in left):
                return True
            left = [rest for piece in left for rest in _without(piece, span)]
        return False

    def refuses(
        self, outbound: bool, protocol: str, ports: Ports | None, address: Address
    ) -> tuple[AclEntry | None, Ports | None] | None:
        """None when every port of the range is admitted, else the entry that denies (None: no entry) and the ports."""
        left = [ports if ports is not None else (0, 65535)]
        for entry in self.entries:
            if entry.outbound != outbound or not entry.matches(protocol, address):
                continue
            span = entry.ports or (0, 65535)
            met = [piece for piece in left if piece[0] <= span[1] and span[0] <= piece[1]]
            if met and not entry.allows:
                return entry, met[0]
            left = [rest for piece in left for rest in _without(piece, span)]
            if not left:
                return None
        return None, left[0]


@dataclass(frozen=True)
class Rule:
    """A security group's rule: who, on which ports (None: all); `unreadable` is a value the template cannot know.

    `prefix_list` is a list made elsewhere, `holds` the service whose addresses it is known to hold.
    """

    protocol: str
    ports: Ports | None
    nets: tuple[Net, ...]
    group: str | None
    prefix_list: str | None
    unreadable: str | None
    logical_id: str | None = None
    holds: str = ""

    def fits(self, protocol: str, port: int) -> bool:
        """Whether the rule is about this protocol and port."""
        if self.protocol not in ("-1", protocol) and not (protocol == "icmp" and self.protocol == "icmpv6"):
            return False
        return self.ports is None or self.ports[0] <= port <= self.ports[1]

    def admits(self, protocol: str, port: int, address: Address, worn: set[str], service: str) -> bool:
        """Whether a packet of this protocol and port, to or from this address or wearer, is admitted."""
        if not self.fits(protocol, port):
            return False
        if self.group is not None:
            return self.group in worn
        if self.prefix_list is not None:
            return bool(service) and service == self.holds
        return any(address.version == net.version and address in net for net in self.nets)

    @property
    def is_everything(self) -> bool:
        """Whether this is the allow-all rule a new group gets."""
        return self.protocol == "-1" and any(net.prefixlen == 0 for net in self.nets)

    @property
    def text(self) -> str:
        """The rule in a few words."""
        who = self.group or self.prefix_list or ", ".join(map(str, self.nets)) or "nobody"
        what = "all traffic" if self.protocol == "-1" else self.protocol
        return f"{what}{'' if self.ports is None else ' ' + span(self.ports)} ({who})"


def _without(piece: Ports, span: Ports) -> list[Ports]:
    rest = [(piece[0], min(piece[1], span[0] - 1)), (max(piece[0], span[1] + 1), piece[1])]
    return [each for each in rest if each[0] <= each[1]]


def protocol_name(value: Any) -> str:
    name = str(value).lower()
    return {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}.get(name, name)


def span(ports: Ports) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
