"""Direct Connect: the dedicated line itself; what runs over it has no place in the emulated service."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Scope, Setting, Table, Tags, call


class Connection(Table):
    """A dedicated line to AWS."""

    type = "AWS::DirectConnect::Connection"
    service = "directconnect"
    makes = call(
        "create_connection",
        "bandwidth=Bandwidth connectionName=ConnectionName lagId=LagId location=Location providerName=ProviderName "
        "requestMACSec=RequestMACSec",
    )
    then = (
        Setting(
            call("update_connection", "connectionName=ConnectionName", connectionId="{made.ConnectionId}"),
            at_create=False,
        ),
    )
    tags = Tags(
        call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"), reserved=False
    )
    ref = "connectionArn"
    drops = "RequestMACSec"
    attributes = "ConnectionArn={ref} ConnectionId=connectionId ConnectionState=connectionState"
    unmakes = call("delete_connection", connectionId="{made.ConnectionId}")
    reads = (
        call("describe_connections", connectionId="{made.ConnectionId}"),
        call("describe_tags", resourceArns=["{ref}"]),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """CloudFormation knows the line by its ARN, the service by an id; moto gives it an ARN for an id."""
        from moto.directconnect.models import directconnect_backends

        from preflight.cloudformation.derive import digits

        answer, place = super().begin(scope), scope.context
        lines = directconnect_backends[place.account][place.region].connections
        line = lines.pop(answer["connectionId"])
        line.connection_id = f"dxcon-f{digits(line.connection_id, 7)}"
        lines[line.connection_id] = line
        arn = f"arn:{place.partition}:directconnect:{place.region}:{place.account}:dxcon/{line.connection_id}"
        return {**answer, "connectionId": line.connection_id, "connectionArn": arn}
