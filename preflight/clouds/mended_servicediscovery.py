"""Mends the emulated Cloud Map: a DNS namespace's hosted zone has its name, its VPC, and goes with it.

https://docs.aws.amazon.com/cloud-map/latest/api/API_CreatePrivateDnsNamespace.html, checked_on 2026-11-22
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What to put in place of moto's."""
    from moto.servicediscovery.exceptions import ConflictingDomainExists
    from moto.servicediscovery.models import ServiceDiscoveryBackend

    private, public = (
        ServiceDiscoveryBackend.create_private_dns_namespace,
        ServiceDiscoveryBackend.create_public_dns_namespace,
    )
    delete = ServiceDiscoveryBackend.delete_namespace

    def create_private_dns_namespace(self: Any, *told: Any, **named: Any) -> Any:
        others = [each for each in self.namespaces.values() if each.vpc and each.vpc == named.get("vpc")]
        if any(each.name == named["name"] for each in others):
            raise ConflictingDomainExists(named["vpc"])
        # a VPC may have several of other names
        for each in others:
            each.vpc = None
        try:
            operation = private(self, *told, **named)
        finally:
            for each in others:
                each.vpc = named["vpc"]
        _correct_zone(self, named["name"], named["vpc"])
        return operation

    def create_public_dns_namespace(self: Any, *told: Any, **named: Any) -> Any:
        operation = public(self, *told, **named)
        _correct_zone(self, named["name"], None)
        return operation

    def delete_namespace(self: Any, namespace_id: str) -> Any:
        namespace = self.namespaces.get(namespace_id)
        operation = delete(self, namespace_id)
        zone = _zone_of(namespace)
        if zone:
            _zones(self).pop(zone, None)
        return operation

    yield ServiceDiscoveryBackend, "create_private_dns_namespace", create_private_dns_namespace
    yield ServiceDiscoveryBackend, "create_public_dns_namespace", create_public_dns_namespace
    yield ServiceDiscoveryBackend, "delete_namespace", delete_namespace


def _correct_zone(backend: Any, name: str, vpc: str | None) -> None:
    namespace = next(each for each in reversed(backend.namespaces.values()) if each.name == name)
    identifier = str(_zone_of(namespace))
    namespace.dns_properties["HostedZoneId"] = identifier
    zone = _zones(backend)[identifier]
    zone.name = f"{name.rstrip('.')}."
    for record in zone.rrsets:
        record.name = zone.name
    if vpc:
        zone.add_vpc(vpc, backend.region_name)


def _zone_of(namespace: Any) -> str | None:
    told = (getattr(namespace, "dns_properties", None) or {}).get("HostedZoneId")
    return str(told).rpartition("/")[2] if told else None


def _zones(backend: Any) -> Any:
    from moto.route53.models import route53_backends

    return route53_backends[backend.account_id][backend.partition].zones
