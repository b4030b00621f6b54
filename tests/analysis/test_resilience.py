"""A clinic's design loses a zone, a machine, its Region, and says what stops and what takes over."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.analysis.recovery import _facts, fact
from preflight.analysis.resilience import Loss, lose, objectives, single_points, survives
from preflight.checks import Stack
from preflight.errors import Usage
from preflight.questions import ask
from preflight.template import Design, Template

Resources = dict[str, Any]


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def network(zones: int = 2, gateways: int | None = None) -> Resources:
    """A VPC with a public and a private subnet in each zone; fewer NAT gateways than zones are shared."""
    made: Resources = {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Igw": resource("EC2::InternetGateway"),
        "Out": resource("EC2::RouteTable", VpcId=ref("Vpc")),
        "OutRoute": resource(
            "EC2::Route", RouteTableId=ref("Out"), DestinationCidrBlock="0.0.0.0/0", GatewayId=ref("Igw")
        ),
    }
    count = zones if gateways is None else gateways
    for index in range(zones):
        letter = "ABCDEF"[index]
        zone = {"Fn::Select": [index, {"Fn::GetAZs": ""}]}
        for kind, base in (("Public", 0), ("Private", 100)):
            made[f"{kind}{letter}"] = resource(
                "EC2::Subnet", VpcId=ref("Vpc"), CidrBlock=f"10.0.{base + index}.0/24", AvailabilityZone=zone
            )
        made[f"Public{letter}Out"] = resource(
            "EC2::SubnetRouteTableAssociation", SubnetId=ref(f"Public{letter}"), RouteTableId=ref("Out")
        )
        if index < count:
            made[f"Nat{letter}"] = resource("EC2::NatGateway", SubnetId=ref(f"Public{letter}"), AllocationId="eip")
        if count:
            made[f"Table{letter}"] = resource("EC2::RouteTable", VpcId=ref("Vpc"))
            made[f"Route{letter}"] = resource(
                "EC2::Route",
                RouteTableId=ref(f"Table{letter}"),
                DestinationCidrBlock="0.0.0.0/0",
                NatGatewayId=ref(f"Nat{'ABCDEF'[min(index, count - 1)]}"),
            )
            made[f"Private{letter}Out"] = resource(
                "EC2::SubnetRouteTableAssociation", SubnetId=ref(f"Private{letter}"), RouteTableId=ref(f"Table{letter}")
            )
    return made


def private(zones: int = 2, kind: str = "Private") -> list[dict[str, str]]:
    return [ref(f"{kind}{letter}") for letter in "ABCDEF"[:zones]]


def servers(zones: int = 2, least: int = 2, desired: int | None = None, **more: Any) -> dict[str, Any]:
    sizes = {"MinSize": str(least), "MaxSize": "10"}
    if desired is not None:
        sizes["DesiredCapacity"] = str(desired)
    return resource("AutoScaling::AutoScalingGroup", VPCZoneIdentifier=private(zones), **sizes, **more)


def front(zones: int = 2, **more: Any) -> Resources:
    """A load balancer, its listener and a target group."""
    forward = {"Type": "forward", "TargetGroupArn": ref("Targets")}
    return {
        "Front": resource("ElasticLoadBalancingV2::LoadBalancer", Subnets=private(zones, "Public"), **more),
        "Listener": resource(
            "ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref("Front"), Port=80, DefaultActions=[forward]
        ),
        "Targets": resource("ElasticLoadBalancingV2::TargetGroup", VpcId=ref("Vpc"), Port=80, Protocol="HTTP"),
    }


def database(zones: int = 2, **properties: Any) -> Resources:
    return {
        "Group": resource("RDS::DBSubnetGroup", SubnetIds=private(zones), DBSubnetGroupDescription="-"),
        "Db": resource("RDS::DBInstance", DBSubnetGroupName=ref("Group"), Engine="postgres", **properties),
    }


def design(*parts: Resources, **arguments: Any) -> Design:
    return template(*parts).design(**arguments)


def template(*parts: Resources) -> Template:
    return Template({"Resources": {name: each for part in parts for name, each in part.items()}})


def fates(loss: Loss) -> dict[str, str]:
    return {each.label: each.fate for each in loss.effects}


def test_three_tiers_spread_over_two_zones_go_on() -> None:
    """The answer the exam looks for: everything twice, and a standby that takes over."""
    behind = {"Servers": servers(desired=4, TargetGroupARNs=[ref("Targets")])}
    clinic = design(network(), front(), behind, database(MultiAZ=True))
    loss = lose(clinic, az="a")
    assert loss
    assert fates(loss) == {"Db": "interrupted", "Servers": "degrades"}
    group = next(each for each in loss.effects if each.label == "Servers")
    assert (group.before, group.after, group.unit) == (4, 2, "instance")
    assert "of a minimum of 2" in group.said and "us-east-1b" in group.takes_over
    standby = next(each for each in loss.effects if each.label == "Db")
    assert standby.takes == "typically 60 to 120 seconds" and "MultiAZ.Failover" in standby.source
    assert "Front" in loss.stands and "NatA" in loss.gone
    assert survives(clinic) and not single_points(clinic)


def test_a_database_alone_stops_and_cuts_off_who_needs_it() -> None:
    """The group survives, the path does not: both are said."""
    task = resource(
        "ECS::TaskDefinition",
        ContainerDefinitions=[
            {"Name": "web", "Environment": [{"Name": "DB", "Value": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}}]}
        ],
    )
    service = resource(
        "ECS::Service",
        DesiredCount=2,
        TaskDefinition=ref("Task"),
        NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": private()}},
        LoadBalancers=[{"TargetGroupArn": ref("Targets"), "ContainerName": "web", "ContainerPort": 80}],
    )
    clinic = design(network(), front(), {"Task": task, "Web": service}, database(AvailabilityZone="us-east-1a"))
    loss = lose(clinic, az="a")
    assert not loss and loss.survives is False
    assert fates(loss) == {"Db": "stops", "Web": "cut off", "Front": "cut off"}
    web = next(each for each in loss.effects if each.label == "Web")
    assert "it needs Db" in web.said and (web.before, web.after) == (2, 1), "its own loss, and that of what it needs"
    assert loss.because == "No, losing us-east-1a stops Db and cuts off Web and Front."
    assert next(each for each in loss.effects if each.label == "Db").change == "multi_az=True"
    # its own zone is named, so the other one is another matter
    assert fates(lose(clinic, az="b")) == {"Web": "degrades"}
    assert [each.label for each in single_points(clinic)] == ["Db"]


def test_a_proxy_carries_the_loss_of_its_database() -> None:
    """A proxy's endpoint is known by deployment only; who names it needs it all the same."""
    reached = {"Variables": {"URL": {"Fn::Sub": "mysql://${Proxy.Endpoint}:3306/notes"}}}
    between = {
        "Proxy": resource("RDS::DBProxy", DBProxyName="px", VpcSubnetIds=private()),
        "Pool": resource("RDS::DBProxyTargetGroup", DBProxyName=ref("Proxy"), DBInstanceIdentifiers=[ref("Db")]),
        "Reader": resource("Lambda::Function", Environment=reached),
    }
    loss = lose(design(network(), between, database(AvailabilityZone="us-east-1a")), az="a")
    assert fates(loss) == {"Db": "stops", "Proxy": "cut off", "Reader": "cut off"}


