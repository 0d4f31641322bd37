"""A local Connect and local vendors, for the demo and for tests.

Imports nothing of the extension: shared code would share the bugs.
"""

from sandbox.connect import Customer, LocalConnect, OnConfirm, Parameter, Refusal
from sandbox.connect.objects import DISTRIBUTOR, VENDOR
from sandbox.faults import FaultPlan
from sandbox.runner import Runner, RunnerFailed
from sandbox.sandbox import Sandbox
from sandbox.vendor import LocalVendor, VendorSubscription

__all__ = [
    "DISTRIBUTOR",
    "VENDOR",
    "Customer",
    "FaultPlan",
    "LocalConnect",
    "LocalVendor",
    "OnConfirm",
    "Parameter",
    "Refusal",
    "Runner",
    "RunnerFailed",
    "Sandbox",
    "VendorSubscription",
]
