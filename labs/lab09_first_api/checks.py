"""What the notes API promises to the ward's scripts, and to the team that runs it."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from preflight.checks import IAM_GUIDE, Response, Stack, after, attempt, could_not_ask, expect


def check_a_note_comes_back(stack: Stack) -> None:
    """A note that was posted comes back.

    An API is a promise in words both sides can test: this method, this path, this body, this answer. Whoever calls it
    never learns that a function or a table stands behind it, and never has to.
    """
    # a space before and a line's end behind are letters, too
    text = f'  Chest pain since 06:30, "worse" at night; 38,2 °C —\n\tgrößer als gestern. {uuid.uuid4().hex}\n'
    words = dict(
        proved="POST /notes answers 201 with an id, and GET /notes/{id} gives back the same text, letter by letter",
        rival="A script could write to the table itself. What would it have to know, and be allowed to do?",
        bullets=["CLF-C02 3.1-K2", "CLF-C02 3.3-S3", "SAA-C03 2.1-K1"],
        read=f"{GATEWAY_GUIDE}/http-api.html",
        where="ApiUrl",
    )
    with notes_taken_away(stack) as posted:
        taken = post(stack, {"text": text}, posted)
        expect(
            taken.status == 201,
            saw=f"POST /notes with a good note is answered {said(taken)}",
            means="the ward's script stops at its first note",
            **words,
        )
        id = id_of(taken)
        expect(
            bool(id),
            saw=f"POST /notes is answered 201 without an id: {taken.text[:120]!r}",
            means="the note is somewhere, and nobody can ask for it",
            **words,
        )
        given = stack.eventually(lambda: found(stack, id), seconds=10) or get(stack, id)
        expect(
            given.status == 200,
            saw=f"GET /notes/{id}, asked for the note that was posted a moment ago, is answered {said(given)}",
            means="the doctor on the next shift looks for a note that was taken, and finds none",
            **words,
        )
        back = read(given)
        other = back.get("text", given.text[:160])
        expect(
            back.get("text") == text and str(back.get("id")) == id,
            saw=f"the note {text!r} comes back as {other!r}"
            if other != text
            else f"the note with the id {id} comes back as {given.text[:160]!r}",
            means="what a nurse wrote and what a doctor reads are two different notes",
            **words,
        )
        again = id_of(post(stack, {"text": text}, posted))
        expect(
            again != id,
            saw=f"two notes posted one after the other have the same id, {id}",
            means="the second patient's note takes the first one's place",
            **words,
        )


@after(check_a_note_comes_back)
def check_the_table_holds_the_notes(stack: Stack) -> None:
    """The table holds the notes, and nothing else does.

    Lambda keeps a process for a while, and may start ten more beside it or none at all. What lives in a function's
    memory is known to one of them until it is gone. So functions are stateless, and state lives in a database.
    """
    words = dict(
        bullets=["CLF-C02 3.4-S3", "CLF-C02 3.3-S3", "SAA-C03 2.1-K4"],
        read="https://docs.aws.amazon.com/lambda/latest/dg/concepts-application-design.html",
        rival="RDS would hold them too. What would stand there, and cost, in the hours when nobody asks?",
        where="NotesTable",
    )
    table = the_table(stack)
    with notes_taken_away(stack) as posted:
        before = table.items()
        id = id_of(post(stack, {"text": "stands in the table"}, posted))
        fresh = stack.eventually(lambda: {key: item for key, item in table.items().items() if key not in before})
        expect(
            bool(fresh),
            saw=f"after a POST the table {table.name} holds what it held before",
            means="the note lives in the memory of one running function, and dies with it",
            proved=f"a posted note is an item of {table.name}",
            **words,
        )
        for item in fresh.values():
            table.take_away(item)
        gone = stack.eventually(lambda: refused(get(stack, id)), seconds=10) or get(stack, id)
        expect(
            gone.status >= 400,
            saw=f"its item was taken out of {table.name}, and GET /notes/{{id}} is still answered {said(gone)}",
            means="there is a second place where notes live, and it disagrees with the table",
            proved="taken out of the table, the note is gone from the API at once",
            **words,
        )


@after(check_a_note_comes_back)
def check_a_bad_note_is_refused(stack: Stack) -> None:
    """A note that is none is refused, with the reason.

    A status says whose fault it was: 4xx, mend your request; 5xx, our side broke, try again later. A script that is
    told 500 for its own mistake sends the same mistake all night.
    """
    words = dict(
        rival="API Gateway's request validation refuses before a function runs. What can it check, and what not?",
        bullets=["CLF-C02 3.8-S4", "SAA-C03 2.1-K1"],
        read=f"{GATEWAY_GUIDE}/http-api-develop-integrations-lambda.html",
        where="ApiUrl",
    )
    proved = f"{len(BAD_NOTES)} bad bodies are answered 400 with a reason in JSON, and none of them is kept"
    with notes_taken_away(stack) as posted:
        # a character is one whatever it weighs: an ö is two bytes
        for letter, those in (("x", ""), ("ö", ", each of them an ö,")):
            longest = post(stack, {"text": letter * LONGEST}, posted)
            expect(
                longest.status == 201,
                saw=f"a text of exactly 1,000 characters{those} is answered {said(longest)}",
                means="a note within the contract is turned away",
                proved=proved,
                **words,
            )
        table = the_table(stack)
        before = table.items()
        for what, body in BAD_NOTES:
            answer = post(stack, body, posted)
            expect(
                answer.status == 400,
                saw=f"a body {what} is answered {said(answer)}",
                means="the caller is told that our side broke, and tries again"
                if answer.status >= 500
                else "rubbish stands in the table, and the one who reads it is not the one who sent it",
                proved=proved,
                **words,
            )
            expect(
                bool(read(answer)),
                saw=f"a body {what} is answered 400, with {answer.text[:80]!r} for a reason",
                means="the script's author has to guess what was not in order",
                proved=proved,
                **words,
            )
        kept = [key for key in table.items() if key not in before]
        expect(
            not kept,
            saw=f"{len(kept)} of the bad notes stand in the table though they were answered 400",
            means="what was refused is kept all the same",
            proved=proved,
            **words,
        )


@after(check_a_note_comes_back)
def check_nothing_else_is_answered(stack: Stack) -> None:
    """What the contract does not offer is refused.

    Every door that is open is one somebody finds. A list of all notes that nobody asked for is a leak; a catch-all
    route hands each of those requests to your code, and your code has to be right about all of them.
    """
    words = dict(
        proved=f"an unknown id is answered 404, {len(ELSEWHERE)} other requests are refused, and the note stays",
        rival="One {proxy+} route is less to write. Who decides then what is refused?",
        bullets=["CLF-C02 2.3-K3", "SAA-C03 1.2-K4"],
        read=f"{GATEWAY_GUIDE}/http-api-develop-routes.html",
        where="ApiUrl",
    )
    with notes_taken_away(stack) as posted:
        id = id_of(post(stack, {"text": "as it was"}, posted))
        for unknown in (uuid.uuid4().hex, f"{id}000000", "no-such-note"):
            answer = get(stack, unknown)
            expect(
                answer.status == 404 and bool(read(answer)),
                saw=f"GET /notes/{unknown}, an id no note has, is answered {said(answer)}",
                means="a caller cannot tell a note that is not there from an API that is broken",
                **words,
            )
        for method, path, body in ELSEWHERE:
            answer = ask(stack, method, path.replace("ID", quote(id, safe="")), body)
            expect(
                400 <= answer.status < 500,
                saw=f"{method} {path[:40].replace('ID', '{id}')} is answered {said(answer)}",
                means="the request was none of the contract's two, and breaks something behind the door"
                if answer.status >= 500
                else "whoever tries this gets more than the contract offers",
                **words,
            )
        note = get(stack, id)
        expect(
            note.status == 200 and read(note).get("text") == "as it was",
            saw=f"after all of that the note is answered {said(note)}",
            means="a request that was refused has changed, or deleted, a note",
            **words,
        )


@after(check_a_note_comes_back)
def check_a_flood_is_throttled(stack: Stack) -> None:
    """A flood is answered 429, and a busy minute is not.

    Lambda and DynamoDB grow with whatever arrives, and so does the bill. API Gateway counts with a token bucket: the
    burst is its size, the rate how fast it fills again. What finds it empty is answered 429 and costs nothing behind
    the door. On AWS both are targets and not exact; there the declared numbers are what can be judged.
    """
    words = dict(
        rival="Reserved concurrency on the function limits too. What does the caller see then, and who else is hit?",
        bullets=["SAA-C03 2.1-K1", "CLF-C02 3.3-S4", "CLF-C02 3.1-K1"],
        read=f"{GATEWAY_GUIDE}/http-api-throttling.html",
        where="ApiUrl",
    )
    for flood in floods(stack):
        each = f"{flood.route} of stage {flood.stage}"
        expect(
            flood.at_once >= SHIFT,
            saw=f"{each} answers {flood.at_once:g} requests at once, and 429 to the next",
            means="at half past six ten wards ask at the same moment, and some of them are turned away",
            proved=flood.proved,
            **words,
        )
        expect(
            flood.at_once <= BURST,
            saw=f"{each} {flood.without_end}",
            means="one script in a loop runs the function, and the bill, as fast as the account allows",
            proved=flood.proved,
            **words,
        )
        expect(
            flood.a_second <= RATE,
            saw=f"{each} goes on to answer {flood.a_second:g} requests a second",
            means="one script in a loop keeps the function busy at that rate until somebody notices",
            proved=flood.proved,
            **words,
        )


def check_the_function_has_its_job_alone(stack: Stack) -> None:
    """What runs behind the API may put and get notes, and nothing else.

    The function reads text from strangers. What its role cannot do, no crafted note can make it do, and a mistake in
    the code can neither empty the table nor read it out.
    """
    table, roles = the_table(stack), workers(stack)
    served = [base_of(function) for function in functions(stack)]
    for role in roles:
        beyond = [
            (name, resource)
            for grant in stack.what_may(role)
            for resource in grant.resources
            # what a function's own policy grants to everyone is another promise
            if grant.by_identity or resource.startswith(table.arn)
            for name in grant.names
            if not is_the_job(name, (resource, *grant.within), table.arn, grant.conditions)
            # API Gateway may call the function with a role of its own
            and not (name == "lambda:InvokeFunction" and resource.startswith(tuple(served)))
        ]
        beyond.sort(key=lambda each: (not each[0].startswith("dynamodb:"), "Delete" not in each[0]))
        few = [f"{name} on {plainly(resource, table)}" for name, resource in beyond[:2]]
        more = f" and {len(beyond) - len(few)} more" if len(beyond) > len(few) else ""
        expect(
            not beyond,
            saw=f"{named(stack, role)} may {', '.join(few)}{more}",
            means="a mistake in the function, or a note made to fool it, reaches further than one note",
            proved=f"{counted(len(roles), 'role')} behind the API: put and get on {table.name}, its own logs, no more",
            rival="table.grant_read_write_data(function) is one line. Which of its actions does this API never need?",
            bullets=["CLF-C02 2.3-K3", "CLF-C02 2.3-S3"],
            read=f"{IAM_GUIDE}/best-practices.html#grant-least-privilege",
            where=next(iter(stack.find(role)), None),
        )


def check_the_api_is_the_only_door(stack: Stack) -> None:
    """The API is the only door to the notes.

    A limit on the front door is worth what the side door is worth. A function URL, a permission for every API there
    is, or a table somebody else may read goes round the contract, the limit and the log at once.
    """
    words = dict(
        rival="A function URL is HTTPS without API Gateway, and free. What would this API lose with it?",
        bullets=["CLF-C02 2.3-K3", "SAA-C03 1.2-K4"],
        read="https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
    )
    table, roles, served = the_table(stack), workers(stack), functions(stack)
    proved = "nobody but this API may call what stands behind it, and nobody else may touch the table"
    for function in served:
        for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
            others = [way for way in stack.who_may(action, function) if is_a_stranger(stack, way, roles)]
            expect(
                not others,
                saw=f"{called(others)} may {action.partition(':')[2]} {named(stack, function)}",
                means="there is a way to the notes without limit, log or contract",
                proved=proved,
                where=next(iter(stack.find(base_of(function))), None),
                **words,
            )
        for api in (*other_apis(stack), "strangers0"):
            source = f"arn:aws:execute-api:{stack.region}:{stack.account}:{api}/prod/GET/notes"
            context = {"aws:SourceArn": source, "aws:SourceAccount": stack.account}
            way = stack.may("service:apigateway.amazonaws.com", "lambda:InvokeFunction", function, context=context)
            expect(
                way.answer != "allowed",
                saw=f"API Gateway may call {named(stack, function)} for {'any API' if api == 'strangers0' else api}",
                means="whoever makes an API of their own puts it in front of your function, without your limit",
                proved=proved,
                where=next(iter(stack.find(base_of(function))), None),
                **words,
            )
    for item in (item for role in roles for item in stack.find(role)):
        others = [who for who in trusted_by(item) if who not in RUNNERS]
        expect(
            not others,
            saw=f"{' and '.join(others[:2])} may take the role {named(stack, str(item.arn))}",
            means="whoever takes the function's role reads and writes notes as the function does",
            proved=proved,
            where=item,
            **words,
        )
    for action in TOUCHING:
        others = [way for way in stack.who_may(action, table.arn) if is_a_stranger(stack, way, roles)]
        expect(
            not others,
            saw=f"{called(others)} may {action} on {table.name}",
            means="notes are read or changed without the API noticing",
            proved=proved,
            where="NotesTable",
            **words,
        )


@after(check_a_note_comes_back)
def check_every_request_leaves_a_line(stack: Stack) -> None:
    """Every request leaves a line in the access log, and no log holds a note.

    When somebody says "it did not work at seven", this line is the answer: what was asked, and what came of it. A
    log is read by more people than the table is, so what a note says has no place in it.
    """
    words = dict(
        rival="CloudTrail records who changed the API. Why is the GET of a note not in it?",
        bullets=["CLF-C02 2.2-S5", "CLF-C02 2.2-K3", "CLF-C02 3.8-S4"],
        read=f"{GATEWAY_GUIDE}/http-api-logging.html",
        where="ApiUrl",
    )
    proved = "four requests each left a line with method, path and status; the note's text is in no log"
    group = access_log(stack)
    expect(
        bool(group),
        saw="the stage behind ApiUrl writes no access log to a log group",
        means="nobody can say what was asked at seven, nor what came of it",
        proved=proved,
        **words,
    )
    marker = f"marker-{uuid.uuid4().hex}"
    groups = {group, *(own for _, own in writers(stack))}
    exist = attempt(stack.client("logs").describe_log_groups, logGroupNamePrefix=group).value
    expect(
        any(each["logGroupName"] == group for each in exist["logGroups"]),
        saw=f"the stage writes to {group}, and there is no such log group",
        means="the lines go nowhere",
        proved=proved,
        **words,
    )
    with notes_taken_away(stack) as posted:
        before = Counter(lines(stack, group))
        posted.append(marker)
        taken = post(stack, {"text": f"pain, {marker}"}, posted)
        bad = post(stack, {"text": 0, "note": marker}, posted)
        given, unknown = get(stack, id_of(taken)), get(stack, "no-such-note")
        asked = (("POST", taken), ("POST", bad), ("GET", given), ("GET", unknown))
        stack.eventually(lambda: len(lines(stack, group)) >= before.total() + 4, seconds=20)
        fresh = list((Counter(lines(stack, group)) - before).elements())
        if stack.mode == "live" and len(fresh) < 4:
            could_not_ask(f"the lines of four requests have not arrived in {group} yet; ask again in a minute")
        for method, status in ((method, answer.status) for method, answer in asked):
            expect(
                any(method in line and "notes" in line and re.search(rf"\b{status}\b", line) for line in fresh),
                saw=f"no line in {group} tells of a {method} to /notes that was answered {status}; "
                + (f"one of {len(fresh)} says {fresh[-1].strip()[:200]}" if fresh else "no line came at all"),
                means="the line that would answer “what happened at seven” is not there, or does not say it",
                proved=proved,
                **words,
            )
        for role, own in writers(stack):
            stream = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{own}:log-stream:any"
            ways = [stack.may(role, action, stream) for action in ("logs:CreateLogStream", "logs:PutLogEvents")]
            shut = next((way for way in ways if way.answer != "allowed"), None)
            expect(
                shut is None,
                saw=f"the function cannot write its own log: {shut and shut.because}",
                means="on the day the function breaks, it has nothing to say",
                proved=proved,
                **words,
            )
        told = next((name for name in sorted(groups) if any(marker in line for line in lines(stack, name))), None)
        expect(
            told is None and not traces_bodies(stack),
            saw=f"the text of a note stands in {told}" if told else "the stage logs whole requests and answers",
            means="everybody who may read logs reads notes, for as long as the log is kept",
            proved=proved,
            **words,
        )


def check_unused_it_costs_nothing(stack: Stack) -> None:
    """Unused it costs nothing, and gone it leaves nothing.

    API Gateway, Lambda and an on-demand table are paid by the request: no request, no charge. What is billed by the
    hour or the month stands there at night as well, and a log nobody ends grows for as long as the account lives.
    """
    words = dict(
        rival="At which load, every hour of the day, would a provisioned table or a server be the cheaper one?",
        bullets=["CLF-C02 3.3-S3", "CLF-C02 3.4-S3", "SAA-C03 2.1-S5"],
    )
    proved = "nothing is billed by the hour or the month, logs end by themselves, and table and logs go with the stack"
    cost = stack.cost()
    idle = [line for line in cost.lines if not line.by_use and line.type != "AWS::CloudWatch::Alarm"]
    expect(
        not idle,
        saw=f"{idle[0].name if idle else ''} is billed while nobody asks: {idle[0].what if idle else ''}",
        means="a night without a single request costs something",
        proved=proved,
        read="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
        where=idle[0].logical_id if idle else None,
        **words,
    )
    warm = next((each for each in cost.unpriced if each.what == "provisioned concurrency"), None)
    expect(
        warm is None,
        saw=f"{warm and warm.name} keeps environments of the function ready, and billed, around the clock",
        means="a night without a single request costs something",
        proved=proved,
        read="https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",
        where=warm and warm.logical_id,
        **words,
    )
    cache = next((each for each in cost.unpriced if each.what.startswith("a cache of")), None)
    expect(
        cache is None,
        saw=f"{cache and cache.name} keeps {cache and cache.what}, billed by the hour",
        means="a night without a single request costs something",
        proved=proved,
        read=f"{GATEWAY_GUIDE}/api-gateway-caching.html",
        where=cache and cache.logical_id,
        **words,
    )
    if cost.unpriced:
        could_not_ask(f"no price is known here for {cost.unpriced[0]}")
    for name in sorted({access_log(stack), *(own for _, own in writers(stack))}):
        if not name:
            continue
        days, goes = kept_for(stack, name)
        expect(
            days is not None and days <= MONTHS,
            saw=f"the log {name} {'is never deleted' if days is None else f'is kept for {days} days'}",
            means="storage is paid for every line ever written, and old lines are read by whoever looks",
            proved=proved,
            read="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
            where=next(iter(stack.find(name)), None),
            **words,
        )
        expect(
            goes,
            saw=f"the log {name} stays when the stack is deleted",
            means="what a trial wrote is found in the account next year, by somebody who never heard of it",
            proved=proved,
            read="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
            where=next(iter(stack.find(name)), None),
            **words,
        )
    table = the_table(stack)
    stays = table.stays()
    expect(
        not stays,
        saw=f"the table {table.name} stays when the stack is deleted: {stays}",
        means="the notes of a trial outlive it, and nobody is left who knows whose they are",
        proved=proved,
        read="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html",
        where="NotesTable",
        **words,
    )


# requests


def post(stack: Stack, body: Any, posted: list[str]) -> Response:
    """POST /notes; what it made is remembered in `posted`, to be taken away."""
    answer = ask(stack, "POST", "/notes", body)
    if id_of(answer):
        posted.append(id_of(answer))
    return answer


def get(stack: Stack, id: str) -> Response:
    return ask(stack, "GET", f"/notes/{quote(id, safe='')}")


def found(stack: Stack, id: str) -> Response | None:
    answer = get(stack, id)
    return answer if answer.status == 200 else None


def refused(answer: Response) -> Response | None:
    return answer if answer.status >= 400 else None


def ask(stack: Stack, method: str, path: str, body: Any = None) -> Response:
    """An answer of the API; one that comes too early for its limit is asked for again."""
    answer = once(stack, method, url(stack) + path, body)
    for _ in range(3):
        if answer.status == 429:
            breathe(stack)
            answer = once(stack, method, url(stack) + path, body)
    return answer


def once(stack: Stack, method: str, place: str, body: Any = None) -> Response:
    sent = body if isinstance(body, str | None) else json.dumps(body)
    return stack.http(method, place, {"Content-Type": "application/json"} if method != "GET" else {}, sent)


def breathe(stack: Stack, seconds: float = 5) -> None:
    """Let an emptied bucket of tokens fill."""
    if stack.mode == "offline":
        stack.advance(seconds=seconds)
    else:
        time.sleep(min(seconds, 2))


def url(stack: Stack) -> str:
    return stack.output("ApiUrl").rstrip("/")


def read(answer: Response) -> dict[str, Any]:
    """The JSON object an answer holds; empty when it holds none."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def id_of(answer: Response) -> str:
    value = read(answer).get("id")
    return str(value) if isinstance(value, str | int) and value != "" else ""


