"""The end of a flow run, told from a crash after which the server starts it again."""

from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled, Completed, Crashed, Failed, Running, Scheduled

from stenoflow.deployments.automations import automations
from stenoflow.flows.revival import NO_HEARTBEAT, REVIVAL_S, RunEnds

KILLED: State[Any] = Crashed(message=NO_HEARTBEAT)


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def run_in(state: State[Any] | None, earlier: FlowRun | None = None) -> FlowRun:
    return FlowRun(id=earlier.id if earlier else uuid4(), flow_id=uuid4(), state=state)


@pytest.mark.parametrize("state", [Completed(), Failed(), Cancelled(), Crashed(message="exit 3")])
def test_a_final_state_is_the_end(state: State[Any]) -> None:
    assert RunEnds().has_ended(run_in(state))


@pytest.mark.parametrize("state", [None, Scheduled(), Running()])
def test_a_run_that_is_under_way_has_not_ended(state: State[Any] | None) -> None:
    assert not RunEnds().has_ended(run_in(state))


def test_a_run_without_heartbeat_has_ended_if_it_is_not_rescheduled() -> None:
    clock = Clock()
    ends = RunEnds(clock)
    killed = run_in(KILLED)
    assert not ends.has_ended(killed)
    clock.now_s += REVIVAL_S - 1
    assert not ends.has_ended(killed)
    assert not ends.has_ended(run_in(KILLED)), "another run's time is its own"
    clock.now_s += 1
    assert ends.has_ended(killed)


def test_each_crash_of_a_run_has_its_own_time() -> None:
    clock = Clock()
    ends = RunEnds(clock)
    killed = run_in(KILLED)
    assert not ends.has_ended(killed)
    clock.now_s += REVIVAL_S - 1
    assert not ends.has_ended(run_in(Running(), killed))
    clock.now_s += 1
    assert not ends.has_ended(killed)


def test_the_automations_mark_and_find_crashed_runs_by_this_message() -> None:
    mark, reschedule = (each.model_dump(mode="json") for each in automations())
    assert [action["message"] for action in mark["actions"]] == [NO_HEARTBEAT]
    assert reschedule["trigger"]["match"]["prefect.state-message"] == NO_HEARTBEAT
