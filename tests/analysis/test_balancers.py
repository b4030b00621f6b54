"""A clinic's website behind a load balancer: who comes through, and on which port."""

from __future__ import annotations

from typing import Any

import pytest

from preflight.analysis.network import Blocked, Path, reach
from preflight.template import Template
from tests.analysis.test_network import clinic, group

PUBLIC = [{"Ref": "PublicA"}, {"Ref": "PublicB"}]
ELB = "AWS::ElasticLoadBalancingV2"


def rule(low: int, high: int | None = None, **source: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": low, "ToPort": high or low, **source}


def of(name: str) -> dict[str, Any]:
    return {"SourceSecurityGroupId": {"Fn::GetAtt": [name, "GroupId"]}}


def fronted(kind: str = "application", **target_group: Any) -> dict[str, Any]:
    """An instance on 8080 in an isolated subnet, and a load balancer on 443 in the public ones."""
    template = clinic()
    protocols = ("HTTPS", "HTTP") if kind == "application" else ("TCP", "TCP")
    resources = template["Resources"]
    resources |= {
        "FrontGroup": group([rule(443, CidrIp="0.0.0.0/0")]),
        "AppGroup": group([rule(8080, **of("FrontGroup"))]),
        "App": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"SubnetId": {"Ref": "DataA"}, "SecurityGroupIds": [{"Fn::GetAtt": ["AppGroup", "GroupId"]}]},
        },
        "Front": {
            "Type": f"{ELB}::LoadBalancer",
            "Properties": {
                "Type": kind,
                "Scheme": "internet-facing",
                "Subnets": PUBLIC,
                "SecurityGroups": [{"Fn::GetAtt": ["FrontGroup", "GroupId"]}],
            },
        },
        "Listener": {
            "Type": f"{ELB}::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Front"},
                "Port": 443,
                "Protocol": protocols[0],
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
            },
        },
        "Targets": {
            "Type": f"{ELB}::TargetGroup",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "Port": 8080,
                "Protocol": protocols[1],
                "Targets": [{"Id": {"Ref": "App"}}],
                **target_group,
            },
        },
    }
    return template


def ask(template: dict[str, Any], source: str, target: str, port: Any = None) -> Path | Blocked:
    return reach(Template.load(template).design(), source, target, port)


def test_the_internet_reaches_the_listener_and_no_other_port() -> None:
    assert ask(fronted(), "internet", "Front", 443)
    assert ask(fronted(), "internet", "Front").port == 443
    answer = ask(fronted(), "internet", "Front", 80)
    assert isinstance(answer, Blocked) and answer.code == "ELBV2_LISTENERS_MISMATCH"
    assert "it listens on 443" in answer.because
    assert "forwards to App on 8080" in ask(fronted(), "internet", "Front", 443).because


def test_what_stands_behind_is_reached_only_through_it() -> None:
    answer = ask(fronted(), "internet", "App", 8080)
    assert isinstance(answer, Path) and answer.through == ("Front",)
    assert "only through the load balancer Front" in answer.because
    assert answer.except_for[0].code == "NO_ROUTE_TO_DESTINATION"
    assert not ask(fronted(), "internet", "App", 443), "the target is not registered on the listener's port"
    assert not ask(fronted(), "internet", "App", 22)


def test_an_open_range_finds_the_registered_port() -> None:
    answer = ask(fronted(), "internet", "App", (1, 65535))
    assert isinstance(answer, Path) and answer.port == 8080


def test_a_target_that_is_reached_directly_needs_nobody() -> None:
    template = fronted()
    instance = template["Resources"]["App"]["Properties"]
    instance["SubnetId"] = {"Ref": "PublicA"}
    template["Resources"]["PublicA"]["Properties"]["MapPublicIpOnLaunch"] = True
    template["Resources"]["AppGroup"] = group([rule(8080, CidrIp="0.0.0.0/0")])
    answer = ask(template, "internet", "App", 8080)
    assert isinstance(answer, Path) and answer.through == ()


