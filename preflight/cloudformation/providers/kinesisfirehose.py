"""Firehose: streams that write what they are given where they are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Table, Tags, call

# what the emulated Firehose keeps; only S3 and HTTP endpoints are written to
_DESTINATIONS = (
    "ElasticsearchDestinationConfiguration",
    "ExtendedS3DestinationConfiguration",
    "HttpEndpointDestinationConfiguration",
    "IcebergDestinationConfiguration",
    "RedshiftDestinationConfiguration",
    "S3DestinationConfiguration",
    "SnowflakeDestinationConfiguration",
)
_UPDATES = re.compile(r"^(.*)Configuration$")


class DeliveryStream(Table):
    """A stream, with its source and its one destination."""

    type = "AWS::KinesisFirehose::DeliveryStream"
    service = "firehose"
    named = Name("DeliveryStreamName", limit=64)
    makes = call(
        "create_delivery_stream",
        f"DeliveryStreamType DeliveryStreamEncryptionConfigurationInput KinesisStreamSourceConfiguration "
        f"{' '.join(_DESTINATIONS)}",
        DeliveryStreamName="{name}",
    )
    in_place = frozenset({*_DESTINATIONS, "DeliveryStreamEncryptionConfigurationInput"})
    tags = Tags(
        call("tag_delivery_stream", DeliveryStreamName="{ref}"),
        remove=call("untag_delivery_stream", DeliveryStreamName="{ref}"),
        reserved=False,
    )
    ref = "{name}"
    attributes = "Arn=DeliveryStreamARN"
    unmakes = call("delete_delivery_stream", DeliveryStreamName="{ref}")
    reads = (
        call("describe_delivery_stream", DeliveryStreamName="{ref}"),
        call("list_tags_for_delivery_stream", DeliveryStreamName="{ref}"),
    )

    def create(self, declared: Declared, context: Context) -> Made:
        """A destination that the service below does not know leaves the stream recorded."""
        if not any(name in declared for name in _DESTINATIONS):
            return Made(self.name_of(declared, context), recorded=True)
        return super().create(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """As it was made: recorded, or changed in place."""
        if not any(name in declared for name in _DESTINATIONS):
            return Made(made.physical_id, recorded=True)
        return super().update(made, declared, before, context)

    def change(self, before: Scope, after: Scope) -> None:
        """A changed destination is an update of the one there is; encryption has calls of its own."""
        super().change(before, after)
        old, new = self.arguments(before), self.arguments(after)
        for name in _DESTINATIONS:
            if name in new and new[name] != old.get(name):
                self._change_destination(name, new[name], after)
        key = "DeliveryStreamEncryptionConfigurationInput"
        if key in new and new[key] != old.get(key):
            asked = {"DeliveryStreamName": after.ref, "DeliveryStreamEncryptionConfigurationInput": new[key]}
            self.ask(after, "start_delivery_stream_encryption", asked)
        elif key in old and key not in new:
            self.ask(after, "stop_delivery_stream_encryption", {"DeliveryStreamName": after.ref})

    def _change_destination(self, name: str, wanted: Mapping[str, Any], scope: Scope) -> None:
        told = self.ask(scope, "describe_delivery_stream", {"DeliveryStreamName": scope.ref})
        stream = told["DeliveryStreamDescription"]
        update = _UPDATES.sub(r"\1Update", name)
        self.ask(
            scope,
            "update_destination",
            {
                "DeliveryStreamName": scope.ref,
                "CurrentDeliveryStreamVersionId": stream["VersionId"],
                "DestinationId": stream["Destinations"][0]["DestinationId"],
                update: self._fitted(update, wanted, scope),
            },
        )

    def _fitted(self, update: str, wanted: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        shape = scope.input_shape(self.service, "update_destination").members[update]
        fitted = {}
        for name, value in wanted.items():
            theirs = name if name in shape.members else _UPDATES.sub(r"\1Update", name)
            if theirs in shape.members:
                fitted[theirs] = value
        return fitted
