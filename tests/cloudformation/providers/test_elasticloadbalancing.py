"""The classic load balancer is made, changes in place and goes."""

from __future__ import annotations

LISTENER = {"LoadBalancerPort": "80", "InstancePort": "8080", "Protocol": "HTTP", "InstanceProtocol": "HTTP"}


def test_a_classic_load_balancer(bench):
    ec2, elb = bench.client("ec2"), bench.client("elb")
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    subnet = bench.make("AWS::EC2::Subnet", "S", VpcId=vpc, CidrBlock="10.0.0.0/24").ref
    walls = [bench.make("AWS::EC2::SecurityGroup", n, VpcId=vpc, GroupDescription="w").ref for n in ("One", "Two")]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    server = bench.make("AWS::EC2::Instance", "I", ImageId=image, InstanceType="t3.micro", SubnetId=subnet).ref
    declared = {"Listeners": [LISTENER], "Subnets": [subnet], "Scheme": "internal"}
    made = bench.make(
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "Elb",
        SecurityGroups=walls[:1],
        Instances=[server],
        CrossZone=True,
        ConnectionSettings={"IdleTimeout": 77},
        HealthCheck={
            "Target": "HTTP:80/",
            "Interval": "31",
            "Timeout": "6",
            "HealthyThreshold": "3",
            "UnhealthyThreshold": "4",
        },
        Tags=[{"Key": "Name", "Value": "clinic"}],
        **declared,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["DNSName"]
    changed = bench.change(made, SecurityGroups=walls[1:], CrossZone=False, **declared)
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (made.ref, (), set())
    assert elb.describe_load_balancers()["LoadBalancerDescriptions"][0]["Instances"] == []
    bench.delete(changed)
    bench.delete(changed)
    assert elb.describe_load_balancers()["LoadBalancerDescriptions"] == []
