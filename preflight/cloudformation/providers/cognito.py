"""Cognito: user pools with what belongs to them, and identity pools with their roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call, refusal

_POOL = (
    "Policies DeletionProtection LambdaConfig AutoVerifiedAttributes SmsVerificationMessage EmailVerificationMessage "
    "EmailVerificationSubject VerificationMessageTemplate SmsAuthenticationMessage MfaConfiguration "
    "UserAttributeUpdateSettings DeviceConfiguration EmailConfiguration SmsConfiguration AdminCreateUserConfig "
    "UserPoolAddOns AccountRecoverySetting UserPoolTier"
)


class UserPool(Table):
    """A directory of users; its domains and clients sign them in."""

    type = "AWS::Cognito::UserPool"
    service = "cognito-idp"
    named = Name("UserPoolName", limit=128)
    makes = call(
        "create_user_pool",
        f"{_POOL} AliasAttributes UsernameAttributes UsernameConfiguration Schema",
        PoolName="{name}",
    )
    then = (
        Setting(
            call("update_user_pool", _POOL, UserPoolId="{ref}"),
            otherwise={"MfaConfiguration": "OFF"},
            at_create=False,
        ),
        Setting(
            call(
                "set_user_pool_mfa_config",
                "SmsMfaConfiguration.SmsAuthenticationMessage=SmsAuthenticationMessage MfaConfiguration",
                UserPoolId="{ref}",
            ),
            at_create=False,
        ),
    )
    in_place = frozenset({"UserPoolName"})
    tags = Tags(
        call("tag_resource", ResourceArn="{made.Arn}"),
        remove=call("untag_resource", ResourceArn="{made.Arn}"),
        property="UserPoolTags",
    )
    ref = "UserPool.Id"
    # told as the configuration of each
    untold = "EnabledMfas"
    tells = "SchemaAttributes=Schema"
    attributes = (
        "UserPoolId={ref} Arn=arn:{partition}:cognito-idp:{region}:{account}:userpool/{ref} "
        "ProviderName=cognito-idp.{region}.amazonaws.com/{ref} "
        "ProviderURL=https://cognito-idp.{region}.amazonaws.com/{ref}"
    )
    unmakes = call("delete_user_pool", UserPoolId="{ref}")
    reads = (
        call("describe_user_pool", UserPoolId="{ref}"),
        call("get_user_pool_mfa_config", UserPoolId="{ref}"),
        call("list_tags_for_resource", ResourceArn="{made.Arn}"),
    )

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Which second factors there are is a call of its own."""
        super().finish(scope, answer)
        self._factors(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """The factors again, which an update forgets."""
        super().change(before, after)
        self._factors(after)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A protected pool is not deleted; the factors are set where all of them are known."""
        if operation == "set_user_pool_mfa_config" and "SoftwareTokenMfaConfiguration" not in arguments:
            return {}
        if operation == "delete_user_pool":
            told = scope.context.client("cognito-idp").describe_user_pool(UserPoolId=scope.ref)["UserPool"]
            if told.get("DeletionProtection") == "ACTIVE":
                said = "The user pool cannot be deleted because deletion protection is activated. Deletion protection "
                raise refusal("InvalidParameterException", f"{said}must be inactivated first.", "DeleteUserPool")
        return super().ask(scope, operation, arguments)

    def _factors(self, scope: Scope) -> None:
        factors = scope.declared.take("EnabledMfas")
        if not factors or scope.declared.peek("MfaConfiguration", "OFF") == "OFF":
            return
        sms = scope.declared.take("SmsConfiguration")
        told: dict[str, Any] = {
            "UserPoolId": scope.ref,
            "MfaConfiguration": scope.declared.take("MfaConfiguration"),
            "SoftwareTokenMfaConfiguration": {"Enabled": "SOFTWARE_TOKEN_MFA" in factors},
        }
        if "SMS_MFA" in factors and sms:
            told["SmsMfaConfiguration"] = {"SmsConfiguration": sms}
        self.ask(scope, "set_user_pool_mfa_config", told)


_CLIENT = (
    "UserPoolId ClientName RefreshTokenValidity AccessTokenValidity IdTokenValidity TokenValidityUnits ReadAttributes "
    "WriteAttributes ExplicitAuthFlows SupportedIdentityProviders CallbackURLs LogoutURLs DefaultRedirectURI "
    "AllowedOAuthFlows AllowedOAuthScopes AllowedOAuthFlowsUserPoolClient AnalyticsConfiguration "
    "PreventUserExistenceErrors EnableTokenRevocation EnablePropagateAdditionalUserContextData AuthSessionValidity "
    "RefreshTokenRotation"
)


class UserPoolClient(Table):
    """An app that signs users in."""

    type = "AWS::Cognito::UserPoolClient"
    service = "cognito-idp"
    named = Name("ClientName", limit=128)
    makes = call("create_user_pool_client", f"{_CLIENT} GenerateSecret", ClientName="{name}")
    then = (Setting(call("update_user_pool_client", _CLIENT, ClientId="{ref}"), at_create=False),)
    in_place = frozenset({"ClientName"})
    # told as the secret itself
    untold = "GenerateSecret"
    ref = "UserPoolClient.ClientId"
    attributes = "ClientId={ref} ClientSecret=UserPoolClient.ClientSecret Name=UserPoolClient.ClientName"
    unmakes = call("delete_user_pool_client", "UserPoolId", ClientId="{ref}")
    reads = (call("describe_user_pool_client", "UserPoolId", ClientId="{ref}"),)


class UserPoolDomain(Table):
    """Where a pool's sign-in pages are."""

    type = "AWS::Cognito::UserPoolDomain"
    service = "cognito-idp"
    makes = call("create_user_pool_domain", "UserPoolId Domain CustomDomainConfig ManagedLoginVersion")
    then = (
        Setting(
            call("update_user_pool_domain", "UserPoolId Domain CustomDomainConfig ManagedLoginVersion"),
            at_create=False,
        ),
    )
    ref = "{Domain}"
    drops = "ManagedLoginVersion Routing"
    attributes = "CloudFrontDistribution=CloudFrontDomain"
    unmakes = call("delete_user_pool_domain", "UserPoolId Domain")
    reads = (call("describe_user_pool_domain", "Domain"),)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        # a domain of Amazon's own has no distribution of its own
        return {"CloudFrontDistribution": "", **super()._attributes(scope, answer)}


class UserPoolGroup(Table):
    """A group of a pool's users."""

    type = "AWS::Cognito::UserPoolGroup"
    service = "cognito-idp"
    named = Name("GroupName", limit=128)
    makes = call("create_group", "UserPoolId Description RoleArn Precedence", GroupName="{name}")
    then = (
        Setting(call("update_group", "UserPoolId Description RoleArn Precedence", GroupName="{ref}"), at_create=False),
    )
    ref = "{name}"
    unmakes = call("delete_group", "UserPoolId", GroupName="{ref}")
    reads = (call("get_group", "UserPoolId", GroupName="{ref}"),)


class UserPoolUser(Table):
    """A user that an administrator makes; no message is sent."""

    type = "AWS::Cognito::UserPoolUser"
    service = "cognito-idp"
    makes = call(
        "admin_create_user",
        "UserPoolId Username UserAttributes ValidationData MessageAction DesiredDeliveryMediums ForceAliasCreation "
        "ClientMetadata",
    )
    drops = "ValidationData MessageAction DesiredDeliveryMediums ForceAliasCreation ClientMetadata"
    untold = "UserPoolId"
    ref = "User.Username"
    unmakes = call("admin_delete_user", "UserPoolId", Username="{ref}")
    reads = (call("admin_get_user", "UserPoolId", Username="{ref}"),)


class UserPoolUserToGroupAttachment(Table):
    """A user in a group."""

    type = "AWS::Cognito::UserPoolUserToGroupAttachment"
    service = "cognito-idp"
    makes = call("admin_add_user_to_group", "UserPoolId Username GroupName")
    ref = "{UserPoolId}|{GroupName}|{Username}"
    untold = "Username"
    unmakes = call("admin_remove_user_from_group", "UserPoolId Username GroupName")
    reads = (call("admin_list_groups_for_user", "UserPoolId Username"),)


class UserPoolIdentityProvider(Table):
    """Another provider whose users a pool takes."""

    type = "AWS::Cognito::UserPoolIdentityProvider"
    service = "cognito-idp"
    makes = call(
        "create_identity_provider",
        "UserPoolId ProviderName ProviderType ProviderDetails AttributeMapping IdpIdentifiers",
    )
    then = (
        Setting(
            call(
                "update_identity_provider",
                "UserPoolId ProviderName ProviderDetails AttributeMapping IdpIdentifiers",
            ),
            at_create=False,
        ),
    )
    ref = "{ProviderName}"
    unmakes = call("delete_identity_provider", "UserPoolId ProviderName")
    reads = (call("describe_identity_provider", "UserPoolId ProviderName"),)


class UserPoolResourceServer(Table):
    """An API whose scopes clients may ask for."""

    type = "AWS::Cognito::UserPoolResourceServer"
    service = "cognito-idp"
    makes = call("create_resource_server", "UserPoolId Identifier Name Scopes")
    then = (Setting(call("update_resource_server", "UserPoolId Identifier Name Scopes"), at_create=False),)
    ref = "{Identifier}"
    unmakes = call("delete_resource_server", "UserPoolId Identifier")
    reads = (call("describe_resource_server", "UserPoolId Identifier"),)


class UserPoolUICustomizationAttachment(Table):
    """How a client's sign-in pages look."""

    type = "AWS::Cognito::UserPoolUICustomizationAttachment"
    service = "cognito-idp"
    makes = call("set_ui_customization", "UserPoolId ClientId CSS")
    then = (Setting(call("set_ui_customization", "UserPoolId ClientId CSS"), at_create=False),)
    ref = "UserPoolUICustomizationAttachment-{UserPoolId}-{ClientId}"
    unmakes = call("set_ui_customization", "UserPoolId ClientId", CSS="")
    reads = (call("get_ui_customization", "UserPoolId ClientId"),)


_IDENTITIES = (
    "AllowUnauthenticatedIdentities AllowClassicFlow SupportedLoginProviders DeveloperProviderName "
    "OpenIdConnectProviderARNs CognitoIdentityProviders SamlProviderARNs"
)


class IdentityPool(Table):
    """Temporary AWS credentials for users of other directories."""

    type = "AWS::Cognito::IdentityPool"
    service = "cognito-identity"
    named = Name("IdentityPoolName", limit=128)
    makes = call("create_identity_pool", _IDENTITIES, IdentityPoolName="{name}")
    then = (
        Setting(
            call("update_identity_pool", _IDENTITIES, IdentityPoolId="{ref}", IdentityPoolName="{made.Name}"),
            at_create=False,
        ),
    )
    tags = Tags(
        call("tag_resource", ResourceArn="arn:{partition}:cognito-identity:{region}:{account}:identitypool/{ref}"),
        remove=call(
            "untag_resource", ResourceArn="arn:{partition}:cognito-identity:{region}:{account}:identitypool/{ref}"
        ),
        property="IdentityPoolTags",
    )
    ref = "IdentityPoolId"
    attributes = "Id={ref} Name=IdentityPoolName"
    unmakes = call("delete_identity_pool", IdentityPoolId="{ref}")
    reads = (
        call("describe_identity_pool", IdentityPoolId="{ref}"),
        call(
            "list_tags_for_resource",
            ResourceArn="arn:{partition}:cognito-identity:{region}:{account}:identitypool/{ref}",
        ),
    )


class IdentityPoolRoleAttachment(Table):
    """The roles an identity pool's users get."""

    type = "AWS::Cognito::IdentityPoolRoleAttachment"
    service = "cognito-identity"
    named = Name("", limit=128)
    makes = call("set_identity_pool_roles", "IdentityPoolId", Roles="{Roles}", RoleMappings="{RoleMappings}")
    then = (
        Setting(
            call("set_identity_pool_roles", "IdentityPoolId", Roles="{Roles}", RoleMappings="{RoleMappings}"),
            at_create=False,
        ),
    )
    ref = "{name}"
    attributes = "Id={ref}"
    unmakes = call("set_identity_pool_roles", "IdentityPoolId", Roles={})
    reads = (call("get_identity_pool_roles", "IdentityPoolId"),)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A mapping's key in the template may be a name for the provider it then names."""
        told = dict(arguments)
        mappings = told.get("RoleMappings")
        if mappings:
            told["RoleMappings"] = {
                each.get("IdentityProvider", name): {
                    key: value for key, value in each.items() if key != "IdentityProvider"
                }
                for name, each in mappings.items()
            }
        if operation == "set_identity_pool_roles":
            told.setdefault("Roles", {})
        return super().ask(scope, operation, told)
