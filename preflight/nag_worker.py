"""Runs cdk-nag's AwsSolutions rules over one template, in the child process that holds aws_cdk."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

PACK = "AwsSolutions"


def look_over(body: dict[str, Any]) -> dict[str, Any]:
    """{"said": [{rule, logical_id, text}], "left_out": {logical id: why}, "failed": why or ""} for a template.

    A resource that cannot be read is left out, and the rest is looked over without it.
    """
    try:
        import cdk_nag  # noqa: F401
    except ImportError as fault:
        return {"said": [], "left_out": {}, "failed": f"cdk-nag is not installed ({fault})"}
    folder = Path(tempfile.mkdtemp(prefix="review-"))
    try:
        file = folder / "template.json"
        file.write_text(json.dumps(body), "utf-8")
        return _looked_over(file, list(body.get("Resources", {})), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _looked_over(file: Path, names: list[str], folder: Path) -> dict[str, Any]:
    try:
        return {"said": _findings(file, [], folder / "all"), "left_out": {}, "failed": ""}
    except Exception as fault:
        failed = _first_line(fault)
    left_out = {} if _why_not(file, names, folder) else _unreadable(file, names, names, folder)
    if not left_out:
        return {"said": [], "left_out": {}, "failed": failed}
    try:
        return {"said": _findings(file, list(left_out), folder / "rest"), "left_out": left_out, "failed": ""}
    except Exception as fault:
        return {"said": [], "left_out": {}, "failed": _first_line(fault)}


def _unreadable(file: Path, among: list[str], names: list[str], folder: Path) -> dict[str, str]:
    """Which resources of `among` CDK cannot read, each with its reason, found by halving."""
    why = _why_not(file, [each for each in names if each not in among], folder)
    if not why:
        return {}
    if len(among) == 1:
        return {among[0]: why}
    half = len(among) // 2
    return _unreadable(file, among[:half], names, folder) | _unreadable(file, among[half:], names, folder)


def _why_not(file: Path, unread: list[str], folder: Path) -> str:
    """Why the template cannot be synthesized, in CDK's words; empty when it can. `unread` are taken as they stand."""
    import aws_cdk

    try:
        app = aws_cdk.App(outdir=str(folder / "tried"), analytics_reporting=False)
        _include(app, file, unread)
        app.synth()
    except Exception as fault:
        return _first_line(fault)
    return ""


def _first_line(fault: Exception) -> str:
    said = str(fault).strip().splitlines() or [type(fault).__name__]
    return said[0].removeprefix("RuntimeError: ").removeprefix("Error: ")


def _findings(file: Path, unread: list[str], outdir: Path) -> list[dict[str, str]]:
    import aws_cdk
    import cdk_nag

    app = aws_cdk.App(outdir=str(outdir), analytics_reporting=False)
    _include(app, file, unread)
    aws_cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    report = outdir / "validation-report.json"
    try:
        app.synth()
    except RuntimeError:
        # findings are an error to CDK, and the report of them is what was asked for
        if not report.is_file():
            raise
    if not report.is_file():
        return []
    plugins = json.loads(report.read_text("utf-8")).get("pluginReports", [])
    return [
        {
            "rule": violation["ruleName"],
            "logical_id": construct["constructPath"].rpartition("/")[2],
            "text": violation.get("description", ""),
        }
        for plugin in plugins
        if plugin.get("pluginName") == PACK
        for violation in plugin.get("violations", [])
        for construct in violation.get("violatingConstructs", [])
    ]


def _include(app: Any, file: Path, unread: list[str]) -> None:
    import aws_cdk
    from aws_cdk.cloudformation_include import CfnInclude

    # the template may bring CDK's own bootstrap parameter along
    synthesizer = aws_cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    stack = aws_cdk.Stack(app, "Reviewed", synthesizer=synthesizer)
    CfnInclude(stack, "Template", template_file=str(file), dehydrated_resources=unread)
