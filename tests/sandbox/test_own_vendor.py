"""The user's own vendor: its variables, requests about it, and the feed."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from aiohttp import web

from connect_ext.command_line.env_file import read_env_file
from sandbox.complaint import Complaint
from sandbox.own_vendor import read_variables, way_out
from tests.leaks import leaks
from tests.sandbox.commands import PATIENCE, client, command, line_with

ENVIRONMENT = "devops/services/SRVC-1000-2000/environments/ENV-1000-2000-01"
LOCAL = "--status and --fault need the local vendor; this sandbox runs against your own"
SECRET, TOKEN = "s3cret-of-my-own-client", "t0ken-that-my-authority-gives"
VARIABLES = """\
# My vendor
VENDOR=rest

REST_API_URL={url}\r
REST_AUTH=oauth2
REST_OAUTH_TOKEN_URL={url}/token
REST_OAUTH_CLIENT_ID=me
REST_OAUTH_CLIENT_SECRET=s3cret-of-my-own-client
REST_STATUS_REQUEST=GET /v2/contracts/{{subscription_id}}
REST_STATUS_PATH=data.state
REST_ACTIVE_VALUES=ACTIVE
REST_CANCELLING_VALUES=TERMINATING
REST_CANCELLED_VALUES=TERMINATED
REST_CANCEL_REQUEST=PATCH /v2/contracts/{{subscription_id}}
REST_CANCEL_BODY={{"state": "TERMINATED"}}
SUBSCRIPTION_ID_PARAMETER=contract
"""


class Contracts:
    """An API where a patched contract is TERMINATING, and TERMINATED one look later."""

    def __init__(self) -> None:
        self.states = ["ACTIVE"]

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"access_token": TOKEN, "expires_in": 3600})
        assert request.path == "/v2/contracts/C-1"
        if request.method == "PATCH":
            self.states = ["TERMINATING", "TERMINATED"]
            return web.Response(status=202)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return web.json_response({"data": {"id": "C-1", "state": state}})


@pytest.fixture
async def contracts(tmp_path: Path) -> AsyncIterator[tuple[Path, Path]]:
    """The API over TLS; gives a file with its variables and one with its authority."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "mine.pem"))
    runner = web.ServerRunner(web.Server(Contracts(), access_log=None), shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    variables = VARIABLES.format(url=f"https://localhost:{runner.addresses[0][1]}")
    (tmp_path / "mine.env").write_bytes(variables.encode())
    yield tmp_path / "mine.env", tmp_path / "mine.pem"
    await runner.cleanup()


async def told(serving: Any, text: str) -> list[str]:
    """The feed up to the line with the text."""
    lines: list[str] = []
    while not lines or text not in lines[-1]:
        lines.append(await line_with(serving, ""))
    return lines


async def asked(directory: Path, path: str) -> Any:
    """The local Connect's answer."""
    address = json.loads((directory / ".sandbox" / "state.json").read_text())
    async with client(address) as session, session.get(f"{address['url']}/{path}") as response:
        return await response.json()


async def said(*arguments: str, **where: Path) -> str:
    """The message of a command that fails."""
    async with command(*arguments, **where) as process:
        words = await asyncio.wait_for(process.stdout.read(), PATIENCE)
        assert await process.wait() in (1, 2)
        return words.decode()


@pytest.mark.slow
async def test_a_request_goes_to_the_vendor_and_the_feed_shows_every_call(
    contracts: tuple[Path, Path], tmp_path: Path, project_root: Path
) -> None:
    where = {"cwd": tmp_path, "root": project_root}
    variables, authority = contracts
    options = ("--env", str(variables), "--countdown-scale", "0.05")
    async with command("serve", *options, **where, SSL_CERT_FILE=str(authority)) as serving:
        feed = await told(serving, "-m sandbox cancel --vendor-id ID")
        async with command("cancel", "--vendor-id", "C-1", **where) as cancelling:
            await line_with(cancelling, "approved")
        feed += await told(serving, "succeeded")
        shown = await asked(tmp_path, f"{ENVIRONMENT}/variables?limit=200")
    secure = {each["name"] for each in shown if each["secure"]}
    assert "REST_OAUTH_CLIENT_SECRET" in secure
    calls = re.findall(r"  call      PR-\S+  method=(\w+ http=\d+) ms=\d+: (.*)", "".join(feed))
    assert calls == [
        ("POST http=200", "the token request (REST_OAUTH_TOKEN_URL)"),
        ("GET http=200", "the status request (REST_STATUS_REQUEST)"),
        ("PATCH http=202", "the cancellation (REST_CANCEL_REQUEST)"),
        ("GET http=200", "the status request (REST_STATUS_REQUEST)"),
        ("GET http=200", "the status request (REST_STATUS_REQUEST)"),
    ]
    assert [line for line in feed if "outcome=waits cause=on-its-way" in line]
    assert leaks("".join(feed), [SECRET, TOKEN, "/v2/contracts", "TERMINATED"]) == []


async def test_only_these_variables_describe_the_vendor_and_requests_name_its_ids(
    contracts: tuple[Path, Path], tmp_path: Path, project_root: Path
) -> None:
    where = {"cwd": tmp_path, "root": project_root}
    options = ("--env", str(contracts[0]), "--variable", "REST_AUTH=none", "--no-runner")
    async with command("serve", *options, **where) as serving:
        await line_with(serving, "-m sandbox cancel")
        shown = await asked(tmp_path, f"{ENVIRONMENT}/variables?limit=200")
        values = {each["name"]: each["value"] for each in shown}
        assert values == {**read_variables(contracts[0]), "REST_AUTH": "none"}
        assert len(values) == 14
        parameters = ("--parameter", "plan=gold", "--parameter", "seats=a=b")
        async with command("cancel", "--vendor-id", "C-1", *parameters, **where) as cancelling:
            asset_id = (await line_with(cancelling, "new preview subscription")).split()[-1]
        params = (await asked(tmp_path, f"assets/{asset_id}"))["params"]
        found = {each["id"]: each["value"] for each in params if each["phase"] == "fulfillment"}
        assert found == {"contract": "C-1", "plan": "gold", "seats": "a=b"}
        for wrong, complaint in (
            (
                (),
                "this sandbox runs against your own vendor; name a subscription: --vendor-id ID",
            ),
            (("--vendor-id", "C-1", "--status", "draft"), LOCAL),
            (("--vendor-id", "C-1", "--fault", "503x2"), LOCAL),
            ((asset_id, "--parameter", "plan=gold"), "are for a new subscription"),
        ):
            assert complaint in await said("cancel", *wrong, **where)
        assert "already running here: process" in await said("serve", **where)


async def test_the_local_vendors_subscription_has_the_requested_status_and_faults(
    tmp_path: Path, project_root: Path
) -> None:
    where = {"cwd": tmp_path, "root": project_root}
    async with command("serve", "--no-runner", **where) as serving:
        await line_with(serving, "-m sandbox cancel")
        shown = await asked(tmp_path, f"{ENVIRONMENT}/variables")
        values = {each["name"]: each["value"] for each in shown}
        wanted = ("--vendor-id", "SUB.7", "--status", "ends_later", "--fault", "503x2", "--fault")
        async with command("cancel", *wanted, "dropx1", **where) as cancelling:
            await line_with(cancelling, "pending")
        headers = {"Authorization": f"Bearer {values['REST_API_KEY']}"}
        async with httpx.AsyncClient(headers=headers) as session:
            url = f"{values['REST_API_URL']}/subscriptions/SUB.7"
            statuses = [await status(session, url) for _ in range(4)]
        assert statuses == ["503", "503", "lost", "ends_later"]
        again = ("--vendor-id", "SUB.7", "--status", "draft")
        assert "has SUB.7 already" in await said("cancel", *again, **where)
        assert "503x2, 429x1 or dropx1" in await said("cancel", "--fault", "often", **where)
        assert "--slow needs the local vendor" in await said(
            "serve", "--slow", "1", "--env", "mine.env", **where
        )


async def status(session: httpx.AsyncClient, url: str) -> str:
    """A subscription's status at the local vendor, or what went wrong."""
    try:
        response = await session.get(url)
    except httpx.TransportError:
        return "lost"
    return response.json()["status"] if response.is_success else str(response.status_code)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"VENDOR=rest\n\nsecret words", "line 3: expected NAME=value"),
        (b"\n two words=secret", "line 2: expected NAME=value"),
        (b"=secret", "line 1: expected NAME=value"),
        (b"REST_API_KEY=secret" * 2000, "line 1: the value is longer than 21960 characters"),
        (b"REST_API_KEY=secret\xff", "not UTF-8"),
        (None, "No such file or directory"),
    ],
)
def test_a_mistake_in_the_file_is_a_complaint_without_the_files_words(tmp_path, content, complaint):
    file = tmp_path / "mine.env"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Complaint, match=complaint) as caught:
        read_variables(file)
    assert "secret" not in str(caught.value)


def test_values_are_taken_as_they_are_like_by_the_check(tmp_path):
    file = tmp_path / "mine.env"
    file.write_bytes(b"A='x' # y \n #B=1\nC==\r\n\nD=\n E = \xc3\xa9\n")
    assert read_variables(file) == {"A": "'x' # y", "C": "=", "D": "", "E": "\u00e9"}
    assert read_variables(file) == read_env_file(file)


def test_the_vendor_is_reached_with_its_authorities_and_the_set_proxies(tmp_path, monkeypatch):
    for name in ("mine.pem", "ca.pem"):
        trustme.CA().cert_pem.write_to_path(str(tmp_path / name))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mine.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "internal.example")
    found = way_out(tmp_path / "ca.pem")
    trusted = ssl.create_default_context(cafile=found["SSL_CERT_FILE"])
    assert trusted.cert_store_stats()["x509_ca"] == 2
    assert found["https_proxy"] == "http://proxy.example:3128"
    # The runner's websocket would use it and cannot bypass it.
    assert "HTTPS_PROXY" not in found
    assert found["no_proxy"] == found["NO_PROXY"] == "localhost,127.0.0.1,internal.example"