def said(answer: Response) -> str:
    text = " ".join(answer.text.split())
    return f"{answer.status}{f', {text[:100]}' if text else ''}"


# the flood


@dataclass(frozen=True)
class Flood:
    """What one route lets through: so many at once, and then so many a second."""

    stage: str
    route: str
    at_once: float
    a_second: float
    proved: str

    @property
    def without_end(self) -> str:
        if self.at_once < MANY:
            return f"answers {self.at_once:g} requests at once before the first 429"
        return f"answers {MANY} requests at once, and none of them 429"


def floods(stack: Stack) -> Iterator[Flood]:
    """Each route of each stage under a flood: tried offline, read from the stage in an account."""
    host = urlsplit(url(stack))
    for name, limits in the_api(stack).stages().items():
        base = f"{host.scheme}://{host.netloc}" + ("" if name == "$default" else f"/{name}")
        for route in ROUTES:
            tried = under_water(stack, name, route, base) if stack.mode == "offline" else None
            burst, rate = limits(route)
            declared = f"the stage declares a burst of {burst:g} and a rate of {rate:g} a second"
            yield tried or Flood(name, route, burst, rate, declared)


def under_water(stack: Stack, stage: str, route: str, base: str) -> Flood | None:
    """What a route lets through when it is flooded; None when this machine asks too slowly to flood anything."""
    method, path = route.split()
    send = sender(stack, method, base + path.replace("{id}", "no-such-note"))
    stack.advance(minutes=5)
    at_once = let_through(send, BURST, since=time.monotonic())
    emptied = time.monotonic()
    stack.advance(seconds=1)
    # what was left of a token counts as well
    a_second = let_through(send, RATE, since=emptied, spare=1)
    if at_once is None or a_second is None:
        return None
    proved = f"{at_once} requests at once are answered and the next is a 429, then {a_second} a second"
    return Flood(stage, route, at_once, a_second, proved)


