"""Mistakes people make with a first server, as edits of the worked template."""

from __future__ import annotations

from typing import Any

from preflight.checks import breaks


@breaks(
    "nobody_can_knock",
    help="Port 22 open to the world is found within hours. Session Manager needs no open port.",
)
def mistake_ssh_from_anywhere(template: dict[str, Any]) -> None:
    let_in(template, CidrIp="0.0.0.0/0")


@breaks(
    "nobody_can_knock",
    help="Inside the VPC is not inside the team: every machine that is ever started there may try the door.",
)
def mistake_ssh_within_the_vpc(template: dict[str, Any]) -> None:
    let_in(template, CidrIp={"Fn::GetAtt": [first(template, "AWS::EC2::VPC"), "CidrBlock"]})


@breaks(
    "nobody_can_knock",
    also=["a_lost_zone_is_survived"],
    help="A bastion host is a second server to patch, with the open port you meant to be rid of.",
)
def mistake_a_bastion_host(template: dict[str, Any]) -> None:
    template["Resources"]["BastionDoor"] = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "bastion",
            "VpcId": {"Ref": first(template, "AWS::EC2::VPC")},
            "SecurityGroupIngress": [{**SSH, "CidrIp": "0.0.0.0/0"}],
        },
    }
    template["Resources"]["Bastion"] = {
        "Type": "AWS::EC2::Instance",
        "Properties": {
            "ImageId": launch(template)["ImageId"],
            "InstanceType": "t4g.nano",
            "NetworkInterfaces": [
                {
                    "DeviceIndex": "0",
                    "AssociatePublicIpAddress": True,
                    "SubnetId": {"Ref": first(template, "AWS::EC2::Subnet")},
                    "GroupSet": [{"Fn::GetAtt": ["BastionDoor", "GroupId"]}],
                }
            ],
        },
    }


@breaks(
    "nobody_can_knock",
    help="A key pair is a file that opens the server for as long as it lives, whoever has it now.",
)
def mistake_a_key_pair(template: dict[str, Any]) -> None:
    template["Resources"]["Key"] = {"Type": "AWS::EC2::KeyPair", "Properties": {"KeyName": "kais-laptop"}}
    launch(template)["KeyName"] = {"Ref": "Key"}


@breaks(
    "session_manager_is_the_way_in",
    help="The agent is on the image, but mute without permissions. AmazonSSMManagedInstanceCore has them.",
)
def mistake_a_role_without_a_voice(template: dict[str, Any]) -> None:
    del server_role(template)["ManagedPolicyArns"]


@breaks(
    "session_manager_is_the_way_in",
    help="Systems Manager has two vocabularies: ssm to register, ssmmessages to carry a session.",
)
def mistake_ssm_without_its_messages(template: dict[str, Any]) -> None:
    del server_role(template)["ManagedPolicyArns"]
    statements(template).append({"Effect": "Allow", "Action": "ssm:UpdateInstanceInformation", "Resource": "*"})


@breaks(
    "session_manager_is_the_way_in",
    help="A route to an internet gateway is of use only to who has a public address; a NAT gateway lends one.",
)
def mistake_no_public_address(template: dict[str, Any]) -> None:
    launch(template)["NetworkInterfaces"][0]["AssociatePublicIpAddress"] = False


@breaks(
    "session_manager_is_the_way_in",
    help="Each subnet has its own route table: the second one needs the route too.",
)
def mistake_a_road_in_one_zone(template: dict[str, Any]) -> None:
    name = names(template, "AWS::EC2::Route")[1]
    del template["Resources"][name]
    for each in template["Resources"].values():
        if name in each.get("DependsOn", []):
            each["DependsOn"].remove(name)


@breaks(
    "the_server_reads_the_notes_and_nothing_else",
    help="grant_read_write is one word longer than grant_read, and lets a fault in the search delete the notes.",
)
def mistake_it_may_write_too(template: dict[str, Any]) -> None:
    reading(template)["Action"] += ["s3:PutObject", "s3:DeleteObject*"]


@breaks(
    "the_server_reads_the_notes_and_nothing_else",
    help="A star as the resource is every bucket of the account, next year's included.",
)
def mistake_it_reads_every_bucket(template: dict[str, Any]) -> None:
    reading(template)["Resource"] = "*"


@breaks(
    "the_server_reads_the_notes_and_nothing_else",
    help="AmazonEC2RoleforSSM is the older policy, and lets the server read and write every bucket.",
)
def mistake_the_older_policy_for_ssm(template: dict[str, Any]) -> None:
    arn = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonEC2RoleforSSM"}
    server_role(template)["ManagedPolicyArns"] = [arn]


@breaks(
    "the_server_reads_the_notes_and_nothing_else",
    help="A trust policy that names the account lets everybody take the role whose own policies allow it.",
)
def mistake_the_account_may_take_the_role(template: dict[str, Any]) -> None:
    trust = server_role(template)["AssumeRolePolicyDocument"]["Statement"][0]
    trust["Principal"]["AWS"] = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}


