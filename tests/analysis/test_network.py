"""A clinic's VPC, asked who reaches whom, and what the first blocker is."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.analysis.network import (
    Blocked,
    Path,
    availability_zones,
    free_addresses,
    overlap,
    reach,
    representatives,
    tier,
)
from preflight.errors import Usage
from preflight.template import Design, Template

VISITOR = "18.204.77.10"


def clinic() -> dict[str, Any]:
    """Two public and two isolated subnets, a web and a database group; nothing guards the subnets yet."""
    resources: dict[str, Any] = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.40.0.0/16"}},
        "Igw": {"Type": "AWS::EC2::InternetGateway"},
        "Attached": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Igw"}},
        },
        "PublicTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "ToInternet": route("PublicTable", "0.0.0.0/0", GatewayId={"Ref": "Igw"}),
        "DataTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Web": group([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}]),
        "Db": group(
            [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 5432,
                    "ToPort": 5432,
                    "SourceSecurityGroupId": {"Fn::GetAtt": ["Web", "GroupId"]},
                }
            ]
        ),
    }
    for index, (name, zone) in enumerate([("PublicA", 0), ("PublicB", 1), ("DataA", 0), ("DataB", 1)]):
        resources[name] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": f"10.40.{index}.0/24",
                "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            },
        }
        resources[f"{name}Routes"] = {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {
                "SubnetId": {"Ref": name},
                "RouteTableId": {"Ref": "PublicTable" if "Public" in name else "DataTable"},
            },
        }
    return {"Resources": resources}


def route(table: str, destination: str, **target: Any) -> dict[str, Any]:
    properties = {"RouteTableId": {"Ref": table}, "DestinationCidrBlock": destination, **target}
    return {"Type": "AWS::EC2::Route", "Properties": properties}


def group(ingress: list[dict[str, Any]], egress: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {"GroupDescription": "-", "VpcId": {"Ref": "Vpc"}, "SecurityGroupIngress": ingress}
    if egress is not None:
        properties["SecurityGroupEgress"] = egress
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}


def guard(template: dict[str, Any], *entries: tuple[Any, ...], subnets: tuple[str, ...] = ("DataA", "DataB")) -> None:
    """Put a network ACL around subnets; an entry is (number, "in"|"out", "allow"|"deny", protocol, cidr, ports)."""
    resources = template["Resources"]
    resources["Acl"] = {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": {"Ref": "Vpc"}}}
    for subnet in subnets:
        resources[f"{subnet}Acl"] = {
            "Type": "AWS::EC2::SubnetNetworkAclAssociation",
            "Properties": {"SubnetId": {"Ref": subnet}, "NetworkAclId": {"Ref": "Acl"}},
        }
    for entry in entries:
        resources[f"Entry{entry[1]}{entry[0]}"] = acl_entry(*entry)


def acl_entry(
    number: int, way: str, action: str, protocol: int, cidr: str, ports: tuple[int, int] | None = None
) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "NetworkAclId": {"Ref": "Acl"},
        "RuleNumber": number,
        "Egress": way == "out",
        "RuleAction": action,
        "Protocol": protocol,
        "CidrBlock": cidr,
    }
    if ports:
        properties["PortRange"] = {"From": ports[0], "To": ports[1]}
    return {"Type": "AWS::EC2::NetworkAclEntry", "Properties": properties}


def design(template: dict[str, Any]) -> Design:
    return Template.load(template).design()


def ask(template: dict[str, Any], source: Any, target: Any, port: Any = 443, protocol: str = "tcp") -> Path | Blocked:
    return reach(design(template), source, target, port, protocol)


class TestFromTheInternet:
    def test_a_public_subnet_answers_on_the_port_its_group_opens(self) -> None:
        answer = ask(clinic(), "internet", "Web in PublicA")
        assert answer
        assert "route to the internet gateway" in answer.because

    def test_an_isolated_subnet_has_no_route_back(self) -> None:
        answer = ask(clinic(), "internet", "Web in DataA")
        assert isinstance(answer, Blocked)
        assert (answer.code, answer.logical_id) == ("NO_ROUTE_TO_DESTINATION", "DataTable")
        assert "DataTable of DataA has no route to the internet" in answer.because

    def test_another_port_is_stopped_by_the_group(self) -> None:
        answer = ask(clinic(), "internet", "Web in PublicA", 22)
        assert isinstance(answer, Blocked)
        assert (answer.code, answer.logical_id) == ("ENI_SG_RULES_MISMATCH", "Web")

    def test_a_range_of_ports_finds_the_open_one(self) -> None:
        assert not ask(clinic(), "internet", "Web in PublicA", (0, 442))
        assert not ask(clinic(), "internet", "Web in PublicA", (444, 65535))
        found = ask(clinic(), "internet", "Web in PublicA", (0, 65535))
        assert found and found.port == 443

    def test_a_gateway_that_is_not_attached_lets_nobody_in(self) -> None:
        template = clinic()
        del template["Resources"]["Attached"]
        answer = ask(template, "internet", "Web in PublicA")
        assert isinstance(answer, Blocked) and answer.code == "BAD_STATE_ATTACHMENT"

    @pytest.mark.parametrize("mode", ["block-bidirectional", "block-ingress"])
    def test_blocked_public_access_stops_the_gateway_but_for_what_is_excluded(self, mode: str) -> None:
        template = clinic()
        resources = template["Resources"]
        resources["Bpa"] = {
            "Type": "AWS::EC2::VPCBlockPublicAccessOptions",
            "Properties": {"InternetGatewayBlockMode": mode},
        }
        stopped = ask(template, VISITOR, "Web in PublicA")
        assert isinstance(stopped, Blocked) and stopped.code == "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"
        assert bool(ask(template, "Web in PublicA", VISITOR)) == (mode == "block-ingress")
        excluded = {"SubnetId": {"Ref": "PublicA"}, "InternetGatewayExclusionMode": "allow-egress"}
        resources["Excluded"] = {"Type": "AWS::EC2::VPCBlockPublicAccessExclusion", "Properties": excluded}
        assert not ask(template, VISITOR, "Web in PublicA")
        assert ask(template, "Web in PublicA", VISITOR)
        excluded["InternetGatewayExclusionMode"] = "allow-bidirectional"
        assert ask(template, VISITOR, "Web in PublicA")
        assert not ask(template, VISITOR, "Web in PublicB")

    def test_a_subnet_without_an_association_uses_the_main_route_table(self) -> None:
        template = clinic()
        del template["Resources"]["PublicARoutes"]
        answer = ask(template, "internet", "Web in PublicA")
        assert isinstance(answer, Blocked) and "the main route table" in answer.explanation

    def test_one_address_is_not_everyone(self) -> None:
        template = clinic()
        template["Resources"]["Web"] = group(
            [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "203.0.113.0/24"}]
        )
        assert ask(template, "internet", "Web in PublicA"), "somebody on the internet gets in"
        assert not ask(template, VISITOR, "Web in PublicA"), "but not everybody"
        assert ask(template, "203.0.113.9", "Web in PublicA")

    def test_private_addresses_do_not_come_from_the_internet(self) -> None:
        answer = ask(clinic(), "192.168.1.1", "Web in PublicA")
        assert isinstance(answer, Blocked) and answer.code == "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"

    def test_an_instance_needs_a_public_address(self) -> None:
        template = clinic()
        resources = template["Resources"]
        resources["Server"] = {
            "Type": "AWS::EC2::Instance",
            "Properties": {"SubnetId": {"Ref": "PublicA"}, "SecurityGroupIds": [{"Fn::GetAtt": ["Web", "GroupId"]}]},
        }
        answer = ask(template, "internet", "Server")
        assert isinstance(answer, Blocked) and answer.code == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
        out = ask(template, "Server", "internet")
        assert isinstance(out, Blocked) and out.code == "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"

        resources["PublicA"]["Properties"]["MapPublicIpOnLaunch"] = True
        assert ask(template, "internet", "Server")
        del resources["PublicA"]["Properties"]["MapPublicIpOnLaunch"]
        resources["Address"] = {"Type": "AWS::EC2::EIP", "Properties": {"InstanceId": {"Ref": "Server"}}}
        assert ask(template, "internet", "Server")

    def test_ipv6_is_a_road_of_its_own(self) -> None:
        template = clinic()
        resources = template["Resources"]
        resources["Six"] = {
            "Type": "AWS::EC2::VPCCidrBlock",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "AmazonProvidedIpv6CidrBlock": True},
        }
        resources["DataA"]["Properties"]["Ipv6CidrBlock"] = {
            "Fn::Select": [0, {"Fn::Cidr": [{"Fn::Select": [0, {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}]}, 4, 64]}]
        }
        resources["SixOut"] = {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "DataTable"},
                "DestinationIpv6CidrBlock": "::/0",
                "GatewayId": {"Ref": "Igw"},
            },
        }
        assert ask(template, "internet", "DataA", 5432), "nobody named a group, and IPv6 addresses are all public"
        del resources["SixOut"]["Properties"]["GatewayId"]
        resources["SixOut"]["Properties"]["EgressOnlyInternetGatewayId"] = {"Ref": "Eigw"}
        resources["Eigw"] = {
            "Type": "AWS::EC2::EgressOnlyInternetGateway",
            "Properties": {"VpcId": {"Ref": "Vpc"}},
        }
        assert not ask(template, "internet", "DataA", 5432)
        assert ask(template, "DataA", "internet", 443)


class TestWithinTheVpc:
    def test_the_group_is_named_not_the_address(self) -> None:
        assert ask(clinic(), "Web in PublicA", "Db in DataB", 5432)
        answer = ask(clinic(), "10.40.0.0/24", "Db in DataB", 5432)
        assert isinstance(answer, Blocked) and answer.code == "ENI_SG_RULES_MISMATCH"

    def test_a_group_means_anything_that_wears_it(self) -> None:
        answer = ask(clinic(), "Web", "Db", 5432)
        assert answer and not answer.except_for

    def test_a_group_may_name_itself(self) -> None:
        template = clinic()
        assert not ask(template, "Db in DataA", "Db in DataB", 5432)
        template["Resources"]["Mesh"] = {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["Db", "GroupId"]},
                "IpProtocol": "-1",
                "SourceSecurityGroupId": {"Fn::GetAtt": ["Db", "GroupId"]},
            },
        }
        assert ask(template, "Db in DataA", "Db in DataB", 5432)

    def test_cdks_locked_egress_leads_nowhere(self) -> None:
        template = clinic()
        template["Resources"]["Web"]["Properties"]["SecurityGroupEgress"] = [
            {"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}
        ]
        answer = ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert isinstance(answer, Blocked) and answer.code == "ENI_SG_RULES_MISMATCH"
        assert "has no egress rule" in answer.explanation

    def test_a_separate_egress_rule_takes_the_allow_all_rule_away(self) -> None:
        template = clinic()
        assert ask(template, "Web in PublicA", "internet", 443)
        template["Resources"]["ToDb"] = {
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["Web", "GroupId"]},
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "DestinationSecurityGroupId": {"Fn::GetAtt": ["Db", "GroupId"]},
            },
        }
        assert ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert not ask(template, "Web in PublicA", "internet", 443)

    def test_the_default_group_knows_its_members_only(self) -> None:
        template = clinic()
        for name, subnet in (("One", "PublicA"), ("Two", "DataA")):
            template["Resources"][name] = {
                "Type": "AWS::EC2::NetworkInterface",
                "Properties": {"SubnetId": {"Ref": subnet}},
            }
        assert ask(template, "One", "Two", 8080)
        assert not ask(template, "10.40.0.0/24", "Two", 8080)
        template["Resources"]["Locked"] = {
            "Type": "Custom::VpcRestrictDefaultSG",
            "Properties": {"DefaultSecurityGroupId": {"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}},
        }
        answer = ask(template, "One", "Two", 8080)
        assert isinstance(answer, Blocked) and answer.code == "SG_HAS_NO_RULES"

    def test_half_a_subnet_is_a_path_with_an_exception(self) -> None:
        template = clinic()
        template["Resources"]["Db"] = group(
            [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "10.40.0.0/25"}]
        )
        answer = ask(template, "PublicA", "Db in DataA", 5432)
        assert isinstance(answer, Path)
        assert [one.source for one in answer.except_for] == ["PublicA (10.40.0.132)"]

    def test_a_longer_prefix_comes_before_the_local_route(self) -> None:
        template = clinic()
        template["Resources"]["Detour"] = route("PublicTable", "10.40.2.0/24", NetworkInterfaceId="eni-0123")
        answer = ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert isinstance(answer, Blocked) and answer.code == "MORE_SPECIFIC_ROUTE"
        assert ask(template, "Web in PublicA", "Db in DataB", 5432)

    def test_icmp_is_a_protocol_of_its_own(self) -> None:
        template = clinic()
        assert not ask(template, "PublicA", "Db in DataA", 8, "icmp")
        template["Resources"]["Ping"] = {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["Db", "GroupId"]},
                "IpProtocol": "icmp",
                "FromPort": 8,
                "ToPort": -1,
                "CidrIp": "10.40.0.0/16",
            },
        }
        assert ask(template, "PublicA", "Db in DataA", 8, "icmp")
        assert ask(template, "PublicA", "Db in DataA", (0, 65535), "all")


class TestNetworkAcls:
    def test_an_acl_without_entries_denies(self) -> None:
        template = clinic()
        guard(template)
        answer = ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert isinstance(answer, Blocked) and (answer.code, answer.logical_id) == ("SUBNET_ACL_RESTRICTION", "Acl")

    def test_it_forgets_the_question(self) -> None:
        template = clinic()
        guard(template, (100, "in", "allow", 6, "10.40.0.0/23", (5432, 5432)))
        answer = ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert isinstance(answer, Blocked)
        assert "refuses the answer, outbound tcp 32768-60999 to 10.40.0.4" in answer.explanation

        template["Resources"]["Back"] = acl_entry(100, "out", "allow", 6, "10.40.0.0/23", (49152, 65535))
        half = ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert isinstance(half, Blocked) and "no rule admits tcp 32768-49151" in half.explanation
        template["Resources"]["Back"] = acl_entry(100, "out", "allow", 6, "10.40.0.0/23", (32768, 65535))
        assert ask(template, "Web in PublicA", "Db in DataA", 5432)

    @pytest.mark.parametrize(("deny", "open_"), [(90, False), (110, True)])
    def test_the_lowest_number_decides(self, deny: int, open_: bool) -> None:
        template = clinic()
        guard(
            template,
            (100, "in", "allow", -1, "0.0.0.0/0"),
            (100, "out", "allow", -1, "0.0.0.0/0"),
            (deny, "in", "deny", 6, "10.40.0.0/16", (5432, 5432)),
        )
        answer = ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert bool(answer) is open_
        if isinstance(answer, Blocked):
            assert answer.logical_id == "Entryin90" and "rule 90 denies it" in answer.explanation

    def test_one_port_asks_for_every_answer_and_a_range_for_any(self) -> None:
        template = clinic()
        guard(
            template,
            (100, "in", "allow", 6, "10.40.0.0/23", (5432, 5432)),
            (100, "out", "allow", 6, "10.40.0.0/23", (49152, 65535)),
        )
        assert not ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert ask(template, "Web in PublicA", "Db in DataA", (5432, 5432))
        assert not ask(template, "Web in PublicA", "Db in DataA", (1, 5431))

    def test_a_datagram_that_arrives_counts_when_a_range_is_asked(self) -> None:
        template = clinic()
        guard(template, (100, "in", "allow", 17, "10.40.0.0/16", (514, 514)))
        assert not ask(template, "PublicA", "DataA", 514, "udp")
        assert ask(template, "PublicA", "DataA", (1, 1023), "udp")
        assert not ask(template, "PublicA", "DataA", (1, 1023), "tcp")

    def test_visitors_ask_from_1024_up(self) -> None:
        template = clinic()
        guard(
            template,
            (100, "in", "allow", 6, "0.0.0.0/0", (443, 443)),
            (100, "out", "allow", 6, "0.0.0.0/0", (32768, 61000)),
            subnets=("PublicA",),
        )
        stopped = ask(template, VISITOR, "Web in PublicA")
        assert isinstance(stopped, Blocked) and "no rule admits tcp 1024-32767" in stopped.explanation
        template["Resources"]["Entryout100"]["Properties"]["PortRange"] = {"From": 1024, "To": 65535}
        assert ask(template, VISITOR, "Web in PublicA")

    def test_the_entry_that_lets_a_packet_in_is_on_the_way(self) -> None:
        template = clinic()
        guard(template, (100, "in", "allow", -1, "0.0.0.0/0"), (100, "out", "allow", -1, "0.0.0.0/0"))
        way = ask(template, "PublicA", "DataA", (22, 22))
        assert isinstance(way, Path)
        assert "Entryin100" in [hop.logical_id for hop in way.hops]

    def test_within_a_subnet_it_is_not_asked(self) -> None:
        template = clinic()
        guard(template)
        assert ask(template, "DataA", "10.40.2.99", 5432)

    def test_entries_may_be_added_to_the_default_one(self) -> None:
        template = clinic()
        template["Resources"]["NoSsh"] = acl_entry(50, "in", "deny", 6, "0.0.0.0/0", (22, 22))
        template["Resources"]["NoSsh"]["Properties"]["NetworkAclId"] = {"Fn::GetAtt": ["Vpc", "DefaultNetworkAcl"]}
        assert not ask(template, "PublicA", "DataA", 22)
        assert ask(template, "PublicA", "DataA", 23)


class TestToTheOutside:
    def with_nat(self) -> dict[str, Any]:
        template = clinic()
        template["Resources"]["Nat"] = {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {"SubnetId": {"Ref": "PublicA"}, "AllocationId": "eipalloc-0"},
        }
        template["Resources"]["ViaNat"] = route("DataTable", "0.0.0.0/0", NatGatewayId={"Ref": "Nat"})
        return template

    def test_nat_leads_out_and_never_in(self) -> None:
        template = self.with_nat()
        assert ask(template, "Db in DataA", "internet", 443)
        answer = ask(template, "internet", "Web in DataA")
        assert isinstance(answer, Blocked) and "through a NAT gateway, which lets nobody in" in answer.explanation
        assert tier(design(template), "DataA") == "private"

    def test_a_nat_gateway_in_an_isolated_subnet_leads_nowhere(self) -> None:
        template = self.with_nat()
        template["Resources"]["Nat"]["Properties"]["SubnetId"] = {"Ref": "DataB"}
        answer = ask(template, "Db in DataA", "internet")
        assert isinstance(answer, Blocked) and "stands in DataB" in answer.explanation

    def test_a_gateway_endpoint_serves_the_tables_it_names(self) -> None:
        template = clinic()
        template["Resources"]["S3"] = {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
                "VpcEndpointType": "Gateway",
                "RouteTableIds": [{"Ref": "DataTable"}],
            },
        }
        assert ask(template, "Db in DataA", "S3")
        assert not ask(template, "Db in DataA", "internet")
        answer = ask(template, "Web in PublicA", "S3")
        assert isinstance(answer, Blocked) and answer.code == "NO_ROUTE_TO_DESTINATION"
        back = ask(template, "S3", "Db in DataA")
        assert isinstance(back, Blocked) and back.code == "VPCE_INTRA_VPC_TRAFFIC"

        template["Resources"]["Db"]["Properties"]["SecurityGroupEgress"] = [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "DestinationPrefixListId": "pl-63a5400a"}
        ]
        assert ask(template, "Db in DataA", "S3")

        guard(
            template,
            (100, "in", "allow", 6, "10.40.0.0/16", (1024, 65535)),
            (100, "out", "allow", -1, "0.0.0.0/0"),
        )
        stopped = ask(template, "Db in DataA", "S3")
        assert isinstance(stopped, Blocked) and "refuses the answer, inbound" in stopped.explanation
        template["Resources"]["Answers"] = acl_entry(110, "in", "allow", 6, "0.0.0.0/0", (1024, 65535))
        assert ask(template, "Db in DataA", "S3")

    def with_s3(self) -> dict[str, Any]:
        template = clinic()
        template["Resources"]["S3"] = {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
                "RouteTableIds": [{"Ref": "DataTable"}],
            },
        }
        return template

    def test_s3_has_addresses_of_its_own(self) -> None:
        template = self.with_s3()
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "203.0.113.0/24"}
        template["Resources"]["Db"]["Properties"]["SecurityGroupEgress"] = [rule]
        stopped = ask(template, "Db in DataA", "S3")
        assert isinstance(stopped, Blocked) and "S3 at 52.216." in stopped.because
        rule["CidrIp"] = "52.216.0.0/15"
        some = ask(template, "Db in DataA", "S3")
        assert isinstance(some, Path) and {each.target for each in some.except_for} == {
            "S3 (S3 at 54.231.0.4)",
            "S3 (S3 at 3.5.0.4)",
        }

    @pytest.mark.parametrize("prefix_list", ["pl-02cd2c6b", "pl-6ea54007", "pl-0123456789abcdef0"])
    def test_a_prefix_list_that_is_not_known_to_be_s3s_is_named_not_trusted(self, prefix_list: str) -> None:
        template = self.with_s3()
        template["Resources"]["Db"]["Properties"]["SecurityGroupEgress"] = [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "DestinationPrefixListId": prefix_list}
        ]
        stopped = ask(template, "Db in DataA", "S3")
        assert isinstance(stopped, Blocked)
        assert f"{prefix_list} is not known to be S3's prefix list in us-east-1" in stopped.because
        assert stopped.depends == (prefix_list,)

    def test_peering_joins_two_and_is_never_passed_through(self) -> None:
        template = clinic()
        resources = template["Resources"]
        resources["Other"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.50.0.0/16"}}
        resources["OtherTable"] = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Other"}}}
        resources["OtherSubnet"] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Other"}, "CidrBlock": "10.50.0.0/24", "AvailabilityZone": "us-east-1a"},
        }
        resources["OtherRoutes"] = {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": {"Ref": "OtherSubnet"}, "RouteTableId": {"Ref": "OtherTable"}},
        }
        answer = ask(template, "DataA", "OtherSubnet", 443)
        assert isinstance(answer, Blocked) and answer.code == "NO_ROUTE_TO_DESTINATION"
        resources["Peering"] = {
            "Type": "AWS::EC2::VPCPeeringConnection",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "PeerVpcId": {"Ref": "Other"}},
        }
        resources["Over"] = route("DataTable", "10.50.0.0/16", VpcPeeringConnectionId={"Ref": "Peering"})
        one_way = ask(template, "DataA", "OtherSubnet", 443)
        assert isinstance(one_way, Blocked) and one_way.logical_id == "OtherTable"
        assert "the answer: OtherTable of OtherSubnet has no route to 10.40.2.4" in one_way.explanation
        resources["Back"] = route("OtherTable", "10.40.0.0/16", VpcPeeringConnectionId={"Ref": "Peering"})
        assert ask(template, "DataA", "OtherSubnet", 443)

        resources["Out"] = route("OtherTable", "0.0.0.0/0", VpcPeeringConnectionId={"Ref": "Peering"})
        transit = ask(template, "OtherSubnet", "internet", 443)
        assert isinstance(transit, Blocked) and transit.code == "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"


class TestNames:
    def test_a_name_that_means_nothing_lists_what_there_is(self) -> None:
        with pytest.raises(Usage, match=r"Databse names nothing in this design; name one of .*Db"):
            ask(clinic(), "internet", "Databse")

    def test_what_has_no_address_is_refused(self) -> None:
        with pytest.raises(Usage, match="has no address of its own"):
            ask(clinic(), "internet", "PublicTable")

    def test_several_places_are_asked_in_one_question(self) -> None:
        answer = ask(clinic(), "internet", "PublicA, DataA", 22)
        assert isinstance(answer, Path)
        assert [one.code for one in answer.except_for] == ["NO_ROUTE_TO_DESTINATION"]

    def test_physical_ids_are_names_too(self) -> None:
        made = Template.load(clinic()).design(physical_ids={"Web": "sg-1", "PublicA": "subnet-1"})
        assert reach(made, "internet", "sg-1 in subnet-1", 443)

    def test_blocked_everywhere_names_each_blocker(self) -> None:
        answer = ask(clinic(), "internet", "DataA, DataB", 443)
        assert isinstance(answer, Blocked)
        assert len(answer.blockers) == 2 and "1 more possible path" in answer.because

    def test_an_unknown_value_is_named_not_guessed(self) -> None:
        template = clinic()
        template["Parameters"] = {"Office": {"Type": "String"}}
        template["Resources"]["Web"] = group(
            [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": {"Ref": "Office"}}]
        )
        answer = ask(template, "internet", "Web in PublicA")
        assert isinstance(answer, Blocked) and answer.depends == ("<the parameter Office>",)


class TestSmallAnswers:
    def test_tiers_come_from_routes(self) -> None:
        made = design(clinic())
        assert [tier(made, name) for name in ("PublicA", "DataA")] == ["public", "isolated"]

    def test_zones(self) -> None:
        assert availability_zones(design(clinic()), ["DataA", "DataB"]) == {"us-east-1a", "us-east-1b"}

    def test_five_addresses_of_a_subnet_are_not_yours(self) -> None:
        assert [free_addresses(each) for each in ("10.0.0.0/24", "10.0.0.0/28")] == [251, 11]

    def test_overlap(self) -> None:
        assert overlap("10.0.0.0/16", "10.0.200.0/24")
        assert not overlap("10.0.0.0/16", "10.1.0.0/16")

    def test_a_template_without_a_network_has_nobody_to_ask(self) -> None:
        with pytest.raises(Usage):
            ask({"Resources": {}}, "internet", "Db")


CIDRS = st.sampled_from(["0.0.0.0/0", "10.40.0.0/16", "10.40.0.0/24", "10.40.0.0/25", "10.40.2.0/24", "203.0.113.0/24"])
PORTS = st.sampled_from([(22, 22), (443, 443), (0, 65535), (1024, 65535), (32768, 65535), (5000, 6000)])
ENTRY = st.tuples(
    st.integers(1, 200),
    st.sampled_from(["in", "out"]),
    st.sampled_from(["allow", "deny"]),
    st.sampled_from([6, -1, 17]),
    CIDRS,
    PORTS,
)
QUESTION = st.tuples(
    st.sampled_from(["internet", "Web in PublicA", "10.40.0.0/24", "PublicB", VISITOR]),
    st.sampled_from(["Web in PublicB", "Db in DataA", "DataA", "PublicA"]),
    st.sampled_from([22, 443, 5432, (0, 65535)]),
)
RULE = st.builds(
    lambda ports, cidr: {"IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1], "CidrIp": cidr}, PORTS, CIDRS
)


def guarded(entries: list[tuple[Any, ...]], rules: list[dict[str, Any]]) -> dict[str, Any]:
    template = clinic()
    guard(template, *entries, subnets=("PublicA", "DataA"))
    template["Resources"]["Db"]["Properties"]["SecurityGroupIngress"] += rules
    return template


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRY, max_size=6), st.lists(RULE, max_size=3), RULE, QUESTION)
def test_one_more_allow_rule_never_blocks(
    entries: list[Any], rules: list[Any], more: dict[str, Any], question: tuple[Any, Any, Any]
) -> None:
    before = guarded(entries, rules)
    if ask(before, *question):
        for name in ("Web", "Db"):
            after = copy.deepcopy(before)
            after["Resources"][name]["Properties"]["SecurityGroupIngress"].append(more)
            assert ask(after, *question)


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRY, max_size=6), st.lists(RULE, max_size=3), ENTRY, QUESTION)
def test_one_more_deny_never_opens(
    entries: list[Any], rules: list[Any], more: tuple[Any, ...], question: tuple[Any, Any, Any]
) -> None:
    taken = {(entry[0], entry[1]) for entry in entries}
    before = guarded(entries, rules)
    if not ask(before, *question) and (more[0], more[1]) not in taken:
        after = copy.deepcopy(before)
        after["Resources"]["More"] = acl_entry(*more[:2], "deny", *more[3:])
        assert not ask(after, *question)


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRY, max_size=6), st.lists(RULE, max_size=3), QUESTION, st.randoms(use_true_random=False))
def test_the_order_in_the_template_never_matters(
    entries: list[Any], rules: list[Any], question: tuple[Any, Any, Any], shuffle: random.Random
) -> None:
    before = guarded(entries, rules)
    names = list(before["Resources"])
    shuffle.shuffle(names)
    after = {"Resources": {name: copy.deepcopy(before["Resources"][name]) for name in names}}
    for each in after["Resources"].values():
        shuffle.shuffle(each.get("Properties", {}).get("SecurityGroupIngress", []))
    assert bool(ask(before, *question)) is bool(ask(after, *question))


@given(st.lists(CIDRS, max_size=5))
def test_every_part_of_a_space_has_somebody_who_stands_for_it(cidrs: list[str]) -> None:
    import ipaddress

    told = [ipaddress.ip_network(each) for each in cidrs]
    space = ipaddress.ip_network("10.40.0.0/24")
    found = representatives(space, told)
    assert all(each in space for each in found)
    # two addresses the blocks tell apart are never spoken for by one
    for address in (space[0], space[5], space[200], space[255]):
        member_of = {net for net in told if address in net}
        assert any({net for net in told if each in net} == member_of for each in found)
