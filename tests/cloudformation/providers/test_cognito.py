"""User pools and identity pools keep what they are told, with all that belongs to them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

POOL: dict[str, Any] = {
    "UserPoolName": "patients",
    "UsernameAttributes": ["email"],
    "AutoVerifiedAttributes": ["email"],
    "Policies": {"PasswordPolicy": {"MinimumLength": 14, "RequireSymbols": True, "TemporaryPasswordValidityDays": 3}},
    "MfaConfiguration": "OPTIONAL",
    "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    "Schema": [{"Name": "ward", "AttributeDataType": "String", "Mutable": True}],
    "UserPoolTags": {"team": "triage"},
    "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
}


@pytest.fixture
def pool(bench):
    return bench.make("AWS::Cognito::UserPool", "Pool", **POOL).ref


def test_a_user_pool(bench):
    client = bench.client("cognito-idp")
    made = bench.make("AWS::Cognito::UserPool", **POOL)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    schema = client.describe_user_pool(UserPoolId=made.ref)["UserPool"]["SchemaAttributes"]
    assert "custom:ward" in {each["Name"] for each in schema}
    assert made["ProviderName"] == f"cognito-idp.us-east-1.amazonaws.com/{made.ref}"
    assert client.get_user_pool_mfa_config(UserPoolId=made.ref)["SoftwareTokenMfaConfiguration"]["Enabled"]
    more = {**POOL, "Policies": {"PasswordPolicy": {"MinimumLength": 16}}, "DeletionProtection": "ACTIVE"}
    changed = bench.change(made, **more)
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    with pytest.raises(ClientError, match="deletion protection is activated"):
        bench.delete(changed)
    open_again = bench.change(changed, **{**more, "DeletionProtection": "INACTIVE"})
    bench.delete(open_again)
    bench.delete(open_again)
    assert client.list_user_pools(MaxResults=10)["UserPools"] == []


def test_an_app_and_its_secret(bench, pool):
    declared: dict[str, Any] = {
        "UserPoolId": pool,
        "ClientName": "web",
        "GenerateSecret": True,
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": ["openid", "email"],
        "CallbackURLs": ["https://clinic.example/in"],
        "LogoutURLs": ["https://clinic.example/out"],
        "SupportedIdentityProviders": ["COGNITO"],
        "PreventUserExistenceErrors": "ENABLED",
        "AccessTokenValidity": 15,
        "TokenValidityUnits": {"AccessToken": "minutes"},
    }
    made = bench.make("AWS::Cognito::UserPoolClient", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert (made["Name"], len(made["ClientSecret"]) > 20) == ("web", True)
    changed = bench.change(made, **{**declared, "CallbackURLs": ["https://clinic.example/here"]})
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    bench.delete(changed)
    bench.delete(changed)


OIDC = {
    "client_id": "id-of-clinic",
    "client_secret": "secret-of-clinic",
    "authorize_scopes": "openid",
    "oidc_issuer": "https://login.example",
    "attributes_request_method": "GET",
}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("UserPoolDomain", {"Domain": "clinic-patients"}, {}),
    (
        "UserPoolGroup",
        {"GroupName": "nurses", "Description": "who nurse", "Precedence": 1},
        {"Description": "all who nurse"},
    ),
    (
        "UserPoolResourceServer",
        {"Identifier": "notes", "Name": "the-notes", "Scopes": [{"ScopeName": "read", "ScopeDescription": "reads"}]},
        {"Name": "all-notes"},
    ),
    (
        "UserPoolIdentityProvider",
        {
            "ProviderName": "Login",
            "ProviderType": "OIDC",
            "ProviderDetails": OIDC,
            "AttributeMapping": {"email": "mail-of-login"},
        },
        {"AttributeMapping": {"email": "other-mail"}},
    ),
    ("UserPoolUICustomizationAttachment", {"ClientId": "ALL", "CSS": ".banner { color: red }"}, {"CSS": ".a { }"}),
    (
        "UserPoolUser",
        {"Username": "ana@clinic.example", "UserAttributes": [{"Name": "email", "Value": "ana@clinic.example"}]},
        {},
    ),
]


@pytest.mark.parametrize(("kind", "declared", "change"), CASES, ids=[each[0] for each in CASES])
def test_what_a_pool_has(bench, pool, kind, declared, change):
    made = bench.make(f"AWS::Cognito::{kind}", UserPoolId=pool, **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    if change:
        changed = bench.change(made, UserPoolId=pool, **{**declared, **change})
        assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    bench.delete(made)
    bench.delete(made)


def test_a_user_in_a_group(bench, pool):
    user = bench.make("AWS::Cognito::UserPoolUser", "User", UserPoolId=pool, Username="ana@clinic.example")
    group = bench.make("AWS::Cognito::UserPoolGroup", "Group", UserPoolId=pool, GroupName="nurses")
    declared = {"UserPoolId": pool, "Username": user.ref, "GroupName": group.ref}
    made = bench.make("AWS::Cognito::UserPoolUserToGroupAttachment", **declared)
    assert (made.unapplied, bench.lost(made), made.ref) == ((), set(), f"{pool}|nurses|{user.ref}")
    bench.delete(made)
    bench.delete(made)


def test_an_identity_pool_and_its_roles(bench, pool):
    app = bench.make("AWS::Cognito::UserPoolClient", "App", UserPoolId=pool)
    name = f"cognito-idp.us-east-1.amazonaws.com/{pool}"
    providers = [{"ClientId": app.ref, "ProviderName": name, "ServerSideTokenCheck": True}]
    declared: dict[str, Any] = {"IdentityPoolName": "all-patients", "AllowUnauthenticatedIdentities": False}
    made = bench.make(
        "AWS::Cognito::IdentityPool",
        **declared,
        CognitoIdentityProviders=providers,
        IdentityPoolTags=[{"Key": "team", "Value": "triage"}],
    )
    assert (made.unapplied, bench.lost(made), made["Name"]) == ((), set(), "all-patients")
    changed = bench.change(made, **{**declared, "AllowUnauthenticatedIdentities": True})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    signed_in = {"authenticated": "arn:aws:iam::123456789012:role/patients"}
    roles = bench.make("AWS::Cognito::IdentityPoolRoleAttachment", "Roles", IdentityPoolId=made.ref, Roles=signed_in)
    assert (roles.unapplied, bench.lost(roles)) == ((), set())
    for thing in (roles, changed, changed):
        bench.delete(thing)


def test_what_a_pool_no_longer_declares_goes_back_to_its_default(bench):
    born = {"UserPoolName": "staff", "UsernameAttributes": ["email"]}
    strict = {
        "MfaConfiguration": "OPTIONAL",
        "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
        "Policies": {"PasswordPolicy": {"MinimumLength": 13}},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    }
    pool = bench.change(bench.make("AWS::Cognito::UserPool", **born), **born, **strict)
    assert (pool.unapplied, bench.lost(pool)) == ((), set())
    bench.change(pool, **born)
    facts = bench.client("cognito-idp").describe_user_pool(UserPoolId=pool.ref)["UserPool"]
    assert (facts["MfaConfiguration"], facts["Policies"]["PasswordPolicy"]["MinimumLength"]) == ("OFF", 8)
    assert not facts["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert facts["UsernameAttributes"] == ["email"]
