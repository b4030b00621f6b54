"""IAM: users, groups, roles, every way a policy reaches them, and identity providers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from preflight.analysis.conditions import is_operator
from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Call,
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)


def load_aws_managed_policy(arn: str, account: str) -> bool:
    """Put one of AWS's own managed policies into the emulated IAM, if it exists and is not there yet.

    moto ships all of them as one text and can load all or none; one is found in the text and parsed in
    1-3 ms, all 1,582 take 60. There is no API to create one, so the backend is asked.
    """
    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy, iam_backends

    name = arn.rsplit("/", 1)[-1]
    partition = arn.split(":")[1]
    backend = iam_backends[account][partition]
    if arn in backend.managed_policies:
        return True
    start = aws_managed_policies_data.find(f'\n "{name}":')
    if start < 0:
        return False
    facts, _ = json.JSONDecoder().raw_decode(aws_managed_policies_data, start + len(f'\n "{name}":'))
    policy = AWSManagedPolicy.from_data(name, account, backend.region_name, facts)
    if policy.arn != arn:
        return False
    backend.managed_policies[arn] = policy
    backend.aws_managed_policies.append(policy)
    return True


class _Iam(Table):
    service = "iam"

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Have AWS's own managed policies there before they are attached."""
        for name in ("PolicyArn", "PermissionsBoundary"):
            arn = str(arguments.get(name, ""))
            if ":iam::aws:policy/" in arn:
                load_aws_managed_policy(arn, scope.context.account)
        return super().ask(scope, operation, arguments)


def stranger(statement: Mapping[str, Any], context: Context) -> tuple[str, str] | None:
    """The first principal of a statement that cannot be, as its kind and name; None when all can.

    Of this account users and roles are looked up, and a group is never one; other accounts' cannot be looked up.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html,
    checked_on 2026-11-22
    """
    principals = statement.get("Principal", statement.get("NotPrincipal"))
    for kind, names in principals.items() if isinstance(principals, Mapping) else ():
        for name in names if isinstance(names, list) else [names]:
            if not _can_be(kind, str(name), context):
                return kind, str(name)
    return None


def _can_be(kind: str, name: str, context: Context) -> bool:
    if kind == "Service":
        return re.fullmatch(r"\*|[\w.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)", name) is not None
    found = re.fullmatch(rf"arn:[^:]+:iam::{context.account}:(user|role|group)/(.+)", name)
    if kind != "AWS" or found is None or found[2].startswith("aws-service-role/"):
        return True
    client, bare = context.client("iam"), found[2].rpartition("/")[2]
    with passing_over_gone():
        if found[1] == "role":
            return bool(client.get_role(RoleName=bare)["Role"]["Arn"] == name)
        if found[1] == "user":
            return bool(client.get_user(UserName=bare)["User"]["Arn"] == name)
    return False


def misspelt_operator(statement: Mapping[str, Any]) -> str:
    """The first condition operator of a statement that AWS does not know, "" when it knows all.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
    checked_on 2026-11-22
    """
    return next((str(each) for each in statement.get("Condition") or () if not is_operator(str(each))), "")


def refuse_malformed_trust(policy: Mapping[str, Any], context: Context, operation: str) -> None:
    """Raise IAM's MalformedPolicyDocument for a trust policy it does not take.

    A role's trust policy has no resource, for it is the role itself, and is about STS alone.
    https://oneuptime.com/blog/post/2025-12-18-terraform-fix-malformed-policy-document-resource/view,
    checked_on 2026-11-22
    """
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action", [])
        unknown = stranger(statement, context)
        said = next((f"Has prohibited field {each}" for each in ("Resource", "NotResource") if each in statement), "")
        if not said and any(
            not re.match(r"sts:|\*|\?", str(each), re.IGNORECASE)
            for each in (actions if isinstance(actions, list) else [actions])
        ):
            said = "AssumeRole policy may only specify STS AssumeRole actions."
        if not said and statement.get("Principal") == {}:
            said = "Missing required field Principal cannot be empty!"
        if not said and unknown is not None:
            kind = unknown[0] if unknown[0] == "AWS" else unknown[0].upper()
            said = f'Invalid principal in policy: "{kind}":"{unknown[1]}"'
        if not said and misspelt_operator(statement):
            said = f"Invalid Condition type : {misspelt_operator(statement)}"
        if said:
            raise refusal("MalformedPolicyDocument", said, operation)


