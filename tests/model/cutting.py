"""Reduces a history that breaks a promise to its core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from tests.model.history import Deliver, Fate, History, Setting, Step, Visit
from tests.model.later import Later


def cut_down(history: History, fails: Callable[[History], bool]) -> History:
    """The smallest history found that still fails: fewer steps and faults, a plainer setting."""
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(history):
            if fails(smaller):
                history, progress = smaller, True
                break
    return history


def _smaller(history: History) -> Iterator[History]:
    setting, steps = history.setting, history.steps
    for index, step in enumerate(steps):
        before, after = steps[:index], steps[index + 1 :]
        yield History(setting, before + after)
        for plainer in _plainer(step):
            yield History(setting, (*before, plainer, *after))
    yield from (History(replace(setting, later=later), steps) for later in _plainer_ends(setting))
    # Later ends without their own date belong to a long term.
    kept = ("seed", "ends_after") if setting.later != Later() else ("seed",)
    for field in fields(Setting):
        if field.name not in kept and getattr(setting, field.name) != field.default:
            yield History(replace(setting, **{field.name: field.default}), steps)


def _plainer_ends(setting: Setting) -> Iterator[Later]:
    for field in fields(Later):
        if getattr(setting.later, field.name) != field.default:
            yield replace(setting.later, **{field.name: field.default})


def _plainer(step: Step) -> Iterator[Step]:
    if not isinstance(step, Deliver):
        return
    if step.meanwhile:
        yield replace(step, meanwhile=None, meanwhile_after=0.0)
    for index, visit in enumerate(step.visits):
        before, after = step.visits[:index], step.visits[index + 1 :]
        if before or after:
            yield replace(step, visits=before + after)
        for plainer in _plainer_visits(visit):
            yield replace(step, visits=(*before, plainer, *after))


def _plainer_visits(visit: Visit) -> Iterator[Visit]:
    if visit.dies_after is not None:
        yield replace(visit, dies_after=None)
    if visit.process:
        yield replace(visit, process=0)
    if visit.after:
        yield replace(visit, after=0.0)
    for index, fate in enumerate(visit.fates):
        before, after = visit.fates[:index], visit.fates[index + 1 :]
        yield replace(visit, fates=before + after)
        if fate is not Fate.FINE:
            yield replace(visit, fates=(*before, Fate.FINE, *after))
