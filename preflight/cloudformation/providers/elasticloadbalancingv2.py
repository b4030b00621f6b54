"""Elastic Load Balancing: application, network and gateway load balancers, what they listen to and where they send.

moto's load balancers are corrected here where AWS differs and a template can tell: the kind in a balancer's ARN, its
DNS name and hosted zone, the balancers a target group tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, ClassVar

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._kept import keep, kept
from preflight.cloudformation.providers._table import (
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    is_gone,
    refusal,
)

# https://docs.aws.amazon.com/general/latest/gr/elb.html, checked_on 2026-11-22: (application, network)
_ZONES = {
    "us-east-1": ("Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    "us-east-2": ("Z3AADJGX6KTTL2", "ZLMOA37VPKANP"),
    "us-west-1": ("Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"),
    "us-west-2": ("Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
    "ca-central-1": ("ZQSVJUPU6J1EY", "Z2EPGBW3API2WT"),
    "eu-central-1": ("Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"),
    "eu-west-1": ("Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
    "eu-west-2": ("ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G"),
    "eu-west-3": ("Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5"),
    "eu-north-1": ("Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM"),
    "eu-south-1": ("Z3ULH7SSC9OV64", "Z23146JA1KNAFP"),
    "ap-south-1": ("ZP97RAFLXTNZK", "ZVDDRBQ08TROA"),
    "ap-northeast-1": ("Z14GRHDCWA56QT", "Z31USIVHYNEOWT"),
    "ap-northeast-2": ("ZWKZPGTI48KDX", "ZIBE1TIR4HY56"),
    "ap-southeast-1": ("Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"),
    "ap-southeast-2": ("Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"),
    "sa-east-1": ("Z2P70J7HTTTPLU", "ZTK26PT1VY4CU"),
}

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html,
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html and
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html,
# checked_on 2026-11-22: what an attribute goes back to when it is no longer declared
_DEFAULTS = {
    "access_logs.s3.bucket": "",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "deletion_protection.enabled": "false",
    "deregistration_delay.timeout_seconds": "300",
    "idle_timeout.timeout_seconds": "60",
    "lambda.multi_value_headers.enabled": "false",
    "load_balancing.algorithm.type": "round_robin",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http2.enabled": "true",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "tcp.idle_timeout.seconds": "350",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}


class _Attributes(Setting):
    """Attributes as pairs; one that is no longer declared goes back to its default."""

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Set what differs."""
        old, new = (self._pairs(each) for each in (before, after))
        defaults = _DEFAULTS
        if "TargetGroupAttributes" in self.properties:
            defaults = {**defaults, "load_balancing.cross_zone.enabled": "use_load_balancer_configuration"}
        gone = {key: defaults[key] for key in old if key not in new and key in defaults}
        if old != new:
            told = [{"Key": key, "Value": value} for key, value in {**new, **gone}.items()]
            table.ask(after, self.put.operation, {**self.put.render(after, table.service), "Attributes": told})

    def _pairs(self, scope: Scope) -> dict[str, str]:
        listed = scope.declared.peek(next(iter(self.properties)), [])
        return {each["Key"]: str(each.get("Value", "")) for each in listed}


