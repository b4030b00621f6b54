"""EKS: clusters, and what their pods run on; no Kubernetes answers here."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call, tag_dict

_TAGS = Tags(call("tag_resource", resourceArn="{made.Arn}"), remove=call("untag_resource", resourceArn="{made.Arn}"))


class Cluster(Table):
    """A cluster's control plane."""

    type = "AWS::EKS::Cluster"
    service = "eks"
    named = Name("Name", limit=100)
    makes = call(
        "create_cluster",
        "version=Version roleArn=RoleArn resourcesVpcConfig=ResourcesVpcConfig "
        "kubernetesNetworkConfig=KubernetesNetworkConfig encryptionConfig=EncryptionConfig",
        name="{name}",
    )
    then = (
        Setting(call("update_cluster_config", "resourcesVpcConfig=ResourcesVpcConfig", name="{ref}"), at_create=False),
    )
    drops = "ResourcesVpcConfig.ControlPlaneEgressMode"
    tags = _TAGS
    ref = "{name}"
    attributes = (
        "Arn=cluster.arn Id=cluster.id CertificateAuthorityData=cluster.certificateAuthority.data "
        "CertificateAuthority.Data=cluster.certificateAuthority.data Endpoint=cluster.endpoint "
        "ClusterSecurityGroupId=cluster.resourcesVpcConfig.clusterSecurityGroupId "
        "EncryptionConfigKeyArn=cluster.encryptionConfig[0].provider.keyArn "
        "OpenIdConnectIssuerUrl=cluster.identity.oidc.issuer "
        "KubernetesNetworkConfig.ServiceIpv4Cidr=cluster.kubernetesNetworkConfig.serviceIpv4Cidr"
    )
    describes = call("describe_cluster", name="{ref}")
    unmakes = call("delete_cluster", name="{ref}")
    reads = (describes,)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Templates list the kinds of log that are on."""
        arguments = super().arguments(scope)
        logging = scope.declared.take("Logging", {})
        kinds = [each["Type"] for each in logging.get("ClusterLogging", {}).get("EnabledTypes", [])]
        return {**arguments, "logging": {"clusterLogging": [{"types": kinds, "enabled": True}]}} if kinds else arguments


class _TaggedAtOnce(Table):
    """A type that the service below tags when it makes it, and not later."""

    carried = Tags(call("tag_resource"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """With every tag it is to carry."""
        return {**super().arguments(scope), "tags": self.carried.of(scope)}

    def change(self, before: Scope, after: Scope) -> None:
        """Other tags come too late."""
        super().change(before, after)
        if before.declared.peek("Tags") != after.declared.peek("Tags"):
            after.declared.not_emulated("Tags")


class Nodegroup(_TaggedAtOnce):
    """Instances that a cluster's pods run on."""

    type = "AWS::EKS::Nodegroup"
    service = "eks"
    named = Name("NodegroupName", limit=63)
    makes = call(
        "create_nodegroup",
        "amiType=AmiType capacityType=CapacityType clusterName=ClusterName diskSize=DiskSize "
        "instanceTypes=InstanceTypes labels=Labels launchTemplate=LaunchTemplate nodeRole=NodeRole "
        "releaseVersion=ReleaseVersion remoteAccess=RemoteAccess scalingConfig=ScalingConfig subnets=Subnets "
        "taints=Taints version=Version",
        nodegroupName="{name}",
    )
    then = (
        Setting(
            call(
                "update_nodegroup_config",
                "clusterName=ClusterName scalingConfig=ScalingConfig updateConfig=UpdateConfig "
                "nodeRepairConfig=NodeRepairConfig",
                nodegroupName="{name}",
            )
        ),
    )
    untold = "ForceUpdateEnabled"
    ref = "{ClusterName}/{name}"
    attributes = "Arn=nodegroup.nodegroupArn Id={ref} ClusterName={ClusterName} NodegroupName={name}"
    unmakes = call("delete_nodegroup", "clusterName=ClusterName", nodegroupName="{name}")
    reads = (call("describe_nodegroup", "clusterName=ClusterName", nodegroupName="{name}"),)


class FargateProfile(_TaggedAtOnce):
    """Which pods run on Fargate."""

    type = "AWS::EKS::FargateProfile"
    service = "eks"
    named = Name("FargateProfileName", limit=100)
    makes = call(
        "create_fargate_profile",
        "clusterName=ClusterName podExecutionRoleArn=PodExecutionRoleArn selectors=Selectors subnets=Subnets",
        fargateProfileName="{name}",
    )
    ref = "{name}"
    attributes = "Arn=fargateProfile.fargateProfileArn"
    unmakes = call("delete_fargate_profile", "clusterName=ClusterName", fargateProfileName="{ref}")
    reads = (call("describe_fargate_profile", "clusterName=ClusterName", fargateProfileName="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Labels are pairs in a template, and a map in the service."""
        arguments = super().arguments(scope)
        selectors = scope.declared.take("Selectors", [])
        arguments["selectors"] = [
            {
                **({"namespace": each["Namespace"]} if "Namespace" in each else {}),
                **({"labels": tag_dict(each["Labels"])} if "Labels" in each else {}),
            }
            for each in selectors
        ]
        return arguments
