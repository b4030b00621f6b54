"""AWS WAF: web ACLs, what their rules refer to, and what they guard; no request is judged by them here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call, refusal


class _Waf(Table):
    """What all of them have in common: found by name, id and scope, and Ref says all three."""

    service = "wafv2"
    tags = Tags(call("tag_resource", ResourceARN="{made.Arn}"), remove=call("untag_resource", ResourceARN="{made.Arn}"))
    ref = "join('|', [Summary.Name, Summary.Id, Scope])"

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The answer does not repeat the scope."""
        return {**super().begin(scope), "Scope": scope.declared.peek("Scope")}

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """WAF wants a pattern set's expressions each in a structure."""
        return _patterns(super().arguments(scope))

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Whoever changes or deletes says which version it has seen."""
        if operation.startswith(("update_", "delete_")) and "Id" in arguments:
            word = operation.partition("_")[2]
            keys = {name: arguments[name] for name in ("Name", "Id", "Scope")}
            token = getattr(scope.context.client("wafv2"), f"get_{word}")(**keys)["LockToken"]
            arguments = {**_patterns(dict(arguments)), "LockToken": token}
        return super().ask(scope, operation, arguments)


def _patterns(arguments: dict[str, Any]) -> dict[str, Any]:
    expressions = arguments.get("RegularExpressionList")
    if expressions is not None:
        told = [{"RegexString": each} if isinstance(each, str) else each for each in expressions]
        arguments["RegularExpressionList"] = told
    return arguments


def _row(operation: str, sends: str = "", **given: Any) -> Any:
    return call(operation, f"Scope {sends}", adjust=_search, Name="{name}", **given)


def _search(arguments: dict[str, Any]) -> None:
    """A search string may be written in base64; the service takes it as bytes."""
    import base64

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            encoded = value.pop("SearchStringBase64", None)
            if encoded is not None:
                value["SearchString"] = base64.b64decode(encoded)
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(arguments.get("Rules", []))


_ACL = (
    "DefaultAction Rules VisibilityConfig Description CustomResponseBodies CaptchaConfig ChallengeConfig TokenDomains "
    "AssociationConfig DataProtectionConfig OnSourceDDoSProtectionConfig ApplicationConfig"
)


def _reads(word: str) -> tuple[Any, ...]:
    return (
        call(f"get_{word}", "Scope", Name="{name}", Id="{made.Id}"),
        call("list_tags_for_resource", ResourceARN="{made.Arn}"),
    )


class WebACL(_Waf):
    """A web ACL: rules for requests, and what is done with those that match none."""

    type = "AWS::WAFv2::WebACL"
    named = Name("Name", limit=128)
    makes = _row("create_web_acl", _ACL)
    then = (Setting(_row("update_web_acl", _ACL, Id="{made.Id}", LockToken="latest"), at_create=False),)
    attributes = (
        "Arn=Summary.ARN||WebACL.ARN Id=Summary.Id||WebACL.Id Capacity=WebACL.Capacity "
        "LabelNamespace=WebACL.LabelNamespace"
    )
    describes = call("get_web_acl", "Scope", Name="{name}", Id="{made.Id}")
    unmakes = call("delete_web_acl", "Scope", Name="{name}", Id="{made.Id}", LockToken="latest")
    reads = _reads("web_acl")
    untold = "Scope"


class RuleGroup(_Waf):
    """Rules to be used by several web ACLs."""

    type = "AWS::WAFv2::RuleGroup"
    named = Name("Name", limit=128)
    makes = _row("create_rule_group", "Capacity Rules VisibilityConfig Description CustomResponseBodies")
    then = (
        Setting(
            _row(
                "update_rule_group",
                "Rules VisibilityConfig Description CustomResponseBodies",
                Id="{made.Id}",
                LockToken="latest",
            ),
            at_create=False,
        ),
    )
    attributes = "Arn=Summary.ARN Id=Summary.Id LabelNamespace=awswaf:{account}:rulegroup:{name}:"
    unmakes = call("delete_rule_group", "Scope", Name="{name}", Id="{made.Id}", LockToken="latest")
    reads = _reads("rule_group")
    untold = "Scope"


class IPSet(_Waf):
    """Addresses that rules refer to."""

    type = "AWS::WAFv2::IPSet"
    named = Name("Name", limit=128)
    makes = _row("create_ip_set", "IPAddressVersion Addresses Description")
    then = (
        Setting(_row("update_ip_set", "Addresses Description", Id="{made.Id}", LockToken="latest"), at_create=False),
    )
    attributes = "Arn=Summary.ARN Id=Summary.Id"
    unmakes = call("delete_ip_set", "Scope", Name="{name}", Id="{made.Id}", LockToken="latest")
    reads = _reads("ip_set")
    untold = "Scope"


class RegexPatternSet(_Waf):
    """Patterns that rules refer to."""

    type = "AWS::WAFv2::RegexPatternSet"
    named = Name("Name", limit=128)
    makes = _row("create_regex_pattern_set", "Description", RegularExpressionList="{RegularExpressionList}")
    then = (
        Setting(
            _row(
                "update_regex_pattern_set",
                "Description",
                RegularExpressionList="{RegularExpressionList}",
                Id="{made.Id}",
                LockToken="latest",
            ),
            at_create=False,
        ),
    )
    attributes = "Arn=Summary.ARN Id=Summary.Id"
    unmakes = call("delete_regex_pattern_set", "Scope", Name="{name}", Id="{made.Id}", LockToken="latest")
    reads = _reads("regex_pattern_set")
    untold = "Scope"


class LoggingConfiguration(Table):
    """Where a web ACL logs; the destination's name begins with aws-waf-logs-."""

    type = "AWS::WAFv2::LoggingConfiguration"
    service = "wafv2"
    makes = call(
        "put_logging_configuration",
        "LoggingConfiguration.ResourceArn=ResourceArn "
        "LoggingConfiguration.LogDestinationConfigs=LogDestinationConfigs "
        "LoggingConfiguration.RedactedFields=RedactedFields LoggingConfiguration.LoggingFilter=LoggingFilter",
    )
    then = (
        Setting(
            call(
                "put_logging_configuration",
                "LoggingConfiguration.ResourceArn=ResourceArn "
                "LoggingConfiguration.LogDestinationConfigs=LogDestinationConfigs "
                "LoggingConfiguration.RedactedFields=RedactedFields LoggingConfiguration.LoggingFilter=LoggingFilter",
            ),
            at_create=False,
        ),
    )
    ref = "{ResourceArn}"
    unmakes = call("delete_logging_configuration", ResourceArn="{ref}")
    reads = (call("get_logging_configuration", ResourceArn="{ref}"),)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """WAF logs to nothing of another name.

        https://docs.aws.amazon.com/waf/latest/developerguide/logging-destinations.html, checked_on 2026-11-22
        """
        for each in arguments.get("LoggingConfiguration", {}).get("LogDestinationConfigs", []):
            name = each.rpartition("log-group:")[2] if ":logs:" in each else each.rpartition(":")[2].rpartition("/")[2]
            if not name.startswith("aws-waf-logs-"):
                raise refusal(
                    "WAFInvalidParameterException",
                    "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other information "
                    f"separated by colons or slashes., field: LOG_DESTINATION, parameter: {each}",
                    "PutLoggingConfiguration",
                )
        return super().ask(scope, operation, arguments)


class WebACLAssociation(Table):
    """A web ACL in front of a load balancer, an API's stage, a user pool."""

    type = "AWS::WAFv2::WebACLAssociation"
    service = "wafv2"
    makes = call("associate_web_acl", "WebACLArn ResourceArn")
    ref = "{ResourceArn}|{WebACLArn}"
    unmakes = call("disassociate_web_acl", "ResourceArn")
    untold = "ResourceArn"
    reads = (call("get_web_acl_for_resource", "ResourceArn"),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The web ACL must be there, and not be one for CloudFront."""
        arn = str(scope.declared.peek("WebACLArn"))
        acls = scope.context.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
        if not any(each["ARN"] == arn for each in acls):
            raise refusal(
                "WAFNonexistentItemException",
                "AWS WAF couldn't perform the operation because your resource doesn't exist.",
                "AssociateWebACL",
            )
        return super().begin(scope)