def test_a_fargate_service_needs_no_machines_of_its_cluster() -> None:
    where = {"AwsvpcConfiguration": {"Subnets": [ref("PrivateB")]}}
    cluster = {
        "Machines": resource("AutoScaling::AutoScalingGroup", VPCZoneIdentifier=[ref("PrivateA")], MinSize="2"),
        "Provider": resource(
            "ECS::CapacityProvider", AutoScalingGroupProvider={"AutoScalingGroupArn": ref("Machines")}
        ),
        "Cluster": resource("ECS::Cluster"),
        "Attached": resource(
            "ECS::ClusterCapacityProviderAssociations", Cluster=ref("Cluster"), CapacityProviders=[ref("Provider")]
        ),
        "Far": resource("ECS::Service", Cluster=ref("Cluster"), LaunchType="FARGATE", NetworkConfiguration=where),
        "Near": resource("ECS::Service", Cluster=ref("Cluster"), NetworkConfiguration=where, DesiredCount=2),
    }
    assert fates(lose(design(network(), cluster), az="a")) == {"Machines": "stops", "Near": "cut off"}


def test_a_security_group_that_lets_in_is_no_dependency() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": ref("WebGroup")}
    groups = {
        "WebGroup": resource("EC2::SecurityGroup", VpcId=ref("Vpc"), GroupDescription="-"),
        "DbGroup": resource("EC2::SecurityGroup", VpcId=ref("Vpc"), GroupDescription="-", SecurityGroupIngress=[rule]),
        "Web": resource("EC2::Instance", SubnetId=ref("PrivateB"), SecurityGroupIds=[ref("WebGroup")]),
    }
    clinic = design(network(), groups, database(AvailabilityZone="us-east-1a", VPCSecurityGroups=[ref("DbGroup")]))
    assert fates(lose(clinic, az="a")) == {"Db": "stops"}


def test_where_aws_chooses_the_zone_the_answer_depends() -> None:
    clinic = design(network(), database())
    loss = lose(clinic, az="a")
    assert loss.survives is None and "It depends" in loss.because
    assert "us-east-1a and us-east-1b" in loss.effects[0].depends[0]
    # but in one of them it stands
    assert not survives(clinic)
    assert [each.label for each in single_points(clinic)] == ["Db"]


def test_one_nat_gateway_for_two_zones_is_a_single_point() -> None:
    clinic = design(network(gateways=1), {"Servers": servers()})
    loss = lose(clinic, az="a")
    assert fates(loss)["NatA"] == "stops"
    nat = loss.effects[0]
    assert "PrivateB" in nat.said and "Servers" in nat.said and "nat_gateways=2" in nat.change
    assert "no way out" in next(each for each in loss.effects if each.label == "Servers").said
    assert fates(lose(clinic, az="b")) == {"Servers": "degrades"}
    assert fates(lose(clinic, resource="NatA")) == {"NatA": "stops"}
    assert survives(design(network(gateways=2), {"Servers": servers()}))


