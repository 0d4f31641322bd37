import sys

import pytest
from aiohttp import web

from connect_ext.errors import NotConfigured
from connect_ext.http.client import Call
from connect_ext.portal.settings import initial_variables, read_configuration
from connect_ext.vendors.registry import BUILT_IN, Vendors, definitions
from tests.http.servers import web_server
from tests.unit.builders import ORDERS_VARIABLES, OWN_VENDORS

REST = {"REST_API_URL": "https://vendor.example", "REST_API_KEY": "t0ken"}
ZUORA = {
    "VENDOR": "zuora-soap",
    "ZUORA_SOAP_URL": "https://zuora.example/apps/services/a/91.0",
    "ZUORA_USERNAME": "user",
    "ZUORA_PASSWORD": "p4ssword",
}
MODULE = """
from connect_ext.portal.variable import Variable
from connect_ext.vendors.base import VendorDefinition

class Acme:
    can_be_asked, is_repeatable = True, False
    def __init__(self, settings, context):
        self.url, self.context = settings[0], context
        self.sessions = context.shared("acme sessions", dict)

def read(reader):
    return reader.url("ACME_URL"), reader.secret("ACME_TOKEN"), reader.raw_variables()

def create(settings, context):
    return Acme(settings, context)

VARIABLES = (
    Variable("ACME_URL", "changeme", "a URL"),
    Variable("ACME_TOKEN", "changeme", "a token", secure=True),
    Variable("NOTES", "another", "of no use: the name is taken"),
)
DEFINITION = VendorDefinition(VARIABLES, read, create)
"""
ACME = {"VENDOR": "Acme", "ACME_URL": "https://acme.example", "ACME_TOKEN": "acm3-t0ken"}


@pytest.fixture(autouse=True)
def _looked_up_anew():
    """Each test looks for installed vendors like a new process."""
    definitions.cache_clear()
    yield
    definitions.cache_clear()