def test_a_target_that_does_not_let_its_load_balancer_in_is_named() -> None:
    template = fronted()
    template["Resources"]["AppGroup"] = group([rule(8080, CidrIp="192.0.2.0/24")])
    answer = ask(template, "internet", "App", 8080)
    assert isinstance(answer, Blocked)
    assert any("Front does not get through to it" in each.explanation for each in answer.blockers)


def test_an_internal_load_balancer_is_not_for_the_internet() -> None:
    template = fronted()
    template["Resources"]["Front"]["Properties"]["Scheme"] = "internal"
    answer = ask(template, "internet", "Front", 443)
    assert isinstance(answer, Blocked) and answer.code == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
    assert ask(template, "PublicB", "Front", 443)


def test_it_answers_from_its_zones_only() -> None:
    template = fronted()
    template["Resources"]["App"]["Properties"]["SubnetId"] = {"Ref": "DataB"}
    template["Resources"]["Front"]["Properties"]["Subnets"] = PUBLIC[:1]
    answer = ask(template, "internet", "App", 8080)
    assert isinstance(answer, Blocked)
    assert "ELB_INSTALLED_AZ_RESTRICTION" in [each.code for each in answer.blockers]


def test_rules_and_weights_forward_too() -> None:
    template = fronted()
    listener = template["Resources"]["Listener"]["Properties"]
    listener["DefaultActions"] = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    assert not ask(template, "internet", "App", 8080)
    template["Resources"]["Rule"] = {
        "Type": f"{ELB}::ListenerRule",
        "Properties": {
            "ListenerArn": {"Ref": "Listener"},
            "Priority": 1,
            "Conditions": [],
            "Actions": [
                {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"Ref": "Targets"}}]}}
            ],
        },
    }
    assert ask(template, "internet", "App", 8080)


def test_health_checks_that_do_not_arrive_are_said() -> None:
    answer = ask(fronted(HealthCheckPort="9000"), "internet", "App", 8080)
    assert answer and "health checks on 9000 do not arrive" in answer.because
    assert "health checks" not in ask(fronted(), "internet", "App", 8080).because


class TestNetworkLoadBalancer:
    def test_its_targets_know_its_group_though_they_see_the_client(self) -> None:
        assert ask(fronted("network"), "internet", "App", 8080)

    def test_without_a_group_its_targets_have_to_know_the_client(self) -> None:
        template = fronted("network")
        del template["Resources"]["Front"]["Properties"]["SecurityGroups"]
        assert "wears no security group" in ask(template, "internet", "Front", 443).because
        assert not ask(template, "internet", "App", 8080)
        template["Resources"]["AppGroup"] = group([rule(8080, CidrIp="10.40.0.0/16")])
        assert not ask(template, "internet", "App", 8080), "the packet still carries the client's address"
        template["Resources"]["Targets"]["Properties"]["TargetGroupAttributes"] = [
            {"Key": "preserve_client_ip.enabled", "Value": "false"}
        ]
        assert ask(template, "internet", "App", 8080)
        template["Resources"]["AppGroup"] = group([rule(8080, CidrIp="0.0.0.0/0")])
        assert ask(template, "internet", "App", 8080)

    def test_one_may_stand_before_another(self) -> None:
        template = fronted()
        template["Resources"]["Front"]["Properties"]["Scheme"] = "internal"
        template["Resources"] |= {
            "Gate": {
                "Type": f"{ELB}::LoadBalancer",
                "Properties": {"Type": "network", "Scheme": "internet-facing", "Subnets": PUBLIC},
            },
            "GateListener": {
                "Type": f"{ELB}::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "Gate"},
                    "Port": 443,
                    "Protocol": "TCP",
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Fronts"}}],
                },
            },
            "Fronts": {
                "Type": f"{ELB}::TargetGroup",
                "Properties": {
                    "VpcId": {"Ref": "Vpc"},
                    "Port": 443,
                    "Protocol": "TCP",
                    "TargetType": "alb",
                    "Targets": [{"Id": {"Ref": "Front"}}],
                },
            },
        }
        answer = ask(template, "internet", "App", 8080)
        assert isinstance(answer, Path) and answer.through == ("Gate", "Front")

    def test_a_service_offered_by_private_link_stands_at_its_load_balancer(self) -> None:
        template = fronted("network")
        template["Resources"]["Offer"] = {
            "Type": "AWS::EC2::VPCEndpointService",
            "Properties": {"NetworkLoadBalancerArns": [{"Ref": "Front"}]},
        }
        assert ask(template, "PublicA", "Offer", 443)
        template["Resources"]["Consumer"] = {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcEndpointType": "Interface",
                "VpcId": {"Ref": "Vpc"},
                "ServiceName": {"Fn::Sub": "com.amazonaws.vpce.${AWS::Region}.${Offer}"},
                "SubnetIds": [{"Ref": "DataB"}],
                "SecurityGroupIds": [{"Fn::GetAtt": ["FrontGroup", "GroupId"]}],
            },
        }
        answer = ask(template, "PublicA", "Consumer")
        assert answer and "leads by PrivateLink to Front, once the service's owner has accepted" in answer.because


