"""Reads the imports, and guards which way the arrows point."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, SANDBOX = ROOT / "connect_ext", ROOT / "sandbox"
MODULES = sorted(PACKAGE.rglob("*.py"))
VALUE_TYPES = {"connect_ext.settings", "connect_ext.vendors.base"}
PURE = [
    "errors.py",
    "decision.py",
    "cancel_request.py",
    "variables.py",
    "settings.py",
    "redaction.py",
    "vendors/base.py",
]
IMPURE = {"asyncio", "time", "random", "logging", "httpx", "os", "socket", "threading", "connect"}
VENDOR_MODULES = [path for path in MODULES if "vendors" in path.parts]
OF_CONNECT = {
    "connect",
    "connect_ext.cancel_request",
    "connect_ext.connect_api",
    "connect_ext.decision",
    "connect_ext.events",
    "connect_ext.processing",
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def running(node: ast.AST):
    """Every node below that is not for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        if not is_for_types_only(child):
            yield child
            yield from running(child)


def imports(path: Path) -> set[str]:
    """The modules that a module imports when it runs, with dots."""
    found = set()
    for node in running(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def touches(imported: set[str], *names: str) -> set[str]:
    """Those of the imports that are one of these modules or lie in one."""
    return {i for i in imported for name in names if i == name or i.startswith(f"{name}.")}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_is_something_to_read():
    assert len(MODULES) > 15
    assert "connect_ext.processing" in imports(PACKAGE / "events.py")
    assert "asyncio" in imports(PACKAGE / "processing.py")


@pytest.mark.parametrize("name", PURE)
def test_what_is_pure_knows_no_clock_no_dice_no_log_and_no_network(name):
    assert touches(imports(PACKAGE / name), *IMPURE) == set()


def test_what_is_pure_imports_only_what_is_pure():
    pure = {"connect_ext." + name.removesuffix(".py").replace("/", ".") for name in PURE}
    for name in PURE:
        ours = {i for i in imports(PACKAGE / name) if i.startswith("connect_ext")}
        assert not ours - touches(ours, *pure), name


def test_the_rules_import_only_value_types():
    ours = {i for i in imports(PACKAGE / "decision.py") if i.startswith("connect_ext")}
    assert ours == touches(ours, *VALUE_TYPES)


def test_the_errors_import_nothing_of_ours():
    assert touches(imports(PACKAGE / "errors.py"), "connect_ext") == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_imports_the_events(path):
    assert touches(imports(path), "connect_ext.events") == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_extension_imports_neither_the_sandbox_nor_the_tests(path):
    assert touches(imports(path), "sandbox", "tests") == set()


@pytest.mark.parametrize("path", sorted(SANDBOX.rglob("*.py")), ids=name_of)
def test_the_sandbox_imports_nothing_of_the_extension(path):
    assert touches(imports(path), "connect_ext") == set()


@pytest.mark.parametrize("path", VENDOR_MODULES, ids=name_of)
def test_a_vendor_knows_nothing_of_connect(path):
    assert touches(imports(path), *OF_CONNECT) == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_one_module_knows_the_client_of_connect(path):
    if path.name not in ("connect_api.py", "events.py"):
        assert touches(imports(path), "connect") == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_pydantic_is_imported_nowhere(path):
    assert touches(imports(path), "pydantic") == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_that_blocks_is_imported(path):
    assert (
        touches(imports(path), "requests", "urllib.request", "http.client", "subprocess") == set()
    )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_sleeps_without_the_event_loop(path):
    assert "time.sleep" not in imports(path)
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert "time.sleep" not in {ast.unparse(function) for function in calls}


def catches_all(handler: ast.ExceptHandler) -> bool:
    caught = ast.walk(handler.type) if handler.type else ()
    names = {node.id for node in caught if isinstance(node, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_there_is_exactly_one_catch_all_and_it_is_in_the_events():
    found = [
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and catches_all(node) and not raises_again(node)
    ]
    assert found == ["connect_ext/events.py"]


def test_nothing_swallows_a_cancellation():
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler) and node.type:
                assert "CancelledError" not in ast.unparse(node.type), name_of(path)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_assert_statement_guards_anything(path):
    assert not [node for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(tree(path))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_prints(path):
    names = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
    assert "print" not in names


def test_every_foreign_import_is_a_declared_dependency():
    declared = {"connect", "httpx", "jmespath", "lxml"}
    tops = {i.partition(".")[0] for path in MODULES for i in imports(path)}
    assert tops - set(sys.stdlib_module_names) - {"connect_ext"} <= declared