def test_a_regional_nat_gateway_stands_in_no_zone() -> None:
    parts = network(gateways=1)
    parts["NatA"]["Properties"] |= {"AvailabilityMode": "regional"}
    assert survives(design(parts))


@pytest.mark.parametrize(
    ("desired", "zones", "after", "fate"),
    [(4, 2, 2, "degrades"), (3, 2, 1, "degrades"), (1, 2, 0, "interrupted"), (6, 3, 4, "degrades"), (2, 1, 0, "stops")],
)
def test_a_group_loses_the_share_of_the_zone(desired: int, zones: int, after: int, fate: str) -> None:
    clinic = design(network(3), {"Servers": servers(zones, least=1, desired=desired)})
    effect = next(each for each in lose(clinic, az="a").effects if each.label == "Servers")
    assert (effect.before, effect.after, effect.fate) == (desired, after, fate)


def test_a_group_told_to_stay_balanced_starts_nothing_elsewhere() -> None:
    strict = {"AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-only"}}
    loss = lose(design(network(), {"Servers": servers(**strict)}), az="a")
    assert loss.effects[0].takes_over == ""


def test_aurora_keeps_its_data_and_needs_a_reader_to_go_on() -> None:
    def cluster(*zones: str | None) -> Design:
        members = {
            f"Node{index}": resource(
                "RDS::DBInstance",
                Engine="aurora-postgresql",
                DBClusterIdentifier=ref("Aurora"),
                **({"AvailabilityZone": zone} if zone else {}),
            )
            for index, zone in enumerate(zones)
        }
        group = {"Group": resource("RDS::DBSubnetGroup", SubnetIds=private(), DBSubnetGroupDescription="-")}
        aurora = {"Aurora": resource("RDS::DBCluster", Engine="aurora-postgresql", DBSubnetGroupName=ref("Group"))}
        return design(network(), group, aurora, members)

    spread = lose(cluster("us-east-1a", "us-east-1b"), az="a")
    assert fates(spread) == {"Aurora": "interrupted"} and "under 60 seconds" in spread.effects[0].takes
    assert "Node1 becomes the writer" in spread.effects[0].said
    assert fates(lose(cluster("us-east-1a", "us-east-1b"), az="b")) == {"Aurora": "degrades"}
    together = lose(cluster("us-east-1a", "us-east-1a"), az="a")
    assert fates(together) == {"Aurora": "stops"} and "six copies" in together.effects[0].said
    alone = cluster("us-east-1a")
    assert fates(lose(alone, az="a")) == {"Aurora": "stops"}
    assert not lose(alone, az="b").effects
    # a machine that fails is made anew where it was
    assert "under 10 minutes" in lose(alone, resource="Aurora").effects[0].takes
    anywhere = lose(cluster(None, None), az="a")
    assert fates(anywhere) == {"Aurora": "interrupted"} and anywhere.effects[0].depends
    failed = lose(cluster(None, None), resource="Node0")
    assert fates(failed) == {"Aurora": "interrupted"}


def test_a_multi_az_db_cluster_is_faster_than_a_standby() -> None:
    parts = {
        "Group": resource("RDS::DBSubnetGroup", SubnetIds=private(3), DBSubnetGroupDescription="-"),
        "Db": resource("RDS::DBCluster", Engine="mysql", DBSubnetGroupName=ref("Group"), AllocatedStorage=100),
    }
    effect = lose(design(network(3), parts), az="c").effects[0]
    assert (effect.fate, effect.takes) == ("interrupted", "typically under 35 seconds")


def test_a_read_replica_takes_over_only_when_you_promote_it() -> None:
    copy = {
        "Copy": resource(
            "RDS::DBInstance",
            SourceDBInstanceIdentifier={"Fn::GetAtt": ["Db", "DBInstanceArn"]},
            AvailabilityZone="us-east-1b",
        )
    }
    clinic = design(network(), database(AvailabilityZone="us-east-1a"), copy)
    loss = lose(clinic, az="a")
    assert fates(loss) == {"Db": "stops"} and "Copy" in loss.effects[0].said and "promote" in loss.effects[0].said
    assert fates(lose(clinic, az="b")) == {"Copy": "degrades"}


