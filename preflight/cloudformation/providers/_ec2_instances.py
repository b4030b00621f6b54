"""EC2: instances, how they are launched, and the disks at them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import cache
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2 import Ec2, Tagged, backend
from preflight.cloudformation.providers._kept import kept
from preflight.cloudformation.providers._launching import (
    launch_by_the_image,
    make_provisioned_disks,
    tell_groups,
    tell_speeds,
)
from preflight.cloudformation.providers._table import Each, Name, Scope, Setting, Tags, call, passing_over_gone, refusal

_IMPORT_KEY = call("import_key_pair", "KeyName PublicKeyMaterial")


class KeyPair(Ec2):
    """A key pair; the private key of one made here is kept in Parameter Store, as CloudFormation does."""

    type = "AWS::EC2::KeyPair"
    makes = call("create_key_pair", "KeyName KeyType KeyFormat")
    tags = Tags(
        call("create_tags", Resources=["{made.KeyPairId}"]), remove=call("delete_tags", Resources=["{made.KeyPairId}"])
    )
    ref = "{KeyName}"
    attributes = "KeyPairId=KeyPairId KeyFingerprint=KeyFingerprint"
    unmakes = call("delete_key_pair", KeyName="{ref}")
    reads = (call("describe_key_pairs", KeyNames=["{ref}"]),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Import the given public key, or make a pair and put its private half away."""
        if "PublicKeyMaterial" in scope.declared:
            material = str(scope.declared.take("PublicKeyMaterial")).encode()
            name = scope.declared.take("KeyName")
            answer: dict[str, Any] = self.ask(
                scope, "import_key_pair", {"KeyName": name, "PublicKeyMaterial": material}
            )
            return answer
        answer = super().begin(scope)
        scope.context.client("ssm").put_parameter(
            Name=f"/ec2/keypair/{answer['KeyPairId']}", Value=answer["KeyMaterial"], Type="SecureString"
        )
        return answer

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The pair; its private half, which is where the format is, is a PEM file whatever is asked for."""
        return [*super().read(made, declared, context), {"KeyFormat": "pem"}]

    def refuse_drops(self, declared: Declared) -> None:
        """moto writes no PuTTY file."""
        super().refuse_drops(declared)
        if declared.peek("KeyFormat") == "ppk":
            declared.not_emulated("KeyFormat")

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The private half goes too."""
        super().delete(made, declared, context)
        with passing_over_gone():
            context.client("ssm").delete_parameter(Name=f"/ec2/keypair/{made.attributes.get('KeyPairId')}")


