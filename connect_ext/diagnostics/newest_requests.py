"""The newest cancel requests, with our last report on each: ids, dates, and our own words."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable
from typing import Any

from connect_ext.cancelling.reporting import last_report
from connect_ext.cause import Cause
from connect_ext.connect.api import ConnectApi
from connect_ext.connect.moment import read_moment
from connect_ext.diagnostics.ids import PRODUCT_ID, REQUEST_ID, id_of
from connect_ext.diagnostics.plain_words import PlainWords
from connect_ext.diagnostics.sections import PROBLEM, Facts
from connect_ext.errors import Later

NOTES_AT_ONCE = 8
SECONDS_FOR_NOTES = 15.0

STATUSES = (
    *("draft", "tiers_setup", "pending", "inquiring", "approved", "failed"),
    *("scheduled", "revoking", "revoked"),
)
CAUSES = {
    *(cause.value for cause in Cause),
    # The status of a request that no longer waits; in a dry run, the act that was left out.
    *("approved", "failed", "elsewhere"),
    *("cancel", "undo", "approve", "schedule", "confirm", "reject", "hold", "wait", "leave"),
    "refuse",
}
ANOTHER = "another"


async def newest_requests(connect: ConnectApi) -> Facts:
    """The newest requests of the account, newest first."""
    try:
        page = await connect.listing.newest_requests()
    except Later as error:
        return {PROBLEM: await PlainWords().of(error.message)}
    by_id = {id_of(each, REQUEST_ID): each for each in page.objects}
    by_id.pop("", None)
    reports = await _last_reports(connect, by_id)
    return {
        "number in all": page.total,
        "newest": [_shown(key, each, reports.get(key)) for key, each in by_id.items()],
    }


def _shown(request_id: str, request: dict[str, Any], report: Facts | None) -> Facts:
    asset = request.get("asset")
    product = asset.get("product") if isinstance(asset, dict) else None
    return {
        "id": request_id,
        "product": id_of(product, PRODUCT_ID) or "not told",
        "status": _one_of(STATUSES, request.get("status")),
        "created": _moment(request.get("created")),
        "updated": _moment(request.get("updated")),
        "last report": report or {PROBLEM: "There was no time to read it."},
    }


async def _last_reports(connect: ConnectApi, ids: Iterable[str]) -> dict[str, Facts]:
    """Our last report on each request, as far as they can be read in time."""
    places = asyncio.Semaphore(NOTES_AT_ONCE)

    async def read(request_id: str) -> Facts:
        async with places:
            return await _last_report(connect, request_id)

    tasks = {request_id: asyncio.create_task(read(request_id)) for request_id in ids}
    try:
        if tasks:
            await asyncio.wait(tasks.values(), timeout=SECONDS_FOR_NOTES)
        done = {request_id: task for request_id, task in tasks.items() if task.done()}
        return {request_id: task.result() for request_id, task in done.items()}
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _last_report(connect: ConnectApi, request_id: str) -> Facts:
    try:
        notes = await connect.conversation.private_notes(request_id)
    except Later as error:
        return {PROBLEM: await PlainWords().of(error.message)}
    report = last_report(notes.notes)
    if report is None:
        return {"kind": "none"}
    created = report.created.isoformat(timespec="seconds") if report.created else None
    return {"kind": report.kind, "cause": _one_of(CAUSES, report.cause), "created": created}


def _one_of(words: Container[str], word: object) -> str:
    return word if isinstance(word, str) and word in words else ANOTHER


def _moment(value: object) -> str | None:
    moment = read_moment(value)
    return moment.isoformat(timespec="seconds") if moment else None
