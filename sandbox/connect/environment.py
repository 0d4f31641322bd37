"""An extension's environment: its account, its keys, its variables and its instances.

Messages: docs/facts.md, Connect 5 and 6, `connect.eaas.core.proto` version 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.connect import objects
from sandbox.connect.moments import now
from sandbox.connect.objects import Json
from sandbox.connect.refusals import invalid, unknown
from sandbox.connect.tasks import CANCEL_EVENT, SCHEDULE_EVENT, Task

ENVIRONMENT_ID = "ENV-1000-2000-01"
SERVICE_ID = "SRVC-1000-2000"
INSTALLATION_ID = "EIN-1000-2000-001"
API_KEY = "ApiKey SU-100-100-100:0000000000000000000000000000000000sandbox"
PARTNER_API_KEY = "ApiKey SU-300-300-300:00000000000000000000000000000000000partner"
INSTALLATION_API_KEY = "ApiKey SU-200-200-200:0000000000000000000000000000installation"

MAX_VALUE_LENGTH = 21960

# The event definitions for a runner, which uses them to look up an event's object.
EVENT_DEFINITIONS: list[Json] = [
    {
        "event_type": CANCEL_EVENT,
        "api_resource_endpoint": "requests/{pk}",
        "api_collection_endpoint": "requests",
        "api_collection_filter": "and(eq(id,${_object_id_}),in(status,${_statuses_}))",
    }
]

# The answer to `GET /devops/event-definitions` (docs/facts.md, Connect 5.1).
EVENT_TYPES: list[Json] = [
    {
        "id": 1,
        "source": "system",
        "type": CANCEL_EVENT,
        "name": "Cancellation Request",
        "description": "A subscription's cancel request is to be processed.",
        "category": "background",
        "group": "subscription",
        "extension_type": "multiaccount+products",
        "object_statuses": ["pending", "approved", "failed", "scheduled", "revoking", "revoked"],
    }
]


@dataclass
class Variable:
    """A variable of the environment; instances receive secure values in clear text too."""

    id: str
    name: str
    value: str
    secure: bool = False

    def json(self) -> Json:
        """The variable as the API returns it; a secure value is hidden."""
        value = "*" * 8 if self.secure else self.value
        moment = objects.event(now(), objects.AGENT)
        return {
            "id": self.id,
            "name": self.name,
            "value": value,
            "secure": self.secure,
            "events": {"created": moment, "updated": moment},
        }


class Environment:
    """A development environment of one extension."""

    def __init__(
        self,
        overrides: Mapping[str, str],
        *,
        multi_account: bool = False,
        runtime: str = "local",
        log_level: str = "INFO",
    ) -> None:
        self.id = ENVIRONMENT_ID
        self.service_id = SERVICE_ID
        self.multi_account = multi_account
        self.runtime = runtime
        self.log_level = log_level
        self.error_output = ""
        self.installation_settings: Json = {}
        self.statuses: dict[str, frozenset[str]] = {CANCEL_EVENT: frozenset({"pending"})}
        self.schedulables: dict[str, Json] = {}
        self.variables: dict[str, Variable] = {}
        self.initial_values: dict[str, str] = {}
        """The variables that runners have declared."""
        for name, value in overrides.items():
            self.set_variable(name, value)

    @property
    def owner(self) -> Json:
        """The account that the extension belongs to."""
        return objects.EXTENSION_OWNER if self.multi_account else objects.VENDOR

    def account_of(self, authorization: str | None) -> Json | None:
        """The account that a key belongs to, or None for an unknown key."""
        if authorization == API_KEY:
            return self.owner
        if authorization == INSTALLATION_API_KEY and self.multi_account:
            return objects.VENDOR
        return objects.DISTRIBUTOR if authorization == PARTNER_API_KEY else None

    def sees_requests(self, account: Json) -> bool:
        """Whether an account sees requests; the owner of a Multi-Account extension does not."""
        return account["id"] in (objects.VENDOR["id"], objects.DISTRIBUTOR["id"])

    def task_options(self, task: Task) -> Json:
        """The additional options of a task: the installation, in a Multi-Account extension.

        A schedule belongs to no installation (docs/facts.md, Connect 5.3).
        """
        if not self.multi_account or task.event_type == SCHEDULE_EVENT:
            return {}
        return {"api_key": INSTALLATION_API_KEY, "installation_id": INSTALLATION_ID}

    def subscribe(self, subscriptions: Mapping[str, Iterable[str]]) -> None:
        """Set the statuses for which instances want tasks."""
        for event_type, statuses in subscriptions.items():
            self.statuses[event_type] = frozenset(statuses)

    def offer(self, schedulables: Iterable[Json]) -> None:
        """Replace the schedulables with those of the newest instance."""
        self.schedulables = {each["method"]: dict(each) for each in schedulables}

    def declare(self, declared: Iterable[Mapping[str, Any]]) -> None:
        """Create the declared variables that do not exist yet; existing ones keep their values."""
        for each in declared:
            self.initial_values[each["name"]] = each["initial_value"]
            variable = self.variables.get(each["name"])
            if variable is None:
                self.set_variable(each["name"], each["initial_value"], bool(each.get("secure")))
            elif each.get("secure"):
                variable.secure = True

    def set_variable(self, name: str, value: str, secure: bool | None = None) -> Variable:
        """Create a variable or change its value."""
        if not isinstance(value, str):
            raise invalid("value: Not a valid string.")
        if len(value) > MAX_VALUE_LENGTH:
            raise invalid(
                f"value: Ensure this field has no more than {MAX_VALUE_LENGTH} characters."
            )
        variable = self.variables.get(name)
        if variable is None:
            variable_id = f"VAR-1000-2000-{len(self.variables) + 1:04d}"
            variable = self.variables[name] = Variable(variable_id, name, value)
        variable.value = value
        variable.secure = variable.secure if secure is None else secure
        return variable

    def variable(self, either: str) -> Variable:
        """The variable with this id or name; raises the platform's refusal."""
        for variable in self.variables.values():
            if either in (variable.id, variable.name):
                return variable
        raise unknown(either)

    def setup_response(self) -> Json:
        """The message that configures an instance."""
        variables = [
            {"name": each.name, "value": each.value, "secure": each.secure}
            for each in self.variables.values()
        ]
        meta = {
            "service_id": self.service_id,
            "account_id": self.owner["id"],
            "account_name": self.owner["name"],
            "products": [],
        }
        return {
            "version": 2,
            "message_type": "setup_response",
            "data": {
                "model_type": "setup_response",
                "variables": variables,
                "environment_type": "development",
                "logging": {
                    "logging_api_key": None,
                    "log_level": self.log_level,
                    "runner_log_level": None,
                    "meta": meta,
                },
                "event_definitions": EVENT_DEFINITIONS,
            },
        }

    def json(self) -> Json:
        """The environment as the API returns it."""
        return {
            "id": self.id,
            "type": "development",
            "runtime": self.runtime,
            "status": "connected",
            "error_output": self.error_output,
            "hostname": "sandbox",
            "domain": "localhost",
            "schedulables": list(self.schedulables.values()),
            "extension": {"id": self.service_id, "name": "Sandbox", "owner": _owner(self.owner)},
        }

    def installation(self) -> Json:
        """The installation of a Multi-Account extension in the vendor's account."""
        return {
            "id": INSTALLATION_ID,
            "environment": self.reference(),
            "owner": _owner(objects.VENDOR),
            "settings": dict(self.installation_settings),
            "status": "installed",
            "events": {"installed": objects.event(now(), objects.AGENT)},
        }

    def task(self, task: Task) -> Json:
        """A task as the API returns it."""
        last = task.deliveries[-1] if task.deliveries else None
        return {
            "id": task.id,
            "object": {"id": task.object_id, "type": task.event_type, "category": task.category},
            "assignee": last.instance_id if last else "",
            "status": task.status.value,
            "output": task.output,
            "environment": self.reference(),
            "owner": _owner(objects.VENDOR),
            "events": {"created": objects.event(task.created)},
            "retry_count": task.retry_count,
            "rescheduled_count": task.rescheduled_count,
            "runtime_total": round(sum(each.runtime for each in task.results) * 1000, 3),
        }

    def reference(self) -> Json:
        """The environment as other objects refer to it."""
        fields = ("id", "type", "runtime", "hostname", "domain", "extension")
        whole = self.json()
        return {field: whole[field] for field in fields}


def _owner(account: Json) -> Json:
    return {**account, "role": "vendor"}