def sender(stack: Stack, method: str, place: str) -> Callable[[], int]:
    return lambda: once(stack, method, place, "{" if method == "POST" else None).status


def let_through(send: Callable[[], int], most: int, *, since: float, spare: int = 0) -> int | None:
    """How many requests are answered before the first 429, less those whose tokens came by the clock on the wall."""
    for count in range(MANY):
        if send() == 429:
            came = int((time.monotonic() - since) * RATE) + spare
            return count if count <= most else max(most, count - came)
    return None if BURST + RATE * (time.monotonic() - since) >= MANY else MANY


# what stands behind the URL


@dataclass(frozen=True)
class Api:
    """The API that ApiUrl leads to; `kind` is "http" or "rest"."""

    stack: Stack
    id: str
    kind: str
    client: Any

    def stages(self) -> dict[str, Callable[[str], tuple[float, float]]]:
        """Each stage's name, and what gives a route's (burst, rate); without a limit both are infinite."""
        if self.kind == "http":
            items = self.client.get_stages(ApiId=self.id)["Items"]
            served = [each for each in items if each.get("AutoDeploy") or each.get("DeploymentId")]
            return {each["StageName"]: http_limits(each) for each in served}
        return {each["stageName"]: rest_limits(each) for each in self.client.get_stages(restApiId=self.id)["item"]}

    def stage(self) -> dict[str, Any]:
        """The stage that ApiUrl leads to, as its service tells it."""
        name = urlsplit(url(self.stack)).path.strip("/").partition("/")[0]
        if self.kind == "http":
            stages = {each["StageName"]: each for each in self.client.get_stages(ApiId=self.id)["Items"]}
            return dict(stages.get(name) or stages.get("$default") or {})
        stages = {each["stageName"]: each for each in self.client.get_stages(restApiId=self.id)["item"]}
        return dict(stages.get(name) or {})

    def integrations(self) -> list[tuple[str, str]]:
        """(what is called, the role it is called with) of each integration; empty where there is none."""
        if self.kind == "http":
            items = self.client.get_integrations(ApiId=self.id, MaxResults="500")["Items"]
            return [(each.get("IntegrationUri", ""), each.get("CredentialsArn", "")) for each in items]
        resources = self.client.get_resources(restApiId=self.id, embed=["methods"], limit=500)["items"]
        methods = [each for resource in resources for each in resource.get("resourceMethods", {}).values()]
        told = [each.get("methodIntegration") or {} for each in methods]
        return [(each.get("uri") or "", each.get("credentials") or "") for each in told]


