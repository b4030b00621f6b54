"""Keeps a bucket's configurations as they were written, and copies what a replication rule says to copy.

moto reads some configurations with losses (lifecycle, replication, logging, encryption) and has no place for others
(analytics, inventory, metrics, intelligent tiering): what was put is told again word for word. Replication is done
before PutObject answers, where S3 takes seconds to minutes, if the rule's role may
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-how-setup.html, checked_on 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# configurations moto reads, and tells with losses
_RETOLD = ("lifecycle", "replication", "logging", "encryption")
# configurations of which a bucket has several, each with an id: the element that holds one, and the list's
_NUMBERED = {
    "analytics": ("AnalyticsConfiguration", "ListBucketAnalyticsConfigurationResult"),
    "intelligent-tiering": ("IntelligentTieringConfiguration", "ListBucketIntelligentTieringConfigurationsOutput"),
    "inventory": ("InventoryConfiguration", "ListInventoryConfigurationsResult"),
    "metrics": ("MetricsConfiguration", "ListMetricsConfigurationsResult"),
}
_SIZE = "x-amz-transition-default-minimum-object-size"
_GONE = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchConfiguration</Code>'
    "<Message>The specified configuration does not exist.</Message></Error>"
)


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's S3 is loaded."""
    from moto.s3.models import FakeKey
    from moto.s3.responses import S3Response

    put, get, delete = (getattr(S3Response, f"_bucket_response_{each}") for each in ("put", "get", "delete"))
    told = FakeKey.response_dict.fget

    def bucket_put(self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        word = _asked(querystring, (*_RETOLD, *_NUMBERED))
        if word == "" or (word == "inventory" and "id" not in querystring):
            return put(self, request, bucket_name, querystring)
        body = _text(self.body)
        bucket = self.backend.get_bucket(bucket_name)
        if word in _NUMBERED:
            _kept(bucket)[word, querystring["id"][0]] = body
            return ""
        if word == "replication":
            _refuse_replication(self.backend, bucket, body)
        answer = put(self, request, bucket_name, querystring)
        _kept(bucket)[word, ""] = body
        if word == "lifecycle":
            _kept(bucket)["size", ""] = request.headers.get(_SIZE, "all_storage_classes_128K")
        return answer

    def bucket_get(self: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        word = _asked(querystring, (*_RETOLD, *_NUMBERED))
        if word == "":
            return get(self, bucket_name, querystring)
        kept = _kept(self.backend.get_bucket(bucket_name))
        if word in _RETOLD:
            if (word, "") not in kept:
                return get(self, bucket_name, querystring)
            return 200, {_SIZE: kept["size", ""]} if word == "lifecycle" else {}, kept[word, ""]
        if "id" in querystring:
            found = kept.get((word, querystring["id"][0]))
            return (200, {}, found) if found else (404, {}, _GONE)
        _, listed = _NUMBERED[word]
        inside = "".join(body for (each, _), body in kept.items() if each == word)
        return 200, {}, f"<{listed}><IsTruncated>false</IsTruncated>{inside}</{listed}>"

    def bucket_delete(self: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        word = _asked(querystring, (*_RETOLD, *_NUMBERED))
        kept = _kept(self.backend.get_bucket(bucket_name)) if word else {}
        if word in _NUMBERED:
            found = kept.pop((word, querystring["id"][0]), None)
            return (204, {}, "") if found else (404, {}, _GONE)
        kept.pop((word, ""), None)
        return delete(self, bucket_name, querystring)

    def stored(operation: Any) -> Any:
        def store(self: Any) -> Any:
            answer = operation(self)
            _replicate(self.backend, self.bucket_name, self.parse_key_name())
            return answer

        return store

    def delete_object(self: Any, operation: Any = S3Response.delete_object) -> Any:
        answer = operation(self)
        if not self._get_param("versionId"):
            _replicate_marker(self.backend, self.bucket_name, self.parse_key_name())
        return answer

    def response_dict(self: Any) -> dict[str, Any]:
        facts: dict[str, Any] = told(self)
        status = getattr(self, "replication_status", None)
        return {**facts, "x-amz-replication-status": status} if status else facts

    yield S3Response, "_bucket_response_put", bucket_put
    yield S3Response, "_bucket_response_get", bucket_get
    yield S3Response, "_bucket_response_delete", bucket_delete
    yield S3Response, "put_object", stored(S3Response.put_object)
    yield S3Response, "copy_object", stored(S3Response.copy_object)
    yield S3Response, "delete_object", delete_object
    yield FakeKey, "response_dict", property(response_dict)


def _kept(bucket: Any) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = vars(bucket).setdefault("configurations_as_put", {})
    return found


def _asked(querystring: Mapping[str, Any], words: tuple[str, ...]) -> str:
    return next((each for each in words if each in querystring), "")


def _text(body: Any) -> str:
    text = body.decode() if isinstance(body, bytes) else str(body)
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text)


def _rules(body: str) -> list[dict[str, Any]]:
    import xmltodict  # type: ignore[import-untyped]

    configuration = xmltodict.parse(body)["ReplicationConfiguration"]
    rules = configuration["Rule"]
    role = configuration["Role"]
    return [{**each, "Role": role} for each in (rules if isinstance(rules, list) else [rules])]


def _refuse_replication(backend: Any, bucket: Any, body: str) -> None:
    """Source and destination are versioned, and a rule with a filter says what becomes of delete markers."""
    if not bucket.is_versioned:
        # moto's own refusal follows
        return
    for rule in _rules(body):
        if "Filter" in rule and "DeleteMarkerReplication" not in rule:
            said = (
                "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration "
                "schema. Please refer to S3 Developer Guide for more information."
            )
            raise _refused(said)
        there = _bucket(backend, rule["Destination"]["Bucket"].rpartition(":")[2])
        if there is None and rule["Destination"].get("Account", backend.account_id) != backend.account_id:
            # another account's buckets are nobody's to know here
            continue
        if there is None:
            raise _refused("Destination bucket must exist.")
        if not there.is_versioned:
            raise _refused("Destination bucket must have versioning enabled.")


def _replicate(backend: Any, bucket_name: str, key: str) -> None:
    """Copy an object to where its bucket's rules say; a replica of a replica is not made."""
    bucket = _bucket(backend, bucket_name)
    made = backend.get_object(bucket_name, key) if _replicated(bucket) else None
    if made is None or getattr(made, "replication_status", None) == "REPLICA":
        return
    tags = {each["Key"]: each["Value"] for each in backend.tagger.list_tags_for_resource(made.arn)["Tags"]}
    taken: set[str] = set()
    for rule in _replicated(bucket):
        name = rule["Destination"]["Bucket"].rpartition(":")[2]
        if name in taken or not _matches(rule, key, tags):
            continue
        taken.add(name)
        there = _bucket(backend, name)
        if there is None or not there.is_versioned or not _may(bucket, rule["Role"], bucket_name, name, key):
            made.replication_status = "FAILED"
            continue
        storage = rule["Destination"].get("StorageClass") or made.storage_class
        replica = backend.put_object(name, key, made.value, storage=storage)
        replica.set_metadata(made.metadata)
        if tags:
            backend.tagger.tag_resource(replica.arn, [{"Key": each, "Value": value} for each, value in tags.items()])
        made.replication_status, replica.replication_status = "COMPLETED", "REPLICA"


def _replicate_marker(backend: Any, bucket_name: str, key: str) -> None:
    """A delete marker is copied where a rule says so; the deletion of a version never is."""
    bucket = _bucket(backend, bucket_name)
    for rule in _replicated(bucket):
        name = rule["Destination"]["Bucket"].rpartition(":")[2]
        copied = (rule.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled"
        if copied and _matches(rule, key, {}) and _may(bucket, rule["Role"], bucket_name, name, key, "ReplicateDelete"):
            backend.delete_object(name, key)


def _replicated(bucket: Any) -> list[dict[str, Any]]:
    """The rules a bucket replicates by, the first the one that goes before the others."""
    if bucket is None or not getattr(bucket, "replication", None) or ("replication", "") not in _kept(bucket):
        return []
    rules = [each for each in _rules(_kept(bucket)["replication", ""]) if each.get("Status") == "Enabled"]
    return sorted(rules, key=lambda each: -int(each.get("Priority") or 0))


def _matches(rule: Mapping[str, Any], key: str, tags: Mapping[str, str]) -> bool:
    wanted = rule.get("Filter") or {}
    inside = wanted.get("And") or wanted
    asked = inside.get("Tag") or []
    prefix = inside.get("Prefix") or rule.get("Prefix") or ""
    pairs = asked if isinstance(asked, list) else [asked]
    return key.startswith(prefix) and all(tags.get(each["Key"]) == each.get("Value") for each in pairs)


def _may(bucket: Any, role: str, source: str, destination: str, key: str, action: str = "ReplicateObject") -> bool:
    """The role reads the version at home, and replicates it to the destination."""
    from preflight.clouds.authorize import Authorizer

    judge = Authorizer({}, bucket.account_id)
    origin = f"arn:aws:s3:::{source}"
    steps = (
        ("s3:GetReplicationConfiguration", origin),
        ("s3:GetObjectVersionForReplication", f"arn:aws:s3:::{source}/{key}"),
        (f"s3:{action}", f"arn:aws:s3:::{destination}/{key}"),
    )
    return all(
        judge.may_act(role, each, resource, service="s3.amazonaws.com", source=origin) for each, resource in steps
    )


def _bucket(backend: Any, name: str) -> Any:
    try:
        return backend.get_bucket(name)
    except Exception:
        return None


def _refused(said: str) -> Exception:
    from moto.s3.exceptions import S3ClientError

    error: Exception = S3ClientError("InvalidRequest", said)
    return error
