"""People who sign in, and services that find each other."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_servicediscovery as discovery
from constructs import Construct


class People(cdk.Stack):
    """A user pool in front of an API, an identity pool, Cloud Map, and a private zone."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        pool = cognito.UserPool(
            self,
            "Pool",
            self_sign_up_enabled=True,
            sign_in_aliases=cognito.SignInAliases(email=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            password_policy=cognito.PasswordPolicy(min_length=12, require_symbols=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            custom_attributes={"ward": cognito.StringAttribute(mutable=True, max_len=20)},
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        pool.add_domain("Door", cognito_domain=cognito.CognitoDomainOptions(domain_prefix="preflight-clinic"))
        client = pool.add_client(
            "Web",
            auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID],
                callback_urls=["https://clinic.example.org/back"],
            ),
            access_token_validity=cdk.Duration.minutes(30),
            prevent_user_existence_errors=True,
        )
        cognito.CfnUserPoolGroup(self, "Nurses", user_pool_id=pool.user_pool_id, group_name="nurses", precedence=1)
        cognito.CfnIdentityPool(
            self,
            "Identities",
            allow_unauthenticated_identities=False,
            cognito_identity_providers=[
                cognito.CfnIdentityPool.CognitoIdentityProviderProperty(
                    client_id=client.user_pool_client_id, provider_name=pool.user_pool_provider_name
                )
            ],
        )
        function = lambda_.Function(
            self,
            "Hello",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context):\n    return 'hello'\n"),
        )
        api = http.HttpApi(self, "Api")
        api.add_routes(
            path="/hello",
            methods=[http.HttpMethod.GET],
            integration=integrations.HttpLambdaIntegration("Hello", function),
            authorizer=authorizers.HttpUserPoolAuthorizer("Signed", pool, user_pool_clients=[client]),
        )
        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=0)
        private = discovery.PrivateDnsNamespace(self, "Names", name="svc.local", vpc=vpc)
        service = private.create_service(
            "Notes", dns_record_type=discovery.DnsRecordType.A, dns_ttl=cdk.Duration.seconds(30)
        )
        service.register_ip_instance("One", ipv4="10.0.0.10")
        zone = route53.PrivateHostedZone(self, "Inside", zone_name="inside.example.org", vpc=vpc)
        route53.CnameRecord(self, "Db", zone=zone, record_name="db", domain_name="db.example.org")
        cdk.CfnOutput(self, "Url", value=api.api_endpoint)
