"""Mends the emulated Route 53 Resolver: a log of queries is taken away, and off its VPC.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_DeleteResolverQueryLogConfig.html,
checked_on 2026-11-22
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses lack."""
    from moto.route53resolver.responses import Route53ResolverResponse

    yield Route53ResolverResponse, "disassociate_resolver_query_log_config", _disassociate
    yield Route53ResolverResponse, "delete_resolver_query_log_config", _delete


def _disassociate(self: Any) -> str:
    from moto.route53resolver.exceptions import ResourceNotFoundException

    backend, config = self.route53resolver_backend, self._get_param("ResolverQueryLogConfigId")
    there = backend.resolver_query_log_config_associations
    for key, each in list(there.items()):
        if (each.resolver_query_log_config_id, each.resource_id) == (config, self._get_param("ResourceId")):
            del there[key]
            backend.resolver_query_log_configs[config].association_count -= 1
            return json.dumps({"ResolverQueryLogConfigAssociation": each.description()})
    raise ResourceNotFoundException("The association of this VPC and query log config does not exist")


def _delete(self: Any) -> str:
    from moto.route53resolver.exceptions import ResourceInUseException, ResourceNotFoundException

    backend, config = self.route53resolver_backend, self._get_param("ResolverQueryLogConfigId")
    if config not in backend.resolver_query_log_configs:
        raise ResourceNotFoundException(f"Resolver query log config with ID '{config}' does not exist")
    if backend.resolver_query_log_configs[config].association_count:
        raise ResourceInUseException("Cannot delete this query log config while VPCs are associated with it")
    return json.dumps({"ResolverQueryLogConfig": backend.resolver_query_log_configs.pop(config).description()})