def _attached(kind: str) -> Each:
    who: dict[str, Any] = {f"{kind.title()}Name": "{ref}"}
    return Each(
        "ManagedPolicyArns",
        add=call(f"attach_{kind}_policy", PolicyArn="{item}", **who),
        remove=call(f"detach_{kind}_policy", PolicyArn="{item}", **who),
    )


def _inline(kind: str) -> Each:
    who: dict[str, Any] = {f"{kind.title()}Name": "{ref}", "PolicyName": "{item.PolicyName}"}
    return Each(
        "Policies",
        add=call(f"put_{kind}_policy", PolicyDocument="{item.PolicyDocument}", **who),
        remove=call(f"delete_{kind}_policy", **who),
    )


class Group(_Iam):
    """A group with its policies."""

    type = "AWS::IAM::Group"
    named = Name("GroupName", limit=128)
    makes = call("create_group", "Path", GroupName="{name}")
    then = (
        _attached("group"),
        _inline("group"),
    )
    ref = "{name}"
    attributes = "Arn=Group.Arn"
    describes = call("get_group", GroupName="{ref}")
    unmakes = call("delete_group", GroupName="{ref}")
    reads = (
        describes,
        call("list_attached_group_policies", GroupName="{ref}"),
        call("list_group_policies", GroupName="{ref}"),
    )
    in_place = frozenset({"Path"})

    def change(self, before: Scope, after: Scope) -> None:
        """The emulated IAM moves a group to another path only together with a new name."""
        super().change(before, after)
        path = after.declared.peek("Path", "/")
        if path != before.declared.peek("Path", "/"):
            client = after.context.client("iam")
            client.update_group(GroupName=after.ref, NewGroupName=f"{after.ref}-moving", NewPath=path)
            client.update_group(GroupName=f"{after.ref}-moving", NewGroupName=after.ref)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The inline policies are read one by one."""
        return _with_inline(super().read(made, declared, context), "group", made, context)


class User(_Iam):
    """A user with groups, policies and a password."""

    type = "AWS::IAM::User"
    named = Name("UserName", limit=64)
    makes = call("create_user", "Path", UserName="{name}")
    then = (
        Setting(
            call(
                "create_login_profile",
                "Password=LoginProfile.Password",
                UserName="{ref}",
                PasswordResetRequired="{LoginProfile.PasswordResetRequired}",
            ),
            alter=call(
                "update_login_profile",
                "Password=LoginProfile.Password",
                UserName="{ref}",
                PasswordResetRequired="{LoginProfile.PasswordResetRequired}",
            ),
            remove=call("delete_login_profile", UserName="{ref}"),
            first=True,
        ),
        Setting(
            call("put_user_permissions_boundary", "PermissionsBoundary", UserName="{ref}"),
            remove=call("delete_user_permissions_boundary", UserName="{ref}"),
        ),
        Each(
            "Groups",
            add=call("add_user_to_group", GroupName="{item}", UserName="{ref}"),
            remove=call("remove_user_from_group", GroupName="{item}", UserName="{ref}"),
        ),
        _attached("user"),
        _inline("user"),
    )
    tags = Tags(call("tag_user", UserName="{ref}"), remove=call("untag_user", UserName="{ref}"))
    ref = "{name}"
    attributes = "Arn=User.Arn"
    describes = call("get_user", UserName="{ref}")
    unmakes = call("delete_user", UserName="{ref}")
    reads = (
        describes,
        call("get_login_profile", UserName="{ref}"),
        call("list_groups_for_user", UserName="{ref}"),
        call("list_attached_user_policies", UserName="{ref}"),
        call("list_user_policies", UserName="{ref}"),
        call("list_user_tags", UserName="{ref}"),
    )
    in_place = frozenset({"Path"})
    untold = "LoginProfile.Password"

    def change(self, before: Scope, after: Scope) -> None:
        """Move to another path, then what the table says."""
        path = after.declared.peek("Path", "/")
        if path != before.declared.peek("Path", "/"):
            self.ask(after, "update_user", {"UserName": after.ref, "NewPath": path})
        super().change(before, after)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The inline policies are read one by one."""
        return _with_inline(super().read(made, declared, context), "user", made, context)


