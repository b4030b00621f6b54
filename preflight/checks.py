"""The words a lab's checks are written in.

A lab's checks.py imports this module and nothing else of Preflight. A check is a function `check_<promise>(stack)`:
its docstring's first line is the promise, its body asks one question and says `expect(...)`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

if TYPE_CHECKING:
    from preflight.clouds import Deployment
    from preflight.template import Design, Item, Template

S3_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
IAM_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
VPC_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide"

Mode = Literal["offline", "live"]
Function = TypeVar("Function", bound=Callable[..., Any])
Result = TypeVar("Result")

_answers: ContextVar[list[Answer] | None] = ContextVar("answers", default=None)


@dataclass(frozen=True)
class Answer:
    """What one `expect` was told."""

    holds: bool
    saw: str
    means: str
    proved: str
    rival: str | None
    bullets: tuple[str, ...]
    read: str
    where: Any


class NotKept(AssertionError):
    """A promise does not hold yet; `answer` says what was seen."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.saw)
        self.answer = answer


class CouldNotAsk(Exception):
    """The question itself could not be put; the promise is neither kept nor broken."""

    def __init__(self, saw: str, *, means: str = "nothing is known yet about this promise") -> None:
        super().__init__(saw)
        self.saw = saw
        self.means = means


def expect(
    holds: bool,
    *,
    saw: str,
    means: str,
    proved: str,
    bullets: Sequence[str],
    read: str,
    rival: str | None = None,
    where: Item | str | None = None,
) -> None:
    """Say whether the promise holds, and what the learner reads in either case.

    `saw` and `means` are read when it does not hold, `proved` and `rival` when it does. `bullets` are exam bullets
    ("SAA-C03 1.3-S5"), `read` is a page of AWS's documentation, `where` the thing to look at in the learner's code:
    an Item, a logical id, or the name of an output. In a check with several, the first that fails is the answer.
    """
    answer = Answer(bool(holds), saw, means, proved, rival, tuple(bullets), read, where)
    heard = _answers.get()
    if heard is not None:
        heard.append(answer)
    if not answer.holds:
        raise NotKept(answer)


def could_not_ask(why: str) -> NoReturn:
    """Give up without judging, in one sentence that says what is missing."""
    raise CouldNotAsk(why)


@dataclass(frozen=True)
class Attempt:
    """What came of a call that AWS may refuse; `code` is AWS's error code, empty when the call went through."""

    ok: bool
    code: str = ""
    message: str = ""
    value: Any = None

    @property
    def denied(self) -> bool:
        """Whether permissions were the reason."""
        return self.code in DENIED


def attempt(call: Callable[..., Any], **kwargs: Any) -> Attempt:
    """Make a call whose refusal is an answer, as in `attempt(s3.get_object, Bucket=notes, Key="note")`.

    A failure that answers nothing (bad credentials, a call the cloud cannot do, a fault on its side) is raised.
    """
    from botocore.exceptions import ClientError

    try:
        return Attempt(ok=True, value=call(**kwargs))
    except ClientError as error:
        if answers_nothing(error):
            raise
        details = error.response.get("Error", {})
        return Attempt(ok=False, code=str(details.get("Code", "")), message=str(details.get("Message", "")))


def allowed(question: Any, **kwargs: Any) -> bool:
    """Whether permissions let it through: a call with its arguments, an Attempt, or what `stack.may` answered.

    A call that fails for another reason than permissions was still let through by them.
    """
    if isinstance(question, Attempt):
        return not question.denied
    if hasattr(question, "answer"):
        return bool(question.answer == "allowed")
    return not attempt(question, **kwargs).denied


def denied(question: Any, **kwargs: Any) -> bool:
    """Whether permissions refuse it; the opposite of `allowed`."""
    return not allowed(question, **kwargs)


def live_only(reason: str) -> Callable[[Function], Function]:
    """Ask this only of a real account or another endpoint; `reason` is read everywhere else."""
    return _marked(only=("live", reason))


def offline_only(reason: str) -> Callable[[Function], Function]:
    """Ask this only of the offline cloud; `reason` is read everywhere else."""
    return _marked(only=("offline", reason))


