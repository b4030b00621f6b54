"""What the CloudFormation registry says of a resource type: attributes, create-only properties, required, identifier.

The facts are extracted once, by `python -m preflight.cloudformation.schemas --extract`, from the resource schemas that
cfn-lint carries (MIT-0, https://github.com/aws-cloudformation/cfn-lint), which are AWS's own
(https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html, checked_on 2026-11-22).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("schemas.bin")


@dataclass(frozen=True)
class Schema:
    """One resource type; property paths are dotted, `*` stands for each item of a list.

    `shapes` holds the declared type of each property, "" the resource itself and the rest its nested definitions:
    "s" text, "i" integer, "n" number, "b" boolean, "j" anything, "[x" a list of x, "{x" a map of x, "#Name" a
    definition; several possible ones are "?".
    """

    type: str
    attributes: tuple[str, ...]
    create_only: tuple[str, ...]
    conditional_create_only: tuple[str, ...]
    required: tuple[str, ...]
    identifier: tuple[str, ...]
    tags_property: str | None
    immutable: bool
    shapes: Mapping[str, Mapping[str, str]] = field(repr=False)

    @cached_property
    def properties(self) -> frozenset[str]:
        """The names a template may write under Properties."""
        read_only = {name for name in self.attributes if "." not in name}
        return frozenset(name for name in self.shapes[""] if name not in read_only)

    def shape_of(self, path: Iterable[str]) -> str:
        """The shape at a property path, "?" where the schema does not say."""
        shape = "#"
        for step in path:
            if shape[0] == "#":
                shape = self.shapes.get(shape[1:], {}).get(step, "?")
            elif shape[0] in "[{":
                shape = shape[1:]
            else:
                return "?"
        return shape

    def coerced(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties with "3" and "true" made the numbers and booleans the schema asks for, and the reverse."""
        return {name: self._coerced(value, self.shape_of([name])) for name, value in properties.items()}

    def _coerced(self, value: Any, shape: str) -> Any:
        if isinstance(value, Mapping):
            if shape[0] == "#":
                inner = self.shapes.get(shape[1:], {})
                return {name: self._coerced(each, inner.get(name, "?")) for name, each in value.items()}
            return {name: self._coerced(each, shape[1:]) for name, each in value.items()} if shape[0] == "{" else value
        if isinstance(value, list):
            return [self._coerced(each, shape[1:]) for each in value] if shape[0] == "[" else value
        return _coerced_scalar(value, shape)


@cache
def find(resource_type: str) -> Schema | None:
    """The schema of a type, None when AWS has no such type."""
    record = _service(_service_of(resource_type)).get(resource_type)
    return _read(resource_type, record) if record is not None else None


def exists(resource_type: str) -> bool:
    """Whether AWS has a resource type of this name."""
    return resource_type in _service(_service_of(resource_type))


def names() -> list[str]:
    """Every resource type AWS has, by name."""
    return sorted(name for service in _index() for name in _service(service))


def near(resource_type: str) -> list[str]:
    """Up to three types of similar name."""
    from difflib import get_close_matches

    known = names() if "::" in resource_type else []
    return get_close_matches(resource_type, known, n=3, cutoff=0.8)


def version() -> str:
    """Where the facts come from: the source, its version and the date of its schemas."""
    return str(_header()["source"])


def _coerced_scalar(value: Any, shape: str) -> Any:
    if type(value) is str:
        if shape == "b" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if shape in ("i", "n"):
            for read in (int, float):
                try:
                    return read(value)
                except ValueError:
                    continue
    elif shape == "s" and not isinstance(value, str) and value is not None:
        return ("true" if value else "false") if isinstance(value, bool) else str(value)
    return value


def _read(resource_type: str, record: Mapping[str, Any]) -> Schema:
    return Schema(
        type=resource_type,
        attributes=tuple(record.get("a", ())),
        create_only=tuple(record.get("c", ())),
        conditional_create_only=tuple(record.get("cc", ())),
        required=tuple(record.get("r", ())),
        identifier=tuple(record.get("i", ())),
        tags_property=record.get("t"),
        immutable=bool(record.get("x")),
        shapes=record["s"],
    )


def _service_of(resource_type: str) -> str:
    return "::".join(resource_type.split("::")[:2])


@cache
def _service(name: str) -> dict[str, Any]:
    place = _index().get(name)
    if place is None:
        return {}
    start, length = place
    with DATA.open("rb") as file:
        file.seek(_header()["start"] + start)
        records: dict[str, Any] = json.loads(zlib.decompress(file.read(length)))
    return records


def _index() -> dict[str, list[int]]:
    index: dict[str, list[int]] = _header()["index"]
    return index


@cache
def _header() -> dict[str, Any]:
    with DATA.open("rb") as file:
        line = file.readline()
        header: dict[str, Any] = json.loads(line)
    return header | {"start": len(line)}


