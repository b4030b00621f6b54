"""Mends the emulated CodeBuild: a project keeps all it is told, and can be changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of moto's own, or is not there."""
    from moto.codebuild import responses

    answers = responses.CodeBuildResponse
    return [
        (responses, "_validate_required_params_source", _placed(responses._validate_required_params_source)),
        (responses, "_validate_required_params_artifacts", _placed(responses._validate_required_params_artifacts)),
        (answers, "create_project", _creating(answers.create_project)),
        (answers, "update_project", _update_project),
    ]


def _placed(check: Any) -> Any:
    # a pipeline brings the source and takes the artifacts, and some projects have none
    without = ("CODEPIPELINE", "NO_ARTIFACTS", "NO_SOURCE")
    return lambda told: None if told.get("type") in without else check(told)


def _creating(create: Any) -> Any:
    def create_project(self: Any) -> Any:
        answer = create(self)
        _keep(self)
        return answer

    return create_project


def _update_project(self: Any) -> Any:
    from moto.codebuild.exceptions import ResourceNotFoundException
    from moto.core.responses import ActionResult

    name = self._get_param("name")
    if name not in self.codebuild_backend.codebuild_projects:
        raise ResourceNotFoundException(f"Project cannot be found: {name}")
    return ActionResult({"project": _keep(self)})


def _keep(response: Any) -> dict[str, Any]:
    asked = json.loads(response.body)
    held: dict[str, Any] = response.codebuild_backend.codebuild_projects[asked["name"]].project_metadata
    held.update({name: value for name, value in asked.items() if value is not None and name != "badgeEnabled"})
    return held
