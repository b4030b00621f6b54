"""Two VPCs and a hospital's own network, and every road there is between them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.analysis.network import Blocked, Path, reach
from preflight.errors import Usage
from preflight.template import Template

OPEN = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]


def two(here: Any = "10.0.0.0/16", there: Any = "10.1.0.0/16") -> dict[str, Any]:
    """Two VPCs with a subnet and an open group each, and no road between them."""
    resources: dict[str, Any] = {}
    for name, cidr in (("Here", here), ("There", there)):
        base = str(cidr).rsplit(".", 2)[0] if isinstance(cidr, str) else "10.0"
        resources[name] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}
        resources[f"{name}Table"] = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": name}}}
        resources[f"{name}Subnet"] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": name},
                "CidrBlock": f"{base}.0.0/24",
                "AvailabilityZone": "us-east-1a",
            },
        }
        resources[f"{name}Tied"] = {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": {"Ref": f"{name}Subnet"}, "RouteTableId": {"Ref": f"{name}Table"}},
        }
        resources[f"{name}Group"] = {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "-", "VpcId": {"Ref": name}, "SecurityGroupIngress": list(OPEN)},
        }
    return {"Resources": resources}


def route(table: str, destination: Any, **target: Any) -> dict[str, Any]:
    properties = {"RouteTableId": {"Ref": table}, "DestinationCidrBlock": destination, **target}
    return {"Type": "AWS::EC2::Route", "Properties": properties}


def ask(template: dict[str, Any], source: str, target: str, port: Any = 443) -> Path | Blocked:
    return reach(Template.load(template).design(), source, target, port)


def peered(**properties: Any) -> dict[str, Any]:
    template = two()
    road = {"VpcPeeringConnectionId": {"Ref": "Peering"}}
    template["Resources"] |= {
        "Peering": {
            "Type": "AWS::EC2::VPCPeeringConnection",
            "Properties": {"VpcId": {"Ref": "Here"}, "PeerVpcId": {"Ref": "There"}, **properties},
        },
        "Out": route("HereTable", "10.1.0.0/16", **road),
        "Back": route("ThereTable", "10.0.0.0/16", **road),
    }
    return template


def joined(**options: Any) -> dict[str, Any]:
    """The two VPCs at a transit gateway, with its defaults."""
    template = two()
    hub = {"TransitGatewayId": {"Ref": "Hub"}}
    template["Resources"] |= {
        "Hub": {"Type": "AWS::EC2::TransitGateway", "Properties": options},
        "Out": route("HereTable", "10.1.0.0/16", **hub),
        "Back": route("ThereTable", "10.0.0.0/16", **hub),
    }
    for name in ("Here", "There"):
        template["Resources"][f"{name}Attached"] = {
            "Type": "AWS::EC2::TransitGatewayAttachment",
            "Properties": {**hub, "VpcId": {"Ref": name}, "SubnetIds": [{"Ref": f"{name}Subnet"}]},
        }
    return template


def with_gates(**options: Any) -> dict[str, Any]:
    """The two VPCs at a transit gateway that stands in subnets of its own."""
    template = joined(**options)
    for name, cidr in (("Here", "10.0.9.0/28"), ("There", "10.1.9.0/28")):
        template["Resources"][f"{name}Gate"] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": name}, "CidrBlock": cidr, "AvailabilityZone": "us-east-1a"},
        }
        template["Resources"][f"{name}Attached"]["Properties"]["SubnetIds"] = [{"Ref": f"{name}Gate"}]
    return template


def shut(template: dict[str, Any], subnet: str) -> None:
    """Put a network ACL without any entry around a subnet."""
    vpc = template["Resources"][subnet]["Properties"]["VpcId"]
    template["Resources"] |= {
        "Acl": {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": vpc}},
        "Guarded": {
            "Type": "AWS::EC2::SubnetNetworkAclAssociation",
            "Properties": {"SubnetId": {"Ref": subnet}, "NetworkAclId": {"Ref": "Acl"}},
        },
    }


def hub_table(template: dict[str, Any], *tied: str, propagates: tuple[str, ...] = ()) -> None:
    """Give the hub a route table of its own, associated with attachments, taught by others."""
    resources = template["Resources"]
    resources["Table"] = {
        "Type": "AWS::EC2::TransitGatewayRouteTable",
        "Properties": {"TransitGatewayId": {"Ref": "Hub"}},
    }
    for kind, names in (("Association", tied), ("Propagation", propagates)):
        for name in names:
            resources[f"{name}{kind}"] = {
                "Type": f"AWS::EC2::TransitGatewayRouteTable{kind}",
                "Properties": {
                    "TransitGatewayAttachmentId": {"Ref": name},
                    "TransitGatewayRouteTableId": {"Ref": "Table"},
                },
            }


def connected(static: bool = True) -> dict[str, Any]:
    """A VPN from the first VPC to the hospital, its routes propagated."""
    template = two()
    template["Resources"] |= {
        "Gateway": {"Type": "AWS::EC2::VPNGateway", "Properties": {"Type": "ipsec.1"}},
        "Attached": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": {"Ref": "Here"}, "VpnGatewayId": {"Ref": "Gateway"}},
        },
        "Hospital": {
            "Type": "AWS::EC2::CustomerGateway",
            "Properties": {"BgpAsn": 65010, "IpAddress": "198.51.100.7", "Type": "ipsec.1"},
        },
        "Tunnel": {
            "Type": "AWS::EC2::VPNConnection",
            "Properties": {
                "CustomerGatewayId": {"Ref": "Hospital"},
                "VpnGatewayId": {"Ref": "Gateway"},
                "StaticRoutesOnly": static,
                "Type": "ipsec.1",
            },
        },
        "Taught": {
            "Type": "AWS::EC2::VPNGatewayRoutePropagation",
            "Properties": {"RouteTableIds": [{"Ref": "HereTable"}], "VpnGatewayId": {"Ref": "Gateway"}},
            "DependsOn": "Attached",
        },
    }
    if static:
        template["Resources"]["Wards"] = {
            "Type": "AWS::EC2::VPNConnectionRoute",
            "Properties": {"DestinationCidrBlock": "192.168.10.0/24", "VpnConnectionId": {"Ref": "Tunnel"}},
        }
    return template


def code(answer: Path | Blocked) -> str:
    assert isinstance(answer, Blocked), answer.because
    return answer.code


class TestPeering:
    def test_both_route_tables_name_it(self) -> None:
        assert ask(peered(), "HereGroup", "ThereGroup")
        assert ask(peered(), "ThereGroup", "HereGroup")
        for missing in ("Out", "Back"):
            template = peered()
            del template["Resources"][missing]
            assert code(ask(template, "HereSubnet", "ThereGroup")) == "NO_ROUTE_TO_DESTINATION"

    def test_a_rule_may_name_the_peers_group(self) -> None:
        template = peered()
        ingress = template["Resources"]["ThereGroup"]["Properties"]["SecurityGroupIngress"]
        ingress[:] = [{"IpProtocol": "-1", "SourceSecurityGroupId": {"Fn::GetAtt": ["HereGroup", "GroupId"]}}]
        assert ask(template, "HereGroup", "ThereGroup")
        assert code(ask(template, "HereSubnet", "ThereGroup")) == "ENI_SG_RULES_MISMATCH"

    def test_networks_that_overlap_are_never_peered(self) -> None:
        template = peered()
        template["Resources"]["There"]["Properties"]["CidrBlock"] = "10.0.0.0/8"
        assert code(ask(template, "HereSubnet", "ThereSubnet")) == "BAD_STATE"
        template["Resources"]["There"]["Properties"]["CidrBlock"] = "10.0.0.0/16"
        template["Resources"]["ThereSubnet"]["Properties"]["CidrBlock"] = "10.0.7.0/24"
        answer = ask(template, "HereSubnet", "ThereSubnet")
        assert code(answer) == "DISCONNECTED_VPCS" and "its local route keeps the packet" in answer.because

    def test_another_account_has_to_accept(self) -> None:
        answer = ask(peered(PeerOwnerId="222222222222"), "HereSubnet", "ThereSubnet")
        assert isinstance(answer, Blocked) and "accepts" in answer.depends[0]
        assert ask(peered(PeerOwnerId="222222222222", PeerRoleArn="arn:x"), "HereSubnet", "ThereSubnet")

    def test_the_peer_is_a_place(self) -> None:
        assert ask(peered(), "HereSubnet", "Peering")
        template = peered()
        template["Resources"]["Peering"]["Properties"]["PeerVpcId"] = "vpc-0123"
        template["Resources"]["Out"]["Properties"]["DestinationCidrBlock"] = "10.9.0.0/16"
        assert ask(template, "HereSubnet", "Peering")
        assert ask(template, "Peering", "HereGroup")

    def test_a_rule_cannot_name_a_group_of_another_region(self) -> None:
        template = peered(PeerRegion="eu-west-1")
        template["Resources"]["ThereGroup"]["Properties"]["SecurityGroupIngress"] = [
            {"IpProtocol": "-1", "SourceSecurityGroupId": {"Fn::GetAtt": ["HereGroup", "GroupId"]}}
        ]
        answer = ask(template, "HereGroup", "ThereGroup")
        assert code(answer) == "ENI_SG_RULES_MISMATCH" and "another Region" in answer.because
        template["Resources"]["Peering"]["Properties"]["PeerRegion"] = "us-east-1"
        assert ask(template, "HereGroup", "ThereGroup")

    def test_what_lies_behind_the_peer_stays_there(self) -> None:
        template = connected()
        peering = peered()["Resources"]
        template["Resources"] |= {name: peering[name] for name in ("Peering", "Out", "Back")}
        wards = route("ThereTable", "192.168.10.0/24", VpcPeeringConnectionId={"Ref": "Peering"})
        template["Resources"]["ToWards"] = wards
        assert ask(template, "HereSubnet", "on-premises")
        assert code(ask(template, "ThereSubnet", "on-premises")) == "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"


class TestTransitGateway:
    def test_its_defaults_join_whoever_is_attached(self) -> None:
        answer = ask(joined(), "HereSubnet", "ThereGroup")
        assert answer and "propagated route for 10.1.0.0/16 to ThereAttached" in answer.because

    def test_without_its_defaults_each_attachment_needs_a_table(self) -> None:
        template = joined(DefaultRouteTableAssociation="disable", DefaultRouteTablePropagation="disable")
        assert code(ask(template, "HereSubnet", "ThereGroup")) == "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"
        hub_table(template, "HereAttached", "ThereAttached")
        assert code(ask(template, "HereSubnet", "ThereGroup")) == "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"
        hub_table(template, "HereAttached", "ThereAttached", propagates=("ThereAttached",))
        one_way = ask(template, "HereSubnet", "ThereGroup")
        assert code(one_way) == "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT" and "the answer: " in one_way.because
        hub_table(template, "HereAttached", "ThereAttached", propagates=("ThereAttached", "HereAttached"))
        assert ask(template, "HereSubnet", "ThereGroup")

    def test_a_static_route_may_be_a_blackhole_and_comes_first(self) -> None:
        template = joined(DefaultRouteTableAssociation="disable")
        hub_table(template, "HereAttached", "ThereAttached", propagates=("ThereAttached", "HereAttached"))
        template["Resources"]["Hole"] = {
            "Type": "AWS::EC2::TransitGatewayRoute",
            "Properties": {
                "DestinationCidrBlock": "10.1.0.0/16",
                "TransitGatewayRouteTableId": {"Ref": "Table"},
                "Blackhole": True,
            },
        }
        answer = ask(template, "HereSubnet", "ThereGroup")
        assert code(answer) == "TGW_RTB_BAD_STATE_ROUTE" and answer.logical_id == "Hole"

    def test_an_attachment_serves_the_zones_it_has_a_subnet_in(self) -> None:
        template = joined()
        template["Resources"]["HereSubnet"]["Properties"]["AvailabilityZone"] = "us-east-1b"
        template["Resources"]["Other"] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Here"}, "CidrBlock": "10.0.9.0/24", "AvailabilityZone": "us-east-1a"},
        }
        template["Resources"]["HereAttached"]["Properties"]["SubnetIds"] = [{"Ref": "Other"}]
        assert code(ask(template, "HereSubnet", "ThereGroup")) == "TGW_ROUTE_AZ_RESTRICTION"

    def test_a_vpc_that_is_not_attached_is_not_joined(self) -> None:
        template = joined()
        del template["Resources"]["ThereAttached"]
        assert code(ask(template, "ThereSubnet", "HereGroup")) == "BAD_STATE_ATTACHMENT"

    def test_group_names_are_lost_unless_referencing_is_on(self) -> None:
        template = joined()
        ingress = template["Resources"]["ThereGroup"]["Properties"]["SecurityGroupIngress"]
        ingress[:] = [{"IpProtocol": "-1", "SourceSecurityGroupId": {"Fn::GetAtt": ["HereGroup", "GroupId"]}}]
        assert code(ask(template, "HereGroup", "ThereGroup")) == "SG_REFERENCING_SUPPORT"
        template["Resources"]["Hub"]["Properties"]["SecurityGroupReferencingSupport"] = "enable"
        assert ask(template, "HereGroup", "ThereGroup")

    @pytest.mark.parametrize("side", ["Here", "There"])
    def test_the_network_acl_of_an_attachments_own_subnet_is_asked(self, side: str) -> None:
        template = with_gates()
        assert ask(template, "HereGroup in HereSubnet", "ThereGroup in ThereSubnet")
        shut(template, f"{side}Gate")
        answer = ask(template, "HereGroup in HereSubnet", "ThereGroup in ThereSubnet")
        assert code(answer) == "SUBNET_ACL_RESTRICTION" and f"{side}Gate" in answer.because

    def test_it_is_asked_inbound_for_what_goes_in_and_outbound_for_what_comes_out(self) -> None:
        template = with_gates()
        shut(template, "ThereGate")
        for number, egress, cidr in ((1, True, "10.1.0.0/16"), (2, False, "10.1.0.0/16")):
            template["Resources"][f"Entry{number}"] = {
                "Type": "AWS::EC2::NetworkAclEntry",
                "Properties": {
                    "NetworkAclId": {"Ref": "Acl"},
                    "RuleNumber": number,
                    "Egress": egress,
                    "RuleAction": "allow",
                    "Protocol": -1,
                    "CidrBlock": cidr,
                },
            }
        # out to the VPC's own addresses, and in from them: nothing about the other side's
        assert ask(template, "HereGroup in HereSubnet", "ThereGroup in ThereSubnet")
        del template["Resources"]["Entry2"]
        assert code(ask(template, "HereGroup in HereSubnet", "ThereGroup in ThereSubnet")) == "SUBNET_ACL_RESTRICTION"

    def test_in_one_subnet_nothing_is_asked_of_what_comes_from_it(self) -> None:
        template = joined()
        shut(template, "ThereSubnet")
        answer = ask(template, "HereGroup", "ThereGroup")
        assert code(answer) == "SUBNET_ACL_RESTRICTION"
        assert "refuses the answer, outbound" in answer.because

    def test_a_hub_made_elsewhere_answers_that_it_depends(self) -> None:
        template = joined()
        del template["Resources"]["Hub"]
        for name in ("Out", "Back", "HereAttached", "ThereAttached"):
            template["Resources"][name]["Properties"]["TransitGatewayId"] = "tgw-0123"
        answer = ask(template, "HereSubnet", "ThereGroup")
        assert isinstance(answer, Blocked) and answer.depends == ("the route tables of tgw-0123",)

    def test_one_vpc_can_be_the_way_out_for_all(self) -> None:
        template = joined()
        resources = template["Resources"]
        hub = {"TransitGatewayId": {"Ref": "Hub"}}
        resources |= {
            "Igw": {"Type": "AWS::EC2::InternetGateway"},
            "IgwAttached": {
                "Type": "AWS::EC2::VPCGatewayAttachment",
                "Properties": {"VpcId": {"Ref": "There"}, "InternetGatewayId": {"Ref": "Igw"}},
            },
            "PublicTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "There"}}},
            "Public": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {
                    "VpcId": {"Ref": "There"},
                    "CidrBlock": "10.1.1.0/24",
                    "AvailabilityZone": "us-east-1a",
                },
            },
            "PublicTied": {
                "Type": "AWS::EC2::SubnetRouteTableAssociation",
                "Properties": {"SubnetId": {"Ref": "Public"}, "RouteTableId": {"Ref": "PublicTable"}},
            },
            "Nat": {
                "Type": "AWS::EC2::NatGateway",
                "Properties": {"SubnetId": {"Ref": "Public"}, "AllocationId": "eipalloc-1"},
            },
            "ToInternet": route("PublicTable", "0.0.0.0/0", GatewayId={"Ref": "Igw"}),
            "Answers": route("PublicTable", "10.0.0.0/16", **hub),
            "ViaNat": route("ThereTable", "0.0.0.0/0", NatGatewayId={"Ref": "Nat"}),
            "ViaHub": route("HereTable", "0.0.0.0/0", **hub),
        }
        del resources["Hub"]["Properties"]
        resources["Hub"]["Properties"] = {"DefaultRouteTableAssociation": "disable"}
        hub_table(template, "HereAttached", "ThereAttached", propagates=("ThereAttached", "HereAttached"))
        assert code(ask(template, "HereSubnet", "internet")) == "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"
        resources["Default"] = {
            "Type": "AWS::EC2::TransitGatewayRoute",
            "Properties": {
                "DestinationCidrBlock": "0.0.0.0/0",
                "TransitGatewayRouteTableId": {"Ref": "Table"},
                "TransitGatewayAttachmentId": {"Ref": "ThereAttached"},
            },
        }
        assert ask(template, "HereSubnet", "internet")
        del resources["Answers"]
        lost = ask(template, "HereSubnet", "internet")
        assert code(lost) == "NO_ROUTE_TO_DESTINATION" and "the answer: PublicTable" in lost.because
        resources["ViaNat"]["Properties"] = {
            "RouteTableId": {"Ref": "ThereTable"},
            "DestinationCidrBlock": "0.0.0.0/0",
            "GatewayId": {"Ref": "Igw"},
        }
        assert code(ask(template, "HereSubnet", "internet")) == "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"


class TestOnPremises:
    def test_static_routes_are_propagated_to_the_tables_that_listen(self) -> None:
        answer = ask(connected(), "on-premises", "HereGroup")
        assert answer and answer.source == "on-premises (192.168.10.4)" and "static routes" in answer.because
        assert ask(connected(), "HereGroup", "on-premises")
        for name in ("Tunnel", "Hospital", "Gateway"):
            assert ask(connected(), name, "HereGroup")
        template = connected()
        del template["Resources"]["Taught"]
        assert code(ask(template, "HereGroup", "on-premises")) == "NO_ROUTE_TO_DESTINATION"
        assert code(ask(connected(), "ThereGroup", "on-premises")) == "NO_ROUTE_TO_DESTINATION"

    def test_what_bgp_would_tell_is_assumed_and_said(self) -> None:
        answer = ask(connected(static=False), "on-premises", "HereGroup")
        assert isinstance(answer, Path) and answer.depends == ("the addresses on-premises, taken as 192.168.0.0/16",)

    def test_a_gateway_has_to_be_attached(self) -> None:
        template = connected()
        del template["Resources"]["Attached"], template["Resources"]["Taught"]["DependsOn"]
        assert code(ask(template, "HereSubnet", "on-premises")) == "BAD_STATE_ATTACHMENT"

    def test_a_design_without_a_vpn_has_no_such_place(self) -> None:
        with pytest.raises(Usage, match="no VPN connection"):
            ask(two(), "on-premises", "HereSubnet")

    def test_a_vpn_may_end_at_a_transit_gateway(self) -> None:
        template = joined()
        resources = template["Resources"]
        resources["Hospital"] = connected()["Resources"]["Hospital"]
        resources["Tunnel"] = {
            "Type": "AWS::EC2::VPNConnection",
            "Properties": {
                "CustomerGatewayId": {"Ref": "Hospital"},
                "TransitGatewayId": {"Ref": "Hub"},
                "StaticRoutesOnly": False,
                "Type": "ipsec.1",
            },
        }
        assert code(ask(template, "on-premises", "HereSubnet")) == "NO_ROUTE_TO_DESTINATION"
        resources["Wards"] = route("HereTable", "192.168.0.0/16", TransitGatewayId={"Ref": "Hub"})
        assert ask(template, "on-premises", "HereSubnet")
        assert ask(template, "HereSubnet", "on-premises")


class TestWhatNobodyKnows:
    def test_a_block_from_a_parameter_stays_a_question(self) -> None:
        template = two(here={"Ref": "Block"})
        template["Parameters"] = {"Block": {"Type": "String"}}
        template["Resources"]["HereSubnet"]["Properties"]["CidrBlock"] = {"Ref": "Block"}
        assert ask(template, "HereSubnet", "HereGroup")
        assert code(ask(template, "internet", "HereGroup")) == "NO_ROUTE_TO_DESTINATION"
        template["Resources"]["Igw"] = {"Type": "AWS::EC2::InternetGateway"}
        template["Resources"]["HereGroup"]["Properties"]["SecurityGroupIngress"][0]["CidrIp"] = "10.0.0.0/16"
        doubt = ask(template, "HereSubnet", "HereGroup")
        assert isinstance(doubt, Blocked) and doubt.depends == ("<the parameter Block>",)

    def test_a_route_nobody_can_read_may_be_the_one(self) -> None:
        template = peered()
        template["Parameters"] = {"Far": {"Type": "String"}}
        template["Resources"]["Out"]["Properties"]["DestinationCidrBlock"] = {"Ref": "Far"}
        answer = ask(template, "HereSubnet", "ThereGroup")
        assert isinstance(answer, Blocked) and answer.depends == ("<the parameter Far>",)

    def test_what_comes_after_may_still_be_certain(self) -> None:
        template = peered()
        template["Parameters"] = {"Far": {"Type": "String"}}
        template["Resources"]["Out"]["Properties"]["DestinationCidrBlock"] = {"Ref": "Far"}
        template["Resources"]["ThereGroup"]["Properties"]["SecurityGroupIngress"] = []
        answer = ask(template, "HereSubnet", "ThereGroup")
        assert code(answer) == "SG_HAS_NO_RULES" and isinstance(answer, Blocked) and not answer.depends


WAYS = [("HereGroup", "ThereGroup"), ("ThereSubnet", "HereGroup"), ("HereSubnet", "ThereSubnet")]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([peered, joined]),
    st.sampled_from(WAYS),
    st.sets(st.sampled_from(["Out", "Back", "Peering", "HereAttached", "ThereAttached"])),
    st.sampled_from(["Out", "Back", "HereAttached", "ThereAttached"]),
)
def test_one_road_less_never_opens(make: Any, way: tuple[str, str], gone: set[str], one_more: str) -> None:
    before = make()
    for name in gone & {"Out", "Back", "HereAttached", "ThereAttached"}:
        before["Resources"].pop(name, None)
    after = copy.deepcopy(before)
    after["Resources"].pop(one_more, None)
    assert ask(before, *way) or not ask(after, *way)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([peered, joined, connected]), st.sampled_from(WAYS), st.sampled_from([22, 443, (0, 65535)]))
def test_names_decide_nothing(make: Any, way: tuple[str, str], port: Any) -> None:
    template = make()
    renamed = {name: f"Z{index}{name[::-1]}" for index, name in enumerate(sorted(template["Resources"]))}

    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"Ref"}:
                return {"Ref": renamed.get(value["Ref"], value["Ref"])}
            if set(value) == {"Fn::GetAtt"}:
                return {"Fn::GetAtt": [renamed[value["Fn::GetAtt"][0]], value["Fn::GetAtt"][1]]}
            return {key: renamed.get(each, each) if key == "DependsOn" else turn(each) for key, each in value.items()}
        return [turn(each) for each in value] if isinstance(value, list) else value

    other = {"Resources": {renamed[name]: turn(each) for name, each in template["Resources"].items()}}
    first, second = ask(template, *way, port), ask(other, renamed[way[0]], renamed[way[1]], port)
    assert bool(first) is bool(second)
    assert getattr(first, "code", "") == getattr(second, "code", "")
