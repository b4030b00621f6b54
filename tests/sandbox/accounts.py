"""An AWS account that answers who we are, in boto3's place: no call leaves this process."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

SANDBOX = "210987654321"


class Account:
    """`Account(alias="prod")` is what STS, IAM and Organizations say of it; `refuses` is an error code of STS's."""

    def __init__(
        self,
        account: str = SANDBOX,
        *,
        arn: str = "",
        alias: str = "",
        management: str = "",
        refuses: str = "",
        shy: bool = False,
    ) -> None:
        self.account = account
        self.arn = arn or f"arn:aws:sts::{account}:assumed-role/Sandbox/ana"
        self.alias = alias
        self.management = management
        self.refuses = refuses
        self.shy = shy

    def __call__(self, service: str, region: str) -> Account:
        return self

    def get_caller_identity(self) -> dict[str, Any]:
        if self.refuses:
            raise refusal(self.refuses, "GetCallerIdentity")
        return {"Account": self.account, "Arn": self.arn, "UserId": "x"}

    def list_account_aliases(self) -> dict[str, Any]:
        if self.shy:
            raise refusal("AccessDenied", "ListAccountAliases")
        return {"AccountAliases": [self.alias] if self.alias else []}

    def describe_organization(self) -> dict[str, Any]:
        if self.shy or not self.management:
            raise refusal("AWSOrganizationsNotInUseException", "DescribeOrganization")
        return {"Organization": {"MasterAccountId": self.management}}


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} it is"}}, operation)
