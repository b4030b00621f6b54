"""Mistakes people make with a first network, as edits of the worked template."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from preflight.checks import breaks


@breaks(
    "losing_a_zone_leaves_both_tiers_standing",
    help="Fn::GetAZs lists the zones; taking the first one four times gives you one zone.",
)
def mistake_every_subnet_in_the_first_zone(template: dict[str, Any]) -> None:
    for subnet in of_type(template, "AWS::EC2::Subnet"):
        subnet["AvailabilityZone"] = {"Fn::Select": [0, {"Fn::GetAZs": ""}]}


@breaks(
    "losing_a_zone_leaves_both_tiers_standing",
    help="A website in two zones in front of a database in one is as available as the database.",
)
def mistake_the_database_in_one_zone(template: dict[str, Any]) -> None:
    for subnet in database_subnets(template).values():
        subnet["AvailabilityZone"] = {"Fn::Select": [1, {"Fn::GetAZs": ""}]}


@breaks(
    "losing_a_zone_leaves_both_tiers_standing",
    help="A subnet without a zone gets one from AWS, and the next may get the same.",
)
def mistake_no_zone_named(template: dict[str, Any]) -> None:
    for subnet in database_subnets(template).values():
        del subnet["AvailabilityZone"]


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="Attaching an internet gateway is one half; the route to it, in each public subnet's table, is the other.",
)
def mistake_a_public_subnet_without_its_route(template: dict[str, Any]) -> None:
    remove(template, first(template, "AWS::EC2::Route"))


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="SSH open to the world is found within hours. Session Manager (Lab 7) needs no open port.",
)
def mistake_ssh_from_anywhere(template: dict[str, Any]) -> None:
    website_rules(template).append(tcp(22, "0.0.0.0/0"))


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="An office's address changes, and is shared with everyone in that building.",
)
def mistake_ssh_from_the_office(template: dict[str, Any]) -> None:
    website_rules(template).append(tcp(22, "198.51.100.0/24"))


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="The website's port is the one browsers ask for, 443; port 8443 is for nobody.",
)
def mistake_the_website_listens_elsewhere(template: dict[str, Any]) -> None:
    for rule in website_rules(template):
        rule.update(FromPort=8443, ToPort=8443)


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="A rule for 203.0.113.0/24 serves one building. Anyone is 0.0.0.0/0.",
)
def mistake_the_website_for_one_building(template: dict[str, Any]) -> None:
    for rule in website_rules(template):
        rule["CidrIp"] = "203.0.113.0/24"


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="A prefix list of AWS's is addresses too: EC2 Instance Connect's stands for whoever may call that service.",
)
def mistake_ssh_from_a_prefix_list_of_aws(template: dict[str, Any]) -> None:
    website_rules(template).append({**tcp(22), "SourcePrefixListId": "pl-0e4bcff02b13bef1e"})


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="A rule for the hospital's network is a door from outside, open the day the two are joined.",
)
def mistake_ssh_from_the_hospital(template: dict[str, Any]) -> None:
    website_rules(template).append(tcp(22, "10.0.0.0/16"))


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="Visitors are not Linux servers: Windows asks from 49152-65535, a home router from anywhere above 1024.",
)
def mistake_answers_for_linux_visitors_only(template: dict[str, Any]) -> None:
    inner = database_subnets(template)
    resources = template["Resources"]
    resources["Door"] = {
        "Type": "AWS::EC2::NetworkAcl",
        "Properties": {"VpcId": {"Ref": first(template, "AWS::EC2::VPC")}},
    }
    ways = {"In": {"Protocol": -1}, "Out": {"Protocol": 6, "PortRange": {"From": 32768, "To": 61000}}}
    ours = {"OursIn": {"Protocol": -1}, "OursOut": {"Protocol": -1}}
    for name, traffic in {**ways, **ours}.items():
        is_ours = name.startswith("Ours")
        resources[f"Door{name}"] = {
            "Type": "AWS::EC2::NetworkAclEntry",
            "Properties": {
                "NetworkAclId": {"Ref": "Door"},
                "RuleNumber": 50 if is_ours else 100,
                "Egress": name.endswith("Out"),
                "RuleAction": "allow",
                "CidrBlock": vpc_block(template) if is_ours else "0.0.0.0/0",
                **traffic,
            },
        }
    for subnet in names(template, "AWS::EC2::Subnet"):
        if subnet not in inner:
            resources[f"Door{subnet}"] = {
                "Type": "AWS::EC2::SubnetNetworkAclAssociation",
                "Properties": {"SubnetId": {"Ref": subnet}, "NetworkAclId": {"Ref": "Door"}},
            }


@breaks(
    "the_internet_reaches_https_and_nothing_else",
    help="VPC Block Public Access stops the internet gateway for every subnet that is not excluded from it.",
)
def mistake_public_access_blocked_for_the_whole_region(template: dict[str, Any]) -> None:
    template["Resources"]["NoPublicAccess"] = {
        "Type": "AWS::EC2::VPCBlockPublicAccessOptions",
        "Properties": {"InternetGatewayBlockMode": "block-bidirectional"},
    }


@breaks(
    "the_website_reaches_the_database",
    help="A network ACL forgets the question: the answer needs an outbound rule for the asker's ephemeral ports.",
)
def mistake_the_acl_lets_no_answer_out(template: dict[str, Any]) -> None:
    for name in entries(template, lambda entry: entry["Egress"] and is_wide(entry)):
        remove(template, name)


@breaks(
    "the_website_reaches_the_database",
    help="49152-65535 is Windows' range; Linux servers ask from 32768 up, load balancers and Lambda from 1024 up.",
)
def mistake_half_of_the_ephemeral_ports(template: dict[str, Any]) -> None:
    for name in entries(template, lambda entry: entry["Egress"] and is_wide(entry)):
        properties(template, name)["PortRange"]["From"] = 49152


@breaks(
    "the_website_reaches_the_database",
    help="The lowest number that matches decides: a deny numbered 50 comes before an allow numbered 100.",
)
def mistake_the_deny_comes_first(template: dict[str, Any]) -> None:
    for name in entries(template, lambda entry: entry["RuleAction"] == "deny"):
        properties(template, name)["RuleNumber"] = 50


@breaks(
    "the_website_reaches_the_database",
    help="Two zones, two website subnets: a rule written for the first is half a rule.",
)
def mistake_the_acl_knows_one_website_subnet(template: dict[str, Any]) -> None:
    for name in entries(template, lambda entry: entry["RuleNumber"] == 101):
        remove(template, name)


@breaks(
    "the_website_reaches_the_database",
    help="PostgreSQL listens on 5432; 3306 is MySQL's.",
)
def mistake_the_port_of_another_database(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::EC2::SecurityGroupIngress")).update(FromPort=3306, ToPort=3306)


@breaks(
    "nobody_else_reaches_the_database",
    help="The whole VPC is every machine in it, today's and next year's.",
)
def mistake_the_database_trusts_the_vpc(template: dict[str, Any]) -> None:
    trust_range(template, vpc_block(template))


@breaks(
    "nobody_else_reaches_the_database",
    help="A subnet's range is everything that will ever stand in that subnet, not the website's servers alone.",
)
def mistake_the_database_trusts_a_subnet(template: dict[str, Any]) -> None:
    trust_range(template, subnet_blocks(template)[0])


@breaks(
    "nobody_else_reaches_the_database",
    help="No route from the internet today is a reason to sleep well, and none to open the group to it.",
)
def mistake_the_database_trusts_everyone(template: dict[str, Any]) -> None:
    trust_range(template, "0.0.0.0/0")


@breaks(
    "nobody_else_reaches_the_database",
    help="The hospital's network is not joined yet; the rule waits for the day it is.",
)
def mistake_the_database_trusts_the_hospital(template: dict[str, Any]) -> None:
    trust_range(template, "10.0.0.0/16")


@breaks(
    "nobody_else_reaches_the_database",
    help="The VPC's default security group is worn by whatever forgot to name one.",
)
def mistake_the_database_trusts_the_default_group(template: dict[str, Any]) -> None:
    rule = tcp(5432)
    rule["SourceSecurityGroupId"] = {"Fn::GetAtt": [first(template, "AWS::EC2::VPC"), "DefaultSecurityGroup"]}
    rule["GroupId"] = group_id(template, "PostgreSQL from the website")
    template["Resources"]["Forgotten"] = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": rule}


@breaks(
    "nobody_else_reaches_the_database",
    help="All traffic from the website is every port: SSH, and whatever listens there next year.",
)
def mistake_the_website_reaches_every_port(template: dict[str, Any]) -> None:
    rule = properties(template, first(template, "AWS::EC2::SecurityGroupIngress"))
    rule["IpProtocol"] = "-1"
    for name in ("FromPort", "ToPort"):
        del rule[name]
    # the second lock lets ports from 1024 up through
    for name in entries(template, lambda entry: not entry["Egress"] and entry.get("PortRange", {}).get("To") == 5432):
        properties(template, name)["PortRange"]["To"] = 65535


@breaks(
    "backups_reach_s3_without_the_internet",
    help="An endpoint leads to its own Region's S3; us-west-2 is the one in the tutorial.",
)
def mistake_an_endpoint_of_another_region(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::EC2::VPCEndpoint"))["ServiceName"] = "com.amazonaws.us-west-2.s3"


@breaks(
    "the_database_has_no_road_to_the_internet",
    help="One more route, to reach the database from a laptop, makes the subnet public for everything in it.",
)
def mistake_the_database_subnet_is_public(template: dict[str, Any]) -> None:
    route = json.loads(json.dumps(properties(template, first(template, "AWS::EC2::Route"))))
    route["RouteTableId"] = {"Ref": database_tables(template)[0]}
    template["Resources"]["ForMyLaptop"] = {"Type": "AWS::EC2::Route", "Properties": route}


@breaks(
    "the_database_has_no_road_to_the_internet",
    help="Two halves of the internet in a prefix list of your own are the whole internet.",
)
def mistake_a_route_for_a_prefix_list_of_everything(template: dict[str, Any]) -> None:
    template["Resources"]["Everything"] = {
        "Type": "AWS::EC2::PrefixList",
        "Properties": {
            "PrefixListName": "everything",
            "AddressFamily": "IPv4",
            "MaxEntries": 2,
            "Entries": [{"Cidr": "0.0.0.0/1"}, {"Cidr": "128.0.0.0/1"}],
        },
    }
    route = json.loads(json.dumps(properties(template, first(template, "AWS::EC2::Route"))))
    del route["DestinationCidrBlock"]
    route["RouteTableId"] = {"Ref": database_tables(template)[0]}
    route["DestinationPrefixListId"] = {"Fn::GetAtt": ["Everything", "PrefixListId"]}
    template["Resources"]["ForMyLaptop"] = {"Type": "AWS::EC2::Route", "Properties": route}


@breaks(
    "the_database_has_no_road_to_the_internet",
    also=["an_idle_month_costs_nothing"],
    help="A NAT gateway lets nobody in and everything out, and is billed by the hour.",
)
def mistake_a_nat_gateway_for_the_database(template: dict[str, Any]) -> None:
    add_nat_gateway(template)
    for index, table in enumerate(database_tables(template)):
        template["Resources"][f"WayOut{index}"] = {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": table},
                "DestinationCidrBlock": "0.0.0.0/0",
                "NatGatewayId": {"Ref": "Nat"},
            },
        }


@breaks(
    "backups_reach_s3_without_the_internet",
    help="A gateway endpoint serves the subnets whose route tables it names. The database's are the ones that need it.",
)
def mistake_the_endpoint_serves_the_website(template: dict[str, Any]) -> None:
    route = properties(template, first(template, "AWS::EC2::Route"))
    properties(template, first(template, "AWS::EC2::VPCEndpoint"))["RouteTableIds"] = [route["RouteTableId"]]


@breaks(
    "backups_reach_s3_without_the_internet",
    help="Two subnets, two route tables: an endpoint written into one of them leaves the other without S3.",
)
def mistake_the_endpoint_serves_one_zone(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::EC2::VPCEndpoint"))["RouteTableIds"].pop()


@breaks(
    "backups_reach_s3_without_the_internet",
    help="The endpoint for DynamoDB is as free, and leads to DynamoDB.",
)
def mistake_an_endpoint_for_another_service(template: dict[str, Any]) -> None:
    endpoint = properties(template, first(template, "AWS::EC2::VPCEndpoint"))
    endpoint["ServiceName"] = {"Fn::Sub": "com.amazonaws.${AWS::Region}.dynamodb"}


@breaks(
    "backups_reach_s3_without_the_internet",
    help="S3 answers from its own addresses, not from the VPC's: the ACL has to let those answers in.",
)
def mistake_answers_from_the_vpc_only(template: dict[str, Any]) -> None:
    for name in entries(template, lambda entry: not entry["Egress"] and is_wide(entry)):
        properties(template, name)["CidrBlock"] = vpc_block(template)


@breaks(
    "backups_reach_s3_without_the_internet",
    help="CDK's allow_all_outbound=False locks the way out for good; whatever goes out needs an egress rule then.",
)
def mistake_the_database_may_not_ask_anyone(template: dict[str, Any]) -> None:
    group = group_named(template, "PostgreSQL from the website")
    properties(template, group)["SecurityGroupEgress"] = [
        {"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}
    ]


@breaks(
    "backups_reach_s3_without_the_internet",
    help="S3 has several ranges in a Region, and AWS adds to them: answers come from all.",
)
def mistake_answers_from_one_of_s3s_ranges(template: dict[str, Any]) -> None:
    for name in entries(template, lambda entry: not entry["Egress"] and is_wide(entry)):
        properties(template, name)["CidrBlock"] = "52.216.0.0/15"


@breaks(
    "backups_reach_s3_without_the_internet",
    help="pl-02cd2c6b is DynamoDB's list; S3's in us-east-1 is pl-63a5400a.",
)
def mistake_the_prefix_list_of_another_service(template: dict[str, Any]) -> None:
    group = group_named(template, "PostgreSQL from the website")
    properties(template, group)["SecurityGroupEgress"] = [{**tcp(443), "DestinationPrefixListId": "pl-02cd2c6b"}]


@breaks(
    "backups_reach_s3_without_the_internet",
    help="S3 is found by name; without DNS support nobody in the VPC answers the question.",
)
def mistake_no_dns_support(template: dict[str, Any]) -> None:
    vpc = of_type(template, "AWS::EC2::VPC")[0]
    vpc.update(EnableDnsSupport=False, EnableDnsHostnames=False)


@breaks(
    "the_database_subnets_have_a_lock_of_their_own",
    help="A datagram needs no answer to do harm: an inbound entry for UDP is a door by itself.",
)
def mistake_logs_come_in_over_udp(template: dict[str, Any]) -> None:
    template["Resources"]["Logs"] = {
        "Type": "AWS::EC2::NetworkAclEntry",
        "Properties": {
            "NetworkAclId": {"Ref": first(template, "AWS::EC2::NetworkAcl")},
            "RuleNumber": 90,
            "RuleAction": "allow",
            "Protocol": 17,
            "PortRange": {"From": 514, "To": 514},
            "CidrBlock": vpc_block(template),
        },
    }


@breaks(
    "the_database_subnets_have_a_lock_of_their_own",
    help="A network ACL that is associated with no subnet guards nothing: the default one lets everything through.",
)
def mistake_the_acl_guards_no_subnet(template: dict[str, Any]) -> None:
    for name in names(template, "AWS::EC2::SubnetNetworkAclAssociation"):
        remove(template, name)


@breaks(
    "the_database_subnets_have_a_lock_of_their_own",
    help="Two subnets, two associations.",
)
def mistake_the_acl_guards_one_zone(template: dict[str, Any]) -> None:
    remove(template, first(template, "AWS::EC2::SubnetNetworkAclAssociation"))


@breaks(
    "the_database_subnets_have_a_lock_of_their_own",
    help="Allow everything, then deny: the lower number has already decided.",
)
def mistake_the_deny_comes_last(template: dict[str, Any]) -> None:
    for egress in (True, False):
        name = f"Everything{egress}"
        template["Resources"][name] = {
            "Type": "AWS::EC2::NetworkAclEntry",
            "Properties": {
                "NetworkAclId": {"Ref": first(template, "AWS::EC2::NetworkAcl")},
                "RuleNumber": 90,
                "Egress": egress,
                "RuleAction": "allow",
                "Protocol": -1,
                "CidrBlock": "0.0.0.0/0",
            },
        }


@breaks(
    "addresses_fit_the_hospital_and_leave_room",
    help="10.0.0.0/16 is CDK's default, and half the world's.",
)
def mistake_the_default_address_range(template: dict[str, Any]) -> None:
    resources = json.dumps(template["Resources"]).replace('"10.40.', '"10.0.')
    template["Resources"] = json.loads(resources)


@breaks(
    "addresses_fit_the_hospital_and_leave_room",
    help="A /26 has 64 addresses, of which AWS keeps five: 59 machines.",
)
def mistake_subnets_too_small(template: dict[str, Any]) -> None:
    resources = json.dumps(template["Resources"]).replace(".0/24", ".0/26")
    template["Resources"] = json.loads(resources)


@breaks(
    "an_idle_month_costs_nothing",
    help="A NAT gateway is billed from the moment it exists, used or not.",
)
def mistake_a_nat_gateway_nobody_uses(template: dict[str, Any]) -> None:
    add_nat_gateway(template)


@breaks(
    "an_idle_month_costs_nothing",
    help="A KMS key of your own is a dollar a month, used or not; the keys AWS manages are free.",
)
def mistake_a_key_nobody_uses(template: dict[str, Any]) -> None:
    template["Resources"]["Key"] = {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            }
        },
    }


@breaks(
    "an_idle_month_costs_nothing",
    help="An interface endpoint costs by the hour in each zone; for S3 the gateway kind is free.",
)
def mistake_an_interface_endpoint_for_s3(template: dict[str, Any]) -> None:
    template["Resources"]["S3Interface"] = {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "VpcId": {"Ref": first(template, "AWS::EC2::VPC")},
            "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
            "VpcEndpointType": "Interface",
            "SubnetIds": [{"Ref": name} for name in database_subnets(template)],
            "SecurityGroupIds": [group_id(template, "PostgreSQL from the website")],
        },
    }


def names(template: dict[str, Any], type_name: str) -> list[str]:
    return [name for name, each in template["Resources"].items() if each["Type"] == type_name]


def first(template: dict[str, Any], type_name: str) -> str:
    return names(template, type_name)[0]


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def of_type(template: dict[str, Any], type_name: str) -> list[dict[str, Any]]:
    return [properties(template, name) for name in names(template, type_name)]


def remove(template: dict[str, Any], name: str) -> None:
    """Take a resource away, and what waits for it."""
    del template["Resources"][name]
    for each in template["Resources"].values():
        waits = each.get("DependsOn", [])
        waits = [waits] if isinstance(waits, str) else waits
        if name in waits:
            each["DependsOn"] = [other for other in waits if other != name]


def entries(template: dict[str, Any], wanted: Callable[[dict[str, Any]], Any]) -> list[str]:
    """The network ACL's entries that meet a condition."""
    acl_entries = names(template, "AWS::EC2::NetworkAclEntry")
    return [name for name in acl_entries if wanted({"Egress": False, **properties(template, name)})]


