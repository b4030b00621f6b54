"""A stack comes and goes: created in order, changed in place or replaced, rolled back whole, deleted by policy."""

from __future__ import annotations

from typing import Any

import pytest

from preflight.cloudformation.engine import Rejected
from preflight.cloudformation.stack import Stack
from preflight.errors import DeployFailed, Refused
from tests.cloudformation.fakes import World, template, topic


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def statuses(stack: Stack, name: str | None = None) -> list[str]:
    return [event.status for event in stack.events if event.logical_id == (name or stack.name)]


def test_resources_are_made_after_what_they_refer_to(world: World) -> None:
    stack = world.cloud.create_stack(
        "Notes",
        template(
            {"Arn": {"Value": ref("First"), "Export": {"Name": "first"}}},
            Last=topic(DisplayName={"Fn::GetAtt": ["Middle", "TopicName"]}),
            Middle=topic(DisplayName={"Fn::Sub": "after ${First.TopicName}"}),
            First=topic(),
        ),
    )
    assert world.calls == ["create First", "create Middle", "create Last"]
    assert stack.status == "CREATE_COMPLETE"
    assert stack.outputs == {"Arn": stack.resources["First"].physical_id}
    assert stack.exports == {"first": stack.resources["First"].physical_id}
    assert statuses(stack, "First") == ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert world.things[stack.resources["Last"].physical_id] == {"DisplayName": "Middle-2"}


def test_a_failed_create_takes_everything_away_again(world: World) -> None:
    world.refuses = {"poison"}
    with pytest.raises(DeployFailed, match="poison is refused") as failure:
        world.cloud.create_stack(
            "Notes", template(A=topic(), B=topic(after="A"), C=topic(after="B", DisplayName="poison"))
        )
    stack = world.cloud.get("Notes")
    assert failure.value.logical_id == "C"
    assert world.things == {}
    assert world.calls[-2:] == ["delete B", "delete A"]
    assert statuses(stack) == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert "[C]" in str(stack.events[-6].reason or stack.events)
    with pytest.raises(Rejected, match="ROLLBACK_COMPLETE state and can not be updated"):
        world.cloud.update_stack("Notes", template(A=topic()))


def test_a_failed_create_can_be_left_as_it_stands_or_removed(world: World) -> None:
    world.refuses = {"poison"}
    broken = template(A=topic(), B=topic(after="A", DisplayName="poison"))
    with pytest.raises(DeployFailed):
        world.cloud.create_stack("Left", broken, on_failure="DO_NOTHING")
    assert world.cloud.get("Left").status == "CREATE_FAILED"
    assert len(world.things) == 1
    world.cloud.roll_back("Left")
    assert world.things == {}
    with pytest.raises(DeployFailed):
        world.cloud.create_stack("Gone", broken, on_failure="DELETE")
    assert world.cloud.find("Gone") is None
    assert world.things == {}