def the_api(stack: Stack) -> Api:
    host = urlsplit(url(stack)).netloc
    id = host.partition(".")[0]
    if ".execute-api." in host:
        for kind, service, call, name in (
            ("http", "apigatewayv2", "get_api", "ApiId"),
            ("rest", "apigateway", "get_rest_api", "restApiId"),
        ):
            client = stack.client(service)
            if attempt(getattr(client, call), **{name: id}).ok:
                return Api(stack, id, kind, client)
    could_not_ask(
        f"the output ApiUrl says {url(stack)}, which is no API of API Gateway; "
        "let it be the stage's own address, https://….execute-api.…"
    )


def http_limits(stage: dict[str, Any]) -> Callable[[str], tuple[float, float]]:
    def limits(route: str) -> tuple[float, float]:
        own = stage.get("RouteSettings", {}).get(route, {})
        told = {**stage.get("DefaultRouteSettings", {}), **own}
        return limit(told.get("ThrottlingBurstLimit")), limit(told.get("ThrottlingRateLimit"))

    return limits


def rest_limits(stage: dict[str, Any]) -> Callable[[str], tuple[float, float]]:
    def limits(route: str) -> tuple[float, float]:
        method, path = route.split()
        settings = {key.replace("~1", "/").lstrip("/"): each for key, each in stage.get("methodSettings", {}).items()}
        names = (f"{path.lstrip('/')}/{method}", f"{path.lstrip('/')}/*", "*/*")
        told = next((settings[name] for name in names if name in settings), {})
        return limit(told.get("throttlingBurstLimit")), limit(told.get("throttlingRateLimit"))

    return limits


