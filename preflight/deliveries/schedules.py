"""Schedules: which are due between two moments, and what their targets are given.

Expressions: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from preflight.deliveries import backends_of, patched
from preflight.deliveries.queues import Undeliverable, put_aside
from preflight.deliveries.targets import Sender, hand_over

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

SCHEDULER = "scheduler.amazonaws.com"
# one step of time fires a schedule at most so often, so that a year of minutes ends
MOST = 2000


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Remember since when a schedule is there."""
    from moto.scheduler.models import EventBridgeSchedulerBackend as Backend

    create, update = Backend.create_schedule, Backend.update_schedule

    def create_schedule(self: Any, *rest: Any, **named: Any) -> Any:
        _refuse_invalid(named)
        _refuse_untrusting(deliveries, self, named)
        schedule = create(self, *rest, **named)
        schedule.preflight_since = deliveries.now()
        return schedule

    def update_schedule(self: Any, *rest: Any, **named: Any) -> Any:
        _refuse_invalid(named)
        _refuse_untrusting(deliveries, self, named)
        schedule = update(self, *rest, **named)
        schedule.preflight_since = deliveries.now()
        return schedule

    return patched(Backend, create_schedule=create_schedule, update_schedule=update_schedule)


def fire(deliveries: Deliveries, since: datetime | None, until: datetime) -> int:
    """Fire what falls due after `since` (or each schedule's beginning) up to `until`, in order of time; how many."""
    due: list[tuple[datetime, int, Any, Any]] = []
    for account, region, held in backends_of("events", "events_backends"):
        for rule in held.event_buses["default"].rules.values():
            if rule.scheduled_expression and rule.state.startswith("ENABLED"):
                start = _later(since, getattr(rule, "preflight_since", None), until)
                born = getattr(rule, "preflight_since", start)
                for at in _moments(rule.scheduled_expression, "UTC", born, start, until, first_at_once=False):
                    due.append((at, len(due), _fire_rule, (rule, account, region)))
    for account, region, held in backends_of("scheduler", "scheduler_backends"):
        for group in held.schedule_groups.values():
            for schedule in group.schedules.values():
                if schedule.state == "ENABLED":
                    for at in _moments_of(schedule, since, until):
                        due.append((at, len(due), _fire_schedule, (schedule, group, account, region)))
    for at, _, how, what in sorted(due, key=lambda each: each[:2]):
        how(deliveries, at, *what)
    return len(due)


def _fire_rule(deliveries: Deliveries, at: datetime, rule: Any, account: str, region: str) -> None:
    from preflight.deliveries.bus import hand_to_targets

    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": _time(at),
        "region": region,
        "resources": [rule.arn],
        "detail": {},
    }
    hand_to_targets(deliveries, rule, event)


def _fire_schedule(deliveries: Deliveries, at: datetime, schedule: Any, group: Any, account: str, region: str) -> None:
    target = schedule.target
    arn = str(target["Arn"])
    sender = Sender(
        SCHEDULER,
        group_arn(schedule.group_name, account, region),
        account,
        region,
        str(target.get("RoleArn")),
        by_role=True,
        parameters=target,
    )
    payload = _with_context(str(target.get("Input") or "{}"), schedule, at)
    try:
        hand_over(deliveries, arn, payload, sender)
    except Undeliverable as error:
        put_aside(
            deliveries,
            (target.get("DeadLetterConfig") or {}).get("Arn"),
            payload,
            service=SCHEDULER,
            source=sender.source,
            role=sender.role,
            attributes={
                "ERROR_CODE": error.code,
                "ERROR_MESSAGE": str(error),
                "SCHEDULE_ARN": schedule.arn,
                "TARGET_ARN": arn,
                "X-AMZ-SCHEDULED-TIME": _time(at),
            },
        )
    except Exception as error:
        deliveries.faults.append(f"{schedule.arn} to {arn}: {error!r}")
    is_last = schedule.schedule_expression.startswith("at(")
    if is_last and schedule.action_after_completion == "DELETE":
        group.schedules.pop(schedule.name, None)


