"""Turns code into a cloud assembly, with one warm jsii kernel in a child process.

The parent never imports aws_cdk. An assembly whose every input is unchanged is reused without starting the child.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from preflight.assemblies import Entry, Store, folder_digest, key_of
from preflight.errors import BrokenCode, Unavailable
from preflight.fresh import Place, is_own, nearest_place
from preflight.node import node_environment

PROJECT = Path(__file__).resolve().parent.parent

LIMIT = 60.0
START_LIMIT = 180.0
GRACE = 5.0

# jsii never frees what a synth made: node grew from 160 to 291 MB over 100 saves of a VPC stack, to 357 over 200.
RECYCLE_AFTER = 100

# What a stack prints is passed on up to here; a loop that prints must not fill the screen.
MOST_OUTPUT = 8 * 1024

# What the CDK CLI adds to cdk.json's context by itself; its report of annotations is printed by the CLI alone.
CLI_CONTEXT: Mapping[str, Any] = {
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    "@aws-cdk/core:annotationsInValidationReport": False,
}


@dataclass(frozen=True)
class Assembly:
    """A synthesized stack: its cloud assembly, and where in the code each construct was made.

    `directory` stands at least until the Synthesizer that gave it is closed. `seconds` is the wait for the answer.
    `places` maps construct paths ("Lab1/Notes") to (file, line); ask `where`. `warnings` are CDK's annotations.
    """

    directory: Path
    stack_name: str
    template_path: Path
    companions: tuple[str, ...]
    seconds: float
    cached: bool
    file: Path = field(default_factory=Path)
    class_line: int = 1
    places: Mapping[str, Place] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    output: str = ""

    def where(self, construct_path: str) -> Place:
        """(file, line) of the learner's line that made the construct, or the nearest one around it."""
        return nearest_place(self.places, construct_path) or where(self.file, construct_path)


