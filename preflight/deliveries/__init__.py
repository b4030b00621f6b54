"""What one emulated service hands on to another: judged first, then delivered, retried, or put aside."""

from __future__ import annotations

import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from time import monotonic
from typing import Any, Protocol

from preflight.deliveries.work import Work
from preflight.function_lineage import HEADER

# seconds before what failed is tried again, where AWS waits for a visibility timeout, or longer and longer
PACE = 0.05
# how often something that fails is tried at that pace; later tries wait as long as on AWS
QUICK_TRIES = 12

# where the endpoint tells of deliveries
PATH = "/_preflight/deliveries"

# what installs itself when a service's module of moto has been loaded, and the last name that module defines
_HOOKS = {
    "moto.sqs.models": ("queues", "sqs_backends"),
    "moto.sns.models": ("topics", "sns_backends"),
    "moto.s3.models": ("buckets", "s3_backends"),
    "moto.events.models": ("bus", "events_backends"),
    "moto.scheduler.models": ("schedules", "scheduler_backends"),
    "moto.awslambda.models": ("mappings", "lambda_backends"),
    "moto.dynamodb.models.table": ("tables", "Table"),
    "moto.kinesis.models": ("streams", "kinesis_backends"),
    "moto.cloudwatch.models": ("alarms", "cloudwatch_backends"),
    "moto.pipes.models": ("pipes", "pipes_backends"),
    "moto.logs.models": ("lines", "logs_backends"),
    "moto.ec2.models": ("instances", "ec2_backends"),
    "moto.stepfunctions.parser.backend.execution": ("executions", "Execution"),
}


class Judge(Protocol):
    """Who decides about every delivery."""

    denied: deque[tuple[str, str, str]]
    undecided: deque[tuple[str, str, tuple[str, ...]]]

    def may_deliver(self, service: str, action: str, resource: str, *, source: str, account: str | None = None) -> Any:
        """Whether a resource's own policy lets a service act on it."""

    def may_act(self, role: str, action: str, resource: str, *, service: str, source: str = "") -> Any:
        """Whether a service that was handed a role may act with it."""


class Deliveries:
    """Everything on its way between the services of one cloud.

    What needs no function arrives within the call that caused it; functions are called in threads of their own, which
    start with the first message and end with the cloud. A delivery that AWS would refuse is dropped as on AWS, and
    noted in the judge's `denied`; one that broke here is noted in `faults`.

    Waiting is shortened: what failed is tried again after PACE seconds, QUICK_TRIES times, and from then on only after
    the queue's real visibility timeout, or when the next record comes. Batching windows last PACE seconds too. No
    schedule waits for the clock: `advance` and `tick` move this cloud's time forward and fire what is due by then.

    `outbox` holds what would leave AWS: mails, text messages and calls to other machines, each as
    {"protocol", "to", "subject", "message", "topic", "subscription"}.
    """

    def __init__(
        self,
        judge: Judge,
        *,
        account: str = "123456789012",
        functions: Callable[[], Any] = lambda: None,
        client: Callable[..., Any] | None = None,
        pace: float = PACE,
    ) -> None:
        """`functions` gives the cloud's running functions when one is needed, `client(service, region=…)` a client."""
        self.judge = judge
        self.account = account
        self.pace = pace
        self.client: Callable[..., Any] = client or _no_client
        self.outbox: list[dict[str, Any]] = []
        self.faults: deque[str] = deque(maxlen=200)
        self.memory: dict[str, Any] = {}
        self.work = Work(self.faults.append)
        self.asked = threading.local()
        self._functions = functions
        self._waiting = dict(_HOOKS)
        self._lock = threading.RLock()
        self._undo = ExitStack()
        self._ahead = timedelta()
        self._ticked: datetime | None = None

    @property
    def functions(self) -> Any:
        """The cloud's running functions."""
        return self._functions()

    def notice(self, request: Any) -> None:
        """Look at a request on its way to a service: that service can be listened to from now on."""
        self.asked.request = request
        if not self._waiting:
            return
        ready = [name for name, (_, last) in self._waiting.items() if hasattr(sys.modules.get(name), last)]
        if ready:
            self._listen(ready)

    @property
    def trace(self) -> str:
        """The trace header of the request that is answered in this thread, empty when a function did not make it."""
        request = getattr(self.asked, "request", None)
        return str(request.headers.get(HEADER) or "") if request is not None else ""

    def settle(self, timeout: float = 10) -> bool:
        """Wait until every message on its way has arrived, been retried or put aside; False when that took longer."""
        end = monotonic() + timeout
        while True:
            if not self.work.wait(end - monotonic()):
                return False
            seen = self.work.count
            functions = self.functions
            if functions is not None and not functions.settle(max(0.0, end - monotonic())):
                return False
            if self.work.idle and self.work.count == seen:
                return True

    def now(self) -> datetime:
        """This cloud's time."""
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> int:
        """Move the time forward and fire every schedule that falls due on the way; how many fired."""
        return self.tick(self.now() + timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days))

    def tick(self, at: datetime | None = None) -> int:
        """Fire every schedule that is due by `at` (an aware time, or now), let items expire, evaluate alarms.

        How many schedules fired.
        """
        from preflight.deliveries import alarms, schedules, tables

        before, until = self.now(), at or self.now()
        with self._lock:
            if until > self.now():
                self._ahead = until - datetime.now(UTC)
            since, self._ticked = self._ticked, until
        fired = schedules.fire(self, since, until)
        tables.expire(self)
        alarms.evaluate_all(self, before)
        return fired

    def page(self, asked: str) -> Any:
        """What the endpoint answers under PATH.

        That is settle, outbox, undelivered, asked/SERVICE, spend/CHARGES/FORECAST, or advance/SECONDS.
        """
        word, _, rest = asked.strip("/").partition("/")
        if word == "settle":
            return {"settled": self.settle()}
        if word == "advance":
            if not re.fullmatch(r"(\d+(\.\d*)?)?", rest):
                return {"error": f"advance/SECONDS takes a number of seconds, not {rest}"}
            return {"fired": self.advance(float(rest or 0)), "settled": self.settle(), "now": self.now().isoformat()}
        if word == "asked":
            return _asked_of(rest)
        if word == "spend":
            from preflight.deliveries import budgets

            return budgets.spend(self, *budgets.charges_in(rest))
        told = {"outbox": self.outbox, "undelivered": self.undelivered, "denied": list(self.judge.denied)}
        return told.get(word, {"error": f"ask for settle, advance/SECONDS, asked/SERVICE, {', '.join(told)}"})

    @property
    def undelivered(self) -> list[tuple[str, str, str]]:
        """What nobody was told of and no queue kept: (from, to, why)."""
        return list(self.memory.get("undelivered", []))

    def not_delivered(self, source: str, target: str, why: object) -> None:
        """Note what AWS drops without a word."""
        self.memory.setdefault("undelivered", []).append((source, target, str(why)))

    def send_mail(self, **message: Any) -> None:
        """Note what would leave AWS."""
        self.outbox.append(message)

    def permits(self, service: str, action: str, resource: str, source: str) -> bool:
        """Whether a resource's policy lets a service act on it; a denial is noted."""
        return self._judged(action, resource, self.judge.may_deliver(service, action, resource, source=source))

    def permits_role(self, role: str, service: str, action: str, resource: str, source: str = "") -> bool:
        """Whether a service may act with the role it was handed; a denial is noted."""
        decision = self.judge.may_act(role, action, resource, service=service, source=source)
        return self._judged(action, resource, decision)

    def reset(self) -> None:
        """Forget everything that is on its way, and go back to the real time."""
        self.work.forget()
        self.outbox.clear()
        self.faults.clear()
        self.memory.clear()
        self._ahead, self._ticked = timedelta(), None

    def close(self) -> None:
        """Stop, and leave moto as it was."""
        self.work.close()
        self._undo.close()

    def _judged(self, action: str, resource: str, decision: Any) -> bool:
        if decision.answer == "depends":
            self.judge.undecided.append((action, resource, decision.depends_on))
            return True
        if not decision:
            self.judge.denied.append((action, resource, decision.because))
        return bool(decision)

    def _listen(self, names: list[str]) -> None:
        with self._lock:
            for name in names:
                hook = self._waiting.pop(name, None)
                if hook is not None:
                    module = import_module(f"{__name__}.{hook[0]}")
                    self._undo.enter_context(module.listening(self))