def test_a_classic_one_forwards_as_its_listeners_say() -> None:
    template = fronted()
    resources = template["Resources"]
    for name in ("Front", "Listener", "Targets"):
        del resources[name]
    resources["Front"] = {
        "Type": "AWS::ElasticLoadBalancing::LoadBalancer",
        "Properties": {
            "Listeners": [{"LoadBalancerPort": "443", "InstancePort": "8080", "Protocol": "TCP"}],
            "Subnets": PUBLIC,
            "SecurityGroups": [{"Fn::GetAtt": ["FrontGroup", "GroupId"]}],
            "Instances": [{"Ref": "App"}],
        },
    }
    assert ask(template, "internet", "App", 8080)
    answer = ask(template, "internet", "Front", 80)
    assert isinstance(answer, Blocked) and answer.code == "ELB_LISTENERS_MISMATCH"


@pytest.mark.parametrize("port", [{"Ref": "Port"}, "443"])
def test_a_port_from_a_parameter_is_a_question(port: Any) -> None:
    template = fronted()
    template["Parameters"] = {"Port": {"Type": "Number"}}
    template["Resources"]["Listener"]["Properties"]["Port"] = port
    answer = ask(template, "internet", "Front", 443)
    if port == "443":
        assert answer
    else:
        assert isinstance(answer, Blocked) and answer.depends == ("a listener's port of Front",)


def linked(**service: Any) -> dict[str, Any]:
    """A service behind a network load balancer, and a consumer in a VPC with the same addresses."""
    template = fronted("network")
    everything = group([{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}])
    everything["Properties"]["VpcId"] = {"Ref": "Theirs"}
    template["Resources"] |= {
        "Offer": {
            "Type": "AWS::EC2::VPCEndpointService",
            "Properties": {"NetworkLoadBalancerArns": [{"Ref": "Front"}], "AcceptanceRequired": False, **service},
        },
        "Theirs": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.40.0.0/16"}},
        "TheirSubnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Theirs"},
                "CidrBlock": "10.40.0.0/24",
                "AvailabilityZone": "us-east-1a",
            },
        },
        "TheirGroup": everything,
        "Link": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcEndpointType": "Interface",
                "VpcId": {"Ref": "Theirs"},
                "ServiceName": {"Fn::Sub": "com.amazonaws.vpce.${AWS::Region}.${Offer}"},
                "SubnetIds": [{"Ref": "TheirSubnet"}],
                "SecurityGroupIds": [{"Fn::GetAtt": ["TheirGroup", "GroupId"]}],
            },
        },
    }
    return template


