"""The learner's own folder: begun whole, begun again without a loss, and built when it is there."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from preflight.errors import Unavailable, Usage
from preflight.workspace import Code, Workspace


@dataclass(frozen=True)
class Lab:
    root: Path
    number: int = 1
    id: str = "lab01_notes"

    @property
    def starter(self) -> Path:
        return self.root / "labs" / self.id / "starter"

    @property
    def worked(self) -> Path:
        return self.root / "stacks" / self.id


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path)
    (lab.starter / "handler").mkdir(parents=True)
    (lab.starter / "stack.py").write_text("# starter")
    (lab.starter / "handler" / "app.py").write_text("# handler")
    (lab.starter / "__pycache__").mkdir()
    lab.worked.mkdir(parents=True)
    (lab.worked / "stack.py").write_text("# worked")
    return lab


@pytest.fixture
def workspace(lab: Lab) -> Workspace:
    return Workspace(lab.root)


def test_a_start_copies_the_starter_and_nothing_else(workspace: Workspace, lab: Lab) -> None:
    folder = workspace.start(lab)

    assert workspace.started(lab)
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == [
        "handler",
        "handler/app.py",
        "stack.py",
    ]
    assert [path.name for path in workspace.folder.iterdir()] == ["lab01_notes"]


def test_a_second_start_touches_nothing(workspace: Workspace, lab: Lab) -> None:
    (workspace.start(lab) / "stack.py").write_text("# mine")

    with pytest.raises(Usage, match=r"yours already.*\./lab check 1, or begin again with \./lab reset 1"):
        workspace.start(lab)
    assert (workspace.folder_of(lab) / "stack.py").read_text() == "# mine"


def test_a_read_only_starter_becomes_the_learner_s_to_change(workspace: Workspace, lab: Lab) -> None:
    for path in (lab.starter / "stack.py", lab.starter):
        path.chmod(0o555)
    try:
        folder = workspace.start(lab)
    finally:
        lab.starter.chmod(0o755)
    assert folder.stat().st_mode & 0o200 and (folder / "stack.py").stat().st_mode & 0o200


def test_resets_in_one_second_keep_every_version(workspace: Workspace, lab: Lab) -> None:
    workspace.start(lab)
    asides = []
    for number in range(3):
        (workspace.folder_of(lab) / "stack.py").write_text(f"# mine {number}")
        asides.append(workspace.reset(lab))

    assert [(aside / "stack.py").read_text() for aside in asides] == ["# mine 0", "# mine 1", "# mine 2"]
    assert {aside.parent for aside in asides} == {workspace.folder / "aside"}
    assert (workspace.folder_of(lab) / "stack.py").read_text() == "# starter"


def test_what_is_not_started_cannot_be_reset(workspace: Workspace, lab: Lab) -> None:
    with pytest.raises(Usage, match=r"not started.*\./lab start 1"):
        workspace.reset(lab)


@pytest.mark.parametrize("call", ["start", "reset"])
def test_a_full_disk_loses_nothing(workspace: Workspace, lab: Lab, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if call == "reset":
        (workspace.start(lab) / "stack.py").write_text("# mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(Unavailable, match=rf"No space left on device.*then \./lab {call} 1"):
        getattr(workspace, call)(lab)

    assert workspace.started(lab) == (call == "reset")
    assert not list(workspace.folder.glob(".new-*"))
    if call == "reset":
        assert (workspace.folder_of(lab) / "stack.py").read_text() == "# mine"


def test_a_workspace_that_cannot_be_written_is_said(workspace: Workspace, lab: Lab) -> None:
    workspace.folder.write_text("a file in its place")
    with pytest.raises(Unavailable, match=r"workspace/ cannot be written .*then \./lab start 1"):
        workspace.start(lab)


def test_the_learner_s_code_is_built_once_started(workspace: Workspace, lab: Lab) -> None:
    assert workspace.code_for(lab) == Code("worked", lab.worked / "stack.py")
    workspace.start(lab)
    assert workspace.code_for(lab) == Code("yours", workspace.folder / "lab01_notes" / "stack.py")


def test_a_lab_renamed_by_an_update_is_still_the_learner_s(workspace: Workspace, lab: Lab) -> None:
    workspace.start(lab)
    renamed = Lab(lab.root, 1, "lab01_first_bucket")
    assert workspace.code_for(renamed) == Code("yours", workspace.folder / "lab01_notes" / "stack.py")


def test_other_code_is_built_when_asked_for(workspace: Workspace, lab: Lab, tmp_path: Path) -> None:
    workspace.start(lab)
    (tmp_path / "other.py").write_text("")

    assert workspace.code_for(lab, choice="worked").path == lab.worked / "stack.py"
    assert workspace.code_for(lab, choice="starter") == Code("starter", lab.starter / "stack.py")
    assert workspace.code_for(lab, choice=tmp_path / "other.py") == Code("file", tmp_path / "other.py")
    assert workspace.code_for(lab, choice=lab.worked) == Code("file", lab.worked / "stack.py")


def test_code_that_is_not_there_is_named(workspace: Workspace, lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(Usage, match=r"nowhere\.py is not there; .*\./lab check 1 --code FILE"):
        workspace.code_for(lab, choice=tmp_path / "nowhere.py")
    with pytest.raises(Usage, match=r"holds no stack\.py"):
        workspace.code_for(lab, choice=tmp_path)
    (lab.worked / "stack.py").unlink()
    with pytest.raises(Usage, match=r"Lab 1 has no worked stack"):
        workspace.code_for(lab)
