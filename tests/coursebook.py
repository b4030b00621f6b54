"""A small course written to disk, in sentences: `a_course(folder).with_lab(1, "jars").with_lab(2, "lids")`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXAM = """
[exam]
id = "{id}"
name = "{name}"
guide_url = "https://docs.aws.amazon.com/aws-certification/"
checked_on = 2026-11-22

[[domain]]
id = "D1"
name = "{first}"
weight = 60

[[domain.task]]
id = "1.1"
title = "Keep things in jars"

[[domain.task.bullet]]
id = "1.1-K1"
text = "what a jar is"

[[domain.task.bullet]]
id = "1.1-S1"
text = "putting a lid on"

[[domain]]
id = "D2"
name = "{second}"
weight = 40

[[domain.task]]
id = "2.1"
title = "Label them"

[[domain.task.bullet]]
id = "2.1-K1"
text = "what a label says"
"""

FACTS: dict[str, Any] = {
    "exam": "CLF-C02",
    "tasks": ["CLF-C02 1.1"],
    "services": ["Amazon S3"],
    "difficulty": 1,
    "minutes": 30,
    "needs": [],
    "idle_usd_per_month": 0.0,
    "version": 1,
}

CHECK = '''
def check_{id}(stack):
    """{title}.

    Because what is not {title} is lost.
    """
    expect(True, saw="", means="", proved="it holds", bullets=["CLF-C02 1.1-S1"], read="https://docs.aws.amazon.com/")

'''

STACK = '''"""A stack."""

import aws_cdk as cdk


class {name}(cdk.Stack):
    """Nothing yet."""
'''


class Coursebook:
    """A project folder with exams/, labs/ and stacks/, and an empty workspace/."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("exams", "labs", "stacks", "workspace"):
            (root / folder).mkdir(parents=True)
        write(
            root / "exams" / "clf.toml", EXAM.format(id="CLF-C02", name="Practitioner", first="Jars", second="Labels")
        )
        write(root / "exams" / "saa.toml", EXAM.format(id="SAA-C03", name="Architect", first="Crates", second="Stamps"))

    def with_lab(
        self, number: int, name: str, *, promises: tuple[str, ...] = ("jar_is_closed", "jar_has_label"), **facts: Any
    ) -> Coursebook:
        """One more lab, whole, with two promises unless others are named; `facts` go into its lab.toml."""
        folder = self.lab(number, name)
        title = name.replace("_", " ").capitalize()
        write(folder / "lab.toml", toml({"number": number, "title": title, **FACTS, **facts}))
        write(folder / "README.md", f"# Lab {number}: {title}\n\nThe jars stand open.\n\n![Three jars](picture.svg)\n")
        write(folder / "picture.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        checks = "".join(CHECK.format(id=id, title=sentence(id)) for id in promises)
        write(folder / "checks.py", f"from preflight.checks import expect\n\n{checks}")
        write(folder / "hints.toml", "".join(hints(id) for id in promises))
        write(folder / "mistakes.py", '"""None yet."""\n')
        write(folder / "decisions.toml", "")
        write(folder / "starter" / "stack.py", STACK.format(name="Starter"))
        write(self.root / "stacks" / folder.name / "stack.py", STACK.format(name="Worked"))
        return self

    def lab(self, number: int, name: str) -> Path:
        return self.root / "labs" / f"lab{number:02d}_{name}"


def a_course(root: Path) -> Coursebook:
    return Coursebook(root)


def sentence(id: str) -> str:
    return id.replace("_", " ").capitalize()


def hints(id: str) -> str:
    rungs = [f"What if {id}?", f"About {id}.", "Look at `lid=`.", f"jar.close()  # {id}\njar.check()"]
    return f"[{id}]\nrungs = {json.dumps(rungs)}\n"


def toml(values: dict[str, Any]) -> str:
    """These values as TOML; a dict becomes a table after the rest."""
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in plain.items())
    for name, table in tables.items():
        text += f"\n[{name}]\n" + "".join(f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in table.items())
    return text


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