def decoded(text: Any) -> Any:
    """User data as it was before the template encoded it: boto3 encodes it again."""
    try:
        return base64.b64decode(str(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _run(arguments: dict[str, Any]) -> None:
    arguments.update(MinCount=1, MaxCount=1)
    if "UserData" in arguments:
        arguments["UserData"] = decoded(arguments["UserData"])
    _give_disks(arguments)


def _give_disks(arguments: dict[str, Any]) -> None:
    """Disks as EC2 completes them; the size of an image's own disk is taken for 8 GiB."""
    if "BlockDeviceMappings" not in arguments:
        return
    disks = [each for each in arguments["BlockDeviceMappings"] if "Ebs" in each]
    for each in disks:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html, checked_on 2026-11-22
        if each["Ebs"].get("VolumeType") in ("io1", "io2") and "Iops" not in each["Ebs"]:
            said = f"The parameter iops must be specified for {each['Ebs']['VolumeType']} volumes."
            raise refusal("MissingParameter", said, "RunInstances")
    arguments["BlockDeviceMappings"] = [
        {
            **each,
            "Ebs": {
                "DeleteOnTermination": True,
                **({} if "SnapshotId" in each["Ebs"] else {"VolumeSize": 8}),
                **each["Ebs"],
            },
        }
        for each in disks
    ]


def _record(scope: Scope) -> Any:
    return backend(scope.context).get_instance(scope.ref)


def _placement(scope: Scope) -> Any:
    return _record(scope).placement


class Instance(Tagged):
    """A virtual machine, on paper: its API state is kept, nothing boots."""

    type = "AWS::EC2::Instance"
    born_as = "instance"
    makes = call(
        "run_instances",
        "ImageId InstanceType KeyName SubnetId SecurityGroupIds SecurityGroups PrivateIpAddress UserData "
        "BlockDeviceMappings NetworkInterfaces EbsOptimized Monitoring.Enabled=Monitoring DisableApiTermination "
        "InstanceInitiatedShutdownBehavior LaunchTemplate MetadataOptions IamInstanceProfile.Name=IamInstanceProfile "
        "Placement.AvailabilityZone=AvailabilityZone Placement.Tenancy=Tenancy Ipv6AddressCount",
        names="Groups=GroupSet",
        adjust=_run,
    )
    then = (
        kept(
            "describe_instances.Reservations.Instances",
            _record,
            "CpuOptions HibernationOptions EnclaveOptions PrivateDnsNameOptions EbsOptimized",
        ),
        kept(
            "describe_instances.Reservations.Instances.Placement",
            _placement,
            "GroupName=PlacementGroupName HostId Affinity Tenancy",
        ),
        kept(
            "describe_instance_credit_specifications.InstanceCreditSpecifications",
            _record,
            "CpuCredits=CreditSpecification.CPUCredits",
        ),
        Setting(
            call("modify_instance_attribute", "InstanceType.Value=InstanceType", InstanceId="{ref}"), at_create=False
        ),
        Setting(
            call("modify_instance_attribute", "SourceDestCheck.Value=SourceDestCheck", InstanceId="{ref}"),
            otherwise={"SourceDestCheck": {"Value": True}},
        ),
        Setting(call("modify_instance_attribute", "Groups=SecurityGroupIds", InstanceId="{ref}"), at_create=False),
        Setting(
            call("modify_instance_attribute", "DisableApiTermination.Value=DisableApiTermination", InstanceId="{ref}"),
            otherwise={"DisableApiTermination": {"Value": False}},
            at_create=False,
        ),
        Setting(
            call(
                "modify_instance_metadata_options",
                "HttpTokens=MetadataOptions.HttpTokens "
                "HttpEndpoint=MetadataOptions.HttpEndpoint "
                "HttpPutResponseHopLimit=MetadataOptions.HttpPutResponseHopLimit "
                "InstanceMetadataTags=MetadataOptions.InstanceMetadataTags",
                InstanceId="{ref}",
            ),
            at_create=False,
        ),
        Each(
            "Volumes",
            add=call("attach_volume", InstanceId="{ref}", VolumeId="{item.VolumeId}", Device="{item.Device}"),
            remove=call("detach_volume", InstanceId="{ref}", VolumeId="{item.VolumeId}"),
        ),
    )
    in_place = frozenset({"IamInstanceProfile", "UserData", "EbsOptimized", "Monitoring", "MetadataOptions"})
    ref = "Instances[0].InstanceId"
    attributes = (
        "InstanceId={ref} AvailabilityZone=Reservations[0].Instances[0].Placement.AvailabilityZone "
        "PrivateIp=Reservations[0].Instances[0].PrivateIpAddress PublicIp=Reservations[0].Instances[0].PublicIpAddress "
        "PrivateDnsName=Reservations[0].Instances[0].PrivateDnsName "
        "PublicDnsName=Reservations[0].Instances[0].PublicDnsName VpcId=Reservations[0].Instances[0].VpcId"
    )
    describes = call("describe_instances", InstanceIds=["{ref}"])
    unmakes = call("terminate_instances", InstanceIds=["{ref}"])
    reads = (
        describes,
        call("describe_instance_attribute", InstanceId="{ref}", Attribute="disableApiTermination"),
        call("describe_instance_attribute", InstanceId="{ref}", Attribute="sourceDestCheck"),
        call("describe_instance_attribute", InstanceId="{ref}", Attribute="instanceInitiatedShutdownBehavior"),
        call("describe_instance_attribute", InstanceId="{ref}", Attribute="userData"),
        call("describe_volumes", Filters=[{"Name": "attachment.instance-id", "Values": ["{ref}"]}]),
        call("describe_network_interfaces", Filters=[{"Name": "attachment.instance-id", "Values": ["{ref}"]}]),
        call("describe_instance_credit_specifications", InstanceIds=["{ref}"]),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Launch by the properties, and by the launch template where they say nothing."""
        tell_credits()
        make_provisioned_disks()
        launch_by_the_image()
        return super().begin(scope)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """moto takes a launch template's image, type, groups and disks, and no more of it."""
        arguments = super().arguments(scope)
        if "LaunchTemplate" not in arguments:
            return arguments
        named = {name: value for name, value in arguments["LaunchTemplate"].items() if name != "Version"}
        version = arguments["LaunchTemplate"].get("Version", "$Default")
        client = scope.context.client("ec2")
        found = client.describe_launch_template_versions(**named, Versions=[version])["LaunchTemplateVersions"]
        data = found[0]["LaunchTemplateData"] if found else {}
        for name, value in data.items():
            if name in ("MetadataOptions", "Placement"):
                told = {key: each for key, each in value.items() if key != "State"}
                arguments[name] = {**told, **arguments.get(name, {})}
            elif name not in ("TagSpecifications", "InstanceRequirements", "UserData"):
                arguments.setdefault(name, value)
        if "UserData" in data:
            arguments.setdefault("UserData", decoded(data["UserData"]))
        _give_disks(arguments)
        return arguments

    def refuse_drops(self, declared: Declared) -> None:
        """moto has disks of EBS alone."""
        super().refuse_drops(declared)
        for each in declared.get("BlockDeviceMappings", ()):
            if "Ebs" not in each:
                each.not_emulated()

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The disks that come with the instance are as fast as declared, and carry its tags when that is wanted."""
        super().finish(scope, answer)
        tell_groups(_record(scope))
        tell_speeds(backend(scope.context), _record(scope), self.arguments(scope).get("BlockDeviceMappings", []))
        client = scope.context.client("ec2")
        _finish_cards(scope, client)
        wanted = [{"Key": key, "Value": value} for key, value in self.tags.of(scope).items()]
        if str(scope.declared.take("PropagateTagsToVolumeOnCreation", False)).lower() == "true":
            own = [{"Name": "attachment.instance-id", "Values": [scope.ref]}]
            disks = [each["VolumeId"] for each in client.describe_volumes(Filters=own)["Volumes"]]
            if disks:
                client.create_tags(Resources=disks, Tags=wanted)

    def change(self, before: Scope, after: Scope) -> None:
        """What EC2 changes on a stopped instance, and its profile."""
        super().change(before, after)
        after.declared.take("PropagateTagsToVolumeOnCreation")
        client, record = after.context.client("ec2"), _record(after)
        old, new = (each.declared.peek("UserData", "") for each in (before, after))
        if old != new:
            client.modify_instance_attribute(InstanceId=after.ref, UserData={"Value": decoded(new)})
        record.monitoring_state = "enabled" if self._flag(after, "Monitoring") else "disabled"
        _change_profile(before, after)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The instance, and in the template's words what EC2 tells in others."""
        answers = super().read(made, declared, context)
        found = [each for answer in answers for one in answer.get("Reservations", []) for each in one["Instances"]]
        return [*answers, *(_in_the_templates_words(each, context) for each in found)]

    @staticmethod
    def _flag(scope: Scope, name: str) -> bool:
        return str(scope.declared.take(name, False)).lower() == "true"

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The network interface the instance came with goes with it; the emulated EC2 would keep it."""
        client = context.client("ec2")
        at_instance = [{"Name": "attachment.instance-id", "Values": [made.physical_id]}]
        cards = client.describe_network_interfaces(Filters=at_instance)["NetworkInterfaces"]
        given = {each.get("NetworkInterfaceId") for each in declared.peek("NetworkInterfaces", [])}
        own = {int(each.get("DeviceIndex", 0)) for each in declared.peek("NetworkInterfaces", [])} | {0}
        super().delete(made, declared, context)
        for card in cards:
            if card["NetworkInterfaceId"] not in given and card["Attachment"]["DeviceIndex"] in own:
                with passing_over_gone():
                    client.delete_network_interface(NetworkInterfaceId=card["NetworkInterfaceId"])


def _finish_cards(scope: Scope, client: Any) -> None:
    """What is declared of the network interfaces an instance is born with, and moto's launch passes over."""
    for each in scope.declared.get("NetworkInterfaces", ()):
        card = _record(scope).nics.get(int(each.peek("DeviceIndex", 0)))
        if card is None or "NetworkInterfaceId" in each:
            continue
        if "Description" in each:
            card.description = each.take("Description")
        count = int(each.take("SecondaryPrivateIpAddressCount", 0))
        more = [one["PrivateIpAddress"] for one in each.take("PrivateIpAddresses", []) if not _is_primary(one)]
        if count:
            client.assign_private_ip_addresses(NetworkInterfaceId=card.id, SecondaryPrivateIpAddressCount=count)
        if more:
            client.assign_private_ip_addresses(NetworkInterfaceId=card.id, PrivateIpAddresses=more)


def _is_primary(address: Mapping[str, Any]) -> bool:
    return str(address.get("Primary", False)).lower() == "true"


def _in_the_templates_words(instance: Mapping[str, Any], context: Context) -> dict[str, Any]:
    client = context.client("ec2")
    tags = {each["Key"]: each["Value"] for each in instance.get("Tags", [])}
    own = [{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
    disks = client.describe_volumes(Filters=own)["Volumes"]
    told: dict[str, Any] = {
        "PropagateTagsToVolumeOnCreation": any(
            "aws:cloudformation:logical-id" in str(each.get("Tags")) for each in disks
        ),
        "VolumeSize": [each["Size"] for each in disks],
        "SecondaryPrivateIpAddressCount": [
            len(each["PrivateIpAddresses"]) - 1 for each in instance.get("NetworkInterfaces", [])
        ],
        "Monitoring": instance["Monitoring"]["State"] == "enabled",
        "IamInstanceProfile": instance.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2],
    }
    template = tags.get("aws:ec2launchtemplate:id")
    if template:
        found = client.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
        told["LaunchTemplateName"] = [each["LaunchTemplateName"] for each in found]
        told["Version"] = tags.get("aws:ec2launchtemplate:version")
    return told


def _change_profile(before: Scope, after: Scope) -> None:
    old, new = (each.declared.peek("IamInstanceProfile") for each in (before, after))
    if old == new:
        return
    client = after.context.client("ec2")
    own = [{"Name": "instance-id", "Values": [after.ref]}]
    there = client.describe_iam_instance_profile_associations(Filters=own)["IamInstanceProfileAssociations"]
    # moto's replacement leaves the instance with the first profile
    for each in there:
        client.disassociate_iam_instance_profile(AssociationId=each["AssociationId"])
    if new:
        profile = {"Name": after.declared.take("IamInstanceProfile")}
        client.associate_iam_instance_profile(InstanceId=after.ref, IamInstanceProfile=profile)


@cache
def tell_credits() -> None:
    """Let an instance tell its own credit specification; moto says `standard` of all.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-unlimited-mode.html,
    checked_on 2026-11-22: T2 starts as standard, what came after it as unlimited
    """
    from moto.core.responses import ActionResult
    from moto.ec2.responses.instances import InstanceResponse

    def describe_instance_credit_specifications(self: Any) -> ActionResult:
        found = self.ec2_backend.describe_instance_credit_specifications(self._get_param("InstanceIds", []))
        rows = [
            {
                "InstanceId": each.id,
                "CpuCredits": vars(each).get(
                    "CpuCredits", "standard" if each.instance_type.startswith("t2.") else "unlimited"
                ),
            }
            for each in found
            if each.instance_type.startswith("t")
        ]
        return ActionResult({"InstanceCreditSpecifications": rows})

    InstanceResponse.describe_instance_credit_specifications = describe_instance_credit_specifications


def _volume(scope: Scope) -> Any:
    return backend(scope.context).volumes[scope.ref]


class Volume(Tagged):
    """A disk."""

    type = "AWS::EC2::Volume"
    born_as = "volume"
    makes = call(
        "create_volume",
        "AvailabilityZone Size VolumeType Iops Throughput Encrypted KmsKeyId SnapshotId MultiAttachEnabled",
    )
    then = (
        Setting(call("modify_volume", "Size VolumeType", VolumeId="{ref}"), at_create=False),
        kept("describe_volumes.Volumes", _volume, "Iops Throughput MultiAttachEnabled VolumeInitializationRate"),
    )
    in_place = frozenset({"Iops", "Throughput", "MultiAttachEnabled"})
    ref = "VolumeId"
    attributes = "VolumeId={ref}"
    unmakes = call("delete_volume", VolumeId="{ref}")
    reads = (call("describe_volumes", VolumeIds=["{ref}"]),)

    def snapshot(self, made: Made, declared: Declared, context: Context) -> None:
        """A snapshot of the disk outlives it."""
        said = f"Created by CloudFormation for {context.logical_id} of {context.stack_name}"
        context.client("ec2").create_snapshot(VolumeId=made.physical_id, Description=said)


class VolumeAttachment(Ec2):
    """A disk at an instance."""

    type = "AWS::EC2::VolumeAttachment"
    makes = call("attach_volume", "Device InstanceId VolumeId")
    ref = "{VolumeId}|{InstanceId}"
    unmakes = call("detach_volume", "Device InstanceId VolumeId")
    reads = (call("describe_volumes", VolumeIds=["{VolumeId}"]),)


class LaunchTemplate(Ec2):
    """How to start instances, in versions."""

    type = "AWS::EC2::LaunchTemplate"
    named = Name("LaunchTemplateName", limit=128)
    makes = call(
        "create_launch_template",
        "LaunchTemplateData VersionDescription TagSpecifications",
        LaunchTemplateName="{name}",
    )
    then = (
        Setting(
            call("create_launch_template_version", "LaunchTemplateData VersionDescription", LaunchTemplateId="{ref}"),
            at_create=False,
        ),
    )
    ref = "LaunchTemplate.LaunchTemplateId"
    attributes = (
        "LaunchTemplateId={ref} DefaultVersionNumber=to_string(LaunchTemplates[0].DefaultVersionNumber) "
        "LatestVersionNumber=to_string(LaunchTemplates[0].LatestVersionNumber)"
    )
    describes = call("describe_launch_templates", LaunchTemplateIds=["{ref}"])
    unmakes = call("delete_launch_template", LaunchTemplateId="{ref}")
    reads = (
        call("describe_launch_template_versions", LaunchTemplateId="{ref}", Versions=["$Latest"]),
        describes,
    )


class NetworkInterfaceAttachment(Ec2):
    """A network card at an instance."""

    type = "AWS::EC2::NetworkInterfaceAttachment"
    makes = call("attach_network_interface", "DeviceIndex InstanceId NetworkInterfaceId")
    ref = "AttachmentId"
    attributes = "AttachmentId={ref}"
    unmakes = call("detach_network_interface", AttachmentId="{ref}", Force=True)
    reads = (call("describe_network_interfaces", NetworkInterfaceIds=["{NetworkInterfaceId}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The card goes with the instance, unless told otherwise."""
        super().finish(scope, answer)
        self._tell(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """Only this changes in place."""
        super().change(before, after)
        self._tell(after)

    @staticmethod
    def _tell(scope: Scope) -> None:
        card = backend(scope.context).enis[str(scope.declared.peek("NetworkInterfaceId"))]
        card.delete_on_termination = str(scope.declared.take("DeleteOnTermination", True)).lower() == "true"


def _host(scope: Scope) -> Any:
    return backend(scope.context).hosts[scope.ref]


class Host(Tagged):
    """A machine of one's own."""

    type = "AWS::EC2::Host"
    makes = call(
        "allocate_hosts", "AvailabilityZone AutoPlacement HostRecovery InstanceType InstanceFamily", Quantity=1
    )
    then = (kept("describe_hosts.Hosts", _host, "AutoPlacement HostRecovery HostMaintenance AssetId OutpostArn"),)
    in_place = frozenset({"AutoPlacement", "HostRecovery"})
    ref = "HostIds[0]"
    attributes = "HostId={ref}"
    unmakes = call("release_hosts", HostIds=["{ref}"])
    reads = (call("describe_hosts", HostIds=["{ref}"]),)


class EC2Fleet(Ec2):
    """Instances of several kinds, bought together."""

    type = "AWS::EC2::EC2Fleet"
    makes = call(
        "create_fleet",
        "ExcessCapacityTerminationPolicy LaunchTemplateConfigs OnDemandOptions ReplaceUnhealthyInstances SpotOptions "
        "TagSpecifications TargetCapacitySpecification TerminateInstancesWithExpiration Type ValidFrom ValidUntil",
    )
    ref = "FleetId"
    attributes = "FleetId={ref}"
    unmakes = call("delete_fleets", FleetIds=["{ref}"], TerminateInstances=True)
    reads = (call("describe_fleets", FleetIds=["{ref}"]),)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """moto keeps the deleted fleet for ever."""
        if made.physical_id in backend(context).fleets:
            super().delete(made, declared, context)
            backend(context).fleets.pop(made.physical_id, None)


class PlacementGroup(Tagged):
    """Instances close together, or well apart."""

    type = "AWS::EC2::PlacementGroup"
    born_as = "placement-group"
    named = Name("", limit=255)
    makes = call("create_placement_group", "PartitionCount SpreadLevel Strategy ParentGroupId", GroupName="{name}")
    ref = "{name}"
    attributes = "GroupName={name} GroupId=PlacementGroup.GroupId"
    unmakes = call("delete_placement_group", GroupName="{ref}")
    reads = (call("describe_placement_groups", GroupNames=["{ref}"]),)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """One with instances in it stays."""
        inside = [
            each
            for each in backend(context).all_instances()
            if each.placement.__dict__.get("GroupName") == made.physical_id and each.state != "terminated"
        ]
        if inside:
            said = f"The placement group '{made.physical_id}' is in use and may not be deleted."
            raise refusal("InvalidPlacementGroup.InUse", said, "DeletePlacementGroup")
        super().delete(made, declared, context)


class InstanceConnectEndpoint(Tagged):
    """A way to instances that have no public address."""

    type = "AWS::EC2::InstanceConnectEndpoint"
    born_as = "instance-connect-endpoint"
    makes = call("create_instance_connect_endpoint", "ClientToken PreserveClientIp SecurityGroupIds SubnetId")
    ref = "InstanceConnectEndpoint.InstanceConnectEndpointId"
    attributes = (
        "Id={ref} InstanceConnectEndpointArn=InstanceConnectEndpoint.InstanceConnectEndpointArn "
        "State=InstanceConnectEndpoint.State OwnerId=InstanceConnectEndpoint.OwnerId"
    )
    unmakes = call("delete_instance_connect_endpoint", InstanceConnectEndpointId="{ref}")
    reads = (call("describe_instance_connect_endpoints", InstanceConnectEndpointIds=["{ref}"]),)

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """It stands in its subnet by a network interface."""
        super().finish(scope, answer)
        groups = scope.declared.peek("SecurityGroupIds", [])
        told = {"Groups": groups} if groups else {}
        scope.context.client("ec2").create_network_interface(
            SubnetId=scope.declared.peek("SubnetId"),
            Description=f"EC2 Instance Connect Endpoint - {scope.ref}",
            **told,
        )

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Its network interface goes with it."""
        super().delete(made, declared, context)
        own = [{"Name": "description", "Values": [f"EC2 Instance Connect Endpoint - {made.physical_id}"]}]
        client = context.client("ec2")
        for card in client.describe_network_interfaces(Filters=own)["NetworkInterfaces"]:
            client.delete_network_interface(NetworkInterfaceId=card["NetworkInterfaceId"])

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        subnet = backend(scope.context).get_subnet(scope.declared.peek("SubnetId"))
        place = {"VpcId": subnet.vpc_id, "AvailabilityZone": subnet.availability_zone}
        return {**super()._attributes(scope, answer), **place}


class CapacityReservation(Ec2):
    """Room for instances, paid for whether they run or not."""

    type = "AWS::EC2::CapacityReservation"
    makes = call(
        "create_capacity_reservation",
        "AvailabilityZone AvailabilityZoneId EbsOptimized EndDate EndDateType EphemeralStorage InstanceCount "
        "InstanceMatchCriteria InstancePlatform InstanceType OutpostArn PlacementGroupArn TagSpecifications Tenancy",
    )
    then = (
        Setting(
            call(
                "modify_capacity_reservation",
                "InstanceCount EndDate EndDateType InstanceMatchCriteria",
                CapacityReservationId="{ref}",
            ),
            at_create=False,
        ),
    )
    ref = "CapacityReservation.CapacityReservationId"
    attributes = (
        "Id={ref} CapacityReservationArn=CapacityReservations[0].CapacityReservationArn "
        "State=CapacityReservations[0].State OwnerId=CapacityReservations[0].OwnerId "
        "TotalInstanceCount=CapacityReservations[0].TotalInstanceCount "
        "AvailableInstanceCount=CapacityReservations[0].AvailableInstanceCount"
    )
    describes = call("describe_capacity_reservations", CapacityReservationIds=["{ref}"])
    unmakes = call("cancel_capacity_reservation", CapacityReservationId="{ref}")
    reads = (describes,)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The reservation, its size under the template's name for it."""
        answers = super().read(made, declared, context)
        found = [each for answer in answers for each in answer["CapacityReservations"]]
        kind = {"ResourceType": "capacity-reservation"}
        return [*answers, kind, {"InstanceCount": [each["TotalInstanceCount"] for each in found]}]
