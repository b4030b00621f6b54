"""What a template makes that its deployer has to acknowledge."""

from __future__ import annotations

from collections.abc import Collection

from preflight.errors import Refused
from preflight.template import Template


class NotAcknowledged(Refused):
    """The capabilities given do not cover what the template makes."""

    code = "InsufficientCapabilitiesException"

    def __init__(self, missing: Collection[str]) -> None:
        said = f"Requires capabilities : [{', '.join(missing)}]"
        super().__init__(said, [said])


def check(template: Template, given: Collection[str]) -> None:
    """Raise NotAcknowledged where these capabilities are not enough."""
    needed, _ = required(template)
    enough = {"CAPABILITY_IAM": {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}}
    missing = [each for each in needed if not set(given) & enough.get(each, {each})]
    if missing:
        raise NotAcknowledged(missing)


def required(template: Template) -> tuple[list[str], str]:
    """The capabilities a template needs acknowledged, and the reason CloudFormation gives."""
    makers = {name: each for name, each in template.resources.items() if each.type in _IAM_TYPES}
    if not makers:
        return [], ""
    named = any(_IAM_TYPES[each.type] in each.properties for each in makers.values() if _IAM_TYPES[each.type])
    types = ", ".join(dict.fromkeys(each.type for each in makers.values()))
    why = f"The following resource(s) require capabilities: [{types}]"
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"], why


# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html, checked_on 2026-11-22:
# the types that need CAPABILITY_IAM, and the property that gives a name and so asks for CAPABILITY_NAMED_IAM
_IAM_TYPES = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}
