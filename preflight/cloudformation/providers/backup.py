"""AWS Backup: vaults, plans and what they select, frameworks, reports and restore tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    is_gone,
    refusal,
)


class _Backup(Table):
    service = "backup"

    def require_role(self, scope: Scope, arn: str, operation: str) -> None:
        """The role AWS Backup works with has to be there."""
        try:
            scope.context.client("iam").get_role(RoleName=arn.rpartition("/")[2])
        except Exception as error:
            if not is_gone(error) or "/service-role/" in arn or "aws-service-role" in arn:
                return
            said = f"IAM Role {arn} does not exist"
            raise refusal("InvalidParameterValueException", said, operation) from error


def _tags(name: str) -> Tags:
    return Tags(
        call("tag_resource", ResourceArn="{made.Arn}"),
        remove=call("untag_resource", ResourceArn="{made.Arn}"),
        property=name,
    )


_LISTED = call("list_tags", ResourceArn="{made.Arn}")


class BackupVault(_Backup):
    """Where recovery points are kept: encrypted, with its own policy, locked against deletion where it says so."""

    type = "AWS::Backup::BackupVault"
    makes = call("create_backup_vault", "BackupVaultName EncryptionKeyArn")
    then = (
        Setting(
            call("put_backup_vault_access_policy", "Policy=AccessPolicy", BackupVaultName="{ref}"),
            remove=call("delete_backup_vault_access_policy", BackupVaultName="{ref}"),
        ),
        Setting(
            call(
                "put_backup_vault_notifications",
                "BackupVaultEvents=Notifications.BackupVaultEvents SNSTopicArn=Notifications.SNSTopicArn",
                BackupVaultName="{ref}",
            ),
            remove=call("delete_backup_vault_notifications", BackupVaultName="{ref}"),
        ),
        Setting(
            call(
                "put_backup_vault_lock_configuration",
                "ChangeableForDays=LockConfiguration.ChangeableForDays "
                "MaxRetentionDays=LockConfiguration.MaxRetentionDays "
                "MinRetentionDays=LockConfiguration.MinRetentionDays",
                BackupVaultName="{ref}",
            ),
            remove=call("delete_backup_vault_lock_configuration", BackupVaultName="{ref}"),
        ),
    )
    tags = _tags("BackupVaultTags")
    ref = "{BackupVaultName}"
    # told as the date from which the lock is there for good
    untold = "LockConfiguration.ChangeableForDays"
    attributes = "Arn=BackupVaultArn BackupVaultArn=BackupVaultArn BackupVaultName={ref}"
    unmakes = call("delete_backup_vault", BackupVaultName="{ref}")
    reads = (
        call("describe_backup_vault", BackupVaultName="{ref}"),
        call("get_backup_vault_access_policy", BackupVaultName="{ref}"),
        call("get_backup_vault_notifications", BackupVaultName="{ref}"),
        _LISTED,
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The key has to be there."""
        asked = super().arguments(scope)
        if "EncryptionKeyArn" in asked:
            scope.context.client("kms").describe_key(KeyId=asked["EncryptionKeyArn"])
        return asked


class BackupPlan(_Backup):
    """When to back up, into which vault, for how long, and where a copy goes."""

    type = "AWS::Backup::BackupPlan"
    makes = call(
        "create_backup_plan", "BackupPlan", names="Rules=BackupPlanRule TargetBackupVaultName=TargetBackupVault"
    )
    then = (
        Setting(
            call(
                "update_backup_plan",
                "BackupPlan",
                names="Rules=BackupPlanRule TargetBackupVaultName=TargetBackupVault",
                BackupPlanId="{ref}",
            ),
            at_create=False,
        ),
    )
    tags = _tags("BackupPlanTags")
    ref = "BackupPlanId"
    attributes = "Arn=BackupPlanArn BackupPlanArn=BackupPlanArn BackupPlanId={ref} VersionId=VersionId"
    describes = call("get_backup_plan", BackupPlanId="{ref}")
    unmakes = call("delete_backup_plan", BackupPlanId="{ref}")
    reads = (describes, _LISTED)


class BackupSelection(_Backup):
    """What a plan backs up: by ARN, by tag, by conditions."""

    type = "AWS::Backup::BackupSelection"
    makes = call("create_backup_selection", "BackupPlanId BackupSelection")
    ref = "{made.Id}"
    attributes = "Id={made.Id} SelectionId=SelectionId"
    unmakes = call("delete_backup_selection", BackupPlanId="{BackupPlanId}", SelectionId="{made.SelectionId}")
    reads = (call("get_backup_selection", BackupPlanId="{BackupPlanId}", SelectionId="{made.SelectionId}"),)

    def create(self, declared: Declared, context: Context) -> Made:
        """Its plan and its role have to be there; Ref is the selection and its plan, with a low line between."""
        scope = Scope(declared, context)
        asked = self.arguments(scope)
        self.require_role(scope, str(asked["BackupSelection"]["IamRoleArn"]), "CreateBackupSelection")
        self.ask(scope, "get_backup_plan", {"BackupPlanId": asked["BackupPlanId"]})
        made = self.ask(scope, "create_backup_selection", asked)
        identity = f"{made['SelectionId']}_{made['BackupPlanId']}"
        return Made(identity, {"Id": identity, "SelectionId": made["SelectionId"]})