def limit(value: Any) -> float:
    # AWS writes -1 where a method has no limit of its own
    return float("inf") if value is None or float(value) < 0 else float(value)


def functions(stack: Stack) -> list[str]:
    """The ARNs of the functions behind the API, as its integrations call them."""
    uris = [uri for uri, _ in the_api(stack).integrations()]
    return sorted({match[0] for uri in uris if (match := FUNCTION.search(uri))})


def workers(stack: Stack) -> list[str]:
    """The ARNs of the roles that work behind the API: its functions', and those it calls services with."""
    own = [configuration(stack, function)["Role"] for function in functions(stack)]
    lent = [role for _, role in the_api(stack).integrations() if role.startswith("arn:")]
    if not own and not lent:
        could_not_ask("behind ApiUrl there is neither a function nor a service that API Gateway calls with a role")
    return sorted({*own, *lent})


def configuration(stack: Stack, function: str) -> dict[str, Any]:
    return dict(stack.client("lambda").get_function_configuration(FunctionName=function))


def log_of(function: dict[str, Any]) -> str:
    return str(function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function['FunctionName']}")


def writers(stack: Stack) -> list[tuple[str, str]]:
    """The role and the log group of each function behind the API."""
    told = [configuration(stack, function) for function in functions(stack)]
    return [(each["Role"], log_of(each)) for each in told]


