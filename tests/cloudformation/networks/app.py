"""The networks that test_networks.py deploys, as people write them: synthesized beside this file as JSON."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_elasticloadbalancingv2_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

HERE = cdk.Environment(region="us-east-1", account="123456789012")
IMAGE = ec2.MachineImage.latest_amazon_linux2023()


class Net(cdk.Stack):
    """A VPC of three zones with everything of a web service in it."""

    def __init__(self, scope: cdk.App, name: str, **rest: Any) -> None:
        super().__init__(scope, name, env=HERE, **rest)
        vpc = self._vpc()
        ec2.BastionHostLinux(
            self,
            "Bastion",
            vpc=vpc,
            subnet_selection=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            require_imdsv2=True,
            block_devices=[
                ec2.BlockDevice(device_name="/dev/xvda", volume=ec2.BlockDeviceVolume.ebs(10, encrypted=True))
            ],
        )
        server = ec2.Instance(
            self,
            "Server",
            vpc=vpc,
            instance_type=ec2.InstanceType("t3.micro"),
            machine_image=IMAGE,
            require_imdsv2=True,
            ssm_session_permissions=True,
            propagate_tags_to_volume_on_creation=True,
            credit_specification=ec2.CpuCredits.STANDARD,
        )
        server.user_data.add_commands("yum install -y nginx")
        group = self._group(vpc)
        alb = elb.ApplicationLoadBalancer(self, "Alb", vpc=vpc, internet_facing=True, drop_invalid_header_fields=True)
        http = alb.add_listener("Http", port=80, open=True)
        http.add_targets(
            "App",
            port=80,
            targets=[group],
            health_check=elb.HealthCheck(path="/health", interval=cdk.Duration.seconds(15)),
            deregistration_delay=cdk.Duration.seconds(20),
        )
        self._scale(group)
        function = functions.Function(
            self,
            "Fn",
            runtime=functions.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=functions.Code.from_inline("def handler(e, c): return {'statusCode': 200}"),
            vpc=vpc,
        )
        http.add_targets(
            "Fn",
            targets=[targets.LambdaTarget(function)],
            priority=10,
            conditions=[elb.ListenerCondition.path_patterns(["/fn/*"])],
        )
        http.add_action(
            "Fixed",
            priority=20,
            conditions=[elb.ListenerCondition.host_headers(["old.example.com"])],
            action=elb.ListenerAction.fixed_response(410, content_type="text/plain", message_body="gone"),
        )
        nlb = elb.NetworkLoadBalancer(self, "Nlb", vpc=vpc, internet_facing=False, cross_zone_enabled=True)
        nlb.add_listener("Tcp", port=443).add_targets("Tcp", port=443, targets=[targets.InstanceTarget(server, 443)])
        ec2.VpcEndpointService(
            self,
            "Service",
            vpc_endpoint_service_load_balancers=[nlb],
            acceptance_required=False,
            allowed_principals=[iam.ArnPrincipal("arn:aws:iam::123456789012:root")],
        )
        function.connections.allow_to(server, ec2.Port.tcp(5432))
        cdk.CfnOutput(self, "Dns", value=alb.load_balancer_dns_name)
        cdk.CfnOutput(self, "Zone", value=alb.load_balancer_canonical_hosted_zone_id)
        cdk.CfnOutput(self, "Full", value=alb.load_balancer_full_name)
        cdk.CfnOutput(self, "Ip", value=server.instance_private_ip)

    def _vpc(self) -> ec2.Vpc:
        kinds = {
            "public": ec2.SubnetType.PUBLIC,
            "app": ec2.SubnetType.PRIVATE_WITH_EGRESS,
            "data": ec2.SubnetType.PRIVATE_ISOLATED,
        }
        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=3,
            nat_gateways=1,
            ip_addresses=ec2.IpAddresses.cidr("10.20.0.0/16"),
            subnet_configuration=[
                ec2.SubnetConfiguration(name=name, subnet_type=kind, cidr_mask=24) for name, kind in kinds.items()
            ],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            flow_logs={"all": ec2.FlowLogOptions(traffic_type=ec2.FlowLogTrafficType.ALL)},
        )
        vpc.add_interface_endpoint("Ssm", service=ec2.InterfaceVpcEndpointAwsService.SSM)
        vpc.add_interface_endpoint("Secrets", service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER)
        vpc.add_gateway_endpoint("Dynamo", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        bucket = s3.Bucket(self, "FlowBucket", removal_policy=cdk.RemovalPolicy.DESTROY)
        vpc.add_flow_log(
            "ToS3", destination=ec2.FlowLogDestination.to_s3(bucket), traffic_type=ec2.FlowLogTrafficType.REJECT
        )
        acl = ec2.NetworkAcl(self, "Nacl", vpc=vpc, subnet_selection=ec2.SubnetSelection(subnet_group_name="data"))
        acl.add_entry(
            "in",
            cidr=ec2.AclCidr.ipv4("10.20.0.0/16"),
            rule_number=100,
            traffic=ec2.AclTraffic.tcp_port(5432),
            direction=ec2.TrafficDirection.INGRESS,
        )
        acl.add_entry(
            "out",
            cidr=ec2.AclCidr.any_ipv4(),
            rule_number=100,
            traffic=ec2.AclTraffic.all_traffic(),
            direction=ec2.TrafficDirection.EGRESS,
        )
        return vpc

    def _group(self, vpc: ec2.Vpc) -> autoscaling.AutoScalingGroup:
        return autoscaling.AutoScalingGroup(
            self,
            "Web",
            vpc=vpc,
            instance_type=ec2.InstanceType("t3.small"),
            machine_image=IMAGE,
            min_capacity=2,
            max_capacity=6,
            require_imdsv2=True,
            health_checks=autoscaling.HealthChecks.with_additional_checks(
                additional_types=[autoscaling.AdditionalHealthCheckType.ELB], grace_period=cdk.Duration.minutes(2)
            ),
            group_metrics=[autoscaling.GroupMetrics.all()],
            notifications=[autoscaling.NotificationConfiguration(topic=sns.Topic(self, "T"))],
            update_policy=autoscaling.UpdatePolicy.rolling_update(),
            signals=autoscaling.Signals.wait_for_all(timeout=cdk.Duration.minutes(10)),
        )

    def _scale(self, group: autoscaling.AutoScalingGroup) -> None:
        group.scale_on_request_count("Requests", target_requests_per_minute=1000)
        group.scale_on_cpu_utilization("Cpu", target_utilization_percent=50)
        group.scale_on_schedule("Morning", schedule=autoscaling.Schedule.cron(hour="8", minute="0"), min_capacity=4)
        group.scale_on_metric(
            "Steps",
            metric=cloudwatch.Metric(namespace="App", metric_name="Queue"),
            scaling_steps=[
                autoscaling.ScalingInterval(upper=10, change=-1),
                autoscaling.ScalingInterval(lower=50, change=1),
                autoscaling.ScalingInterval(lower=100, change=3),
            ],
        )


class Roads(cdk.Stack):
    """Two VPCs at a transit gateway, and a third with a VPN to an office and a peering to the first."""

    def __init__(self, scope: cdk.App, name: str, **rest: Any) -> None:
        super().__init__(scope, name, env=HERE, **rest)
        inner = ec2.SubnetConfiguration(name="p", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
        vpcs = [
            ec2.Vpc(
                self,
                f"Vpc{n}",
                ip_addresses=ec2.IpAddresses.cidr(f"10.{n}.0.0/16"),
                max_azs=2,
                nat_gateways=0,
                subnet_configuration=[inner],
            )
            for n in (1, 2)
        ]
        self._hub(vpcs)
        office = ec2.VpnConnectionOptions(ip="198.51.100.7", static_routes=["192.168.0.0/16"], asn=65001)
        third = ec2.Vpc(
            self,
            "VpnVpc",
            ip_addresses=ec2.IpAddresses.cidr("10.9.0.0/16"),
            vpn_gateway=True,
            vpn_connections={"office": office},
            max_azs=2,
            nat_gateways=1,
        )
        peering = ec2.CfnVPCPeeringConnection(self, "Peer", vpc_id=vpcs[0].vpc_id, peer_vpc_id=third.vpc_id)
        ec2.CfnRoute(
            self,
            "PR",
            route_table_id=vpcs[0].isolated_subnets[0].route_table.route_table_id,
            destination_cidr_block="10.9.0.0/16",
            vpc_peering_connection_id=peering.ref,
        )
        certificate = "arn:aws:acm:us-east-1:123456789012:certificate/x"
        mutual = ec2.CfnClientVpnEndpoint.CertificateAuthenticationRequestProperty(
            client_root_certificate_chain_arn=certificate
        )
        ec2.CfnClientVpnEndpoint(
            self,
            "ClientVpn",
            authentication_options=[
                ec2.CfnClientVpnEndpoint.ClientAuthenticationRequestProperty(
                    type="certificate-authentication", mutual_authentication=mutual
                )
            ],
            client_cidr_block="10.100.0.0/22",
            connection_log_options=ec2.CfnClientVpnEndpoint.ConnectionLogOptionsProperty(enabled=False),
            server_certificate_arn=certificate,
        )
        ec2.CfnPlacementGroup(self, "Together", strategy="cluster")

    def _hub(self, vpcs: list[ec2.Vpc]) -> None:
        hub = ec2.CfnTransitGateway(
            self,
            "Hub",
            description="hub",
            default_route_table_association="disable",
            default_route_table_propagation="disable",
            amazon_side_asn=64999,
        )
        table = ec2.CfnTransitGatewayRouteTable(self, "Table", transit_gateway_id=hub.ref)
        for n, vpc in enumerate(vpcs):
            at = ec2.CfnTransitGatewayVpcAttachment(
                self,
                f"At{n}",
                transit_gateway_id=hub.ref,
                vpc_id=vpc.vpc_id,
                subnet_ids=[each.subnet_id for each in vpc.isolated_subnets],
            )
            tie = {"transit_gateway_attachment_id": at.ref, "transit_gateway_route_table_id": table.ref}
            ec2.CfnTransitGatewayRouteTableAssociation(self, f"A{n}", **tie)
            ec2.CfnTransitGatewayRouteTablePropagation(self, f"P{n}", **tie)
            for k, subnet in enumerate(vpc.isolated_subnets):
                route = ec2.CfnRoute(
                    self,
                    f"R{n}{k}",
                    route_table_id=subnet.route_table.route_table_id,
                    destination_cidr_block="10.0.0.0/8",
                    transit_gateway_id=hub.ref,
                )
                route.add_dependency(at)


app = cdk.App(
    analytics_reporting=False,
    context={
        "availability-zones:account=123456789012:region=us-east-1": ["us-east-1a", "us-east-1b", "us-east-1c"],
        "@aws-cdk/aws-autoscaling:generateLaunchTemplateInsteadOfLaunchConfig": True,
        "@aws-cdk/aws-ec2:uniqueImdsv2TemplateName": True,
        "aws:cdk:enable-path-metadata": False,
        "aws:cdk:disable-version-reporting": True,
    },
)
for stack, name in ((Net, "Net"), (Roads, "Roads")):
    stack(app, name, synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False))
app.synth()