def test_caches() -> None:
    group = {"Group": resource("ElastiCache::SubnetGroup", SubnetIds=private(), Description="-")}

    def cache(**properties: Any) -> Loss:
        made = resource("ElastiCache::ReplicationGroup", CacheSubnetGroupName=ref("Group"), **properties)
        return lose(design(network(), group, {"Cache": made}), az="a")

    good = cache(NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=True)
    assert fates(good) == {"Cache": "interrupted"}
    together = cache(NumCacheClusters=2, AutomaticFailoverEnabled=True)
    assert fates(together) == {"Cache": "stops"} and together.survives is None
    by_hand = cache(NumCacheClusters=2, PreferredCacheClusterAZs=["us-east-1a", "us-east-1b"])
    assert fates(by_hand) == {"Cache": "stops"} and "promote" in by_hand.effects[0].said
    assert fates(cache(NumCacheClusters=1)) == {"Cache": "stops"}
    nodes = resource(
        "ElastiCache::CacheCluster",
        Engine="memcached",
        NumCacheNodes=4,
        AZMode="cross-az",
        CacheSubnetGroupName=ref("Group"),
    )
    spread = lose(design(network(), group, {"Cache": nodes}), az="a").effects[0]
    assert (spread.fate, spread.before, spread.after) == ("degrades", 4, 2) and "copies nothing" in spread.said


def test_files_need_a_mount_target_where_they_are_read() -> None:
    files = {"Files": resource("EFS::FileSystem")}
    doors = {
        f"Door{letter}": resource("EFS::MountTarget", FileSystemId=ref("Files"), SubnetId=ref(f"Private{letter}"))
        for letter in "AB"
    }
    assert survives(design(network(), files, doors))
    one_door = design(network(), files, {"DoorA": doors["DoorA"]})
    assert "no mount target" in lose(one_door, az="a").effects[0].said
    one_zone = design(network(), {"Files": resource("EFS::FileSystem", AvailabilityZoneName="us-east-1a")})
    assert fates(lose(one_zone, az="a")) == {"Files": "stops"} and not lose(one_zone, az="b").effects


def test_functions_instances_volumes_and_endpoints() -> None:
    clinic = design(
        network(),
        {
            "Outside": resource("Lambda::Function"),
            "Inside": resource("Lambda::Function", VpcConfig={"SubnetIds": [ref("PrivateA")]}),
            "Both": resource("Lambda::Function", VpcConfig={"SubnetIds": private()}),
            "Server": resource("EC2::Instance", SubnetId=ref("PublicA")),
            "Disk": resource("EC2::Volume", AvailabilityZone={"Fn::GetAtt": ["Server", "AvailabilityZone"]}, Size=8),
            "Door": resource(
                "EC2::VPCEndpoint", VpcEndpointType="Interface", SubnetIds=[ref("PrivateA")], VpcId=ref("Vpc")
            ),
            "Table": resource("DynamoDB::Table"),
        },
    )
    loss = lose(clinic, az="a")
    assert {"Inside", "Server", "Door"} <= {each.label for each in loss.stops}
    assert "Outside" in loss.regional and "Table" in loss.regional and "Both" in loss.stands
    assert not {"Inside", "Server", "Door"} & set(fates(lose(clinic, az="b")))


def test_instances_behind_one_load_balancer_stand_in_for_each_other() -> None:
    parts = front()
    parts["Targets"]["Properties"]["Targets"] = [{"Id": ref("One")}, {"Id": ref("Two")}]
    pair = {
        "One": resource("EC2::Instance", SubnetId=ref("PrivateA")),
        "Two": resource("EC2::Instance", SubnetId=ref("PrivateB")),
    }
    assert fates(lose(design(network(), parts, pair), az="a")) == {"One": "degrades"}
    pair["Two"] = resource("EC2::Instance", SubnetId=ref("PrivateA"))
    loss = lose(design(network(), parts, pair), az="a")
    assert fates(loss) == {"One": "stops", "Two": "stops", "Front": "cut off"}


def test_a_network_load_balancer_stays_within_its_zones_unless_told() -> None:
    """Its node in a is lost; the one in b has no target of its own zone, and asks no other unless cross-zone is on."""

    def door(kind: str = "network", group: str = "", **attributes: str) -> Loss:
        given = [{"Key": "load_balancing.cross_zone.enabled", "Value": value} for value in attributes.values()]
        parts = front(2, Type=kind, LoadBalancerAttributes=given)
        parts["Targets"]["Properties"]["Targets"] = [{"Id": ref("One")}]
        if group:
            parts["Targets"]["Properties"]["TargetGroupAttributes"] = [
                {"Key": "load_balancing.cross_zone.enabled", "Value": group}
            ]
        server = {"One": resource("EC2::Instance", SubnetId=ref("PrivateC"))}
        return lose(design(network(3), parts, server), az="a")

    assert fates(door()) == {"Front": "stops"} and "cross_zone_enabled" in door().effects[0].change
    assert not door(on="true").effects
    assert not door(group="true").effects
    assert not door("application").effects
    assert fates(door("application", group="false")) == {"Front": "stops"}


