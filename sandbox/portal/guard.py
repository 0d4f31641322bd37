"""Who may use the page: a browser on this machine, from the page itself.

The page starts processes and cancels subscriptions, also at a vendor of the user's own. So no other
site that is open in the browser may use it: not by a request of its own, and not under a name of
its own that leads to this machine.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

HEADERS = {
    # Nothing is fetched from elsewhere, and nothing on the page runs but its own script.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'",
    # Not even whether a sandbox runs is another site's business.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@web.middleware
async def refuse_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a call under another name, and one with an effect that another site makes."""
    local = request.get_extra_info("sockname")
    if request.host not in (f"127.0.0.1:{local[1]}", f"localhost:{local[1]}"):
        raise web.HTTPForbidden(text="The sandbox is at 127.0.0.1 and at localhost only.")
    is_safe = request.method in ("GET", "HEAD")
    if not is_safe and request.headers.get("Origin") != f"http://{request.host}":
        raise web.HTTPForbidden(text="The sandbox's page takes orders from itself only.")
    return await handler(request)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Tell the browser what the page may do."""
    response.headers.update(HEADERS)
    # A browser that guesses how long a script stays the same keeps that of an older version.
    response.headers.setdefault("Cache-Control", "no-cache")
