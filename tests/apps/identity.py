"""People, what they may do, and the secrets they need."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct


class Identity(cdk.Stack):
    """Users, groups, roles, a boundary, identity providers, keys, secrets and parameters."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        boundary = iam.ManagedPolicy(
            self,
            "Boundary",
            path="/limits/",
            description="the most anybody here may do",
            statements=[iam.PolicyStatement(actions=["s3:*", "logs:*"], resources=["*"])],
        )
        readers = iam.Group(
            self, "Readers", managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess")]
        )
        user = iam.User(
            self,
            "Ada",
            groups=[readers],
            permissions_boundary=boundary,
            path="/people/",
            password=cdk.SecretValue.unsafe_plain_text("Not-A-Secret-1!"),
            password_reset_required=True,
        )
        iam.AccessKey(self, "Key", user=user)
        iam.CfnVirtualMFADevice(self, "Phone", users=[user.user_name], virtual_mfa_device_name="ada-phone")
        role = iam.Role(
            self,
            "Worker",
            assumed_by=iam.CompositePrincipal(
                iam.ServicePrincipal("lambda.amazonaws.com"), iam.ServicePrincipal("ec2.amazonaws.com")
            ),
            description="works",
            max_session_duration=cdk.Duration.hours(2),
            external_ids=None,
            inline_policies={
                "logs": iam.PolicyDocument(
                    statements=[iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=["*"])]
                )
            },
        )
        partner = iam.Role(
            self,
            "Partner",
            assumed_by=iam.AccountPrincipal("222222222222"),
            external_ids=["clinic-7"],
            path="/partners/",
        )
        iam.InstanceProfile(self, "Profile", role=role, path="/machines/")
        iam.OidcProviderNative(
            self, "GitHub", url="https://token.actions.githubusercontent.com", client_ids=["sts.amazonaws.com"]
        )
        iam.CfnServiceLinkedRole(self, "ForScaling", aws_service_name="autoscaling.amazonaws.com", custom_suffix="lab")
        iam.CfnUserToGroupAddition(self, "Also", group_name=readers.group_name, users=[user.user_name])
        key = kms.Key(
            self,
            "Mine",
            enable_key_rotation=True,
            rotation_period=cdk.Duration.days(180),
            description="for secrets",
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        signing = kms.Key(self, "Signing", key_spec=kms.KeySpec.ECC_NIST_P256, key_usage=kms.KeyUsage.SIGN_VERIFY)
        key.grant_decrypt(role)
        signing.grant(role, "kms:Sign")
        secret = secretsmanager.Secret(
            self,
            "Secret",
            encryption_key=key,
            description="the partner's password",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"username":"partner"}',
                generate_string_key="password",
                password_length=24,
                exclude_characters="\"@/\\'",
                require_each_included_type=True,
            ),
        )
        secret.grant_read(partner)
        secret.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["secretsmanager:GetSecretValue"],
                principals=[partner],
                resources=["*"],
            )
        )
        parameter = ssm.StringParameter(
            self,
            "Where",
            parameter_name="/clinic/where",
            string_value="ward 7",
            description="where it is",
            allowed_pattern="ward \\d+",
            tier=ssm.ParameterTier.ADVANCED,
        )
        ssm.StringListParameter(self, "Words", string_list_value=["a", "b"])
        parameter.grant_read(role)
        cdk.CfnOutput(
            self,
            "User",
            value=secret.secret_value_from_json("username").unsafe_unwrap(),
            description="resolved at deploy",
        )