def access_log(stack: Stack) -> str:
    """The log group that the stage's access log goes to; empty when there is none."""
    stage = the_api(stack).stage()
    told = stage.get("AccessLogSettings") or stage.get("accessLogSettings") or {}
    place = str(told.get("DestinationArn") or told.get("destinationArn") or "")
    return place.split(":")[6] if ":logs:" in place and place.count(":") >= 6 else ""


def traces_bodies(stack: Stack) -> bool:
    """Whether a REST API's execution log holds whole requests."""
    settings = the_api(stack).stage().get("methodSettings") or {}
    return any(each.get("dataTraceEnabled") for each in settings.values())


def lines(stack: Stack, group: str) -> list[str]:
    """What stands in a log group, oldest first; nothing when there is no such group."""
    logs = stack.client("logs")
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        answer = attempt(logs.filter_log_events, logGroupName=group, **more)
        if not answer.ok:
            return found
        found += [each["message"] for each in answer.value.get("events", [])]
        if not answer.value.get("nextToken"):
            return found
        more = {"nextToken": answer.value["nextToken"]}


def kept_for(stack: Stack, group: str) -> tuple[int | None, bool]:
    """How many days a log group keeps its lines, and whether it goes with the stack."""
    named = [item for item in stack.of_type("AWS::Logs::LogGroup") if item.physical_id == group]
    goes = any(stack.template.resources[item.logical_id].deletion_policy in GOES for item in named)
    helped = [item for item in stack.of_type("Custom::LogRetention") if item.properties.get("LogGroupName") == group]
    goes = goes or any(item.properties.get("RemovalPolicy") == "destroy" for item in helped)
    answer = stack.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    days = next((each.get("retentionInDays") for each in answer if each["logGroupName"] == group), None)
    return days, goes


