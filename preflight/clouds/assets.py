"""Publishes the file assets of a cloud assembly to the buckets its manifest names, as the CDK CLI would."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class StackArtifact:
    """One stack of a cloud assembly: where its template and its asset manifests lie, and how it is to be deployed.

    `account` and `region` are None where the app leaves them open, `images` names its container image assets, `lookups`
    what its app would have looked up in an account.
    """

    artifact_id: str
    name: str
    template: Path
    manifests: tuple[Path, ...]
    account: str | None
    region: str | None
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    termination_protection: bool = False
    lookups: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[str, ...]:
        """The container images the CDK CLI would build and push, as the folders or tarballs they are made from."""
        return tuple(source for manifest in self.manifests for source in _images(manifest))


def stacks(assembly: Path) -> list[StackArtifact]:
    """Every stack of an assembly and of those nested in it (stages), each after the stacks it depends on.

    Raises OSError, ValueError or KeyError where the folder is no cloud assembly.
    """
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
    artifacts, missing = manifest.get("artifacts", {}), manifest.get("missing", ())
    lookups = tuple(dict.fromkeys(str(each.get("provider")) for each in missing))
    found: list[StackArtifact] = []
    for name in _in_order(artifacts):
        artifact = artifacts[name]
        if artifact["type"] == "aws:cloudformation:stack":
            found.append(replace(_stack(assembly, name, artifact, artifacts), lookups=lookups))
        elif artifact["type"] == "cdk:cloud-assembly":
            found += stacks(assembly / artifact["properties"]["directoryName"])
    return found


def stack_artifact(assembly: Path, stack_name: str) -> StackArtifact:
    """A stack of an assembly, by its artifact id or its name.

    Raises FileNotFoundError when the assembly has no such stack.
    """
    for each in stacks(assembly):
        if stack_name in (each.artifact_id, each.name):
            return each
    raise FileNotFoundError(f"the assembly in {assembly} has no stack {stack_name}")


def publish(manifest: Path, s3: Any, *, account: str, region: str, partition: str = "aws") -> None:
    """Upload every file asset of an asset manifest that is not there yet; buckets are made where they are missing."""
    values = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": partition}
    buckets: set[str] = set()
    for source, bucket, key in _destinations(manifest, values):
        if bucket not in buckets:
            ensure_bucket(s3, bucket, region)
            buckets.add(bucket)
        if not _exists(s3, bucket, key):
            s3.put_object(Bucket=bucket, Key=key, Body=_content(manifest.parent, source))


def _stack(assembly: Path, name: str, artifact: Mapping[str, Any], artifacts: Mapping[str, Any]) -> StackArtifact:
    properties = artifact.get("properties", {})
    needed = [artifacts[each] for each in artifact.get("dependencies", ()) if each in artifacts]
    manifests = [each["properties"]["file"] for each in needed if each["type"] == "cdk:asset-manifest"]
    account, _, region = str(artifact.get("environment", "")).removeprefix("aws://").partition("/")
    return StackArtifact(
        artifact_id=name,
        name=str(properties.get("stackName", name)),
        template=assembly / properties["templateFile"],
        manifests=tuple(assembly / each for each in manifests),
        account=None if account in ("", "unknown-account") else account,
        region=None if region in ("", "unknown-region") else region,
        tags=properties.get("tags", {}),
        parameters=properties.get("parameters", {}),
        termination_protection=bool(properties.get("terminationProtection")),
    )


def _in_order(artifacts: Mapping[str, Any]) -> list[str]:
    """The artifacts' names, each after those it depends on, else as they stand."""
    order: dict[str, None] = {}

    def put(name: str, above: frozenset[str] = frozenset()) -> None:
        for each in artifacts[name].get("dependencies", ()):
            if each in artifacts and each not in order and each not in above:
                put(each, above | {name})
        order[name] = None

    for name in artifacts:
        if name not in order:
            put(name)
    return list(order)


def _images(manifest: Path) -> Iterator[str]:
    for asset in json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages", {}).values():
        source = asset.get("source", {})
        yield str(source.get("directory") or " ".join(source.get("executable", ())) or "an image")


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


def ensure_bucket(s3: Any, bucket: str, region: str) -> None:
    """Make a bucket unless it is there."""
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
    return zipped(path) if source.get("packaging") == "zip" and path.is_dir() else path.read_bytes()


def zipped(folder: Path) -> bytes:
    """The folder, or the one file, as a zip file; the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        top = folder if folder.is_dir() else folder.parent
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(top).as_posix(), _EPOCH)
                entry.external_attr = (path.stat().st_mode & 0o777 | 0o444) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
