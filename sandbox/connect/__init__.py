"""A local Connect that the official runner, unmodified, works against."""

from sandbox.connect.objects import Customer, Parameter
from sandbox.connect.refusals import Refusal
from sandbox.connect.requests import OnConfirm
from sandbox.connect.server import LocalConnect
from sandbox.connect.tasks import Task, TaskStatus

__all__ = [
    "Customer",
    "LocalConnect",
    "OnConfirm",
    "Parameter",
    "Refusal",
    "Task",
    "TaskStatus",
]