# the table


class Table:
    """The table the output NotesTable names."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._stack = stack
        # what the API made of a check's request is the check's to take away
        self._client = stack.client("dynamodb", undone=False)
        told = attempt(self._client.describe_table, TableName=name)
        if not told.ok:
            could_not_ask(f"the output NotesTable says {name}, and DynamoDB has no such table")
        self.name, self.arn = told.value["Table"]["TableName"], told.value["Table"]["TableArn"]
        self._keys = [each["AttributeName"] for each in told.value["Table"]["KeySchema"]]

    def items(self) -> dict[str, dict[str, Any]]:
        """Every item, by its key."""
        pages = self._client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        return {
            json.dumps([item[key] for key in self._keys], default=str): item for page in pages for item in page["Items"]
        }

    def take_away(self, item: dict[str, Any]) -> None:
        self._client.delete_item(TableName=self.name, Key={key: item[key] for key in self._keys})

    def stays(self) -> str:
        """Why the table is still there when its stack is gone; empty when it is not."""
        items = [item for item in self._stack.find(self.name) if item.type in TABLES]
        for item in items:
            policy = self._stack.template.resources[item.logical_id].deletion_policy
            protected = item.properties.get("DeletionProtectionEnabled") or any(
                each.get("DeletionProtectionEnabled") for each in item.properties.get("Replicas", [])
            )
            if policy not in GOES:
                return f"its deletion policy is {policy}"
            if str(protected).lower() == "true":
                return "it is protected against deletion"
        return "" if items else "it is not the stack's"


def the_table(stack: Stack) -> Table:
    return Table(stack, stack.output("NotesTable"))


@contextmanager
def notes_taken_away(stack: Stack) -> Iterator[list[str]]:
    """A list for what is posted: items that hold one of these words are taken out of the table in the end."""
    table = the_table(stack)
    before = table.items()
    posted: list[str] = []
    try:
        yield posted
    finally:
        for key, item in table.items().items():
            if key not in before and any(is_about(item, word) for word in posted):
                table.take_away(item)


def is_about(item: dict[str, Any], word: str) -> bool:
    """Whether a value of an item is a word, or holds it; short ones are in many values by chance."""
    values = [str(inner) for value in item.values() for inner in value.values()]
    return any(word == value or (len(word) > 5 and word in value) for value in values)


# who may


def is_the_job(action: str, places: Sequence[str], table: str, conditions: Sequence[str]) -> bool:
    """Whether a grant is within what stands behind the API was promised."""
    if HARMLESS.fullmatch(action):
        return True
    on_the_table = any(place == table or place.startswith(f"{table}/index/") for place in places)
    is_guarded = action == "dynamodb:PartiQLSelect" and "FullTableScan" in " ".join(conditions)
    return on_the_table and (action in JOB or is_guarded)


def is_a_stranger(stack: Stack, way: Any, roles: Sequence[str]) -> bool:
    """Whether somebody who may is neither API Gateway, asked for by itself, nor a role behind the API."""
    if way.who == "apigateway.amazonaws.com":
        return False
    return not any(item.arn in roles for item in stack.find(way.who))


def trusted_by(role: Any) -> list[str]:
    """Everyone a role's trust policy lets in, as it names them."""
    statements = listed(role.properties.get("AssumeRolePolicyDocument", {}).get("Statement"))
    principals = [each.get("Principal", "everyone but a few") for each in statements if each.get("Effect") == "Allow"]
    named = [
        [who] if isinstance(who, str) else [one for each in who.values() for one in listed(each)] for who in principals
    ]
    return ["anyone" if who == "*" else str(who) for each in named for who in each]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def other_apis(stack: Stack) -> list[str]:
    """The ids of the stack's other APIs."""
    apis = stack.of_type("AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi")
    return [item.physical_id for item in apis if item.physical_id != the_api(stack).id]


