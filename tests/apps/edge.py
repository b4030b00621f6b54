"""A private site at the edge, with names and a firewall."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_globalaccelerator as accelerator
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_wafv2 as waf
from constructs import Construct


class Edge(cdk.Stack):
    """CloudFront over a private bucket, headers, an edge function, failover records, an accelerator."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        zone = route53.PublicHostedZone(self, "Zone", zone_name="clinic.example.org", comment="the clinic")
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name="www.clinic.example.org",
            subject_alternative_names=["clinic.example.org"],
            validation=acm.CertificateValidation.from_dns(zone),
        )
        site = s3.Bucket(self, "Site", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        logs = s3.Bucket(
            self, "Logs", object_ownership=s3.ObjectOwnership.OBJECT_WRITER, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        headers = cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            comment="strict",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(365), include_subdomains=True, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
            ),
        )
        caching = cloudfront.CachePolicy(
            self,
            "Caching",
            default_ttl=cdk.Duration.hours(1),
            min_ttl=cdk.Duration.seconds(1),
            max_ttl=cdk.Duration.days(1),
            header_behavior=cloudfront.CacheHeaderBehavior.allow_list("Accept-Language"),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.all(),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )
        wall = waf.CfnWebACL(
            self,
            "Wall",
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=waf.CfnWebACL.VisibilityConfigProperty(
                cloud_watch_metrics_enabled=True, metric_name="edge", sampled_requests_enabled=True
            ),
        )
        distribution = cloudfront.Distribution(
            self,
            "Cdn",
            default_root_object="index.html",
            domain_names=["www.clinic.example.org"],
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            geo_restriction=cloudfront.GeoRestriction.allowlist("IE", "DE"),
            enable_logging=True,
            log_bucket=logs,
            log_file_prefix="cdn/",
            web_acl_id=wall.attr_arn,
            comment="the site",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(site),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=headers,
                cache_policy=caching,
                compress=True,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        function=cloudfront.Function(
                            self,
                            "Rewrite",
                            code=cloudfront.FunctionCode.from_inline(
                                "function handler(event) { return event.request; }"
                            ),
                            runtime=cloudfront.FunctionRuntime.JS_2_0,
                        ),
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    )
                ],
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(
                        "api.example.org", protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
                    ),
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                )
            },
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=404,
                    response_http_status=200,
                    response_page_path="/index.html",
                    ttl=cdk.Duration.minutes(5),
                )
            ],
        )
        route53.ARecord(
            self,
            "Www",
            zone=zone,
            record_name="www",
            target=route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution)),
        )
        route53.TxtRecord(self, "Text", zone=zone, values=["v=spf1 -all"], ttl=cdk.Duration.minutes(10))
        check = route53.CfnHealthCheck(
            self,
            "Check",
            health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
                type="HTTPS",
                fully_qualified_domain_name="a.example.org",
                resource_path="/health",
                port=443,
                request_interval=30,
                failure_threshold=3,
            ),
        )
        for role, address in (("PRIMARY", "198.51.100.1"), ("SECONDARY", "198.51.100.2")):
            route53.CfnRecordSet(
                self,
                role.title(),
                hosted_zone_id=zone.hosted_zone_id,
                name="app.clinic.example.org",
                type="A",
                ttl="60",
                failover=role,
                set_identifier=role.lower(),
                resource_records=[address],
                health_check_id=check.ref if role == "PRIMARY" else None,
            )
        for place, weight in (("blue", 90), ("green", 10)):
            route53.CfnRecordSet(
                self,
                place.title(),
                hosted_zone_id=zone.hosted_zone_id,
                name="shop.clinic.example.org",
                type="CNAME",
                ttl="60",
                weight=weight,
                set_identifier=place,
                resource_records=[f"{place}.example.org"],
            )
        roads = accelerator.Accelerator(self, "Roads", enabled=True)
        roads.add_listener("Https", port_ranges=[accelerator.PortRange(from_port=443)])
        cdk.CfnOutput(self, "Domain", value=distribution.distribution_domain_name)
