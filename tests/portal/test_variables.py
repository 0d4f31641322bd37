"""The page with the variables: no secret is ever shown, and the extension says what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import psutil
import pytest_asyncio

from tests.leaks import leaks
from tests.portal.desk import Desk, Page, opened

SECRET, OTHER = "s3cret-of-the-vendor-66260700", "an0ther-s3cret-31415926"
# As a runner declares them.
DECLARED = [
    {"name": "VENDOR", "initial_value": "rest"},
    {"name": "SETTLE_MINUTES", "initial_value": "60"},
    {"name": "NOTES", "initial_value": "private"},
    {"name": "REST_API_URL", "initial_value": "changeme"},
    {"name": "REST_API_KEY", "initial_value": "changeme", "secure": True},
    {"name": "REST_AUTH", "initial_value": "bearer"},
    {"name": "REST_CANCEL_BODY", "initial_value": "{}"},
    {"name": "REST_SECRET_HEADERS", "initial_value": "{}", "secure": True},
]
GOOD = "The extension finds no mistake in the variables."
READING = "The extension is reading the variables."


@pytest_asyncio.fixture(loop_scope="session")
async def declared(desk: Desk) -> AsyncIterator[Desk]:
    """Of the one runner that has been there, the declaration has stayed."""
    desk.connect.environment.declare(DECLARED)
    variables = desk.connect.environment.variables
    before = {each.name: replace(each) for each in variables.values()}
    desk.seen.clear()
    yield desk
    variables.clear()
    variables.update(before)
    assert leaks("".join(page.text for page in desk.seen), [SECRET, OTHER]) == []


def value(desk: Desk, name: str) -> str:
    return desk.connect.environment.variables[name].value


def row(desk: Desk, name: str) -> str:
    """The id of a variable's row."""
    return desk.connect.environment.variables[name].id


def has_said(page: Page) -> bool:
    return page.words("opinion") != READING


def inputs(page: Page, name: str) -> list[str]:
    """The value that a variable's field shows."""
    return page.values(f"//li[.//input[@name='name'][@value='{name}']]//input[@id]/@value")


async def test_a_value_is_saved_and_every_instance_is_told(declared):
    page = await declared.post("/variables", name="NOTES", value="none")
    assert page.location == f"/variables?saved=NOTES#{row(declared, 'NOTES')}"
    page = await declared.get(page.location.partition("#")[0])
    assert "Saved NOTES" in page.text
    assert inputs(page, "NOTES") == ["none"]
    happened = declared.connect.journal.happenings[-1]
    assert (happened.kind, happened.object_id) == ("variable", "NOTES")


async def test_what_is_set_stands_apart_from_what_has_its_initial_value(declared):
    await declared.post("/variables", name="NOTES", value="none")
    page = await declared.get("/variables")
    assert "NOTES" in page.words("rows-1")
    assert "Initial value: private" in page.words(row(declared, "NOTES"))
    assert "SETTLE_MINUTES" in page.words("rows-2")
    await declared.post("/variables", name="NOTES", value="x", reset="1")
    assert value(declared, "NOTES") == "private"
    assert "NOTES" in (await declared.get("/variables")).words("rows-2")


async def test_a_secure_value_can_be_typed_and_is_never_shown(declared):
    await declared.post("/variables", name="REST_API_KEY", value=SECRET)
    assert value(declared, "REST_API_KEY") == SECRET
    page = await declared.shows("/variables?saved=REST_API_KEY", has_said)
    assert inputs(page, "REST_API_KEY") == [""]
    assert f"{len(SECRET)} characters, not shown" in page.text


async def test_a_secure_value_is_not_emptied_by_its_empty_field_but_reset_on_demand(declared):
    await declared.post("/variables", name="REST_API_KEY", value=SECRET)
    assert (await declared.post("/variables", name="REST_API_KEY", value="")).status == 400
    assert value(declared, "REST_API_KEY") == SECRET
    await declared.post("/variables", name="REST_API_KEY", value="", reset="1")
    assert value(declared, "REST_API_KEY") == "changeme"


async def test_a_mistake_in_a_secure_value_is_told_without_it(declared):
    await declared.post("/variables", name="REST_SECRET_HEADERS", value=f'["{OTHER}"]')
    page = await declared.shows("/variables", has_said)
    assert "REST_SECRET_HEADERS" in page.words("opinion")
    assert "Requests wait until these mistakes are fixed" in page.words("opinion")


