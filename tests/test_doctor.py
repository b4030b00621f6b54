"""What the doctor sees, and what it never tells."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from preflight.doctor import Finding, examine

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "package.json", tmp_path)
    (tmp_path / "requirements.txt").write_text("pytest\nboto3==0.0.1\nno-such-package[extra]==1.0\n# a comment\n")
    (tmp_path / "workspace").mkdir()
    return tmp_path


def named(project: Path) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(project)}


def test_this_project_s_own_machine_can_run_it() -> None:
    found = {finding.name: finding for finding in examine(ROOT)}
    assert found["python"].ok and found["packages"].ok is not False and found["node"].ok


def test_whatever_is_at_fault_has_a_command_that_mends_it(project: Path) -> None:
    assert all(finding.mend for finding in examine(project) if finding.ok is False)


def test_a_missing_package_is_named(project: Path) -> None:
    packages = named(project)["packages"]
    assert packages.ok is False and packages.saw == "not installed: no-such-package"
    assert packages.mend.endswith("-m pip install -r requirements.txt")


def test_another_version_is_named(project: Path) -> None:
    (project / "requirements.txt").write_text("boto3==0.0.1\n")
    packages = named(project)["packages"]
    assert packages.ok is None and "instead of 0.0.1" in packages.saw


def test_a_venv_is_up_to_date_by_its_stamp(project: Path) -> None:
    venv = project / ".venv"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("")
    assert named(project)["venv"].ok is None

    (venv / "made-by-lab").write_bytes((project / "requirements.txt").read_bytes() + b"\n# /usr/bin/python3 1 1\n")
    assert named(project)["venv"].ok is True

    (project / "requirements.txt").write_text("boto3==9\n")
    assert named(project)["venv"].ok is False


def test_credentials_are_seen_and_never_told(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRETSECRET")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t")
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_secret_access_key = s3cr3t\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    found = named(project)

    assert found["credentials"].saw.startswith(f"present in the environment and {file}")
    assert not any("s3cr3t" in str(finding) or "AKIA" in str(finding) for finding in found.values())


def test_on_a_read_only_file_system_no_permission_is_advised(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.doctor._writable", lambda folder: False)
    assert "read-only" not in named(project)["workspace"].saw
    monkeypatch.setattr("preflight.doctor._on_read_only_mount", lambda folder: True)
    found = named(project)
    for name in ("workspace", "cache"):
        assert found[name].saw.endswith("is on a read-only file system; copy the project elsewhere")
        assert found[name].mend.startswith("cp -R ") and "chmod" not in found[name].mend


def test_no_credentials_is_no_fault(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(project / "nowhere"))
    assert named(project)["credentials"].ok is None


def test_a_node_that_does_not_run_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", str(project / "no-node"))
    node = named(project)["node"]
    assert node.ok is False and "unset JSII_NODE" in node.mend


def test_a_workspace_that_cannot_be_written_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.doctor._writable", lambda _: False)
    found = named(project)
    assert found["workspace"].ok is False and "chmod" in found["workspace"].mend
    assert found["cache"].ok is None


def test_the_cdk_cli_is_not_missed_before_the_first_deploy(project: Path) -> None:
    found = named(project)["cdk"]
    assert found.ok is None and "first deploy" in found.saw
