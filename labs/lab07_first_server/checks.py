"""What the search server promises to the people who use it, and to those whose notes it holds."""

from __future__ import annotations

import base64
import email
import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

from preflight.checks import VPC_GUIDE, Stack, after, attempt, could_not_ask, expect, offline_only


def check_nobody_can_knock(stack: Stack) -> None:
    """Nobody can knock: no inbound rule, no key pair.

    A server that people only reach through Session Manager needs no open port. The agent on it asks Systems Manager
    whether somebody wants a session, and security groups let the answer to a question in by themselves. No open port
    is no password to guess, and no key pair is no file to lose.
    """
    exposure = stack.exposed()
    door = next(iter(exposure.open), None)
    expect(
        door is None,
        saw=door.sentence if door else "",
        means="scanners walk the whole IPv4 internet all day, and find it within hours",
        proved="from the internet nothing in this stack is open, on any port",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-K3"],
        read=f"{VPC_GUIDE}/vpc-security-groups.html",
        where=door.logical_id if door else None,
    )

    group, rule, who = next(doors_of(stack, worn_by(stack)), ("", {}, ""))
    expect(
        not group,
        saw=f"{named(stack, group)} lets {who} in on {ports_of(rule)}",
        means="whoever holds that address, or wears that group, has a door that nobody needs",
        proved="the server's security group has no inbound rule",
        rival="A bastion host is a server that people log in to first. What does it cost to keep, and who watches it?",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-K4"],
        read=f"{SYSTEMS_MANAGER_GUIDE}/session-manager.html",
        where=next(iter(stack.find(group)), None) if group else None,
    )

    keys = [each["KeyName"] for each in servers(stack) if each.get("KeyName")]
    expect(
        not keys,
        saw=f"the server starts with the key pair {first(keys)}",
        means="a file on somebody's laptop opens the server, for as long as the server lives",
        proved="no key pair opens it, and no port would take one",
        rival="EC2 Instance Connect sends a key that lasts a minute. Which port does it still need?",
        bullets=["CLF-C02 2.3-K1", "SAA-C03 1.2-K4"],
        read=f"{EC2_GUIDE}/ec2-key-pairs.html",
        where=place(stack),
    )


def check_session_manager_is_the_way_in(stack: Stack) -> None:
    """Session Manager is the way in, whichever zone the server stands in.

    It takes two things. The agent has to be allowed to talk: the role in the server's instance profile says so. And it
    has to get there: over HTTPS, to the endpoints named ssm and ssmmessages, by the internet or by interface endpoints
    in your own subnets. A session itself cannot be opened offline; what is asked is whether anything stands in its way.
    """
    role = the_role(stack)
    taken = stack.may("service:ec2.amazonaws.com", "sts:AssumeRole", role.attributes["Arn"])
    words: dict[str, Any] = dict(
        means="the agent has no voice, and Session Manager shows no server to connect to",
        bullets=["CLF-C02 2.3-K1", "SAA-C03 1.2-K4"],
        read=f"{SYSTEMS_MANAGER_GUIDE}/session-manager-getting-started-instance-profile.html",
        where=role,
        proved="EC2 may take the server's role, and the role may speak with Systems Manager",
    )
    expect(is_allowed(taken), saw=taken.because, **words)
    for name in AGENT:
        refused, road = refusal(stack, role.attributes["Arn"], name)
        expect(not refused, saw=refused, **{**words, "where": road or role})

    ask_for_names(stack)
    for service in ("ssm", "ssmmessages"):
        expect_a_road(
            stack,
            service,
            means="the agent asks, nobody answers, and Session Manager shows no server to connect to",
            proved="from every subnet of the server the endpoints ssm and ssmmessages answer on 443",
            rival="Interface endpoints in both zones keep this road off the internet, for five times the server's "
            "price. For which data would you pay it?",
        )


