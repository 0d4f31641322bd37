"""Mutation testing of the rules and marks: ``make mutants``.

A mutant is the code with one small change; a failing test catches it. docs/mutants.md lists the
mutants that may survive, each kind with its reason.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from difflib import unified_diff
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".mutants"
TOOL = "mutmut==3.8.1"
RULES = ("rules", "revoking", "ending", "conflicts", "turns", "marks")
MUTATED = tuple(f"connect_ext/cancelling/{name}.py" for name in RULES)
TESTS = tuple(f"tests/unit/test_{name}.py" for name in ("rules", "revoking", "turns", "marks"))
COPIED = ("connect_ext", "tests", "sandbox", "pyproject.toml")
ALSO_COPIED = tuple(name for name in COPIED if name != "connect_ext")
PYTEST_OPTIONS = ("-p", "no:randomly", "-p", "no:cacheprovider")
SURVIVED, NO_TESTS = 0, 33
_WORDS = re.compile(r"f?(\"[^\"]*\"|'[^']*')")


def main() -> int:
    """Make the mutants, run the tests on each, and print the score and the survivors."""
    _prepare()
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(os.cpu_count() or 1)]
    log = (PLACE / "log").open("w")
    subprocess.run(command, cwd=PLACE, env=_environment(), stdout=log, stderr=log, check=False)
    codes = dict(_codes())
    if not codes or None in codes.values():
        print((PLACE / "log").read_text()[-2000:])
        return 1
    alive = sorted(name for name, code in codes.items() if code in (SURVIVED, NO_TESTS))
    changes = {name: _change(name) for name in alive}
    words = [name for name, change in changes.items() if _is_of_words(change)]
    for name in sorted(set(alive) - set(words)):
        print(f"\n{name}\n" + "\n".join(changes[name]))
    killed, total = len(codes) - len(alive), len(codes)
    print(f"\n{killed} of {total} mutants caught ({killed / total:.1%}).")
    print(f"Of the {len(alive)} survivors, {len(words)} change only the text of a message.")
    return 0


def _prepare() -> None:
    packages = PLACE / "packages"
    if not packages.exists():
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        # pip warns about versions that differ from the environment's, which does not change.
        subprocess.run([*pip, "--target", packages, TOOL], check=True, stderr=subprocess.DEVNULL)
    for name in ("mutants", *COPIED):
        shutil.rmtree(PLACE / name, ignore_errors=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, PLACE / name)
        else:
            shutil.copy(ROOT / name, PLACE / name)
    (PLACE / "setup.cfg").write_text(_settings())


def _settings() -> str:
    lists = {
        "only_mutate": MUTATED,
        "also_copy": ALSO_COPIED,
        "pytest_add_cli_args": PYTEST_OPTIONS,
        "pytest_add_cli_args_test_selection": TESTS,
    }
    lines = ["[mutmut]", "source_paths = connect_ext"]
    for name, values in lists.items():
        lines += [f"{name} =", *(f"    {value}" for value in values)]
    return "\n".join([*lines, ""])


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PLACE / "packages")}


def _codes() -> list[tuple[str, int | None]]:
    """The exit code of the tests on each mutant; empty if mutmut failed."""
    found: list[tuple[str, int | None]] = []
    for path in MUTATED:
        meta = PLACE / "mutants" / f"{path}.meta"
        if meta.exists():
            found += json.loads(meta.read_text())["exit_code_by_key"].items()
    return found


def _change(name: str) -> list[str]:
    """The changed lines of a mutant's function."""
    module, _, function = name.rpartition(".")
    path = PLACE / "mutants" / (module.replace(".", "/") + ".py")
    original, _, _number = function.rpartition("__mutmut_")
    source = path.read_text()
    before, after = _body(source, f"{original}__mutmut_orig"), _body(source, function)
    lines = list(unified_diff(before, after, lineterm="", n=0))[2:]
    return [line for line in lines if line[1:].strip() and line[:2] != "@@"]


def _body(source: str, name: str) -> list[str]:
    match = re.search(
        rf"^( *)(?:async )?def {re.escape(name)}\(.*?(?=^(?!\1 )[^\n]|\Z)",
        source,
        re.MULTILINE | re.DOTALL,
    )
    return match[0].replace(name, "", 1).splitlines() if match else []


def _is_of_words(change: list[str]) -> bool:
    """Whether only the strings in the lines differ."""
    texts = [
        [_WORDS.sub("text", line[1:]) for line in change if line.startswith(sign)] for sign in "-+"
    ]
    return bool(change) and texts[0] == texts[1]


if __name__ == "__main__":
    sys.exit(main())
