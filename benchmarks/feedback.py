"""How fast the learner gets an answer, as ratios to `cdk synth` of the same stack alone, measured in one run.

    python benchmarks/feedback.py [--runs 3] [--json]

Baseline: the ordinary CDK CLI's `cdk synth` of an app that holds only Lab 1's worked stack, with the CLI's defaults
(its own validation on) and the same node. Every figure is the median of the runs. Memory is the peak of the sum over
the process tree, node included.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

# what was promised, and in what: a ratio to the baseline, seconds, or megabytes
LIMITS = {
    "check 1, cold": ("ratio", 0.8),
    "check 1, unchanged": ("ratio", 0.5),
    "watch, save to answer": ("seconds", 1.0),
    "watch, as a ratio": ("ratio", 0.35),
    "list": ("seconds", 0.4),
    "lab": ("seconds", 0.4),
    "memory of a check": ("megabytes", 700.0),
}


def main() -> None:
    """Measure everything and print one table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--json", action="store_true")
    arguments = options.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), arguments.runs)
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"baseline: cdk synth of Lab 1's worked stack alone, {rows['baseline_seconds']:.2f} s\n")
    for name, (kind, limit) in LIMITS.items():
        value, seconds = rows[name], rows.get(f"{name} seconds")
        shown = {"ratio": f"{value:.2f} x", "seconds": f"{value:.2f} s", "megabytes": f"{value:.0f} MB"}[kind]
        beside = f"({seconds:.2f} s)" if seconds is not None else ""
        print(f"{name:<24} {shown:>8} {beside:<10} promised <= {limit:g}   {'kept' if value <= limit else 'NOT KEPT'}")


def measure(folder: Path, runs: int) -> dict[str, float]:
    """The figures by name; seconds beside every ratio."""
    baseline = median(runs, bare_synth(folder))
    cold = median(runs, lambda: lab("check", "1", "--worked"), before=forget_assemblies)
    lab("check", "1", "--worked")
    unchanged = median(runs, lambda: lab("check", "1", "--worked"))
    watch = watched(folder, runs)
    forget_assemblies()
    return {
        "baseline_seconds": baseline,
        "check 1, cold": cold / baseline,
        "check 1, cold seconds": cold,
        "check 1, unchanged": unchanged / baseline,
        "check 1, unchanged seconds": unchanged,
        "watch, save to answer": watch,
        "watch, as a ratio": watch / baseline,
        "list": median(runs, lambda: lab("list")),
        "lab": median(runs, lambda: lab()),
        "memory of a check": peak_memory("check", "1", "--worked"),
    }


def bare_synth(folder: Path) -> Callable[[], None]:
    """An app that holds only Lab 1's worked stack, synthesized by the ordinary CLI."""
    from preflight.node import cdk_cli

    app = folder / "bare"
    shutil.copytree(ROOT / "stacks" / "lab01_first_bucket", app)
    (app / "app.py").write_text(
        "import inspect\nimport aws_cdk as cdk\nimport stack\n"
        "found = [each for each in vars(stack).values() if inspect.isclass(each) and issubclass(each, cdk.Stack)]\n"
        "app = cdk.App()\nfound[0](app, 'Lab1')\napp.synth()\n"
    )
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    (app / "cdk.json").write_text(json.dumps({"app": f'"{PYTHON}" app.py', "context": context}))
    cli = cdk_cli(ROOT)
    environment = {**quiet(), **cli.environment}
    command = [*cli.command, "synth", "--quiet", "--no-notices"]
    return lambda: run(command, cwd=app, env=environment)


def lab(*arguments: str) -> None:
    """One command of ours, as a learner starts it; 0 and 1 are both answers."""
    run([PYTHON, str(ROOT / "lab"), *arguments], cwd=ROOT, env=quiet(), good=(0, 1))


def forget_assemblies() -> None:
    """Make the next check a cold one."""
    shutil.rmtree(ROOT / ".preflight" / "assemblies", ignore_errors=True)


def watched(folder: Path, runs: int) -> float:
    """Seconds from saving a stack file to the new answer on the screen of `check --watch`."""
    code = folder / "watched"
    shutil.copytree(ROOT / "stacks" / "lab01_first_bucket", code)
    with watching("check", "1", "--code", str(code), "--watch") as answered:
        answered()
        taken = []
        for number in range(runs + 1):
            time.sleep(1.0)
            file = code / "stack.py"
            file.write_text(file.read_text() + f"\n# save {number}\nSAVED = {number}\n")
            begun = time.perf_counter()
            answered()
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


@contextmanager
def watching(*arguments: str) -> Iterator[Callable[[], None]]:
    """A watch under a terminal of its own; the yielded call waits for its next whole answer."""
    terminal, other = pty.openpty()
    process = subprocess.Popen(
        [PYTHON, str(ROOT / "lab"), *arguments], cwd=ROOT, env=quiet(), stdin=other, stdout=other, stderr=other
    )
    os.close(other)
    screen = ""

    def answered() -> None:
        nonlocal screen
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if re.search(r"q quit", screen):
                screen = ""
                return
            if select.select([terminal], [], [], 0.05)[0]:
                screen += ANSI.sub("", os.read(terminal, 65536).decode(errors="replace"))
        raise SystemExit(f"no answer from the watch within a minute; the screen says: {screen[-400:]}")

    try:
        yield answered
        os.write(terminal, b"q")
        process.wait(10)
    finally:
        process.kill()
        os.close(terminal)


def peak_memory(*arguments: str) -> float:
    """The largest sum of resident memory over the tree of one command, in MB."""
    process = subprocess.Popen(
        [PYTHON, str(ROOT / "lab"), *arguments], cwd=ROOT, env=quiet(), stdout=subprocess.DEVNULL
    )
    done, peak = Event(), [0]

    def sample() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], sum(map(resident, tree(process.pid))))

    sampler = Thread(target=sample)
    sampler.start()
    process.wait()
    done.set()
    sampler.join()
    return peak[0] / 1e6


def tree(pid: int) -> list[int]:
    """The process and everything it started."""
    children: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    except OSError:
        return [pid]
    return [pid, *(each for child in children for each in tree(child))]


def resident(pid: int) -> int:
    """Proportional memory of a process in bytes: what it shares is counted once over the tree."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def median(runs: int, action: Callable[[], object], before: Callable[[], None] | None = None) -> float:
    """The median seconds of an action, after one run that warms the disk's cache."""
    taken = []
    for _ in range(runs + 1):
        if before:
            before()
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def run(command: list[str], *, cwd: Path, env: dict[str, str], good: tuple[int, ...] = (0,)) -> None:
    """Run a command in silence, and stop the benchmark when it fails."""
    finished = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if finished.returncode not in good:
        raise SystemExit(f"{' '.join(command)} ended with {finished.returncode}: {finished.stderr[-600:]}")


def quiet() -> dict[str, str]:
    """An environment in which nothing reaches out."""
    return {
        **os.environ,
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
