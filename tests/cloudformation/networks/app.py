import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2, aws_autoscaling as asg, aws_elasticloadbalancingv2 as elb, aws_lambda as lb, aws_logs as logs, aws_s3 as s3, aws_certificatemanager as acm, aws_elasticloadbalancingv2_targets as tg, aws_iam as iam, aws_sns as sns, aws_cloudwatch as cw

app = cdk.App(analytics_reporting=False, context={"availability-zones:account=123456789012:region=us-east-1": ["us-east-1a","us-east-1b","us-east-1c"], "@aws-cdk/aws-autoscaling:generateLaunchTemplateInsteadOfLaunchConfig": True, "@aws-cdk/aws-ec2:restrictDefaultSecurityGroup": False, "aws:cdk:enable-path-metadata": False, "aws:cdk:disable-version-reporting": True, "@aws-cdk/aws-ec2:uniqueImdsv2TemplateName": True})
synth = lambda: cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)

class Net(cdk.Stack):
    def __init__(self, scope, id):
        super().__init__(scope, id, synthesizer=synth(), env=cdk.Environment(region="us-east-1", account="123456789012"))
        vpc = ec2.Vpc(self, "Vpc", max_azs=3, nat_gateways=1, ip_addresses=ec2.IpAddresses.cidr("10.20.0.0/16"),
            subnet_configuration=[ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
                ec2.SubnetConfiguration(name="app", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=24),
                ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            flow_logs={"all": ec2.FlowLogOptions(traffic_type=ec2.FlowLogTrafficType.ALL)})
        vpc.add_interface_endpoint("Ssm", service=ec2.InterfaceVpcEndpointAwsService.SSM)
        vpc.add_interface_endpoint("Secrets", service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER)
        vpc.add_gateway_endpoint("Dynamo", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        bucket = s3.Bucket(self, "FlowBucket", removal_policy=cdk.RemovalPolicy.DESTROY)
        vpc.add_flow_log("ToS3", destination=ec2.FlowLogDestination.to_s3(bucket), traffic_type=ec2.FlowLogTrafficType.REJECT)
        nacl = ec2.NetworkAcl(self, "Nacl", vpc=vpc, subnet_selection=ec2.SubnetSelection(subnet_group_name="data"))
        nacl.add_entry("in", cidr=ec2.AclCidr.ipv4("10.20.0.0/16"), rule_number=100, traffic=ec2.AclTraffic.tcp_port(5432), direction=ec2.TrafficDirection.INGRESS)
        nacl.add_entry("out", cidr=ec2.AclCidr.any_ipv4(), rule_number=100, traffic=ec2.AclTraffic.all_traffic(), direction=ec2.TrafficDirection.EGRESS)
        bastion = ec2.BastionHostLinux(self, "Bastion", vpc=vpc, subnet_selection=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS), require_imdsv2=True,
            block_devices=[ec2.BlockDevice(device_name="/dev/xvda", volume=ec2.BlockDeviceVolume.ebs(10, encrypted=True))])
        server = ec2.Instance(self, "Server", vpc=vpc, instance_type=ec2.InstanceType("t3.micro"), machine_image=ec2.MachineImage.latest_amazon_linux2023(), require_imdsv2=True, ssm_session_permissions=True, propagate_tags_to_volume_on_creation=True, credit_specification=ec2.CpuCredits.STANDARD)
        server.user_data.add_commands("yum install -y nginx")
        group = asg.AutoScalingGroup(self, "Web", vpc=vpc, instance_type=ec2.InstanceType("t3.small"), machine_image=ec2.MachineImage.latest_amazon_linux2023(), min_capacity=2, max_capacity=6, require_imdsv2=True,
            health_checks=asg.HealthChecks.with_additional_checks(additional_types=[asg.AdditionalHealthCheckType.ELB], grace_period=cdk.Duration.minutes(2)),
            group_metrics=[asg.GroupMetrics.all()], notifications=[asg.NotificationConfiguration(topic=sns.Topic(self, "T"))],
            update_policy=asg.UpdatePolicy.rolling_update(), signals=asg.Signals.wait_for_all(timeout=cdk.Duration.minutes(10)))
        alb = elb.ApplicationLoadBalancer(self, "Alb", vpc=vpc, internet_facing=True, drop_invalid_header_fields=True)
        http = alb.add_listener("Http", port=80, open=True)
        targets = http.add_targets("App", port=80, targets=[group], health_check=elb.HealthCheck(path="/health", interval=cdk.Duration.seconds(15)), deregistration_delay=cdk.Duration.seconds(20))
        group.scale_on_request_count("Requests", target_requests_per_minute=1000)
        group.scale_on_cpu_utilization("Cpu", target_utilization_percent=50)
        group.scale_on_schedule("Morning", schedule=asg.Schedule.cron(hour="8", minute="0"), min_capacity=4)
        group.scale_on_metric("Steps", metric=cw.Metric(namespace="App", metric_name="Queue"), scaling_steps=[asg.ScalingInterval(upper=10, change=-1), asg.ScalingInterval(lower=50, change=1), asg.ScalingInterval(lower=100, change=3)])
        fn = lb.Function(self, "Fn", runtime=lb.Runtime.PYTHON_3_12, handler="index.handler", code=lb.Code.from_inline("def handler(e, c): return {'statusCode': 200}"), vpc=vpc)
        http.add_targets("Fn", targets=[tg.LambdaTarget(fn)], priority=10, conditions=[elb.ListenerCondition.path_patterns(["/fn/*"])])
        http.add_action("Fixed", priority=20, conditions=[elb.ListenerCondition.host_headers(["old.example.com"])], action=elb.ListenerAction.fixed_response(410, content_type="text/plain", message_body="gone"))
        nlb = elb.NetworkLoadBalancer(self, "Nlb", vpc=vpc, internet_facing=False, cross_zone_enabled=True)
        nlb.add_listener("Tcp", port=443).add_targets("Tcp", port=443, targets=[tg.InstanceTarget(server, 443)])
        service = ec2.VpcEndpointService(self, "Service", vpc_endpoint_service_load_balancers=[nlb], acceptance_required=False, allowed_principals=[iam.ArnPrincipal("arn:aws:iam::123456789012:root")])
        fn.connections.allow_to(server, ec2.Port.tcp(5432))
        cdk.CfnOutput(self, "Dns", value=alb.load_balancer_dns_name)
        cdk.CfnOutput(self, "Zone", value=alb.load_balancer_canonical_hosted_zone_id)
        cdk.CfnOutput(self, "Full", value=alb.load_balancer_full_name)
        cdk.CfnOutput(self, "Ip", value=server.instance_private_ip)

class Roads(cdk.Stack):
    def __init__(self, scope, id):
        super().__init__(scope, id, synthesizer=synth(), env=cdk.Environment(region="us-east-1", account="123456789012"))
        vpcs = [ec2.Vpc(self, f"Vpc{n}", ip_addresses=ec2.IpAddresses.cidr(f"10.{n}.0.0/16"), max_azs=2, nat_gateways=0, subnet_configuration=[ec2.SubnetConfiguration(name="p", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)]) for n in (1, 2)]
        hub = ec2.CfnTransitGateway(self, "Hub", description="hub", default_route_table_association="disable", default_route_table_propagation="disable", amazon_side_asn=64999)
        table = ec2.CfnTransitGatewayRouteTable(self, "Table", transit_gateway_id=hub.ref)
        for n, vpc in enumerate(vpcs):
            at = ec2.CfnTransitGatewayVpcAttachment(self, f"At{n}", transit_gateway_id=hub.ref, vpc_id=vpc.vpc_id, subnet_ids=[s.subnet_id for s in vpc.isolated_subnets])
            ec2.CfnTransitGatewayRouteTableAssociation(self, f"A{n}", transit_gateway_attachment_id=at.ref, transit_gateway_route_table_id=table.ref)
            ec2.CfnTransitGatewayRouteTablePropagation(self, f"P{n}", transit_gateway_attachment_id=at.ref, transit_gateway_route_table_id=table.ref)
            for k, s in enumerate(vpc.isolated_subnets):
                r = ec2.CfnRoute(self, f"R{n}{k}", route_table_id=s.route_table.route_table_id, destination_cidr_block="10.0.0.0/8", transit_gateway_id=hub.ref)
                r.add_dependency(at)
        vpn_vpc = ec2.Vpc(self, "VpnVpc", ip_addresses=ec2.IpAddresses.cidr("10.9.0.0/16"), vpn_gateway=True, vpn_connections={"office": ec2.VpnConnectionOptions(ip="198.51.100.7", static_routes=["192.168.0.0/16"], asn=65001)}, max_azs=2, nat_gateways=1)
        peer = ec2.CfnVPCPeeringConnection(self, "Peer", vpc_id=vpcs[0].vpc_id, peer_vpc_id=vpn_vpc.vpc_id)
        ec2.CfnRoute(self, "PR", route_table_id=vpcs[0].isolated_subnets[0].route_table.route_table_id, destination_cidr_block="10.9.0.0/16", vpc_peering_connection_id=peer.ref)
        ec2.CfnClientVpnEndpoint(self, "ClientVpn", authentication_options=[ec2.CfnClientVpnEndpoint.ClientAuthenticationRequestProperty(type="certificate-authentication", mutual_authentication=ec2.CfnClientVpnEndpoint.CertificateAuthenticationRequestProperty(client_root_certificate_chain_arn="arn:aws:acm:us-east-1:123456789012:certificate/x"))], client_cidr_block="10.100.0.0/22", connection_log_options=ec2.CfnClientVpnEndpoint.ConnectionLogOptionsProperty(enabled=False), server_certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/x")
        ec2.CfnPlacementGroup(self, "Together", strategy="cluster")

Net(app, "Net")
Roads(app, "Roads")
app.synth()