def is_wide(entry: dict[str, Any]) -> bool:
    return entry.get("PortRange", {}).get("To") == 65535


def tcp(port: int, cidr: str | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    return rule if cidr is None else {**rule, "CidrIp": cidr}


def group_named(template: dict[str, Any], words: str) -> str:
    """The security group whose description says this."""
    groups = names(template, "AWS::EC2::SecurityGroup")
    return next(name for name in groups if words in properties(template, name)["GroupDescription"])


def group_id(template: dict[str, Any], words: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [group_named(template, words), "GroupId"]}


def website_rules(template: dict[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = properties(template, group_named(template, "HTTPS from anyone"))[
        "SecurityGroupIngress"
    ]
    return rules


def trust_range(template: dict[str, Any], cidr: Any) -> None:
    """One more rule for the database's group, whose source is a range."""
    rules = properties(template, group_named(template, "PostgreSQL from the website")).setdefault(
        "SecurityGroupIngress", []
    )
    rules.append(tcp(5432, cidr))


def vpc_block(template: dict[str, Any]) -> str:
    return str(of_type(template, "AWS::EC2::VPC")[0]["CidrBlock"])


def subnet_blocks(template: dict[str, Any]) -> list[str]:
    return [str(each["CidrBlock"]) for each in of_type(template, "AWS::EC2::Subnet")]


def database_subnets(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The subnets the network ACL guards."""
    guarded = [each["SubnetId"]["Ref"] for each in of_type(template, "AWS::EC2::SubnetNetworkAclAssociation")]
    return {name: properties(template, name) for name in guarded}


def database_tables(template: dict[str, Any]) -> list[str]:
    inner = database_subnets(template)
    associations = of_type(template, "AWS::EC2::SubnetRouteTableAssociation")
    return [each["RouteTableId"]["Ref"] for each in associations if each["SubnetId"]["Ref"] in inner]


def add_nat_gateway(template: dict[str, Any]) -> None:
    """A NAT gateway in the first website subnet, with its address."""
    gateway = first(template, "AWS::EC2::VPCGatewayAttachment")
    inner = database_subnets(template)
    outer = next(name for name in names(template, "AWS::EC2::Subnet") if name not in inner)
    template["Resources"]["NatAddress"] = {
        "Type": "AWS::EC2::EIP",
        "Properties": {"Domain": "vpc"},
        "DependsOn": [gateway],
    }
    template["Resources"]["Nat"] = {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {"SubnetId": {"Ref": outer}, "AllocationId": {"Fn::GetAtt": ["NatAddress", "AllocationId"]}},
        "DependsOn": [gateway],
    }
