"""Kinesis: a record that is put wakes whoever reads the stream."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from preflight.deliveries import patched

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Put records without moto's own immediate call of functions."""
    from moto.kinesis.models import Stream

    def put_record(stream: Any, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        shard = stream.get_shard_for_key(partition_key, explicit_hash_key)
        number = shard.put_record(partition_key, data, explicit_hash_key)
        from preflight.deliveries import mappings, pipes

        mappings.wake(deliveries, stream.arn)
        pipes.wake(deliveries, stream.arn)
        return number, shard.shard_id

    return patched(Stream, put_record=put_record)
