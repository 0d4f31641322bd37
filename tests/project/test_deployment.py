"""The official deploy tool takes ``connect-deployment.yaml`` (docs/facts.md, Connect 6.1).

``ccli project extension deploy`` calls ``deploy_extension``, which runs here unmodified: it clones
a git repository and calls a local Connect that records the calls.
"""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from connect.client import ConnectClient

from tests.project.test_project import POETRY
from tools.locks import ROOT
from tools.release.files import DEPLOYMENT, values

# Before Python 3.12, the tool compares tags with a deprecated module.
pytestmark = pytest.mark.filterwarnings("ignore:.*distutils:DeprecationWarning")

TAG = f"v{POETRY['version']}"
KNOWN = {
    *("env", "type", "package_id", "name", "category", "description", "overview", "website"),
    *("icon", "var"),
}
SERVICE = "/devops/services/SRVC-0000-0001"
ENVIRONMENT = f"{SERVICE}/environments/ENV-0000-0001-03"


class LocalConnect(ThreadingHTTPServer):
    """Answers the tool's calls, with or without an existing extension."""

    def __init__(self, *, exists: bool) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.exists = exists
        self.calls: list[tuple[str, str, Any]] = []
        self.environment = {
            "id": "ENV-0000-0001-03",
            "type": "production",
            "runtime": "local",
            "status": "uninitialized",
            "git": {},
        }

    def answer(self, method: str, path: str, body: Any) -> Any:
        self.calls.append((method, path, body))
        service = {"id": "SRVC-0000-0001", "environments": {"production": self.environment}}
        match method, path:
            case "GET", "/devops/services":
                return [service] if self.exists else []
            case ("POST", "/devops/services") | ("PUT", "/devops/services/SRVC-0000-0001"):
                return service
            case "GET", "/dictionary/extensions/categories":
                return [{"id": "EC-0001", "name": "Integration"}]
            case "GET", _ if path == f"{ENVIRONMENT}/variables":
                return [{"id": "VAR-1", "name": "VENDOR", "value": "stripe", "secure": False}]
            case "PUT", _ if path == ENVIRONMENT:
                self.environment |= body
                return self.environment
            case "POST", _ if path == f"{ENVIRONMENT}/start":
                return self.environment
        raise AssertionError(f"{method} {path}")

    def body_of(self, method: str, path: str) -> Any:
        [body] = [body for m, p, body in self.calls if (m, p) == (method, path)]
        return body


class Answers(BaseHTTPRequestHandler):
    server: LocalConnect

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        found = self.server.answer(self.command, path, json.loads(body) if body else None)
        content = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if isinstance(found, list):
            self.send_header("Content-Range", f"items 0-{max(len(found) - 1, 0)}/{len(found)}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Logs nothing; a failing test shows the calls."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this repository that the tool reads, committed and tagged as a release."""
    directory = tmp_path_factory.mktemp("repository")
    for name in (DEPLOYMENT, "overview.md", "pyproject.toml"):
        shutil.copy(ROOT / name, directory)
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["commit", "--quiet", "--no-gpg-sign", "-m", "A release"],
        ["tag", "--no-sign", "v0.9.0"],
        ["tag", "--no-sign", TAG],
    ):
        author = ("-c", "user.name=Tests", "-c", "user.email=tests@vendor.example")
        subprocess.run(["git", *author, *command], cwd=directory, check=True)
    return directory


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Iterator[LocalConnect]:
    server = LocalConnect(exists=request.param)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def deploy(repository: Path, connect: LocalConnect, tag: str | None = None) -> list[str]:
    """The tool's output while it deploys."""
    from connect.eaas.core.deployment.extension import deploy_extension

    said: list[str] = []
    endpoint = f"http://127.0.0.1:{connect.server_port}"
    client = ConnectClient("ApiKey SU-000-000-000:tests", endpoint=endpoint, use_specs=False)
    deploy_extension(str(repository), client, lambda text: said.append(str(text)), tag=tag)
    return said


def test_the_tool_knows_every_key_of_the_file(repository):
    from connect.eaas.core.deployment.utils import extract_arguments

    arguments = extract_arguments(str(repository), TAG)
    assert arguments.keys() <= KNOWN
    assert arguments["overview"] == (ROOT / "overview.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("connect", [False], indirect=True)
def test_the_tool_creates_the_extension_and_starts_the_newest_tag(repository, connect):
    said = deploy(repository, connect)
    assert said[-1].endswith("successfully deployed."), said
    created = connect.body_of("POST", "/devops/services")
    assert created["type"] == "multiaccount"
    assert created["package_id"] == values()["package_id"]
    assert created["website"] == POETRY["repository"]
    assert created["category"] == {"id": "EC-0001"}
    assert all(created.values())
    deployed = connect.body_of("PUT", ENVIRONMENT)
    assert (deployed["runtime"], deployed["git"]["tag"]) == ("cloud", TAG)
    assert deployed["git"]["url"] == str(repository)
    assert connect.calls[-1][:2] == ("POST", f"{ENVIRONMENT}/start")


@pytest.mark.parametrize("connect", [True], indirect=True)
def test_the_tool_updates_an_extension_and_leaves_its_variables_alone(repository, connect):
    said = deploy(repository, connect, tag=TAG)
    assert said[-1].endswith("successfully deployed."), said
    assert connect.body_of("PUT", SERVICE)["overview"].startswith("# Subscription cancellation")
    written = [path for method, path, _ in connect.calls if method != "GET"]
    assert written == [SERVICE, ENVIRONMENT, f"{ENVIRONMENT}/start"]
