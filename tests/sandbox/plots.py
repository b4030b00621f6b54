"""A sandbox without a CDK CLI: stacks stand in the offline cloud at once, with the tags ./lab deploy gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from preflight.clouds.offline import OfflineCloud
from preflight.sandbox.account import Sandbox
from preflight.sandbox.deploying import stamp
from preflight.sandbox.records import Record, write
from preflight.template import Template


class Plot:
    """A learner's project beside the offline cloud; `sandbox` asks it in this process."""

    def __init__(self, root: Path, cloud: OfflineCloud) -> None:
        self.root = root
        self.cloud = cloud
        self.said: list[str] = []

    @property
    def sandbox(self) -> Sandbox:
        return self.through(lambda service, region: self.cloud.client(service, region=region))

    def through(self, clients: Callable[[str, str], Any]) -> Sandbox:
        """The sandbox as seen through other clients, which may fail."""
        return Sandbox(self.cloud.account, "us-east-1", clients, endpoint_url=self.cloud.serve())

    def client(self, service: str, *, region: str = "us-east-1") -> Any:
        return self.cloud.client(service, region=region)

    def stand(
        self,
        name: str,
        resources: Mapping[str, Mapping[str, Any]],
        *,
        hours: float = 4,
        tagged: bool = True,
        region: str = "us-east-1",
    ) -> dict[str, str]:
        """Make a stack and its record; gives the physical ids by logical id."""
        expires = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
        tags = {"preflight:lab": name, "preflight:expires": stamp(expires)} if tagged else {}
        stack = self.cloud.deploy_template(name, Template({"Resources": resources}), tags=tags, region=region)
        if tagged:
            record = Record(
                lab=int(re.sub(r"\D", "", name) or 0),
                stack=name,
                place=self.cloud.serve(),
                account=self.cloud.account,
                region=region,
                begun=datetime.now(UTC),
                expires=expires,
                code="worked",
            )
            write(self.root, record)
        return {id: str(each.physical_id) for id, each in stack.whole().items()}

    def buckets(self) -> list[str]:
        return [each["Name"] for each in self.client("s3").list_buckets()["Buckets"]]
