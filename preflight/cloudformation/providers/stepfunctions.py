"""Step Functions: state machines, their versions and aliases, and activities."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from preflight.analysis.state_machines import uses_jsonata
from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    not_emulated,
    refusal,
)

_CONFIGURATION = (
    "roleArn=RoleArn loggingConfiguration=LoggingConfiguration tracingConfiguration=TracingConfiguration "
    "encryptionConfiguration=EncryptionConfiguration"
)


class StateMachine(Table):
    """A state machine; its definition may be text, an object, or a file, with names to be filled in."""

    type = "AWS::StepFunctions::StateMachine"
    service = "stepfunctions"
    named = Name("StateMachineName", limit=80)
    makes = call("create_state_machine", f"type=StateMachineType {_CONFIGURATION}", name="{name}")
    then = (
        Setting(
            call("update_state_machine", _CONFIGURATION, stateMachineArn="{ref}"),
            otherwise={"loggingConfiguration": {"level": "OFF"}, "tracingConfiguration": {"enabled": False}},
            at_create=False,
        ),
    )
    in_place = frozenset({"DefinitionString", "Definition", "DefinitionS3Location", "DefinitionSubstitutions"})
    tags = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))
    ref = "stateMachineArn"
    attributes = "Arn={ref} Name=name StateMachineRevisionId=revisionId"
    describes = call("describe_state_machine", stateMachineArn="{ref}")
    unmakes = call("delete_state_machine", stateMachineArn="{ref}")
    reads = (describes, call("list_tags_for_resource", resourceArn="{ref}"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The definition goes as text."""
        return {**super().arguments(scope), "definition": _definition(scope.declared, scope.context)}

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A name that is taken is no other's."""
        client = scope.context.client("stepfunctions")
        arguments = self.arguments(scope)
        account, region, partition = scope.context.account, scope.context.region, scope.context.partition
        arn = f"arn:{partition}:states:{region}:{account}:stateMachine:{scope.name}"
        there = {each["stateMachineArn"] for each in client.list_state_machines()["stateMachines"]}
        if arn in there:
            message = f"State Machine Already Exists: '{arn}'"
            raise refusal("StateMachineAlreadyExists", message, "CreateStateMachine")
        return self.ask(scope, "create_state_machine", arguments)

    def change(self, before: Scope, after: Scope) -> None:
        """Another definition, then the rest."""
        definition = _definition(after.declared, after.context)
        if definition != _definition(Declared(before.declared.peek()), before.context):
            self.ask(after, "update_state_machine", {"stateMachineArn": after.ref, "definition": definition})
        super().change(before, after)

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The state machine; what was filled in stands in its definition."""
        answers = super().read(made, declared, context)
        declared_as = ("Definition", "DefinitionString", "DefinitionSubstitutions", "DefinitionS3Location")
        text = _definition(Declared(declared.peek()), context)
        same = bool(answers) and answers[0].get("definition") == text
        return [*answers, *([{name: declared.peek(name) for name in declared_as if name in declared}] if same else [])]

    def refuse_drops(self, declared: Declared) -> None:
        """What a definition in JSONata says is kept, and cannot run here."""
        super().refuse_drops(declared)
        text = declared.peek("DefinitionString")
        try:
            definition = declared.peek("Definition") or json.loads(text or "{}")
        except ValueError:
            return
        if uses_jsonata(definition):
            not_emulated(declared, "DefinitionString")
            not_emulated(declared, "Definition")


def _definition(declared: Declared, context: Context) -> str:
    """The definition's text, its `${names}` filled in."""
    substitutions = declared.take("DefinitionSubstitutions", {})
    place = declared.take("DefinitionS3Location")
    if place:
        held = context.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"])["Body"].read().decode()
        if not held.lstrip().startswith("{"):
            import yaml

            held = json.dumps(yaml.safe_load(held))
        text = str(held)
    elif "Definition" in declared:
        text = json.dumps(declared.take("Definition"))
    else:
        text = str(declared.take("DefinitionString", ""))
    for name, value in substitutions.items():
        told = ("true" if value else "false") if isinstance(value, bool) else str(value)
        text = re.sub(r"\$\{" + re.escape(name) + r"\}", lambda _, told=told: told, text)  # type: ignore[misc]
    return text


class Activity(Table):
    """A task that a worker of one's own asks for."""

    type = "AWS::StepFunctions::Activity"
    service = "stepfunctions"
    makes = call("create_activity", "name=Name encryptionConfiguration=EncryptionConfiguration")
    tags = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))
    ref = "activityArn"
    attributes = "Arn={ref} Name={Name}"
    unmakes = call("delete_activity", activityArn="{ref}")
    reads = (call("describe_activity", activityArn="{ref}"), call("list_tags_for_resource", resourceArn="{ref}"))


class StateMachineVersion(Table):
    """A state machine as it is now, by a number."""

    type = "AWS::StepFunctions::StateMachineVersion"
    service = "stepfunctions"
    makes = call("publish_state_machine_version", "stateMachineArn=StateMachineArn description=Description")
    drops = "StateMachineRevisionId"
    ref = "stateMachineVersionArn"
    attributes = "Arn={ref}"
    unmakes = call("delete_state_machine_version", stateMachineVersionArn="{ref}")
    reads = (
        call("describe_state_machine", stateMachineArn="{ref}"),
        call("describe_state_machine", "stateMachineArn=StateMachineArn"),
    )


class StateMachineAlias(Table):
    """A name for one version of a state machine, or for two with weights."""

    type = "AWS::StepFunctions::StateMachineAlias"
    service = "stepfunctions"
    named = Name("Name", limit=80)
    makes = call("create_state_machine_alias", "description=Description", name="{name}")
    ref = "stateMachineAliasArn"
    attributes = "Arn={ref}"
    in_place = frozenset({"Description", "RoutingConfiguration", "DeploymentPreference"})
    unmakes = call("delete_state_machine_alias", stateMachineAliasArn="{ref}")
    reads = (call("describe_state_machine_alias", stateMachineAliasArn="{ref}"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """All at once is done here; a canary's steps are not."""
        return {**super().arguments(scope), "routingConfiguration": self._routes(scope)}

    def change(self, before: Scope, after: Scope) -> None:
        """Another version, at once."""
        given = {"stateMachineAliasArn": after.ref, "routingConfiguration": self._routes(after)}
        self.ask(after, "update_state_machine_alias", {**given, "description": after.declared.take("Description", "")})

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The alias, with the version its deployment preference names."""
        answers = super().read(made, declared, context)
        for each in answers:
            each["StateMachineVersionArn"] = each["routingConfiguration"][0]["stateMachineVersionArn"]
        return answers

    @staticmethod
    def _routes(scope: Scope) -> list[dict[str, Any]]:
        preference = scope.declared.peek("DeploymentPreference")
        if preference:
            version = scope.declared["DeploymentPreference"].take("StateMachineVersionArn")
            return [{"stateMachineVersionArn": version, "weight": 100}]
        rows: list[Mapping[str, Any]] = scope.declared.take("RoutingConfiguration", [])
        return [
            {"stateMachineVersionArn": each["StateMachineVersionArn"], "weight": int(each["Weight"])} for each in rows
        ]
