"""What a service's API takes and forgets is told all the same, until it is no longer declared."""

from __future__ import annotations


def test_a_kept_property_is_told_and_forgotten(bench):
    ec2 = bench.client("ec2")
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    declared = {"VpcId": vpc, "CidrBlock": "10.0.0.0/24"}
    options = {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": True}
    subnet = bench.make("AWS::EC2::Subnet", "S", EnableDns64=True, PrivateDnsNameOptionsOnLaunch=options, **declared)
    assert (subnet.unapplied, bench.lost(subnet)) == ((), set())

    plain = bench.change(subnet, **declared)
    told = ec2.describe_subnets(SubnetIds=[plain.ref])["Subnets"][0]
    assert not told.get("EnableDns64")


def test_what_the_record_has_no_place_for_stays_unapplied(bench):
    office = {"Type": "ipsec.1", "IpAddress": "198.51.100.7", "BgpAsn": 65001}
    made = bench.make("AWS::EC2::CustomerGateway", "Office", DeviceName="box", **office)
    assert made.unapplied == ()
    group = {"MinSize": "0", "MaxSize": "0", "AvailabilityZones": ["us-east-1a"], "SkipZonalShiftValidation": True}
    image = bench.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    template = bench.make(
        "AWS::EC2::LaunchTemplate", "T", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )
    by = {"LaunchTemplateId": template.ref, "Version": "1"}
    made = bench.make("AWS::AutoScaling::AutoScalingGroup", "G", LaunchTemplate=by, **group)
    assert made.unapplied == ("SkipZonalShiftValidation",)
