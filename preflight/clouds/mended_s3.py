"""Mends the emulated S3: a bucket tells that it tells EventBridge, filters are named in either case, and a canned ACL
grants all it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from preflight.clouds import s3_configurations


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses leave out."""
    from moto.core.responses import ActionResult
    from moto.s3 import responses
    from moto.s3.models import FakeGrant, get_canned_acl
    from moto.s3.responses import S3Response

    serialize, read = S3Response.serialized, S3Response._notification_config_from_body

    def serialized(self: Any, answer: Any) -> Any:
        is_asked = self.data.get("Action") == "GetBucketNotificationConfiguration"
        if is_asked and isinstance(answer.result, dict) and "QueueConfigurations" in answer.result:
            held = self.backend.get_bucket_notification_configuration(self.bucket_name)
            if held is not None and held.event_bridge is not None:
                answer = ActionResult({**answer.result, "EventBridgeConfiguration": {}})
        return serialize(self, answer)

    def notification_config_from_body(self: Any) -> Any:
        if isinstance(self.body, bytes | str):
            text = self.body.decode() if isinstance(self.body, bytes) else self.body
            text = re.sub(
                r"<Name>(Prefix|Suffix)</Name>", lambda found: found[0].replace("P", "p").replace("S", "s"), text
            )
            self.body = text
        return read(self)

    def canned_acl(words: str) -> Any:
        # of a grant of several permissions moto tells the first
        acl = get_canned_acl(words)
        acl.grants = [FakeGrant(each.grantees, [one]) for each in acl.grants for one in each.permissions]
        return acl

    yield responses, "get_canned_acl", canned_acl
    yield from s3_configurations.mends()
    yield S3Response, "serialized", serialized
    yield S3Response, "_notification_config_from_body", notification_config_from_body