class Framework(_Backup):
    """Controls that are to hold, which nobody evaluates here."""

    type = "AWS::Backup::Framework"
    named = Name("FrameworkName", limit=256)
    makes = call("create_framework", "FrameworkControls FrameworkDescription", FrameworkName="{name}")
    then = (
        Setting(
            call("update_framework", "FrameworkControls FrameworkDescription", FrameworkName="{made.Name}"),
            otherwise={"FrameworkDescription": ""},
            at_create=False,
        ),
    )
    tags = _tags("FrameworkTags")
    ref = "FrameworkArn"
    attributes = "Arn=FrameworkArn FrameworkArn=FrameworkArn Name=FrameworkName FrameworkStatus=FrameworkStatus "
    attributes += "DeploymentStatus=DeploymentStatus"
    describes = call("describe_framework", FrameworkName="{made.Name}")
    unmakes = call("delete_framework", FrameworkName="{made.Name}")
    reads = (describes, _LISTED)


class ReportPlan(_Backup):
    """Reports about backups, to a bucket."""

    type = "AWS::Backup::ReportPlan"
    named = Name("ReportPlanName", limit=256)
    makes = call(
        "create_report_plan", "ReportDeliveryChannel ReportPlanDescription ReportSetting", ReportPlanName="{name}"
    )
    then = (
        Setting(
            call(
                "update_report_plan",
                "ReportDeliveryChannel ReportPlanDescription ReportSetting",
                ReportPlanName="{made.Name}",
            ),
            otherwise={"ReportPlanDescription": ""},
            at_create=False,
        ),
    )
    tags = _tags("ReportPlanTags")
    ref = "ReportPlanArn"
    attributes = "Arn=ReportPlanArn ReportPlanArn=ReportPlanArn Name=ReportPlanName"
    unmakes = call("delete_report_plan", ReportPlanName="{made.Name}")
    reads = (call("describe_report_plan", ReportPlanName="{made.Name}"), _LISTED)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """CloudFormation's names are written as Backup takes them."""
        asked = super().arguments(scope)
        return {**asked, "ReportPlanName": asked["ReportPlanName"].replace("-", "_")}


class RestoreTestingPlan(_Backup):
    """When to try a restore, of which recovery points."""

    type = "AWS::Backup::RestoreTestingPlan"
    _inside = " ".join(
        f"RestoreTestingPlan.{name}={name}"
        for name in ("RecoveryPointSelection", "ScheduleExpression", "ScheduleExpressionTimezone", "StartWindowHours")
    )
    makes = call(
        "create_restore_testing_plan", f"RestoreTestingPlan.RestoreTestingPlanName=RestoreTestingPlanName {_inside}"
    )
    then = (
        Setting(
            call("update_restore_testing_plan", _inside, RestoreTestingPlanName="{ref}"),
            at_create=False,
        ),
    )
    tags = _tags("Tags")
    ref = "{RestoreTestingPlanName}"
    attributes = "Arn=RestoreTestingPlanArn RestoreTestingPlanArn=RestoreTestingPlanArn"
    unmakes = call("delete_restore_testing_plan", RestoreTestingPlanName="{ref}")
    reads = (call("get_restore_testing_plan", RestoreTestingPlanName="{ref}"), _LISTED)


class RestoreTestingSelection(_Backup):
    """What a restore test restores, and with which role."""

    type = "AWS::Backup::RestoreTestingSelection"
    _inside = " ".join(
        f"RestoreTestingSelection.{name}={name}"
        for name in (
            *("IamRoleArn", "ProtectedResourceArns", "ProtectedResourceConditions", "RestoreMetadataOverrides"),
            "ValidationWindowHours",
        )
    )
    makes = call(
        "create_restore_testing_selection",
        f"RestoreTestingPlanName RestoreTestingSelection.ProtectedResourceType=ProtectedResourceType "
        f"RestoreTestingSelection.RestoreTestingSelectionName=RestoreTestingSelectionName {_inside}",
    )
    then = (
        Setting(
            call(
                "update_restore_testing_selection",
                _inside,
                RestoreTestingPlanName="{RestoreTestingPlanName}",
                RestoreTestingSelectionName="{RestoreTestingSelectionName}",
            ),
            at_create=False,
        ),
    )
    ref = "{RestoreTestingPlanName}|{RestoreTestingSelectionName}"
    unmakes = call(
        "delete_restore_testing_selection",
        RestoreTestingPlanName="{RestoreTestingPlanName}",
        RestoreTestingSelectionName="{RestoreTestingSelectionName}",
    )
    reads = (
        call(
            "get_restore_testing_selection",
            RestoreTestingPlanName="{RestoreTestingPlanName}",
            RestoreTestingSelectionName="{RestoreTestingSelectionName}",
        ),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """Its role and its plan have to be there."""
        asked = super().arguments(scope)
        self.require_role(scope, str(asked["RestoreTestingSelection"]["IamRoleArn"]), "CreateRestoreTestingSelection")
        named: Mapping[str, Any] = {"RestoreTestingPlanName": asked["RestoreTestingPlanName"]}
        self.ask(scope, "get_restore_testing_plan", named)
        return asked