@breaks(
    "the_server_reads_the_notes_and_nothing_else",
    help="An endpoint has a policy, too. The call needs a yes from the role and from every endpoint it goes through.",
)
def mistake_an_endpoint_for_another_bucket(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::EC2::VPCEndpoint"))["PolicyDocument"] = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::al2023-repos/*"}
        ],
    }


@breaks(
    "copies_on_disk_are_encrypted",
    help="EBS encrypts when it is told to, by the volume or by the Region's default.",
)
def mistake_the_disk_is_open(template: dict[str, Any]) -> None:
    del disk(template)["Ebs"]["Encrypted"]


@breaks(
    "copies_on_disk_are_encrypted",
    help="Amazon Linux's root disk is /dev/xvda. /dev/sda1 is a second, empty disk, encrypted for nobody.",
)
def mistake_the_other_disk_is_encrypted(template: dict[str, Any]) -> None:
    disk(template)["DeviceName"] = "/dev/sda1"


@breaks(
    "copies_on_disk_are_encrypted",
    help="A disk that outlives its server is a copy of the notes that nobody watches, and a line on the bill.",
)
def mistake_a_disk_that_stays(template: dict[str, Any]) -> None:
    disk(template)["Ebs"]["DeleteOnTermination"] = False


@breaks(
    "copies_on_disk_are_encrypted",
    help="gp2 is the generation before: it costs more, and its speed depends on its size.",
)
def mistake_a_disk_of_the_older_kind(template: dict[str, Any]) -> None:
    disk(template)["Ebs"]["VolumeType"] = "gp2"


@breaks(
    "copies_on_disk_are_encrypted",
    help="The group launches with a role of its own, AWSServiceRoleForAutoScaling: your key's policy has to name it.",
)
def mistake_a_key_that_auto_scaling_may_not_use(template: dict[str, Any]) -> None:
    template["Resources"]["DiskKey"] = {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            },
        },
    }
    disk(template)["Ebs"]["KmsKeyId"] = {"Fn::GetAtt": ["DiskKey", "Arn"]}


@breaks(
    "the_role_is_handed_out_to_the_server_alone",
    help="Optional means that version 1 still answers. An old library is the usual reason; most have learnt version 2.",
)
def mistake_version_one_still_answers(template: dict[str, Any]) -> None:
    launch(template)["MetadataOptions"]["HttpTokens"] = "optional"


@breaks(
    "the_image_is_new_and_fits",
    help="An image id is one day's system in one Region. The public parameter is always the newest.",
)
def mistake_an_image_id_written_down(template: dict[str, Any]) -> None:
    launch(template)["ImageId"] = "ami-0c02fb55956c7d316"


@breaks(
    "the_image_is_new_and_fits",
    help="t4g is Graviton, an Arm processor: cpu_type=ec2.AmazonLinuxCpuType.ARM_64.",
)
def mistake_an_image_for_another_processor(template: dict[str, Any]) -> None:
    parameter = image_parameter(template)
    parameter["Default"] = str(parameter["Default"]).replace("arm64", "x86_64")


@breaks(
    "the_image_is_new_and_fits",
    help="Types chosen by what they have are chosen for the image too: an arm64 image and Intel leave none.",
)
def mistake_requirements_that_no_type_meets(template: dict[str, Any]) -> None:
    launch(template).pop("InstanceType")
    group = properties(template, first(template, "AWS::AutoScaling::AutoScalingGroup"))
    needs = {
        "VCpuCount": {"Min": 2, "Max": 2},
        "MemoryMiB": {"Min": 1024, "Max": 1024},
        "BurstablePerformance": "required",
        "CpuManufacturers": ["intel", "amd"],
    }
    group["MixedInstancesPolicy"] = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": group.pop("LaunchTemplate"),
            "Overrides": [{"InstanceRequirements": needs}],
        }
    }


@breaks(
    "the_image_is_new_and_fits",
    help="When the first type is sold out the second is launched, from the same image: it has to fit both.",
)
def mistake_a_second_type_with_another_processor(template: dict[str, Any]) -> None:
    group = properties(template, first(template, "AWS::AutoScaling::AutoScalingGroup"))
    group["MixedInstancesPolicy"] = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": group.pop("LaunchTemplate"),
            "Overrides": [{"InstanceType": "t4g.micro"}, {"InstanceType": "t3.micro"}],
        }
    }


@breaks(
    "a_lost_server_is_replaced",
    help="One ec2.Instance is one machine. A group of one costs the same and starts another.",
)
def mistake_a_lone_instance(template: dict[str, Any]) -> None:
    group = template["Resources"].pop(first(template, "AWS::AutoScaling::AutoScalingGroup"))
    template["Resources"]["Lone"] = {
        "Type": "AWS::EC2::Instance",
        "Properties": {
            "LaunchTemplate": group["Properties"]["LaunchTemplate"],
            "AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
            "NetworkInterfaces": [
                {
                    "DeviceIndex": "0",
                    "AssociatePublicIpAddress": True,
                    "SubnetId": group["Properties"]["VPCZoneIdentifier"][0],
                    "GroupSet": launch(template)["NetworkInterfaces"][0]["Groups"],
                }
            ],
        },
    }
    template["Outputs"]["Server"]["Value"] = {"Ref": "Lone"}


