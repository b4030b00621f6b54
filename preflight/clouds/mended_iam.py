"""Mends the emulated IAM: users have boundaries, and a policy may leave out its version, or be of the older one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html, checked_on 2026-11-22: a
policy without a Version is one of 2008-10-17. AWS SAM's policy templates are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of what."""
    from moto.core.responses import EmptyResult
    from moto.iam.policy_validation import BaseIAMPolicyValidator
    from moto.iam.responses import IamResponse

    create, log_in = IamResponse.create_user, IamResponse.create_login_profile

    def bound(self: Any) -> None:
        """Keep the boundary of the user a request names; holders.py and GetUser look there."""
        user, arn = self.backend.get_user(self._get_param("UserName")), self._get_param("PermissionsBoundary")
        if arn and arn not in self.backend.managed_policies:
            raise _no_such_policy(arn)
        user.permissions_boundary = (
            {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn} if arn else None
        )

    def put_boundary(self: Any) -> Any:
        bound(self)
        return EmptyResult()

    def create_user(self: Any) -> Any:
        arn = self._get_param("PermissionsBoundary")
        if arn and arn not in self.backend.managed_policies:
            raise _no_such_policy(arn)
        answer = create(self)
        bound(self)
        return answer

    def create_login_profile(self: Any) -> Any:
        log_in(self)
        user = self.backend.get_user(self._get_param("UserName"))
        user.password_reset_required = str(self._get_param("PasswordResetRequired", False)).lower() == "true"
        return self.get_login_profile()

    yield IamResponse, "create_user", create_user
    yield IamResponse, "put_user_permissions_boundary", put_boundary
    yield IamResponse, "delete_user_permissions_boundary", put_boundary
    yield IamResponse, "create_login_profile", create_login_profile

    # whether the version is one AWS knows is looked at elsewhere
    yield BaseIAMPolicyValidator, "_validate_version", lambda self: None
    conditions = BaseIAMPolicyValidator._validate_condition_syntax

    def validate_conditions(statement: dict[str, Any]) -> None:
        # a number is as good as its text
        conditions(json.loads(json.dumps(statement), parse_int=str, parse_float=str))

    yield BaseIAMPolicyValidator, "_validate_condition_syntax", staticmethod(validate_conditions)


def _no_such_policy(arn: str) -> Exception:
    from moto.iam.exceptions import NotFoundException

    error: Exception = NotFoundException(f"Policy {arn} does not exist or is not attachable.")
    return error
