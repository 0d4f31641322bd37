"""Reads the source and guards the direction of imports and the size of the code."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, SANDBOX, VENDORS = ROOT / "connect_ext", ROOT / "sandbox", ROOT / "connect_ext/vendors"
EXAMPLE = ROOT / "examples/vendor_adapter/acme_billing"

MAY_IMPORT = {
    # A part of the extension (a module or a whole package), and everything it may import at run
    # time. The longest name counts.
    "": "",
    "cause": "",
    "errors": "cause",
    "guarded": "",
    "a_few_at_a_time": "",
    "scheduled_result": "",
    "next_steps": "cause",
    "redaction": "portal.secret redaction",
    "single_flight": "",
    "runner_speed": "http.transport runner_speed",
    "portal": "cause errors portal",
    "http": "cause errors http portal.secret single_flight",
    "connect": "cause connect errors http.aside http.bodies http.call_times http.counted"
    " http.retry_after http.transport portal.secret single_flight",
    "vendors": "",
    "vendors.amounts": "",
    "vendors.base": "portal.policy portal.secret",
    "vendors.explaining": "",
    "vendors.words": "portal.secret",
    "vendors.registry": "errors http.circuit_breaker http.client portal vendors.base",
    "cancelling": "",
    "cancelling.request": "cancelling.personal cause connect.moment connect.object_id errors"
    " portal.patterns portal.segments vendors.base",
    "cancelling.steps": "cause portal.policy vendors.base",
    "cancelling.marks": "connect.notes vendors.base",
    "cancelling.evidence": "cause cancelling.marks cancelling.request portal.policy vendors.base",
    "cancelling.conflicts": "cause cancelling.evidence cancelling.marks cancelling.steps",
    "cancelling.ending": "cause cancelling.evidence cancelling.steps portal.policy vendors.base",
    "cancelling.rules": "cause cancelling.conflicts cancelling.ending cancelling.evidence"
    " cancelling.marks cancelling.request cancelling.steps portal.policy vendors.base",
    "cancelling.revoking": "cause cancelling.conflicts cancelling.evidence cancelling.marks"
    " cancelling.request cancelling.rules cancelling.steps vendors.base",
    "cancelling.turns": "cancelling.marks",
    "cancelling.waiting": "",
    "cancelling.attempts": "cause cancelling.conflicts cancelling.marks cancelling.turns connect"
    " errors vendors.base",
    "cancelling.settling": "cause cancelling.request cancelling.steps connect http.aside"
    " portal.policy portal.settings redaction vendors.base",
    "cancelling.reporting": "cancelling.request cancelling.steps cause connect errors",
    **dict.fromkeys(
        (
            f"cancelling.{each}"
            for each in ("case", "dry_run", "observing", "sending", "walk", "process")
        ),
        "cancelling cause connect errors http.budget portal.settings vendors.base",
    ),
    "command_line": "command_line connect shared_state",
    "open_requests": "cancelling.request connect errors http.pace open_requests",
    "check": "cancelling cause check command_line connect errors http outcome_log portal redaction"
    " scheduled_result shared_state vendors.base vendors.explaining vendors.registry vendors.words",
    "reconcile": "a_few_at_a_time cancelling cause command_line connect errors guarded http"
    " next_steps open_requests outcome_log portal reconcile scheduled_result shared_state"
    " vendors.base",
    "waiting": "a_few_at_a_time cancelling cause command_line connect errors guarded http.pace"
    " next_steps open_requests portal.settings redaction scheduled_result shared_state"
    " vendors.base waiting",
    "diagnostics": "cancelling.reporting cause check command_line connect diagnostics errors"
    " guarded http.aside http.transport portal redaction shared_state vendors.base vendors.registry"
    " vendors.words",
    "outcome_log": "cancelling.steps connect.object_id portal.settings",
    "metrics": "",
    "metrics.waiting": "cancelling.request cancelling.steps errors",
    "metrics.reading": "http.call_times http.circuit_breaker metrics.waiting outcome_log",
    "metrics.collecting": "cancelling.steps connect.client metrics outcome_log portal.policy"
    " vendors.registry",
    "shared_state": "cancelling cause connect errors http.aside metrics.collecting portal"
    " single_flight vendors.registry",
    "events": "cancelling cause check connect errors guarded outcome_log portal.settings"
    " reconcile runner_speed scheduled_result shared_state vendors.registry waiting",
}
OF_A_VENDOR = (
    "cause errors http portal single_flight vendors.amounts vendors.base vendors.explaining"
    " vendors.words"
)
"""The modules that every vendor's package may import besides itself."""