def test_an_update_changes_adds_and_removes(world: World) -> None:
    world.cloud.create_stack("Notes", template(Kept=topic(), Changed=topic(DisplayName="one"), Removed=topic()))
    world.calls.clear()
    stack = world.cloud.update_stack(
        "Notes", template(Kept=topic(), Changed=topic(DisplayName="two"), Added=topic(DisplayName=ref("Changed")))
    )
    assert world.calls == ["update Changed", "create Added", "delete Removed"]
    assert stack.status == "UPDATE_COMPLETE"
    assert set(stack.resources) == {"Kept", "Changed", "Added"}
    assert statuses(stack)[2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_create_only_property_makes_a_new_resource_and_then_removes_the_old(world: World) -> None:
    first = world.cloud.create_stack("Notes", template(T=topic(TopicName="one"), User=topic(DisplayName=ref("T"))))
    old = first.resources["T"].physical_id
    world.calls.clear()
    stack = world.cloud.update_stack("Notes", template(T=topic(TopicName="two"), User=topic(DisplayName=ref("T"))))
    assert world.calls == ["create T", "update User", "delete T"]
    assert stack.resources["T"].physical_id.endswith(":two")
    assert old not in world.things
    assert world.things[stack.resources["User"].physical_id] == {"DisplayName": stack.resources["T"].physical_id}


def test_a_provider_may_ask_for_a_replacement(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template(T=topic(DisplayName="a")))
    old = stack.resources["T"].physical_id
    world.cloud.update_stack("Notes", template(T=topic(DisplayName="only by a new one")))
    assert list(world.things) == [stack.resources["T"].physical_id] != [old]


def test_a_replacement_cannot_share_its_custom_name(world: World) -> None:
    world.cloud.create_stack("Notes", template(T=recorded("AWS::IAM::Role", RoleName="r", Path="/a/", **TRUST)))
    with pytest.raises(DeployFailed, match="Rename r and update the stack again"):
        world.cloud.update_stack("Notes", template(T=recorded("AWS::IAM::Role", RoleName="r", Path="/b/", **TRUST)))
    assert world.cloud.get("Notes").status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_failed_update_goes_back_to_what_was(world: World) -> None:
    before = template(
        {"Out": {"Value": ref("Replaced"), "Export": {"Name": "x"}}},
        Replaced=topic(TopicName="one"),
        Changed=topic(DisplayName="one"),
        Removed=topic(TopicName="removed"),
    )
    stack = world.cloud.create_stack("Notes", before)
    things, outputs, exports = dict(world.things), dict(stack.outputs), dict(stack.exports)
    world.refuses = {"poison"}
    after = template(
        Replaced=topic(TopicName="two"),
        Changed=topic(DisplayName={"Fn::Sub": "two ${Replaced}"}),
        Added=topic(TopicName="added", after="Changed"),
        Bad=topic(DisplayName="poison", after="Added"),
    )
    with pytest.raises(DeployFailed) as failure:
        world.cloud.update_stack("Notes", after)
    assert failure.value.logical_id == "Bad"
    assert world.things == things
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert (stack.outputs, stack.exports) == (outputs, exports)
    assert set(stack.resources) == {"Replaced", "Changed", "Removed"}
    world.refuses = set()
    world.cloud.update_stack("Notes", template(Only=topic()))
    assert len(world.things) == 1


def test_a_half_applied_change_is_undone_too(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template(T=topic(DisplayName="one")))
    world.refuses = {"poison"}
    with pytest.raises(DeployFailed):
        world.cloud.update_stack("Notes", template(T=topic(DisplayName="poison")))
    assert world.calls == ["create T", "update T"]
    assert world.things[stack.resources["T"].physical_id] == {"DisplayName": "one"}


def test_a_rollback_that_fails_can_be_continued(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template(T=topic(DisplayName="one")))
    world.refuses = {"poison", "one"}
    with pytest.raises(DeployFailed):
        world.cloud.update_stack("Notes", template(T=topic(DisplayName="poison")))
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    world.refuses = set()
    world.cloud.continue_rollback("Notes")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.resources["T"].properties == {"DisplayName": "one"}


def test_an_update_left_as_it_stands_can_be_mended_or_rolled_back(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template(A=topic(TopicName="one"), B=topic()))
    things = dict(world.things)
    world.refuses = {"poison"}
    broken = template(A=topic(TopicName="two"), B=topic(), C=topic(after="A", DisplayName="poison"))
    with pytest.raises(DeployFailed, match="the stack is now UPDATE_FAILED"):
        world.cloud.update_stack("Notes", broken, roll_back=False)
    assert len(world.things) == 3
    with pytest.raises(DeployFailed, match="everything was rolled back"):
        world.cloud.update_stack("Notes", template(**broken.body["Resources"], D=topic()), roll_back=True)
    assert world.things == things

    with pytest.raises(DeployFailed):
        world.cloud.update_stack("Notes", broken, roll_back=False)
    world.cloud.update_stack("Notes", template(A=topic(TopicName="two"), B=topic(), C=topic(after="A")))
    assert stack.status == "UPDATE_COMPLETE"
    assert set(world.things) == {each.physical_id for each in stack.resources.values()}
    assert len(world.things) == 3


def test_nothing_to_do_is_said_and_nothing_done(world: World) -> None:
    world.cloud.create_stack("Notes", template(T=topic()), tags={"a": "1"})
    with pytest.raises(Rejected, match=r"No updates are to be performed\."):
        world.cloud.update_stack("Notes", template(T=topic()), tags={"a": "1"})
    assert world.cloud.get("Notes").status == "CREATE_COMPLETE"


def test_new_stack_tags_reach_resources(world: World) -> None:
    world.cloud.create_stack("Notes", template(T=topic()), tags={"a": "1"})
    world.cloud.update_stack("Notes", template(T=topic()), tags={"a": "2"})
    assert world.calls == ["create T", "update T"]


def test_deletion_leaves_exactly_what_the_policies_keep(world: World) -> None:
    kept = topic(TopicName="kept") | {"DeletionPolicy": "Retain"}
    careful = topic(TopicName="careful") | {"DeletionPolicy": "RetainExceptOnCreate"}
    stack = world.cloud.create_stack("Notes", template(A=topic(), B=topic(after="A"), Kept=kept, Careful=careful))
    world.cloud.delete_stack("Notes")
    assert sorted(name.split(":")[-1] for name in world.things) == ["careful", "kept"]
    assert world.calls[-2:] == ["delete B", "delete A"]
    assert stack.status == "DELETE_COMPLETE"
    assert statuses(stack, "Kept")[-1] == "DELETE_SKIPPED"
    assert world.cloud.find("Notes") is None
    assert world.cloud.find(stack.stack_id) is stack
    world.cloud.delete_stack("Notes")


def test_a_rolled_back_create_keeps_only_what_is_retained_outright(world: World) -> None:
    world.refuses = {"poison"}
    kept = topic(TopicName="kept") | {"DeletionPolicy": "Retain"}
    careful = topic(TopicName="careful") | {"DeletionPolicy": "RetainExceptOnCreate"}
    bad = topic(DisplayName="poison", after=["Kept", "Careful"])
    with pytest.raises(DeployFailed):
        world.cloud.create_stack("Notes", template(Kept=kept, Careful=careful, Bad=bad))
    assert [name.split(":")[-1] for name in world.things] == ["kept"]


def test_update_replace_policy_keeps_the_old_one(world: World) -> None:
    world.cloud.create_stack("Notes", template(T=topic(TopicName="one")))
    world.cloud.update_stack("Notes", template(T=topic(TopicName="two") | {"UpdateReplacePolicy": "Retain"}))
    assert sorted(name.split(":")[-1] for name in world.things) == ["one", "two"]


def test_what_will_not_go_keeps_what_it_needs(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template(A=topic(), B=topic(after="A"), Other=topic()))
    world.stubborn = {"B"}
    with pytest.raises(DeployFailed, match=r"failed to delete: \[B\]"):
        world.cloud.delete_stack("Notes")
    assert stack.status == "DELETE_FAILED"
    assert len(world.things) == 2
    world.cloud.delete_stack("Notes", retain=["B"])
    assert stack.status == "DELETE_COMPLETE"
    assert len(world.things) == 1


def test_a_protected_stack_stays(world: World) -> None:
    world.cloud.create_stack("Notes", template(T=topic()), termination_protection=True)
    with pytest.raises(Rejected, match="TerminationProtection is enabled"):
        world.cloud.delete_stack("Notes")


def test_exports_bind_the_stacks_that_use_them(world: World) -> None:
    export = {"Arn": {"Value": ref("T"), "Export": {"Name": "shared"}}}
    world.cloud.create_stack("Giver", template(export, T=topic()))
    imported = template(T=topic(DisplayName={"Fn::ImportValue": "shared"}))
    taker = world.cloud.create_stack("Taker", imported)
    assert taker.imports == {"shared": world.cloud.get("Giver").outputs["Arn"]}
    with pytest.raises(Rejected, match="Cannot delete export shared as it is in use by Taker"):
        world.cloud.delete_stack("Giver")
    with pytest.raises(DeployFailed, match="Cannot delete export shared"):
        world.cloud.update_stack("Giver", template(T=topic()))
    assert world.cloud.get("Giver").exports.keys() == {"shared"}
    with pytest.raises(Refused, match="No export named nope found"):
        world.cloud.create_stack("Lost", template(T=topic(DisplayName={"Fn::ImportValue": "nope"})))
    with pytest.raises(DeployFailed, match="already exported by stack Giver"):
        world.cloud.create_stack("Second", template(export, T=topic()))
    world.cloud.delete_stack("Taker")
    world.cloud.delete_stack("Giver")
    assert world.things == {}


def test_what_no_provider_holds_is_recorded_and_says_so(world: World) -> None:
    declared = template(
        {"Arn": {"Value": {"Fn::GetAtt": ["G", "BackupVaultArn"]}}},
        G=recorded("AWS::Backup::BackupVault", BackupVaultName="vault"),
    )
    stack = world.cloud.create_stack("Notes", declared)
    made = stack.resources["G"]
    assert (made.state, made.physical_id) == ("recorded", "vault")
    assert made.not_emulated == ("BackupVaultName",)
    assert stack.not_emulated == [("G", "BackupVaultName")]
    assert stack.outputs["Arn"] == "arn:aws:backup:us-east-1:123456789012:backup-vault:vault"


def test_the_ledger_survives_an_update(world: World) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    stack = world.cloud.create_stack("Notes", template(T=topic(DisplayName="one", Tags=tags)))
    assert stack.resources["T"].not_emulated == ("Tags",)
    world.cloud.update_stack("Notes", template(T=topic(DisplayName="two", Tags=tags)))
    assert stack.resources["T"].not_emulated == ("Tags",)


def test_a_refused_template_leaves_no_stack(world: World) -> None:
    with pytest.raises(Refused, match="Unrecognized resource types"):
        world.cloud.create_stack("Notes", template(T=recorded("AWS::SNS::Topik")))
    assert world.cloud.stacks == []
    assert world.calls == []


def test_a_refused_update_leaves_the_stack_as_it_was(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template(T=topic(DisplayName="one")))
    with pytest.raises(Refused):
        world.cloud.update_stack("Notes", template(T=topic(DisplayNam="two")))
    with pytest.raises(Rejected, match="Update of resource type is not permitted"):
        world.cloud.update_stack("Notes", template(T=recorded("AWS::SQS::Queue")))
    assert stack.status == "CREATE_COMPLETE"
    assert stack.template.resources["T"].properties == {"DisplayName": "one"}


def test_design_has_what_was_really_made(world: World) -> None:
    stack = world.cloud.create_stack("Notes", template({"Out": {"Value": ref("T")}}, T=topic()))
    design = stack.design()
    assert design.resources["T"].physical_id == stack.resources["T"].physical_id == design.outputs["Out"]
    assert design.find(stack.resources["T"].physical_id)[0].logical_id == "T"


def test_regions_and_accounts_are_apart(world: World) -> None:
    world.cloud.create_stack("Notes", template(T=topic()), region="eu-west-1")
    assert world.cloud.find("Notes") is None
    assert world.cloud.get("Notes", region="eu-west-1").resources["T"].physical_id.startswith("arn:aws:sns:eu-west-1")


def test_a_reset_forgets(world: World) -> None:
    world.cloud.create_stack("Notes", template(T=topic()))
    first = world.cloud.get("Notes").stack_id
    world.cloud.reset()
    assert world.cloud.stacks == []
    world.things.clear()
    assert world.cloud.create_stack("Notes", template(T=topic())).stack_id == first


def recorded(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


TRUST = {
    "AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
}
