"""EC2: instances, how they are launched, and the disks at them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2 import Ec2, Tagged
from preflight.cloudformation.providers._table import Each, Name, Scope, Setting, Tags, call, passing_over_gone

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

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The private half goes too."""
        super().delete(made, declared, context)
        with passing_over_gone():
            context.client("ssm").delete_parameter(Name=f"/ec2/keypair/{made.attributes.get('KeyPairId')}")


def _decoded(text: Any) -> Any:
    """User data as it was before the template encoded it: boto3 encodes it again."""
    try:
        return base64.b64decode(str(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _run(arguments: dict[str, Any]) -> None:
    arguments.update(MinCount=1, MaxCount=1)
    if "UserData" in arguments:
        arguments["UserData"] = _decoded(arguments["UserData"])
    for disk in arguments.get("BlockDeviceMappings", []):
        if "Ebs" in disk:
            disk["Ebs"].setdefault("DeleteOnTermination", True)


class Instance(Tagged):
    """A virtual machine, on paper: its API state is kept, nothing boots."""

    type = "AWS::EC2::Instance"
    born_as = "instance"
    makes = call(
        "run_instances",
        "ImageId InstanceType KeyName SubnetId SecurityGroupIds SecurityGroups PrivateIpAddress UserData "
        "BlockDeviceMappings NetworkInterfaces EbsOptimized Monitoring.Enabled=Monitoring DisableApiTermination "
        "InstanceInitiatedShutdownBehavior LaunchTemplate MetadataOptions IamInstanceProfile.Name=IamInstanceProfile "
        "Placement.AvailabilityZone=AvailabilityZone Placement.Tenancy=Tenancy CreditSpecification",
        names="Groups=GroupSet",
        adjust=_run,
    )
    then = (
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
    ref = "Instances[0].InstanceId"
    drops = "CreditSpecification"
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
    )

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The network interface the instance came with goes with it; the emulated EC2 would keep it."""
        client = context.client("ec2")
        at_instance = [{"Name": "attachment.instance-id", "Values": [made.physical_id]}]
        cards = client.describe_network_interfaces(Filters=at_instance)["NetworkInterfaces"]
        super().delete(made, declared, context)
        for card in cards:
            if card.get("Description") == "Primary network interface":
                with passing_over_gone():
                    client.delete_network_interface(NetworkInterfaceId=card["NetworkInterfaceId"])


class Volume(Tagged):
    """A disk."""

    type = "AWS::EC2::Volume"
    born_as = "volume"
    makes = call(
        "create_volume",
        "AvailabilityZone Size VolumeType Iops Throughput Encrypted KmsKeyId SnapshotId MultiAttachEnabled",
    )
    then = (Setting(call("modify_volume", "Size VolumeType", VolumeId="{ref}"), at_create=False),)
    ref = "VolumeId"
    attributes = "VolumeId={ref}"
    unmakes = call("delete_volume", VolumeId="{ref}")
    reads = (call("describe_volumes", VolumeIds=["{ref}"]),)


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
