"""Mistakes people make when they lend."""

from __future__ import annotations

from typing import Any

from preflight.checks import breaks


@breaks("a_reader_may_read", help="A role without a policy may do nothing.")
def mistake_no_policy_at_all(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    for name in [name for name, each in resources.items() if each["Type"] == "AWS::IAM::Policy"]:
        del resources[name]


@breaks("a_reader_may_not_write", help="A star allows more than reading.")
def mistake_everything_is_allowed(template: dict[str, Any]) -> None:
    for each in template["Resources"].values():
        if each["Type"] == "AWS::IAM::Policy":
            each["Properties"]["PolicyDocument"]["Statement"][0]["Action"] = "s3:*"
