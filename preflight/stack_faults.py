"""One sentence, with the learner's file and line, for whatever went wrong in a stack file."""

from __future__ import annotations

import builtins
import difflib
import inspect
import os
import re
import sys
from pathlib import Path

from preflight.errors import BrokenCode
from preflight.fresh import Place, Seen, frames, is_own, nearest_place

# Where a module's name and the name pip knows it by differ.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}


def explain(
    fault: BaseException, file: Path, construct_id: str, seen: Seen, *, class_line: int | None = None
) -> BrokenCode:
    """One sentence for whatever went wrong, at the learner's own line nearest to it."""
    if isinstance(fault, BrokenCode):
        return fault
    place = _place(fault, file, seen) or (str(file), class_line or 1)
    sentence, mend = _sentence(fault)
    return BrokenCode(f"{sentence}; {mend}, then ./lab check {number_of(construct_id)}", file=place[0], line=place[1])


def cdk_sentence(text: str) -> str:
    """The one useful line of an error that came out of CDK's JavaScript."""
    text = re.sub(r"\nRelates to construct:.*", "", text, flags=re.DOTALL)
    text = re.sub(r"^(«\w+»|@jsii/kernel\.\w+:|[A-Z]\w*(Error|Errors|Exception):|Error:)\s*", "", text)
    text = re.sub(r"^(«\w+»|Error:)\s*", "", text)
    # jsii numbers JavaScript's class names ("Stack2"), which nobody wrote.
    text = re.sub(r"a Construct with name '(.+)' in \w+ \[(.+)\]", r"a construct with the id '\1' in \2", text)
    listed = re.match(r"Validation failed with the following errors:\s*(.*)", text, flags=re.DOTALL)
    if listed:
        faults = [line.strip() for line in listed.group(1).splitlines() if line.strip()]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return one_line(re.sub(r"^\[([^]]+)\]\s*", r"\1: ", faults[0]).rstrip(".")) + more if faults else text
    return one_line(text)


def number_of(construct_id: str) -> str:
    """The lab's number as its commands write it: "Lab18West" gives "18"."""
    digits = re.search(r"\d+", construct_id)
    return digits.group() if digits else construct_id


def _sentence(fault: BaseException) -> tuple[str, str]:
    mend = "mend it"
    match fault:
        case SyntaxError():
            return f"Python cannot read this line: {one_line(fault.msg)}", mend
        case ModuleNotFoundError():
            return _missing_module(fault)
        case ImportError() if "relative import" in str(fault):
            return "a stack file has no package around it, so `from .` finds nothing", "write `import helper`"
        case ImportError():
            return one_line(re.sub(r" \([^()]*\)$", "", str(fault))) + _guess_import(fault), mend
        case SystemExit():
            return "the file ends the whole program here (sys.exit or os._exit)", "take that line out"
        case KeyboardInterrupt():
            return "interrupted here", mend
        case EOFError():
            return "the file waits here for someone to type, and nobody can", "give it the value in the code"
        case RecursionError():
            return "this calls itself without end", mend
        case MemoryError():
            return "this asks for more memory than there is", mend
        case AttributeError() if fault.name == "__jsii_ref__" or "__jsii_ref__" in str(fault):
            return "used before super().__init__(scope, construct_id, **kwargs) was called", "call that first"
        case AttributeError() if fault.name:
            bare = f"{getattr(fault.obj, '__name__', 'it')} has no {fault.name!r}"
            return (bare if str(fault) == fault.name else one_line(str(fault))) + _guess(
                fault.name, _names(fault.obj)
            ), mend
        case NameError() if fault.name:
            return f"the name {fault.name!r} is not defined" + _guess(fault.name, _names_in_sight(fault)), mend
        case TypeError() if "unexpected keyword argument" in str(fault):
            return one_line(str(fault)) + _guess_keyword(fault), mend
        case TypeError() if "convert object to JSON" in str(fault):
            return (
                f"CDK cannot take {str(fault).partition(': ')[2]} here (a construct, before its super().__init__ ran?)"
            ), mend
        case RuntimeError() if fault.__cause__ is not None:
            return cdk_sentence(str(fault)), mend
    words = one_line(str(fault))
    name = type(fault).__name__
    return (words if name in {"JSIIError", "RuntimeError"} and words else f"{name}: {words}" if words else name), mend


def _missing_module(fault: ModuleNotFoundError) -> tuple[str, str]:
    name = fault.name or "?"
    top, _, rest = name.partition(".")
    if top == "aws_cdk" and rest and not rest.endswith("_alpha"):
        import aws_cdk

        return f"aws_cdk has no module {rest!r}" + _guess(rest, dir(aws_cdk)), "mend the import"
    enough = "a lab needs aws_cdk and the standard library alone"
    if top in DISTRIBUTIONS:
        python = ".venv\\Scripts\\python" if os.name == "nt" else ".venv/bin/python"
        return (
            f"`import {top}` needs a package that is not installed ({enough})",
            f"take the import out or {python} -m pip install {DISTRIBUTIONS[top]}",
        )
    # no name to install is guessed: a registry may hold somebody else's package under it
    beside = "" if top == "aws_cdk" else f", and {top}.py is not beside stack.py"
    asked = name if top == "aws_cdk" else top
    return f"`import {asked}` finds no package installed{beside}", f"take the import out ({enough})"


def _place(fault: BaseException, file: Path, seen: Seen) -> Place | None:
    if isinstance(fault, SyntaxError) and fault.filename:
        return fault.filename, fault.lineno or 1
    at = [(f.f_code.co_filename, line) for f, line in frames(fault.__traceback__)]
    own = [frame for frame in at if is_own(frame[0], seen.folder)]
    if own:
        return own[-1]
    if seen.callback_place is not None:
        return seen.callback_place
    text = f"{fault}\n{fault.__cause__ or ''}"
    for path in re.findall(r"\[([A-Za-z][^\]\s]*)\]", text):
        if place := nearest_place(seen.places, path):
            return place
    tree = re.findall(r"└─ (\S+) \(", text)
    return nearest_place(seen.places, "/".join(tree)) if tree else None


def _guess(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, [name for name in known if not name.startswith("_")], n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _guess_import(fault: ImportError) -> str:
    named = re.match(r"cannot import name '(\w+)'", str(fault))
    return _guess(named.group(1), _names(sys.modules.get(fault.name or ""))) if named else ""


def _guess_keyword(fault: TypeError) -> str:
    word = str(fault).rsplit("'", 2)[-2]
    *_, (frame, _line) = frames(fault.__traceback__)
    cls = frame.f_locals.get("cls")
    if not isinstance(cls, type):
        return ""
    try:
        return _guess(word, list(inspect.signature(cls.__init__).parameters))  # type: ignore[misc]
    except (TypeError, ValueError):
        return ""


def _names(thing: object) -> list[str]:
    try:
        return dir(thing) if thing is not None else []
    except Exception:
        return []


def _names_in_sight(fault: NameError) -> list[str]:
    *_, (frame, _line) = frames(fault.__traceback__)
    return [*frame.f_locals, *frame.f_globals, *dir(builtins)]


def one_line(text: str) -> str:
    words = "; ".join(line.strip() for line in text.strip().splitlines() if line.strip())
    return words if len(words) <= 300 else words[:297] + "..."
