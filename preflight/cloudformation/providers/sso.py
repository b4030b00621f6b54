"""IAM Identity Center: permission sets, and who has them in which account."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Each, Scope, Setting, Table, call


class _Inline(Setting):
    """The inline policy, whose calls name the instance too."""

    def _declared(self, scope: Scope) -> bool:
        return "InlinePolicy" in scope.declared


class PermissionSet(Table):
    """What whoever has it may do in an account."""

    type = "AWS::SSO::PermissionSet"
    service = "sso-admin"
    makes = call("create_permission_set", "Name Description InstanceArn SessionDuration RelayState=RelayStateType")
    then = (
        Setting(
            call(
                "update_permission_set",
                "Description InstanceArn SessionDuration RelayState=RelayStateType",
                PermissionSetArn="{ref}",
            ),
            at_create=False,
        ),
        _Inline(
            call(
                "put_inline_policy_to_permission_set",
                "InstanceArn InlinePolicy",
                PermissionSetArn="{ref}",
            ),
            remove=call("delete_inline_policy_from_permission_set", "InstanceArn", PermissionSetArn="{ref}"),
        ),
        Each(
            "ManagedPolicies",
            add=call(
                "attach_managed_policy_to_permission_set",
                "InstanceArn",
                PermissionSetArn="{ref}",
                ManagedPolicyArn="{item}",
            ),
            remove=call(
                "detach_managed_policy_from_permission_set",
                "InstanceArn",
                PermissionSetArn="{ref}",
                ManagedPolicyArn="{item}",
            ),
        ),
    )
    drops = "Tags CustomerManagedPolicyReferences PermissionsBoundary"
    untold = "InstanceArn"
    ref = "PermissionSet.PermissionSetArn"
    attributes = "PermissionSetArn={ref}"
    unmakes = call("delete_permission_set", "InstanceArn", PermissionSetArn="{ref}")
    reads = (
        call("describe_permission_set", "InstanceArn", PermissionSetArn="{ref}"),
        call("get_inline_policy_for_permission_set", "InstanceArn", PermissionSetArn="{ref}"),
        call("list_managed_policies_in_permission_set", "InstanceArn", PermissionSetArn="{ref}"),
    )


class Assignment(Table):
    """Who has a permission set in which account."""

    type = "AWS::SSO::Assignment"
    service = "sso-admin"
    makes = call(
        "create_account_assignment", "InstanceArn TargetId TargetType PermissionSetArn PrincipalType PrincipalId"
    )
    ref = "{InstanceArn}|{TargetId}|{TargetType}|{PermissionSetArn}|{PrincipalType}|{PrincipalId}"
    untold = "InstanceArn TargetType"
    unmakes = call(
        "delete_account_assignment", "InstanceArn TargetId TargetType PermissionSetArn PrincipalType PrincipalId"
    )
    reads = (call("list_account_assignments", "InstanceArn AccountId=TargetId PermissionSetArn"),)
