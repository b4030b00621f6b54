"""Smaller governing services keep what they are told: resolver, directories, shares, protections."""

from __future__ import annotations

import json
from typing import Any

import pytest

TAGS = [{"Key": "team", "Value": "triage"}]


def test_names_between_networks(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    subnets = [
        bench.make("AWS::EC2::Subnet", f"S{index}", VpcId=vpc, CidrBlock=f"10.0.{index}.0/24").ref for index in (1, 2)
    ]
    guard = bench.make("AWS::EC2::SecurityGroup", "Sg", VpcId=vpc, GroupDescription="dns")["GroupId"]
    endpoint = bench.make(
        "AWS::Route53Resolver::ResolverEndpoint",
        "Out",
        Name="outwards",
        Direction="OUTBOUND",
        SecurityGroupIds=[guard],
        IpAddresses=[{"SubnetId": each} for each in subnets],
        Tags=TAGS,
    )
    assert (endpoint.unapplied, bench.lost(endpoint)) == ((), set())
    renamed = bench.change(
        endpoint,
        Name="out",
        Direction="OUTBOUND",
        SecurityGroupIds=[guard],
        IpAddresses=[{"SubnetId": each} for each in subnets],
    )
    assert (bench.lost(renamed), renamed.ref) == (set(), endpoint.ref)
    rule = bench.make(
        "AWS::Route53Resolver::ResolverRule",
        "Rule",
        Name="head-office",
        DomainName="office.example.",
        RuleType="FORWARD",
        ResolverEndpointId=endpoint.ref,
        TargetIps=[{"Ip": "192.0.2.53", "Port": "53"}],
        Tags=TAGS,
    )
    assert (rule.unapplied, bench.lost(rule)) == ((), set())
    inside = bench.make(
        "AWS::Route53Resolver::ResolverRuleAssociation", "In", ResolverRuleId=rule.ref, VPCId=vpc, Name="here"
    )
    assert (inside.unapplied, bench.lost(inside)) == ((), set())
    for thing in (inside, rule, renamed, inside, rule, renamed):
        bench.delete(thing)
    assert bench.client("route53resolver").list_resolver_rules()["ResolverRules"] == []


def test_queries_are_logged(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    group = bench.make("AWS::Logs::LogGroup", "Group", LogGroupName="/dns")["Arn"].removesuffix(":*")
    made = bench.make(
        "AWS::Route53Resolver::ResolverQueryLoggingConfig", "Log", Name="queries", DestinationArn=group, Tags=TAGS
    )
    assert (made.unapplied, bench.lost(made)) == (("Tags",), set())
    kind = "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation"
    there = bench.make(kind, "There", ResolverQueryLogConfigId=made.ref, ResourceId=vpc)
    assert (there.unapplied, bench.lost(there)) == ((), set())
    for thing in (there, made, there, made):
        bench.delete(thing)
    assert bench.client("route53resolver").list_resolver_query_log_configs()["ResolverQueryLogConfigs"] == []


STORE = "d-1234567890"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
FOUND = json.dumps({"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "team", "Values": ["x"]}]})
CASES: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
    (
        "XRay::Group",
        {"GroupName": "slow", "FilterExpression": "responsetime > 5", "Tags": TAGS},
        {"FilterExpression": "responsetime > 9"},
    ),
    ("SecurityHub::Hub", {"ControlFindingGenerator": "SECURITY_CONTROL", "Tags": {"team": "triage"}}, None),
    (
        "InspectorV2::Filter",
        {
            "Name": "quiet",
            "FilterAction": "SUPPRESS",
            "Description": "noise-of-tests",
            "FilterCriteria": {"AwsAccountId": [{"Comparison": "EQUALS", "Value": "111122223333"}]},
        },
        None,
    ),
    ("Macie::Session", {"FindingPublishingFrequency": "ONE_HOUR", "Status": "ENABLED"}, None),
    ("IdentityStore::Group", {"IdentityStoreId": STORE, "DisplayName": "nurses", "Description": "who nurse"}, None),
    (
        "ResourceGroups::Group",
        {
            "Name": "ours",
            "Description": "of-triage",
            "ResourceQuery": {"Type": "TAG_FILTERS_1_0", "Query": json.loads(FOUND)},
            "Tags": TAGS,
        },
        {"Description": "of-all-triage"},
    ),
    (
        "RAM::ResourceShare",
        {"Name": "subnets", "AllowExternalPrincipals": True, "Principals": ["111122223333"]},
        {"Name": "all-subnets"},
    ),
    ("Shield::Protection", {"Name": "web", "ResourceArn": BALANCER, "Tags": TAGS}, None),
    (
        "Signer::SigningProfile",
        {
            "ProfileName": "code",
            "PlatformId": "AWSLambda-SHA384-ECDSA",
            "SignatureValidityPeriod": {"Type": "MONTHS", "Value": 135},
            "Tags": TAGS,
        },
        None,
    ),
]


@pytest.mark.parametrize(("kind", "declared", "change"), CASES, ids=[each[0] for each in CASES])
def test_what_is_kept(bench, kind, declared, change):
    made = bench.make(f"AWS::{kind}", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    if change:
        changed = bench.change(made, **{**declared, **change})
        assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    bench.delete(made)
    bench.delete(made)


def test_who_may_do_what_in_which_account(bench):
    instance = bench.client("sso-admin").list_instances()["Instances"][0]["InstanceArn"]
    reading = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    declared: dict[str, Any] = {"InstanceArn": instance, "Name": "readers", "SessionDuration": "PT2H"}
    policies = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    made = bench.make(
        "AWS::SSO::PermissionSet",
        "Set",
        **declared,
        InlinePolicy=reading,
        ManagedPolicies=policies,
        Description="reads",
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    given = bench.make(
        "AWS::SSO::Assignment",
        "Given",
        InstanceArn=instance,
        PermissionSetArn=made.ref,
        TargetId="111122223333",
        TargetType="AWS_ACCOUNT",
        PrincipalType="GROUP",
        PrincipalId="11111111-0000-0000-0000-000000000000",
    )
    assert (given.unapplied, bench.lost(given)) == ((), set())
    changed = bench.change(made, **declared, Description="only-reads")
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    for thing in (given, changed, given, changed):
        bench.delete(thing)
