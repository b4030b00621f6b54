"""Which AWS services a function in a VPC reaches: none without a way out or an endpoint of the service.

A function's network interfaces have no public address, so that a route to an internet gateway leads nowhere; a NAT
gateway, or anything else behind the default route, leads out. Security groups and endpoint policies are not looked at.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html, checked_on 2026-11-22
"""

from __future__ import annotations

import sys
from typing import Any

# an endpoint's service, where the SDK's variable for it is not the same word
_VARIABLES = {
    "ecr.api": "ECR",
    "ecr.dkr": "ECR",
    "events": "EVENTBRIDGE",
    "kinesis-firehose": "FIREHOSE",
    "kinesis-streams": "KINESIS",
    "logs": "CLOUDWATCH_LOGS",
    "monitoring": "CLOUDWATCH",
    "secretsmanager": "SECRETS_MANAGER",
    "states": "SFN",
    "sync-states": "SFN",
}


def reached(function: Any) -> frozenset[str] | None:
    """The services a function reaches, as in AWS_ENDPOINT_URL_<SERVICE>; None when it reaches them all."""
    subnets = (function._vpc_config or {}).get("SubnetIds") or []
    module = sys.modules.get("moto.ec2.models")
    if not subnets or module is None:
        return None
    ec2 = module.ec2_backends[function.account_id][function.region]
    tables = [_table_of(ec2, each) for each in subnets]
    if any(each is None or _leads_out(each) for each in tables):
        return None
    networks, ids = {each.vpc_id for each in tables}, {each.id for each in tables}
    found = set()
    for endpoint in list(ec2.vpc_end_points.values()):
        if endpoint.vpc_id not in networks or endpoint.state != "available":
            continue
        name = endpoint.service_name.partition(f".{function.region}.")[2]
        is_gateway = (endpoint.vpc_endpoint_type or "Gateway").lower() == "gateway"
        if ids & {*(endpoint.route_table_ids or [])} if is_gateway else endpoint.private_dns_enabled is not False:
            found.add(_VARIABLES.get(name, name.upper().replace("-", "_").replace(".", "_")))
    return frozenset(found)


def _table_of(ec2: Any, subnet_id: str) -> Any:
    """The route table of a subnet, which is its VPC's main one unless it has another."""
    tables = list(ec2.route_tables.values())
    own = next((each for each in tables if subnet_id in each._associations.values()), None)
    if own is not None:
        return own
    network = next((zone[subnet_id].vpc_id for zone in ec2.subnets.values() if subnet_id in zone), None)
    return next((each for each in tables if each.vpc_id == network and each.main_association_id), None)


def _leads_out(table: Any) -> bool:
    for route in table.routes:
        if route.destination_cidr_block != "0.0.0.0/0" and route.destination_ipv6_cidr_block != "::/0":
            continue
        gateway = getattr(route.gateway, "id", "") or ""
        if not gateway.startswith("igw-"):
            return True
    return False
