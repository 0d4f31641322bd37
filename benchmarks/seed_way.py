"""The first seed document's way: poll once, then handle the requests one after another.

It follows the description of the Processor template: read the vendor's subscription id from the
fulfillment parameter, cancel at the vendor, look the approval template up by its name, approve.
It runs in its own process, `python -m benchmarks.seed_way ENDPOINT VENDOR_URL`, with the keys in
`API_KEY` and `VENDOR_API_KEY`; it starts when it reads a line, and prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import requests
from connect.client import ConnectClient

Json = dict[str, Any]


def parameter(request: Json, parameter_id: str) -> str:
    """The value of one of the request's parameters."""
    found = (p["value"] for p in request["asset"]["params"] if p["id"] == parameter_id)
    return str(next(found))


def approve(client: ConnectClient, request: Json) -> None:
    """Approve with the template that every new product has."""
    templates = client.products[request["asset"]["product"]["id"]].templates
    template = templates.filter(name="Default Activation Template", scope="asset").first()
    payload = {"template_id": template["id"] if template else "-"}
    client.requests[request["id"]]("approve").post(payload=payload)


def process_pending(client: ConnectClient, vendor: requests.Session, vendor_url: str) -> int:
    """Poll once and handle every request found; returns their number."""
    pending = list(client.requests.filter(type="cancel", status="pending"))
    for request in pending:
        subscription_id = parameter(request, "subscription_id")
        answer = vendor.post(f"{vendor_url}/subscriptions/{subscription_id}/cancel", timeout=30)
        answer.raise_for_status()
        approve(client, request)
    return len(pending)


def main() -> None:
    """Wait for the start signal, work and report."""
    endpoint, vendor_url = sys.argv[1:]
    client = ConnectClient(os.environ["API_KEY"], endpoint=endpoint)
    vendor = requests.Session()
    vendor.headers["Authorization"] = f"Bearer {os.environ['VENDOR_API_KEY']}"
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    count = process_pending(client, vendor, vendor_url)
    seconds = time.perf_counter() - began
    spent = time.process_time() - cpu
    print(json.dumps({"count": count, "seconds": seconds, "cpu_seconds": spent}), flush=True)


if __name__ == "__main__":
    main()
