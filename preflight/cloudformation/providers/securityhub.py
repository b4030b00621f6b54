"""Security Hub: the hub itself; nothing is found here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from preflight.cloudformation.providers._table import Scope, Table, Tags, call


class Hub(Table):
    """Security Hub switched on."""

    type = "AWS::SecurityHub::Hub"
    service = "securityhub"
    makes = call("enable_security_hub", "EnableDefaultStandards ControlFindingGenerator")
    drops = "EnableDefaultStandards AutoEnableControls"
    tags = Tags(call("tag_resource", ResourceArn="{ref}"), remove=call("untag_resource", ResourceArn="{ref}"))
    ref = "arn:{partition}:securityhub:{region}:{account}:hub/default"
    attributes = "ARN={ref} SubscribedAt=SubscribedAt"
    describes = call("describe_hub")
    unmakes = call("disable_security_hub")
    reads = (call("describe_hub"), call("list_tags_for_resource", ResourceArn="{ref}"))

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Switching off what is off already is no failure."""
        if operation != "disable_security_hub":
            return super().ask(scope, operation, arguments)
        client = scope.context.client("securityhub")
        with suppress(client.exceptions.InvalidAccessException):
            return super().ask(scope, operation, arguments)
        return {}
