"""Warm execution environments for Python functions: each a child process that is kept between invocations.

As on AWS an environment runs one invocation at a time and keeps the handler's globals and its /tmp; invocations at the
same time have one each. It ends when it times out, exits, exceeds its memory or has been idle for long, and with it
every process it has started. Memory is that of the worker process, read from /proc twenty times a second and when it
answers (`RLIMIT_AS` counts what threads reserve and never touch); elsewhere than on Linux only when it answers.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from preflight import function_worker

# what Lambda's Python runtime brings: boto3 and what it needs
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-dependencies, checked_on 2026-11-22
BUNDLED = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
# https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html, checked_on 2026-11-22
LAYER_FOLDERS = ("/python", "/python/lib/python{version}/site-packages")
# the time a handler's module has to be imported, before the function's own timeout begins
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, checked_on 2026-11-22
INIT_SECONDS = 10.0
# Lambda keeps an idle environment for minutes and says not how many; here it is so many, and so many in all
IDLE_SECONDS = 300.0
MOST_IDLE = 16
# what one invocation may print before the rest is left out
MOST_LOG = 20 * 1024 * 1024
# how often a running invocation is looked at
LOOK = 0.05


@dataclass(frozen=True)
class Plan:
    """What an environment is made of; another plan needs another environment.

    `code` and `layers` are zip archives, known here by their digests; `seconds` is the timeout, `memory` and `storage`
    are in MB.
    """

    arn: str
    version: str
    handler: str
    seconds: float
    memory: int
    storage: int
    code: str
    layers: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


@dataclass
class Outcome:
    """How an invocation ended, with what was printed as (milliseconds, text).

    `status` is "answered", "failed" (an error of the handler), "timeout", "exited" or "memory"; `error` holds the
    handler's error or, for "exited", how the process ended. Seconds do not count `init_seconds`, which is None where
    the environment was warm; `peak` is in MB.
    """

    status: Literal["answered", "failed", "timeout", "exited", "memory"]
    body: str = ""
    error: Any = None
    before: list[tuple[int, str]] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0
    init_seconds: float | None = None
    peak: int = 0


class Environments:
    """Every environment of one cloud, idle and busy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Environment] = []
        self._busy: dict[str, list[Environment | None]] = {}
        self._root: Path | None = None
        self._sweeper: threading.Timer | None = None
        self._files = threading.Lock()

    def reserve(self, arn: str, *, most: int | None, most_in_all: int) -> Literal["", "function", "account"]:
        """Count one invocation of a function in; or say whose limit is reached."""
        with self._lock:
            mine = self._busy.setdefault(arn, [])
            if most is not None and len(mine) >= most:
                return "function"
            if sum(map(len, self._busy.values())) >= most_in_all:
                return "account"
            mine.append(None)
            return ""

    def take(self, plan: Plan, code: bytes, layers: list[bytes]) -> Environment:
        """A warm environment of this plan, or a new one; for an invocation that has been reserved."""
        with self._lock:
            stale = [each for each in self._idle if each.plan.arn == plan.arn and self._outdated(each, plan)]
            warm = next((each for each in reversed(self._idle) if each.plan == plan and each.alive), None)
            self._idle = [each for each in self._idle if each is not warm and each not in stale]
        for each in stale:
            each.close()
        environment = warm or self._make(plan, code, layers)
        with self._lock:
            # all may have been closed meanwhile
            busy = self._busy.setdefault(plan.arn, [])
            if None in busy:
                busy.remove(None)
            busy.append(environment)
        return environment

    def give_back(self, arn: str, environment: Environment | None) -> None:
        """An invocation is over; its environment waits for the next one, unless it has ended."""
        with self._lock:
            busy = self._busy.get(arn, [])
            if environment in busy:
                busy.remove(environment)
            elif None in busy:
                busy.remove(None)
            if environment is None:
                return
            keep = environment.alive and self._root is not None
            now = time.monotonic()
            environment.idle_since = now
            ending = [] if keep else [environment]
            if keep:
                self._idle.append(environment)
            ending += self._idle[: max(0, len(self._idle) - MOST_IDLE)]
            self._idle = [each for each in self._idle if each not in ending]
            self._sweep_later()
        for each in ending:
            each.close()

    def forget(self, arn: str) -> None:
        """A function is deleted: end those of its environments that wait for it."""
        with self._lock:
            ending = [each for each in self._idle if each.plan.arn == arn]
            self._idle = [each for each in self._idle if each not in ending]
        for each in ending:
            each.close()

    def close(self) -> None:
        """End them all."""
        with self._lock:
            held = [each for busy in self._busy.values() for each in busy if each is not None]
            ending = [*self._idle, *held]
            self._idle, self._busy = [], {}
            root, self._root = self._root, None
            sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            sweeper.cancel()
        for each in ending:
            each.close()
        if root is not None:
            shutil.rmtree(root, ignore_errors=True)

    def _sweep_later(self) -> None:
        """End in a while what is idle until then."""
        if self._sweeper is None and self._idle:
            self._sweeper = threading.Timer(IDLE_SECONDS, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        with self._lock:
            self._sweeper = None
            now = time.monotonic()
            ending = [each for each in self._idle if now - each.idle_since >= IDLE_SECONDS]
            self._idle = [each for each in self._idle if each not in ending]
            self._sweep_later()
        for each in ending:
            each.close()

    def _outdated(self, held: Environment, plan: Plan) -> bool:
        return not held.alive or (held.plan.version == plan.version and held.plan != plan)

    def _make(self, plan: Plan, code: bytes, layers: list[bytes]) -> Environment:
        with self._files:
            if self._root is None:
                self._root = Path(os.path.realpath(tempfile.mkdtemp(prefix="preflight-functions-")))
            task = self._root / "code" / plan.code
            _unzip(task, [code])
            opt = self._root / "opt" / hashlib.sha256("/".join(plan.layers).encode()).hexdigest()[:16]
            _unzip(opt, layers)
            tmp = self._root / "tmp" / uuid.uuid4().hex
            tmp.mkdir(parents=True)
        return Environment(plan, task, opt, tmp)


class Environment:
    """One child process, with its folders and its log stream."""

    def __init__(self, plan: Plan, task: Path, opt: Path, tmp: Path) -> None:
        self.plan = plan
        self.idle_since = time.monotonic()
        self.log_ready = False
        self.stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{plan.version}]{uuid.uuid4().hex}"
        self._tmp = tmp
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._born = time.monotonic()
        self.born_at = now_ms()
        self._ready = False
        self._closing = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", str(Path(function_worker.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=task,
            env={**dict(plan.variables), **_place(task, tmp), "AWS_LAMBDA_LOG_STREAM_NAME": self.stream},
            bufsize=0,
            start_new_session=os.name != "nt",
        )
        self._printed = _Printed(self._process.stderr)
        threading.Thread(target=self._read, daemon=True).start()
        self._mark = uuid.uuid4().hex
        self._send(
            {
                "task": str(task),
                "opt": str(opt),
                "tmp": str(tmp),
                "root": str(tmp.parent.parent),
                "handler": plan.handler,
                "packages": _packages(),
                "bundled": BUNDLED,
                "layers": [
                    each.format(version=f"{sys.version_info[0]}.{sys.version_info[1]}") for each in LAYER_FOLDERS
                ],
                "storage": plan.storage,
                "mark": self._mark,
            }
        )

    @property
    def alive(self) -> bool:
        """Whether it can take another invocation."""
        return self._process.poll() is None

    def invoke(self, request_id: str, event: str, *, arn: str, client: Any = None, trace: str = "") -> Outcome:
        """Run one invocation; after anything but "answered" and "failed" the environment has ended."""
        init_seconds: float | None = None
        before: list[tuple[int, str]] = []
        began = time.monotonic()
        if not self._ready:
            ended = self._wait(self._born + INIT_SECONDS + self.plan.seconds)
            init_seconds = min(time.monotonic() - self._born, INIT_SECONDS)
            if not isinstance(ended, dict) or ended["error"] is not None:
                self._settle(ended)
                lines, error = self._printed.take(self._mark), ended["error"] if isinstance(ended, dict) else None
                if isinstance(ended, dict):
                    self.close()
                    return Outcome("failed", error=error, before=lines, init_seconds=init_seconds)
                seconds = max(time.monotonic() - self._born - INIT_SECONDS, 0.0)
                return Outcome(ended, error=self._way_out(), before=lines, seconds=seconds, init_seconds=init_seconds)
            self._ready = True
            self._printed.wait(self._mark, 1.0)
            before = self._printed.take(self._mark)
            began = max(self._born + INIT_SECONDS, began) if init_seconds == INIT_SECONDS else time.monotonic()
        self._mark = uuid.uuid4().hex
        left = self.plan.seconds - (time.monotonic() - began)
        deadline = int((time.time() + left) * 1000)
        self._send(
            {
                "id": request_id,
                "event": event,
                "arn": arn,
                "client": client,
                "deadline": deadline,
                "mark": self._mark,
                "trace": trace,
            }
        )
        ended = self._wait(began + self.plan.seconds)
        seconds = time.monotonic() - began
        self._settle(ended)
        made = Outcome("answered", before=before, seconds=seconds, init_seconds=init_seconds)
        made.lines = self._printed.take(self._mark)
        if isinstance(ended, dict):
            made.peak = int(ended["peak"])
            made.body, made.error = str(ended.get("body", "")), ended.get("error")
            made.status = "failed" if made.error is not None else "answered"
            if made.peak > self.plan.memory:
                made.status = "memory"
                self.close()
        else:
            made.status, made.error = ended, self._way_out()
            made.peak = self.plan.memory if ended == "memory" else 0
        return made

    def close(self) -> None:
        """End the process and all that it has started, and remove its /tmp."""
        with self._closing:
            function_worker.end_all(self._process.pid, self.stream)
            with contextlib.suppress(OSError):
                self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            if self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()
            shutil.rmtree(self._tmp, ignore_errors=True)

    def _settle(self, ended: Any) -> None:
        """End what cannot go on, then wait for the last of what it printed."""
        if isinstance(ended, dict):
            self._printed.wait(self._mark, 1.0)
            return
        if ended == "exited":
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        self.close()
        self._printed.wait("", 1.0)

    def _way_out(self) -> str:
        """How the process ended, in the words of AWS's runtime: `exit status 1`, `signal: killed`."""
        code = self._process.returncode
        if code is None or code == 0:
            return ""
        if code > 0:
            return f"exit status {code}"
        import signal

        return f"signal: {_SIGNALS.get(signal.Signals(-code).name, signal.Signals(-code).name)}"

    def _send(self, message: Mapping[str, Any]) -> None:
        data = memoryview(json.dumps(message).encode() + b"\n")
        pipe = self._process.stdin
        assert pipe is not None
        # a process that is gone is found out by whoever waits for its answer
        with contextlib.suppress(OSError, ValueError):
            while data:
                data = data[pipe.write(data) or 0 :]

    def _wait(self, deadline: float) -> Any:
        """The next answer, or the word for why there is none."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return "timeout"
            try:
                answer = self._answers.get(timeout=min(left, LOOK))
            except queue.Empty:
                if self._process.poll() is not None and self._answers.empty():
                    return "exited"
                if _held_memory(self._process.pid) > self.plan.memory:
                    return "memory"
                continue
            return json.loads(answer) if answer else "exited"

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        with contextlib.suppress(OSError, ValueError), io.BufferedReader(pipe, 1 << 20) as answers:  # type: ignore[type-var]
            for line in answers:
                self._answers.put(line)
        self._answers.put(b"")


class _Printed:
    """What a process prints, read by a thread of its own so that it never has to wait."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._change = threading.Condition()
        self._chunks: list[tuple[int, bytes]] = []
        self._size = 0
        self._tail = b""
        self._left_out = False
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, mark: str, seconds: float) -> None:
        """Wait until the mark (or the end, for "") has come through."""
        wanted = f"\n{mark}\n".encode()
        with self._change:
            self._change.wait_for(lambda: self._ended or (bool(mark) and wanted in self._tail), seconds)

    def take(self, mark: str) -> list[tuple[int, str]]:
        """The lines up to the mark as (milliseconds, text), and forget them."""
        with self._change:
            chunks, self._chunks, self._size = self._chunks, [], 0
            left_out, self._left_out = self._left_out, False
            end = f"\n{mark}\n".encode()
            data = b"".join(chunk for _, chunk in chunks)
            at = data.find(end)
            if at >= 0:
                rest = data[at + len(end) :]
                if rest:
                    self._chunks, self._size = [(now_ms(), rest)], len(rest)
        lines = _lines(chunks, at if at >= 0 else len(data))
        if left_out:
            lines.append((now_ms(), f"[preflight keeps the first {MOST_LOG} bytes of an invocation's output]"))
        return lines

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while chunk := self._pipe.read(1 << 16):
                with self._change:
                    self._tail = (self._tail + chunk)[-(len(chunk) + 64) :]
                    if self._size < MOST_LOG:
                        self._chunks.append((now_ms(), chunk))
                        self._size += len(chunk)
                    else:
                        self._left_out = True
                    self._change.notify_all()
        with self._change:
            self._ended = True
            self._change.notify_all()
        with contextlib.suppress(OSError):
            self._pipe.close()


