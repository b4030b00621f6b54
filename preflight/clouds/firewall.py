"""What AWS WAF computes and refuses: the capacity a web ACL takes, its scope, and what still refers to it.

Capacities: https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html,
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html and the pages of the rule
statements beside them, checked_on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Refusal = tuple[str, str]

MANAGED = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100,
    "AWSManagedRulesWordPressRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
    "AWSManagedRulesATPRuleSet": 50,
    "AWSManagedRulesACFPRuleSet": 50,
    "AWSManagedRulesAntiDDoSRuleSet": 50,
}
MOST = 5000

# https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html, checked_on 2026-11-22: an update
# "completely replaces the mutable specifications"
MUTABLE = (
    "Rules Description CustomResponseBodies CaptchaConfig ChallengeConfig TokenDomains AssociationConfig "
    "DataProtectionConfig OnSourceDDoSProtectionConfig ApplicationConfig"
)


def complete(record: dict[str, Any]) -> None:
    """Say what a web ACL or rule group takes, and what its labels begin with."""
    kind = "webacl" if "DefaultAction" in record else "rulegroup"
    record.setdefault("Rules", [])
    record["Capacity"] = record["Capacity"] if kind == "rulegroup" else capacity(record.get("Rules") or ())
    record["LabelNamespace"] = f"awswaf:{record['ARN'].split(':')[4]}:{kind}:{record['Name']}:"
    record["NextLockToken"] = record["LockToken"]


def refuse(operation: str, record: Mapping[str, Any], region: str) -> Refusal | None:
    """AWS WAF's error for what it does not take, as code and message."""
    if record.get("Scope") == "CLOUDFRONT" and region != "us-east-1":
        return "WAFInvalidParameterException", (
            "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT"
        )
    if "web_acl" in operation and capacity(record.get("Rules") or ()) > MOST:
        return "WAFLimitsExceededException", (
            "AWS WAF couldn't perform the operation because you exceeded your resource limit."
        )
    rules = record.get("Rules") or ()
    for taken in ("Name", "Priority"):
        told = [each.get(taken) for each in rules]
        if len(told) != len(set(told)):
            field = "RULE_NAME" if taken == "Name" else "RULE_PRIORITY"
            return "WAFInvalidParameterException", (
                f"Error reason: You have used duplicate values., field: {field}, parameter: {taken}"
            )
    for rule in rules:
        whole = {"ManagedRuleGroupStatement", "RuleGroupReferenceStatement"} & set(rule.get("Statement", {}))
        if bool(whole) == bool(rule.get("Action")):
            said = "OverrideAction" if whole else "Action"
            return "WAFInvalidParameterException", (
                f"Error reason: A required field is missing from the parameter., field: RULE, parameter: {said}"
            )
    return None


def web_acl_of(asked: Mapping[str, Any], shelf: Mapping[str, Mapping[Any, Any]]) -> dict[str, Any]:
    """The web ACL that guards a resource."""
    guards = [each["WebACLArn"] for each in _associations(shelf) if each["ResourceArn"] == asked["ResourceArn"]]
    acls = shelf.get("wafv2 create_web_acl", {}).values()
    return next(({"WebACL": each} for each in acls if each["ARN"] in guards), {})


def resources_of(asked: Mapping[str, Any], shelf: Mapping[str, Mapping[Any, Any]]) -> dict[str, Any]:
    """The resources a web ACL guards; without a type, the load balancers."""
    word = _RESOURCES.get(str(asked.get("ResourceType", "APPLICATION_LOAD_BALANCER")), ":")
    guarded = [each["ResourceArn"] for each in _associations(shelf) if each["WebACLArn"] == asked["WebACLArn"]]
    return {"ResourceArns": [each for each in guarded if word in each]}


_RESOURCES = {
    "APPLICATION_LOAD_BALANCER": ":loadbalancer/app/",
    "API_GATEWAY": ":apigateway:",
    "APPSYNC": ":appsync:",
    "COGNITO_USER_POOL": ":cognito-idp:",
    "APP_RUNNER_SERVICE": ":apprunner:",
    "VERIFIED_ACCESS_INSTANCE": ":verified-access-instance/",
    "AMPLIFY": ":amplify:",
}


def _associations(shelf: Mapping[str, Mapping[Any, Any]]) -> list[Mapping[str, Any]]:
    return list(shelf.get("wafv2 associate_web_acl", {}).values())


def capacity(rules: Any) -> int:
    """The capacity units that rules take together."""
    return sum(_of_statement(rule.get("Statement", {})) for rule in rules)


def _of_statement(statement: Mapping[str, Any]) -> int:
    for kind, told in statement.items():
        if kind in ("AndStatement", "OrStatement"):
            return 1 + sum(_of_statement(each) for each in told.get("Statements", ()))
        if kind == "NotStatement":
            return 1 + _of_statement(told.get("Statement", {}))
        if kind == "RateBasedStatement":
            keys = 30 * len(told.get("CustomKeys") or ())
            return 2 + keys + _of_statement(told.get("ScopeDownStatement") or {})
        if kind == "ManagedRuleGroupStatement":
            down = told.get("ScopeDownStatement")
            return MANAGED.get(str(told.get("Name")), 50) + (_of_statement(down) if down else 0)
        if kind in _PLAIN:
            return _PLAIN[kind] + _of_component(told)
        if kind == "ByteMatchStatement":
            inside = told.get("PositionalConstraint") in ("CONTAINS", "CONTAINS_WORD")
            return (10 if inside else 2) + _of_component(told)
        if kind == "SqliMatchStatement":
            return (30 if told.get("SensitivityLevel") == "HIGH" else 20) + _of_component(told)
    return 0


def _of_component(told: Mapping[str, Any]) -> int:
    """Text transformations cost ten each, and some parts of a request more than others."""
    transformed = [each for each in told.get("TextTransformations") or () if each.get("Type") != "NONE"]
    field = set(told.get("FieldToMatch") or ())
    base = 10 if "AllQueryArguments" in field else 0
    return base + 10 * len(transformed)


_PLAIN = {
    "IPSetReferenceStatement": 1,
    "GeoMatchStatement": 1,
    "AsnMatchStatement": 1,
    "LabelMatchStatement": 1,
    "SizeConstraintStatement": 1,
    "RegexMatchStatement": 3,
    "RegexPatternSetReferenceStatement": 25,
    "XssMatchStatement": 40,
}
