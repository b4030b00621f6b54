"""Systems Manager: Parameter Store, documents, maintenance windows, associations and patch baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from preflight.cloudformation.ledger import Declared, plain
from preflight.cloudformation.providers import Context, Made, ReplacementNeeded
from preflight.cloudformation.providers._table import Each, Name, Scope, Setting, Table, Tags, call, refusal

_PARAMETER = "Type Value Description AllowedPattern Tier Policies DataType"


def _tags(kind: str, word: str = "{ref}") -> Tags:
    place: dict[str, Any] = {"ResourceType": kind, "ResourceId": word}
    return Tags(call("add_tags_to_resource", **place), remove=call("remove_tags_from_resource", **place))


class Parameter(Table):
    """A parameter, overwritten in place."""

    type = "AWS::SSM::Parameter"
    service = "ssm"
    named = Name("Name", limit=1011)
    makes = call("put_parameter", _PARAMETER, Name="{name}")
    then = (
        Setting(
            call("put_parameter", _PARAMETER, Name="{ref}", Overwrite=True),
            otherwise={"Description": "", "AllowedPattern": ""},
            at_create=False,
        ),
    )
    tags = _tags("Parameter")
    ref = "{name}"
    attributes = "Arn=Parameter.ARN Type=Parameter.Type Value=Parameter.Value"
    describes = call("get_parameter", Name="{ref}")
    unmakes = call("delete_parameter", Name="{ref}")
    reads = (
        describes,
        call("describe_parameters", ParameterFilters=[{"Key": "Name", "Values": ["{ref}"]}]),
        call("list_tags_for_resource", ResourceType="Parameter", ResourceId="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """CloudFormation makes no secure strings."""
        if scope.declared.peek("Type") == "SecureString":
            said = "Parameters of type SecureString are not supported by CloudFormation."
            raise refusal("ValidationException", said, "PutParameter")
        return super().arguments(scope)


class Document(Table):
    """What Systems Manager is to do; changed by a new version, or by another document."""

    type = "AWS::SSM::Document"
    service = "ssm"
    named = Name("Name", limit=128)
    makes = call(
        "create_document",
        "Content DocumentFormat DocumentType Requires TargetType VersionName Attachments",
        Name="{name}",
    )
    tags = _tags("Document")
    in_place = frozenset({"Content", "DocumentFormat", "TargetType", "VersionName", "Requires", "Attachments"})
    ref = "{name}"
    untold = "UpdateMethod"
    drops = "Attachments"
    unmakes = call("delete_document", Name="{ref}")
    reads = (
        call("describe_document", Name="{ref}"),
        call("get_document", Name="{ref}"),
        call("list_tags_for_resource", ResourceType="Document", ResourceId="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The way to update is CloudFormation's own."""
        scope.declared.take("UpdateMethod")
        return super().arguments(scope)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """A new version, where the template says so."""
        fixed = self.in_place - {"TargetType"}
        changed = any(declared.peek(name) != plain(before.get(name)) for name in fixed)
        if changed and declared.peek("UpdateMethod") != "NewVersion":
            raise ReplacementNeeded
        return super().update(made, declared, before, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """A document that is not there is called invalid."""
        try:
            super().delete(made, declared, context)
        except context.client("ssm").exceptions.InvalidDocument as error:
            if "does not exist" not in str(error):
                raise

    def change(self, before: Scope, after: Scope) -> None:
        """The new version is the default one."""
        asked = self.arguments(after)
        if asked != self.arguments(before):
            kept = {name: value for name, value in asked.items() if name not in ("DocumentType", "Requires")}
            answer = self.ask(after, "update_document", {**kept, "DocumentVersion": "$LATEST"})
            version = answer["DocumentDescription"]["DocumentVersion"]
            self.ask(after, "update_document_default_version", {"Name": after.ref, "DocumentVersion": version})
        super().change(before, after)


_WINDOW = (
    "AllowUnassociatedTargets Cutoff Description Duration EndDate Name Schedule ScheduleOffset ScheduleTimezone "
    "StartDate"
)


class MaintenanceWindow(Table):
    """When work may be done."""

    type = "AWS::SSM::MaintenanceWindow"
    service = "ssm"
    makes = call("create_maintenance_window", _WINDOW)
    then = (Setting(call("update_maintenance_window", _WINDOW, WindowId="{ref}"), at_create=False),)
    tags = _tags("MaintenanceWindow")
    ref = "WindowId"
    attributes = "WindowId={ref}"
    unmakes = call("delete_maintenance_window", WindowId="{ref}")
    reads = (
        call("get_maintenance_window", WindowId="{ref}"),
        call("list_tags_for_resource", ResourceType="MaintenanceWindow", ResourceId="{ref}"),
    )


class MaintenanceWindowTarget(Table):
    """What work is done on."""

    type = "AWS::SSM::MaintenanceWindowTarget"
    service = "ssm"
    _changes: ClassVar[str] = "Description Name OwnerInformation Targets"
    makes = call("register_target_with_maintenance_window", f"{_changes} ResourceType WindowId")
    then = (
        Setting(
            call("update_maintenance_window_target", _changes, WindowId="{WindowId}", WindowTargetId="{ref}"),
            at_create=False,
        ),
    )
    ref = "WindowTargetId"
    attributes = "WindowTargetId={ref}"
    unmakes = call("deregister_target_from_maintenance_window", WindowId="{WindowId}", WindowTargetId="{ref}")
    reads = (call("describe_maintenance_window_targets", WindowId="{WindowId}"),)


class MaintenanceWindowTask(Table):
    """The work; nothing runs here."""

    type = "AWS::SSM::MaintenanceWindowTask"
    service = "ssm"
    _changes: ClassVar[str] = (
        "CutoffBehavior Description LoggingInfo.S3BucketName=LoggingInfo.S3Bucket "
        "LoggingInfo.S3Region=LoggingInfo.Region LoggingInfo.S3KeyPrefix=LoggingInfo.S3Prefix MaxConcurrency "
        "MaxErrors Name Priority ServiceRoleArn Targets TaskArn TaskParameters "
        "TaskInvocationParameters.Automation=TaskInvocationParameters.MaintenanceWindowAutomationParameters "
        "TaskInvocationParameters.Lambda=TaskInvocationParameters.MaintenanceWindowLambdaParameters "
        "TaskInvocationParameters.RunCommand=TaskInvocationParameters.MaintenanceWindowRunCommandParameters "
        "TaskInvocationParameters.StepFunctions=TaskInvocationParameters.MaintenanceWindowStepFunctionsParameters"
    )
    makes = call("register_task_with_maintenance_window", f"{_changes} TaskType WindowId")
    then = (
        Setting(
            call("update_maintenance_window_task", _changes, WindowId="{WindowId}", WindowTaskId="{ref}"),
            at_create=False,
        ),
    )
    ref = "WindowTaskId"
    attributes = "WindowTaskId={ref}"
    unmakes = call("deregister_task_from_maintenance_window", WindowId="{WindowId}", WindowTaskId="{ref}")
    reads = (call("get_maintenance_window_task", WindowId="{WindowId}", WindowTaskId="{ref}"),)


class Association(Table):
    """A document that State Manager keeps applied to instances; none is looked at here."""

    type = "AWS::SSM::Association"
    service = "ssm"
    _changes: ClassVar[str] = (
        "ApplyOnlyAtCronInterval AssociationName AutomationTargetParameterName CalendarNames ComplianceSeverity "
        "DocumentVersion MaxConcurrency MaxErrors Name OutputLocation Parameters ScheduleExpression ScheduleOffset "
        "SyncCompliance Targets AssociationDispatchAssumeRole"
    )
    makes = call("create_association", f"{_changes} InstanceId", names="OutputS3Region=OutputS3Region")
    then = (Setting(call("update_association", _changes, AssociationId="{ref}"), at_create=False),)
    tags = _tags("Association")
    ref = "AssociationDescription.AssociationId"
    untold = "WaitForSuccessTimeoutSeconds"
    attributes = "AssociationId={ref}"
    unmakes = call("delete_association", AssociationId="{ref}")
    reads = (
        call("describe_association", AssociationId="{ref}"),
        call("list_tags_for_resource", ResourceType="Association", ResourceId="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The document has to be there, unless it is AWS's own."""
        asked = super().arguments(scope)
        if not str(asked["Name"]).startswith("AWS"):
            scope.context.client("ssm").describe_document(Name=asked["Name"])
        return asked


class PatchBaseline(Table):
    """Which patches are approved, for which groups of instances."""

    type = "AWS::SSM::PatchBaseline"
    service = "ssm"
    _changes: ClassVar[str] = (
        "ApprovalRules ApprovedPatches ApprovedPatchesComplianceLevel ApprovedPatchesEnableNonSecurity Description "
        "GlobalFilters Name RejectedPatches RejectedPatchesAction Sources AvailableSecurityUpdatesComplianceStatus"
    )
    makes = call("create_patch_baseline", f"{_changes} OperatingSystem")
    then = (
        Setting(call("update_patch_baseline", _changes, BaselineId="{ref}"), at_create=False),
        Each(
            "PatchGroups",
            add=call("register_patch_baseline_for_patch_group", BaselineId="{ref}", PatchGroup="{item}"),
            remove=call("deregister_patch_baseline_for_patch_group", BaselineId="{ref}", PatchGroup="{item}"),
        ),
    )
    tags = _tags("PatchBaseline")
    ref = "BaselineId"
    drops = "DefaultBaseline"
    # told by the patch group
    untold = "PatchGroups"
    attributes = "Id={ref}"
    unmakes = call("delete_patch_baseline", BaselineId="{ref}")
    reads = (
        call("get_patch_baseline", BaselineId="{ref}"),
        call("list_tags_for_resource", ResourceType="PatchBaseline", ResourceId="{ref}"),
    )


class ResourceDataSync(Table):
    """Inventory, sent to a bucket."""

    type = "AWS::SSM::ResourceDataSync"
    service = "ssm"
    makes = call(
        "create_resource_data_sync",
        "S3Destination.BucketName=BucketName S3Destination.Prefix=BucketPrefix S3Destination.Region=BucketRegion "
        "S3Destination.AWSKMSKeyARN=KMSKeyArn S3Destination.SyncFormat=SyncFormat S3Destination SyncName SyncSource "
        "SyncType",
        names="Prefix=BucketPrefix Region=BucketRegion AWSKMSKeyARN=KMSKeyArn",
    )
    ref = "{SyncName}"
    unmakes = call("delete_resource_data_sync", "SyncType", SyncName="{ref}")
    reads = (call("list_resource_data_sync"),)