@after(check_session_manager_is_the_way_in)
def check_the_server_reads_the_notes_and_nothing_else(stack: Stack) -> None:
    """The server reads the notes, and may do nothing else.

    Whatever runs on the server has the powers of its role, a search box with a fault in it included. An instance
    profile hands that role to the server as keys that expire within hours; what they open is yours to decide.
    """
    role, notes = the_role(stack), bucket(stack)
    name = role.attributes["Arn"]
    words: dict[str, Any] = dict(
        bullets=["CLF-C02 2.3-K3", "SAA-C03 1.1-K4"],
        read=f"{IAM_GUIDE}/id_roles_use_switch-role-ec2.html",
        where=role,
        proved="the role reads and lists the notes bucket, is refused everything else, and is EC2's to hand out",
        rival="An access key in a file on the server would work too. What happens to each when the disk is copied?",
    )
    for action, resource in (("s3:GetObject", f"{notes}/*"), ("s3:ListBucket", notes)):
        refused, road = refusal(stack, name, action, resource, context=from_the_server(stack))
        expect(
            not refused,
            saw=plainly(refused, notes),
            means="the index stays empty, and every search finds nothing",
            **{**words, "where": road or role},
        )
    besides = sorted(granted_besides(stack, name), key=lambda each: not each[0][0].startswith("s3:"))
    actions, resource = first(besides) or ([], "")
    others = [who for who in trusted_by(role) if who != "ec2.amazonaws.com"]
    expect(
        not others,
        saw=f"the role's trust policy also lets {first(others)} take it",
        means="whoever that is reads every note, from any machine",
        **words,
    )
    few = ", ".join(actions[:3]) + (f" and {len(actions) - 3} more" if len(actions) > 3 else "")
    expect(
        not actions,
        saw=f"the role may also do {few} on {plainly(resource, notes)}",
        means="whoever finds a fault in the search program can do that too",
        **words,
    )
    ask_for_names(stack)
    expect_a_road(
        stack,
        "s3",
        means="the server starts, waits for the notes, and gives up",
        proved="S3 answers from every subnet of the server",
        rival=words["rival"],
    )


def check_copies_on_disk_are_encrypted(stack: Stack) -> None:
    """Copies of the notes on disk are encrypted.

    The server keeps a copy of every note. EBS encrypts a volume, its snapshots and what travels to it, at no charge and
    no measurable delay, but only from the day it is made: an unencrypted one stays so.
    """
    disks = volumes(stack)
    open_ones = [each for each in disks if not each["Encrypted"]]
    expect(
        not open_ones,
        saw=f"the disk {device(open_ones)} of the server is not encrypted",
        means="a snapshot of it that is shared by mistake is a copy of the notes that anyone can read",
        proved=f"every disk of the server ({', '.join(device([each]) for each in disks)}) is encrypted",
        rival="A Region can be told to encrypt every new volume. Why is that worth doing once, in every account?",
        bullets=["CLF-C02 2.2-S4", "CLF-C02 3.6-S3", "SAA-C03 1.3-S2"],
        read=EBS_ENCRYPTION,
        where=place(stack),
    )
    staying = [each for each in disks if each["VolumeId"] in left_behind(stack)]
    expect(
        not staying,
        saw=f"the disk {device(staying)} stays when its server is ended",
        means="each server that is replaced leaves a copy of the notes behind, with nobody to watch it, and a price",
        proved="every disk goes when its server goes",
        bullets=["CLF-C02 3.6-S3"],
        read=f"{EC2_GUIDE}/preserving-volumes-on-termination.html",
        where=place(stack),
    )
    locked = [each for each in own_keys(stack, disks) if not auto_scaling_may_use(stack, each)]
    expect(
        not locked,
        saw=f"the disk is encrypted with {called(first(locked))}, whose policy does not let EC2 Auto Scaling use it",
        means="the group tries to launch, EC2 ends the instance at once, and it tries again all night",
        proved="who launches the server may use the key of its disk",
        bullets=["SAA-C03 1.3-S2"],
        read="https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html",
        where=first(locked) or None,
    )
    old = [each for each in disks if each["VolumeType"] != "gp3"]
    expect(
        not old,
        saw=f"the disk {device(old)} of the server is {old[0]['VolumeType'] if old else ''}",
        means="gp2 costs a quarter more per gigabyte, and a small one is slower",
        proved="every disk is gp3, the current general purpose SSD",
        rival="An instance store is faster and comes with some instance types. What is on it after a stop?",
        bullets=["CLF-C02 3.6-S3"],
        read="https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html",
        where=place(stack),
    )