@pytest.fixture
async def vendors():
    made = Vendors()
    yield made
    await made.aclose()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package on the path with the vendor ``Acme``."""
    info = tmp_path / "acme_vendor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-vendor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[connect_ext.vendors]\nAcme = acme_vendor:DEFINITION\nrest = acme_vendor:DEFINITION\n"
        "gone = acme_vendor_gone:DEFINITION\nodd = acme_vendor:create\n"
    )
    (tmp_path / "acme_vendor.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield info
    sys.modules.pop("acme_vendor", None)


def vendor_settings(**variables):
    return read_configuration({**REST, **variables}, definitions()).default.vendor


async def test_equal_settings_share_one_vendor(vendors):
    one = vendors.vendor_for(vendor_settings())
    assert vendors.vendor_for(vendor_settings(DRY_RUN="true")) is one


async def test_different_settings_do_not_share_a_vendor(vendors):
    one = vendors.vendor_for(vendor_settings())
    assert vendors.vendor_for(vendor_settings(REST_API_KEY="another")) is not one


async def test_every_built_in_vendor_can_be_made(vendors):
    of_zuora = (vendor_settings(**ORDERS_VARIABLES), vendor_settings(**ZUORA))
    of_rest = (vendor_settings(), vendor_settings(VENDOR="stripe"))
    made = [vendors.vendor_for(s) for s in (*of_rest, *of_zuora)]
    modules = [type(vendor).__module__.rpartition(".")[0] for vendor in made]
    rest = BUILT_IN["rest"]
    assert modules == [rest, rest, BUILT_IN["zuora"], BUILT_IN["zuora-soap"]]


async def test_the_number_of_kept_vendors_is_bounded():
    vendors, first = Vendors(most=3), vendor_settings()
    one = vendors.vendor_for(first)
    for number in range(3):
        vendors.vendor_for(vendor_settings(REST_API_KEY=f"key-{number}"))
    assert vendors.vendor_for(first) is not one
    await vendors.aclose()


async def test_the_number_of_shared_values_is_bounded():
    vendors = Vendors(most=2)
    share = vendors._shared_value
    first = share("a", list)
    assert share("a", list) is first
    share("b", list)
    share("c", list)
    assert share("a", list) is not first
    await vendors.aclose()


async def test_a_vendor_is_made_again_after_all_are_closed(vendors):
    one = vendors.vendor_for(vendor_settings())
    await vendors.aclose()
    assert vendors.vendor_for(vendor_settings()) is not one


def test_the_definitions_do_not_import_a_vendors_calls(tmp_path):
    import subprocess

    code = (
        "import sys; from connect_ext.vendors.registry import definitions; definitions();"
        "sys.exit('lxml' in sys.modules or 'connect_ext.vendors.rest.vendor' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class TestRegisteredVendors:
    async def test_a_vendor_is_found_by_its_entry_point(self, vendors, installed):
        settings = vendor_settings(**ACME)
        vendor = vendors.vendor_for(settings)
        assert (type(vendor).__name__, vendor.url) == ("Acme", "https://acme.example")
        assert "acm3-t0ken" not in repr(settings)
        assert vendors.vendor_for(settings) is vendor

    async def test_vendors_with_other_settings_share_the_values_of_their_package(
        self, vendors, installed
    ):
        one, other = (
            vendors.vendor_for(vendor_settings(**ACME, VENDOR_TIMEOUT_SECONDS=seconds))
            for seconds in ("5", "6")
        )
        assert one is not other
        assert one.sessions is other.sessions

    def test_its_variables_appear_in_the_portal_after_ours(self, installed):
        names = [variable["name"] for variable in initial_variables(definitions())]
        others = names[len(initial_variables(OWN_VENDORS)) :]
        assert {"ACME_URL", "ACME_TOKEN"} <= set(others)
        assert names.count("NOTES") == 1

    def test_its_secrets_are_secrets_and_its_mistakes_are_reported(self, installed):
        read = read_configuration({**REST, **ACME}, definitions()).default
        assert "acm3-t0ken" in read.secrets
        with pytest.raises(NotConfigured, match="ACME_URL got nothing; it takes a URL"):
            vendor_settings(**ACME | {"ACME_URL": ""})

    async def test_it_may_read_variables_that_it_did_not_declare(self, installed):
        raw = dict(vendor_settings(**ACME, ACME_EXTRA="more").own[2])
        assert raw["ACME_EXTRA"].reveal() == "more"
        assert raw["NOTES"].reveal() == "private"

    def test_they_are_looked_up_once(self, installed):
        assert "Acme" in definitions()
        (installed / "entry_points.txt").unlink()
        assert "Acme" in definitions()

    async def test_a_built_in_name_cannot_be_taken_over(self, vendors, installed):
        assert type(vendors.vendor_for(vendor_settings(VENDOR="REST"))).__name__ == "RestVendor"

    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            ("gone", "a package that cannot be imported (ModuleNotFoundError)"),
            ("odd", "a package whose entry point is not a VendorDefinition"),
        ],
    )
    def test_a_broken_vendor_is_a_mistake_only_if_it_is_chosen(self, installed, name, problem):
        vendor_settings()
        with pytest.raises(NotConfigured) as caught:
            vendor_settings(VENDOR=name)
        assert f"VENDOR names {problem}" in caught.value.message

    @pytest.mark.parametrize("name", ["acme", "Acme2", "ACME", ""])
    def test_an_unknown_name_is_a_mistake_that_lists_the_known_ones(self, installed, name):
        with pytest.raises(
            NotConfigured, match=r"VENDOR got .*: rest, zuora, zuora-soap, .*stripe, .*Acme"
        ):
            vendor_settings(VENDOR=name)


async def test_a_vendor_is_in_use_if_it_was_requested_since_the_last_time(vendors):
    assert vendors.in_use() == []
    for _ in range(2):
        vendors.vendor_for(vendor_settings())
        vendors.vendor_for(vendor_settings(REST_API_KEY="an0ther"))
    vendors.vendor_for(vendor_settings(**ZUORA))
    assert [name for name, _ in vendors.in_use()] == ["rest", "rest", "zuora-soap"]
    assert vendors.in_use() == []
    vendors.vendor_for(vendor_settings(**ZUORA))
    assert [name for name, _ in vendors.in_use()] == ["zuora-soap"]


async def test_a_vendor_is_in_use_if_a_call_has_ended_or_calls_are_paused(vendors):
    vendors.vendor_for(vendor_settings())
    [(_, client)] = vendors.in_use()
    client.times.note(0.1, is_answered=True)
    assert vendors.in_use() == [("rest", client)]
    client.times.taken()
    assert vendors.in_use() == []

    async def away(_request):
        return web.Response(status=503, headers={"Retry-After": "60"})

    async with web_server(away) as server:
        await client.send(Call("the status request", "GET", server.url))
    client.times.taken()
    assert vendors.in_use() == [("rest", client)]
