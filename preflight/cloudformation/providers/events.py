"""EventBridge: buses, rules and their targets, archives, and ways out to the web."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call


@dataclass(frozen=True)
class _Targets(Setting):
    """A rule's targets, which go one by one, and before the rule does."""

    def make(self, table: Table, scope: Scope) -> None:
        """Put them all."""
        if scope.declared.peek("Targets"):
            _tell_failures(table.ask(scope, "put_targets", self.put.render(scope, table.service)))

    def change(self, table: Table, before: Scope, after: Scope) -> None:
        """Remove those that are gone, put the others."""
        gone = _ids(before) - _ids(after)
        if gone:
            self._remove(table, after, gone)
        if before.declared.peek("Targets") != after.declared.peek("Targets"):
            self.make(table, after)
        else:
            self.put.render(after, table.service)

    def undo(self, table: Table, scope: Scope) -> None:
        """Remove them all."""
        if _ids(scope):
            self._remove(table, scope, _ids(scope))

    def _remove(self, table: Table, scope: Scope, ids: set[str]) -> None:
        where = self.remove.render(scope, table.service) if self.remove else {}
        table.ask(scope, "remove_targets", {**where, "Ids": sorted(ids)})


def _ids(scope: Scope) -> set[str]:
    return {str(each["Id"]) for each in scope.declared.peek("Targets", [])}


def _tell_failures(answer: Mapping[str, Any]) -> None:
    if answer.get("FailedEntryCount"):
        raise ValueError(json.dumps(answer["FailedEntries"]))


class Rule(Table):
    """A rule, by pattern or by time, with whom it tells."""

    type = "AWS::Events::Rule"
    service = "events"
    named = Name("Name", limit=64)
    makes = call("put_rule", "Description EventBusName EventPattern RoleArn ScheduleExpression State", Name="{name}")
    then = (
        Setting(
            call("put_rule", "Description EventBusName EventPattern RoleArn ScheduleExpression State", Name="{name}"),
            at_create=False,
        ),
        _Targets(
            call("put_targets", "Targets EventBusName", Rule="{name}"),
            remove=call("remove_targets", "EventBusName", Rule="{name}"),
        ),
    )
    tags = Tags(call("tag_resource", ResourceARN="{made.Arn}"), remove=call("untag_resource", ResourceARN="{made.Arn}"))
    ref = "{name}"
    attributes = "Arn=RuleArn RuleName={name}"
    unmakes = call("delete_rule", "EventBusName", Name="{name}")
    reads = (
        call("describe_rule", "EventBusName", Name="{name}"),
        call("list_targets_by_rule", "EventBusName", Rule="{name}"),
        call("list_tags_for_resource", ResourceARN="{made.Arn}"),
    )

    def create(self, declared: Declared, context: Context) -> Made:
        """On a bus of its own, a rule is referred to by both names."""
        made = super().create(declared, context)
        bus = str(declared.peek("EventBusName") or "default").rpartition("/")[2]
        return made if bus == "default" else Made(f"{bus}|{made.physical_id}", made.attributes)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The name without the bus's."""
        name = super().name_of(declared, context)
        return made.physical_id.rpartition("|")[2] if made else name


_BUS = "Description KmsKeyIdentifier DeadLetterConfig LogConfig"


class EventBus(Table):
    """A bus, and who else may put events on it."""

    type = "AWS::Events::EventBus"
    service = "events"
    named = Name("Name", limit=256)
    makes = call("create_event_bus", f"EventSourceName {_BUS}", Name="{name}")
    then = (
        Setting(call("update_event_bus", _BUS, Name="{ref}")),
        Setting(
            call("put_permission", EventBusName="{ref}", Policy="{Policy}"),
            remove=call("remove_permission", EventBusName="{ref}", RemoveAllPermissions=True),
        ),
    )
    tags = Tags(call("tag_resource", ResourceARN="{made.Arn}"), remove=call("untag_resource", ResourceARN="{made.Arn}"))
    ref = "{name}"
    drops = "LogConfig EventSourceName"
    attributes = "Arn=EventBusArn Name={ref}"
    unmakes = call("delete_event_bus", Name="{ref}")
    reads = (call("describe_event_bus", Name="{ref}"), call("list_tags_for_resource", ResourceARN="{made.Arn}"))