def check_the_role_is_handed_out_to_the_server_alone(stack: Stack) -> None:
    """The role's keys are handed out to programs on the server alone (IMDSv2).

    The instance metadata service gives the role's keys to whatever asks at 169.254.169.254. Version 1 answers a plain
    GET, which a program can be tricked into sending for a stranger. Version 2 wants a token first, fetched with a PUT,
    which such tricks rarely manage.
    """
    lax = [
        each
        for each in servers(stack)
        if each["MetadataOptions"].get("HttpTokens") != "required"
        and each["MetadataOptions"].get("HttpEndpoint") != "disabled"
    ]
    expect(
        not lax,
        saw="the metadata service also answers requests without a token (IMDSv1)",
        means="one page that fetches a URL for its visitor hands out the keys to the notes",
        proved="the metadata service answers only who brings a token",
        rival="A firewall for web applications filters such requests too. Why is it the second lock here?",
        bullets=["CLF-C02 2.3-K1", "SAA-C03 1.2-K1"],
        read=f"{EC2_GUIDE}/configuring-instance-metadata-service.html",
        where=place(stack),
    )


def check_the_image_is_new_and_fits(stack: Stack) -> None:
    """The image is the newest Amazon Linux 2023, and fits the processor.

    An image is a snapshot of a system on one day. Its id is different in each Region, and the id somebody wrote down
    last year starts a server with last year's holes. AWS keeps a public parameter that names the newest one. An image
    is also built for one kind of processor: Graviton (Arm) instances start arm64 images and no others.
    """
    ids = written_down(stack)
    expect(
        not ids,
        saw=f"the image {first(ids)} is written down in the template",
        means="next year's server starts with this year's holes, and in another Region not at all",
        proved="the image is looked up when the stack is deployed",
        rival="A fixed image is what you tested. When would you pin one, and who moves it on?",
        bullets=["CLF-C02 3.1-S2", "SAA-C03 2.2-S1"],
        read=PUBLIC_PARAMETERS,
        where=place(stack),
    )
    for image, kind in launched(stack):
        found = attempt(stack.client("ec2").describe_images, ImageIds=[image])
        told = found.value["Images"][0] if found.ok and found.value["Images"] else {}
        if not told:
            could_not_ask(f"nobody here knows the image {image}; take Amazon Linux 2023's public parameter")
        expect(
            str(told.get("Name", "")).startswith("al2023-ami"),
            saw=f"the server starts from {told.get('Name', image)}",
            means="its updates end sooner than you think, or come from somewhere else",
            proved="the server starts from Amazon Linux 2023",
            bullets=["CLF-C02 3.3-K1"],
            read="https://docs.aws.amazon.com/linux/al2023/ug/what-is-amazon-linux.html",
            where=place(stack),
        )
        types = stack.client("ec2").describe_instance_types(InstanceTypes=[kind])["InstanceTypes"] if kind else []
        runs = types[0]["ProcessorInfo"]["SupportedArchitectures"] if types else []
        expect(
            told["Architecture"] in runs,
            saw=f"the image is for {told['Architecture']}, and {kind} has a processor for {' or '.join(runs)}"
            if kind
            else f"the image is for {told['Architecture']}, and no type for it meets the group's requirements",
            means="EC2 refuses to start it, and the group tries again and again",
            proved=f"{kind} runs {told['Architecture']}, and so is the image",
            rival="Graviton costs less for the same work. What has to be true of your programs?",
            bullets=["CLF-C02 3.3-S1", "SAA-C03 3.2-S3"],
            read="https://docs.aws.amazon.com/linux/al2023/ug/system-requirements.html",
            where=place(stack),
        )


