"""How Auto Scaling launches: by the whole launch template, balanced over the zones, on demand and spot as told.

moto puts every instance of a group into its first subnet, with the template's image, type and groups alone, and leaves
terminated ones registered with their target groups.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from typing import Any

from preflight.cloudformation.instance_types import cheapest


@cache
def launch_as_aws_does() -> None:
    """Correct moto's groups, once for the process."""
    from moto.autoscaling.models import FakeAutoScalingGroup

    resize = FakeAutoScalingGroup.set_desired_capacity

    def replace(group: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
        for _ in range(count_needed):
            _launch(group, propagated_tags)

    def set_desired_capacity(group: Any, new_capacity: int | None) -> None:
        before = {state.instance_id for state in group.instance_states}
        group.instance_states = _last_in_the_fullest_zone_first(group.instance_states)
        wanted = group.min_size if new_capacity is None else new_capacity
        # moto rounds both kinds of a mixed group down, and would launch one too few
        group.buys_by, group.mixed_instances_policy = group.mixed_instances_policy, None
        try:
            resize(group, math.ceil((wanted or 0) / _weight(group.buys_by)))
        finally:
            group.mixed_instances_policy, group.desired_capacity = group.buys_by, wanted
        group.instance_states.sort(key=lambda state: (state.instance.launch_time, state.instance_id))
        gone = before - {state.instance_id for state in group.instance_states}
        group.autoscaling_backend.elbv2_backend.notify_terminate_instances(list(gone))

    make_provisioned_disks()
    launch_by_the_image()
    FakeAutoScalingGroup.replace_autoscaling_group_instances = replace
    FakeAutoScalingGroup.set_desired_capacity = set_desired_capacity


def _last_in_the_fullest_zone_first(states: list[Any]) -> list[Any]:
    """In this order a group shrinks evenly."""
    seen: Counter[str] = Counter()
    ranked = []
    for state in states:
        ranked.append((-seen[state.availability_zone], state))
        seen[state.availability_zone] += 1
    return [state for _, state in sorted(ranked, key=lambda each: each[0])]


def _launch(group: Any, propagated_tags: dict[str, str]) -> None:
    """One instance more, where fewest are.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html#arch-AutoScalingMultiAZ,
    checked_on 2026-11-22
    """
    from moto.autoscaling.models import ASG_NAME_TAG, InstanceState

    ec2 = group.autoscaling_backend.ec2_backend
    zone, subnet = _place(group, ec2)
    override, spot = _purchase(group)
    data, told = _launched_by(group, override)
    tags = _tags_of(data)
    tags["instance"] = {**tags.get("instance", {}), **propagated_tags, ASG_NAME_TAG: group.name}
    named = {"LaunchTemplateId": told["LaunchTemplateId"], "Version": told["Version"]} if told else None
    reservation = ec2.run_instances(
        data.get("ImageId", ""),
        1,
        data.get("UserData"),
        data.get("SecurityGroups", []),
        instance_type=_type_of(override, data, ec2),
        is_instance_type_default=False,
        region_name=group.region,
        placement=zone,
        subnet_id=subnet,
        launch_template=named,
        security_group_ids=list(data.get("SecurityGroupIds", [])),
        nics=_cards(data, subnet),
        associate_public_ip=None,
        tags=tags,
        key_name=data.get("KeyName"),
        ebs_optimized=data.get("EbsOptimized", False),
        monitoring_state="enabled" if data.get("Monitoring", {}).get("Enabled") else "disabled",
        metadata_options=data.get("MetadataOptions", {}),
        instance_initiated_shutdown_behavior=data.get("InstanceInitiatedShutdownBehavior"),
        instance_market_options="spot" if spot else {},
        block_device_mappings=_disks(data),
    )
    instance = reservation.instances[0]
    tell_groups(instance)
    tell_speeds(ec2, instance, data.get("BlockDeviceMappings") or [])
    profile = data.get("IamInstanceProfile", {})
    if profile:
        ec2.associate_iam_instance_profile(
            instance_id=instance.id,
            iam_instance_profile_name=profile.get("Name"),
            iam_instance_profile_arn=profile.get("Arn"),
        )
    instance.autoscaling_group = group
    state = InstanceState(instance, protected_from_scale_in=group.new_instances_protected_from_scale_in)
    if told:
        state.LaunchTemplate = told
    group.instance_states.append(state)


def _type_of(override: dict[str, Any], data: dict[str, Any], ec2: Any) -> str:
    """The type that is named, else the one that meets what is asked of it; what overrides says so first."""
    for told in (override, data):
        if told.get("InstanceType"):
            return str(told["InstanceType"])
        if told.get("InstanceRequirements"):
            image = ec2.amis.get(_looked_up(str(data.get("ImageId", "")), ec2))
            return cheapest(told["InstanceRequirements"], ec2.region_name, getattr(image, "architecture", ""))
    return ""


def _launched_by(group: Any, override: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What an instance is launched by, and the launch template that says so, if it is one."""
    if group.ec2_launch_template is None:
        config = group.launch_config
        data = {
            "ImageId": config.image_id,
            "InstanceType": config.instance_type,
            "KeyName": config.key_name,
            "SecurityGroupIds": config.security_groups,
            "UserData": config.user_data,
            "BlockDeviceMappings": config.block_device_mapping_dict,
            "EbsOptimized": config.ebs_optimized,
            "Monitoring": {"Enabled": bool(config.instance_monitoring_enabled)},
            "MetadataOptions": config.metadata_options or {},
            "NetworkInterfaces": [{"AssociatePublicIpAddress": config.associate_public_ip_address}],
            "IamInstanceProfile": {"Name": config.iam_instance_profile} if config.iam_instance_profile else {},
        }
        return data, {}
    specification = override.get("LaunchTemplateSpecification", {})
    template = group.ec2_launch_template
    if specification.get("LaunchTemplateId"):
        template = group.autoscaling_backend.ec2_backend.get_launch_template(specification["LaunchTemplateId"])
    version = template.get_version(specification.get("Version") or group.launch_template_version)
    told = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(version.number)}
    return version.data, told


def tell_groups(instance: Any) -> None:
    """An instance that names no group is in its VPC's default one; moto says so of its card alone."""
    if not instance.security_groups and 0 in instance.nics:
        instance.security_groups = list(instance.nics[0].group_set)


def tell_speeds(ec2: Any, instance: Any, mappings: list[dict[str, Any]]) -> None:
    """A disk has the speed that was asked for; moto forgets it of disks that come with an instance."""
    for mapping in mappings:
        disk = instance.block_device_mapping.get(mapping.get("DeviceName"))
        for name in ("Iops", "Throughput"):
            if disk is not None and name in mapping.get("Ebs", {}):
                setattr(ec2.volumes[disk.volume_id], name, int(mapping["Ebs"][name]))


@cache
def make_provisioned_disks() -> None:
    """Let an instance come with io1 and io2 disks; moto forgets their speed first, and then asks for it."""
    from moto.ec2.models.instances import Instance

    add = Instance.add_block_device

    def add_block_device(
        self: Any, size: int, device: str, snapshot: Any, encrypted: bool, leaves: bool, key: Any, volume_type: Any
    ) -> None:
        encrypted = encrypted or self.ec2_backend.get_ebs_encryption_by_default()
        provisioned = volume_type in ("io1", "io2")
        add(self, size, device, snapshot, encrypted, leaves, key, "gp3" if provisioned else volume_type)
        if provisioned:
            self.ec2_backend.volumes[self.block_device_mapping[device].volume_id].volume_type = volume_type

    Instance.add_block_device = add_block_device


@cache
@cache
def launch_by_the_image() -> None:
    """Let Amazon Linux 2023 decide what a launch leaves open: a root disk of gp3, and IMDSv2; moto asks no image.

    Once for the process, and before anybody who puts `run_instances` back as it was found.

    https://docs.aws.amazon.com/linux/al2023/ug/imdsv2.html, https://docs.aws.amazon.com/linux/al2023/ug/ec2.html,
    checked_on 2026-11-23
    """
    from moto.ec2.models.instances import InstanceBackend

    run = InstanceBackend.run_instances

    def run_instances(
        self: Any, image_id: str, count: int, user_data: Any, security_group_names: Any, **told: Any
    ) -> Any:
        image_id = _looked_up(str(image_id), self)
        image = self.amis.get(image_id)
        if image is not None and str(image.name).startswith("al2023-ami"):
            named = told.get("launch_template")
            data = self._get_template_from_args(named).data if named else {}
            disks = told.get("block_device_mappings") or data.get("BlockDeviceMappings") or []
            told["block_device_mappings"] = _with_root(disks, image.root_device_name)
            options = told.get("metadata_options") or data.get("MetadataOptions") or {}
            told["metadata_options"] = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, **options}
        return run(self, image_id, count, user_data, security_group_names, **told)

    InstanceBackend.run_instances = run_instances


def _looked_up(image: str, ec2: Any) -> str:
    """The image a launch template names by a parameter of Systems Manager, which EC2 reads at each launch.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html, checked_on 2026-11-23
    """
    if not image.startswith("resolve:ssm:"):
        return image
    from moto.ssm.models import ssm_backends

    name = image.removeprefix("resolve:ssm:")
    found = ssm_backends[ec2.account_id][ec2.region_name].get_parameter(name)
    return str(found.value) if found is not None else image


def _with_root(disks: list[dict[str, Any]], root: str) -> list[dict[str, Any]]:
    """The disks an instance starts with: its image's own, taken for 8 GiB, whatever is attached beside it."""
    own = {"DeviceName": root, "Ebs": {"VolumeSize": 8, "DeleteOnTermination": True}}
    whole = disks if any(each["DeviceName"] == root for each in disks) else [own, *disks]
    return [
        {**each, "Ebs": {"VolumeType": "gp3", **each["Ebs"]}} if each["DeviceName"] == root and "Ebs" in each else each
        for each in whole
    ]


def _place(group: Any, ec2: Any) -> tuple[str, str | None]:
    """The zone and the subnet with the fewest instances."""
    subnets = group.vpc_zone_identifier.split(",") if group.vpc_zone_identifier else []
    places = [(ec2.get_subnet(each.strip()).availability_zone, each.strip()) for each in subnets]
    places = places or [(zone, None) for zone in group.availability_zones]
    zones = Counter(state.availability_zone for state in group.instance_states)
    taken = Counter(state.instance.subnet_id for state in group.instance_states)
    chosen: tuple[str, str | None] = min(places, key=lambda place: (zones[place[0]], taken[place[1]]))
    return chosen


def _weight(policy: dict[str, Any] | None) -> int:
    """How much of the wanted capacity one instance is."""
    overrides = (policy or {}).get("LaunchTemplate", {}).get("Overrides") or [{}]
    return max(1, int(overrides[0].get("WeightedCapacity") or 1))


def _purchase(group: Any) -> tuple[dict[str, Any], bool]:
    """The override to launch, and whether as spot.

    On-demand goes by the overrides' order; which spot pool is taken nobody can foretell, so here it is the first.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html,
    checked_on 2026-11-22
    """
    policy = group.buys_by
    if not policy:
        return {}, False
    overrides = policy.get("LaunchTemplate", {}).get("Overrides") or [{}]
    distribution = policy.get("InstancesDistribution", {})
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    told = distribution.get("OnDemandPercentageAboveBaseCapacity")
    percent = 100 if told is None else int(told)
    wanted = int(group.desired_capacity or 0)
    on_demand = min(wanted, base + math.ceil(max(wanted - base, 0) * percent / 100))
    running = [state for state in group.instance_states if state.instance.lifecycle != "spot"]
    return dict(overrides[0]), len(running) >= on_demand


def _cards(data: dict[str, Any], subnet: str | None) -> list[dict[str, Any]]:
    declared = data.get("NetworkInterfaces") or [{}]
    first = {name: value for name, value in declared[0].items() if name not in ("SubnetId", "NetworkInterfaceId")}
    if not subnet:
        return []
    # goes with its instance, as on AWS unless told otherwise
    return [{"DeleteOnTermination": True, **first, "DeviceIndex": 0, "SubnetId": subnet}]


def _disks(data: dict[str, Any]) -> list[dict[str, Any]]:
    declared = data.get("BlockDeviceMappings") or [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}]
    return [
        {**each, "Ebs": {"DeleteOnTermination": True, "VolumeSize": 8, **each["Ebs"]}}
        for each in declared
        if "Ebs" in each
    ]


def _tags_of(data: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        each["ResourceType"]: {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}
        for each in data.get("TagSpecifications", [])
    }
