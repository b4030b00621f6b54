"""Machines, databases and functions of a clinic: where each stands, and who talks to it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.analysis.network import Blocked, Path, reach
from preflight.errors import Usage
from preflight.template import Template
from tests.analysis.test_network import clinic, group, route

WEB = [{"Fn::GetAtt": ["Web", "GroupId"]}]
DB = [{"Fn::GetAtt": ["Db", "GroupId"]}]
DATA = [{"Ref": "DataA"}, {"Ref": "DataB"}]
PUBLIC = [{"Ref": "PublicA"}, {"Ref": "PublicB"}]
SUBNET_GROUP = {"DBSubnetGroupDescription": "-", "SubnetIds": DATA}

TARGETS: dict[str, dict[str, Any]] = {
    "AWS::RDS::DBInstance": {
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "VPCSecurityGroups": DB,
        "DBSubnetGroupName": {"Ref": "DbSubnets"},
    },
    "AWS::RDS::DBCluster": {
        "Engine": "aurora-postgresql",
        "VpcSecurityGroupIds": DB,
        "DBSubnetGroupName": {"Ref": "DbSubnets"},
    },
    "AWS::RDS::DBProxy": {
        "EngineFamily": "POSTGRESQL",
        "DBProxyName": "p",
        "RoleArn": "arn:aws:iam::123456789012:role/p",
        "Auth": [],
        "VpcSubnetIds": DATA,
        "VpcSecurityGroupIds": DB,
    },
    "AWS::ElastiCache::ReplicationGroup": {
        "ReplicationGroupDescription": "-",
        "Engine": "valkey",
        "Port": 5432,
        "SecurityGroupIds": DB,
        "CacheSubnetGroupName": {"Ref": "CacheSubnets"},
    },
    "AWS::ElastiCache::ServerlessCache": {
        "Engine": "redis",
        "ServerlessCacheName": "c",
        "SecurityGroupIds": DB,
        "SubnetIds": DATA,
    },
    "AWS::EFS::MountTarget": {"FileSystemId": "fs-0123", "SubnetId": DATA[0], "SecurityGroups": DB},
    "AWS::Redshift::Cluster": {
        "ClusterType": "single-node",
        "DBName": "d",
        "MasterUsername": "u",
        "NodeType": "ra3.large",
        "VpcSecurityGroupIds": DB,
        "ClusterSubnetGroupName": {"Ref": "ClusterSubnets"},
    },
    "AWS::OpenSearchService::Domain": {"VPCOptions": {"SubnetIds": DATA[:1], "SecurityGroupIds": DB}},
    "AWS::EC2::VPCEndpoint": {
        "VpcEndpointType": "Interface",
        "VpcId": {"Ref": "Vpc"},
        "ServiceName": "com.amazonaws.us-east-1.sqs",
        "SubnetIds": DATA,
        "SecurityGroupIds": DB,
    },
    "AWS::SageMaker::NotebookInstance": {
        "InstanceType": "ml.t3.medium",
        "RoleArn": "arn:aws:iam::123456789012:role/n",
        "SubnetId": DATA[0],
        "SecurityGroupIds": DB,
    },
}
SOURCES: dict[str, dict[str, Any]] = {
    "AWS::EC2::Instance": {"SubnetId": PUBLIC[0], "SecurityGroupIds": WEB},
    "AWS::AutoScaling::AutoScalingGroup": {
        "MinSize": "1",
        "MaxSize": "2",
        "VPCZoneIdentifier": PUBLIC,
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Launch"}, "Version": "1"},
    },
    "AWS::ECS::Service": {
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": PUBLIC, "SecurityGroups": WEB}},
    },
    "AWS::Lambda::Function": {
        "Code": {"ZipFile": "-"},
        "Role": "arn:aws:iam::123456789012:role/r",
        "VpcConfig": {"SubnetIds": PUBLIC, "SecurityGroupIds": WEB},
    },
}


def placed(name: str, kind: str, properties: dict[str, Any], template: dict[str, Any] | None = None) -> dict[str, Any]:
    template = template or clinic()
    template["Resources"] |= {
        name: {"Type": kind, "Properties": properties},
        "DbSubnets": {"Type": "AWS::RDS::DBSubnetGroup", "Properties": SUBNET_GROUP},
        "CacheSubnets": {
            "Type": "AWS::ElastiCache::SubnetGroup",
            "Properties": {"Description": "-", "SubnetIds": DATA},
        },
        "ClusterSubnets": {
            "Type": "AWS::Redshift::ClusterSubnetGroup",
            "Properties": {"Description": "-", "SubnetIds": DATA},
        },
        "Launch": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": {"SecurityGroupIds": WEB, "ImageId": "ami-0"}},
        },
    }
    return template


def ask(template: dict[str, Any], source: str, target: str, port: Any = None) -> Path | Blocked:
    return reach(Template.load(template).design(), source, target, port)


@pytest.mark.parametrize("kind", TARGETS)
def test_whatever_has_an_interface_is_a_target(kind: str) -> None:
    template = placed("Target", kind, TARGETS[kind])
    assert ask(template, "Web", "Target", 5432), "the Web group may, on the port the Db group opens"
    blocked = ask(template, "internet", "Target", 5432)
    assert isinstance(blocked, Blocked) and blocked.code == "NO_ROUTE_TO_DESTINATION" and not blocked.depends
    assert not ask(template, "Web", "Target", 22)


@pytest.mark.parametrize("kind", SOURCES)
def test_and_a_source(kind: str) -> None:
    template = placed("Source", kind, SOURCES[kind])
    assert ask(template, "Source", "Db", 5432)
    assert not ask(template, "Source", "Db", 22)


@pytest.mark.parametrize(
    ("kind", "port"),
    [
        ("AWS::RDS::DBInstance", 5432),
        ("AWS::RDS::DBCluster", 5432),
        ("AWS::RDS::DBProxy", 5432),
        ("AWS::ElastiCache::ServerlessCache", 6379),
        ("AWS::EFS::MountTarget", 2049),
        ("AWS::Redshift::Cluster", 5439),
        ("AWS::OpenSearchService::Domain", 443),
    ],
)
def test_a_question_without_a_port_takes_the_targets_own(kind: str, port: int) -> None:
    assert ask(placed("Target", kind, TARGETS[kind]), "Web", "Target").port == port


def test_what_has_no_port_of_its_own_is_asked_with_one() -> None:
    with pytest.raises(Usage, match="name one"):
        ask(clinic(), "internet", "PublicA")


def test_a_function_listens_on_no_port_and_lambda_needs_nat_to_get_out() -> None:
    template = placed("Fn", "AWS::Lambda::Function", SOURCES["AWS::Lambda::Function"])
    assert "invoked through Lambda's API" in ask(template, "Web", "Fn", 443).because
    out = ask(template, "Fn", "internet", 443)
    assert isinstance(out, Blocked) and out.code == "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
    del template["Resources"]["Fn"]["Properties"]["VpcConfig"]
    assert ask(template, "Fn", "internet", 443)
    assert not ask(template, "Fn", "Db in DataA", 5432)


def test_a_task_gets_a_public_address_when_it_asks_for_one() -> None:
    template = placed("Service", "AWS::ECS::Service", SOURCES["AWS::ECS::Service"])
    assert not ask(template, "internet", "Service", 443)
    config = template["Resources"]["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    config["AssignPublicIp"] = "ENABLED"
    try:
        assert ask(template, "internet", "Service", 443)
    finally:
        del config["AssignPublicIp"]


def test_somebody_elses_elastic_ip_makes_nobody_public() -> None:
    template = placed("Server", "AWS::EC2::Instance", SOURCES["AWS::EC2::Instance"])
    template["Resources"]["Eip"] = {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}}
    answer = ask(template, "internet", "Server", 443)
    assert isinstance(answer, Blocked) and answer.code == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"


def test_a_database_is_public_where_it_says_so_and_stands_so() -> None:
    properties = {**TARGETS["AWS::RDS::DBInstance"], "PubliclyAccessible": True, "VPCSecurityGroups": WEB}
    template = placed("Target", "AWS::RDS::DBInstance", properties)
    assert not ask(template, "internet", "Target", 443), "its subnets have no way to an internet gateway"
    template["Resources"]["DbSubnets"]["Properties"] = {**SUBNET_GROUP, "SubnetIds": PUBLIC}
    assert ask(template, "internet", "Target", 443)
    properties["PubliclyAccessible"] = False
    answer = ask(template, "internet", "Target", 443)
    assert isinstance(answer, Blocked) and answer.code == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"


def test_a_nat_gateway_answers_nobody() -> None:
    template = clinic()
    template["Resources"]["Nat"] = {"Type": "AWS::EC2::NatGateway", "Properties": {"SubnetId": PUBLIC[0]}}
    answer = ask(template, "internet", "Nat", 443)
    assert isinstance(answer, Blocked) and answer.code == "NGW_REQUIRES_SOURCE_IN_VPC"


@pytest.mark.parametrize("place", ["subnet-0123", {"Ref": "Somewhere"}, None])
def test_a_place_nobody_told_is_a_question_not_a_no(place: Any) -> None:
    properties = {"SubnetId": place, "SecurityGroupIds": WEB} if place else {"SecurityGroupIds": WEB}
    template = placed("Server", "AWS::EC2::Instance", properties)
    template["Parameters"] = {"Somewhere": {"Type": "AWS::EC2::Subnet::Id"}}
    answer = ask(template, "internet", "Server", 443)
    assert isinstance(answer, Blocked) and answer.code == "UNKNOWN_RESOURCE" and answer.depends


def test_a_group_made_elsewhere_is_a_question_too() -> None:
    properties = {**TARGETS["AWS::RDS::DBInstance"], "VPCSecurityGroups": ["sg-0123"]}
    answer = ask(placed("Target", "AWS::RDS::DBInstance", properties), "Web", "Target")
    assert isinstance(answer, Blocked) and answer.depends == ("sg-0123",)


def test_ports_may_come_from_the_database_itself() -> None:
    template = placed("Target", "AWS::RDS::DBInstance", TARGETS["AWS::RDS::DBInstance"])
    port = {"Fn::GetAtt": ["Target", "Endpoint.Port"]}
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "SourceSecurityGroupId": WEB[0]}
    template["Resources"]["Db"] = group([])
    template["Resources"]["FromWeb"] = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {"GroupId": DB[0], **rule},
    }
    assert ask(template, "Web", "Target")


class TestServices:
    def with_endpoint(self, kind: str, service: str, **properties: Any) -> dict[str, Any]:
        template = clinic()
        template["Resources"]["Door"] = {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "VpcEndpointType": kind,
                "ServiceName": f"com.amazonaws.us-east-1.{service}",
                **properties,
            },
        }
        return template

    def test_a_service_is_reached_by_its_name(self) -> None:
        template = self.with_endpoint("Gateway", "s3", RouteTableIds=[{"Ref": "DataTable"}])
        assert "prefix-list route to Door" in ask(template, "Db in DataA", "s3").because
        assert "the public endpoint of s3" in ask(template, "Web in PublicA", "s3").because
        assert not ask(template, "Db in DataA", "dynamodb")

    def test_private_dns_leads_to_the_endpoint_and_its_group_decides(self) -> None:
        template = self.with_endpoint("Interface", "sqs", SubnetIds=DATA, SecurityGroupIds=DB, PrivateDnsEnabled=True)
        answer = ask(template, "Web in PublicA", "sqs")
        assert isinstance(answer, Blocked) and answer.logical_id == "Db", "though the internet is open to it"
        template["Resources"]["Door"]["Properties"]["PrivateDnsEnabled"] = False
        assert ask(template, "Web in PublicA", "sqs")

    def test_an_endpoints_policy_is_a_note(self) -> None:
        policy = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
        template = self.with_endpoint("Gateway", "s3", RouteTableIds=[{"Ref": "DataTable"}], PolicyDocument=policy)
        assert "its policy may still refuse an action" in ask(template, "Db in DataA", "s3").because


def test_a_construct_is_called_by_its_own_name() -> None:
    template = placed(
        "ServersASG1234", "AWS::AutoScaling::AutoScalingGroup", SOURCES["AWS::AutoScaling::AutoScalingGroup"]
    )
    template["Resources"]["ServersASG1234"]["Metadata"] = {"aws:cdk:path": "Clinic/Servers/ASG"}
    for name in ("Servers", "Servers/ASG", "ServersASG1234"):
        assert ask(template, name, "Db", 5432)


def test_a_rule_for_a_prefix_list_of_ones_own_is_its_entries() -> None:
    template = clinic()
    template["Resources"] |= {
        "Offices": {
            "Type": "AWS::EC2::PrefixList",
            "Properties": {
                "AddressFamily": "IPv4",
                "MaxEntries": 2,
                "PrefixListName": "offices",
                "Entries": [{"Cidr": "203.0.113.0/24"}],
            },
        },
        "Web": group(
            [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "SourcePrefixListId": {"Fn::GetAtt": ["Offices", "PrefixListId"]},
                }
            ]
        ),
        "Far": route("DataTable", "0.0.0.0/0", NetworkInterfaceId="eni-0123"),
    }
    assert ask(template, "203.0.113.9", "Web in PublicA", 443)
    assert not ask(template, "198.51.100.9", "Web in PublicA", 443)
    appliance = ask(template, "Db in DataA", "internet", 443)
    assert isinstance(appliance, Blocked) and appliance.depends == ("what eni-0123 does with it",)


WEIRD = st.sampled_from(
    [None, [], {}, "x", 5, True, {"Ref": "Nope"}, [{"Ref": "Nope"}], {"Fn::ImportValue": "far"}, [{}]]
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted({**TARGETS, **SOURCES})), st.data())
def test_no_value_of_a_property_is_a_crash(kind: str, data: st.DataObject) -> None:
    properties = dict({**TARGETS, **SOURCES}[kind])
    properties[data.draw(st.sampled_from(sorted(properties)))] = data.draw(WEIRD)
    template = placed("Thing", kind, properties)
    for ends in (("internet", "Thing"), ("Thing", "Db")):
        with suppress(Usage):
            assert ask(template, *ends, 443).because


class TestOtherStacks:
    """A value another stack exports is a question, never a no."""

    def test_a_group_another_stack_exports_may_be_the_very_one(self) -> None:
        template = clinic()
        peer = {"Fn::ImportValue": "WebGroup"}
        template["Resources"]["Db"] = group(
            [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": peer}]
        )
        answer = ask(template, "Web in PublicA", "Db in DataA", 5432)
        assert isinstance(answer, Blocked) and answer.depends == ("<the export WebGroup>",)
        assert not ask(template, "Web in PublicA", "Db in DataA", 22).depends
        server = {"SubnetId": PUBLIC[0], "SecurityGroupIds": [peer]}
        other = placed("Server", "AWS::EC2::Instance", server, template)
        inbound = ask(other, "Server", "Db in DataA", 5432)
        assert isinstance(inbound, Blocked) and inbound.depends == ("<the export WebGroup>",), (
            "its own rules let it out"
        )

    def test_a_launch_template_made_elsewhere(self) -> None:
        properties = {**SOURCES["AWS::AutoScaling::AutoScalingGroup"]}
        properties["LaunchTemplate"] = {"LaunchTemplateId": "lt-0123", "Version": "1"}
        answer = ask(placed("Servers", "AWS::AutoScaling::AutoScalingGroup", properties), "Servers", "Db", 5432)
        assert isinstance(answer, Blocked) and answer.depends

    def test_what_a_firewall_does_is_its_own(self) -> None:
        template = placed("Server", "AWS::EC2::Instance", SOURCES["AWS::EC2::Instance"])
        template["Resources"]["ToInternet"] = route("PublicTable", "0.0.0.0/0", VpcEndpointId="vpce-0123")
        for ends in (("internet", "Server"), ("Server", "internet")):
            answer = ask(template, *ends, 443)
            assert isinstance(answer, Blocked) and answer.depends == ("what vpce-0123 does with it",)

    def test_an_imported_vpc_and_its_routes(self) -> None:
        template = clinic()
        for item in template["Resources"].values():
            if item.get("Properties", {}).get("VpcId"):
                item["Properties"]["VpcId"] = "vpc-0123"
        for name in ("Vpc", "PublicTable", "DataTable", "Igw", "Attached", "ToInternet"):
            del template["Resources"][name]
        for name, item in template["Resources"].items():
            if name.endswith("Routes"):
                item["Properties"]["RouteTableId"] = "rtb-0123"
        assert ask(template, "Web in PublicA", "Db in DataA", 5432)
        answer = ask(template, "internet", "Web in PublicA", 443)
        assert isinstance(answer, Blocked) and answer.depends == ("the routes of the route table rtb-0123",)


@pytest.mark.parametrize(
    ("entries", "holds"),
    [
        ([{"Cidr": "0.0.0.0/0"}, {"Cidr": {"Ref": "Wards"}}], True),
        ([{"Cidr": {"Ref": "Wards"}}], None),
        ({"Ref": "Wards"}, None),
        ([{"Cidr": "10.0.0.0/8"}], False),
        ([], False),
        ([7, None, {"Description": "-"}], False),
    ],
)
def test_what_a_prefix_list_does_not_tell_is_a_question(entries: Any, holds: bool | None) -> None:
    template = clinic()
    template["Parameters"] = {"Wards": {"Type": "String"}}
    template["Resources"]["Wide"] = {
        "Type": "AWS::EC2::PrefixList",
        "Properties": {"PrefixListName": "w", "AddressFamily": "IPv4", "MaxEntries": 2, "Entries": entries},
    }
    listed = {"SourcePrefixListId": {"Fn::GetAtt": ["Wide", "PrefixListId"]}}
    template["Resources"]["Web"] = group([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **listed}])
    answer = ask(template, "internet", "Web in PublicA", 443)
    assert (True if answer else None if answer.depends else False) is holds


class TestReadReplicas:
    def made(self, **replica: Any) -> dict[str, Any]:
        template = placed("Source", "AWS::RDS::DBInstance", TARGETS["AWS::RDS::DBInstance"])
        properties = {"SourceDBInstanceIdentifier": {"Ref": "Source"}, "DBInstanceClass": "db.t4g.micro", **replica}
        template["Resources"]["Copy"] = {"Type": "AWS::RDS::DBInstance", "Properties": properties}
        return template

    def test_one_stands_and_listens_as_its_source_does(self) -> None:
        answer = ask(self.made(), "Web in PublicA", "Copy")
        assert answer and answer.port == 5432

    def test_a_rule_may_name_its_port(self) -> None:
        template = self.made()
        port = {"Fn::GetAtt": ["Copy", "Endpoint.Port"]}
        template["Resources"]["Db"] = group(
            [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.40.0.0/16"}]
        )
        assert ask(template, "Web in PublicA", "Copy", 5432)
        assert not ask(template, "Web in PublicA", "Copy", 3306)

    def test_of_a_source_elsewhere_the_port_is_a_question(self) -> None:
        template = self.made(
            SourceDBInstanceIdentifier="arn:aws:rds:eu-west-1:123456789012:db:notes",
            DBSubnetGroupName={"Ref": "DbSubnets"},
        )
        with pytest.raises(Usage, match="no port of its own"):
            ask(template, "Web in PublicA", "Copy")
        port = {"Fn::GetAtt": ["Copy", "Endpoint.Port"]}
        template["Resources"]["Reader"] = group(
            [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.40.0.0/16"}]
        )
        assert ask(template, "Web in PublicA", "Reader in DataA", 3306).depends


def test_a_nat_gateway_without_an_elastic_ip_is_never_made() -> None:
    template = clinic()
    nat: dict[str, Any] = {"SubnetId": {"Ref": "PublicA"}}
    template["Resources"]["Nat"] = {"Type": "AWS::EC2::NatGateway", "Properties": nat}
    template["Resources"]["Out"] = route("DataTable", "0.0.0.0/0", NatGatewayId={"Ref": "Nat"})
    answer = ask(template, "DataA", "internet", 443)
    assert isinstance(answer, Blocked) and "Elastic IP" in answer.explanation
    nat["AllocationId"] = "eipalloc-1"
    assert ask(template, "DataA", "internet", 443)