@offline_only("a replacement takes minutes in an account, longer than a check waits")
def check_a_lost_server_is_replaced(stack: Stack) -> None:
    """A lost server is replaced, and starts the search by itself.

    Everything fails all the time. An Auto Scaling group of one adds no server and costs nothing: it notices that the
    one it wants is gone and starts another, from the launch template, with nobody awake. What the new one needs to know
    has to be in that template: what somebody typed into the old one is gone with it.
    """
    group = the_group(stack)
    alone = not group
    expect(
        not alone,
        saw="the server is one instance that nobody keeps",
        means="when its hardware fails at night, there is no search until somebody wakes up",
        proved="an Auto Scaling group keeps the server",
        bullets=["CLF-C02 3.3-S4", "SAA-C03 2.2-S4"],
        read=f"{AUTO_SCALING_GUIDE}/auto-scaling-groups.html",
        where=place(stack),
    )
    expect(
        "LaunchConfigurationName" not in group,
        saw="the group launches from a launch configuration",
        means="AWS makes no launch configurations for new accounts any more: the stack fails there",
        proved="the group launches from a launch template",
        bullets=["SAA-C03 3.2-K4"],
        read=f"{AUTO_SCALING_GUIDE}/launch-configurations.html",
        where=place(stack),
    )
    gone = {each["InstanceId"] for each in servers(stack)}
    lost = attempt(stack.client("ec2").terminate_instances, InstanceIds=sorted(gone))
    if not lost.ok:
        could_not_ask(f"the server cannot be ended to see what happens: {lost.message}")
    fresh = stack.eventually(lambda: [each for each in running(stack) if each["InstanceId"] not in gone])
    expect(
        bool(fresh),
        saw="the server was ended, and no other one came",
        means="when its hardware fails at night, there is no search until somebody wakes up",
        proved=f"the server was ended, and another one came in {fresh[0]['Placement']['AvailabilityZone']}"
        if fresh
        else "",
        rival="A load balancer notices a dead server too. What does it do for a group of one?",
        bullets=["CLF-C02 3.3-S4", "SAA-C03 2.2-S4"],
        read=f"{AUTO_SCALING_GUIDE}/auto-scaling-groups.html",
        where=place(stack),
    )
    script, name = user_data(stack, fresh[0]["InstanceId"]), stack.output("NotesBucket").rpartition(":")[2]
    missing = [word for word in (name, "notes-search") if word not in script]
    expect(
        not missing,
        saw="the new server has no user data"
        if not script
        else f"the new server's user data never says {missing[0]}"
        if missing
        else "",
        means="the new server is empty: it runs, costs money, and searches nothing",
        proved="the new server installs and starts the search by itself",
        rival="An image of your own with the program inside starts faster. Who builds it again when Linux is patched?",
        bullets=["CLF-C02 1.1-S2", "SAA-C03 2.2-K7"],
        read=f"{EC2_GUIDE}/user-data.html",
        where=place(stack),
    )


@after(check_a_lost_server_is_replaced)
def check_a_lost_zone_is_survived(stack: Stack) -> None:
    """A lost zone is survived: the server comes back in the other.

    A subnet is in one Availability Zone, and a group can start servers in the subnets it names and nowhere else. Two
    zones cost no more than one while a single server runs.
    """
    named_zones = {subnet: zone for subnet, zone in zones(stack) if zone}
    expect(
        len(set(named_zones.values())) > 1,
        saw=f"the group's subnets name {len(set(named_zones.values())) or 'no'} Availability Zone"
        + ("" if len(named_zones) == len(list(zones(stack))) else "; where one names none, AWS picks"),
        means="when that zone has a bad day there is no search, however often the group tries",
        proved=f"the group may start the server in {' and '.join(sorted(set(named_zones.values())))}",
        bullets=["CLF-C02 3.2-S2", "SAA-C03 2.2-S2"],
        read=f"{AUTO_SCALING_GUIDE}/auto-scaling-benefits.html",
        where=place(stack),
    )
    survives = stack.survives_loss_of_az()
    expect(
        bool(survives) and bool(the_group(stack)),
        saw=survives.because,
        means="when that zone has a bad day there is no search, however often the group tries",
        proved="whichever zone is lost, nothing in the stack stops for good",
        rival="Two servers behind a load balancer lose no minute. What would have to be at stake to pay for them?",
        bullets=["CLF-C02 3.2-S2", "CLF-C02 1.1-S2", "SAA-C03 2.2-S2"],
        read=f"{AUTO_SCALING_GUIDE}/auto-scaling-benefits.html",
        where=place(stack),
    )


