"""Networks as CDK writes them are made whole, and when they go nothing of them is left at EC2 or beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.template import Template

# what CDK 2.275.0 synthesizes of networks/app.py
NETWORKS = Path(__file__).with_name("networks")
SERVICES = ("ec2", "elbv2", "elb", "autoscaling", "application-autoscaling", "cloudwatch")
# AWS's own facts, the same with and without a stack, and slow to tell
ALWAYS = {
    "describe_images",
    "describe_instance_type_offerings",
    "describe_instance_types",
    "describe_reserved_instances_offerings",
    "describe_snapshots",
    "describe_spot_price_history",
    "describe_ssl_policies",
    "describe_vpc_endpoint_services",
}


@pytest.fixture
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


def make(cloud: OfflineCloud, name: str) -> Any:
    template = Template.load(NETWORKS / f"{name}.template.json")
    return cloud.cloudformation.create_stack(name, template, region=cloud.region, account=cloud.account)


def everything(cloud: OfflineCloud) -> dict[str, str]:
    """Every describe call that asks for nothing in particular, and its answer."""
    found = {}
    for service in SERVICES:
        client = cloud.client(service)
        for python_name, name in client.meta.method_to_api_mapping.items():
            shape = client.meta.service_model.operation_model(name).input_shape
            asks = python_name.startswith("describe_") and not (shape and shape.required_members)
            if asks and python_name not in ALWAYS:
                try:
                    answer = getattr(client, python_name)()
                except Exception:  # what moto has no operation for holds nothing
                    continue
                answer.pop("ResponseMetadata")
                found[f"{service} {python_name}"] = _alive(answer)
    return found


def _alive(answer: dict[str, Any]) -> str:
    """An answer without what AWS, too, shows for an hour after it is gone."""

    def pruned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: pruned(each) for key, each in value.items()}
        if isinstance(value, list):
            kept = [pruned(each) for each in value if not _gone(each)]
            return [each for each in kept if each != {"Instances": []}]
        return value

    return json.dumps(pruned({**answer, "Reservations": _reservations(answer)}), sort_keys=True, default=str)


def _reservations(answer: dict[str, Any]) -> list[Any]:
    return [{"Instances": each["Instances"]} for each in answer.get("Reservations", [])]


def _gone(each: Any) -> bool:
    if not isinstance(each, dict):
        return False
    state = each.get("State")
    name = state.get("Name") if isinstance(state, dict) else state
    return name in ("terminated", "deleted") or each.get("ResourceType") in ("instance", "natgateway")


@pytest.mark.parametrize("name", ["net", "roads"])
def test_nothing_of_a_network_is_left(cloud, name):
    cloud.client("iam")
    before = everything(cloud)
    stack = make(cloud, name)
    assert stack.status == "CREATE_COMPLETE"
    assert everything(cloud) != before
    cloud.delete(name)
    after = everything(cloud)
    assert {call: (before.get(call), told) for call, told in after.items() if told != before.get(call)} == {}
