"""The tiny course, the real CDK CLI, and the offline cloud in the sandbox's place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.course import Course
from preflight.errors import Unavailable
from preflight.node import CdkCli
from preflight.sandbox.account import Sandbox, open_sandbox
from preflight.sandbox.deploying import Plan, deploy, planned, tool
from preflight.synth import Synthesizer
from preflight.workspace import Workspace
from tests.shelf.builder import PROJECT, Shelf


@pytest.fixture(scope="module")
def cli() -> CdkCli:
    try:
        return tool(PROJECT, print)
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def town() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesizer]:
    with Synthesizer(PROJECT) as synthesizer:
        yield synthesizer


class Yard:
    """A learner's project and the sandbox beside it: plan, deploy, and hear what the CLI said."""

    def __init__(self, shelf: Shelf, cloud: OfflineCloud, cli: CdkCli, builder: Synthesizer) -> None:
        self.root = shelf.root
        self.cloud = cloud
        self.cli = cli
        self.builder = builder
        self.said: list[str] = []

    @property
    def sandbox(self) -> Sandbox:
        return open_sandbox(self.root, endpoint_url=self.cloud.serve())

    def plan(self, number: int, *, code: Path | None = None, hours: float = 4) -> Plan:
        lab = Course.load(self.root).find(str(number))
        whose = Workspace(self.root).code_for(lab, choice=code or "worked")
        assembly = self.builder.synth(whose.path, lab.construct_id)
        return planned(lab, whose, self.sandbox, assembly, ttl=timedelta(hours=hours))

    def deploy(self, number: int, *, code: Path | None = None, hours: float = 4) -> dict[str, str]:
        return deploy(self.plan(number, code=code, hours=hours), self.root, self.cli, self.said.append)


@pytest.fixture
def yard(shelf: Shelf, town: OfflineCloud, cli: CdkCli, builder: Synthesizer) -> Yard:
    town.reset()
    return Yard(shelf, town, cli, builder)
