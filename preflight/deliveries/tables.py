"""DynamoDB: a change that a table's stream records wakes whoever reads it, and items expire as time goes by."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from preflight.deliveries import backends_of, patched

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries


_expiring = threading.local()
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html, checked_on 2026-11-22: what
# expired more than five years ago stays
FIVE_YEARS = 5 * 365 * 86400


def expire(deliveries: Deliveries) -> None:
    """Delete the items whose time is over; AWS takes up to a few days for that."""
    now = deliveries.now().timestamp()
    for _, _, held in backends_of("dynamodb", "dynamodb_backends"):
        for table in list(held.tables.values()):
            attribute = (table.ttl or {}).get("AttributeName")
            if not attribute or table.ttl.get("TimeToLiveStatus") != "ENABLED":
                continue
            for item in list(table.all_items()):
                value = item.attrs.get(attribute)
                due = float(value.value) if value is not None and value.type == "N" else None
                if due is not None and now - FIVE_YEARS < due < now:
                    _delete(table, item)


def _delete(table: Any, item: Any) -> None:
    _expiring.now = True
    try:
        table.delete_item(item.hash_key, item.range_key)
    finally:
        _expiring.now = False


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
        if getattr(_expiring, "now", False):
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html, 2026-11-22
            record.record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        shard.items.append(record)
        from preflight.deliveries import mappings, pipes

        arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
        mappings.wake(deliveries, arn)
        pipes.wake(deliveries, arn)

    return patched(StreamShard, add=add)
