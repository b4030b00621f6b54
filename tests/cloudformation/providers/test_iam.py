"""Whoever a template names is there, with every policy that reaches them, and goes without a trace."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::notes/*"}],
}
LIST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess"


def attached(bench, kind: str, name: str) -> set[str]:
    answer = getattr(bench.client("iam"), f"list_attached_{kind}_policies")(**{f"{kind.title()}Name": name})
    return {each["PolicyArn"] for each in answer["AttachedPolicies"]}


def inline(bench, kind: str, name: str) -> list[str]:
    answer = getattr(bench.client("iam"), f"list_{kind}_policies")(**{f"{kind.title()}Name": name})
    return list(answer["PolicyNames"])


def test_a_role_is_made_whole(bench):
    bench.tags = {"course": "preflight"}
    role = bench.make(
        "AWS::IAM::Role",
        "Reader",
        RoleName="reader",
        Path="/clinic/",
        Description="reads notes",
        MaxSessionDuration="7200",
        AssumeRolePolicyDocument=TRUST,
        PermissionsBoundary=POWER_USER,
        ManagedPolicyArns=[READ_ONLY],
        Policies=[{"PolicyName": "read", "PolicyDocument": READ}],
        Tags=[{"Key": "team", "Value": "triage"}],
    )
    assert role.unapplied == ()
    assert bench.lost(role) == set()
    assert (role.ref, role["Arn"]) == ("reader", "arn:aws:iam::123456789012:role/clinic/reader")
    assert role["RoleId"].startswith("AROA")
    tags = {each["Key"]: each["Value"] for each in bench.client("iam").list_role_tags(RoleName="reader")["Tags"]}
    assert (tags["team"], tags["course"], tags["aws:cloudformation:logical-id"]) == ("triage", "preflight", "Reader")


def test_a_role_changes_in_place_and_forgets_what_is_no_longer_declared(bench):
    role = bench.make(
        "AWS::IAM::Role",
        AssumeRolePolicyDocument=TRUST,
        Description="old",
        MaxSessionDuration=7200,
        PermissionsBoundary=POWER_USER,
        ManagedPolicyArns=[READ_ONLY, POWER_USER],
        Policies=[{"PolicyName": "one", "PolicyDocument": READ}, {"PolicyName": "two", "PolicyDocument": READ}],
        Tags=[{"Key": "old", "Value": "1"}, {"Key": "kept", "Value": "1"}],
    )
    other = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}]}
    changed = bench.change(
        role,
        AssumeRolePolicyDocument=other,
        ManagedPolicyArns=[READ_ONLY],
        Policies=[{"PolicyName": "two", "PolicyDocument": LIST}, {"PolicyName": "three", "PolicyDocument": READ}],
        Tags=[{"Key": "kept", "Value": "2"}],
    )
    assert changed.unapplied == ()
    assert bench.lost(changed) == set()
    facts = bench.client("iam").get_role(RoleName=role.ref)["Role"]
    assert (facts.get("Description"), facts["MaxSessionDuration"]) in (("", 3600), (None, 3600))
    assert "PermissionsBoundary" not in facts
    assert attached(bench, "role", role.ref) == {READ_ONLY}
    assert sorted(inline(bench, "role", role.ref)) == ["three", "two"]
    assert {each["Key"]: each["Value"] for each in facts["Tags"] if "aws:" not in each["Key"]} == {"kept": "2"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Resource": "*"}, "Has prohibited field Resource"),
        ({"Condition": {"ArnNotEqual": {"aws:PrincipalArn": "x"}}}, "Invalid Condition type : ArnNotEqual"),
        ({"Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions"),
        ({"Principal": {"Service": "lambda"}}, 'Invalid principal in policy: "SERVICE":"lambda"'),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:user/nobody"}}, 'principal in policy: "AWS":".*user/nobody"'),
        ({"Principal": {"AWS": ["*", "arn:aws:iam::123456789012:group/all"]}}, "Invalid principal in policy"),
    ],
)
def test_a_trust_policy_iam_does_not_take_is_refused_at_once_and_later(bench, changes, words):
    malformed = {**TRUST, "Statement": [{**TRUST["Statement"][0], **changes}]}
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::IAM::Role", AssumeRolePolicyDocument=malformed)
    role = bench.make("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST)
    with pytest.raises(ClientError, match=words):
        bench.change(role, AssumeRolePolicyDocument=malformed)


def test_a_trust_policy_may_name_whoever_is_there_or_elsewhere(bench):
    bench.make("AWS::IAM::User", "Nurse", UserName="nurse", Path="/clinic/")
    own, other = "arn:aws:iam::123456789012", "arn:aws:iam::210987654321"
    names = [f"{own}:root", f"{own}:user/clinic/nurse", f"{other}:role/auditor", "210987654321"]
    statement = {**TRUST["Statement"][0], "Principal": {"AWS": names}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    bench.make("AWS::IAM::Role", AssumeRolePolicyDocument={**TRUST, "Statement": statement})


def boundary(bench, user: str) -> str | None:
    facts = bench.client("iam").get_user(UserName=user)["User"]
    return facts.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")


def test_a_boundary_that_is_not_there_is_refused(bench):
    with pytest.raises(ClientError, match="does not exist or is not attachable"):
        bench.make("AWS::IAM::User", UserName="nurse", PermissionsBoundary="arn:aws:iam::123456789012:policy/nobody")
    assert bench.client("iam").list_users()["Users"] == []


def test_a_user_moves_to_another_path(bench):
    user = bench.make("AWS::IAM::User", UserName="nurse", PermissionsBoundary=POWER_USER)
    moved = bench.change(user, UserName="nurse", Path="/clinic/", PermissionsBoundary=POWER_USER)
    assert moved["Arn"] == "arn:aws:iam::123456789012:user/clinic/nurse"
    assert boundary(bench, "nurse") == POWER_USER


def test_a_role_that_failed_half_way_is_not_left_behind(bench):
    with pytest.raises(ClientError, match="does not exist"):
        bench.make(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument=TRUST,
            Policies=[{"PolicyName": "one", "PolicyDocument": READ}],
            ManagedPolicyArns=["arn:aws:iam::aws:policy/NobodyWroteThis"],
        )
    assert bench.client("iam").list_roles()["Roles"] == []


def test_a_user_with_groups_policies_password_and_boundary(bench):
    team = bench.make("AWS::IAM::Group", "Team", GroupName="team")
    bench.make("AWS::IAM::Group", "Other", GroupName="other")
    declared: dict[str, Any] = {
        "UserName": "ana",
        "Path": "/people/",
        "Groups": [team.ref],
        "LoginProfile": {"Password": "correct horse 9!", "PasswordResetRequired": True},
        "ManagedPolicyArns": [READ_ONLY],
        "Policies": [{"PolicyName": "own", "PolicyDocument": READ}],
        "PermissionsBoundary": POWER_USER,
        "Tags": [{"Key": "team", "Value": "triage"}],
    }
    user = bench.make("AWS::IAM::User", "Ana", **declared)
    arn = "arn:aws:iam::123456789012:user/people/ana"
    assert user.unapplied == ()
    assert user["Arn"] == arn
    assert boundary(bench, "ana") == POWER_USER
    assert bench.lost(user) == set()

    declared.update(Groups=["other"], Policies=[], LoginProfile={"Password": "another horse 9!"})
    del declared["PermissionsBoundary"], declared["ManagedPolicyArns"]
    changed = bench.change(user, **declared)
    iam = bench.client("iam")
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName="ana")["Groups"]] == ["other"]
    assert inline(bench, "user", "ana") == []
    assert attached(bench, "user", "ana") == set()
    assert boundary(bench, "ana") is None

    bench.delete(changed)
    bench.delete(changed)
    assert iam.list_users()["Users"] == []


def test_a_group_moves_to_another_path(bench):
    group = bench.make(
        "AWS::IAM::Group",
        "Team",
        Path="/a/",
        ManagedPolicyArns=[READ_ONLY],
        Policies=[{"PolicyName": "own", "PolicyDocument": READ}],
    )
    assert (group.unapplied, bench.lost(group)) == ((), set())
    changed = bench.change(group, Path="/b/")
    assert changed["Arn"] == f"arn:aws:iam::123456789012:group/b/{group.ref}"
    assert attached(bench, "group", group.ref) == set()
    bench.delete(changed)
    assert bench.client("iam").list_groups()["Groups"] == []


def test_an_inline_policy_follows_its_holders(bench):
    roles = [bench.make("AWS::IAM::Role", name, AssumeRolePolicyDocument=TRUST).ref for name in ("One", "Two")]
    group = bench.make("AWS::IAM::Group", "Team").ref
    policy = bench.make(
        "AWS::IAM::Policy", "Shared", PolicyName="shared", PolicyDocument=READ, Roles=roles, Groups=[group]
    )
    assert policy.unapplied == ()
    assert bench.lost(policy) == set()

    changed = bench.change(policy, PolicyName="renamed", PolicyDocument=LIST, Roles=roles[:1])
    assert changed.ref == policy.ref
    assert [inline(bench, "role", each) for each in roles] == [["renamed"], []]
    assert inline(bench, "group", group) == []
    document = bench.client("iam").get_role_policy(RoleName=roles[0], PolicyName="renamed")["PolicyDocument"]
    assert document["Statement"][0]["Action"] == "s3:ListBucket"

    bench.delete(changed)
    assert inline(bench, "role", roles[0]) == []


def test_a_policy_on_nobody_is_refused(bench):
    with pytest.raises(ClientError, match="must be non-empty"):
        bench.make("AWS::IAM::Policy", PolicyName="alone", PolicyDocument=READ)


@pytest.mark.parametrize("kind", ["Role", "User", "Group"])
def test_one_holders_policy(bench, kind):
    more = {"AssumeRolePolicyDocument": TRUST} if kind == "Role" else {}
    holder = bench.make(f"AWS::IAM::{kind}", "Holder", **more)
    who = {f"{kind}Name": holder.ref}
    policy = bench.make(f"AWS::IAM::{kind}Policy", "P", PolicyName="p", PolicyDocument=READ, **who)
    assert (policy.ref, policy.unapplied, bench.lost(policy)) == (f"p|{holder.ref}", (), set())
    changed = bench.change(policy, PolicyName="p", PolicyDocument=LIST, **who)
    assert bench.lost(changed) == set()
    bench.delete(changed)
    bench.delete(changed)
    assert inline(bench, kind.lower(), holder.ref) == []


def test_a_managed_policy_keeps_the_newest_versions(bench):
    role = bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=TRUST)
    user = bench.make("AWS::IAM::User", "User")
    group = bench.make("AWS::IAM::Group", "Group")
    declared: dict[str, Any] = {
        "ManagedPolicyName": "notes-reader",
        "Description": "reads",
        "Path": "/clinic/",
        "PolicyDocument": READ,
        "Roles": [role.ref],
        "Users": [user.ref],
        "Groups": [group.ref],
    }
    policy = bench.make("AWS::IAM::ManagedPolicy", "Policy", **declared)
    assert policy.ref == "arn:aws:iam::123456789012:policy/clinic/notes-reader"
    assert (policy.unapplied, bench.lost(policy)) == ((), set())

    for number in range(7):
        document = {**READ, "Statement": [{**READ["Statement"][0], "Sid": f"V{number}"}]}
        policy = bench.change(policy, **{**declared, "PolicyDocument": document, "Users": []})
    iam = bench.client("iam")
    assert len(iam.list_policy_versions(PolicyArn=policy.ref)["Versions"]) == 5
    assert policy["DefaultVersionId"] == "v8"
    assert bench.lost(policy) == set()
    assert attached(bench, "user", user.ref) == set()

    bench.delete(policy)
    bench.delete(policy)
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert attached(bench, "role", role.ref) == set()


def test_an_instance_profile_carries_its_role(bench):
    roles = [bench.make("AWS::IAM::Role", name, AssumeRolePolicyDocument=TRUST).ref for name in ("One", "Two")]
    profile = bench.make("AWS::IAM::InstanceProfile", "Profile", Path="/x/", Roles=[roles[0]])
    assert (profile.unapplied, bench.lost(profile)) == ((), set())
    changed = bench.change(profile, Path="/x/", Roles=[roles[1]])
    held = bench.client("iam").get_instance_profile(InstanceProfileName=profile.ref)["InstanceProfile"]["Roles"]
    assert [each["RoleName"] for each in held] == [roles[1]]
    bench.delete(changed)
    assert bench.client("iam").list_instance_profiles()["InstanceProfiles"] == []


def test_an_access_key_is_switched_off_and_on(bench):
    user = bench.make("AWS::IAM::User", "User").ref
    key = bench.make("AWS::IAM::AccessKey", "Key", UserName=user, Status="Inactive", Serial=1)
    assert (key.unapplied, bench.lost(key)) == ((), {"Serial=1"})
    assert key.ref.startswith("AKIA") and len(key["SecretAccessKey"]) == 40
    changed = bench.change(key, UserName=user, Serial=1)
    assert bench.client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"][0]["Status"] == "Active"
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"] == []


def test_users_are_added_to_a_group(bench):
    group = bench.make("AWS::IAM::Group", "Team").ref
    users = [bench.make("AWS::IAM::User", name).ref for name in ("Ana", "Ben", "Cem")]
    addition = bench.make("AWS::IAM::UserToGroupAddition", "Add", GroupName=group, Users=users[:2])
    assert (addition.unapplied, bench.lost(addition)) == ((), set())
    changed = bench.change(addition, GroupName=group, Users=users[1:])
    members = bench.client("iam").get_group(GroupName=group)["Users"]
    assert sorted(each["UserName"] for each in members) == sorted(users[1:])
    bench.delete(changed)
    assert bench.client("iam").get_group(GroupName=group)["Users"] == []


def test_identity_providers(bench):
    iam = bench.client("iam")
    oidc = bench.make(
        "AWS::IAM::OIDCProvider",
        "Oidc",
        Url="https://token.actions.example",
        ClientIdList=["sts.amazonaws.com"],
        ThumbprintList=["a" * 40],
        Tags=[{"Key": "k", "Value": "v"}],
    )
    assert oidc.unapplied == ()
    assert bench.lost(oidc) == set()
    changed = bench.change(
        oidc, Url="https://token.actions.example", ClientIdList=["another"], ThumbprintList=["b" * 40]
    )
    facts = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=oidc.ref)
    assert (facts["ThumbprintList"], facts["ClientIDList"]) == (["b" * 40], ["another"])
    bench.delete(changed)
    bench.delete(changed)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []

    saml = bench.make("AWS::IAM::SAMLProvider", "Saml", Name="corp", SamlMetadataDocument="<a>" + "x" * 1000)
    assert (saml.unapplied, bench.lost(saml)) == ((), set())
    bench.delete(bench.change(saml, Name="corp", SamlMetadataDocument="<b>" + "y" * 1000))
    assert iam.list_saml_providers()["SAMLProviderList"] == []


def test_roles_of_services_certificates_and_devices(bench):
    iam = bench.client("iam")
    linked = bench.make("AWS::IAM::ServiceLinkedRole", "Linked", AWSServiceName="ecs.amazonaws.com", Description="d")
    assert linked.unapplied == ()
    bench.delete(linked)
    assert iam.list_roles()["Roles"] == []

    certificate = bench.make(
        "AWS::IAM::ServerCertificate", "Cert", CertificateBody="body", PrivateKey="secret", Path="/c/"
    )
    assert certificate["Arn"].endswith(f"server-certificate/c/{certificate.ref}")
    bench.delete(certificate)
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []

    user = bench.make("AWS::IAM::User", "User").ref
    device = bench.make("AWS::IAM::VirtualMFADevice", "Device", Users=[user], VirtualMfaDeviceName="phone")
    assert device.unapplied == ()
    assert len(iam.list_mfa_devices(UserName=user)["MFADevices"]) == 1
    bench.delete(device)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