class Synthesizer:
    """Synthesizes stacks in a child process that stays warm until `close`.

    `root` holds cdk.json and `.preflight/`; `say` is given what the learner's code prints (default: to stderr).
    """

    def __init__(self, root: Path | None = None, *, say: Callable[[str], object] | None = None) -> None:
        self.root = (root or PROJECT).resolve()
        self._say = say or _to_stderr
        self._store = Store(self.root / ".preflight" / "assemblies")
        self._child: _Child | None = None
        self._spare: _Child | None = None

    def __enter__(self) -> Synthesizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the child if there is none; does not wait for it. A watch calls this early, and after each answer."""
        if self._spare is not None:
            if self._child is not None:
                self._child.end()
            self._child, self._spare = self._spare, None
        if self._child is None or not self._child.alive():
            self._child = _Child(self.root)

    def synth(self, code: Path, construct_id: str, *, limit: float = LIMIT) -> Assembly:
        """Build the stack class in `code` (a stack file, or a folder with a stack.py) as `construct_id`.

        Raises BrokenCode for anything the learner's code does, with its file and line; `limit` is in seconds.
        Raises Unavailable when CDK itself cannot start.
        """
        return self.begin(code, construct_id, limit=limit).result()

    def begin(self, code: Path, construct_id: str, *, limit: float = LIMIT) -> Pending:
        """Ask for an assembly without waiting; do something else, then call `result()` on what this returns."""
        began = time.time()
        file = _stack_file(code)
        context = self._context()
        key = key_of(file, construct_id, context)
        if not file.is_file():
            from preflight.stack_faults import number_of

            number = number_of(construct_id)
            own = self.root / "workspace" in file.parents
            mend = f"./lab reset {number} puts the starter back" if own else "name one that is there"
            shown = self._shown(file)
            raise BrokenCode(f"there is no such file; {mend}, then ./lab check {number}", file=shown)
        if entry := self._store.find(key):
            return Pending(self, entry=entry, file=file, began=began)
        self.start()
        child = self._child
        assert child is not None
        room = self._store.room()
        asked = {
            "file": str(file),
            "construct_id": construct_id,
            "outdir": str(room / "assembly"),
            "context": context,
            "limit": limit,
        }
        digest = folder_digest(file.parent)
        child.ask(asked)
        return Pending(self, file=file, began=began, child=child, room=room, key=key, digest=digest, asked=asked)

    def review(self, body: Mapping[str, Any], *, limit: float = LIMIT) -> dict[str, Any]:
        """What cdk-nag says of a template, as `preflight.nag_worker.look_over` gives it; `limit` is in seconds.

        Raises Unavailable when CDK itself cannot start.
        """
        self.start()
        child = self._child
        assert child is not None
        asked: dict[str, Any] = {"template": dict(body), "limit": limit}
        child.ask(asked)
        try:
            # what CDK prints here is its own report of the findings, which nobody reads twice
            answer, _, _ = child.answer(asked["id"], limit)
        except _Died as death:
            if death.unready is not None:
                raise Unavailable(
                    f"CDK cannot start here ({death.unready}); ./lab doctor says what is missing"
                ) from None
            late = "Timeout (" in death.stuck or death.late
            how = f"no answer in {limit:g} s" if late else f"its process ended: {death.how}"
            return {"said": [], "left_out": {}, "failed": how}
        self._recycle(child)
        reviewed: dict[str, Any] = answer["reviewed"]
        return reviewed

    def close(self) -> None:
        """End the child and remove what is temporary."""
        for child in (self._child, self._spare):
            if child is not None:
                child.end()
        self._child = self._spare = None
        self._store.close()

    def _context(self) -> dict[str, Any]:
        named = self.root / "cdk.json"
        file = named if named.is_file() else PROJECT / "cdk.json"
        if not file.is_file():
            return dict(CLI_CONTEXT)
        try:
            return {**json.loads(file.read_text("utf-8")).get("context", {}), **CLI_CONTEXT}
        except ValueError as fault:
            raise Unavailable(f"{file.name} is not JSON ({fault}); git checkout {file.name} puts it back") from fault

    def _shown(self, file: Path | str) -> Path:
        return Path(file).relative_to(self.root) if self.root in Path(file).parents else Path(file)

    def _finish(self, pending: Pending) -> Assembly:
        entry, cached = pending.entry, True
        seconds = time.time() - pending.began
        if entry is None:
            entry, seconds = self._collect(pending)
            cached = False
        if entry.output:
            self._say(entry.output)
        made = entry.made
        return Assembly(
            directory=entry.directory,
            stack_name=made["stack_name"],
            template_path=entry.directory / made["template"],
            companions=tuple(made["companions"]),
            seconds=seconds,
            cached=cached,
            file=pending.file,
            class_line=made["class_line"],
            places={path: (file, line) for path, (file, line) in made["places"].items()},
            warnings=tuple(made["warnings"]),
            output=entry.output,
        )

    def _collect(self, pending: Pending) -> tuple[Entry, float]:
        child, room, asked = pending.child, pending.room, pending.asked
        assert child is not None and room is not None
        try:
            answer, at, output = child.answer(asked["id"], asked["limit"])
            if "broken" in answer:
                broken = answer["broken"]
                if output:
                    self._say(output)
                file = self._shown(broken["file"] or pending.file)
                raise BrokenCode(broken["message"], file=file, line=broken["line"])
        except _Died as death:
            if death.output:
                self._say(death.output)
            raise self._died(death, pending) from None
        except BaseException:
            self._store.drop(room)
            raise
        self._recycle(child)
        folder = (pending.file.parent, pending.digest)
        fresh = Entry(room / "assembly", answer["made"], output)
        return self._store.keep(room, pending.key, since=pending.began, folder=folder, entry=fresh), at - pending.began

    def _recycle(self, child: _Child) -> None:
        if child.asked >= RECYCLE_AFTER and self._spare is None and child is self._child:
            self._spare = _Child(self.root)

    def _died(self, death: _Died, pending: Pending) -> Exception:
        assert pending.room is not None
        self._store.drop(pending.room)
        if death.unready is not None:
            return Unavailable(f"CDK cannot start here ({death.unready}); ./lab doctor says what is missing")
        from preflight.stack_faults import number_of

        number = number_of(pending.asked["construct_id"])
        place = _stuck_place(death.stuck, pending.file)
        file, line = place or where(pending.file, "")
        if "Timeout (" in death.stuck or death.late:
            seconds = f"{pending.asked['limit']:g}"
            sentence = (
                f"still running after {seconds} s, an endless loop perhaps; let it end, then ./lab check {number}"
            )
        else:
            sentence = f"the code ended the whole Python process ({death.how}); mend it, then ./lab check {number}"
        return BrokenCode(sentence, file=self._shown(file), line=line)


class Pending:
    """An assembly that was asked for."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        *,
        file: Path,
        began: float,
        entry: Entry | None = None,
        child: _Child | None = None,
        room: Path | None = None,
        key: str = "",
        digest: str = "",
        asked: dict[str, Any] | None = None,
    ) -> None:
        self.file, self.began, self.entry = file, began, entry
        self.child, self.room, self.key, self.digest, self.asked = child, room, key, digest, asked or {}
        self._synthesizer = synthesizer

    @property
    def cached(self) -> bool:
        """Whether the answer was at hand; then no child was started for it."""
        return self.entry is not None

    def result(self) -> Assembly:
        """Wait for the assembly. Raises as `Synthesizer.synth` does."""
        return self._synthesizer._finish(self)


