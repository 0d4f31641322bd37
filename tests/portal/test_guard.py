"""Nobody uses the page but a browser on this machine, from the page itself."""

from __future__ import annotations

import pytest

PATHS = ("/subscriptions", "/requests", "/vendor", "/variables", "/runners", "/nowhere")


@pytest.mark.parametrize("host", ["sandbox.example", "127.0.0.1", "127.0.0.1:1", "[::1]", ""])
async def test_under_another_name_nothing_is_shown(desk, host):
    page = await desk.get("/variables", Host=host)
    assert page.status == 403
    assert "REST_API_URL" not in page.text


async def test_it_is_there_at_localhost_too(desk):
    port = desk.url.rpartition(":")[2]
    assert (await desk.get("/variables", Host=f"localhost:{port}")).status == 200


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1"])
async def test_an_order_of_another_site_has_no_effect(desk, origin):
    headers = {"Origin": origin} if origin else {}
    for path, fields in (
        ("/vendor/switches/503", {"to": "on"}),
        ("/variables", {"name": "REST_AUTH", "value": "none"}),
        ("/runners", {}),
        ("/subscriptions/new", {}),
    ):
        call = desk.session.post(f"{desk.url}{path}", data=fields, headers=headers)
        async with call as response:
            assert response.status == 403
    assert not desk.portal.switches.all["503"].is_on
    assert desk.connect.environment.variables["REST_AUTH"].value == "bearer"
    assert desk.sandbox.runners == []
    assert desk.connect.catalogue.assets == {}


@pytest.mark.parametrize("path", [*PATHS, "/static/portal.js", "/static/nothing.js"])
async def test_every_answer_tells_the_browser_to_fetch_nothing_from_elsewhere(desk, path):
    page = await desk.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert page.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_names_nothing_elsewhere_and_has_neither_script_nor_style_of_its_own(
    desk, path
):
    page = await desk.get(path)
    addresses = page.values("//@src | //@href | //@action")
    assert [each for each in addresses if not each.startswith(("/", "#", "?"))] == []
    assert [each for each in addresses if each.startswith("//")] == []
    assert (
        page.values("//style | //@style | //script[not(@src)] | //@*[starts-with(name(), 'on')]")
        == []
    )


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_is_never_taken_from_a_browsers_store(desk, path):
    assert (await desk.get(path)).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["portal.js", "portal.css", "icon.svg"])
async def test_a_script_or_a_style_of_an_older_version_is_never_used(desk, name):
    page = await desk.get(f"/static/{name}")
    assert page.headers["Cache-Control"] == "no-cache"
    again = await desk.get(f"/static/{name}", **{"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.text) == (304, "")


async def test_what_is_not_there_is_a_page_that_says_so(desk):
    for path in ("/nowhere", "/requests/PR-1", "/subscriptions/AS-1"):
        page = await desk.get(path)
        assert page.status == 404
        assert page.values("string(//h1)") == "That is not possible"
