"""Publishes the file assets of a cloud assembly to the buckets its manifest names, as the CDK CLI would."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_EPOCH = (1980, 1, 1, 0, 0, 0)


def stack_artifact(assembly: Path, stack_name: str) -> tuple[Path, list[Path]]:
    """The template of a stack, by its artifact id or stack name, and the asset manifests it depends on.

    Raises FileNotFoundError when the assembly has no such stack.
    """
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    for name, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack" and stack_name in (name, properties.get("stackName", name)):
            needed = [artifacts[each] for each in artifact.get("dependencies", [])]
            manifests = [each for each in needed if each["type"] == "cdk:asset-manifest"]
            files = [assembly / each["properties"]["file"] for each in manifests]
            return assembly / properties["templateFile"], files
    raise FileNotFoundError(f"the assembly in {assembly} has no stack {stack_name}")


def publish(manifest: Path, s3: Any, *, account: str, region: str, partition: str = "aws") -> None:
    """Upload every file asset of an asset manifest that is not there yet; buckets are made where they are missing."""
    values = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": partition}
    buckets: set[str] = set()
    for source, bucket, key in _destinations(manifest, values):
        if bucket not in buckets:
            _ensure_bucket(s3, bucket, region)
            buckets.add(bucket)
        if not _exists(s3, bucket, key):
            s3.put_object(Bucket=bucket, Key=key, Body=_content(manifest.parent, source))


def _destinations(manifest: Path, values: Mapping[str, str]) -> Iterator[tuple[dict[str, Any], str, str]]:
    files = json.loads(manifest.read_text(encoding="utf-8")).get("files", {})
    for asset in files.values():
        # a source with an executable is built by a command, which only the CDK CLI runs
        if "path" in asset["source"]:
            for each in asset["destinations"].values():
                yield asset["source"], _filled(each["bucketName"], values), _filled(each["objectKey"], values)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _ensure_bucket(s3: Any, bucket: str, region: str) -> None:
    elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.head_bucket(Bucket=bucket)
    except s3.exceptions.ClientError:
        s3.create_bucket(Bucket=bucket, **elsewhere)


def _exists(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError:
        return False
    return True


def _content(directory: Path, source: Mapping[str, Any]) -> bytes:
    path = directory / source["path"]
    return _zipped(path) if source.get("packaging") == "zip" and path.is_dir() else path.read_bytes()


def _zipped(folder: Path) -> bytes:
    """The folder as a zip file, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = (path.stat().st_mode & 0o777 | 0o444) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
