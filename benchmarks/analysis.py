"""How long a question to a design takes, warm, on a template of some 200 resources, and how that grows.

    python benchmarks/analysis.py [--runs 20] [--json]

The template is four stacks of tests/apps in one (237 resources); growth compares it with the first of them alone, per
resource. Resolving the template to a design is a row of its own, for one design answers all questions; each question
is asked of a design nobody has asked before. Medians of the runs.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
APPS = ("three_tiers", "containers", "roads", "serverless")
# milliseconds promised for one question, for all of them together, and for one decision
EACH, TOGETHER, DECISION = 50.0, 250.0, 1.0


def main() -> None:
    """Measure every question and print one table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--json", action="store_true")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bodies = synthesized(Path(folder))
    small, large = bodies[APPS[0]], merged(bodies)
    rows = {
        "resources": {"small": len(small["Resources"]), "large": len(large["Resources"])},
        "questions": {
            name: {
                "small": median(arguments.runs, ask, question, small),
                "large": median(arguments.runs, ask, question, large),
            }
            for name, question in QUESTIONS.items()
        },
        "decision": decision(large),
    }
    print(json.dumps(rows, indent=2)) if arguments.json else show(rows)


QUESTIONS: dict[str, list[str]] = {
    "the design": [],
    "may": ["may", "Front", "s3:GetObject", "*"],
    "who-may": ["who-may", "dynamodb:PutItem"],
    "who-may, *": ["who-may", "s3:GetObject", "*"],
    "what-may": ["what-may", "{role}"],
    "weaknesses": ["what-may"],
    "reach": ["reach", "internet", "{group}", "5432"],
    "exposed": ["exposed"],
    "lose": ["lose", "az", "a"],
    "cost": ["cost"],
    "leftovers": ["leftovers"],
}


def ask(question: list[str], body: dict[str, Any]) -> Callable[[], object]:
    """The question put to a template read afresh, with names this template has in the places of {role} and {group}."""
    from preflight import questions
    from preflight.template import Template

    names = {
        "{role}": first(body, "AWS::IAM::Role"),
        "{group}": first(body, "AWS::EC2::SecurityGroup"),
        "Front": first(body, "AWS::IAM::Role"),
    }
    words = [names.get(word, word) for word in question]
    template = Template(body)
    if not question:
        return template.design
    design = template.design()
    return lambda: questions.ask(template, words, design=design)


def decision(body: dict[str, Any]) -> float:
    """Milliseconds of one decision, the design's index being there already."""
    from preflight.analysis import identities
    from preflight.template import Template

    design, role = Template(body).design(), first(body, "AWS::IAM::Role")
    identities.may(design, role, "s3:GetObject", "*")
    begun = time.perf_counter()
    for number in range(200):
        identities.may(design, role, "s3:GetObject", f"arn:aws:s3:::notes/{number}")
    return (time.perf_counter() - begun) * 1000 / 200


def median(runs: int, make: Callable[..., Callable[[], object]], *given: Any) -> float:
    """The median milliseconds of what `make` makes, after one run that warms everything up."""
    taken = []
    for _ in range(runs + 1):
        action = make(*given)
        begun = time.perf_counter()
        action()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken[1:])


def merged(bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The templates in one, each one's names with a word of its own before them."""
    whole: dict[str, Any] = {"Resources": {}, "Parameters": {}, "Mappings": {}, "Conditions": {}}
    for number, body in enumerate(bodies.values()):
        names = [name for section in whole for name in body.get(section, {})]
        text = json.dumps({section: body.get(section, {}) for section in whole})
        pattern = re.compile(rf"\b({'|'.join(sorted(names, key=len, reverse=True))})\b")
        for section, part in json.loads(pattern.sub(rf"App{number}\1", text)).items():
            whole[section] |= part
    return whole


def first(body: dict[str, Any], kind: str) -> str:
    """The logical id of the first resource of a type."""
    return next(name for name, each in body["Resources"].items() if each["Type"] == kind)


def synthesized(folder: Path) -> dict[str, dict[str, Any]]:
    """The templates of the four stacks."""
    from preflight.synth import Synthesizer

    with Synthesizer(folder) as synthesizer:
        files = {name: synthesizer.synth(ROOT / "tests" / "apps" / f"{name}.py", "App").template_path for name in APPS}
        return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


def show(rows: dict[str, Any]) -> None:
    """The figures as a table, each promise beside what was measured."""
    count = rows["resources"]
    print(f"{'question':<12}{count['small']:>6} res.{count['large']:>8} res.   growth a resource")
    for name, row in rows["questions"].items():
        growth = (row["large"] / count["large"]) / (row["small"] / count["small"])
        times = f"{row['small']:>8.1f} ms{row['large']:>10.1f} ms{growth:>10.2f} x"
        promise = f"promised <= {EACH:g} ms  {kept(row['large'], EACH)}" if QUESTIONS[name] else ""
        print(f"{name:<12}{times}   {promise}".rstrip())
    together = sum(row["large"] for row in rows["questions"].values())
    print(f"\nall together {together:.0f} ms   promised <= {TOGETHER:g} ms  {kept(together, TOGETHER)}")
    one = rows["decision"]
    print(f"one decision {one:.2f} ms   promised <= {DECISION:g} ms  {kept(one, DECISION)}")


def kept(value: float, promised: float) -> str:
    return "kept" if value <= promised else "NOT KEPT"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
