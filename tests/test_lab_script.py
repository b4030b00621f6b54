"""`./lab` makes .venv on its first run, mends what was left half made, and then stays out of the way."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "lab"
PYTHON = getattr(sys, "_base_executable", sys.executable)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="written for Windows too, and untested there")


class Project:
    """A project with `lab`, one requirement that needs no network, and a `preflight` that says what it was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(SCRIPT, root / "lab")
        (root / "preflight").mkdir()
        (root / "preflight" / "__init__.py").write_text("")
        (root / "preflight" / "__main__.py").write_text(
            "import sys\nimport thing\n\n\ndef main():\n    print(thing.VERSION, *sys.argv[1:])\n    return 7\n"
        )
        (root / "wheels").mkdir()
        for version in ("1.0", "2.0"):
            self._wheel(version)
        self.require("thing==1.0")

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "made-by-lab"

    def require(self, line: str) -> None:
        (self.root / "requirements.txt").write_text(f"--no-index\n--find-links wheels\n{line}\n")

    def start(self, *words: str, python: str = PYTHON) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, "lab", *words],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, python: str = PYTHON) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "lab", *words], cwd=self.root, capture_output=True, text=True, check=False, timeout=120
        )

    def patched(self, patch: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the script in a Python that was changed first."""
        program = f"import sys, runpy\n{patch}\nsys.argv = ['lab', *{list(words)!r}]\n"
        program += "runpy.run_path('lab', run_name='__main__')"
        return subprocess.run([PYTHON, "-c", program], cwd=self.root, capture_output=True, text=True, check=False)

    def _wheel(self, version: str) -> None:
        about = f"thing-{version}.dist-info"
        with zipfile.ZipFile(self.root / "wheels" / f"thing-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("thing.py", f"VERSION = {version!r}\n")
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, subprocess.CompletedProcess[str]]:
    project = Project(tmp_path_factory.mktemp("made"))
    return project, project.run("check", "1")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_first_run_makes_the_venv_and_hands_over(made: tuple[Project, subprocess.CompletedProcess[str]]) -> None:
    project, first = made

    assert (first.returncode, first.stdout) == (7, "1.0 check 1\n")
    assert "Installing into .venv" in first.stderr and ".venv is ready, after" in first.stderr
    assert project.stamp.exists() and not (project.root / ".preflight" / "venv-under-way").exists()


def test_from_then_on_it_says_nothing_and_installs_nothing(
    made: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    project, _ = made
    (project.root / "wheels").rename(project.root / "away")
    try:
        again = project.run("list", "two words", python=sys.executable)
    finally:
        (project.root / "away").rename(project.root / "wheels")
    assert (again.returncode, again.stdout, again.stderr) == (7, "1.0 list two words\n", "")


def test_it_works_from_any_folder_and_as_lab_in_the_venv(
    made: tuple[Project, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    project, _ = made
    for command in ([PYTHON, str(project.root / "lab"), "x"], [str(project.venv / "bin" / "lab"), "x"]):
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (7, "1.0 x\n")


def test_changed_requirements_are_installed(made: tuple[Project, subprocess.CompletedProcess[str]]) -> None:
    project, _ = made
    project.require("thing==2.0")

    assert project.run().stdout == "2.0\n"

    project.require("thing==1.0")
    assert project.run().stdout == "1.0\n"


def test_a_requirement_nobody_has_is_named_and_the_next_run_goes_on(
    made: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    project, _ = made
    project.require("thing==3.0")

    refused = project.run("check", "1")

    assert refused.returncode == 2
    assert "No matching distribution found for thing==3.0" in refused.stderr
    assert refused.stderr.endswith("then ./lab check 1\n") and "Traceback" not in refused.stderr
    project.require("thing==1.0")
    assert "Bringing .venv up to date" in project.run().stderr


def test_a_registry_that_cannot_be_reached_is_the_reason(
    made: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    project, _ = made
    (project.root / "requirements.txt").write_text("--index-url http://127.0.0.1:9/simple\nother==1\n")

    refused = project.run("check", "1")

    project.require("thing==1.0")
    assert refused.returncode == 2 and "the registry refuses the connection" in refused.stderr


def test_two_first_runs_at_once_wait_for_each_other(project: Project) -> None:
    both = [project.start(word) for word in ("one", "two")]
    said = [child.communicate(timeout=120) for child in both]

    assert [out for out, _ in said] == ["1.0 one\n", "1.0 two\n"]
    assert sum("Installing into" in err for _, err in said) == 1
    assert sum("waiting for it" in err for _, err in said) == 1


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_first_run_is_mended_by_the_next(project: Project, sign: signal.Signals) -> None:
    child = project.start("one")
    while not (project.venv / "pyvenv.cfg").exists() and child.poll() is None:
        time.sleep(0.02)
    os.killpg(child.pid, sign)
    _, said = child.communicate(timeout=60)

    assert not project.stamp.exists()
    if sign == signal.SIGINT:
        assert child.returncode == 130 and "go on with ./lab one" in said and "Traceback" not in said
    assert project.run("two").stdout == "1.0 two\n"


def test_a_venv_without_pip_or_python_is_made_anew(project: Project) -> None:
    venv.create(project.venv, with_pip=False, symlinks=True)
    assert project.run().stdout == "1.0\n"

    (project.venv / "bin" / "python").unlink()
    (project.venv / "bin" / "python").symlink_to("/nowhere/python")
    assert project.run().stdout == "1.0\n"


def test_the_script_can_be_read_by_an_old_python() -> None:
    source = SCRIPT.read_bytes()
    ast.parse(source, feature_version=(3, 4))
    source.decode("ascii")


def test_an_old_python_is_told_so_in_one_sentence(project: Project) -> None:
    old = project.patched("sys.version_info = (3, 10, 2, 'final', 0)", "check", "1")

    assert old.returncode == 2
    assert "Preflight needs Python 3.11 or newer and this is 3.10.2" in old.stderr
    assert len(old.stderr.splitlines()) == 1 and "lab check 1" in old.stderr
    assert not project.venv.exists()


def test_a_python_that_cannot_make_a_venv_is_told_what_to_install(project: Project) -> None:
    patch = "import importlib.util as u; find = u.find_spec\n"
    patch += "u.find_spec = lambda name, *rest: None if name == 'ensurepip' else find(name, *rest)"

    lacking = project.patched(patch, "check", "1")

    assert lacking.returncode == 2 and len(lacking.stderr.splitlines()) == 1
    assert "venv" in lacking.stderr and lacking.stderr.endswith("then ./lab check 1\n")


def test_a_folder_that_cannot_be_written_is_said(project: Project) -> None:
    (project.root / ".preflight").write_text("in the way")

    refused = project.run("check", "1")

    assert refused.returncode == 2 and "this folder cannot be written" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_it_can_be_executed() -> None:
    assert os.access(SCRIPT, os.X_OK)
