"""The documents tell what is there: every module with its sentence, every picture and link that is shown."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from preflight.course import Course

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURE = ROOT / "docs" / "architecture.md"
ROOMS = re.compile(r"(?<=<!-- rooms -->\n).*?(?=\n<!-- end of rooms -->)", re.S)

SANDBOX = ROOT / "docs" / "sandbox.md"
COSTS = re.compile(r"(?<=<!-- costs -->\n).*?(?=<!-- end of costs -->)", re.S)

DOCUMENTS = [
    file
    for file in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("labs/*/*.md"),
        *ROOT.glob("workspace/*.md"),
    ]
    if "aside" not in file.parts
]


def test_the_architecture_lists_every_room_with_its_sentence() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    rooms = rooms_table()
    if os.environ.get("PREFLIGHT_UPDATE_GOLDEN"):
        ARCHITECTURE.write_text(ROOMS.sub(lambda _: rooms, text), encoding="utf-8")
        return
    found = ROOMS.search(text)
    assert found and found[0] == rooms, "docs/architecture.md is behind; run PREFLIGHT_UPDATE_GOLDEN=1 ./lab test"


def test_the_sandbox_page_prices_every_lab() -> None:
    text = SANDBOX.read_text(encoding="utf-8")
    costs = costs_table()
    if os.environ.get("PREFLIGHT_UPDATE_GOLDEN"):
        SANDBOX.write_text(COSTS.sub(lambda _: costs, text), encoding="utf-8")
        return
    found = COSTS.search(text)
    assert found and found[0] == costs, "docs/sandbox.md is behind; run PREFLIGHT_UPDATE_GOLDEN=1 ./lab test"


def costs_table() -> str:
    """What each lab's worked stack costs: lab.toml's amount, which law 8 holds to the estimator's."""
    rows = []
    for lab in Course.load(ROOT).labs:
        month = lab.idle_usd_per_month
        evening, amount = (f"{month / 730 * 4:.2f}", f"{month:.2f}") if month else ("0", "0")
        rows.append(f"| {lab.number} | {lab.title} | {evening} | {amount} |")
    return "\n".join(["| lab | | an evening of four hours | a forgotten month |", "|---|---|---|---|", *rows, ""])


def rooms_table() -> str:
    """A Markdown table a folder of the engine: module, sentence."""
    parts = []
    for folder in sorted({file.parent for file in (ROOT / "preflight").rglob("*.py")}):
        where = folder.relative_to(ROOT).as_posix()
        title = f"`{where}/`"
        if (own := sentence(folder / "__init__.py")) and where != "preflight":
            title += f": {own[0].lower() + own[1:] if own[1].islower() else own}"
        files = [file for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"]
        rows = [f"| `{file.name}` | {sentence(file)} |" for file in files]
        parts.append("\n".join([title, "", "| module | its sentence |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def sentence(file: Path) -> str:
    """The first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").splitlines()[0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_a_document_points_at_is_there(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), f"{document.name} points at {target}"


def test_every_lab_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for folder in (ROOT / "labs").glob("lab[0-9][0-9]_*"):
        assert f"labs/{folder.name}/README.md" in readme
