"""Tasks for the realms."""

from __future__ import annotations

from dataclasses import replace

from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import UserClass


def test_a_new_task_has_no_number_no_attempt_and_no_problem() -> None:
    task = Task(kind=TaskKind.DISABLE, user_class=UserClass.MANAGEMENT, login="cy0001")
    assert (task.id, task.attempts, task.problem) == (0, 0, "")
    assert replace(task, attempts=1) != task