def group_arn(group: str, account: str, region: str) -> str:
    """What Scheduler tells of itself to the role it assumes: the schedule's group.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html, 2026-11-22
    """
    return f"arn:aws:scheduler:{region}:{account}:schedule-group/{group}"


def _with_context(text: str, schedule: Any, at: datetime) -> str:
    """Scheduler's own words in an Input."""
    words = {
        "schedule-arn": schedule.arn,
        "scheduled-time": _time(at),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    return re.sub(r"<aws\.scheduler\.([a-z-]+)>", lambda found: words.get(found[1], found[0]), text)


def _moments_of(schedule: Any, since: datetime | None, until: datetime) -> Iterator[datetime]:
    born = getattr(schedule, "preflight_since", None)
    first, last = _moment(schedule.start_date), _moment(schedule.end_date)
    start = _later(since, born, until)
    if first is not None and first > start:
        start = first - timedelta(seconds=1)
    end = min(until, last) if last is not None else until
    zone = schedule.schedule_expression_timezone or "UTC"
    # "If you do not provide a StartDate …, your schedule starts invoking the target immediately"
    begins = first or born or start
    at_once = since is None or begins > since
    yield from _moments(schedule.schedule_expression, zone, begins, start, end, first_at_once=at_once)


def _moments(
    expression: str, zone: str, born: datetime, start: datetime, end: datetime, *, first_at_once: bool
) -> Iterator[datetime]:
    """The moments of an expression after `start` and not after `end`."""
    kind, _, rest = expression.partition("(")
    inner = rest.rstrip(")").strip()
    made = 0
    if kind == "at":
        at = datetime.fromisoformat(inner).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if start < at <= end:
            yield at
    elif kind == "rate":
        step = rate(inner)
        at = born if first_at_once else born + step
        if not first_at_once and at <= start:
            at += step * (((start - at) // step) + 1)
        while at <= end and made < MOST:
            if at > start or (first_at_once and at == born):
                yield at
                made += 1
            at += step
    elif kind == "cron":
        for at in Cron.of(inner).moments(start, end, ZoneInfo(zone)):
            yield at
            made += 1
            if made >= MOST:
                return


def rate(text: str) -> timedelta:
    """`5 minutes` as a time."""
    number, unit = text.split()
    return timedelta(**{unit.rstrip("s") + "s": int(number)})


_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True)
class Cron:
    """`minutes hours day-of-month month day-of-week year`, as AWS writes it; Sunday is 1."""

    minutes: frozenset[int]
    hours: frozenset[int]
    month_day: str
    months: frozenset[int]
    week_day: str
    years: frozenset[int]

    @classmethod
    @lru_cache
    def of(cls, text: str) -> Cron:
        """Read an expression; raises ValueError for one that AWS refuses."""
        fields = text.split()
        if len(fields) != 6:
            raise ValueError(f"cron({text}) needs six fields")
        minute, hour, month_day, month, week_day, year = fields
        if (month_day == "?") == (week_day == "?"):
            raise ValueError(f"cron({text}) needs a ? for the day of the month or of the week, and not for both")
        return cls(
            _numbers(minute, 0, 59),
            _numbers(hour, 0, 23),
            month_day,
            _numbers(month, 1, 12, _MONTHS, 1),
            week_day,
            _numbers(year, 1970, 2199),
        )

    def moments(self, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Every moment after `start` and not after `end`, told in UTC."""
        day = start.astimezone(zone).date()
        last = end.astimezone(zone).date()
        while day <= last:
            if self._on(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                        at = local.astimezone(UTC)
                        # a time that the change to summer time skips does not come
                        if start < at <= end and at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                            yield at
            day += timedelta(days=1)

    def _on(self, day: Any) -> bool:
        if day.year not in self.years or day.month not in self.months:
            return False
        following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        length = (following - timedelta(days=1)).day
        if self.week_day == "?":
            return _on_month_day(self.month_day, day, length)
        return _on_week_day(self.week_day, day, length)


def _on_month_day(field: str, day: Any, length: int) -> bool:
    if field == "L":
        return bool(day.day == length)
    if field.startswith("L-"):
        return bool(day.day == length - int(field[2:]))
    if field.endswith("W"):
        wanted = length if field == "LW" else min(int(field[:-1]), length)
        target = day.replace(day=wanted)
        shift = {5: -1, 6: 1}.get(target.weekday(), 0)
        if not 1 <= wanted + shift <= length:
            shift = 2 if shift < 0 else -2
        return bool(day.day == wanted + shift)
    return day.day in _numbers(field, 1, 31)


def _on_week_day(field: str, day: Any, length: int) -> bool:
    number = day.isoweekday() % 7 + 1
    if "#" in field:
        name, _, which = field.partition("#")
        return number in _numbers(name, 1, 7, _DAYS, 1) and (day.day - 1) // 7 + 1 == int(which)
    if field.endswith("L") and len(field) > 1:
        return number in _numbers(field[:-1], 1, 7, _DAYS, 1) and day.day + 7 > length
    return number in _numbers("7" if field == "L" else field, 1, 7, _DAYS, 1)


def _numbers(field: str, low: int, high: int, names: list[str] | None = None, offset: int = 0) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        spread, _, step = part.partition("/")
        left, dash, right = spread.partition("-")
        if spread in ("*", "?"):
            first, last = low, high
        else:
            first = _number(left, names, offset)
            last = _number(right, names, offset) if dash else (high if step else first)
        if not low <= first <= high or not low <= last <= high:
            raise ValueError(f"{field} is not within {low} to {high}")
        # FRI-MON goes over the end of the week
        span = range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)]
        found.update(list(span)[:: int(step) if step else 1])
    return frozenset(found)


def _number(text: str, names: list[str] | None, offset: int) -> int:
    if names and text.upper() in names:
        return names.index(text.upper()) + offset
    return int(text)


def valid(expression: str) -> bool:
    """Whether AWS takes a schedule expression."""
    kind, _, rest = expression.partition("(")
    inner = rest.rstrip(")").strip()
    try:
        if kind == "at":
            datetime.fromisoformat(inner)
        elif kind == "rate":
            return re.fullmatch(r"[1-9]\d* (minute|hour|day)s?", inner) is not None
        elif kind == "cron":
            Cron.of(inner)
        else:
            return False
    except ValueError:
        return False
    return expression.endswith(")")


def _refuse_invalid(asked: dict[str, Any]) -> None:
    """Raise Scheduler's errors for an expression, a time zone or a window it would not take."""
    from moto.scheduler.exceptions import ValidationException

    expression = str(asked.get("schedule_expression") or "")
    if not valid(expression):
        raise ValidationException(f"Invalid Schedule Expression {expression}.")
    zone = asked.get("schedule_expression_timezone")
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, LookupError, OSError):
        raise ValidationException(f"Invalid timezone {zone}.") from None
    window = asked.get("flexible_time_window") or {}
    if window.get("Mode") == "FLEXIBLE" and not window.get("MaximumWindowInMinutes"):
        raise ValidationException("Invalid FlexibleTimeWindow: MaximumWindowInMinutes must be specified.")


def _refuse_untrusting(deliveries: Deliveries, held: Any, asked: dict[str, Any]) -> None:
    """Raise Scheduler's error for a role that does not let it in."""
    from moto.scheduler.exceptions import ValidationException

    role = str((asked.get("target") or {}).get("RoleArn"))
    source = group_arn(asked.get("group_name") or "default", held.account_id, held.region_name)
    answer = deliveries.judge.may_act(role, "sts:GetCallerIdentity", "*", service=SCHEDULER, source=source)
    if answer.layer == "role trust policy":
        raise ValidationException(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        )


def _later(since: datetime | None, born: datetime | None, until: datetime) -> datetime:
    known = [each for each in (since, born) if each is not None]
    return max(known) if known else until


def _moment(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str) and not value.replace(".", "").isdigit():
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(value), UTC)


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
