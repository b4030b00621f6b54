"""Who subscribes to a log group is handed its lines."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.deliveries.conftest import ACCOUNT

READS = """
import base64, gzip
def handler(event, context):
    told = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    keep([told["logGroup"], [each["message"] for each in told["logEvents"]]])
"""


def test_a_function_reads_the_lines_it_asked_for(place):
    logs = place.client("logs")
    logs.create_log_group(logGroupName="/ward")
    logs.create_log_stream(logGroupName="/ward", logStreamName="one")
    reader = place.function("reader", READS)
    subscribe = {"logGroupName": "/ward", "filterName": "bad", "filterPattern": "ERROR", "destinationArn": reader}
    with pytest.raises(ClientError):
        logs.put_subscription_filter(**subscribe)
    place.may_call(reader, "logs.amazonaws.com", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/ward:*")
    logs.put_subscription_filter(**subscribe)
    now = int(place.cloud.deliveries.now().timestamp() * 1000)
    lines = [{"timestamp": now, "message": text} for text in ("ERROR fever", "fine")]
    logs.put_log_events(logGroupName="/ward", logStreamName="one", logEvents=lines)
    assert [each for each in place.kept() if each[1] != [""]] == [["/ward", ["ERROR fever"]]]
