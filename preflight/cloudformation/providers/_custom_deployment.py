"""CDK's BucketDeployment: source archives unpacked into a bucket, as `aws s3 sync` would leave them.

Source: the handler in aws-cdk-lib 2.275.0 (Apache-2.0), and
https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_deployment-readme.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import io
import json
import mimetypes
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from preflight.cloudformation.providers._custom_protocol import (
    Answer,
    Event,
    Handled,
    acting,
    checked,
    failed,
    function_behind,
)

OWNED_TAG = "aws-cdk:cr-owned"

# the options of `aws s3 sync` that a deployment's system metadata becomes
_SYSTEM = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-type": "ContentType",
    "expires": "Expires",
    "sse": "ServerSideEncryption",
    "sse-kms-key-id": "SSEKMSKeyId",
    "storage-class": "StorageClass",
    "website-redirect": "WebsiteRedirectLocation",
}


class BucketDeployment(Handled):
    """Files that are in a bucket for as long as the stack stands."""

    type = "Custom::CDKBucketDeployment"

    def handle(self, event: Event) -> Answer | None:
        """Fill the bucket, or empty it, with the function's own role."""
        properties = event.properties
        make = acting(event, function_behind(event))
        try:
            self._move(event, make("s3"))
            objects = _version_ids(make("s3"), properties) if event.kind != "Delete" else []
            if properties.get("DistributionId"):
                _invalidate(make("cloudfront"), properties)
        except Exception as error:
            message = str(getattr(error, "response", {}).get("Error", {}).get("Message") or error)
            raise failed(message, event, event.physical_id) from error
        told = {"DestinationBucketArn": properties.get("DestinationBucketArn")}
        keys = properties["SourceObjectKeys"] if properties.get("OutputObjectKeys", "true") == "true" else []
        versions = {"SourceObjectVersionIds": objects} if _is_on(properties, "OutputObjectVersionIds", False) else {}
        physical_id = event.physical_id or f"aws.cdk.s3deployment.{uuid.uuid4()}"
        return checked(Answer(physical_id, {**told, "SourceObjectKeys": keys, **versions}), event)

    def _move(self, event: Event, s3: Any) -> None:
        properties, old = event.properties, event.before
        bucket, prefix = _destination(properties)
        retained = _is_on(properties, "RetainOnDelete", True)
        if event.kind == "Delete":
            if not retained and not _is_owned(s3, bucket, prefix):
                _remove(s3, bucket, _folder(prefix))
            return
        if event.kind == "Update" and not retained and _destination(old) != (bucket, prefix):
            was, there = _destination(old)
            _remove(s3, was, _folder(there))
        _sync(s3, properties, bucket, _folder(prefix))


def _sync(s3: Any, properties: Mapping[str, Any], bucket: str, folder: str) -> None:
    files: dict[str, bytes] = {}
    sources = list(zip(properties["SourceBucketNames"], properties["SourceObjectKeys"], strict=True))
    markers = properties.get("SourceMarkers") or [{}] * len(sources)
    settings = properties.get("SourceMarkersConfig") or [{}] * len(sources)
    if len(markers) != len(sources):
        raise ValueError("'source_markers' and 's3_source_zips' must be the same length")
    for (source, key), marks, setting in zip(sources, markers, settings, strict=True):
        body = s3.get_object(Bucket=source, Key=key)["Body"].read()
        if _is_on(properties, "Extract", True):
            files.update(_unpacked(body, marks, setting))
        else:
            files[key.rpartition("/")[2]] = body
    chosen = {name: body for name, body in files.items() if _is_chosen(name, properties)}
    for name, body in chosen.items():
        s3.put_object(Bucket=bucket, Key=folder + name, Body=body, **_metadata(name, properties))
    if _is_on(properties, "Prune", True):
        stale = [
            key
            for key in _keys(s3, bucket, folder)
            if key.removeprefix(folder) not in chosen and _is_chosen(key.removeprefix(folder), properties)
        ]
        _delete(s3, bucket, stale)


def _unpacked(archive: bytes, markers: Mapping[str, Any], setting: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    escaped = str(setting.get("jsonEscape", "false")).lower() == "true"
    replaced = {mark.encode(): _marked(value, escaped).encode() for mark, value in markers.items()}
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for entry in opened.infolist():
            if not entry.is_dir():
                body = opened.read(entry)
                for mark, value in replaced.items():
                    body = body.replace(mark, value)
                yield entry.filename, body


def _marked(value: Any, escaped: bool) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1] if escaped else text


def _is_chosen(name: str, properties: Mapping[str, Any]) -> bool:
    """As the CLI's filters: everything, but what is excluded, but what is included again."""
    excluded = any(fnmatch(name, pattern) for pattern in properties.get("Exclude", []))
    return not excluded or any(fnmatch(name, pattern) for pattern in properties.get("Include", []))


def _metadata(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    guessed = mimetypes.guess_type(name)[0]
    system = {str(key).lower(): value for key, value in properties.get("SystemMetadata", {}).items()}
    more: dict[str, Any] = {"ContentType": guessed} if guessed else {}
    more |= {_SYSTEM[key]: value for key, value in system.items() if key in _SYSTEM}
    user = {str(key).lower(): value for key, value in properties.get("UserMetadata", {}).items()}
    return {**more, **({"Metadata": user} if user else {})}


def _version_ids(s3: Any, properties: Mapping[str, Any]) -> list[str]:
    if not _is_on(properties, "OutputObjectVersionIds", False):
        return []
    bucket, prefix = _destination(properties)
    found = []
    for key in properties["SourceObjectKeys"]:
        try:
            answer = s3.head_object(Bucket=bucket, Key=_folder(prefix) + key.rpartition("/")[2])
        except s3.exceptions.ClientError:
            answer = {}
        found.append(str(answer.get("VersionId", "")))
    return found


def _invalidate(cloudfront: Any, properties: Mapping[str, Any]) -> None:
    path = f"/{properties.get('DestinationBucketKeyPrefix', '').strip('/')}/*".replace("//", "/")
    paths = properties.get("DistributionPaths", [path])
    cloudfront.create_invalidation(
        DistributionId=properties["DistributionId"],
        InvalidationBatch={
            "Paths": {"Quantity": len(paths), "Items": paths},
            "CallerReference": str(uuid.uuid4()),
        },
    )


def _destination(properties: Mapping[str, Any]) -> tuple[str, str]:
    prefix = str(properties.get("DestinationBucketKeyPrefix", ""))
    return str(properties.get("DestinationBucketName", "")), "" if prefix == "/" else prefix


def _folder(prefix: str) -> str:
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def _is_owned(s3: Any, bucket: str, prefix: str) -> bool:
    """Whether another deployment has put its mark on the bucket: what is there is that one's."""
    mark = f"{OWNED_TAG}:{prefix}" if prefix else OWNED_TAG
    try:
        tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except s3.exceptions.ClientError:
        return False
    return any(tag["Key"].startswith(mark) for tag in tags)


def _remove(s3: Any, bucket: str, folder: str) -> None:
    try:
        _delete(s3, bucket, list(_keys(s3, bucket, folder)))
    except s3.exceptions.NoSuchBucket:
        return


def _keys(s3: Any, bucket: str, folder: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
        yield from (each["Key"] for each in page.get("Contents", []))


def _delete(s3: Any, bucket: str, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), 1000):
        batch = [{"Key": key} for key in keys[start : start + 1000]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def _is_on(properties: Mapping[str, Any], name: str, default: bool) -> bool:
    return str(properties.get(name, default)).lower() == "true"
