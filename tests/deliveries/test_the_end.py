"""A cloud ends when it is told to, whatever is on its way in it."""

from __future__ import annotations

import threading
import time

from preflight.clouds import server
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


def test_nothing_listens_after_the_end(monkeypatch):
    class Slow(server.Server):
        def __init__(self, *told):
            begun.set()
            time.sleep(0.2)
            super().__init__(*told)

    begun = threading.Event()
    monkeypatch.setattr(server, "Server", Slow)
    with OfflineCloud() as cloud:
        # as a function does that begins just then
        first = threading.Thread(target=cloud.serve)
        first.start()
        begun.wait(5)
    first.join(5)
    cloud.serve()
    assert not [each for each in threading.enumerate() if "serve_forever" in each.name]


def test_a_second_cloud_launches_by_the_image_as_the_first_did() -> None:
    from moto.ec2.models.instances import InstanceBackend

    from preflight.clouds.offline import OfflineCloud

    def tokens() -> str:
        with OfflineCloud() as cloud:
            name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
            image = cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
            asked = {"ImageId": image, "InstanceType": "t4g.micro", "MinCount": 1, "MaxCount": 1}
            [server] = cloud.client("ec2").run_instances(**asked)["Instances"]
            return str(server["MetadataOptions"]["HttpTokens"])

    assert [tokens(), tokens()] == ["required", "required"]
    assert "listening" not in InstanceBackend.run_instances.__qualname__