class EventBusPolicy(Table):
    """One statement of a bus's policy."""

    type = "AWS::Events::EventBusPolicy"
    service = "events"
    makes = call("put_permission", "EventBusName Action Principal Condition StatementId")
    in_place = frozenset({"Action", "Principal", "Condition"})
    ref = "{name}"
    unmakes = call("remove_permission", "EventBusName StatementId")
    reads = (call("describe_event_bus", "Name=EventBusName"),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A statement is put as a policy that holds it alone."""
        if "Statement" not in scope.declared:
            return super().begin(scope)
        said = scope.declared.take("Statement")
        statement = {**(json.loads(said) if isinstance(said, str) else said), "Sid": scope.declared.take("StatementId")}
        bus = scope.declared.take("EventBusName", "default")
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return self.ask(scope, "put_permission", {"EventBusName": bus, "Policy": policy})

    def change(self, before: Scope, after: Scope) -> None:
        """Put it again under its name."""
        self.ask(before, "remove_permission", self.unmakes.render(before, self.service) if self.unmakes else {})
        self.begin(after)

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The bus and the statement."""
        return f"{declared.peek('EventBusName', 'default')}|{declared.peek('StatementId')}"


class Archive(Table):
    """What came over a bus, kept."""

    type = "AWS::Events::Archive"
    service = "events"
    named = Name("ArchiveName", limit=48)
    makes = call(
        "create_archive", "EventSourceArn=SourceArn Description EventPattern RetentionDays", ArchiveName="{name}"
    )
    then = (
        Setting(call("update_archive", "Description EventPattern RetentionDays", ArchiveName="{ref}"), at_create=False),
    )
    ref = "{name}"
    attributes = "Arn=ArchiveArn ArchiveName={ref}"
    unmakes = call("delete_archive", ArchiveName="{ref}")
    reads = (call("describe_archive", ArchiveName="{ref}"),)


class Connection(Table):
    """How to sign in somewhere else; the secret is kept in Secrets Manager."""

    type = "AWS::Events::Connection"
    service = "events"
    named = Name("Name", limit=64)
    makes = call("create_connection", "Description AuthorizationType AuthParameters", Name="{name}")
    then = (
        Setting(
            call("update_connection", "Description AuthorizationType AuthParameters", Name="{ref}"), at_create=False
        ),
    )
    ref = "{name}"
    drops = "AuthParameters.ConnectivityParameters"
    untold = (
        "AuthParameters.ApiKeyAuthParameters.ApiKeyValue AuthParameters.BasicAuthParameters.Password "
        "AuthParameters.OAuthParameters.ClientParameters.ClientSecret"
    )
    attributes = "Arn=ConnectionArn SecretArn=SecretArn"
    describes = call("describe_connection", Name="{ref}")
    unmakes = call("delete_connection", Name="{ref}")
    reads = (describes,)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        return _with_arn_for_policy(super()._attributes(scope, answer))


class ApiDestination(Table):
    """An address on the web."""

    type = "AWS::Events::ApiDestination"
    service = "events"
    named = Name("Name", limit=64)
    _sent = "ConnectionArn Description HttpMethod InvocationEndpoint InvocationRateLimitPerSecond"
    makes = call("create_api_destination", _sent, Name="{name}")
    then = (Setting(call("update_api_destination", _sent, Name="{ref}"), at_create=False),)
    ref = "{name}"
    attributes = "Arn=ApiDestinationArn"
    describes = call("describe_api_destination", Name="{ref}")
    unmakes = call("delete_api_destination", Name="{ref}")
    reads = (describes,)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        return _with_arn_for_policy(super()._attributes(scope, answer))


def _with_arn_for_policy(attributes: dict[str, Any]) -> dict[str, Any]:
    """The ARN without its random end, as policies name it."""
    arn = attributes.get("Arn")
    return {**attributes, "ArnForPolicy": arn.rpartition("/")[0]} if arn else attributes