def check_a_month_costs_less_than_60_dollars(stack: Stack) -> None:
    """A month of it costs less than 60 US dollars.

    A server is billed by the second it runs, used or not; its disk and its public address by the hour they exist. A
    server twice the size costs twice as much, and the roads around it (NAT gateways, interface endpoints) often more
    than the server.
    """
    estimate = stack.cost(region="us-east-1")
    # Spot costs less than its type's price, and a disk without a size is as small as its image
    unknown = [each for each in estimate.unpriced if "Spot" not in each.what and "volume" not in each.what]
    if unknown:
        could_not_ask(f"no price is known here for {unknown[0].what}; t3, t4g, m5 to m8g and c5 to c7i are known")
    groups = sorted(estimate.by_resource(), key=lambda each: -each.usd_a_month)
    most = f", {groups[0].usd_a_month:.2f} of it for {groups[0].name}" if len(groups) > 1 else ""
    expect(
        estimate.per_month < MOST_A_MONTH,
        saw=f"it costs {estimate.per_month:.2f} USD a month while it stands{most}",
        means="the search for six people costs more than the notes it searches",
        proved=f"it costs {estimate.per_month:.2f} USD a month, day and night{most}",
        rival="A one-year Savings Plan would lower the server's part. Is one month of use enough to know?",
        bullets=["CLF-C02 4.1-K1", "CLF-C02 3.3-S1"],
        read="https://aws.amazon.com/ec2/pricing/on-demand/",
        where=groups[0].lines[0].logical_id if groups else None,
    )


EC2_GUIDE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide"
IAM_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
AUTO_SCALING_GUIDE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide"
SYSTEMS_MANAGER_GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide"
EBS_ENCRYPTION = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"
PUBLIC_PARAMETERS = f"{SYSTEMS_MANAGER_GUIDE}/parameter-store-public-parameters-ami.html"

MOST_A_MONTH = 60

# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
AGENT = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)

# what AmazonSSMManagedInstanceCore lets the agent do, and what a server does for its own logs, metrics and disk
FOR_THE_AGENT = re.compile(
    r"ec2messages:\w+|ssmmessages:\w+|s3:GetEncryptionConfiguration|sts:GetCallerIdentity"
    r"|logs:(Create|Put|Describe)\w+|cloudwatch:PutMetricData|xray:\w+|ec2:Describe(Tags|Volumes)"
    r"|kms:(Decrypt|GenerateDataKey\w*|DescribeKey)"
    r"|ssm:(DescribeAssociation|DescribeDocument|GetDeployablePatchSnapshotForInstance|GetDocument|GetManifest"
    r"|GetParameters?|ListAssociations|ListInstanceAssociations|PutComplianceItems|PutConfigurePackageResult"
    r"|PutInventory|UpdateAssociationStatus|UpdateInstanceAssociationStatus|UpdateInstanceInformation)"
)

# reads that tell nothing of any bucket's contents
HARMLESS_READS = ("s3:ListAllMyBuckets", "s3:GetBucketLocation")


def server_name(stack: Stack) -> str:
    """The name of the group that keeps the server, or a lone instance's id; the output may say the group's ARN."""
    return stack.output("Server").rpartition("autoScalingGroupName/")[2]


def the_group(stack: Stack) -> dict[str, Any]:
    """What EC2 Auto Scaling says of the group that keeps the server; {} when the output names a lone instance."""
    name = server_name(stack)
    if name.startswith("i-"):
        return {}
    found = stack.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    if not found["AutoScalingGroups"]:
        could_not_ask(f"the output Server says {name}, which is no Auto Scaling group; let it name the server's group")
    group: dict[str, Any] = found["AutoScalingGroups"][0]
    return group


def running(stack: Stack) -> list[dict[str, Any]]:
    """What EC2 says of the server's instances that run, or are about to."""
    group = the_group(stack)
    ids = [each["InstanceId"] for each in group["Instances"]] if group else [server_name(stack)]
    found = stack.client("ec2").describe_instances(InstanceIds=ids)["Reservations"] if ids else []
    instances = [each for reservation in found for each in reservation["Instances"]]
    return [each for each in instances if each["State"]["Name"] in ("pending", "running")]


def servers(stack: Stack) -> list[dict[str, Any]]:
    """The server's instances, of which there has to be one."""
    found = running(stack)
    if not found:
        could_not_ask("the group has no server running; let it want one (min_capacity=1)")
    return found


def place(stack: Stack) -> Any:
    """The group, or the instance, in the learner's code."""
    return next(iter(stack.find(server_name(stack))), None) or "Server"


