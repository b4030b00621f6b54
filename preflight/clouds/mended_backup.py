"""Mends the emulated AWS Backup: plans and reports that change, lifecycles as they must be, deletions that are refused.

https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-a-backup-plan.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's Backup is loaded."""
    from moto.backup.exceptions import InvalidRequestException, ResourceNotFoundException
    from moto.backup.models import BackupBackend, Plan
    from moto.backup.responses import BackupResponse

    create, drop, empty = (
        BackupBackend.create_backup_plan,
        BackupBackend.delete_backup_plan,
        BackupBackend.delete_backup_vault,
    )
    vault, report = BackupBackend.create_backup_vault, BackupResponse.create_report_plan

    def create_backup_plan(self: Any, backup_plan: Any, *rest: Any, **asked: Any) -> Any:
        _refuse_rules(self, backup_plan)
        return create(self, backup_plan, *rest, **asked)

    def update_backup_plan(self: Any) -> str:
        wanted = json.loads(self.body)["BackupPlan"]
        backend = self.backup_backend
        held = backend.get_backup_plan(self.path.rstrip("/").rpartition("/")[2], None)
        _refuse_rules(backend, wanted)
        fresh = Plan(wanted, held.creator_request_id, backend)
        held.backup_plan, held.advanced_backup_settings = fresh.backup_plan, fresh.advanced_backup_settings
        held.version_id = fresh.version_id
        return json.dumps(held.to_dict())

    def delete_backup_plan(self: Any, backup_plan_id: str) -> Any:
        from preflight.clouds import shelf

        where = {"account": self.account_id, "region": self.region_name}
        selections = shelf.kept("backup", "create_backup_selection", **where)
        if any(each["BackupPlanId"] == backup_plan_id for each in selections):
            said = "Related backup plan selections must be deleted prior to backup plan deletion"
            raise InvalidRequestException(said)
        told = drop(self, backup_plan_id)
        del self.plans[backup_plan_id]
        return told

    def create_backup_vault(self: Any, *rest: Any, **asked: Any) -> Any:
        asked["encryption_key_arn"] = asked.get("encryption_key_arn") or _default_key(self)
        return vault(self, *rest, **asked)

    def delete_backup_vault(self: Any, backup_vault_name: str) -> None:
        held = self.vaults.get(backup_vault_name)
        if held is not None and held.num_of_recovery_points:
            raise InvalidRequestException("Backup vault cannot be deleted (contains recovery points)")
        empty(self, backup_vault_name)

    def create_report_plan(self: Any) -> Any:
        answer = report(self)
        asked = json.loads(self.body)
        plan = self.backup_backend.report_plans[asked["ReportPlanName"]]
        if asked.get("ReportPlanTags"):
            self.backup_backend.tag_resource(plan.report_plan_arn, asked["ReportPlanTags"])
        return answer

    def update_report_plan(self: Any) -> str:
        asked = json.loads(self.body)
        plan = self.backup_backend.describe_report_plan(self.path.rstrip("/").rpartition("/")[2])
        plan.report_plan_description = asked.get("ReportPlanDescription", plan.report_plan_description)
        plan.report_delivery_channel = asked.get("ReportDeliveryChannel", plan.report_delivery_channel)
        plan.report_setting = asked.get("ReportSetting", plan.report_setting)
        return json.dumps({"ReportPlanName": plan.report_plan_name, "ReportPlanArn": plan.report_plan_arn})

    def described(self: Any, backup_vault_name: str) -> Any:
        if backup_vault_name not in self.vaults:
            raise ResourceNotFoundException(f"Backup vault with name {backup_vault_name} not found")
        found = self.vaults[backup_vault_name]
        found.number_of_recovery_points = found.num_of_recovery_points
        return found

    yield BackupBackend, "create_backup_plan", create_backup_plan
    yield BackupBackend, "delete_backup_plan", delete_backup_plan
    yield BackupBackend, "create_backup_vault", create_backup_vault
    yield BackupBackend, "delete_backup_vault", delete_backup_vault
    yield BackupBackend, "describe_backup_vault", described
    yield BackupResponse, "update_backup_plan", update_backup_plan
    yield BackupResponse, "create_report_plan", create_report_plan
    yield BackupResponse, "update_report_plan", update_report_plan


def _refuse_rules(backend: Any, plan: Mapping[str, Any]) -> None:
    from moto.backup.exceptions import InvalidParameterValueException

    for rule in plan["Rules"]:
        name = rule["TargetBackupVaultName"]
        said = ""
        if name != "Default" and name not in backend.vaults:
            said = f"Backup vault {name} does not exist."
        for each in (rule, *rule.get("CopyActions", ())):
            cold = (each.get("Lifecycle") or {}).get("MoveToColdStorageAfterDays")
            end = (each.get("Lifecycle") or {}).get("DeleteAfterDays")
            if cold is not None and end is not None and end < cold + 90:
                said = (
                    "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from "
                    "MoveToColdStorageAfterDays"
                )
        if said:
            raise InvalidParameterValueException(msg=f"Error in rule {rule['RuleName']} : {said}")


def _default_key(backend: Any) -> str:
    from moto.kms.models import kms_backends

    keys = kms_backends[backend.account_id][backend.region_name]
    found = keys.get_key_id_from_alias("alias/aws/backup")
    if found is None:
        made = keys.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", f"Default key {uuid.uuid4()}", None)
        made.key_manager = "AWS"
        keys.create_alias(made.id, "alias/aws/backup")
        found = made.id
    return str(keys.keys[found].arn)
