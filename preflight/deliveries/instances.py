"""EC2: EventBridge is told when an instance changes its state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from preflight.deliveries import patched

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries


def listening(deliveries: Deliveries) -> AbstractContextManager[None]:
    """Tell of starting, stopping and ending, each with the state on the way there."""
    from moto.ec2.models.instances import InstanceBackend

    from preflight.cloudformation.providers._launching import launch_by_the_image

    # what is put back at the end has to have it already
    launch_by_the_image()
    run, start, stop, terminate = (
        InstanceBackend.run_instances,
        InstanceBackend.start_instances,
        InstanceBackend.stop_instances,
        InstanceBackend.terminate_instances,
    )

    def run_instances(self: Any, *rest: Any, **named: Any) -> Any:
        reservation = run(self, *rest, **named)
        _tell(deliveries, self, reservation.instances, "pending", "running")
        return reservation

    def telling(change: Callable[..., Any], *states: str) -> Callable[..., Any]:
        def changed(self: Any, *rest: Any, **named: Any) -> Any:
            answer = change(self, *rest, **named)
            _tell(deliveries, self, [instance for instance, before in answer if before.name != states[-1]], *states)
            return answer

        return changed

    return patched(
        InstanceBackend,
        run_instances=run_instances,
        start_instances=telling(start, "pending", "running"),
        stop_instances=telling(stop, "stopping", "stopped"),
        terminate_instances=telling(terminate, "shutting-down", "terminated"),
    )


def _tell(deliveries: Deliveries, held: Any, instances: Iterable[Any], *states: str) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html, 2026-11-22."""
    from preflight.deliveries.bus import emit

    account, region = held.account_id, held.region_name
    for instance in instances:
        arn = f"arn:aws:ec2:{region}:{account}:instance/{instance.id}"
        for state in states:
            detail = {"instance-id": instance.id, "state": state}
            emit(deliveries, account, region, "aws.ec2", "EC2 Instance State-change Notification", detail, [arn])