def worn_by(stack: Stack) -> list[str]:
    """The security groups the server wears."""
    return sorted({group["GroupId"] for each in servers(stack) for group in each["SecurityGroups"]})


def doors_of(stack: Stack, groups: list[str]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each inbound rule that lets somebody in who does not wear the server's own groups."""
    for group in stack.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"]:
        for rule in group["IpPermissions"]:
            who = [each["CidrIp"] for each in rule.get("IpRanges", [])]
            who += [each["CidrIpv6"] for each in rule.get("Ipv6Ranges", [])]
            who += [each["PrefixListId"] for each in rule.get("PrefixListIds", [])]
            who += [each["GroupId"] for each in rule.get("UserIdGroupPairs", []) if each["GroupId"] not in groups]
            for each in who:
                yield group["GroupId"], rule, named(stack, each)


def ports_of(rule: dict[str, Any]) -> str:
    """A rule's protocol and ports in words."""
    low, high = rule.get("FromPort"), rule.get("ToPort")
    if rule.get("IpProtocol", "-1") == "-1":
        return "every port"
    return f"{rule['IpProtocol']} {f'port {low}' if low == high else f'ports {low}-{high}'}"


def named(stack: Stack, name: str) -> str:
    """A security group as the learner's code names it; other things as they are."""
    return called(next(iter(stack.find(name)), name)) if name.startswith("sg-") else name


def called(item: Any) -> str:
    """A resource by the construct that makes it."""
    return str(getattr(item, "path", None) or getattr(item, "logical_id", item)).removesuffix("/Resource")


def the_role(stack: Stack) -> Any:
    """The role in the server's instance profile."""
    profile = servers(stack)[0].get("IamInstanceProfile")
    expect(
        bool(profile),
        saw="the server has no instance profile, and so no role",
        means="it has no keys: neither the notes nor Session Manager know it",
        proved="the server has an instance profile with a role",
        bullets=["CLF-C02 2.3-K1", "SAA-C03 1.1-S2"],
        read=f"{IAM_GUIDE}/id_roles_use_switch-role-ec2_instance-profiles.html",
        where=place(stack),
    )
    assert profile
    name = profile["Arn"].rpartition("/")[2]
    roles = stack.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    found = [item for each in roles for item in stack.find(each["Arn"]) if item.type == "AWS::IAM::Role"]
    if len(found) != 1:
        could_not_ask(
            f"the instance profile {name} holds no role of this stack; make the role here, so it can be asked"
        )
    return found[0]


def bucket(stack: Stack) -> str:
    """The notes bucket's ARN."""
    name = stack.output("NotesBucket")
    return name if name.startswith("arn:") else f"arn:aws:s3:::{name}"


def from_the_server(stack: Stack) -> dict[str, Any]:
    """What S3 is told of a request of the server's: its VPC and endpoint are known where it has one for S3."""
    told: dict[str, Any] = {"aws:SecureTransport": "true"}
    for item in stack.of_type("AWS::EC2::VPCEndpoint"):
        if str(item.properties.get("ServiceName")).endswith(".s3"):
            told |= {"aws:SourceVpce": item.physical_id, "aws:SourceVpc": item.properties.get("VpcId")}
    return told


def refusal(stack: Stack, role: str, action: str, resource: str = "*", **known: Any) -> tuple[str, str | None]:
    """Why the role is refused an action, by its policies or by an endpoint's on the way, and by which endpoint."""
    own = stack.may(role, action, resource, **known)
    if not is_allowed(own):
        return own.because, None
    service = action.partition(":")[0]
    for item in stack.of_type("AWS::EC2::VPCEndpoint"):
        if str(item.properties.get("ServiceName")).endswith(f".{service}"):
            passing = stack.may(role, action, resource, through=item.logical_id, **known)
            # a condition nobody here can tell is given the benefit of the doubt
            if passing.answer.endswith("denied"):
                return f"{called(item)} does not let it through: {passing.because}", item.logical_id
    return "", None


def granted_besides(stack: Stack, role: str) -> Iterator[tuple[list[str], str]]:
    """What the role may do beyond reading the notes and what the agent needs: (actions, resource)."""
    notes = bucket(stack)
    for grant in stack.what_may(role, context=from_the_server(stack)):
        for resource in grant.resources:
            # whom the role trusts is another promise
            if ":role/" in resource and not grant.by_identity:
                continue
            places = (resource, *grant.within)
            beyond = [name for name in grant.names if not any(is_its_own(name, each, notes) for each in places)]
            if beyond:
                yield beyond, resource


def trusted_by(role: Any) -> list[str]:
    """Everyone the role's trust policy lets in, as it names them."""
    found: list[str] = []
    for statement in listed(role.properties["AssumeRolePolicyDocument"].get("Statement")):
        named_there = statement.get("Principal", "everyone but a few")
        values = named_there.values() if isinstance(named_there, dict) else [named_there]
        found += [str(who) for each in values for who in listed(each) if statement.get("Effect") == "Allow"]
    return found


def listed(value: Any) -> list[Any]:
    """A value that may stand alone, as a list."""
    return value if isinstance(value, list) else [value]


def is_its_own(action: str, resource: str, notes: str) -> bool:
    """Whether a grant is within what the server was promised."""
    if FOR_THE_AGENT.fullmatch(action) or action in HARMLESS_READS:
        return True
    return action.startswith(("s3:Get", "s3:List")) and (resource == notes or resource.startswith(f"{notes}/"))


def plainly(text: str, notes: str) -> str:
    """A text with keys of the notes bucket instead of their ARNs."""
    return text.replace(f"{notes}/*", "the notes").replace(notes, "the notes bucket")


def is_allowed(decision: Any) -> bool:
    """Allowed, and not only perhaps."""
    return bool(decision.answer == "allowed")


def ask_for_names(stack: Stack) -> None:
    """Services are found by name, so the VPC has to answer DNS questions."""
    vpc = servers(stack)[0]["VpcId"]
    ec2 = stack.client("ec2")
    support = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"]
    private = [
        each
        for each in stack.of_type("AWS::EC2::VPCEndpoint")
        if each.properties.get("VpcEndpointType") == "Interface"
        and str(each.properties.get("PrivateDnsEnabled", True)).lower() == "true"
    ]
    names = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    expect(
        support and (names or not private),
        saw=f"the VPC's DNS {'hostnames are' if support else 'support is'} off, and services are found by name",
        means="the server looks for an address and finds nobody to ask",
        proved="the VPC answers DNS questions",
        bullets=["CLF-C02 3.5-S1"],
        read=f"{VPC_GUIDE}/vpc-dns.html",
        where=next(iter(stack.find(vpc)), None),
    )


def zones(stack: Stack) -> Iterator[tuple[str, str]]:
    """The group's subnets, each with the zone it is sure to be in: where it names none, AWS picks."""
    wanted = [each for each in the_group(stack).get("VPCZoneIdentifier", "").split(",") if each]
    found = stack.client("ec2").describe_subnets(SubnetIds=wanted)["Subnets"] if wanted else []
    for each in found:
        declared = [item.properties for item in stack.find(each["SubnetId"])]
        is_sure = all(told.get("AvailabilityZone") or told.get("AvailabilityZoneId") for told in declared)
        yield each["SubnetId"], each["AvailabilityZone"] if is_sure else ""


def expect_a_road(stack: Stack, service: str, *, means: str, proved: str, rival: str) -> None:
    """Expect a service's endpoint to answer on 443 from every subnet the server may stand in."""
    item = place(stack)
    way = stack.reaches(item if isinstance(item, str) else item.logical_id, service, 443)
    gap = way if not way else next(iter(way.except_for), None)
    expect(
        gap is None,
        saw=f"{service} is not reached: {getattr(gap, 'explanation', '')}",
        means=means,
        proved=proved,
        rival=rival,
        bullets=["CLF-C02 3.5-S1", "SAA-C03 1.2-K2"],
        read=f"{SYSTEMS_MANAGER_GUIDE}/setup-create-vpc.html",
        where=getattr(gap, "logical_id", None) or place(stack),
    )


def volumes(stack: Stack) -> list[dict[str, Any]]:
    """The server's disks."""
    ids = [disk["Ebs"]["VolumeId"] for each in servers(stack) for disk in each["BlockDeviceMappings"]]
    found: list[dict[str, Any]] = stack.client("ec2").describe_volumes(VolumeIds=ids)["Volumes"]
    return found


def device(disks: list[dict[str, Any]]) -> str:
    """Where the first of these disks is attached."""
    return str(disks[0]["Attachments"][0]["Device"]) if disks else ""


def left_behind(stack: Stack) -> list[str]:
    """The disks that stay when their server is ended."""
    return [disk["Ebs"]["VolumeId"] for each in servers(stack) for disk in each["BlockDeviceMappings"] if stays(disk)]


def stays(disk: dict[str, Any]) -> bool:
    """Whether a disk stays when its server is ended."""
    return not disk["Ebs"].get("DeleteOnTermination")


def own_keys(stack: Stack, disks: list[dict[str, Any]]) -> list[Any]:
    """The stack's own keys that encrypt these disks."""
    used = {str(each.get("KmsKeyId")).rpartition("/")[2] for each in disks if each.get("KmsKeyId")}
    return [item for item in stack.of_type("AWS::KMS::Key") if item.physical_id in used]


def auto_scaling_may_use(stack: Stack, key: Any) -> bool:
    """Whether a key's policy lets EC2 Auto Scaling's own role use it; nothing else can give it that."""
    if not the_group(stack):
        return True
    linked = f"arn:aws:iam::{stack.account}:role/aws-service-role/autoscaling.amazonaws.com/{LINKED_ROLE}"
    through = {"kms:GrantIsForAWSResource": "true", "kms:ViaService": f"ec2.{stack.region}.amazonaws.com"}
    through["kms:CallerAccount"] = stack.account
    return all(
        is_allowed(stack.may(linked, action, key.arn, context=through, also=[NOTHING]))
        for action in ("kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext")
    )


LINKED_ROLE = "AWSServiceRoleForAutoScaling"
# what the service's role has of its own says nothing about keys
NOTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"}],
}


