"""The first process of a container: carries out the plan, then becomes the user's program."""

import os
from typing import Any, NoReturn

from boxship.kernel import process
from boxship.sandbox import failure, forked, launch, reaper
from boxship.sandbox.root import Root
from boxship.sandbox.steps import STEPS
from boxship.sandbox.steps.context import Context
from boxship.sandbox.warming import Lesson


def _carry_out(plan: dict[str, Any], context: Context, pipe: int) -> None:
    """Run the steps; a failure is reported under the name of its step."""
    kill_at = plan.get("kill_at")
    for name, arguments in plan["steps"]:
        try:
            if kill_at == name:
                os.kill(os.getppid(), 9)
                os._exit(9)
            STEPS[name](context, arguments)
        except Exception as error:
            failure.report(pipe, name, error)


def main(
    plan: dict[str, Any],
    context: Context,
    filter_program: bytes | None,
    pipe: int,
    lesson: Lesson,
) -> NoReturn:
    """Never returns: the program runs, or its absence is reported on *pipe*."""
    try:
        launch.write_to_host_procfs(plan["process"])
        learner = lesson.begin()
        if context.user_namespace < 0:
            process.new_session_keyring(f"_ses.{plan['id']}")
    except Exception as error:
        failure.report(pipe, "init", error)
    _carry_out(plan, context, pipe)
    try:
        process.set_parent_death_signal(0)
        forked.reset_signals()
        if context.console is None and not plan["stdio"]["stdin"]:
            launch.open_own_null(context.root, context.stdio)
        split = (lambda: reaper.split(pipe)) if plan.get("init") else (lambda: None)
        launch.launch(
            plan["process"], context.root, filter_program, context.stdio, learner.finish, split
        )
    except Exception as error:
        failure.report(pipe, "start", error)


def context_for(
    plan: dict[str, Any], root: int, cgroup_files: list[int], console: int | None, stdio: list[int]
) -> Context:
    size = plan["stdio"].get("size") or [0, 0]
    return Context(
        root_mount=root,
        mountpoint=plan["mountpoint"],
        cgroup_files=cgroup_files,
        console=console,
        size=(size[0], size[1]),
        root=Root(root),
        stdio=stdio,
    )