@breaks(
    "a_lost_server_is_replaced",
    help="What was typed into the first server is gone with it. User data is typed once, for all that follow.",
)
def mistake_installed_by_hand(template: dict[str, Any]) -> None:
    del launch(template)["UserData"]


@breaks(
    "a_lost_server_is_replaced",
    help="Launch configurations are the older kind; accounts opened since October 2024 cannot make one.",
)
def mistake_a_launch_configuration(template: dict[str, Any]) -> None:
    data = launch(template)
    template["Resources"]["Older"] = {
        "Type": "AWS::AutoScaling::LaunchConfiguration",
        "Properties": {
            "ImageId": data["ImageId"],
            "InstanceType": data["InstanceType"],
            "IamInstanceProfile": {"Ref": first(template, "AWS::IAM::InstanceProfile")},
            "SecurityGroups": data["NetworkInterfaces"][0]["Groups"],
            "AssociatePublicIpAddress": True,
            "UserData": data["UserData"],
            "MetadataOptions": data["MetadataOptions"],
            "BlockDeviceMappings": data["BlockDeviceMappings"],
            "InstanceMonitoring": False,
        },
    }
    group = properties(template, first(template, "AWS::AutoScaling::AutoScalingGroup"))
    del group["LaunchTemplate"]
    group["LaunchConfigurationName"] = {"Ref": "Older"}


@breaks(
    "a_lost_zone_is_survived",
    help="A group starts servers in the subnets it names, and each of them is in one zone.",
)
def mistake_a_group_in_one_subnet(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::AutoScaling::AutoScalingGroup"))["VPCZoneIdentifier"].pop()


@breaks(
    "a_lost_zone_is_survived",
    help="Two subnets in one zone are two ranges of addresses in one place.",
)
def mistake_two_subnets_in_one_zone(template: dict[str, Any]) -> None:
    for name in names(template, "AWS::EC2::Subnet"):
        properties(template, name)["AvailabilityZone"] = {"Fn::Select": [0, {"Fn::GetAZs": ""}]}


@breaks(
    "a_month_costs_less_than_60_dollars",
    help="Each size up doubles the price. Start small, look at the CPU for a week, then decide.",
)
def mistake_a_server_for_a_thousand_people(template: dict[str, Any]) -> None:
    launch(template)["InstanceType"] = "t4g.xlarge"


@breaks(
    "a_month_costs_less_than_60_dollars",
    help="CDK's Vpc makes a NAT gateway in every zone unless told nat_gateways=0. Two cost twelve times this server.",
)
def mistake_a_nat_gateway_in_each_zone(template: dict[str, Any]) -> None:
    gateway = first(template, "AWS::EC2::VPCGatewayAttachment")
    for index, subnet in enumerate(names(template, "AWS::EC2::Subnet")):
        template["Resources"][f"NatAddress{index}"] = {
            "Type": "AWS::EC2::EIP",
            "Properties": {"Domain": "vpc"},
            "DependsOn": [gateway],
        }
        template["Resources"][f"Nat{index}"] = {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "SubnetId": {"Ref": subnet},
                "AllocationId": {"Fn::GetAtt": [f"NatAddress{index}", "AllocationId"]},
            },
            "DependsOn": [gateway],
        }


SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}


def names(template: dict[str, Any], type_name: str) -> list[str]:
    return [name for name, each in template["Resources"].items() if each["Type"] == type_name]


def first(template: dict[str, Any], type_name: str) -> str:
    return names(template, type_name)[0]


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def launch(template: dict[str, Any]) -> dict[str, Any]:
    """What the launch template says."""
    found: dict[str, Any] = properties(template, first(template, "AWS::EC2::LaunchTemplate"))["LaunchTemplateData"]
    return found


def disk(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = launch(template)["BlockDeviceMappings"][0]
    return found


def wall(template: dict[str, Any]) -> dict[str, Any]:
    return properties(template, first(template, "AWS::EC2::SecurityGroup"))


def let_in(template: dict[str, Any], **who: Any) -> None:
    """One inbound rule for SSH."""
    wall(template)["SecurityGroupIngress"] = [{**SSH, **who}]


def server_role(template: dict[str, Any]) -> dict[str, Any]:
    """The role in the instance profile."""
    profile = properties(template, first(template, "AWS::IAM::InstanceProfile"))
    return properties(template, profile["Roles"][0]["Ref"])


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    """What the server's role is granted beside managed policies."""
    found: list[dict[str, Any]] = properties(template, first(template, "AWS::IAM::Policy"))["PolicyDocument"][
        "Statement"
    ]
    return found


def reading(template: dict[str, Any]) -> dict[str, Any]:
    """The statement that lets the role read the notes."""
    return next(each for each in statements(template) if "s3:GetObject*" in each["Action"])


def image_parameter(template: dict[str, Any]) -> dict[str, Any]:
    parameters = template["Parameters"]
    found: dict[str, Any] = parameters[launch(template)["ImageId"]["Ref"]]
    return found