KNOWS_CONNECT = {"command_line.connection", "connect.client", "events", "shared_state"}
"""The modules that import the official packages."""

IMPURE = {
    *("asyncio", "connect", "contextvars", "httpx", "logging", "os", "random", "secrets"),
    *("socket", "subprocess", "threading", "time", "urllib.request"),
}
PURE = (
    *("cancelling.conflicts", "cancelling.ending", "cancelling.revoking", "cancelling.rules"),
    *("cancelling.turns", "cancelling.waiting", "redaction", "vendors.rest.suggesting"),
)
"""The rules import evidence, marks, steps and the other value types."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_of(path: Path) -> str:
    """The module's name without the package's: 'cancelling.rules'."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


TREES = {module_of(path): tree(path) for path in sorted(PACKAGE.rglob("*.py"))}
PACKAGES = {module_of(path) for path in PACKAGE.rglob("__init__.py")}


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below that is not only for the type checker."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from running(child)


def imports(parsed: ast.Module) -> set[str]:
    """The dotted modules, and names from them, that are imported at run time."""
    found = set()
    for node in running(parsed):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import is relative"
            assert node.module
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def own_imports(module: str) -> set[str]:
    """The extension's modules that a module imports; a bare package does not count."""
    found = {i.removeprefix("connect_ext.") for i in imports(TREES[module])}
    return {i for i in found & set(TREES) if i not in PACKAGES or tree_is_more_than_words(i)}


def tree_is_more_than_words(module: str) -> bool:
    return len(TREES[module].body) > 1


def touches(imported: set[str], *names: str) -> set[str]:
    """The imports that are one of these modules or inside one."""
    return {i for i in imported for name in names if i == name or i.startswith(f"{name}.")}


def allowed_for(module: str) -> list[str]:
    """Everything that the longest part containing this module may import."""
    if match := re.match(r"(vendors\.(?!amounts$|base$|explaining$|registry$|words$)\w+)", module):
        return [*OF_A_VENDOR.split(), match[1]]
    parts = [part for part in MAY_IMPORT if touches({module}, part) or not part]
    part = max(parts, key=len)
    assert part or not module, f"{module} is in no part"
    return MAY_IMPORT[part].split()


def offenders(bad: Callable[[ast.Module], object]) -> dict[str, object]:
    return {module: found for module, parsed in TREES.items() if (found := bad(parsed))}


def nodes(parsed: ast.AST, *kinds: type) -> list:
    return [node for node in ast.walk(parsed) if isinstance(node, kinds)]


# Who may import whom.


def test_there_is_something_to_read():
    assert {"cancelling.rules", "events", "vendors.rest.vendor", ""} <= set(TREES)
    assert {"cancelling.walk", "cancelling.steps"} <= own_imports("cancelling.process")
    assert "asyncio" in imports(TREES["cancelling.process"])


@pytest.mark.parametrize("module", TREES)
def test_every_import_is_allowed(module):
    found = own_imports(module)
    assert found - touches(found, *allowed_for(module)) == set()


@pytest.mark.parametrize("module", PURE)
def test_pure_code_imports_no_clock_randomness_log_or_network(module):
    """Directly or indirectly."""
    reached, left = set(), [module]
    while left:
        each = left.pop()
        if each not in reached:
            reached.add(each)
            left += own_imports(each)
    knowing = {each: touches(imports(TREES[each]), *IMPURE) for each in reached}
    assert {each: found for each, found in knowing.items() if found} == {}


def test_few_modules_know_the_official_packages():
    found = offenders(lambda parsed: touches(imports(parsed), "connect"))
    assert set(found) == KNOWS_CONNECT


def test_the_extension_does_not_import_the_sandbox_or_the_tests():
    found = offenders(lambda parsed: touches(imports(parsed), "sandbox", "tests", "tools"))
    assert found == {}


def test_the_sandbox_does_not_import_the_extension():
    paths = sorted(SANDBOX.rglob("*.py"))
    assert paths
    assert [path for path in paths if touches(imports(tree(path)), "connect_ext")] == []


