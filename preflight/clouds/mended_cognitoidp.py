"""Mends the emulated Cognito user pools: a resource server is changed, and taken away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses lack."""
    from moto.cognitoidp.responses import CognitoIdpResponse

    yield CognitoIdpResponse, "update_resource_server", _update_resource_server
    yield CognitoIdpResponse, "delete_resource_server", _delete_resource_server


def _update_resource_server(self: Any) -> Any:
    from moto.core.responses import ActionResult

    server = self.backend.describe_resource_server(self._get_param("UserPoolId"), self._get_param("Identifier"))
    server.name, server.scopes = self._get_param("Name"), self._get_param("Scopes") or []
    return ActionResult({"ResourceServer": server.to_json()})


def _delete_resource_server(self: Any) -> Any:
    from moto.core.responses import EmptyResult

    pool, identifier = self._get_param("UserPoolId"), self._get_param("Identifier")
    self.backend.describe_resource_server(pool, identifier)
    del self.backend.user_pools[pool].resource_servers[identifier]
    return EmptyResult()