def _extract() -> str:
    """Write the data file anew from the cfn-lint that is installed; answers with a line that says what it wrote."""
    import importlib.metadata
    import importlib.util

    spec = importlib.util.find_spec("cfnlint")
    if spec is None or spec.origin is None:
        return "cfn-lint is not installed: pip install cfn-lint, then run this again"
    folder = Path(spec.origin).parent / "data" / "schemas"
    services: dict[str, dict[str, Any]] = {}
    for resource_type, file in sorted(_schema_files(folder).items()):
        schema = json.loads(file.read_text(encoding="utf-8"))
        services.setdefault(_service_of(resource_type), {})[resource_type] = _record(schema)
    blobs, index, start = [], {}, 0
    for service, records in services.items():
        blob = zlib.compress(json.dumps(records, separators=(",", ":")).encode(), 9)
        blobs.append(blob)
        index[service] = [start, len(blob)]
        start += len(blob)
    date = json.loads((folder / "version.json").read_text())["schema_date"]
    source = f"cfn-lint {importlib.metadata.version('cfn-lint')}, schemas of {date}"
    header = json.dumps({"source": source, "index": index}, separators=(",", ":")).encode() + b"\n"
    DATA.write_bytes(header + b"".join(blobs))
    count = sum(len(records) for records in services.values())
    return f"{DATA.name}: {count} types of {len(services)} services from {source}, {DATA.stat().st_size:,} bytes"


def _schema_files(folder: Path) -> dict[str, Path]:
    # us-east-1 has nearly every type; the other Regions add the rest
    regions = sorted((folder / "providers").glob("*-*.json"), key=lambda each: (each.stem != "us-east-1", each.stem))
    files: dict[str, Path] = {}
    for region in regions:
        for resource_type, digest in json.loads(region.read_text(encoding="utf-8")).items():
            files.setdefault(resource_type, folder / "resources" / f"{digest}.json")
    return files


def _record(schema: Mapping[str, Any]) -> dict[str, Any]:
    tagging = schema.get("tagging")
    if isinstance(tagging, Mapping):
        tags = tagging.get("tagProperty", "/properties/Tags") if tagging.get("taggable", True) else None
    else:
        tags = "/properties/Tags" if schema.get("taggable", True) and "Tags" in schema["properties"] else None
    handlers = schema.get("handlers", {})
    record = {
        "a": _paths(schema.get("readOnlyProperties", ())),
        "c": _paths(schema.get("createOnlyProperties", ())),
        "cc": _paths(schema.get("conditionalCreateOnlyProperties", ())),
        "r": sorted(schema.get("required", ())),
        "i": [_path(each) for each in schema.get("primaryIdentifier", ())],
        "t": _path(tags) if tags and _path(tags) in schema["properties"] else None,
        "x": bool(handlers) and "update" not in handlers,
    }
    return {name: value for name, value in record.items() if value} | {"s": _Shapes(schema).shapes}


def _paths(pointers: Iterable[str]) -> list[str]:
    return sorted({_path(each) for each in pointers})


def _path(pointer: str) -> str:
    return ".".join(part for part in pointer.removeprefix("/").split("/") if part != "properties")


class _Shapes:
    """A JSON schema's properties, each reduced to its shape."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self.shapes: dict[str, dict[str, str]] = {}
        self._object("", schema)

    def _object(self, name: str, schema: Mapping[str, Any]) -> None:
        self.shapes[name] = {}
        for each in sorted(self._properties(schema)):
            self.shapes[name][each] = self._shape(f"{name}.{each}", self._properties(schema)[each])

    def _shape(self, name: str, schema: Any) -> str:
        if not isinstance(schema, Mapping):
            return "?"
        while "$ref" in schema:
            name, schema = self._follow(schema["$ref"])
        kind: Any = schema.get("type")
        if self._properties(schema):
            if name not in self.shapes:
                self._object(name, schema)
            return f"#{name}"
        if kind == "array" or "items" in schema:
            return "[" + self._shape(f"{name}.*", schema.get("items", {}))
        if kind == "object":
            values = {self._shape(f"{name}.*", each) for each in schema.get("patternProperties", {}).values()}
            return "{" + values.pop() if len(values) == 1 else "j"
        if isinstance(kind, list):
            # cfn-lint lets a text be written as a number; the service still gets a text
            kind = "string" if "string" in kind else None
        return _SCALARS.get(kind, "?")

    def _follow(self, pointer: str) -> tuple[str, Any]:
        target: Any = self._schema
        for part in pointer.removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        return pointer.rsplit("/", 1)[-1], target

    @staticmethod
    def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(schema.get("properties", {}))
        for word in ("oneOf", "anyOf", "allOf"):
            for each in schema.get(word, ()):
                if isinstance(each, Mapping):
                    found = {**each.get("properties", {}), **found}
        return found


_SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}


if __name__ == "__main__":
    import sys

    print(_extract() if "--extract" in sys.argv[1:] else f"{DATA.name}: {version()}")
