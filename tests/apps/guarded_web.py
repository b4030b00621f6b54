"""A guarded site and its API, with the rarer settings of each."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct


class GuardedWeb(cdk.Stack):
    """CloudFront with failover, an API with a canary, a web ACL with nested statements, a strict user pool."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, env=cdk.Environment(region="us-east-1"), **kwargs)
        kept: dict[str, Any] = {"removal_policy": cdk.RemovalPolicy.DESTROY}
        logged = s3.Bucket(
            self,
            "Logged",
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            access_control=s3.BucketAccessControl.LOG_DELIVERY_WRITE,
            **kept,
        )
        site, spare = (s3.Bucket(self, name, **kept) for name in ("Site", "Spare"))
        cloudfront.Distribution(
            self,
            "Edge",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.OriginGroup(
                    primary_origin=origins.S3BucketOrigin.with_origin_access_control(
                        site, origin_path="/live", connection_attempts=2, custom_headers={"X-Clinic": "triage"}
                    ),
                    fallback_origin=origins.S3BucketOrigin.with_origin_access_control(spare),
                    fallback_status_codes=[500, 503],
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=cloudfront.ResponseHeadersPolicy(
                    self,
                    "Headers",
                    remove_headers=["Server"],
                    server_timing_sampling_rate=12.5,
                    security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                        content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                        referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                            referrer_policy=cloudfront.HeadersReferrerPolicy.SAME_ORIGIN, override=False
                        ),
                    ),
                ),
            ),
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=404,
                    response_http_status=200,
                    response_page_path="/index.html",
                    ttl=cdk.Duration.seconds(13),
                )
            ],
            geo_restriction=cloudfront.GeoRestriction.allowlist("IE", "FR"),
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_root_object="index.html",
            enable_logging=True,
            log_bucket=logged,
            log_file_prefix="edge/",
            log_includes_cookies=True,
        )
        access = logs.LogGroup(self, "Access", retention=logs.RetentionDays.TWO_WEEKS, **kept)
        api = apigateway.RestApi(
            self,
            "Api",
            binary_media_types=["image/png"],
            min_compression_size=cdk.Size.bytes(999),
            api_key_source_type=apigateway.ApiKeySourceType.HEADER,
            cloud_watch_role=True,
            deploy_options=apigateway.StageOptions(
                stage_name="live",
                cache_cluster_enabled=True,
                cache_cluster_size="1.6",
                data_trace_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.INFO,
                throttling_burst_limit=55,
                throttling_rate_limit=44.5,
                tracing_enabled=True,
                variables={"where": "here"},
                access_log_destination=apigateway.LogGroupLogDestination(access),
                method_options={"/notes/GET": apigateway.MethodDeploymentOptions(throttling_burst_limit=5)},
            ),
        )
        notes = api.root.add_resource("notes")
        notes.add_method(
            "GET",
            apigateway.MockIntegration(
                passthrough_behavior=apigateway.PassthroughBehavior.WHEN_NO_TEMPLATES,
                request_templates={"application/json": '{"statusCode": 200}'},
                integration_responses=[
                    apigateway.IntegrationResponse(
                        status_code="200", selection_pattern=".*ok.*", response_templates={"application/json": "{}"}
                    )
                ],
            ),
            api_key_required=True,
            operation_name="ListNotes",
            request_parameters={"method.request.querystring.since": True},
            request_validator_options=apigateway.RequestValidatorOptions(validate_request_parameters=True),
            method_responses=[apigateway.MethodResponse(status_code="200")],
        )
        plan = api.add_usage_plan(
            "Plan",
            description="for partners",
            quota=apigateway.QuotaSettings(limit=1111, offset=1, period=apigateway.Period.WEEK),
            throttle=apigateway.ThrottleSettings(burst_limit=22, rate_limit=11),
        )
        plan.add_api_key(api.add_api_key("Partner", description="one partner"))
        plan.add_api_stage(stage=api.deployment_stage)
        api.add_gateway_response(
            "Refused",
            type=apigateway.ResponseType.DEFAULT_4_XX,
            status_code="499",
            response_headers={"X-Why": "'refused'"},
            templates={"application/json": '{"why": 1}'},
        )
        self._guard(api)
        self._people()
        self._everywhere()

    def _guard(self, api: apigateway.RestApi) -> None:
        def seen(name: str) -> dict[str, Any]:
            return {"sampledRequestsEnabled": True, "cloudWatchMetricsEnabled": True, "metricName": name}

        text = [{"priority": 0, "type": "URL_DECODE"}]
        rules = [
            {
                "name": "common",
                "priority": 1,
                "overrideAction": {"none": {}},
                "statement": {
                    "managedRuleGroupStatement": {
                        "vendorName": "AWS",
                        "name": "AWSManagedRulesCommonRuleSet",
                        "ruleActionOverrides": [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}],
                    }
                },
                "visibilityConfig": seen("common"),
            },
            {
                "name": "rate",
                "priority": 2,
                "action": {"block": {}},
                "ruleLabels": [{"name": "busy"}],
                "statement": {
                    "rateBasedStatement": {
                        "limit": 222,
                        "evaluationWindowSec": 120,
                        "aggregateKeyType": "FORWARDED_IP",
                        "forwardedIpConfig": {"headerName": "X-Forwarded-For", "fallbackBehavior": "MATCH"},
                    }
                },
                "visibilityConfig": seen("rate"),
            },
            {
                "name": "injected",
                "priority": 3,
                "action": {"count": {}},
                "statement": {
                    "andStatement": {
                        "statements": [
                            {"notStatement": {"statement": {"geoMatchStatement": {"countryCodes": ["IE"]}}}},
                            {
                                "sqliMatchStatement": {
                                    "fieldToMatch": {"body": {"oversizeHandling": "CONTINUE"}},
                                    "sensitivityLevel": "HIGH",
                                    "textTransformations": text,
                                }
                            },
                        ]
                    }
                },
                "visibilityConfig": seen("injected"),
            },
        ]
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(
                block=wafv2.CfnWebACL.BlockActionProperty(
                    custom_response=wafv2.CfnWebACL.CustomResponseProperty(
                        response_code=418, custom_response_body_key="sorry"
                    )
                )
            ),
            custom_response_bodies={
                "sorry": wafv2.CfnWebACL.CustomResponseBodyProperty(content="<b>sorry</b>", content_type="TEXT_HTML")
            },
            token_domains=["clinic.example"],
            visibility_config=wafv2.CfnWebACL.VisibilityConfigProperty(
                sampled_requests_enabled=False, cloud_watch_metrics_enabled=True, metric_name="all"
            ),
            rules=rules,
        )
        wafv2.CfnWebACLAssociation(self, "Guard", web_acl_arn=acl.attr_arn, resource_arn=api.deployment_stage.stage_arn)

    def _people(self) -> None:
        pool = cognito.UserPool(
            self,
            "People",
            sign_in_aliases=cognito.SignInAliases(email=True),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(min_length=13, temp_password_validity=cdk.Duration.days(6)),
            device_tracking=cognito.DeviceTracking(
                challenge_required_on_new_device=True, device_only_remembered_on_user_prompt=True
            ),
            custom_attributes={
                "ward": cognito.StringAttribute(min_len=2, max_len=22, mutable=True),
                "level": cognito.NumberAttribute(min=3, max=9),
            },
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        pool.add_client(
            "Client",
            access_token_validity=cdk.Duration.minutes(11),
            auth_session_validity=cdk.Duration.minutes(7),
            refresh_token_validity=cdk.Duration.hours(13),
            prevent_user_existence_errors=True,
            auth_flows=cognito.AuthFlow(user_srp=True),
        )

    def _everywhere(self) -> None:
        dynamodb.TableV2(
            self,
            "Everywhere",
            partition_key=dynamodb.Attribute(name="note", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.provisioned(
                read_capacity=dynamodb.Capacity.fixed(7),
                write_capacity=dynamodb.Capacity.autoscaled(max_capacity=30, min_capacity=3, seed_capacity=4),
            ),
            time_to_live_attribute="until",
            replicas=[
                dynamodb.ReplicaTableProps(
                    region="us-west-2",
                    read_capacity=dynamodb.Capacity.fixed(17),
                    table_class=dynamodb.TableClass.STANDARD_INFREQUENT_ACCESS,
                )
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
