"""Zuora's SOAP API, in the three generations that its WSDL versions make."""

from __future__ import annotations

from connect_ext.settings import ZuoraSettings
from connect_ext.vendors.base import Vendor
from connect_ext.vendors.http_client import HttpClient
from connect_ext.vendors.zuora_soap.endpoint import Endpoint
from connect_ext.vendors.zuora_soap.session import PROCESS_SESSIONS, Credentials, Sessions
from connect_ext.vendors.zuora_soap.vendor import ZuoraSoapVendor

__all__ = ["create"]


def create(
    settings: ZuoraSettings, http: HttpClient, sessions: Sessions = PROCESS_SESSIONS
) -> Vendor:
    """Make the vendor; all vendors of a process share their sessions with Zuora."""
    credentials = Credentials(settings.url, settings.username, settings.password)
    return ZuoraSoapVendor(settings, Endpoint(credentials, http, sessions))
