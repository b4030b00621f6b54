"""Mends the emulated Cognito user pools: an update is whole, and a resource server is changed and taken away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses lack."""
    from moto.cognitoidp.responses import CognitoIdpResponse

    yield CognitoIdpResponse, "update_user_pool", _update_user_pool
    yield CognitoIdpResponse, "update_resource_server", _update_resource_server
    yield CognitoIdpResponse, "delete_resource_server", _delete_resource_server


def _update_user_pool(self: Any) -> None:
    """What is not told goes back to its default, and what is told at creation alone stays.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html,
    checked_on 2026-11-22
    """
    pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
    born_with = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
    stays = {name: pool.extended_config[name] for name in born_with if name in pool.extended_config}
    told = {name: value for name, value in self.parameters.items() if name not in ("UserPoolId", "PoolName")}
    pool.update_extended_config({**told, **stays})
    pool.name = self._get_param("PoolName") or pool.name
    pool.mfa_config = self._get_param("MfaConfiguration") or "OFF"
    if pool.mfa_config == "OFF":
        pool.token_mfa_config = pool.sms_mfa_config = None


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