def written_down(stack: Stack) -> list[str]:
    """Image ids that stand in the template itself."""
    body = stack.template.body
    parts = {name: body.get(name) for name in ("Parameters", "Mappings", "Resources")}
    return sorted(set(re.findall(r"\bami-[0-9a-f]{8,17}\b", json.dumps(parts))))


def launched(stack: Stack) -> list[tuple[str, str]]:
    """The image and the type of what was launched, and of what the group may launch in its place."""
    found = {(each["ImageId"], each["InstanceType"]) for each in servers(stack)}
    launch = (the_group(stack).get("MixedInstancesPolicy") or {}).get("LaunchTemplate", {})
    for each in launch.get("Overrides", []):
        if each.get("InstanceType"):
            template = each.get("LaunchTemplateSpecification") or launch["LaunchTemplateSpecification"]
            found.add((image_of(stack, template), each["InstanceType"]))
    return sorted(found)


def image_of(stack: Stack, template: dict[str, Any]) -> str:
    """The image a launch template starts from; one told by a public parameter is looked up as EC2 does."""
    name = {key: template[key] for key in ("LaunchTemplateId", "LaunchTemplateName") if template.get(key)}
    if len(name) > 1:
        del name["LaunchTemplateName"]
    told = stack.client("ec2").describe_launch_template_versions(
        Versions=[str(template.get("Version") or "$Default")], **name
    )
    image = str(told["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("ImageId", ""))
    if image.startswith("resolve:ssm:"):
        image = stack.client("ssm").get_parameter(Name=image.removeprefix("resolve:ssm:"))["Parameter"]["Value"]
    return image


def user_data(stack: Stack, instance: str) -> str:
    """What a server is told to do when it first starts."""
    found = stack.client("ec2").describe_instance_attribute(InstanceId=instance, Attribute="userData")
    script = base64.b64decode(found["UserData"].get("Value", ""))
    if script.startswith(GZIPPED):
        script = gzip.decompress(script)
    # several parts in one, each encoded in its own way
    parts = [each.get_payload(decode=True) for each in email.message_from_bytes(script).walk()]
    return b"\n".join([script, *(each for each in parts if isinstance(each, bytes))]).decode("utf-8", "replace").strip()


GZIPPED = b"\x1f\x8b"


def first(things: list[Any]) -> Any:
    """The first of several, or nothing."""
    return things[0] if things else ""
