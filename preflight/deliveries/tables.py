"""DynamoDB: a change that a table's stream records wakes whoever reads it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from preflight.deliveries import patched

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Record changes without moto's own immediate call of functions; a write that changes nothing is no change.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html, checked_on 2026-11-22
    """
    from moto.dynamodb.models.table import StreamRecord, StreamShard

    def add(shard: Any, old: Any, new: Any) -> None:
        table = shard.table
        if not table.stream_specification.get("StreamEnabled"):
            return
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        kind = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        number = len(shard.items) + shard.starting_sequence_number
        record = StreamRecord(table, table.stream_specification["StreamViewType"], kind, old, new, number)
        record.record["awsRegion"] = table.region_name
        shard.items.append(record)
        from preflight.deliveries import mappings, pipes

        arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
        mappings.wake(deliveries, arn)
        pipes.wake(deliveries, arn)

    return patched(StreamShard, add=add)
