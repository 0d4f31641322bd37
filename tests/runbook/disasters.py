"""The runbook's disasters, played: what an operator sees of each and of its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.faults import Respond
from sandbox.vendor import LocalVendor
from tests.runbook.plays import CANCEL, HOURS, LATER, STATUS
from tests.runbook.stage import Stage, on_stage

Scene = Callable[[Stage], Awaitable[str]]

STORIES: dict[str, Callable[[], Awaitable[str]]] = {}


def story(name: str, **variables: str) -> Callable[[Scene], Scene]:
    """Turn the scene into a story whose text goes into the page."""

    def kept(scene: Scene) -> Scene:
        async def told() -> str:
            async with on_stage(variables) as stage:
                return await scene(stage)

        STORIES[name] = told
        return scene

    return kept


# Causes that only a comparison finds.


@story("still-active")
async def _reactivated(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1")
    await stage.deliver(request_id)
    stage.vendor.subscriptions["SUB-1"].reactivate()
    stage.extension.let_pass(2 * HOURS)
    return f"{await stage.reconcile()}\n\n{stage.notes(request_id)}"


@story("ended-at-vendor")
async def _cancelled_at_the_vendor(stage: Stage) -> str:
    stage.sandbox.new_subscription("SUB-1", status="cancelled")
    return await stage.reconcile(products=(stage.connect.default_product(),))


@story("overdue", **LATER)
async def _not_brought_back(stage: Stage) -> str:
    stage.connect.requests.brings_back = False
    request_id = stage.sandbox.cancel("SUB-1", term_ends=stage.day(10))
    await stage.deliver(request_id)
    stage.let_pass_everywhere(12 * 24 * HOURS)
    return f"{await stage.reconcile()}\n\n{stage.notes(request_id)}"


@story("no-task")
async def _of_another_environment(stage: Stage) -> str:
    await stage.deliver(stage.sandbox.cancel("SUB-1", status="cancelling"))
    with stage.connect.silently():
        stage.sandbox.cancel("SUB-2")
    stage.extension.let_pass(2 * HOURS)
    return await stage.reconcile()


@story("what waits", **LATER)
async def _what_waits(stage: Stage) -> str:
    await stage.deliver(stage.connect.cancel("SUB-NOBODY-KNOWS"))
    stage.let_pass_everywhere(2 * HOURS)
    await stage.deliver(stage.sandbox.cancel("SUB-1", term_ends=stage.day(10)))
    stage.let_pass_everywhere(HOURS)
    kind = {"term_ends": stage.day(0), "shows_after_seconds": 2 * HOURS}
    await stage.deliver(stage.sandbox.cancel("SUB-2", **kind))
    return await stage.what_waits()


# Disasters.


@story(
    "disaster: a wrong list",
    REST_ACTIVE_VALUES="running",
    REST_CANCELLED_VALUES="active,cancelled",
)
async def _wrong_list(stage: Stage) -> str:
    await stage.deliver(stage.sandbox.cancel("SUB-1"))
    line = stage.last_line()
    for name in ("REST_ACTIVE_VALUES", "REST_CANCELLED_VALUES"):
        del stage.extension.variables[name]
    stage.extension.let_pass(2 * HOURS)
    return f"{line}\n\n{await stage.reconcile()}"


@story("disaster: a dry run", DRY_RUN="true")
async def _dry_run(stage: Stage) -> str:
    await stage.deliver(stage.sandbox.cancel("SUB-1"))
    line = stage.last_line()
    del stage.extension.variables["DRY_RUN"]
    stage.extension.let_pass(2 * HOURS)
    return f"{line}\n\n{await stage.reconcile()}"


@story("disaster: a restored vendor")
async def _restored(stage: Stage) -> str:
    approved = stage.sandbox.cancel("SUB-1")
    pending = stage.sandbox.cancel("SUB-2", shows_after_seconds=HOURS, honours_keys=False)
    await stage.deliver(approved)
    await stage.deliver(pending)
    for subscription in stage.vendor.subscriptions.values():
        subscription.reactivate()
        subscription.shows_after_seconds = None
    stage.extension.let_pass(2 * HOURS)
    return await stage.reconcile()


@story("disaster: a restored vendor, scheduled", **LATER)
async def _restored_and_scheduled(stage: Stage) -> str:
    await stage.deliver(stage.sandbox.cancel("SUB-1", term_ends=stage.day(10)))
    stage.vendor.subscriptions["SUB-1"].reactivate()
    stage.extension.let_pass(2 * HOURS)
    return await stage.reconcile()


@story("disaster: an outage of Connect")
async def _forgotten(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1")
    stage.connect.forget(request_id)
    stage.extension.let_pass(2 * HOURS)
    return await stage.reconcile()


@story("disaster: a key", REST_API_KEY="revoked")
async def _key(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1")
    await stage.deliver(request_id)
    first = stage.last_line()
    stage.extension.variables["REST_API_KEY"] = stage.vendor.api_key
    stage.extension.let_pass(600)
    await stage.deliver(request_id)
    return f"{first}\n{stage.last_line()}\n\n{stage.notes(request_id)}"


@story("disaster: a second environment")
async def _second_environment(stage: Stage) -> str:
    test_system = LocalVendor()
    await test_system.start()
    try:
        test_system.add("SUB-2")
        requests = [stage.sandbox.cancel("SUB-1"), stage.sandbox.cancel("SUB-2")]
        right = dict(stage.extension.variables)
        stage.extension.variables.update(test_system.variables())
        lines = []
        for request_id in requests:
            await stage.deliver(request_id)
            lines.append(stage.last_line())
        stage.extension.variables = right
        stage.extension.begin_new_process(jitter=lambda: 0.5)
        await stage.deliver(requests[0])
        lines.append(stage.last_line())
        stage.extension.let_pass(2 * HOURS)
        return "\n".join(lines) + f"\n\n{await stage.reconcile()}"
    finally:
        await test_system.stop()


@story("disaster: a clock")
async def _clock(stage: Stage) -> str:
    stage.extension.clock_seconds = 2 * 24 * HOURS
    stage.vendor.faults.add(*STATUS, Respond(503))
    request_id = stage.sandbox.cancel("SUB-1")
    await stage.deliver(request_id)
    return f"{stage.last_line()}\n\n{stage.notes(request_id)}"


@story("disaster: wrong rejections", REST_DRAFT_VALUES="draft,active", REST_ACTIVE_VALUES="aktiv")
async def _rejected(stage: Stage) -> str:
    asset_id = stage.sandbox.new_subscription("SUB-1")
    await stage.deliver(stage.connect.create_cancel_request(asset_id))
    first = stage.last_line()
    for name in ("REST_DRAFT_VALUES", "REST_ACTIVE_VALUES"):
        del stage.extension.variables[name]
    await stage.deliver(stage.connect.hub_recreates(asset_id))
    return f"{first}\n{stage.last_line()}"


@story("disaster: a deploy")
async def _deploy(stage: Stage) -> str:
    request_id = stage.sandbox.cancel("SUB-1", shows_after_seconds=600)

    async def killed(_request: web.Request, work: Callable[[], Awaitable[Any]]) -> web.Response:
        await work()
        for task in asyncio.all_tasks():
            if "delivered" in repr(task.get_coro()):
                task.cancel()
        return web.Response(status=499)

    stage.vendor.faults.add(*CANCEL, killed, times=1)
    try:
        await stage.deliver(request_id)
    except asyncio.CancelledError:
        stage.extension.begin_new_process(jitter=lambda: 0.5)
    await stage.deliver(request_id)
    lines = [stage.last_line()]
    stage.let_pass_everywhere(700)
    await stage.deliver(request_id)
    return "\n".join([*lines, stage.last_line()]) + f"\n\n{stage.notes(request_id)}"