# as Go names them, in which Lambda's own part is written
_SIGNALS = {
    "SIGKILL": "killed",
    "SIGSEGV": "segmentation fault",
    "SIGABRT": "aborted",
    "SIGALRM": "alarm clock",
    "SIGTERM": "terminated",
}


def now_ms() -> int:
    """The time as CloudWatch Logs counts it."""
    return int(time.time() * 1000)


def _lines(chunks: list[tuple[int, bytes]], end: int) -> list[tuple[int, str]]:
    """The first `end` bytes as lines, each with the time its beginning arrived; continued ones are one."""
    lines: list[tuple[int, str]] = []
    open_at, held, seen = 0, b"", 0
    for at, chunk in chunks:
        part = chunk[: max(0, end - seen)]
        seen += len(chunk)
        if not held:
            open_at = at
        *whole, held_now = (held + part).split(b"\n")
        for line in whole:
            _add(lines, open_at, line)
            open_at = at
        held = held_now
    if held:
        _add(lines, open_at, held)
    return lines


def _add(lines: list[tuple[int, str]], at: int, line: bytes) -> None:
    text = line.decode("utf-8", "replace")
    if lines and lines[-1][1].endswith(function_worker.CONTINUED):
        before = lines.pop()
        at, text = before[0], f"{before[1][:-1]}\n{text}"
    lines.append((at, text))


def _unzip(folder: Path, archives: list[bytes]) -> None:
    """Unpack archives over each other, once."""
    if folder.exists():
        return
    half = folder.with_name(f"{folder.name}.half")
    half.mkdir(parents=True)
    for archive in archives:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            packed.extractall(half)
            for each in packed.infolist():
                if each.external_attr >> 16 & 0o111 and not each.is_dir():
                    (half / each.filename).chmod(0o755)
    half.rename(folder)


def _place(task: Path, tmp: Path) -> dict[str, str]:
    """The variables that say where an environment's folders are."""
    return {"LAMBDA_TASK_ROOT": str(task), "TMPDIR": str(tmp), "TEMP": str(tmp), "TMP": str(tmp)}


def _packages() -> str:
    """The folder boto3 is in, found without importing it."""
    found = find_spec("boto3")
    return str(Path(found.origin).parent.parent) if found is not None and found.origin else ""


def _held_memory(pid: int) -> int:
    """What a process holds now, in MB; 0 where nobody says."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1048576
    except (OSError, AttributeError, IndexError, ValueError):
        return 0