def after(*checks: Callable[..., None] | str) -> Callable[[Function], Function]:
    """Ask this only once the promises of these checks (or check ids) are kept: one mistake is one answer."""
    return _marked(after=tuple(each if isinstance(each, str) else check_id(each) for each in checks))


def breaks(
    check: str, *, also: Sequence[str] = (), help: str = "", file: str | None = None
) -> Callable[[Function], Function]:
    """Say of a known mistake which promise it breaks, which others with it, and what helps against it.

    A mistake edits the worked template, which it is given. With `file`, the path of a file in a function's folder as
    "app.py", it is given that file's text and returns it edited.
    """
    return _marked(breaks=check, also=tuple(also), help=help, file=file)


def check_id(check: Callable[..., Any]) -> str:
    """A check's id: its function's name without `check_`."""
    return check.__name__.removeprefix("check_")


@dataclass(frozen=True)
class Response:
    """What an HTTP request was answered; `headers` are by lower-case name, several of one name joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body, read as JSON; a body that is no JSON cannot be judged."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise CouldNotAsk(f"the answer, status {self.status}, is no JSON: {self.text[:200]!r}") from None


class Stack:
    """The learner's deployed stack, as a check meets it."""

    def __init__(self, deployment: Deployment, client: Callable[..., Any] | None = None) -> None:
        self._deployment = deployment
        self._client = client or deployment.client

    @property
    def name(self) -> str:
        """The stack's name."""
        return self._deployment.stack_name

    @property
    def mode(self) -> Mode:
        """Where the stack runs: "offline" or "live"."""
        return self._deployment.mode

    @property
    def region(self) -> str:
        """The stack's Region."""
        return self._deployment.region

    @property
    def account(self) -> str:
        """The stack's account id."""
        return self._deployment.account

    @property
    def template(self) -> Template:
        """The template as it was deployed."""
        return self._deployment.template

    @property
    def design(self) -> Design:
        """The template with every intrinsic resolved to what was really made."""
        return self._deployment.design

    def output(self, name: str) -> str:
        """The value of the CloudFormation output the brief asks for.

        An output declared inside a nested construct is found too: there CDK puts the construct's path before the
        name and a hash behind it.
        """
        outputs = self._deployment.outputs
        nested = re.compile(rf"\w+{re.escape(name)}[0-9A-F]{{8}}")
        found = [name] if name in outputs else [each for each in outputs if nested.fullmatch(each)]
        if len(found) != 1:
            raise CouldNotAsk(
                f"the stack has no output named {name}; "
                f'add this line to your stack: cdk.CfnOutput(self, "{name}", value=...)',
                means=f"the checks cannot tell which of your resources is meant by {name}",
            )
        return outputs[found[0]]

    def client(
        self,
        service: str,
        *,
        role: str | None = None,
        user: str | None = None,
        region: str | None = None,
        undone: bool = True,
    ) -> Any:
        """A boto3 client of the deployer, or of a role or user of the stack; what it makes is undone by the runner.

        With `undone=False` it is not: for taking away what the stack itself made of a request (the note behind a POST).
        """
        make = self._client if undone else self._deployment.client
        return make(service, role=role, user=user, region=region)

    def http(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Response:
        """The answer to a plain HTTP request to something of the stack, as `stack.http("GET", stack.output("Url"))`.

        A body that is neither text nor bytes is sent as JSON. A redirect is an answer, and is not followed.
        """
        if self._deployment.request is None:
            raise CouldNotAsk("the cloud this stack runs in takes no plain HTTP requests")
        given = dict(headers or {})
        if body is not None and not isinstance(body, str | bytes):
            body = json.dumps(body)
            if not any(name.lower() == "content-type" for name in given):
                given["Content-Type"] = "application/json"
        sent = body.encode() if isinstance(body, str) else body or b""
        answer = self._deployment.request(method.upper(), url, given, sent)
        told: dict[str, str] = {}
        for name, value in answer.headers:
            told[name.lower()] = f"{told[name.lower()]},{value}" if name.lower() in told else value
        return Response(answer.status, told, answer.body)

    def eventually(self, ask: Callable[[], Result], *, seconds: float = 60) -> Result:
        """What `ask` answers once that is something, for messages, events and functions take their time.

        As in `stack.eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"))`. Offline everything on its
        way has arrived before it asks; in an account it asks every two seconds until the time is over. The last answer
        is given, also when it is nothing.
        """
        waits = self._deliveries("settle") is None
        end = time.monotonic() + (seconds if waits else 0)
        while not (answer := ask()) and time.monotonic() < end:
            time.sleep(2)
        return answer

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the offline cloud's time forward: schedules fire, items expire, alarms are evaluated.

        In an account nobody can; mark the check with `@offline_only`.
        """
        moved = seconds + 60 * (minutes + 60 * (hours + 24 * days))
        if self._deliveries(f"advance/{moved}") is None:
            raise CouldNotAsk("time passes by itself where this stack runs; mark the check with @offline_only")

    def wait(self, seconds: float) -> None:
        """Let so much time pass: offline the cloud's clock is moved on, in an account it is waited for."""
        if self._deliveries(f"advance/{seconds}") is None:
            time.sleep(seconds)

    def outbox(self) -> list[dict[str, Any]]:
        """What would have left AWS: mails, text messages, calls to the web, with `protocol`, `to` and `message`.

        Offline only, for in an account it has left.
        """
        sent = self._deliveries("outbox")
        if sent is None:
            raise CouldNotAsk("what is sent from an account is gone; mark the check with @offline_only")
        return list(sent)

    def asked(self, service: str) -> list[dict[str, Any]]:
        """What a service that thinks for itself was asked about texts, as `stack.asked("comprehend")`, in order.

        Each is the request's parameters, with `operation` and whether it was `answered`. Offline only, where nothing
        thinks and the request is what can be judged.
        """
        asked = self._deliveries(f"asked/{service}")
        if not isinstance(asked, list):
            raise CouldNotAsk(
                f"what {service} is asked is not kept where this stack runs; mark the check @offline_only"
            )
        return list(asked)

    def spend(self, charges: Mapping[str, float], *, forecast: float | None = None) -> list[dict[str, Any]]:
        """Have the account's month cost so much so far, and hear what its cost budgets made of it.

        `charges` are by charge type, as in `stack.spend({"Usage": 33, "Credit": -30}, forecast=41)`; without a forecast
        there is none yet. Each budget in force is {"budget", "counted", "told", "missed"}: what it counted of that, and
        each {"type", "threshold", "to"} it told or, with "why", could not tell. Nothing is remembered: each call is a
        month of its own. Offline only, where money can be spent that nobody has.
        """
        listed = ",".join(f"{name}={amount}" for name, amount in charges.items())
        heard = self._deliveries(f"spend/{listed}/{'' if forecast is None else forecast}")
        if not isinstance(heard, list):
            raise CouldNotAsk("nothing can be spent by asking where this stack runs; mark the check with @offline_only")
        self._deliveries("settle")
        return heard

    def _deliveries(self, asked: str) -> Any:
        return self._deployment.deliveries(asked) if self._deployment.deliveries is not None else None

    def of_type(self, *types: str) -> list[Item]:
        """The resources of these types, with their properties resolved."""
        return self.design.of_type(*types)

    def find(self, name: str) -> list[Item]:
        """The resources with this logical id, construct path (or its tail), physical id or ARN."""
        return self.design.find(name)

    def emulated(self, item: Item | str, path: str) -> bool:
        """Whether a declared property (dotted path) had its effect in the cloud the stack runs in."""
        logical_id = item if isinstance(item, str) else item.logical_id
        return not any(
            logical_id == of and (f"{path}.".startswith(f"{missed}.") or f"{missed}.".startswith(f"{path}."))
            for of, missed in self._deployment.not_emulated
        )

    def may(
        self,
        principal: str,
        action: str,
        resource: str = "*",
        *,
        context: Mapping[str, Any] | None = None,
        also: Sequence[Any] = (),
        through: str | None = None,
    ) -> Any:
        """Whether a principal may do an action, decided from every policy in the design (a Decision).

        `principal` is the name or ARN of a role, user or group, "anyone" for an anonymous caller, or
        "service:lambda.amazonaws.com"; `context` holds condition keys, as {"aws:SecureTransport": "false"}; `also` are
        policies the principal is imagined to have besides, each a document or the ARN of one of AWS's own; `through` is
        the logical id of a VPC endpoint on the way, whose policy is asked, too.
        """
        from preflight.analysis import identities

        imagined = {"also": list(also)} if also else {}
        return identities.may(self.design, principal, action, resource, context=context, through=through, **imagined)

    def who_may(self, action: str, resource: str = "*", *, context: Mapping[str, Any] | None = None) -> Any:
        """Everyone who may do an action, in the design or let in by it, each with the way in (a tuple of Ways)."""
        from preflight.analysis import grants

        return grants.who_may(self.design, action, resource, context=context)

    def what_may(self, principal: str, *, context: Mapping[str, Any] | None = None, also: Sequence[Any] = ()) -> Any:
        """All that a principal may do, after denies and boundaries, a line for each grant (a tuple of Grants).

        A Grant has `names` (every action, spelled out), `resources` and `within` (patterns), `never` (what is taken
        off), `conditions` and `through`, the statements that grant it. `also` is as in `may`.
        """
        from preflight.analysis import grants

        return grants.what_may(self.design, principal, context=context, also=also)

    def reaches(
        self, source: str | Sequence[str], target: str | Sequence[str], port: Any = None, protocol: str = "tcp"
    ) -> Any:
        """Whether packets get from source to target, by routes, network ACLs and security groups."""
        from preflight.analysis import network

        return network.reach(self.design, source, target, port, protocol)

    def exposed(self) -> Any:
        """Everything the internet can reach, with ports and hops, and what only looks open (an Exposure)."""
        from preflight.analysis import exposed

        return exposed.exposed(self.design)

    def survives_loss_of_az(self) -> Any:
        """Whether nothing stops for good whichever Availability Zone is lost (truthy), and `because` why not.

        A database that fails over and a group that starts its instances elsewhere survive, after an interruption.
        """
        from preflight.analysis import resilience

        return resilience.survives(self.design)

    def cost(
        self, *, usage: Mapping[str, float] | None = None, account: str = "new-free", region: str | None = None
    ) -> Any:
        """What the stack costs by existing, per hour, day and month, and with an assumed use besides (an Estimate).

        `usage` overrides what is assumed of a month, as in {"function-requests": 1_000_000}.
        """
        from preflight.analysis import cost

        return cost.estimate(self.design, usage=usage, account=account, region=region, declared=self.template)

    def review(self) -> Any:
        """What cdk-nag and cloudformation-validate find in the design (a Review): true when nothing wants an answer."""
        from preflight import reviewers

        return reviewers.review(self.template, self.design)


@contextmanager
def listening() -> Iterator[list[Answer]]:
    """Collect the answers of one check, in the order they were given (for the runner)."""
    answers: list[Answer] = []
    token = _answers.set(answers)
    try:
        yield answers
    finally:
        _answers.reset(token)


def answers_nothing(error: Any) -> bool:
    """Whether an error of botocore says nothing about the learner's stack."""
    response = getattr(error, "response", None) or {}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = response.get("Error", {})
    # what moto says of a service, or a call, it does not have
    missing = "not yet implemented" in str(said.get("Message", "")).lower()
    return status >= 500 or missing or str(said.get("Code", "")) in ANSWERS_NOTHING


def _marked(**marks: Any) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        function.__dict__.update(marks)
        return function

    return mark


# the words in which AWS's services refuse for want of permission; "403" is all a HEAD request can say
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AuthorizationErrorException",
    }
    | {"NotAuthorizedException", "KMSAccessDeniedException", "403", "Forbidden"}
)

ANSWERS_NOTHING = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException", "RequestExpired"}
    | {"SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthFailure", "InvalidSignatureException", "OptInRequired"}
    | {"Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException"}
    | {"InternalError", "InternalFailure", "ServiceUnavailable", "NotImplemented", "NotYetImplemented"}
)
