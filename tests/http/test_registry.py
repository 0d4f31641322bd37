import asyncio
import gc
import importlib.util
import sys

import pytest

from connect_ext.errors import NotConfigured
from connect_ext.settings import read_configuration
from connect_ext.vendors import registry as of_this_process

REST = {"REST_API_URL": "https://vendor.example", "REST_API_KEY": "t0ken"}
MODULE = """
from connect_ext.errors import NotConfigured
class Acme:
    can_be_asked, is_repeatable = True, False
    def __init__(self, context):
        self.context = context
def create(context):
    if context.variables.get("ACME_URL") == "bad":
        raise NotConfigured("ACME_URL is bad.")
    return Acme(context)
"""


@pytest.fixture
def registry():
    """The module as a new process has it: nothing looked up, no vendor made."""
    spec = importlib.util.spec_from_file_location("a_new_registry", of_this_process.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package on the path that offers the vendor ``Acme``."""
    info = tmp_path / "acme_vendor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-vendor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[connect_ext.vendors]\nAcme = acme_vendor:create\nbroken = acme_vendor_gone:create\n"
    )
    (tmp_path / "acme_vendor.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield info
    sys.modules.pop("acme_vendor", None)


def vendor_settings(registry, **variables):
    return read_configuration({**REST, **variables}, registry.is_registered).default.vendor


async def test_equal_settings_share_one_vendor(registry):
    one = registry.vendor_for(vendor_settings(registry))
    assert registry.vendor_for(vendor_settings(registry, DRY_RUN="true")) is one
    await registry.close_all()


@pytest.mark.parametrize(
    ("name", "value"),
    [("REST_API_KEY", "another"), ("VENDOR_TIMEOUT_SECONDS", "5"), ("REST_AUTH", "header:X-Key")],
)
async def test_different_settings_do_not(registry, name, value):
    one = registry.vendor_for(vendor_settings(registry))
    assert registry.vendor_for(vendor_settings(registry, **{name: value})) is not one
    await registry.close_all()


async def test_both_built_in_vendors_can_be_made(registry):
    zuora = vendor_settings(
        registry,
        VENDOR="zuora-soap",
        ZUORA_SOAP_URL="https://zuora.example/apps/services/a/91.0",
        ZUORA_USERNAME="user",
        ZUORA_PASSWORD="p4ssword",
    )
    made = [registry.vendor_for(s) for s in (zuora, vendor_settings(registry))]
    assert [type(vendor).__module__.split(".")[2] for vendor in made] == ["zuora_soap", "rest"]
    await registry.close_all()


def test_another_event_loop_has_vendors_of_its_own(registry):
    async def made():
        vendor = registry.vendor_for(vendor_settings(registry))
        await registry.close_all()
        return vendor

    assert asyncio.run(made()) is not asyncio.run(made())


def test_the_vendors_of_a_loop_that_is_gone_are_forgotten(registry):
    async def made():
        registry.vendor_for(vendor_settings(registry))

    asyncio.run(made())
    gc.collect()
    assert len(registry._vendors) == 0


async def test_the_vendors_that_are_kept_have_a_bound(registry):
    first = vendor_settings(registry)
    one = registry.vendor_for(first)
    registry.MAX_VENDORS = 3
    for number in range(3):
        registry.vendor_for(vendor_settings(registry, REST_API_KEY=f"key-{number}"))
    assert registry.vendor_for(first) is not one
    await registry.close_all()


async def test_a_vendor_is_made_again_after_all_are_closed(registry):
    one = registry.vendor_for(vendor_settings(registry))
    await registry.close_all()
    assert registry.vendor_for(vendor_settings(registry)) is not one
    await registry.close_all()


class TestRegisteredVendors:
    async def test_one_is_found_by_its_entry_point(self, registry, installed):
        settings = vendor_settings(registry, VENDOR="Acme", ACME_URL="https://acme.example")
        vendor = registry.vendor_for(settings)
        assert type(vendor).__name__ == "Acme"
        assert vendor.context.variables["ACME_URL"] == "https://acme.example"
        assert vendor.context.variables["REST_API_KEY"] == "t0ken"
        assert "t0ken" not in repr(vendor.context)
        assert registry.vendor_for(settings) is vendor
        await registry.close_all()

    async def test_one_that_does_not_take_its_variables_says_so_each_time(
        self, registry, installed
    ):
        settings = vendor_settings(registry, VENDOR="Acme", ACME_URL="bad")
        for _ in range(2):
            with pytest.raises(NotConfigured, match="ACME_URL is bad"):
                registry.vendor_for(settings)
        await registry.close_all()

    def test_they_are_looked_up_once(self, registry, installed):
        assert registry.is_registered("Acme")
        (installed / "entry_points.txt").unlink()
        assert registry.is_registered("Acme")

    @pytest.mark.parametrize("name", ["acme", "Acme2", "ACME"])
    def test_an_unknown_name_is_a_mistake_that_names_the_variable(self, registry, installed, name):
        with pytest.raises(NotConfigured, match=r"VENDOR got .*it takes rest, zuora-soap, or"):
            vendor_settings(registry, VENDOR=name)
