"""Vendors from other packages, working and broken."""

from __future__ import annotations

import pytest

from tests.diagnostics.test_command import NOWHERE

SOUND = """
from connect_ext.vendors.base import *
from connect_ext.portal.variable import Variable

class Acme:
    can_be_asked, is_repeatable, advice = True, False, Advice()

    def __init__(self, password, context):
        self.password = password

    async def look_up(self, cancellation):
        {look}

    async def cancel(self, cancellation, subscription):
        raise AssertionError

PASSWORD = Variable("ACME_PASSWORD", "", "a password", secure=True)
DEFINITION = VendorDefinition(
    (PASSWORD, Variable("ACME_MODE", "plain", "plain or full")),
    lambda read: {read},
    Acme,
)
"""
PASSWORD = "payment of the Testmannova account"
ACME = {"VENDOR": "acme", "ACME_PASSWORD": PASSWORD}
ACTIVE = "return Subscription(SubscriptionStatus.ACTIVE)"
READS = 'read.secret("ACME_PASSWORD")'


@pytest.fixture
def package(command):
    """Installs a package that registers a vendor."""

    def install(name, look=ACTIVE, module=SOUND, read=READS):
        info = command.directory / f"{name}_vendor-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}-vendor\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text(
            f"[connect_ext.vendors]\n{name} = {name}_vendor:DEFINITION\n"
        )
        source = module.replace("{look}", look).replace("{read}", read)
        (command.directory / f"{name}_vendor.py").write_text(source)
        command.environment["PYTHONPATH"] = str(command.directory)

    return install


def of_adapters(ran):
    return ran.document["vendor adapters of other packages"]


async def test_a_working_adapter_is_named_with_its_version_and_checked(command, package):
    package("acme")
    ran = await command.run(ACME, "SUB-1")
    assert of_adapters(ran) == {
        "acme": {"package": "acme-vendor", "version": "1.2", "works": "it can be imported"}
    }
    assert ran.document["variables"]["vendor"] == "acme"
    assert ran.document["variables"]["each"]["ACME_PASSWORD"] == "set, 34 characters, secure"
    assert ran.document["check"]["outcome"] == "cancel"


@pytest.mark.parametrize(
    ("name", "module", "works"),
    [
        ("acme", "import no_such_module", "no: importing it raises ModuleNotFoundError at "),
        ("acme", "DEFINITION = 'x'", "no: it names no VendorDefinition"),
        ("rest", SOUND, "no: the extension itself has a vendor of this name"),
    ],
)
async def test_a_broken_adapter_is_reported_and_the_vendor_in_use_is_checked(
    command, package, name, module, works
):
    package(name, module=module)
    ran = await command.run(NOWHERE, "SUB-1")
    assert of_adapters(ran)[name]["works"].startswith(works)
    assert ran.document["check"]["outcome"] == "wait"


async def test_an_adapter_with_an_unexpected_failure_is_reported_only_by_its_place(
    command, package
):
    package("acme", module=f"raise RuntimeError({PASSWORD!r})")
    ran = await command.run(NOWHERE, "SUB-1")
    works = of_adapters(ran)["acme"]["works"]
    assert works.startswith("no: importing it raises RuntimeError at acme_vendor.py:1 < ")
    # Its variables are unknown, so none are listed, but the rest is there.
    assert "RuntimeError at acme_vendor.py:1" in ran.document["variables"]["problem"]
    assert "runner" in ran.document["versions"]
    assert "Testmannova" not in ran.all


LEAKY = """
        from connect_ext.errors import NotDone
        asked = f"{self.password.reveal()} about {cancellation.subscription_id.text}"
        raise NotDone(f"Cannot log in as {asked}.")
"""

TALKATIVE = """
        from connect_ext.errors import NotDone
        raise NotDone("The subscription is leased to Testmannova until 2031.")
"""


@pytest.mark.parametrize(
    ("look", "said"),
    [
        ("raise KeyError(self.password.reveal())", "An unexpected error"),
        (LEAKY.strip(), "Cannot log in as […] about […]."),
        (TALKATIVE.strip(), "The subscription is leased to […] until […]."),
    ],
)
async def test_an_adapters_error_is_reported_without_its_text(command, package, look, said):
    package("acme", look)
    ran = await command.run(ACME, "Testmannova-1")
    check = ran.document["check"]
    told = check.get("problem") or check["why"]
    assert told.startswith(said)
    assert "Testmannova" not in ran.all
    assert "payment" not in ran.all


async def test_a_mistake_that_quotes_a_value_is_reported_without_it(command, package):
    package("acme", read='read.report("ACME_MODE", f"is {read.text(\'ACME_PASSWORD\')}")')
    ran = await command.run(ACME, "SUB-1")
    assert ran.document["variables"]["mistakes"] == ["ACME_MODE is […]; it takes plain or full."]
    assert "Testmannova" not in ran.all
