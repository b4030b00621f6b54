"""Load balancers are made as AWS makes them, refused as AWS refuses them, change in place, and go completely."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

ELB = "AWS::ElasticLoadBalancingV2::"
NAME = [{"Key": "Name", "Value": "clinic"}]
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}


@pytest.fixture
def elb(bench):
    return bench.client("elbv2")


@pytest.fixture
def vpc(bench):
    """A VPC with an internet gateway."""
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    door = bench.make("AWS::EC2::InternetGateway", "Door").ref
    bench.make("AWS::EC2::VPCGatewayAttachment", "At", VpcId=vpc, InternetGatewayId=door)
    return vpc


@pytest.fixture
def subnets(bench, vpc):
    return [
        bench.make(
            "AWS::EC2::Subnet", f"S{n}", VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{'abc'[n]}"
        ).ref
        for n in range(3)
    ]


@pytest.fixture
def balancer(bench, subnets):
    return bench.make(f"{ELB}LoadBalancer", "Alb", Subnets=subnets[:2])


@pytest.fixture
def certificate(bench):
    return bench.client("acm").request_certificate(DomainName="clinic.example")["CertificateArn"]


def group(bench, vpc: str, name: str = "Tg", **more: Any):
    return bench.make(f"{ELB}TargetGroup", name, **{"VpcId": vpc, "Port": 80, "Protocol": "HTTP", **more})


def attributes(**pairs: str) -> list[dict[str, str]]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in pairs.items()]


@pytest.mark.parametrize(
    ("kind", "prefix", "zone", "host"),
    [
        ("application", "app", "Z35SXDOTRQ7X7K", ".us-east-1.elb.amazonaws.com"),
        ("network", "net", "Z26RNL4JYFTOTI", ".elb.us-east-1.amazonaws.com"),
        ("gateway", "gwy", "Z35SXDOTRQ7X7K", ".us-east-1.elb.amazonaws.com"),
    ],
)
def test_a_load_balancer_is_of_its_kind(bench, elb, subnets, kind, prefix, zone, host):
    made = bench.make(f"{ELB}LoadBalancer", "B", Name="mine", Type=kind, Subnets=subnets[:2], Tags=NAME)
    assert made.ref.split(":loadbalancer/")[1].startswith(f"{prefix}/mine/")
    assert made["LoadBalancerFullName"] == made.ref.split(":loadbalancer/")[1]
    assert (made["CanonicalHostedZoneID"], made["LoadBalancerName"]) == (zone, "mine")
    assert made["DNSName"].endswith(host)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    bench.delete(made)
    bench.delete(made)
    assert elb.describe_load_balancers()["LoadBalancers"] == []


def test_a_load_balancer_tells_all_that_is_declared_and_changes_in_place(bench, elb, vpc, subnets):
    groups = [
        bench.make("AWS::EC2::SecurityGroup", name, GroupDescription="g", VpcId=vpc).ref for name in ("One", "Two")
    ]
    declared = {
        "Scheme": "internal",
        "SecurityGroups": groups[:1],
        "Subnets": subnets[:2],
        "IpAddressType": "dualstack-without-public-ipv4",
        "LoadBalancerAttributes": attributes(
            idle_timeout__timeout_seconds="120", routing__http__drop_invalid_header_fields__enabled="true"
        ),
        "Tags": NAME,
    }
    made = bench.make(f"{ELB}LoadBalancer", "Alb", **declared)
    assert made["DNSName"].startswith("internal-Lab1-Alb-")
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(
        made, Scheme="internal", SecurityGroups=groups[1:], Subnets=subnets[1:], IpAddressType="ipv4"
    )
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = {
        each["Key"]: each["Value"]
        for each in elb.describe_load_balancer_attributes(LoadBalancerArn=made.ref)["Attributes"]
    }
    assert told["idle_timeout.timeout_seconds"] == "60"


def test_a_network_load_balancer_stands_at_its_elastic_addresses(bench, subnets):
    address = bench.make("AWS::EC2::EIP", "Address", Domain="vpc")
    made = bench.make(
        f"{ELB}LoadBalancer",
        "Nlb",
        Type="network",
        SubnetMappings=[{"SubnetId": subnets[0], "AllocationId": address["AllocationId"]}],
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off",
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())


@pytest.mark.parametrize(
    ("says", "declared"),
    [
        ("At least two subnets in two different Availability Zones", lambda s: {"Subnets": s[:1]}),
        ("does not exist|not exist", lambda s: {"Subnets": [s[0], "subnet-0123456789abcdef0"]}),
        ("One or more security groups are invalid", lambda s: {"Subnets": s, "SecurityGroups": ["sg-00000000"]}),
        (
            "Please check S3bucket permission",
            lambda s: {
                "Subnets": s,
                "LoadBalancerAttributes": attributes(
                    access_logs__s3__enabled="true", access_logs__s3__bucket="nowhere"
                ),
            },
        ),
        ("[Kk]ey .*x.y", lambda s: {"Subnets": s, "LoadBalancerAttributes": attributes(x__y="1")}),
    ],
)
def test_a_load_balancer_aws_would_refuse_is_refused(bench, elb, subnets, says, declared):
    with pytest.raises(ClientError, match=says):
        bench.make(f"{ELB}LoadBalancer", "Alb", **declared(subnets))
    assert elb.describe_load_balancers()["LoadBalancers"] == []


def test_two_subnets_of_one_zone_or_no_internet_gateway_are_refused(bench, elb, vpc, subnets):
    beside = bench.make(
        "AWS::EC2::Subnet", "Beside", VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="us-east-1a"
    ).ref
    with pytest.raises(ClientError, match="multiple subnets in the same Availability Zone"):
        bench.make(f"{ELB}LoadBalancer", "Alb", Subnets=[subnets[0], beside])
    closed = bench.make("AWS::EC2::VPC", "Closed", CidrBlock="10.1.0.0/16").ref
    inside = [
        bench.make(
            "AWS::EC2::Subnet",
            f"C{n}",
            VpcId=closed,
            CidrBlock=f"10.1.{n}.0/24",
            AvailabilityZone=f"us-east-1{'ab'[n]}",
        ).ref
        for n in range(2)
    ]
    with pytest.raises(ClientError, match="has no internet gateway"):
        bench.make(f"{ELB}LoadBalancer", "Alb", Subnets=inside)
    bench.make(f"{ELB}LoadBalancer", "Inner", Name="one", Subnets=inside, Scheme="internal")
    with pytest.raises(ClientError, match="same name 'one' exists"):
        bench.make(f"{ELB}LoadBalancer", "Other", Name="one", Subnets=inside, Scheme="internal")


def test_a_protected_load_balancer_stays(bench, elb, balancer, subnets):
    protected = bench.change(
        balancer, Subnets=subnets[:2], LoadBalancerAttributes=attributes(deletion_protection__enabled="true")
    )
    with pytest.raises(ClientError, match="cannot be deleted because deletion protection is enabled"):
        bench.delete(protected)
    bench.delete(bench.change(protected, Subnets=subnets[:2]))
    assert elb.describe_load_balancers()["LoadBalancers"] == []


HEALTH = {
    "HealthCheckPath": "/alive",
    "HealthCheckPort": "8080",
    "HealthCheckProtocol": "HTTP",
    "HealthCheckIntervalSeconds": 12,
    "HealthCheckTimeoutSeconds": 4,
    "HealthyThresholdCount": 3,
    "UnhealthyThresholdCount": 4,
    "Matcher": {"HttpCode": "200-299"},
}


@pytest.mark.parametrize(
    ("declared", "changed"),
    [
        (
            {
                **HEALTH,
                "TargetType": "ip",
                "ProtocolVersion": "HTTP2",
                "Targets": [{"Id": "10.0.1.5", "Port": 8081}],
                "TargetGroupAttributes": attributes(
                    deregistration_delay__timeout_seconds="30", stickiness__enabled="true", stickiness__type="lb_cookie"
                ),
                "Tags": NAME,
            },
            {
                **HEALTH,
                "TargetType": "ip",
                "ProtocolVersion": "HTTP2",
                "HealthCheckPath": "/well",
                "Matcher": {"HttpCode": "204"},
                "Targets": [{"Id": "10.0.1.6", "Port": 8082}],
            },
        ),
        ({"ProtocolVersion": "GRPC", "Matcher": {"GrpcCode": "0-5"}}, {"ProtocolVersion": "GRPC"}),
        ({"Protocol": "TCP", "Port": 53, "HealthCheckEnabled": True}, {"Protocol": "TCP", "Port": 53}),
    ],
)
def test_a_target_group_changes_in_place(bench, elb, vpc, declared, changed):
    made = group(bench, vpc, **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made["TargetGroupFullName"] == made.ref.rpartition(":")[2]
    assert made["LoadBalancerArns"] == []
    again = bench.change(made, **{"VpcId": vpc, "Port": 80, "Protocol": "HTTP", **changed})
    assert (again.unapplied, bench.lost(again)) == ((), set())
    bench.delete(again)
    bench.delete(again)
    assert elb.describe_target_groups()["TargetGroups"] == []


def test_a_target_has_to_be_there(bench, vpc):
    with pytest.raises(ClientError, match="cannot be registered: 'i-0123456789abcdef0'"):
        group(bench, vpc, Targets=[{"Id": "i-0123456789abcdef0"}])
    function = "arn:aws:lambda:us-east-1:123456789012:function:nobody"
    with pytest.raises(ClientError, match="does not have permission to invoke"):
        bench.make(f"{ELB}TargetGroup", "Tg", TargetType="lambda", Targets=[{"Id": function}])
    with pytest.raises(ClientError, match="is not found"):
        group(bench, "vpc-00000000")


def test_a_listener_forwards_redirects_authenticates_and_answers(bench, elb, vpc, balancer, certificate):
    groups = [group(bench, vpc, name) for name in ("Blue", "Green")]
    weighted = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": groups[0].ref, "Weight": 90},
                {"TargetGroupArn": groups[1].ref, "Weight": 11},
            ],
            "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 600},
        },
    }
    login = {
        "Type": "authenticate-cognito",
        "Order": 1,
        "AuthenticateCognitoConfig": {
            "UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Pool",
            "UserPoolClientId": "client",
            "UserPoolDomain": "clinic",
        },
    }
    secure = bench.make(
        f"{ELB}Listener",
        "Secure",
        LoadBalancerArn=balancer.ref,
        Port=443,
        Protocol="HTTPS",
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        MutualAuthentication={"Mode": "passthrough"},
        DefaultActions=[login, {**weighted, "Order": 2}],
        ListenerAttributes=attributes(routing__http__response__server__enabled="false"),
        Tags=NAME,
    )
    assert (secure.unapplied, bench.lost(secure)) == ((), set())
    arns = elb.describe_target_groups(TargetGroupArns=[groups[1].ref])["TargetGroups"][0]["LoadBalancerArns"]
    assert arns == [balancer.ref]
    with pytest.raises(ClientError, match="already exists on this port"):
        bench.make(
            f"{ELB}Listener", "Twin", LoadBalancerArn=balancer.ref, Port=443, Protocol="HTTP", DefaultActions=[FIXED]
        )

    redirect = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301", "Host": "#{host}"},
    }
    plain = bench.make(
        f"{ELB}Listener", "Plain", LoadBalancerArn=balancer.ref, Port=80, Protocol="HTTP", DefaultActions=[redirect]
    )
    assert (plain.unapplied, bench.lost(plain)) == ((), set())
    changed = bench.change(plain, LoadBalancerArn=balancer.ref, Port=8080, Protocol="HTTP", DefaultActions=[FIXED])
    assert (changed.unapplied, bench.lost(changed)) == ((), set())

    more = bench.client("acm").request_certificate(DomainName="other.example")["CertificateArn"]
    further = bench.make(
        f"{ELB}ListenerCertificate", "Further", ListenerArn=secure.ref, Certificates=[{"CertificateArn": more}]
    )
    assert (further.unapplied, bench.lost(further)) == ((), set())
    for thing in (further, changed, secure, *groups, balancer):
        bench.delete(thing)
        bench.delete(thing)
    assert elb.describe_target_groups()["TargetGroups"] == []


def test_a_network_listener_keeps_its_protocol_when_it_changes(bench, elb, vpc, subnets, certificate):
    balancer = bench.make(f"{ELB}LoadBalancer", "Nlb", Type="network", Subnets=subnets[:1])
    made = group(bench, vpc, Protocol="TCP")
    action = {"Type": "forward", "TargetGroupArn": made.ref}
    declared = {"LoadBalancerArn": balancer.ref, "Port": 443, "DefaultActions": [action]}
    plain = bench.make(f"{ELB}Listener", "L", Protocol="TCP", **declared)
    secure = bench.change(
        plain, Protocol="TLS", Certificates=[{"CertificateArn": certificate}], AlpnPolicy=["HTTP2Only"], **declared
    )
    assert (secure.unapplied, bench.lost(secure)) == ((), set())


def test_a_listener_aws_would_refuse_is_refused(bench, elb, vpc, subnets, balancer):
    listener = {"LoadBalancerArn": balancer.ref, "Port": 443, "DefaultActions": [FIXED]}
    with pytest.raises(ClientError, match="A certificate must be specified for HTTPS listeners"):
        bench.make(f"{ELB}Listener", "L", Protocol="HTTPS", **listener)
    nobody = [{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"}]
    with pytest.raises(ClientError, match="CertificateNotFound"):
        bench.make(f"{ELB}Listener", "L", Protocol="HTTPS", Certificates=nobody, **listener)
    other = bench.make(f"{ELB}LoadBalancer", "Other", Subnets=subnets[:2])
    shared = [{"Type": "forward", "TargetGroupArn": group(bench, vpc).ref}]
    bench.make(f"{ELB}Listener", "O", LoadBalancerArn=other.ref, Port=80, Protocol="HTTP", DefaultActions=shared)
    with pytest.raises(ClientError, match="cannot be associated with more than one load balancer"):
        bench.make(f"{ELB}Listener", "L", Protocol="HTTP", **{**listener, "DefaultActions": shared})


CONDITIONS = [
    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*", "/v1/*"]}},
    {"Field": "host-header", "HostHeaderConfig": {"Values": ["api.clinic.example"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["pets"]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "version", "Value": "new"}]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
]


def test_a_rule_has_every_condition_and_changes_its_priority(bench, elb, balancer):
    listener = bench.make(
        f"{ELB}Listener", "L", LoadBalancerArn=balancer.ref, Port=80, Protocol="HTTP", DefaultActions=[FIXED]
    ).ref
    rewrite = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/api", "Replace": "/"}]}}
    rule = bench.make(
        f"{ELB}ListenerRule",
        "R",
        ListenerArn=listener,
        Priority=10,
        Conditions=CONDITIONS,
        Actions=[FIXED],
        Transforms=[rewrite],
        Tags=NAME,
    )
    assert (rule.unapplied, bench.lost(rule), rule["IsDefault"]) == ((), set(), False)
    with pytest.raises(ClientError, match="PriorityInUse"):
        bench.make(
            f"{ELB}ListenerRule", "S", ListenerArn=listener, Priority=10, Conditions=CONDITIONS[:1], Actions=[FIXED]
        )
    changed = bench.change(rule, ListenerArn=listener, Priority=20, Conditions=CONDITIONS[:1], Actions=[FIXED])
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (rule.ref, (), set())
    bench.delete(changed)
    bench.delete(changed)
    assert len(elb.describe_rules(ListenerArn=listener)["Rules"]) == 1


def test_a_trust_store_holds_the_certificates_it_was_given(bench, elb):
    s3 = bench.client("s3")
    s3.create_bucket(Bucket="authorities")
    for key in ("one.pem", "two.pem"):
        s3.put_object(Bucket="authorities", Key=key, Body=b"-----BEGIN CERTIFICATE-----")
    declared = {"Name": "clients", "CaCertificatesBundleS3Bucket": "authorities"}
    store = bench.make(f"{ELB}TrustStore", "Store", CaCertificatesBundleS3Key="one.pem", Tags=NAME, **declared)
    assert (store.unapplied, bench.lost(store), store["Status"]) == ((), set(), "ACTIVE")
    changed = bench.change(store, CaCertificatesBundleS3Key="two.pem", **declared)
    assert (changed.ref, changed.unapplied, bench.lost(changed)) == (store.ref, (), set())
    bench.delete(changed)
    bench.delete(changed)
    assert elb.describe_trust_stores()["TrustStores"] == []
    with pytest.raises(ClientError, match="bundle does not exist"):
        bench.make(f"{ELB}TrustStore", "Store", CaCertificatesBundleS3Key="three.pem", **declared)


def test_attributes_that_are_no_longer_declared_go_back_to_their_defaults(bench):
    kind, vpc = "AWS::ElasticLoadBalancingV2::TargetGroup", bench.make("AWS::EC2::VPC", CidrBlock="10.0.0.0/16").ref
    plain = {"Name": "t", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip"}
    told = {"load_balancing.cross_zone.enabled": "false", "stickiness.lb_cookie.duration_seconds": "77"}
    pairs = [{"Key": key, "Value": value} for key, value in told.items()]
    group = bench.make(kind, **plain, TargetGroupAttributes=pairs)
    bench.change(group, **plain)
    found = bench.client("elbv2").describe_target_group_attributes(TargetGroupArn=group.ref)["Attributes"]
    assert {each["Key"]: each["Value"] for each in found if each["Key"] in told} == {
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "stickiness.lb_cookie.duration_seconds": "86400",
    }