def test_the_example_of_an_adapter_imports_only_what_a_vendor_may():
    found = {i for path in EXAMPLE.rglob("*.py") for i in imports(tree(path))}
    ours = {i.removeprefix("connect_ext.") for i in touches(found, "connect_ext")}
    assert ours
    assert ours - touches(ours, *OF_A_VENDOR.split()) == set()
    assert touches(found, "sandbox", "tests") == set()


@pytest.mark.parametrize(
    ("prefix", "packages"), [("REST_", ("rest",)), ("ZUORA_", ("zuora", "zuora_soap"))]
)
def test_only_vendors_know_names_of_vendor_variables(prefix, packages):
    """Not in code, in a message, in a comment or in a docstring."""
    name = re.compile(rf"\b{prefix}[A-Z]")
    users = {path for path in PACKAGE.rglob("*.py") if name.search(path.read_text())}
    assert users
    owners = {VENDORS / package for package in packages}
    assert {path for path in users if not owners & set(path.parents)} == set()


def test_a_vendors_definition_loads_neither_its_calls_nor_their_libraries():
    """The portal's variables are declared before the chosen vendor is known."""
    code = (
        "import sys; from connect_ext.vendors.registry import definitions; definitions();"
        "libraries = {'lxml', 'jmespath', 'aiohttp'};"
        "print([m for m in sys.modules if m in libraries or m.endswith('.vendor')])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_blocking_library_and_no_pydantic_is_imported():
    blocking = ("requests", "urllib.request", "http.client", "subprocess", "pydantic")
    # They read the environment and nothing else.
    of_proxies = {f"urllib.request{name}" for name in ("", ".getproxies", ".proxy_bypass")}
    found = offenders(lambda parsed: touches(imports(parsed), *blocking))
    assert found == {"http.transport": of_proxies}


def test_every_third_party_import_is_a_declared_dependency():
    declared = {"aiohttp", "connect", "httpx", "jmespath", "lxml", "rich", "yarl"}
    tops = {i.partition(".")[0] for parsed in TREES.values() for i in imports(parsed)}
    assert tops - set(sys.stdlib_module_names) - {"connect_ext"} <= declared


# Things the code never does.


def catches_all(handler: ast.ExceptHandler) -> bool:
    names = {node.id for node in nodes(handler.type, ast.Name)} if handler.type else set()
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_there_is_exactly_one_catch_all_in_its_own_module():
    found = [
        module
        for module, parsed in TREES.items()
        for handler in nodes(parsed, ast.ExceptHandler)
        if catches_all(handler) and not raises_again(handler)
    ]
    assert found == ["guarded"]


def test_nothing_swallows_a_cancellation():
    def swallowing(parsed: ast.Module) -> list[str]:
        handlers = [h for h in nodes(parsed, ast.ExceptHandler) if h.type and not raises_again(h)]
        caught = [handler.type for handler in handlers]
        caught += [c for c in nodes(parsed, ast.Call) if ast.unparse(c.func).endswith("suppress")]
        return [each for each in map(ast.unparse, caught) if "CancelledError" in each]

    assert offenders(swallowing) == {}


def test_nothing_sleeps_prints_or_asserts():
    def found(parsed: ast.Module) -> set[str]:
        called = {ast.unparse(call.func) for call in nodes(parsed, ast.Call)}
        asserts = {"assert" for _ in nodes(parsed, ast.Assert)}
        return called & {"time.sleep", "sleep", "print"} | asserts

    assert offenders(found) == {}


def test_every_module_has_a_docstring():
    assert [module for module, parsed in TREES.items() if not ast.get_docstring(parsed)] == []


# The size of the code.


def lines(node: ast.AST) -> int:
    return node.end_lineno - node.lineno + 1


def body_lines(function: ast.FunctionDef) -> int:
    """The lines of a function without its head and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_no_module_is_over_350_lines():
    counts = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path: count for path, count in counts.items() if count > 350} == {}


def test_no_function_is_over_40_lines():
    assert (
        offenders(lambda parsed: [f.name for f in nodes(parsed, *FUNCTIONS) if lines(f) > 40]) == {}
    )


def test_no_class_has_over_a_dozen_nontrivial_methods():
    def large(parsed: ast.Module) -> dict[str, list[str]]:
        methods = {
            each.name: [f.name for f in each.body if isinstance(f, FUNCTIONS) and body_lines(f) > 3]
            for each in nodes(parsed, ast.ClassDef)
        }
        return {name: found for name, found in methods.items() if len(found) > 12}

    assert offenders(large) == {}


# Hidden state.

IMMUTABLE = {
    *("re.compile", "frozenset", "tuple", "timedelta", "timezone", "TypeVar", "ContextVar"),
    *(
        "NamedVariables",
        "Preset",
        "Secret",
        "Variable",
        "Advice",
        "VendorDefinition",
        "logging.getLogger",
    ),
}
"""Calls whose result a module or a class may keep; every task has its own ContextVar."""

CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*|__all__")
DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
CHANGES = {
    *("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"),
    *("setdefault", "update"),
}


def kept_values(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """The names that a module or a class binds, with their values."""
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((ast.unparse(target), node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield ast.unparse(node.target), node.value


def is_mutable(name: str, value: ast.expr) -> bool:
    """Whether a value is mutable; a filled container with a constant's name is a table."""
    if isinstance(value, DISPLAYS):
        is_empty = not (getattr(value, "keys", 1) and getattr(value, "elts", 1))
        return is_empty or not CONSTANT.fullmatch(name)
    return isinstance(value, ast.Call) and ast.unparse(value.func) not in IMMUTABLE


def hidden_state(parsed: ast.Module) -> list[str]:
    """Names of a module or a class that tasks could share unnoticed, and writes to its tables."""
    found = [name for name, value in kept_values(parsed.body) if is_mutable(name, value)]
    for each in nodes(parsed, ast.ClassDef):
        found += [
            f"{each.name}.{name}"
            for name, value in kept_values(each.body)
            if is_mutable(name, value) and ast.unparse(getattr(value, "func", value)) != "field"
        ]
    found += [f"global {name}" for node in nodes(parsed, ast.Global) for name in node.names]
    return found + written_tables(parsed)


def written_tables(parsed: ast.Module) -> list[str]:
    """The constants that are changed in any way."""
    targets = [n.value for n in nodes(parsed, ast.Subscript) if not isinstance(n.ctx, ast.Load)]
    targets += [n.target for n in nodes(parsed, ast.AugAssign)]
    targets += [n.value for n in nodes(parsed, ast.Attribute) if n.attr in CHANGES]
    return [name for name in map(ast.unparse, targets) if CONSTANT.fullmatch(name.split(".")[-1])]


def test_a_processs_tasks_share_one_object_and_nothing_else():
    # The only exception is a thread without state.
    assert offenders(hidden_state) == {
        "events": ["CancellationApplication.shared"],
        "http.aside": ["_READER"],
    }


@pytest.mark.parametrize(
    "code",
    [
        "kept = {}",
        "KEPT = {}",
        "KEPT: list[str] = []",
        "kept = {'a': 1}",
        "KEPT = set()",
        "_KEPT = deque(maxlen=3)",
        "FLIGHTS = SingleFlight()",
        "TABLE = {1: 2}\nTABLE[3] = 4",
        "TABLE = {1: 2}\ndef f(): TABLE.update({3: 4})",
        "NAMES = ['a']\ndef f(): del NAMES[0]",
        "COUNT = 0\ndef f():\n    global COUNT\n    COUNT = 1",
        "class A:\n    kept = []",
        "class A:\n    kept: ClassVar = SharedState()",
    ],
)
def test_hidden_state_is_found(code):
    assert hidden_state(ast.parse(code))


def test_a_table_a_pattern_and_a_field_are_not_state():
    code = "TABLE = {1: 2}\nP = re.compile('a')\nclass A:\n    b: set = field(default_factory=set)"
    assert hidden_state(ast.parse(code)) == []


def test_caches_only_hold_constant_answers():
    def cached(parsed: ast.Module) -> list[str]:
        found = {f.name: set(map(ast.unparse, f.decorator_list)) for f in nodes(parsed, *FUNCTIONS)}
        return [name for name, decorators in found.items() if decorators & {"cache", "lru_cache"}]

    # Entry points do not change while a process runs.
    assert offenders(cached) == {
        "vendors.registry": ["definitions"],
        "runner_speed.lookups": ["found"],
    }
