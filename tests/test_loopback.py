"""After the first run nothing needs the network: a check in a network namespace that has loopback and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import copy_of_the_project, run

LOOPBACK_ONLY = 'ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null || true; exec "$@"'


def can_leave_the_network() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_leave_the_network(), reason="this machine grants no network namespace (unshare -rn)")
def test_a_check_needs_nothing_but_loopback(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "preflight")
    alone = ("unshare", "-rn", "sh", "-c", LOOPBACK_ONLY, "sh", sys.executable, "lab")

    assert "7 of 7 kept" in run(*alone, "check", "1", "--worked", cwd=project)
    # the assembly is reused the second time; a changed file is built again, node and all
    assert "7 of 7 kept" in run(*alone, "check", "1", "--worked", cwd=project)
    run(*alone, "check", "3", "--starter", cwd=project, good=(1,))
    run(*alone, "check", "6", "--worked", cwd=project)