class TestPrivateLink:
    def test_it_leads_to_what_stands_behind_though_the_addresses_overlap(self) -> None:
        answer = ask(linked(), "TheirGroup", "App", 8080)
        assert isinstance(answer, Path) and answer.through == ("the endpoint Link", "Front")
        assert "only through the endpoint Link and Front" in answer.because
        answer = ask(linked(), "TheirGroup", "Front", 443)
        assert isinstance(answer, Path) and answer.through == ("the endpoint Link",)

    def test_the_endpoint_says_whether_what_stands_behind_answers(self) -> None:
        template = linked()
        assert "Front: forwards to App on 8080" in ask(template, "TheirGroup", "Link").because
        template["Resources"]["AppGroup"]["Properties"]["SecurityGroupIngress"] = [rule(8080, CidrIp="10.99.0.0/16")]
        assert "which it does not get through to" in ask(template, "TheirGroup", "Link").because
        assert not ask(template, "TheirGroup", "App", 8080)

    def test_the_targets_see_the_load_balancers_address(self) -> None:
        # an instance target sees the client's address from anywhere but PrivateLink
        template = linked()
        del template["Resources"]["Front"]["Properties"]["SecurityGroups"]
        own = [rule(8080, CidrIp="10.40.0.0/23")]
        template["Resources"]["AppGroup"]["Properties"]["SecurityGroupIngress"] = own
        assert ask(template, "TheirGroup", "App", 8080)
        assert not ask(template, "internet", "App", 8080)

    def test_the_load_balancers_rules_are_asked_unless_told_not_to(self) -> None:
        template = linked()
        template["Resources"]["FrontGroup"] = group([rule(443, CidrIp="198.51.100.0/24")])
        answer = ask(template, "TheirGroup", "App", 8080)
        assert isinstance(answer, Blocked) and any("FrontGroup" in each.explanation for each in answer.blockers)
        assert "does not let it in" in ask(template, "TheirGroup", "Link").because
        front = template["Resources"]["Front"]["Properties"]
        front["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = "off"
        assert ask(template, "TheirGroup", "App", 8080)

    def test_whether_it_is_accepted_is_left_open(self) -> None:
        answer = ask(linked(AcceptanceRequired=True), "TheirGroup", "App", 8080)
        assert answer.depends == ("whether the owner of Offer accepts Link",)


def test_a_target_named_by_its_address_is_the_machine() -> None:
    template = fronted("network", TargetType="ip", Targets=[{"Id": {"Fn::GetAtt": ["App", "PrivateIp"]}}])
    answer = ask(template, "internet", "App", 8080)
    assert isinstance(answer, Path) and answer.through == ("Front",)


class TestSixthVersion:
    def dual(self, **balancer: Any) -> dict[str, Any]:
        template = fronted()
        for index, name in enumerate(("PublicA", "PublicB")):
            template["Resources"][name]["Properties"]["Ipv6CidrBlock"] = f"2600:1f18:1:{index}::/64"
        road = {"RouteTableId": {"Ref": "PublicTable"}, "DestinationIpv6CidrBlock": "::/0", "GatewayId": {"Ref": "Igw"}}
        template["Resources"]["Six"] = {"Type": "AWS::EC2::Route", "Properties": road}
        template["Resources"]["FrontGroup"] = group([rule(443, CidrIpv6="::/0")])
        template["Resources"]["Front"]["Properties"] |= balancer
        return template

    def test_a_load_balancer_has_it_where_it_is_dualstack(self) -> None:
        assert ask(self.dual(IpAddressType="dualstack"), "internet", "Front")
        assert not ask(self.dual(), "internet", "Front")

    def test_an_internal_one_is_shut_to_internet_gateways_unless_told_otherwise(self) -> None:
        template = self.dual(IpAddressType="dualstack", Scheme="internal")
        answer = ask(template, "internet", "Front")
        assert not answer
        told = [{"Key": "ipv6.deny_all_igw_traffic", "Value": "false"}]
        template["Resources"]["Front"]["Properties"]["LoadBalancerAttributes"] = told
        assert ask(template, "internet", "Front")
