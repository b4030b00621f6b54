"""EMR: clusters and their security; no step runs here."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call


class Cluster(Table):
    """A cluster for Hadoop, Spark and their kin."""

    type = "AWS::EMR::Cluster"
    service = "emr"
    makes = call(
        "run_job_flow",
        "AdditionalInfo Applications AutoScalingRole BootstrapActions Configurations CustomAmiId EbsRootVolumeSize "
        "Instances JobFlowRole KerberosAttributes LogEncryptionKmsKeyId LogUri Name ReleaseLabel ScaleDownBehavior "
        "SecurityConfiguration ServiceRole StepConcurrencyLevel Steps VisibleToAllUsers",
        names="Args=Args Properties=ConfigurationProperties",
    )
    then = (
        Setting(
            call("modify_cluster", "StepConcurrencyLevel", ClusterId="{ref}"),
            otherwise={"StepConcurrencyLevel": 1},
            at_create=False,
        ),
    )
    tells = "RequestedInstanceCount=InstanceCount"
    in_place = frozenset({"Instances", "VisibleToAllUsers"})
    drops = (
        "AutoTerminationPolicy EbsRootVolumeIops EbsRootVolumeThroughput ManagedScalingPolicy OSReleaseLabel "
        "PlacementGroupConfigs"
    )
    tags = Tags(call("add_tags", ResourceId="{ref}"), remove=call("remove_tags", ResourceId="{ref}"))
    ref = "JobFlowId"
    attributes = "Id={ref} MasterPublicDNS=Cluster.MasterPublicDnsName"
    describes = call("describe_cluster", ClusterId="{ref}")
    unmakes = call("terminate_job_flows", JobFlowIds=["{ref}"])
    reads = (
        describes,
        call("list_instance_groups", ClusterId="{ref}"),
        call("list_bootstrap_actions", ClusterId="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The groups of instances are a list in the service, and named one by one in a template."""
        arguments = super().arguments(scope)
        instances = scope.declared.peek("Instances", {})
        groups = []
        for name, role in (("MasterInstanceGroup", "MASTER"), ("CoreInstanceGroup", "CORE")):
            if name in instances:
                groups.append({**scope.declared["Instances"].take(name), "InstanceRole": role})
        for each in instances.get("TaskInstanceGroups", []):
            groups.append({**each, "InstanceRole": "TASK"})
        if "TaskInstanceGroups" in instances:
            scope.declared["Instances"].take("TaskInstanceGroups")
        if groups:
            arguments["Instances"] = {**arguments.get("Instances", {}), "InstanceGroups": groups}
            arguments["Instances"].setdefault("KeepJobFlowAliveWhenNoSteps", True)
        return arguments

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """A cluster is terminated once."""
        told = context.client("emr").describe_cluster(ClusterId=made.physical_id)["Cluster"]
        if not told["Status"]["State"].startswith("TERMINATED"):
            super().delete(made, declared, context)


class SecurityConfiguration(Table):
    """How a cluster encrypts and who it is."""

    type = "AWS::EMR::SecurityConfiguration"
    service = "emr"
    named = Name("Name", limit=255)
    makes = call("create_security_configuration", "SecurityConfiguration", Name="{name}")
    ref = "{name}"
    unmakes = call("delete_security_configuration", Name="{ref}")
    reads = (call("describe_security_configuration", Name="{ref}"),)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """EMR's word for what is gone is an invalid request."""
        client = context.client("emr")
        try:
            client.describe_security_configuration(Name=made.physical_id)
        except client.exceptions.InvalidRequestException:
            return
        super().delete(made, declared, context)
