"""Mends the emulated KMS: rotation periods, replicas of their own, and keys that are disabled or on their way out.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html and
https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from typing import Any

DEFAULT_PERIOD = 365


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's KMS is loaded."""
    from moto.core.exceptions import JsonRESTError
    from moto.kms import models
    from moto.kms.models import KmsBackend
    from moto.kms.responses import KmsResponse

    enable, status = KmsResponse.enable_key_rotation, KmsResponse.get_key_rotation_status
    answer, check = KmsResponse.replicate_key, KmsResponse._validate_cmk_id

    def enable_key_rotation(self: Any) -> str:
        period = self._get_param("RotationPeriodInDays")
        self._validate_cmk_id(self._get_param("KeyId"))
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        if key.key_spec != "SYMMETRIC_DEFAULT" or key.origin != "AWS_KMS":
            said = f"You cannot perform the EnableKeyRotation operation on {key.arn}."
            raise JsonRESTError("UnsupportedOperationException", said)
        if period is not None and not 90 <= int(period) <= 2560:
            said = "RotationPeriodInDays must be between 90 and 2560."
            raise JsonRESTError("ValidationException", said)
        key.rotation_period = int(period or DEFAULT_PERIOD)
        return str(enable(self))

    def get_key_rotation_status(self: Any) -> str:
        told = json.loads(status(self))
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        more = {"RotationPeriodInDays": getattr(key, "rotation_period", DEFAULT_PERIOD)}
        return json.dumps({**told, "KeyId": key.id, **(more if told["KeyRotationEnabled"] else {})})

    def replicate_in(self: Any, key_id: str, replica_region: str) -> Any:
        """A replica is a key of its own: same id and material, other policy, aliases and state."""
        from moto.kms.models import kms_backends

        primary = self.keys[self.any_id_to_key_id(key_id)]
        if not primary.multi_region:
            said = f"{primary.arn} is not a multi-Region primary key."
            raise JsonRESTError("UnsupportedOperationException", said)
        there = kms_backends[self.account_id][replica_region]
        held = there.keys.get(primary.id)
        if replica_region == self.region_name or (held is not None and held.key_state != "PendingDeletion"):
            said = f"A multi-Region key with this id exists in {replica_region}."
            raise JsonRESTError("AlreadyExistsException", said)
        replica = copy(primary)
        replica.region, replica.aliases, replica.grants, replica.deletion_date = replica_region, {}, {}, None
        replica.key_state, replica.enabled = "Enabled", True
        replica.arn = primary.arn.replace(f":{self.region_name}:", f":{replica_region}:")
        replica.policy = replica.generate_default_policy()
        known = primary.multi_region_configuration["ReplicaKeys"]
        known[:] = [*(each for each in known if each["Region"] != replica_region)]
        known.append({"Arn": replica.arn, "Region": replica_region})
        replica.multi_region_configuration = deepcopy(primary.multi_region_configuration)
        replica.multi_region_configuration["MultiRegionKeyType"] = "REPLICA"
        there.keys[replica.id] = replica
        return replica

    def replicate_key(self: Any) -> str:
        told = answer(self)
        region = self._get_param("ReplicaRegion")
        from moto.kms.models import kms_backends

        there = kms_backends[self.current_account][region]
        replica = there.keys[self.kms_backend.any_id_to_key_id(self._get_param("KeyId"))]
        replica.policy = self._get_param("Policy") or replica.policy
        replica.description = self._get_param("Description") or ""
        tags = {each["TagKey"]: each["TagValue"] for each in self._get_param("Tags") or ()}
        there.tagger.tag_resource(replica.id, [{"TagKey": key, "TagValue": value} for key, value in tags.items()])
        return json.dumps({**json.loads(told), "ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"]})

    def default_keys(self: Any, alias_name: str, make: Any = KmsBackend._generate_default_keys) -> Any:
        made = make(self, alias_name)
        if made is not None:
            self.keys[made].key_manager = "AWS"
        return made

    def used(operation: Callable[..., Any], key_of: Callable[..., str | None]) -> Callable[..., Any]:
        def use(self: Any, *asked: Any, **named: Any) -> Any:
            key = self.keys.get(key_of(self, *asked, **named) or "")
            if key is not None and key.key_state == "Disabled":
                raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
            if key is not None and key.key_state == "PendingDeletion":
                raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
            return operation(self, *asked, **named)

        return use

    def to_encrypt(self: Any, key_id: str, *rest: Any, **named: Any) -> str:
        return str(self.any_id_to_key_id(key_id))

    def to_decrypt(self: Any, ciphertext_blob: bytes, *rest: Any, **named: Any) -> str | None:
        from moto.kms.utils import _deserialize_ciphertext_blob

        try:
            return str(_deserialize_ciphertext_blob(ciphertext_blob).key_id)
        except Exception:
            # not what KMS has encrypted: its own refusal follows
            return None

    def key_id(multi_region: bool = False) -> str:
        made = uuid.uuid4()
        return f"mrk-{made.hex}" if multi_region else str(made)

    def validate(self: Any, key_id: str) -> None:
        # moto knows no replicas' ids, which are without dashes inside
        known = self.kms_backend.get_key_id(key_id)
        if not known.startswith("mrk-") or known not in self.kms_backend.keys:
            check(self, key_id)

    yield models, "generate_key_id", key_id
    yield KmsResponse, "_validate_cmk_id", validate
    yield KmsResponse, "enable_key_rotation", enable_key_rotation
    yield KmsResponse, "get_key_rotation_status", get_key_rotation_status
    yield KmsResponse, "replicate_key", replicate_key
    # permissions are judged by `authorize`, and here by nobody
    yield KmsResponse, "_validate_key_policy", lambda self, key_id, action: None
    yield KmsBackend, "replicate_key", replicate_in
    yield KmsBackend, "_generate_default_keys", default_keys
    yield KmsBackend, "encrypt", used(KmsBackend.encrypt, to_encrypt)
    yield KmsBackend, "decrypt", used(KmsBackend.decrypt, to_decrypt)
