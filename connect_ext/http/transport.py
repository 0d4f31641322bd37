"""The transport for every call: httpx's interface over aiohttp's connections and C parser."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import httpx

if TYPE_CHECKING:
    from connect_ext.http.over_aiohttp import Exchanges

KEEP_ALIVE_SECONDS = 30.0


class Transport(httpx.AsyncBaseTransport):
    """Sends requests over a bounded pool of connections, each request once.

    It supports a request's httpx extensions ``timeout`` (except ``write``) and ``trace`` (one event
    only: ``http11.send_request_headers.started``, before the first byte leaves). It belongs to the
    event loop in which it is first used.
    """

    def __init__(self, most_connections: int, ssl_context: ssl.SSLContext | None = None) -> None:
        """Without a context, it trusts httpx's own authorities, or those in SSL_CERT_FILE."""
        self._most_connections = most_connections
        self._ssl_context = ssl_context
        self._proxies = getproxies()
        self._exchanges: Exchanges | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return the answer's head; the caller reads the body."""
        exchanges = self._exchanges or await self._open()
        return await exchanges.send(request, self._proxy_for(request.url))

    async def prepare(self) -> None:
        """Prepare for the first request, so it takes no longer than others."""
        if self._exchanges is None:
            await self._open()

    async def aclose(self) -> None:
        """Close all connections."""
        exchanges, self._exchanges = self._exchanges, None
        if exchanges is not None:
            await exchanges.aclose()

    async def _open(self) -> Exchanges:
        # Importing aiohttp and reading the authorities would block the event loop for too long.
        module, context = await asyncio.to_thread(self._prepared)
        if self._exchanges is None:
            self._exchanges = module(self._most_connections, KEEP_ALIVE_SECONDS, context)
        return self._exchanges

    def _prepared(self) -> tuple[type[Exchanges], ssl.SSLContext]:
        from connect_ext.http.over_aiohttp import Exchanges  # noqa: PLC0415

        return Exchanges, self._ssl_context or _trusting()

    def _proxy_for(self, url: httpx.URL) -> str | None:
        """The proxy that the environment names for an address (HTTPS_PROXY, NO_PROXY and so on).

        It is used only for https, which it cannot read. Plain HTTP stays on this machine, because
        a proxy would see the credentials.
        """
        if url.scheme != "https":
            return None
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        names = (url.host, url.netloc.decode("ascii"))
        if not proxy or any(proxy_bypass(name, self._proxies) for name in names):
            return None
        scheme, found, _ = proxy.partition("://")
        if found and scheme not in ("http", "https"):
            raise httpx.ProxyError(
                f"The environment names a proxy of type {scheme}; only http and https can be used."
                f" See {url.scheme.upper()}_PROXY and ALL_PROXY."
            )
        return proxy if found else f"http://{proxy}"


def _trusting() -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def why_unreached(error: Exception) -> str:
    """The end of a sentence about the cause, without the address in the error's own text."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return ": its certificate is not trusted"
    if "Name or service not known" in text or "getaddrinfo" in text or "nodename" in text:
        return ": its host name is not known"
    if isinstance(getattr(error.__cause__, "os_error", None), ConnectionRefusedError):
        return ": nothing listens there"
    return f" ({type(error).__name__})"