@contextmanager
def delivering(deliveries: Deliveries) -> Iterator[Deliveries]:
    """Deliver what this process's moto hands on, until the context ends. Start moto and its judge first."""
    from unittest.mock import patch

    from moto.moto_api import recorder

    record = recorder._record_request

    def noticed(request: Any, body: bytes | None = None) -> None:
        # the one place both of moto's modes pass with the request before its service; the judge comes first
        record(request, body)
        deliveries.notice(request)

    with patch.object(recorder, "_record_request", noticed):
        try:
            yield deliveries
        finally:
            deliveries.close()


def patched(target: Any, **replacements: Any) -> AbstractContextManager[None]:
    """Replace several attributes of one thing until the context ends."""
    from unittest.mock import patch

    @contextmanager
    def replaced() -> Iterator[None]:
        with ExitStack() as stack:
            for name, value in replacements.items():
                stack.enter_context(patch.object(target, name, value))
            yield

    return replaced()


def backend(module: str, attribute: str, account: str, region: str) -> Any:
    """A service's backend in moto, None where there is none yet."""
    backends = getattr(sys.modules.get(f"moto.{module}.models"), attribute, None)
    return backends[account][region] if backends is not None and region in backends[account] else None


def backends_of(module: str, attribute: str) -> list[tuple[str, str, Any]]:
    """Every backend of a service there is: (account, Region, backend)."""
    backends: Mapping[str, Any] = getattr(sys.modules.get(f"moto.{module}.models"), attribute, None) or {}
    return [(account, region, each) for account in list(backends) for region, each in list(backends[account].items())]


def _asked_of(service: str) -> Any:
    """What a service that has no engine here was asked, in order; its backends keep it as `preflight_asked`."""
    if service not in _KEPT:
        return {"error": f"what {service or 'a service'} is asked is not kept; ask for asked/{_KEPT[0]}"}
    backends = backends_of(service, f"{service}_backends")
    return [note for _, _, each in backends for note in getattr(each, "preflight_asked", [])]


_KEPT = ("comprehend",)


def _no_client(*_: Any, **__: Any) -> Any:
    raise RuntimeError("these deliveries were given no clients")