def called(ways: Sequence[Any]) -> str:
    """Whom the first way lets in, in words."""
    if not ways:
        return ""
    way = ways[0]
    names = {"anyone": "anyone on the internet", "other accounts": "other AWS accounts"}
    return names.get(way.kind, f"{way.kind} {way.who.rpartition('/')[2]}")


def base_of(function: str) -> str:
    """A function's ARN without the version or alias behind it."""
    return ":".join(function.split(":")[:7])


def named(stack: Stack, arn: str) -> str:
    """A resource as the learner's code names it, where it does."""
    paths = [item.path for item in stack.find(base_of(arn)) if item.path]
    if not paths:
        return arn.rpartition("/")[2].rpartition(":")[2]
    steps = paths[0].split("/")[1:]
    return "/".join(steps[:-1] if steps[-1] == "Resource" and len(steps) > 1 else steps)


def plainly(resource: str, table: Table) -> str:
    return table.name if resource == table.arn else "everything" if resource == "*" else resource


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"


GATEWAY_GUIDE = "https://docs.aws.amazon.com/apigateway/latest/developerguide"
FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d+:function:[\w-]+(?::[\w$-]+)?")
TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
GOES = ("Delete",)

ROUTES = ("POST /notes", "GET /notes/{id}")
LONGEST = 1000
# ten wards at the change of shift; twenty at once and ten a second at most
SHIFT, BURST, RATE = 10, 20, 10
# enough to tell twenty from no limit, few enough to be quick
MANY = 60
MONTHS = 90

BAD_NOTES: tuple[tuple[str, Any], ...] = (
    ("that is not JSON", '{"text": "pain'),
    ("of nothing", ""),
    ("that is a list", ["pain"]),
    ("that is null", "null"),
    ("without a text", {"note": "pain"}),
    ("whose text is a number", {"text": 38}),
    ("whose text is empty", {"text": ""}),
    ("whose text has 1,001 characters", {"text": "x" * (LONGEST + 1)}),
)
ELSEWHERE: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/notes", None),
    ("GET", "/", None),
    ("GET", "/notes/ID/text", None),
    ("GET", "/admin", None),
    ("PUT", "/notes/ID", {"text": "changed"}),
    ("PATCH", "/notes/ID", {"text": "changed"}),
    ("POST", "/notes/ID", {"text": "changed"}),
    ("DELETE", "/notes/ID", None),
    ("DELETE", "/notes", None),
    ("GET", "/notes/" + "x" * 3000, None),
)
JOB = frozenset(
    f"dynamodb:{name}"
    for name in ("GetItem", "BatchGetItem", "Query", "ConditionCheckItem", "PutItem", "UpdateItem", "PartiQLInsert")
) | {"dynamodb:DescribeTable"}
# writing one's own logs, traces and metrics, reading an encrypted table, and standing in a VPC
HARMLESS = re.compile(
    r"logs:(Create(LogGroup|LogStream)|PutLogEvents|DescribeLog(Groups|Streams))|xray:Put\w+|xray:GetSampling\w+"
    r"|cloudwatch:PutMetricData|kms:(Decrypt|Encrypt|ReEncrypt\w*|GenerateDataKey\w*|DescribeKey)"
    r"|ec2:\w*NetworkInterfaces?|ec2:Describe(Subnets|SecurityGroups|Vpcs)|ec2:(Una|A)ssignPrivateIpAddresses"
)
# who takes on the roles behind an API
RUNNERS = ("lambda.amazonaws.com", "apigateway.amazonaws.com")
TOUCHING = tuple(
    f"dynamodb:{name}" for name in ("GetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
)