def where(code: Path, construct_path: str) -> Place:
    """(file, line) of the line that makes a construct, by its id literal in the source; else the class's line.

    The innermost id of the path that stands in the source wins: "Lab1/Notes/Resource" finds the line of "Notes".
    """
    file = _stack_file(code)
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return str(file), 1
    calls = {
        arg.value: call.lineno
        for call in sorted((n for n in ast.walk(tree) if isinstance(n, ast.Call)), key=lambda n: -n.lineno)
        for arg in [*call.args[1:2], *(k.value for k in call.keywords if k.arg in {"id", "construct_id"})]
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    }
    for step in reversed(construct_path.split("/")):
        if step in calls:
            return str(file), calls[step]
    return str(file), next((node.lineno for node in tree.body if isinstance(node, ast.ClassDef)), 1)


class _Died(Exception):
    """The child is gone without an answer."""

    def __init__(self, *, how: str, stuck: str = "", output: str = "", late: bool = False, unready: str | None = None):
        super().__init__(how)
        self.how, self.stuck, self.output, self.late, self.unready = how, stuck, output, late, unready


class _Child:
    """One worker process: started without waiting, asked one thing at a time."""

    def __init__(self, root: Path) -> None:
        self.asked = 0
        self._ready = False
        self._got: dict[int, tuple[dict[str, Any], float, str]] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="preflight-"))
        environ = os.environ | node_environment(root)
        # jsii unpacks itself into TMPDIR and leaves it there when killed: this folder goes with the child.
        environ |= {"PYTHONUTF8": "1"} | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._scratch))
        # The native validator looks at the template later and is far faster; where it is not to be had, CDK's does.
        if importlib.util.find_spec("cloudformation_validate"):
            environ["CDK_VALIDATION"] = "false"
        # Those would send learners' synths elsewhere, or add to their context.
        for name in ("CDK_OUTDIR", "CDK_CONTEXT_JSON", "CONTEXT_ENV"):
            environ.pop(name, None)
        engine = str(PROJECT)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, engine, str(self._scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=root,
            env=environ,
            start_new_session=os.name != "nt",
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._questions: IO[bytes] = self._process.stdin
        self._answers: queue.SimpleQueue[tuple[dict[str, Any] | None, float]] = queue.SimpleQueue()
        self._words = _Words(self._process.stderr)
        self._listener = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)
        self._listener.start()

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: dict[str, Any]) -> None:
        """Send a request and number it; does not wait. What is lost because the child is gone, `answer` reports."""
        self.asked += 1
        question["id"] = self.asked
        with contextlib.suppress(OSError):
            self._questions.write(json.dumps(question).encode() + b"\n")
            self._questions.flush()

    def answer(self, number: int, limit: float) -> tuple[dict[str, Any], float, str]:
        """The answer to request `number`, when it came, and what the code printed; raises _Died when none can come."""
        if not self._ready:
            self._wait_until_ready()
        while number not in self._got:
            answer, at = self._next(limit + GRACE)
            if answer is None:
                late = at == 0.0
                if not late:
                    self._settle()
                raise self._death(late=late)
            self._got[answer["id"]] = (answer, at, self._words.take())
        return self._got.pop(number)

    def end(self) -> None:
        """End it and everything it started, at once; its scratch folder goes too."""
        if os.name == "nt":
            self._process.kill()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join(timeout=GRACE)
        self._words.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _wait_until_ready(self) -> None:
        first, _ = self._next(START_LIMIT)
        if first is None or "failed" in first:
            self._settle()
            said = self._words.take(wait=False).strip().splitlines()
            why = (first or {}).get("failed") or (said[-1] if said else f"exit code {self._process.returncode}")
            self.end()
            raise _Died(how="", unready=str(why))
        self._ready = True

    def _next(self, limit: float) -> tuple[dict[str, Any] | None, float]:
        """What came and when: (None, time) when the child has closed its end, (None, 0) when time ran out."""
        try:
            return self._answers.get(timeout=limit)
        except queue.Empty:
            return None, 0.0

    def _settle(self) -> None:
        # A worker that gave up by itself is on its way out; node follows when its pipe closes.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)

    def _death(self, *, late: bool) -> _Died:
        code = self._process.poll()
        try:
            stuck = (self._scratch / "stuck").read_text("utf-8", "replace")
        except OSError:
            stuck = ""
        self.end()
        how = f"exit code {code}"
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                how = signal.Signals(-code).name
        return _Died(how=how, stuck=stuck, output=self._words.take(wait=False), late=late)

    def _listen(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in pipe:
                self._answers.put((json.loads(line), time.time()))
        self._answers.put((None, time.time()))


_START = """
import sys
sys.path[0] = sys.argv[1]
from preflight.synth_worker import main
main()
"""


class _Words:
    """What a child prints: always read, kept up to a limit, taken once an answer."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._kept = bytearray()
        self._dropped = 0
        self._lock = threading.Lock()
        self._ended = threading.Semaphore(0)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def take(self, *, wait: bool = True) -> str:
        if wait:
            self._ended.acquire(timeout=GRACE)
        with self._lock:
            text, dropped = self._kept.decode("utf-8", "replace"), self._dropped
            self._kept.clear()
            self._dropped = 0
        if dropped:
            text += f"\n… and {dropped / 1024:,.0f} KB more that your code printed, not shown\n"
        return text

    def close(self) -> None:
        self._reader.join(timeout=GRACE)
        if not self._reader.is_alive():
            self._pipe.close()

    def _read(self) -> None:
        descriptor = self._pipe.fileno()
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(descriptor, 65536):
                words, *ends = chunk.split(b"\x1e")
                with self._lock:
                    room = max(0, MOST_OUTPUT - len(self._kept))
                    self._kept += words[:room]
                    self._dropped += len(words[room:])
                if ends:
                    self._ended.release()
                    with self._lock:
                        self._kept += b"".join(ends)[:MOST_OUTPUT]
        self._ended.release()


def _stuck_place(report: str, file: Path) -> Place | None:
    """The innermost line of the learner's own code in a faulthandler report."""
    for name, line in re.findall(r'^  File "(.*)", line (\d+) in ', report, flags=re.MULTILINE):
        path = name if Path(name).exists() else _unescaped(name)
        if is_own(path, file.parent) and Path(path).exists():
            return path, int(line)
    return None


def _unescaped(name: str) -> str:
    with contextlib.suppress(UnicodeDecodeError):
        return name.encode("ascii", "ignore").decode("unicode_escape")
    return name


def _stack_file(code: Path) -> Path:
    return (code / "stack.py" if code.is_dir() else code).absolute()


def _to_stderr(text: str) -> None:
    sys.stderr.write(text if text.endswith("\n") else text + "\n")
    sys.stderr.flush()
