"""What every EC2 resource shares: the service, and tags from birth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._ec2_faults import ONLY_NEW, faults
from preflight.cloudformation.providers._table import Scope, Table, Tags, call, refusal


class Ec2(Table):
    """An EC2 resource; what EC2 refuses and moto does not is refused before anything is made."""

    service = "ec2"

    def create(self, declared: Declared, context: Context) -> Made:
        """Refuse, or make."""
        forget_volumes_tags()
        self._refuse_faults(declared, context, f"new {self.type}", self.type)
        return super().create(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Refuse, or change."""
        if self.type not in ONLY_NEW:
            self._refuse_faults(declared, context, self.type)
        return super().update(made, declared, before, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Take it away, and its tags, which moto would keep."""
        super().delete(made, declared, context)
        own = (made.physical_id, made.attributes.get("AllocationId"), made.attributes.get("KeyPairId"))
        for name in own:
            backend(context).tags.pop(name, None)

    def _refuse_faults(self, declared: Declared, context: Context, *kinds: str) -> None:
        for kind in kinds:
            for code, said in faults(kind, declared, context, backend(context)):
                raise refusal(code, said, self.makes.operation if self.makes else self.type.rpartition(":")[2])


class Tagged(Ec2):
    """What carries tags; from birth, which saves a call, where `born_as` says what EC2 calls the resource."""

    tags = Tags(call("create_tags", Resources=["{ref}"]), remove=call("delete_tags", Resources=["{ref}"]))
    born_as: ClassVar[str] = ""

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Make the resource, tagged if it can be."""
        wanted = [{"Key": key, "Value": value} for key, value in self.tags.of(scope).items()]
        specification = {"TagSpecifications": [{"ResourceType": self.born_as, "Tags": wanted}]} if self.born_as else {}
        assert self.makes is not None
        return self.ask(scope, self.makes.operation, {**self.arguments(scope), **specification})

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Whoever is born with its tags needs them put no more."""
        if self.born_as:
            self.tags.remember(self, scope)
        super().finish(scope, answer)


def default_group(context: Context, vpc: str) -> str:
    """The id of a VPC's default security group."""
    mine = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return str(context.client("ec2").describe_security_groups(Filters=mine)["SecurityGroups"][0]["GroupId"])


def backend(context: Context) -> Any:
    """The emulated EC2 of a context's account and Region."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[context.account][context.region]


@cache
def forget_volumes_tags() -> None:
    """Let the tags of a deleted volume go with it; moto keeps them, also those of an instance's own."""
    from moto.ec2.models import EC2Backend

    delete = EC2Backend.delete_volume

    def delete_volume(self: Any, volume_id: str) -> Any:
        deleted = delete(self, volume_id)
        self.tags.pop(volume_id, None)
        return deleted

    EC2Backend.delete_volume = delete_volume