def test_other_stores_in_one_zone() -> None:
    """Search, warehouses, brokers and files: alone in a zone unless told otherwise."""
    lonely = {
        "Search": resource("OpenSearchService::Domain", VPCOptions={"SubnetIds": [ref("PrivateA")]}),
        "Warehouse": resource("Redshift::Cluster", AvailabilityZone="us-east-1a"),
        "Share": resource("FSx::FileSystem", FileSystemType="WINDOWS", SubnetIds=[ref("PrivateA")]),
        "Mq": resource("AmazonMQ::Broker", DeploymentMode="SINGLE_INSTANCE", SubnetIds=[ref("PrivateA")]),
    }
    loss = lose(design(network(), lonely), az="a")
    assert fates(loss) == dict.fromkeys(lonely, "stops")
    aware = {"ZoneAwarenessEnabled": True, "ZoneAwarenessConfig": {"AvailabilityZoneCount": 2}, "InstanceCount": 4}
    spread = {
        "Search": resource("OpenSearchService::Domain", ClusterConfig=aware, VPCOptions={"SubnetIds": private()}),
        "Brokers": resource("MSK::Cluster", NumberOfBrokerNodes=4, BrokerNodeGroupInfo={"ClientSubnets": private()}),
        "Share": resource(
            "FSx::FileSystem", WindowsConfiguration={"DeploymentType": "MULTI_AZ_1"}, SubnetIds=private()
        ),
    }
    assert fates(lose(design(network(), spread), az="a")) == {
        "Share": "interrupted",
        "Search": "degrades",
        "Brokers": "degrades",
    }


def test_zones_nobody_can_name_are_told_apart() -> None:
    """By index where the Region is a parameter, by name where CDK made them up, by parameter where they are given."""
    for first, second in (
        ({"Fn::Select": [0, {"Fn::GetAZs": ref("Where")}]}, {"Fn::Select": [1, {"Fn::GetAZs": ref("Where")}]}),
        ("dummy1a", "dummy1b"),
        (ref("ZoneOne"), ref("ZoneTwo")),
        ({"Fn::Sub": "${Where}a"}, {"Fn::Sub": "${Where}b"}),
    ):
        body = template(network(gateways=2), {"Servers": servers(desired=2)}).body
        for letter, zone in (("A", first), ("B", second)):
            for kind in ("Public", "Private"):
                body["Resources"][f"{kind}{letter}"]["Properties"]["AvailabilityZone"] = zone
        body["Parameters"] = {name: {"Type": "String"} for name in ("Where", "ZoneOne", "ZoneTwo")}
        clinic = Template(body).design()
        loss = lose(clinic, az="a")
        assert fates(loss) == {"Servers": "degrades"}, loss
        assert loss.effects[0].after == 1
        assert lose(clinic, az="1").lost == loss.lost != lose(clinic, az="2").lost
        assert survives(clinic)


def test_subnets_of_another_stack_make_the_answer_depend() -> None:
    subnets = {"Fn::Split": [",", {"Fn::ImportValue": "Subnets"}]}
    group = resource("AutoScaling::AutoScalingGroup", VPCZoneIdentifier=subnets, MinSize="2", MaxSize="4")
    loss = lose(design({"Servers": group}), az="a")
    assert loss.survives is None and "Subnets" in loss.effects[0].depends[0]


def test_a_network_that_was_looked_up_has_zones_nobody_knows() -> None:
    """Two subnets known by id only: one of them may be in the lost zone, and no two are taken for the same."""
    looked_up = ["subnet-11111111", "subnet-22222222"]
    group = resource("AutoScaling::AutoScalingGroup", VPCZoneIdentifier=looked_up, MinSize="2", MaxSize="4")
    lonely = resource("EC2::Instance", SubnetId="subnet-11111111")
    standby = resource("RDS::DBInstance", DBSubnetGroupName="theirs", MultiAZ=True)
    clinic = design({"Servers": group, "Server": lonely, "Db": standby})
    for loss in (lose(clinic, az="a"), survives(clinic).losses[0]):
        assert fates(loss) == {"Server": "stops", "Servers": "degrades", "Db": "interrupted"}
        assert loss.survives is None and "the zone of subnet-11111111" in loss.effects[0].depends
        servers_lost = next(each for each in loss.effects if each.label == "Servers")
        assert servers_lost.after == 1 and "of subnet-22222222" in servers_lost.depends[0]
    assert not survives(clinic)
    assert survives(design({"Servers": group, "Db": standby}))


def test_an_empty_network_only_loses_its_subnets() -> None:
    loss = lose(design(network()), az="a")
    assert loss and loss.gone == ("PublicA", "PrivateA", "NatA")
    assert loss.because == "Yes, nothing here stops or gets less when us-east-1a is lost."


def test_losing_a_resource_by_name() -> None:
    behind = {"Servers": servers(desired=4, TargetGroupARNs=[ref("Targets")])}
    clinic = design(network(), front(), behind, {"Notes": resource("S3::Bucket")})
    assert fates(lose(clinic, resource="Servers")) == {"Servers": "degrades"}
    assert lose(clinic, resource="Servers").effects[0].after == 3
    assert lose(clinic, resource="Front").because == "No, nothing takes over from Front."
    assert fates(lose(clinic, resource="Notes")) == {"Notes": "stops"}
    subnet = lose(clinic, resource="PrivateA")
    assert fates(subnet)["Servers"] == "degrades"
    with pytest.raises(Usage, match=r"names nothing in this design; ask lose with one of .*Servers"):
        lose(clinic, resource="Nobody")


