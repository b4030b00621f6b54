"""Web ACLs and what they refer to are kept as they are told; capacity, scope and names are judged as AWS WAF does."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "acl"}
MANAGED = {
    "Name": "common",
    "Priority": 1,
    "OverrideAction": {"None": {}},
    "Statement": {
        "ManagedRuleGroupStatement": {
            "VendorName": "AWS",
            "Name": "AWSManagedRulesCommonRuleSet",
            "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}],
        }
    },
    "VisibilityConfig": SEEN,
}
RATE = {
    "Name": "rate",
    "Priority": 2,
    "Action": {"Block": {"CustomResponse": {"ResponseCode": 429, "CustomResponseBodyKey": "slow"}}},
    "Statement": {
        "RateBasedStatement": {
            "Limit": 2000,
            "AggregateKeyType": "IP",
            "ScopeDownStatement": {
                "ByteMatchStatement": {
                    "SearchString": "/login",
                    "FieldToMatch": {"UriPath": {}},
                    "PositionalConstraint": "STARTS_WITH",
                    "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}],
                }
            },
        }
    },
    "VisibilityConfig": SEEN,
}
GEO = {
    "Name": "geo",
    "Priority": 3,
    "Action": {"Count": {}},
    "Statement": {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["DE", "FR"]}}}},
    "VisibilityConfig": SEEN,
}
ACL: dict[str, Any] = {
    "Name": "guard",
    "Scope": "REGIONAL",
    "Description": "in front of the clinic",
    "DefaultAction": {"Allow": {}},
    "VisibilityConfig": SEEN,
    "CustomResponseBodies": {"slow": {"ContentType": "TEXT_PLAIN", "Content": "slow down"}},
    "Rules": [MANAGED, RATE, GEO],
}
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"


def test_a_web_acl_in_front_of_a_load_balancer(bench):
    client = bench.client("wafv2")
    made = bench.make("AWS::WAFv2::WebACL", **ACL, Tags=TAGS)
    # empty structures are all there is to count, allow and none
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made.ref == f"guard|{made['Id']}|REGIONAL"
    assert (made["Capacity"], made["LabelNamespace"]) == (700 + 2 + 2 + 10 + 2, "awswaf:123456789012:webacl:guard:")
    told = client.get_web_acl(Name="guard", Scope="REGIONAL", Id=made["Id"])["WebACL"]
    assert told["Rules"][0]["OverrideAction"] == {"None": {}}
    changed = bench.change(made, **{**ACL, "DefaultAction": {"Block": {}}, "Rules": [RATE]})
    assert (changed.unapplied, bench.lost(changed), changed["Capacity"]) == ((), set(), 14)
    assert client.get_web_acl(Name="guard", Scope="REGIONAL", Id=made["Id"])["WebACL"]["DefaultAction"] == {"Block": {}}

    guard = bench.make("AWS::WAFv2::WebACLAssociation", "G", ResourceArn=BALANCER, WebACLArn=made["Arn"])
    assert (guard.unapplied, bench.lost(guard)) == ((), set())
    assert client.list_resources_for_web_acl(WebACLArn=made["Arn"])["ResourceArns"] == [BALANCER]
    with pytest.raises(ClientError, match="WAFAssociatedItemException"):
        bench.delete(changed)
    logs = {"ResourceArn": made["Arn"], "LogDestinationConfigs": ["arn:aws:s3:::aws-waf-logs-clinic"]}
    logging = bench.make(
        "AWS::WAFv2::LoggingConfiguration", "L", **logs, RedactedFields=[{"SingleHeader": {"Name": "authorization"}}]
    )
    assert (logging.unapplied, bench.lost(logging)) == ((), set())
    for thing in (logging, guard, changed, logging, guard, changed):
        bench.delete(thing)
    assert client.list_web_acls(Scope="REGIONAL")["WebACLs"] == []


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("IPSet", {"IPAddressVersion": "IPV4", "Addresses": ["192.0.2.0/24"]}, {"Addresses": ["198.51.100.0/24"]}),
    ("RegexPatternSet", {"RegularExpressionList": ["^bad", "worse$"]}, {"RegularExpressionList": ["^good"]}),
    (
        "RuleGroup",
        {"Capacity": 20, "VisibilityConfig": SEEN, "Rules": [GEO]},
        {"Rules": [{**GEO, "Priority": 7}], "Description": "elsewhere"},
    ),
]


@pytest.mark.parametrize(("kind", "declared", "change"), CASES, ids=[each[0] for each in CASES])
def test_what_rules_refer_to(bench, kind, declared, change):
    made = bench.make(f"AWS::WAFv2::{kind}", "Set", Scope="REGIONAL", Description="some", **declared, Tags=TAGS)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made.ref.startswith("Lab1-Set-")
    assert ":regional/" in made["Arn"]
    changed = bench.change(made, **{"Scope": "REGIONAL", "Description": "some", **declared, **change})
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    bench.delete(changed)
    bench.delete(changed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Rules": [RATE, {**GEO, "Priority": 2}]}, "RULE_PRIORITY"),
        ({"Rules": [{**GEO, "Action": {}}]}, "required field is missing"),
        ({"Name": "taken"}, "WAFDuplicateItemException"),
        ({"Rules": [{**MANAGED, "Name": f"m{each}", "Priority": each} for each in range(8)]}, "WAFLimitsExceeded"),
    ],
)
def test_what_waf_refuses(bench, change, said):
    bench.make("AWS::WAFv2::WebACL", "Taken", **{**ACL, "Name": "taken"})
    with pytest.raises(ClientError, match=said):
        bench.make("AWS::WAFv2::WebACL", **{**ACL, **change})


def test_cloudfronts_scope_is_of_one_region(bench):
    bench.region = "eu-west-1"
    with pytest.raises(ClientError, match="The scope is not valid"):
        bench.make("AWS::WAFv2::WebACL", **{**ACL, "Scope": "CLOUDFRONT"})
    bench.region = "us-east-1"
    made = bench.make("AWS::WAFv2::WebACL", **{**ACL, "Scope": "CLOUDFRONT"})
    assert ":global/webacl/guard/" in made["Arn"]
    with pytest.raises(ClientError, match="WAFNonexistentItemException"):
        bench.make("AWS::WAFv2::WebACLAssociation", "G", ResourceArn=BALANCER, WebACLArn=made["Arn"])
    with pytest.raises(ClientError, match="isn't valid"):
        bench.make(
            "AWS::WAFv2::LoggingConfiguration", ResourceArn=made["Arn"], LogDestinationConfigs=["arn:aws:s3:::logs"]
        )


def test_a_web_acl_has_the_rules_it_declares_and_no_others(bench):
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "all"}
    plain = {"Name": "clinic", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": seen}
    rule = {
        "Name": "home",
        "Priority": 1,
        "Action": {"Count": {}},
        "Statement": {"GeoMatchStatement": {"CountryCodes": ["IE"]}},
        "VisibilityConfig": seen,
    }
    acl = bench.make("AWS::WAFv2::WebACL", **plain)
    told = {"Name": "clinic", "Id": acl["Id"], "Scope": "REGIONAL"}

    def facts():
        return bench.client("wafv2").get_web_acl(**told)["WebACL"]

    assert (facts()["Rules"], "PreProcessFirewallManagerRuleGroups" in facts()) == ([], False)
    ruled = bench.change(acl, **plain, Description="for a while", Rules=[rule], TokenDomains=["clinic.example"])
    assert (ruled.unapplied, bench.lost(ruled)) == ((), set())
    bench.change(ruled, **plain)
    assert facts()["Rules"] == []
    assert not {"Description", "TokenDomains"} & set(facts())