async def test_the_extensions_message_is_at_the_top_and_beside_its_variable(declared):
    await declared.post("/variables", name="SETTLE_MINUTES", value="soon")
    page = await declared.shows("/variables", has_said)
    message = "SETTLE_MINUTES got 'soon'; it takes a number from 0.05 to 10080."
    assert message in page.words("opinion")
    assert message in page.words(row(declared, "SETTLE_MINUTES"))
    described = page.values("//input[@aria-invalid]/@aria-describedby")
    assert [page.words(each) for each in described] == [f"{message}Initial value: 60"]
    assert page.values("//*[@id='opinion']//a/@href") == [f"#{row(declared, 'SETTLE_MINUTES')}"]
    await declared.post("/variables", name="SETTLE_MINUTES", reset="1")
    page = await declared.shows("/variables", has_said)
    assert page.words("opinion") == GOOD
    assert page.values("//input[@aria-invalid]") == []


async def test_of_a_name_that_nobody_has_declared_the_value_is_not_shown(declared):
    declared.connect.set_variable("REST_API_KEYS", SECRET)
    page = await declared.shows("/variables", has_said)
    remark = "REST_API_KEYS is not a variable of the extension: did you mean REST_API_KEY?"
    assert remark in page.words("opinion")
    assert remark in page.words(row(declared, "REST_API_KEYS"))
    assert inputs(page, "REST_API_KEYS") == [""]


async def test_a_value_with_a_line_break_is_refused_here_and_said_of_one_that_came_by_the_api(
    declared,
):
    page = await declared.post("/variables", name="REST_CANCEL_BODY", value='{\r\n"a": 1}')
    assert page.status == 400
    assert "REST_CANCEL_BODY: values with line breaks cannot be saved here." in page.text
    assert value(declared, "REST_CANCEL_BODY") == "{}"
    declared.connect.set_variable("REST_CANCEL_BODY", '{\n"a": 1}')
    page = await declared.shows("/variables", has_said)
    assert "REST_CANCEL_BODY does not fit on one line" in page.words(
        row(declared, "REST_CANCEL_BODY")
    )
    assert page.values("//textarea")[0].text_content().strip() == '{\n"a": 1}'


async def test_a_search_finds_names(declared):
    page = await declared.get("/variables?q=rest_api")
    names = page.values("//li//input[@name='name']/@value")
    assert names == ["REST_API_URL", "REST_API_KEY"]
    page = await declared.post("/variables", name="REST_API_KEY", value=SECRET, q="rest_api")
    assert page.location.startswith("/variables?saved=REST_API_KEY&q=rest_api#")


async def test_a_search_does_not_tell_what_a_value_begins_with(declared):
    await declared.post("/variables", name="REST_API_KEY", value=SECRET)
    assert "Nothing matches" in (await declared.get(f"/variables?q={SECRET[:4]}")).text


async def test_unknown_names_and_values_that_are_too_long_are_refused(declared):
    assert (await declared.post("/variables", name="NEW", value="x")).status == 404
    assert (await declared.post("/variables", value="x")).status == 404
    page = await declared.post("/variables", name="NOTES", value="x" * 21961)
    assert page.status == 400
    assert "no more than 21960 characters" in page.text


async def test_of_several_changes_in_a_row_the_newest_counts(declared):
    for each in ("one", "two", "three", "private"):
        declared.connect.set_variable("NOTES", each)
    page = await declared.shows("/variables", has_said)
    assert page.words("opinion") == GOOD
    declared.connect.set_variable("NOTES", "private")
    assert not has_said(await declared.get("/variables"))
    declared.connect.set_variable("NOTES", "last")
    page = await declared.shows("/variables", has_said)
    assert "NOTES got 'last'" in page.words("opinion")


async def test_before_a_runner_has_said_what_is_secret_no_value_is_shown():
    values = {"REST_AUTH": "header:X-My-Own", "REST_API_KEY": SECRET, "NOTES": OTHER}
    async with opened(variables=values, own_vendor=True) as desk:
        page = await desk.get("/variables")
        assert "values are hidden" in page.text
        assert [inputs(page, name) for name in values] == [[""]] * 3
        assert "X-My-Own" not in page.text
        assert leaks(page.text, [SECRET, OTHER]) == []


def checks() -> list[int]:
    """The processes in which the extension's check runs."""
    found = []
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found += [each.pid] if "connect_ext.check" in each.cmdline() else []
    return found


async def test_the_check_of_a_page_that_is_closed_does_not_go_on(desk):
    await desk.shows("/variables", has_said)

    async with opened() as other:
        await other.shows("/variables", lambda _: bool(checks()))
    assert checks() == []