def test_a_mistyped_zone_lists_those_there_are() -> None:
    with pytest.raises(Usage, match=r"us-east-1a, us-east-1b; ask lose az a"):
        lose(design(network()), az="nowhere")
    with pytest.raises(Usage, match="ask lose az a"):
        lose(design(network()))


def test_the_region() -> None:
    clinic = design(
        network(),
        database(MultiAZ=True),
        {
            "Table": resource("DynamoDB::GlobalTable", Replicas=[{"Region": "us-east-1"}, {"Region": "eu-west-1"}]),
            "Servers": servers(),
            "Role": resource("IAM::Role", AssumeRolePolicyDocument={}),
        },
    )
    loss = lose(clinic, region=True)
    assert loss.survives is False
    assert fates(loss) == {"Db": "stops", "the rest": "stops", "Table": "degrades"}
    assert "eu-west-1" in next(each for each in loss.effects if each.label == "Table").said
    assert loss.everywhere == ("Role",)
    assert lose(design({"Role": resource("IAM::Role", AssumeRolePolicyDocument={})}), region=True).survives


def test_copies_in_another_region() -> None:
    far = {"Bucket": "arn:aws:s3:::far-away", "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}
    stores = {
        "Db": resource("RDS::DBInstance", Engine="mysql", AutomaticBackupReplicationRegion="eu-west-1"),
        "Aurora": resource("RDS::DBCluster", Engine="aurora-mysql", GlobalClusterIdentifier="world"),
        "Cache": resource("ElastiCache::ReplicationGroup", NumCacheClusters=1, GlobalReplicationGroupId="world"),
        "Notes": resource(
            "S3::Bucket", ReplicationConfiguration={"Rules": [{"Status": "Enabled", "Destination": far}]}
        ),
        "Files": resource("EFS::FileSystem", ReplicationConfiguration={"Destinations": [{"Region": "eu-west-1"}]}),
        "Alone": resource("S3::Bucket"),
    }
    loss = lose(design(stores), region=True)
    assert fates(loss) == dict.fromkeys(stores, "degrades") | {"Alone": "stops"}
    said = {each.label: each.said for each in loss.effects}
    assert "eu-west-1" in said["Db"] and "15 minutes" in said["Files"] and "99.99 percent" in said["Notes"]
    assert "within a second" in said["Aurora"] and "promote" in said["Cache"]


def test_what_stands_in_every_region_leads_to_this_one() -> None:
    origin = {"Id": "site", "DomainName": {"Fn::GetAtt": ["Site", "RegionalDomainName"]}}
    alias = {"DNSName": {"Fn::GetAtt": ["Cdn", "DomainName"]}, "HostedZoneId": "Z2FDTNDATAQYW2"}
    page = {
        "Site": resource("S3::Bucket"),
        "Cdn": resource("CloudFront::Distribution", DistributionConfig={"Origins": [origin], "Enabled": True}),
        "Www": resource("Route53::RecordSet", Name="www.example.org", Type="A", AliasTarget=alias),
        "Zone": resource("Route53::HostedZone", Name="example.org"),
    }
    loss = lose(design(page), region=True)
    assert fates(loss) == {"Site": "stops", "Cdn": "cut off", "Www": "cut off"} and loss.everywhere == ("Zone",)


def test_recovery_points_follow_the_backups() -> None:
    def point(**parts: Any) -> int | None:
        goals = objectives(design(network(), parts))
        return goals[0].mistake_seconds

    five_minutes, day = 300, 86400
    assert point(Db=resource("RDS::DBInstance", Engine="mysql", BackupRetentionPeriod=7)) == five_minutes
    assert point(Db=resource("RDS::DBInstance", Engine="mysql")) == five_minutes, "one day is the default"
    assert point(Db=resource("RDS::DBInstance", Engine="mysql", BackupRetentionPeriod=0)) is None
    on = {"PointInTimeRecoveryEnabled": True}
    assert point(Table=resource("DynamoDB::Table", PointInTimeRecoverySpecification=on)) == five_minutes
    assert point(Table=resource("DynamoDB::Table")) is None
    assert point(Notes=resource("S3::Bucket", VersioningConfiguration={"Status": "Enabled"})) == 0
    assert point(Files=resource("EFS::FileSystem", BackupPolicy={"Status": "ENABLED"})) == day
    assert point(Files=resource("EFS::FileSystem")) is None
    assert point(Files=resource("EFS::FileSystem", AvailabilityZoneName="us-east-1a")) == day, "on for One Zone"
    rule = {"RuleName": "daily", "ScheduleExpression": "cron(0 5 * * ? *)", "TargetBackupVault": "v"}
    away = {"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:123456789012:backup-vault:far"}
    plan = {"BackupPlanName": "p", "BackupPlanRule": [rule | {"CopyActions": [away]}]}
    kept = {
        "Disk": resource("EC2::Volume", AvailabilityZone="us-east-1a", Size=8),
        "Plan": resource("Backup::BackupPlan", BackupPlan=plan),
        "Chosen": resource(
            "Backup::BackupSelection",
            BackupPlanId=ref("Plan"),
            BackupSelection={
                "SelectionName": "s",
                "IamRoleArn": "r",
                "Resources": [{"Fn::Sub": "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:volume/${Disk}"}],
            },
        ),
    }
    assert point(**kept) == day
    assert "eu-west-1" in objectives(design(network(), kept))[0].region_copy
    hourly = rule | {"ScheduleExpression": "rate(1 hour)"}
    kept["Plan"]["Properties"]["BackupPlan"]["BackupPlanRule"] = [hourly]
    assert point(**kept) == 3600
    standby = objectives(design(network(), database(MultiAZ=True)))[0]
    assert standby.zone_rpo.startswith("0") and "60 to 120" in standby.rto


def test_one_device_at_the_far_end_of_the_vpn() -> None:
    far = {
        "Far": resource("EC2::CustomerGateway", IpAddress="198.51.100.7", BgpAsn=65010, Type="ipsec.1"),
        "Vpn": resource("EC2::VPNConnection", CustomerGatewayId=ref("Far"), Type="ipsec.1"),
    }
    assert [each.label for each in single_points(design(far))] == ["Far"]


def test_one_task_heals_after_an_interruption() -> None:
    service = resource(
        "ECS::Service", NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": private()}}, TaskDefinition="t"
    )
    points = single_points(design(network(), {"Worker": service}))
    assert [(each.label, each.heals, each.change) for each in points] == [("Worker", True, "desired_count=2")]
    assert survives(design(network(), {"Worker": service}))


def test_the_questions_a_learner_asks() -> None:
    clinic = template(network(gateways=1), {"Servers": servers()}, database(MultiAZ=True))
    assert ask(clinic, ["lose", "az", "b"]).holds is True
    no = ask(clinic, ["lose", "az", "us-east-1a"])
    assert no.holds is False and no.points[0].about == "NatA stops" and no.points[0].change
    assert ask(clinic, ["lose", "Db"]).sentence.startswith("Yes, after an interruption")
    assert ask(clinic, ["lose", "region"]).holds is False
    weak = ask(clinic, ["lose"])
    assert weak.sentence == "This design has 1 single point of failure." and weak.points[0].about == "NatA"
    with pytest.raises(Usage, match="ask lose az a"):
        ask(clinic, ["lose", "az"])
    with pytest.raises(Usage, match="lose az a"):
        ask(clinic, ["lose", "Db", "Servers"])


def test_a_check_can_ask_it_too() -> None:
    clinic = design(network(), {"Servers": servers()})
    deployed: Any = SimpleNamespace(design=clinic, client=None)
    assert Stack(deployed).survives_loss_of_az()
    deployed.design = design(network(gateways=1), {"Servers": servers()})
    answer = Stack(deployed).survives_loss_of_az()
    assert not answer and "NatA" in answer.because


def test_every_fact_has_its_page_and_its_day() -> None:
    for name in _facts():
        told = fact(name)
        assert told.says and told.source.startswith(("https://docs.aws.amazon.com/", "https://aws.amazon.com/"))
        assert told.checked_on == "2026-11-22"


@pytest.mark.parametrize("values", [None, 7, "x", {"A": 1}, [None], [{"B": []}], {"Ref": "Parameter"}])
def test_nothing_crashes_on_what_cloudformation_accepts(values: Any) -> None:
    from preflight.analysis.losses import RULES
    from preflight.analysis.recovery import STORES

    listed = """
        VPCZoneIdentifier SubnetIds Subnets SubnetId SubnetMappings NetworkConfiguration VpcConfig VPCOptions
        DesiredCapacity MinSize DesiredCount MultiAZ NumCacheClusters ClusterConfig BrokerNodeGroupInfo Replicas
        LifecycleConfiguration LoadBalancerAttributes Targets AvailabilityZone Engine BackupRetentionPeriod
        DBSubnetGroupName ReplicationConfiguration Tags ScalingConfig NetworkInterfaces PreferredCacheClusterAZs
        ComputeResources AvailabilityZones VersioningConfiguration PointInTimeRecoverySpecification
        SourceDBInstanceIdentifier DBClusterIdentifier FileSystemId AvailabilityZoneDistribution BackupPolicy
    """
    names = listed.split()
    body = {kind: {"Type": kind, "Properties": dict.fromkeys(names, values)} for kind in {*RULES, *STORES}}
    parts = {kind.replace("::", ""): each for kind, each in body.items()}
    broken = Template({"Resources": parts, "Parameters": {"Parameter": {"Type": "String"}}}).design()
    lose(broken, az="a")
    lose(broken, region=True)
    single_points(broken)
    objectives(broken)
    for name in parts:
        lose(broken, resource=name)
    empty = Template({"Resources": {}}).design()
    assert survives(empty) and lose(empty, az="a") and not single_points(empty)


# laws


@st.composite
def clinics(draw: st.DrawFn) -> tuple[int, Resources]:
    """A design over some zones, each part over some of them."""
    zones = draw(st.integers(2, 4))
    parts = network(zones, draw(st.integers(0, zones)))
    some = st.lists(st.integers(0, zones - 1), min_size=1, unique=True)

    def subnets() -> list[dict[str, str]]:
        return [ref(f"Private{'ABCDEF'[index]}") for index in draw(some)]

    if draw(st.booleans()):
        parts["Servers"] = resource(
            "AutoScaling::AutoScalingGroup",
            VPCZoneIdentifier=subnets(),
            MinSize=str(draw(st.integers(0, 6))),
            MaxSize="10",
        )
    if draw(st.booleans()):
        parts["Group"] = resource("RDS::DBSubnetGroup", SubnetIds=subnets(), DBSubnetGroupDescription="-")
        parts["Db"] = resource("RDS::DBInstance", DBSubnetGroupName=ref("Group"), MultiAZ=draw(st.booleans()))
    if draw(st.booleans()):
        parts["Server"] = resource("EC2::Instance", SubnetId=subnets()[0])
    if draw(st.booleans()):
        parts["Worker"] = resource("Lambda::Function", VpcConfig={"SubnetIds": subnets()})
    if draw(st.booleans()):
        parts |= front()
        parts["Front"]["Properties"]["Subnets"] = subnets()
    return zones, parts


@settings(max_examples=60, deadline=None)
@given(clinics())
def test_a_zone_in_which_nothing_stands_changes_nothing(made: tuple[int, Resources]) -> None:
    assert not lose(design(made[1]), az="us-east-1f").effects


@settings(max_examples=60, deadline=None)
@given(clinics())
def test_with_all_its_zones_everything_zonal_stops(made: tuple[int, Resources]) -> None:
    """And with all but some, whatever stands in these only."""
    zones, parts = made
    loss = lose(design(parts), az=["a", "b", "c", "d"][:zones])
    stopped = {each.label for each in loss.stops}
    for name in ("Db", "Server", "Worker", "Front", "Servers"):
        least = parts.get(name, {}).get("Properties", {}).get("MinSize")
        if name in parts and least != "0":
            assert name in stopped, name


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(1, 9), st.booleans())
def test_another_zone_never_makes_a_group_worse(zones: int, desired: int, lost_first: bool) -> None:
    before = design(network(4), {"Servers": servers(zones, 1, desired)})
    after = design(network(4), {"Servers": servers(zones + 1, 1, desired)})
    rank = ["stops", "interrupted", "degrades"]
    letter = "a" if lost_first else "abc"[zones - 1]
    one = next(each for each in lose(before, az=letter).effects if each.label == "Servers")
    other = next(each for each in lose(after, az=letter).effects if each.label == "Servers")
    assert rank.index(other.fate) >= rank.index(one.fate)
    assert (other.after or 0) >= (one.after or 0)


