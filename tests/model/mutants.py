"""Mutation testing of the rules and of the walk: ``make mutants``.

Each mutant is the code with one small change; a test that fails has found it. What mutants live on
without harm is listed in docs/mutants.md, each kind with its reason.
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

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".mutants"
TOOL = "mutmut==3.8.1"
MUTATED = ("connect_ext/decision.py", "connect_ext/processing.py")
COPIED = ("connect_ext", "tests", "sandbox", "pyproject.toml")
SETTINGS = """[mutmut]
source_paths = connect_ext
only_mutate =
    connect_ext/decision.py
    connect_ext/processing.py
also_copy =
    tests
    sandbox
    pyproject.toml
pytest_add_cli_args =
    -p
    no:randomly
    -p
    no:cacheprovider
pytest_add_cli_args_test_selection =
    tests/unit/test_decision.py
    tests/unit/test_processing.py
"""
KILLED, SURVIVED, NO_TESTS = (1, 3), 0, 33
_WORDS = re.compile(r"f?(\"[^\"]*\"|'[^']*')")


def main() -> int:
    """Make the mutants, try them, and print the score and who has survived."""
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
    print(f"\n{killed} of {total} mutants found ({killed / total:.1%}).")
    print(f"Of the {len(alive)} others, {len(words)} change only the words of a message.")
    return 0


def _prepare() -> None:
    tools = PLACE / "tools"
    if not tools.exists():
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        # pip warns that its versions are not those of the environment, which they leave alone.
        subprocess.run([*pip, "--target", tools, TOOL], check=True, stderr=subprocess.DEVNULL)
    for name in ("mutants", *COPIED):
        shutil.rmtree(PLACE / name, ignore_errors=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, PLACE / name)
        else:
            shutil.copy(ROOT / name, PLACE / name)
    (PLACE / "setup.cfg").write_text(SETTINGS)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PLACE / "tools")}


def _codes() -> list[tuple[str, int | None]]:
    return [
        pair
        for path in MUTATED
        for pair in json.loads((PLACE / "mutants" / f"{path}.meta").read_text())[
            "exit_code_by_key"
        ].items()
    ]


def _change(name: str) -> list[str]:
    """The lines of a function that a mutant has changed."""
    module, _, function = name.rpartition(".")
    path = PLACE / "mutants" / (module.replace(".", "/") + ".py")
    original, _, _number = function.rpartition("__mutmut_")
    source = path.read_text()
    before, after = _body(source, f"{original}__mutmut_orig"), _body(source, function)
    lines = list(unified_diff(before, after, lineterm="", n=0))[2:]
    return [line for line in lines if line[1:].strip() and line[:2] != "@@" and "def " not in line]


def _body(source: str, name: str) -> list[str]:
    match = re.search(
        rf"^( *)(?:async )?def {re.escape(name)}\(.*?(?=^(?!\1 )[^\n]|\Z)",
        source,
        re.MULTILINE | re.DOTALL,
    )
    return match[0].splitlines() if match else []


def _is_of_words(change: list[str]) -> bool:
    """Whether the lines are the same but for their texts."""
    texts = [
        [_WORDS.sub("text", line[1:]) for line in change if line.startswith(sign)] for sign in "-+"
    ]
    return bool(change) and texts[0] == texts[1]


if __name__ == "__main__":
    sys.exit(main())