class Role(_Iam):
    """A role: who may assume it, what it may do, and its boundary."""

    type = "AWS::IAM::Role"
    named = Name("RoleName", limit=64)
    makes = call(
        "create_role",
        "AssumeRolePolicyDocument Description MaxSessionDuration Path PermissionsBoundary",
        RoleName="{name}",
    )
    then = (
        Setting(
            call("update_assume_role_policy", "PolicyDocument=AssumeRolePolicyDocument", RoleName="{ref}"),
            at_create=False,
        ),
        Setting(
            call("update_role", "Description MaxSessionDuration", RoleName="{ref}"),
            otherwise={"Description": "", "MaxSessionDuration": 3600},
            at_create=False,
        ),
        Setting(
            call("put_role_permissions_boundary", "PermissionsBoundary", RoleName="{ref}"),
            remove=call("delete_role_permissions_boundary", RoleName="{ref}"),
            at_create=False,
        ),
        _attached("role"),
        _inline("role"),
    )
    tags = Tags(call("tag_role", RoleName="{ref}"), remove=call("untag_role", RoleName="{ref}"))
    ref = "{name}"
    attributes = "Arn=Role.Arn RoleId=Role.RoleId"
    unmakes = call("delete_role", RoleName="{ref}")
    reads = (
        call("get_role", RoleName="{ref}"),
        call("list_attached_role_policies", RoleName="{ref}"),
        call("list_role_policies", RoleName="{ref}"),
        call("list_role_tags", RoleName="{ref}"),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse the trust policies IAM refuses."""
        key = {"create_role": "AssumeRolePolicyDocument", "update_assume_role_policy": "PolicyDocument"}.get(operation)
        if key is not None and key in arguments:
            document = arguments[key]
            policy = json.loads(document) if isinstance(document, str) else document
            refuse_malformed_trust(policy, scope.context, operation)
        return super().ask(scope, operation, arguments)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The inline policies are read one by one."""
        return _with_inline(super().read(made, declared, context), "role", made, context)


def _with_inline(answers: list[dict[str, Any]], kind: str, made: Made, context: Context) -> list[dict[str, Any]]:
    names: list[str] = next((each["PolicyNames"] for each in answers if "PolicyNames" in each), [])
    get = getattr(context.client("iam"), f"get_{kind}_policy")
    return answers + [get(PolicyName=name, **{f"{kind.title()}Name": made.physical_id}) for name in names]


def _on(kind: str) -> Each:
    who: dict[str, Any] = {f"{kind.title()}Name": "{item}", "PolicyName": "{PolicyName}"}
    return Each(
        f"{kind.title()}s",
        add=call(f"put_{kind}_policy", PolicyDocument="{PolicyDocument}", **who),
        remove=call(f"delete_{kind}_policy", **who),
    )


class Policy(_Iam):
    """One inline policy on several roles, users and groups."""

    type = "AWS::IAM::Policy"
    named = Name("", limit=128)
    then = (_on("role"), _on("user"), _on("group"))
    ref = "{name}"
    attributes = "Id={name}"

    def create(self, declared: Declared, context: Context) -> Made:
        """A policy on nobody is refused."""
        if not any(declared.peek(each) for each in ("Groups", "Roles", "Users")):
            message = "At least one of [Groups,Roles,Users] must be non-empty."
            raise refusal("ValidationError", message, "PutRolePolicy")
        return super().create(declared, context)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The policy as each holder has it."""
        client = context.client("iam")
        return [
            getattr(client, f"get_{kind}_policy")(
                PolicyName=declared.peek("PolicyName"), **{f"{kind.title()}Name": holder}
            )
            for kind in ("role", "user", "group")
            for holder in declared.peek(f"{kind.title()}s", [])
        ]


class _PolicyOf(_Iam):
    """An inline policy of one holder."""

    kind = ""

    def __init_subclass__(cls) -> None:
        holder = f"{cls.kind.title()}Name"
        who: dict[str, Any] = {holder: "{" + holder + "}", "PolicyName": "{PolicyName}"}
        cls.makes = call(f"put_{cls.kind}_policy", "PolicyDocument", **who)
        cls.then = (Setting(call(f"put_{cls.kind}_policy", "PolicyDocument", **who), at_create=False),)
        cls.ref = "{PolicyName}|{" + holder + "}"
        cls.unmakes = call(f"delete_{cls.kind}_policy", **who)
        cls.reads = (call(f"get_{cls.kind}_policy", **who),)


class RolePolicy(_PolicyOf):
    """An inline policy of one role."""

    type = "AWS::IAM::RolePolicy"
    kind = "role"


class UserPolicy(_PolicyOf):
    """An inline policy of one user."""

    type = "AWS::IAM::UserPolicy"
    kind = "user"


class GroupPolicy(_PolicyOf):
    """An inline policy of one group."""

    type = "AWS::IAM::GroupPolicy"
    kind = "group"


def _attached_to(kind: str) -> Each:
    who: dict[str, Any] = {f"{kind.title()}Name": "{item}", "PolicyArn": "{ref}"}
    return Each(
        f"{kind.title()}s", add=call(f"attach_{kind}_policy", **who), remove=call(f"detach_{kind}_policy", **who)
    )


class ManagedPolicy(_Iam):
    """A policy of its own, in versions, attached to roles, users and groups."""

    type = "AWS::IAM::ManagedPolicy"
    named = Name("ManagedPolicyName", limit=128)
    makes = call("create_policy", "Description Path PolicyDocument", PolicyName="{name}")
    then = (
        Setting(call("create_policy_version", "PolicyDocument", PolicyArn="{ref}", SetAsDefault=True), at_create=False),
        _attached_to("role"),
        _attached_to("user"),
        _attached_to("group"),
    )
    tags = Tags(call("tag_policy", PolicyArn="{ref}"), remove=call("untag_policy", PolicyArn="{ref}"))
    ref = "Policy.Arn"
    attributes = (
        "PolicyArn={ref} PolicyId=Policy.PolicyId AttachmentCount=Policy.AttachmentCount "
        "CreateDate=Policy.CreateDate DefaultVersionId=Policy.DefaultVersionId IsAttachable=Policy.IsAttachable "
        "PermissionsBoundaryUsageCount=Policy.PermissionsBoundaryUsageCount UpdateDate=Policy.UpdateDate"
    )
    describes = call("get_policy", PolicyArn="{ref}")
    unmakes = call("delete_policy", PolicyArn="{ref}")
    reads = (
        describes,
        call("get_policy_version", PolicyArn="{ref}", VersionId="{made.DefaultVersionId}"),
        call("list_entities_for_policy", PolicyArn="{ref}"),
        call("list_policy_tags", PolicyArn="{ref}"),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """IAM keeps five versions: the oldest makes room. All but the default go before the policy does."""
        if operation in ("create_policy_version", "delete_policy"):
            keep = 4 if operation == "create_policy_version" else 1
            self._forget_versions(scope, keep)
        return super().ask(scope, operation, arguments)

    def _forget_versions(self, scope: Scope, keep: int) -> None:
        client = scope.context.client("iam")
        with passing_over_gone():
            versions = client.list_policy_versions(PolicyArn=scope.ref)["Versions"]
            spare = sorted((each for each in versions if not each["IsDefaultVersion"]), key=_version_number)
            for each in spare[: max(0, len(versions) - keep)]:
                client.delete_policy_version(PolicyArn=scope.ref, VersionId=each["VersionId"])


def _version_number(version: Mapping[str, Any]) -> int:
    return int(str(version["VersionId"]).removeprefix("v"))


class InstanceProfile(_Iam):
    """What an instance carries to be its role."""

    type = "AWS::IAM::InstanceProfile"
    named = Name("InstanceProfileName", limit=128)
    makes = call("create_instance_profile", "Path", InstanceProfileName="{name}")
    then = (
        Each(
            "Roles",
            add=call("add_role_to_instance_profile", InstanceProfileName="{ref}", RoleName="{item}"),
            remove=call("remove_role_from_instance_profile", InstanceProfileName="{ref}", RoleName="{item}"),
        ),
    )
    ref = "{name}"
    attributes = "Arn=InstanceProfile.Arn"
    unmakes = call("delete_instance_profile", InstanceProfileName="{ref}")
    reads = (call("get_instance_profile", InstanceProfileName="{ref}"),)


class AccessKey(_Iam):
    """A user's long-lived key; `Serial` only says when to make a new one."""

    type = "AWS::IAM::AccessKey"
    makes = call("create_access_key", "UserName")
    then = (
        Setting(
            call("update_access_key", "Status", UserName="{made.UserName}", AccessKeyId="{ref}"),
            otherwise={"Status": "Active"},
        ),
    )
    ref = "AccessKey.AccessKeyId"
    attributes = "SecretAccessKey=AccessKey.SecretAccessKey"
    unmakes = call("delete_access_key", UserName="{UserName}", AccessKeyId="{ref}")
    reads = (call("list_access_keys", UserName="{UserName}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Serial is CloudFormation's own: reading it is all there is to it."""
        scope.declared.take("Serial")
        return super().arguments(scope)


class UserToGroupAddition(_Iam):
    """Several users put into one group."""

    type = "AWS::IAM::UserToGroupAddition"
    named = Name("", limit=128)
    then = (
        Each(
            "Users",
            add=call("add_user_to_group", GroupName="{GroupName}", UserName="{item}"),
            remove=call("remove_user_from_group", GroupName="{GroupName}", UserName="{item}"),
        ),
    )
    ref = "{name}"
    attributes = "Id={name}"
    reads = (call("get_group", GroupName="{GroupName}"),)


class OIDCProvider(_Iam):
    """An OpenID Connect identity provider."""

    type = "AWS::IAM::OIDCProvider"
    makes = call("create_open_id_connect_provider", "Url ClientIDList=ClientIdList ThumbprintList")
    then = (
        Setting(
            call("update_open_id_connect_provider_thumbprint", "ThumbprintList", OpenIDConnectProviderArn="{ref}"),
            at_create=False,
        ),
    )
    tags = Tags(
        call("tag_open_id_connect_provider", OpenIDConnectProviderArn="{ref}"),
        remove=call("untag_open_id_connect_provider", OpenIDConnectProviderArn="{ref}"),
    )
    ref = "OpenIDConnectProviderArn"
    attributes = "Arn={ref}"
    unmakes = call("delete_open_id_connect_provider", OpenIDConnectProviderArn="{ref}")
    reads = (call("get_open_id_connect_provider", OpenIDConnectProviderArn="{ref}"),)
    in_place = frozenset({"ClientIdList"})

    def change(self, before: Scope, after: Scope) -> None:
        """The emulated IAM has no call for client ids: the provider is made again, under the same ARN."""
        if before.declared.peek("ClientIdList") != after.declared.peek("ClientIdList"):
            after.context.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=after.ref)
            self.begin(after)
        super().change(before, after)


class SAMLProvider(_Iam):
    """A SAML identity provider."""

    type = "AWS::IAM::SAMLProvider"
    named = Name("Name", limit=128)
    makes = call("create_saml_provider", "SAMLMetadataDocument=SamlMetadataDocument", Name="{name}")
    then = (
        Setting(
            call("update_saml_provider", "SAMLMetadataDocument=SamlMetadataDocument", SAMLProviderArn="{ref}"),
            at_create=False,
        ),
    )
    ref = "SAMLProviderArn"
    attributes = "Arn={ref}"
    unmakes = call("delete_saml_provider", SAMLProviderArn="{ref}")
    reads = (call("get_saml_provider", SAMLProviderArn="{ref}"),)


class ServiceLinkedRole(_Iam):
    """A role a service makes for itself."""

    type = "AWS::IAM::ServiceLinkedRole"
    makes = call("create_service_linked_role", "AWSServiceName CustomSuffix Description")
    then = (
        Setting(call("update_role", "Description", RoleName="{ref}"), otherwise={"Description": ""}, at_create=False),
    )
    ref = "Role.RoleName"
    attributes = "RoleName=Role.RoleName"
    unmakes = call("delete_service_linked_role", RoleName="{ref}")
    reads = (call("get_role", RoleName="{ref}"),)


class ServerCertificate(_Iam):
    """A certificate kept in IAM; its private key is never told."""

    type = "AWS::IAM::ServerCertificate"
    named = Name("ServerCertificateName", limit=128)
    makes = call(
        "upload_server_certificate",
        "CertificateBody CertificateChain Path PrivateKey",
        ServerCertificateName="{name}",
    )
    ref = "{name}"
    attributes = "Arn=ServerCertificateMetadata.Arn"
    unmakes = call("delete_server_certificate", ServerCertificateName="{ref}")
    reads = (call("get_server_certificate", ServerCertificateName="{ref}"),)


class VirtualMFADevice(_Iam):
    """An authenticator app's device, given to users."""

    type = "AWS::IAM::VirtualMFADevice"
    named = Name("VirtualMfaDeviceName", limit=128)
    makes = call("create_virtual_mfa_device", "Path", VirtualMFADeviceName="{name}")
    then = (
        Each(
            "Users",
            add=Call(
                "enable_mfa_device",
                given={
                    "UserName": "{item}",
                    "SerialNumber": "{ref}",
                    "AuthenticationCode1": "000001",
                    "AuthenticationCode2": "000002",
                },
            ),
            remove=call("deactivate_mfa_device", UserName="{item}", SerialNumber="{ref}"),
        ),
    )
    ref = "VirtualMFADevice.SerialNumber"
    attributes = "SerialNumber={ref}"
    unmakes = call("delete_virtual_mfa_device", SerialNumber="{ref}")
    reads = (call("list_virtual_mfa_devices"),)