@settings(max_examples=40, deadline=None)
@given(clinics(), st.randoms(use_true_random=False))
def test_the_order_of_a_template_never_matters(made: tuple[int, Resources], order: Any) -> None:
    names = list(made[1])
    order.shuffle(names)
    one, other = lose(design(made[1]), az="a"), lose(design({name: made[1][name] for name in names}), az="a")
    assert fates(one) == fates(other) and one.survives == other.survives


@settings(max_examples=40, deadline=None)
@given(clinics())
def test_more_zones_lost_are_never_better(made: tuple[int, Resources]) -> None:
    clinic = design(made[1])
    one, both = lose(clinic, az="a"), lose(clinic, az=["a", "b"])
    for name in ("Db", "Server", "Worker", "Front"):
        if name in {each.label for each in one.of("stops")}:
            assert name in {each.label for each in both.of("stops", "cut off")}


def test_two_hundred_resources_are_answered_at_once() -> None:
    parts = network(3)
    for index in range(25):
        group = {"Group": resource("RDS::DBSubnetGroup", SubnetIds=private(3), DBSubnetGroupDescription="-")}
        one = {**group, **front(3), "Servers": servers(3, TargetGroupARNs=[ref("Targets")])}
        one |= {"Db": database(3, MultiAZ=True)["Db"], "Table": resource("DynamoDB::Table")}
        for name, each in one.items():
            parts[f"{name}{index}"] = _renamed(each, set(one), str(index))
    large = template(parts).design()
    assert len(large.resources) >= 200
    lose(large, az="a")
    began = time.perf_counter()
    lose(large, az="a")
    assert time.perf_counter() - began < 0.25, "a fifth of this is what it takes on an idle machine"


def _renamed(value: Any, names: set[str], suffix: str) -> Any:
    if isinstance(value, dict):
        if set(value) == {"Ref"} and value["Ref"] in names:
            return {"Ref": value["Ref"] + suffix}
        return {key: _renamed(each, names, suffix) for key, each in value.items()}
    return [_renamed(each, names, suffix) for each in value] if isinstance(value, list) else value