class _Elb(Table):
    service = "elbv2"
    tags: ClassVar[Tags | None] = Tags(
        call("add_tags", ResourceArns=["{ref}"]), remove=call("remove_tags", ResourceArns=["{ref}"])
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Make the resource."""
        _mend_moto()
        return super().begin(scope)


def _backend(scope: Scope) -> Any:
    from moto.elbv2.models import elbv2_backends

    return elbv2_backends[scope.context.account][scope.context.region]


def _balancer(scope: Scope) -> Any:
    return _backend(scope).load_balancers[scope.ref]


class LoadBalancer(_Elb):
    """What takes in the traffic of a service."""

    type = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    named = Name("Name", limit=32)
    makes = call(
        "create_load_balancer", "Subnets SubnetMappings SecurityGroups Scheme Type IpAddressType", Name="{name}"
    )
    then = (
        _Attributes(
            call("modify_load_balancer_attributes", "Attributes=LoadBalancerAttributes", LoadBalancerArn="{ref}")
        ),
        Setting(call("set_security_groups", "SecurityGroups", LoadBalancerArn="{ref}"), at_create=False),
        kept(
            "describe_load_balancers.LoadBalancers",
            _balancer,
            "IpAddressType EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic "
            "EnablePrefixForIpv6SourceNat IpamPools.Ipv4IpamPoolId=Ipv4IpamPoolId",
        ),
    )
    in_place = frozenset({"Subnets", "SubnetMappings", "SecurityGroups", "IpAddressType"})
    ref = "LoadBalancers[0].LoadBalancerArn"
    attributes = (
        "LoadBalancerArn={ref} DNSName=LoadBalancers[0].DNSName LoadBalancerName=LoadBalancers[0].LoadBalancerName "
        "CanonicalHostedZoneID=LoadBalancers[0].CanonicalHostedZoneId"
    )
    describes = call("describe_load_balancers", LoadBalancerArns=["{ref}"])
    unmakes = call("delete_load_balancer", LoadBalancerArn="{ref}")
    reads = (
        describes,
        call("describe_load_balancer_attributes", LoadBalancerArn="{ref}"),
        call("describe_tags", ResourceArns=["{ref}"]),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """An application load balancer without groups gets its VPC's default one."""
        arguments = super().arguments(scope)
        if arguments.get("IpAddressType", "ipv4") not in ("ipv4", "dualstack"):
            arguments["IpAddressType"] = "dualstack"  # told as declared by the record
        if arguments.get("Type", "application") == "application" and not arguments.get("SecurityGroups"):
            vpc = next((each["VpcId"] for each in _subnets(scope)), None)
            mine = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
            groups = scope.context.client("ec2").describe_security_groups(Filters=mine)["SecurityGroups"] if vpc else []
            arguments["SecurityGroups"] = [each["GroupId"] for each in groups]
        return arguments

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Refuse what AWS would, then give the new balancer the names of its kind."""
        self._refuse(scope)
        answer = super().begin(scope)
        made = answer["LoadBalancers"][0]
        balancer = _rename(scope, made["LoadBalancerArn"])
        made["LoadBalancerArn"] = balancer.arn
        _tell_addresses(scope, balancer)
        return answer

    def change(self, before: Scope, after: Scope) -> None:
        """Subnets are exchanged, each zone's at once."""
        super().change(before, after)
        for name in ("Subnets", "SubnetMappings"):
            if before.declared.peek(name) != after.declared.peek(name) and name in after.declared:
                self._refuse_zones(after)
                balancer = _balancer(after)
                backend = balancer_ec2(after)
                balancer.subnets = [backend.get_subnet(each["SubnetId"]) for each in _subnets(after)]
                vars(balancer).pop("AvailabilityZones", None)
                _tell_addresses(after, balancer)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """A protected one stays; target groups forget the one that goes."""
        scope = self.scope(made, declared, context)
        told = {"LoadBalancerArn": made.physical_id}
        try:
            pairs = context.client("elbv2").describe_load_balancer_attributes(**told)["Attributes"]
        except Exception as error:
            if not is_gone(error):
                raise
            pairs = []
        if {"Key": "deletion_protection.enabled", "Value": "true"} in pairs:
            said = f"Load balancer '{made.physical_id}' cannot be deleted because deletion protection is enabled"
            raise refusal("OperationNotPermitted", said, "DeleteLoadBalancer")
        super().delete(made, declared, context)
        _tell_balancers(scope)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        full = {"LoadBalancerFullName": scope.ref.partition(":loadbalancer/")[2]}
        return {**super()._attributes(scope, answer), **full}

    def _refuse(self, scope: Scope) -> None:
        """What AWS says no to and the emulated service does not."""
        client = scope.context.client("elbv2")
        if any(each["LoadBalancerName"] == scope.name for each in client.describe_load_balancers()["LoadBalancers"]):
            said = f"A load balancer with the same name '{scope.name}' exists, but with different settings"
            raise refusal("DuplicateLoadBalancerName", said, "CreateLoadBalancer")
        self._refuse_zones(scope)
        _refuse_groups(scope)
        _refuse_buckets(scope)

    def _refuse_zones(self, scope: Scope) -> None:
        subnets = _subnets(scope)
        zones = [each["AvailabilityZone"] for each in subnets]
        kind = scope.declared.peek("Type", "application")
        if len(set(zones)) < len(zones):
            said = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
            raise refusal("InvalidConfigurationRequest", said, "CreateLoadBalancer")
        if kind == "application" and len(zones) < 2:
            said = "At least two subnets in two different Availability Zones must be specified"
            raise refusal("ValidationError", said, "CreateLoadBalancer")
        if subnets and kind != "gateway" and scope.declared.peek("Scheme", "internet-facing") == "internet-facing":
            vpc = subnets[0]["VpcId"]
            at = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
            if not scope.context.client("ec2").describe_internet_gateways(Filters=at)["InternetGateways"]:
                raise refusal("InvalidSubnet", f"VPC {vpc} has no internet gateway", "CreateLoadBalancer")


def balancer_ec2(scope: Scope) -> Any:
    """The emulated EC2 beneath a load balancer."""
    return _backend(scope).ec2_backend


def _subnets(scope: Scope) -> list[dict[str, Any]]:
    mappings = [each["SubnetId"] for each in scope.declared.peek("SubnetMappings", [])]
    wanted = [*scope.declared.peek("Subnets", []), *mappings]
    if not wanted:
        return []
    found = scope.context.client("ec2").describe_subnets(SubnetIds=wanted)["Subnets"]
    return sorted(found, key=lambda each: wanted.index(each["SubnetId"]))


def _refuse_groups(scope: Scope) -> None:
    groups = scope.declared.peek("SecurityGroups", [])
    if groups:
        try:
            scope.context.client("ec2").describe_security_groups(GroupIds=groups)
        except Exception as error:
            if not is_gone(error):
                raise
            said = "One or more security groups are invalid"
            raise refusal("InvalidConfigurationRequest", said, "CreateLoadBalancer") from error


def _refuse_buckets(scope: Scope) -> None:
    """A log bucket has to be there, with a policy that lets the load balancer's logs in.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html,
    checked_on 2026-11-22
    """
    told = {each["Key"]: str(each.get("Value", "")) for each in scope.declared.peek("LoadBalancerAttributes", [])}
    for kind in ("access_logs", "connection_logs"):
        bucket = told.get(f"{kind}.s3.bucket")
        if bucket and told.get(f"{kind}.s3.enabled") == "true":
            try:
                policy = scope.context.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
            except Exception as error:
                if not is_gone(error):
                    raise
                policy = ""
            if "s3:Put" not in policy and '"s3:*"' not in policy:
                said = f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
                raise refusal("InvalidConfigurationRequest", said, "ModifyLoadBalancerAttributes")


def _rename(scope: Scope, arn: str) -> Any:
    """The balancer under an ARN of its kind, with a DNS name and a zone as AWS gives them.

    moto calls every kind `app`, `1` and the same zone.
    """
    backend = _backend(scope)
    balancer = backend.load_balancers.pop(arn)
    kind = {"network": "net", "gateway": "gwy"}.get(balancer.type, "app")
    balancer.arn = arn.replace("/app/", f"/{kind}/")
    backend.load_balancers[balancer.arn] = balancer
    zones = _ZONES.get(scope.context.region, _ZONES["us-east-1"])
    number, region = balancer.arn.rpartition("/")[2], scope.context.region
    balancer.canonical_hosted_zone_id = zones[balancer.type == "network"]
    balancer.scheme = balancer.scheme or "internet-facing"
    if balancer.type == "network":
        balancer.dns_name = f"{balancer.name}-{number}.elb.{region}.amazonaws.com"
    else:
        prefix = "internal-" if balancer.scheme == "internal" else ""
        digits = str(int(number[:8], 16)).zfill(10)
        balancer.dns_name = f"{prefix}{balancer.name}-{digits}.{region}.elb.amazonaws.com"
    return balancer


def _tell_addresses(scope: Scope, balancer: Any) -> None:
    """The addresses that subnet mappings name; moto keeps the subnets alone."""
    mappings = {each["SubnetId"]: each for each in scope.declared.peek("SubnetMappings", [])}
    if not mappings:
        return
    ec2 = scope.context.client("ec2")
    zones = []
    for subnet in balancer.subnets:
        mapping = mappings[subnet.id]
        told = {key: value for key, value in mapping.items() if key != "SubnetId"}
        if "AllocationId" in told:
            address = ec2.describe_addresses(AllocationIds=[told["AllocationId"]])["Addresses"][0]
            told["IpAddress"] = address["PublicIp"]
        zones.append(
            {
                "ZoneName": subnet.availability_zone,
                "SubnetId": subnet.id,
                "LoadBalancerAddresses": [told] if told else [],
            }
        )
    keep(balancer, AvailabilityZones=zones)


def _target_group(scope: Scope) -> Any:
    return _backend(scope).target_groups[scope.ref]


_HEALTH = (
    "HealthCheckProtocol HealthCheckPort HealthCheckPath HealthCheckEnabled HealthCheckIntervalSeconds "
    "HealthCheckTimeoutSeconds HealthyThresholdCount UnhealthyThresholdCount Matcher"
)


class TargetGroup(_Elb):
    """Where a load balancer sends: instances, addresses, a function or another load balancer."""

    type = "AWS::ElasticLoadBalancingV2::TargetGroup"
    named = Name("Name", limit=32)
    makes = call(
        "create_target_group",
        f"Protocol ProtocolVersion Port VpcId TargetType IpAddressType {_HEALTH}",
        Name="{name}",
    )
    then = (
        Setting(call("modify_target_group", _HEALTH, TargetGroupArn="{ref}"), at_create=False),
        kept(
            "describe_target_groups.TargetGroups",
            _target_group,
            "Matcher HealthCheckEnabled TargetControlPort HealthCheckTimeoutSeconds HealthCheckIntervalSeconds",
        ),
        _Attributes(call("modify_target_group_attributes", "Attributes=TargetGroupAttributes", TargetGroupArn="{ref}")),
        Each(
            "Targets",
            add=call("register_targets", TargetGroupArn="{ref}", Targets=[{"Id": "{item.Id}"}]),
            remove=call("deregister_targets", TargetGroupArn="{ref}", Targets=[{"Id": "{item.Id}"}]),
        ),
    )
    ref = "TargetGroups[0].TargetGroupArn"
    attributes = (
        "TargetGroupArn={ref} TargetGroupName=TargetGroups[0].TargetGroupName "
        "LoadBalancerArns=TargetGroups[0].LoadBalancerArns"
    )
    describes = call("describe_target_groups", TargetGroupArns=["{ref}"])
    unmakes = call("delete_target_group", TargetGroupArn="{ref}")
    reads = (
        describes,
        call("describe_target_group_attributes", TargetGroupArn="{ref}"),
        call("describe_target_health", TargetGroupArn="{ref}"),
        call("describe_tags", ResourceArns=["{ref}"]),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Targets are registered with their ports, and checked as AWS does."""
        if operation in ("register_targets", "deregister_targets"):
            target = self._target(scope, arguments["Targets"][0]["Id"])
            arguments = {**arguments, "Targets": [target]}
        if operation == "register_targets":
            _refuse_target(scope, arguments["Targets"][0]["Id"])
        try:
            return super().ask(scope, operation, arguments)
        except Exception as error:
            if operation == "deregister_targets" and "InvalidTarget" in str(error):
                return {}
            raise

    def _target(self, scope: Scope, target: str) -> dict[str, Any]:
        listed = scope.declared.get("Targets", [])
        for each in listed:
            if each.peek("Id") == target and "Port" in each:
                return {"Id": target, "Port": int(each.take("Port"))}
        return {"Id": target}

    drops = "Targets.AvailabilityZone Targets.QuicServerId"

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        found = super()._attributes(scope, answer)
        full = {"TargetGroupFullName": scope.ref.rpartition(":")[2]}
        return {"LoadBalancerArns": [], **found, **full}


def _refuse_target(scope: Scope, target: str) -> None:
    kind = scope.declared.peek("TargetType", "instance")
    if kind == "lambda":
        try:
            policy = scope.context.client("lambda").get_policy(FunctionName=target)["Policy"]
            statements = json.loads(policy)["Statement"]
        except Exception as error:
            if not is_gone(error):
                raise
            statements = []
        if "elasticloadbalancing.amazonaws.com" not in str(statements):
            who = "elasticloadbalancing principal"
            said = f"{who} does not have permission to invoke {target} from target group {scope.ref}"
            raise refusal("AccessDenied", said, "RegisterTargets", status=403)
    elif kind == "instance":
        try:
            scope.context.client("ec2").describe_instances(InstanceIds=[target])
        except Exception as error:
            if "InvalidInstanceID" not in str(error):
                raise
            said = f"The following targets are not in a running state and cannot be registered: '{target}'"
            raise refusal("InvalidTarget", said, "RegisterTargets") from error


def _listener(scope: Scope) -> Any:
    return _backend(scope).describe_listeners(None, [scope.ref])[0]


_LISTENER = "DefaultActions Port Protocol SslPolicy Certificates AlpnPolicy"


class Listener(_Elb):
    """A port of a load balancer, and what it does with what comes in."""

    type = "AWS::ElasticLoadBalancingV2::Listener"
    makes = call("create_listener", f"LoadBalancerArn {_LISTENER}")
    then = (
        kept(
            "describe_listeners.Listeners",
            _listener,
            "Port Protocol SslPolicy AlpnPolicy MutualAuthentication",
        ),
        _Attributes(call("modify_listener_attributes", "Attributes=ListenerAttributes", ListenerArn="{ref}")),
    )
    in_place = frozenset(_LISTENER.split())
    ref = "Listeners[0].ListenerArn"
    attributes = "ListenerArn={ref}"
    unmakes = call("delete_listener", ListenerArn="{ref}")
    reads = (
        call("describe_listeners", ListenerArns=["{ref}"]),
        call("describe_listener_attributes", ListenerArn="{ref}"),
        call("describe_tags", ResourceArns=["{ref}"]),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Refuse what AWS would, then open the port."""
        balancer = str(scope.declared.peek("LoadBalancerArn"))
        there = scope.context.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        _refuse_listener(scope, balancer, [str(each.get("Port")) for each in there])
        answer = super().begin(scope)
        _tell_balancers(scope)
        return answer

    def change(self, before: Scope, after: Scope) -> None:
        """Actions and certificates are exchanged whole; moto knows three of the protocols here, the record all."""
        if before.declared.peek() != after.declared.peek():
            balancer = str(after.declared.peek("LoadBalancerArn"))
            there = after.context.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
            others = [str(each.get("Port")) for each in there if each["ListenerArn"] != after.ref]
            _refuse_listener(after, balancer, others)
            arguments = self.arguments(after)
            given: dict[str, Any] = {"ListenerArn": after.ref}
            given |= {name: arguments[name] for name in ("DefaultActions", "Certificates") if name in arguments}
            self.ask(after, "modify_listener", given)
            listener = _listener(after)
            listener.port, listener.protocol = arguments.get("Port", listener.port), arguments.get("Protocol", "")
            certificates = [each["CertificateArn"] for each in arguments.get("Certificates", [])]
            listener.certificates = [*certificates, *(each for each in listener.certificates[1:])]
            listener.certificate = certificates[0] if certificates else None
            _tell_balancers(after)
        super().change(before, after)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The target groups forget the balancer that no longer sends to them."""
        super().delete(made, declared, context)
        _tell_balancers(self.scope(made, declared, context))


def _refuse_listener(scope: Scope, balancer: str, taken: list[str]) -> None:
    protocol, certificates = scope.declared.peek("Protocol"), scope.declared.peek("Certificates", [])
    if protocol in ("HTTPS", "TLS") and not certificates:
        raise refusal("ValidationError", f"A certificate must be specified for {protocol} listeners", "CreateListener")
    if "Port" in scope.declared and str(scope.declared.peek("Port")) in taken:
        said = f"A listener already exists on this port for this load balancer '{balancer}'"
        raise refusal("DuplicateListener", said, "CreateListener")
    policy = scope.declared.peek("SslPolicy")
    if policy:
        from moto.elbv2.ssl_policies import SSL_POLICIES

        if policy not in SSL_POLICIES:
            raise refusal("SSLPolicyNotFound", f"SSL policy '{policy}' not found", "CreateListener")
    _refuse_certificates(scope, [each.get("CertificateArn", "") for each in certificates])
    _refuse_shared(scope, balancer, scope.declared.peek("DefaultActions", []))


def _refuse_certificates(scope: Scope, arns: list[str]) -> None:
    for arn in arns:
        if ":acm:" in arn:
            try:
                scope.context.client("acm").describe_certificate(CertificateArn=arn)
            except Exception as error:
                if not is_gone(error):
                    raise
                raise refusal("CertificateNotFound", f"Certificate '{arn}' not found", "CreateListener") from error


def _refuse_shared(scope: Scope, balancer: str, actions: list[dict[str, Any]]) -> None:
    """A target group belongs to one load balancer."""
    groups = [arn for action in actions for arn in _targets_of(action)]
    for arn in groups:
        with suppress(KeyError):
            others = [each for each in _backend(scope).target_groups[arn].load_balancer_arns if each != balancer]
            if others:
                said = f"The following target groups cannot be associated with more than one load balancer: {arn}"
                raise refusal("TargetGroupAssociationLimit", said, "CreateListener")


def _targets_of(action: Mapping[str, Any]) -> list[str]:
    if "TargetGroupArn" in action:
        return [action["TargetGroupArn"]]
    return [each["TargetGroupArn"] for each in action.get("ForwardConfig", {}).get("TargetGroups", [])]


def _tell_balancers(scope: Scope) -> None:
    """Each target group tells the balancers that send to it now; moto adds to the list and never takes away."""
    backend = _backend(scope)
    using: dict[str, list[str]] = {}
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            actions = [action.data for rule in listener.rules.values() for action in rule.actions]
            for arn in {arn for action in actions for arn in _targets_of(action)}:
                if balancer.arn not in using.setdefault(arn, []):
                    using[arn].append(balancer.arn)
    for arn, group in backend.target_groups.items():
        group.load_balancer_arns[:] = using.get(arn, [])


class ListenerCertificate(_Elb):
    """Further certificates of a listener."""

    type = "AWS::ElasticLoadBalancingV2::ListenerCertificate"
    named = Name("", limit=128)
    then = (
        Each(
            "Certificates",
            add=call(
                "add_listener_certificates",
                ListenerArn="{ListenerArn}",
                Certificates=[{"CertificateArn": "{item.CertificateArn}"}],
            ),
            remove=call(
                "remove_listener_certificates",
                ListenerArn="{ListenerArn}",
                Certificates=[{"CertificateArn": "{item.CertificateArn}"}],
            ),
        ),
    )
    tags = None
    ref = "{name}"
    attributes = "Id={name}"
    reads = (
        call("describe_listener_certificates", ListenerArn="{ListenerArn}"),
        call("describe_listeners", ListenerArns=["{ListenerArn}"]),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A certificate has to be there."""
        if operation == "add_listener_certificates":
            _refuse_certificates(scope, [each["CertificateArn"] for each in arguments["Certificates"]])
        return super().ask(scope, operation, arguments)


def _rule(scope: Scope) -> Any:
    return _backend(scope).describe_rules(None, [scope.ref])[0]


class ListenerRule(_Elb):
    """What a listener does with some of the requests."""

    type = "AWS::ElasticLoadBalancingV2::ListenerRule"
    makes = call("create_rule", "ListenerArn Conditions Actions Priority")
    then = (
        Setting(call("modify_rule", "Conditions Actions", RuleArn="{ref}"), at_create=False),
        kept("describe_rules.Rules", _rule, "Transforms"),
    )
    in_place = frozenset({"Priority"})
    ref = "Rules[0].RuleArn"
    attributes = "RuleArn={ref} IsDefault=Rules[0].IsDefault"
    unmakes = call("delete_rule", RuleArn="{ref}")
    reads = (
        call("describe_rules", RuleArns=["{ref}"]),
        call("describe_listeners", ListenerArns=["{ListenerArn}"]),
        call("describe_tags", ResourceArns=["{ref}"]),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A rule's target groups belong to its listener's load balancer."""
        listener = str(scope.declared.peek("ListenerArn"))
        found = scope.context.client("elbv2").describe_listeners(ListenerArns=[listener])["Listeners"][0]
        _refuse_shared(scope, found["LoadBalancerArn"], scope.declared.peek("Actions", []))
        answer = super().begin(scope)
        _tell_balancers(scope)
        return answer

    def change(self, before: Scope, after: Scope) -> None:
        """The priority is set by a call of its own."""
        super().change(before, after)
        old, new = (int(each.declared.peek("Priority", 0)) for each in (before, after))
        if old != new:
            told = [{"RuleArn": after.ref, "Priority": new}]
            self.ask(after, "set_rule_priorities", {"RulePriorities": told})
        _tell_balancers(after)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The target groups forget the balancer that no longer sends to them."""
        super().delete(made, declared, context)
        _tell_balancers(self.scope(made, declared, context))


class TrustStore(_Elb):
    """The certificate authorities whose clients a listener lets in."""

    type = "AWS::ElasticLoadBalancingV2::TrustStore"
    named = Name("Name", limit=32)
    makes = call(
        "create_trust_store",
        "CaCertificatesBundleS3Bucket CaCertificatesBundleS3Key CaCertificatesBundleS3ObjectVersion",
        Name="{name}",
    )
    then = (
        Setting(
            call(
                "modify_trust_store",
                "CaCertificatesBundleS3Bucket CaCertificatesBundleS3Key CaCertificatesBundleS3ObjectVersion",
                TrustStoreArn="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "TrustStores[0].TrustStoreArn"
    attributes = (
        "TrustStoreArn={ref} Status=TrustStores[0].Status NumberOfCaCertificates=TrustStores[0].NumberOfCaCertificates"
    )
    unmakes = call("delete_trust_store", TrustStoreArn="{ref}")
    reads = (
        call("describe_trust_stores", TrustStoreArns=["{ref}"]),
        call("get_trust_store_ca_certificates_bundle", TrustStoreArn="{ref}"),
        call("describe_tags", ResourceArns=["{ref}"]),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The certificates have to be there."""
        bucket, key = (str(scope.declared.peek(f"CaCertificatesBundleS3{name}", "")) for name in ("Bucket", "Key"))
        try:
            scope.context.client("s3").head_object(Bucket=bucket, Key=key)
        except Exception as error:
            said = "The specified ca certificate bundle does not exist"
            raise refusal("CaCertificatesBundleNotFound", said, "CreateTrustStore") from error
        return super().arguments(scope)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The store, and the two halves of where its certificates came from."""
        answers = super().read(made, declared, context)
        place = next((each["Location"] for each in answers if "Location" in each), "")
        host, _, key = place.removeprefix("https://").partition("/")
        return [*answers, {"Bucket": host.partition(".")[0], "Key": key}]


@cache
def _mend_moto() -> None:
    """Let moto take the attributes it does not know of, tags of trust stores, and 50 for a resource instead of 10.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html, checked_on 2026-11-22
    """
    from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer

    FakeLoadBalancer.VALID_ATTRS |= {"health_check_logs.s3.bucket", "health_check_logs.s3.prefix"}

    def add_tags(self: Any, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
        for arn in resource_arns:
            if ":truststore/" not in arn:
                self._get_resource_by_arn(arn)
            self.tagging_service.tag_resource(arn, tags)

    def remove_tags(self: Any, resource_arns: list[str], tag_keys: list[str]) -> None:
        for arn in resource_arns:
            if ":truststore/" not in arn:
                self._get_resource_by_arn(arn)
            self.tagging_service.untag_resource_using_names(arn, tag_keys)

    ELBv2Backend.add_tags = add_tags
    ELBv2Backend.remove_tags = remove_tags
