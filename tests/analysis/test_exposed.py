"""What of a clinic the internet can reach, by which door, and what only looks open."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.analysis.exposed import Closed, Door, Exposure, exposed
from preflight.questions import ask
from preflight.template import Template
from tests.analysis.test_balancers import fronted, rule
from tests.analysis.test_interfaces import SUBNET_GROUP, TARGETS, placed
from tests.analysis.test_network import acl_entry, clinic, group

WEB = [{"Fn::GetAtt": ["Web", "GroupId"]}]


def look(template: dict[str, Any]) -> Exposure:
    return exposed(Template.load(template).design())


def only_door(template: dict[str, Any]) -> Door:
    found = look(template)
    assert len(found.open) == 1, [each.sentence for each in found.open]
    return found.open[0]


def only_closed(template: dict[str, Any], what: str) -> Closed:
    return next(each for each in look(template).closed if each.what == what)


def server(subnet: str = "PublicA", **more: Any) -> dict[str, Any]:
    """A machine with an Elastic IP."""
    template = clinic()
    template["Resources"] |= {
        "Server": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"SubnetId": {"Ref": subnet}, "SecurityGroupIds": WEB, **more},
        },
        "Eip": {"Type": "AWS::EC2::EIP", "Properties": {"InstanceId": {"Ref": "Server"}}},
    }
    return template


class TestMachines:
    def test_a_public_address_an_open_rule_and_a_road_make_a_door(self) -> None:
        door = only_door(server())
        assert (door.what, door.ports, door.who) == ("Server", ("tcp 443",), "anyone")
        assert any("internet gateway" in hop.detail for hop in door.hops)

    def test_without_a_road_it_only_looks_open(self) -> None:
        closed = only_closed(server("DataA"), "Server")
        assert closed.looks == "Web admits tcp 443 from everyone"
        assert "no route to the internet" in closed.why and closed.code == "NO_ROUTE_TO_DESTINATION"

    def test_without_an_address_too(self) -> None:
        template = server()
        del template["Resources"]["Eip"]
        assert only_closed(template, "Server").code == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"

    def test_a_network_acl_cuts_a_range(self) -> None:
        template = server()
        template["Resources"]["Web"] = group([rule(1, 65535, CidrIp="0.0.0.0/0")])
        template["Resources"]["NoSsh"] = acl_entry(50, "in", "deny", 6, "0.0.0.0/0", (22, 22))
        template["Resources"]["NoSsh"]["Properties"]["NetworkAclId"] = {"Fn::GetAtt": ["Vpc", "DefaultNetworkAcl"]}
        assert only_door(template).ports == ("tcp 1-21", "tcp 23-65535")

    def test_a_rule_for_some_addresses_says_for_whom(self) -> None:
        template = server()
        template["Resources"]["Web"] = group([rule(22, CidrIp="203.0.113.0/24"), rule(22, CidrIp="10.0.0.0/8")])
        assert only_door(template).who == "203.0.113.0/24"

    def test_a_group_nobody_wears_opens_nothing(self) -> None:
        assert only_closed(clinic(), "Web").why == "nothing in this design wears it"
        assert not look(clinic())

    def test_an_address_no_rule_lets_in_is_said(self) -> None:
        template = server(SecurityGroupIds=[{"Fn::GetAtt": ["Db", "GroupId"]}])
        assert "no rule of Db" in only_closed(template, "Server").why

    def test_a_value_nobody_knows_is_neither_open_nor_closed(self) -> None:
        template = server()
        template["Parameters"] = {"Office": {"Type": "String"}}
        template["Resources"]["Web"] = group([rule(22, CidrIp={"Ref": "Office"})])
        found = look(template)
        assert not found.open and [each.depends for each in found.unsure] == [("<the parameter Office>",)]
        assert ask(Template.load(template), ["exposed"]).holds is None


def test_a_load_balancer_says_where_it_leads() -> None:
    door = only_door(fronted())
    assert (door.ports, door.leads) == (("tcp 443",), ("App on 8080",))
    template = fronted()
    template["Resources"]["AppGroup"] = group([])
    assert "which it does not get through to" in only_door(template).leads[0]
    del template["Resources"]["Listener"]
    assert only_closed(template, "Front").why == "it has no listener"


def test_a_database_is_a_door_only_where_it_really_is() -> None:
    properties = {**TARGETS["AWS::RDS::DBInstance"], "PubliclyAccessible": True, "VPCSecurityGroups": WEB}
    template = placed("Target", "AWS::RDS::DBInstance", properties)
    assert only_closed(template, "Target").code == "NO_ROUTE_TO_DESTINATION"
    public = [{"Ref": "PublicA"}, {"Ref": "PublicB"}]
    template["Resources"]["DbSubnets"]["Properties"] = {**SUBNET_GROUP, "SubnetIds": public}
    assert only_door(template).by == "its public address (PubliclyAccessible)"
    del properties["PubliclyAccessible"]
    unsure = look(template).unsure
    assert [each.what for each in unsure] == ["Target"] and "PubliclyAccessible" in unsure[0].depends[0]


class TestPublicEndpoints:
    def url(self, kind: str, **permission: Any) -> dict[str, Any]:
        resources: dict[str, Any] = {
            "Fn": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Code": {"ZipFile": "-"}, "Role": "arn:aws:iam::123456789012:role/r"},
            },
            "Url": {
                "Type": "AWS::Lambda::Url",
                "Properties": {"AuthType": kind, "TargetFunctionArn": {"Fn::GetAtt": ["Fn", "Arn"]}},
            },
        }
        if permission:
            resources["Everyone"] = {
                "Type": "AWS::Lambda::Permission",
                "Properties": {"FunctionName": {"Fn::GetAtt": ["Fn", "Arn"]}, **permission},
            }
        return {"Resources": resources}

    def test_a_function_url_needs_auth_type_none_and_a_permission(self) -> None:
        everyone = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}
        assert only_door(self.url("NONE", **everyone)).by == "a function URL"
        assert "403" in only_closed(self.url("NONE"), "the URL of Fn").why
        assert "signed" in only_closed(self.url("AWS_IAM", **everyone), "the URL of Fn").why

    def bucket(self, *, blocked: bool) -> dict[str, Any]:
        told = dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), blocked
        )
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": {"Fn::Sub": "${Site.Arn}/*"},
        }
        return {
            "Resources": {
                "Site": {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": told}},
                "Policy": {
                    "Type": "AWS::S3::BucketPolicy",
                    "Properties": {"Bucket": {"Ref": "Site"}, "PolicyDocument": {"Statement": [statement]}},
                },
            }
        }

    def test_a_bucket_is_open_when_its_policy_is_and_nothing_blocks_it(self) -> None:
        assert only_door(self.bucket(blocked=False)).what == "Site"
        assert only_closed(self.bucket(blocked=True), "Site").looks == "its bucket policy names everyone"

    def test_an_api_is_open_once_it_has_a_stage(self) -> None:
        template: dict[str, Any] = {
            "Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "notes"}}}
        }
        assert "no stage" in only_closed(template, "Api").why
        template["Resources"] |= {
            "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "v1"}},
            "Get": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {"RestApiId": {"Ref": "Api"}, "HttpMethod": "GET", "AuthorizationType": "NONE"},
            },
        }
        assert only_door(template).asks == "its method asks for no authorization"
        template["Resources"]["Api"]["Properties"]["EndpointConfiguration"] = {"Types": ["PRIVATE"]}
        assert "private" in only_closed(template, "Api").why

    def test_a_distribution_leads_to_its_origins(self) -> None:
        template = self.bucket(blocked=True)
        template["Resources"]["Cdn"] = {
            "Type": "AWS::CloudFront::Distribution",
            "Properties": {
                "DistributionConfig": {
                    "Enabled": True,
                    "Origins": [{"Id": "o", "DomainName": {"Fn::GetAtt": ["Site", "RegionalDomainName"]}}],
                    "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https"},
                }
            },
        }
        assert only_door(template).leads == ("Site",)


def test_the_question_is_answered_in_words_and_in_data() -> None:
    reply = ask(Template.load(server()), ["exposed"])
    assert reply.holds is True and reply.sentence == "The internet reaches 1 thing of this design."
    assert reply.data["open"][0]["ports"] == ("tcp 443",)
    assert ask(Template({"Resources": {}}), ["exposed"]).holds is False


@pytest.mark.parametrize("kind", ["AWS::ApiGateway::RestApi", "AWS::CloudFront::Distribution", "AWS::Lambda::Url"])
def test_a_resource_that_says_nothing_is_no_crash(kind: str) -> None:
    look({"Resources": {"Bare": {"Type": kind}}})


PORTS = st.sampled_from([(22, 22), (443, 443), (1, 65535), (8000, 9000)])
PEERS = st.sampled_from(["0.0.0.0/0", "203.0.113.0/24", "10.0.0.0/8", "10.40.0.0/16"])
RULES = st.lists(st.builds(lambda ports, peer: rule(*ports, CidrIp=peer), PORTS, PEERS), max_size=4)


@settings(max_examples=40, deadline=None)
@given(RULES, st.builds(lambda ports, peer: rule(*ports, CidrIp=peer), PORTS, PEERS), st.booleans())
def test_one_more_rule_never_closes_and_one_route_less_never_opens(
    rules: list[Any], more: dict[str, Any], fronts: bool
) -> None:
    before = fronted() if fronts else server()
    name = "FrontGroup" if fronts else "Web"
    before["Resources"][name] = group(rules)
    after = copy.deepcopy(before)
    after["Resources"][name]["Properties"]["SecurityGroupIngress"].append(more)
    assert {door.what for door in look(before).open} <= {door.what for door in look(after).open}
    del after["Resources"]["ToInternet"]
    assert not look(after).open


class TestSixthVersion:
    """A machine with a rule for ::/0 alone, and whether it has such an address."""

    def made(self, subnet: dict[str, Any], **machine: Any) -> dict[str, Any]:
        template = clinic()
        resources = template["Resources"]
        road = {"RouteTableId": {"Ref": "PublicTable"}, "DestinationIpv6CidrBlock": "::/0", "GatewayId": {"Ref": "Igw"}}
        resources["Web"] = group([rule(443, CidrIpv6="::/0")])
        resources["Six"] = {"Type": "AWS::EC2::Route", "Properties": road}
        resources["PublicA"]["Properties"] |= subnet
        properties = {"SubnetId": {"Ref": "PublicA"}, "SecurityGroupIds": WEB, **machine}
        resources["Server"] = {"Type": "AWS::EC2::Instance", "Properties": properties}
        return template

    def test_a_rule_for_everyone_of_it_is_a_door(self) -> None:
        block = {"Ipv6CidrBlock": "2600:1f18:1:1::/64"}
        assert only_door(self.made({**block, "AssignIpv6AddressOnCreation": True})).ports == ("tcp 443",)
        assert only_door(self.made(block, Ipv6AddressCount=1)).ports == ("tcp 443",)

    def test_a_subnets_block_gives_its_machines_no_address_by_itself(self) -> None:
        template = self.made({"Ipv6CidrBlock": "2600:1f18:1:1::/64"})
        assert not look(template)
        assert not ask(Template.load(template), ["reach", "internet", "Server", "443"]).holds

    def test_a_block_may_be_associated_by_itself(self) -> None:
        template = self.made({}, Ipv6AddressCount=1)
        assert not look(template)
        template["Resources"]["Block"] = {
            "Type": "AWS::EC2::SubnetCidrBlock",
            "Properties": {"SubnetId": {"Ref": "PublicA"}, "Ipv6CidrBlock": "2600:1f18:1:1::/64"},
        }
        assert only_door(template).what == "Server"


def test_a_door_of_a_load_balancer_without_groups_names_its_protocol() -> None:
    template = fronted("network")
    del template["Resources"]["Front"]["Properties"]["SecurityGroups"]
    assert next(each for each in look(template).open if each.what == "Front").ports == ("tcp 443",)


def test_a_scheme_nobody_can_know_is_a_question() -> None:
    template = fronted()
    template["Parameters"] = {"Faces": {"Type": "String"}}
    template["Resources"]["Front"]["Properties"]["Scheme"] = {"Ref": "Faces"}
    found = look(template)
    assert not found.open and found.unsure[0].depends == ("its Scheme, which is not told",)
