"""Uploads what a template names on this machine, and has it name the uploads: what `aws cloudformation package` does.

https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html, checked_on 2026-11-22
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from preflight.clouds.assets import ensure_bucket, zipped
from preflight.errors import Usage
from preflight.template import Template


def packaged(file: Path, template: Template, s3: Any, *, bucket: str, region: str) -> Template:
    """The template with every local path replaced by an S3 location, or itself where it names none.

    Raises Usage where a path names nothing.
    """
    upload = _Upload(s3, bucket, region)
    body = _packaged(file, copy.deepcopy(template.body), upload)
    return Template(body) if upload.keys else template


class _Upload:
    """Puts files into one bucket, made when the first comes; equal files are one object."""

    def __init__(self, s3: Any, bucket: str, region: str) -> None:
        self._s3, self.bucket, self.region = s3, bucket, region
        self.keys: set[str] = set()

    def __call__(self, content: bytes, ending: str = "") -> str:
        if not self.keys:
            ensure_bucket(self._s3, self.bucket, self.region)
        key = hashlib.md5(content, usedforsecurity=False).hexdigest() + ending
        if key not in self.keys:
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content)
            self.keys.add(key)
        return key

    def url(self, key: str) -> str:
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://s3.{self.region}.{suffix}/{self.bucket}/{key}"


def _packaged(file: Path, body: dict[str, Any], upload: _Upload) -> dict[str, Any]:
    resources = body.get("Resources")
    for name, declared in resources.items() if isinstance(resources, dict) else ():
        properties = declared.get("Properties") if isinstance(declared, dict) else None
        if not isinstance(properties, dict):
            continue
        for path, form in _PATHS.get(str(declared.get("Type")), ()):
            holder, last = _holder(properties, path)
            if holder is not None and isinstance(holder.get(last), str) and _is_local(holder[last]):
                there = (file.parent / holder[last].removeprefix("file://")).resolve()
                if not there.exists():
                    raise Usage(
                        f"{file}: {name}.{path} names {holder[last]}, which is not there; mend the path, then "
                        f"./lab cloud deploy {file}"
                    )
                holder[last] = form(there, upload)
    return body


def _holder(properties: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    *above, last = path.split(".")
    value: Any = properties
    for part in above:
        value = value.get(part) if isinstance(value, dict) else None
    return (value if isinstance(value, dict) else None), last


def _is_local(value: str) -> bool:
    return not value.startswith(("s3://", "http://", "https://")) and "\n" not in value and "${" not in value


def _code(there: Path, upload: _Upload) -> str:
    """A folder is zipped; a zip file is itself, and any other file is zipped alone."""
    if there.is_file() and there.suffix in (".zip", ".jar"):
        return upload(there.read_bytes())
    return upload(zipped(there))


def _as_uri(there: Path, upload: _Upload) -> str:
    return f"s3://{upload.bucket}/{_code(there, upload)}"


def _file_as_uri(there: Path, upload: _Upload) -> str:
    return f"s3://{upload.bucket}/{upload(there.read_bytes())}"


def _as_code(there: Path, upload: _Upload) -> dict[str, str]:
    return {"S3Bucket": upload.bucket, "S3Key": _code(there, upload)}


def _as_location(there: Path, upload: _Upload) -> dict[str, str]:
    return {"Bucket": upload.bucket, "Key": upload(there.read_bytes())}


def _as_template(there: Path, upload: _Upload) -> str:
    """A template within a template is packaged first."""
    text = there.read_text(encoding="utf-8-sig")
    body = _packaged(there, Template.parse(text).body, upload)
    return upload.url(upload(json.dumps(body).encode(), ".template"))


Form = Callable[[Path, _Upload], Any]
_PATHS: Mapping[str, tuple[tuple[str, Form], ...]] = {
    "AWS::ApiGateway::RestApi": (("BodyS3Location", _as_location),),
    "AWS::CloudFormation::Stack": (("TemplateURL", _as_template),),
    "AWS::Lambda::Function": (("Code", _as_code),),
    "AWS::Lambda::LayerVersion": (("Content", _as_code),),
    "AWS::Serverless::Api": (("DefinitionUri", _file_as_uri),),
    "AWS::Serverless::Application": (("Location", _as_template),),
    "AWS::Serverless::Function": (("CodeUri", _as_uri),),
    "AWS::Serverless::HttpApi": (("DefinitionUri", _file_as_uri),),
    "AWS::Serverless::LayerVersion": (("ContentUri", _as_uri),),
    "AWS::Serverless::StateMachine": (("DefinitionUri", _file_as_uri),),
    "AWS::StepFunctions::StateMachine": (("DefinitionS3Location", _as_location),),
}
