"""Step Functions: EventBridge is told when an execution begins and how it ends."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

from preflight.deliveries import patched

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries


def listening(deliveries: Deliveries) -> AbstractContextManager[Any]:
    """Tell of every status an execution is given."""
    from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

    start, terminated = Execution.start, BaseExecutionWorkerCommunication.terminated

    def start_and_tell(self: Any) -> None:
        tell(self, "RUNNING")
        start(self)

    def terminated_and_told(self: Any) -> None:
        terminated(self)
        tell(self.execution, str(self.execution.exec_status.value))

    def tell(execution: Any, status: str) -> None:
        try:
            _tell(deliveries, execution, status)
        except Exception as error:
            deliveries.faults.append(f"{execution.exec_arn}: {error!r}")

    stack = ExitStack()
    stack.enter_context(patched(Execution, start=start_and_tell))
    stack.enter_context(patched(BaseExecutionWorkerCommunication, terminated=terminated_and_told))
    return stack


def _tell(deliveries: Deliveries, execution: Any, status: str) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html, checked_on 2026-11-22."""
    import json

    from preflight.deliveries.bus import emit

    arn = str(execution.exec_arn)
    _, _, _, region, account, _ = arn.split(":", 5)
    ended = status != "RUNNING"
    detail = {
        "executionArn": arn,
        "stateMachineArn": str(execution.state_machine.arn),
        "name": execution.name,
        "status": status,
        "startDate": _millis(execution.start_date),
        "stopDate": _millis(execution.stop_date) if ended else None,
        "input": json.dumps(execution.input_data),
        "output": json.dumps(execution.output) if ended and execution.output is not None else None,
        "error": execution.error if ended else None,
        "cause": execution.cause if ended else None,
    }
    emit(deliveries, account, region, "aws.states", "Step Functions Execution Status Change", detail, [arn])


def _millis(at: Any) -> int | None:
    return int(at.timestamp() * 1000) if at is not None else None
