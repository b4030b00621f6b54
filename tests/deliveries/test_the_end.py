"""A cloud ends when it is told to, whatever is on its way in it."""

from __future__ import annotations

import threading
import time

from preflight.clouds.offline import OfflineCloud
from tests.deliveries.conftest import READS_QUEUES, Place, may

HANGS = """
def handler(event, context):
    time.sleep(30)
"""


def test_a_worker_that_hangs_does_not_hold_up_the_end():
    with OfflineCloud() as cloud:
        place = Place(cloud)
        queue = place.queue("notes")
        place.map(place.function("worker", HANGS, may(READS_QUEUES, queue), timeout=30), queue)
        place.send(queue, "one")
        assert not cloud.deliveries.settle(0.3)
        before = time.monotonic()
    assert time.monotonic() - before < 5
    for each in threading.enumerate():
        if each.name == "deliveries":
            each.join(5)
    assert not [each for each in threading.enumerate() if each.name == "deliveries"]


def test_nothing_listens_after_the_end():
    with OfflineCloud() as cloud:
        cloud.serve()
    # as a function does that is being ended just then
    cloud.serve()
    assert not [each for each in threading.enumerate() if "serve_forever" in each.name]
