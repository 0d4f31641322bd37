"""Lists from Connect that do not match the query."""

from __future__ import annotations

import json

from sandbox.connect.objects import Json
from sandbox.faults import Respond
from tests.reconcile.world import World

REQUESTS, ASSETS = "/public/v1/requests$", "/public/v1/assets$"


def lists(world: World, path: str, *objects: Json, total: int | None = None) -> None:
    """Make Connect answer a list with these objects, whatever the query."""
    total = len(objects) if total is None else total
    headers = {"Content-Range": f"items 0-{len(objects) - 1}/{total}"}
    body = json.dumps(objects).encode()
    world.connect.faults.add("GET", path, Respond(200, body, headers=headers))
