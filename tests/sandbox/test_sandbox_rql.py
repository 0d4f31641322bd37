"""The queries that the official client sends."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import LocalConnect, Refusal
from sandbox.connect.rql import COMPARED, Fields, Filter, parse_query

TEXT = frozenset(("eq", "ne", "in", "out"))
STATUSES = frozenset(("pending", "approved", "failed", "scheduled"))
FIELDS = Fields(
    filters={
        **dict.fromkeys(("id", "asset.id", "asset.params.id"), Filter(TEXT)),
        "number": Filter(frozenset(("eq",)), at="id"),
        "status": Filter(TEXT, is_ordered=True, choices=STATUSES),
        "created": Filter(TEXT | COMPARED.keys(), is_ordered=True),
        "updated": Filter(frozenset(("gt", "lt")), is_ordered=True, at="created"),
    },
    left_out=frozenset(("status", "asset.params")),
    hidden=frozenset(("secret",)),
)
THINGS = {
    f"PR-{number}": {
        "id": f"PR-{number}",
        "status": status,
        "created": f"2026-01-0{number}T00:00:00+00:00",
        "asset": {"id": f"AS-{number}", "params": [{"id": "a"}, {"id": f"p{number}"}]},
    }
    for number, status in enumerate(("pending", "approved", "pending", "failed"), start=1)
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "1234"),
        ("eq(id,PR-2)", "2"),
        ("eq(id,PR-9)", ""),
        ("status=pending", "13"),
        ("in(status,(pending,failed))", "134"),
        ("out(status,(pending,failed))", "2"),
        ("ne(status,pending)", "24"),
        ("and(eq(id,PR-1),in(status,(pending)))", "1"),
        ("and(eq(id,PR-2),in(status,(pending)))", ""),
        ("and(eq(id,PR-1),eq(id,PR-2))", ""),
        ("or(eq(id,PR-1),eq(id,PR-2))", "12"),
        ("not(or(eq(id,PR-1),eq(id,PR-2)))", "34"),
        ("and%28eq%28id%2CPR-1%29%2Cin%28status%2C%28pending%29%29%29", "1"),
        ("eq(asset.id,AS-3)&status=pending", "3"),
        ("eq(asset.params.id,p4)", "4"),
        ("status=pending&ordering(-created)", "31"),
        ("ordering(status,-created)", "2431"),
        ("ordering(-updated)&status=pending", "31"),
        ("ordering()", "1234"),
        ("ordering(-created)&limit=2&offset=1", "32"),
        ("limit=0", ""),
        ("ge(created,2026-01-03T00:00:00Z)", "34"),
        ("lt(created,2026-01-02T01:00:00+02:00)", "1"),
        ("in(created,(2026-01-02T02:00:00+02:00))", "2"),
        ("ge(created,2026-01-03T02:00:00%2B02:00)", "34"),
        ("ge%28created%2C2026-01-03T00%3A00%3A00Z%29", "34"),
        ("gt(updated,2026-01-03T00:00:00Z)", "4"),
        ("number=PR-3", "3"),
        ("eq(id,%22PR-3%22)", "3"),
        ("in(id,('PR-1',PR-4))", "14"),
        ('ne(id,"a=(b,~\'&c")', "1234"),
        ("in(id,(PR-4,PR-1,PR-4,PR-9))", "41"),
        ("select(-status,-asset.params,+secret)&eq(id,PR-1)", "1"),
    ],
)
def test_a_query_finds(query: str, expected: str) -> None:
    parsed = parse_query(query, FIELDS)
    page = parsed.page(parsed.matching(THINGS))
    assert "".join(each["id"][-1] for each in page) == expected


@pytest.mark.parametrize(
    "query",
    [
        "like(id,*PR*)",
        "gt(id,PR-1)",
        "gt(created,yesterday)",
        "eq(secret,1)",
        "secret=1",
        "eq(id",
        "in(status,pending)",
        "eq(id,1,2)",
        "eq(id,)",
        "eq(id,a=b)",
        "id=PR~1",
        "in(id,(PR-1,))",
        "eq(id,'PR-1)",
        "eq(id,null())",
        "limit=x",
        "junk",
        "and(eq(id,PR-1),junk)",
        "and(eq(id,PR-1))",
        "or(eq(id,PR-1))",
        "not(eq(id,PR-1),eq(id,PR-2))",
        "eq(status,open)",
        "in(status,(pending,open))",
        "ge(updated,2026-01-03T00:00:00Z)",
        "eq(updated,2026-01-03T00:00:00Z)",
        "in(number,(PR-1))",
        "ordering(id)",
        "ordering(status,nothing)",
        "ordering(status)&ordering(created)",
        "select(-id)",
        "select(-asset)",
        "select(-secret)",
        "select(status)",
        "select(anything)",
    ],
)
def test_an_unsupported_query_is_refused(query: str) -> None:
    with pytest.raises(Refusal):
        parse_query(query, FIELDS)


def test_unselected_fields_are_left_out_but_stay_in_the_object() -> None:
    parsed = parse_query("select(-asset.params)&select(-status)&eq(id,PR-1)", FIELDS)
    (shown,) = parsed.page(parsed.matching(THINGS))
    assert shown.keys() == {"id", "created", "asset"}
    assert shown["asset"] == {"id": "AS-1"}
    assert THINGS["PR-1"]["asset"].keys() == {"id", "params"}


async def test_a_page_says_how_many_there_are(connect: LocalConnect, session: Any) -> None:
    for number in range(3):
        connect.cancel(f"A-{number}")
    ranges = {"limit=0": "0-0/3", "limit=2": "0-1/3", "limit=2&offset=2": "2-2/3"}
    for query, expected in ranges.items():
        url = f"{connect.url}/requests?in(status,(pending))&{query}"
        async with session.get(url) as response:
            assert response.headers["Content-Range"] == f"items {expected}"
