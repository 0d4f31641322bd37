"""Prints the size figures of the source code: ``python -m tools.figures [DIRECTORY]``.

Lines of code exclude blank lines, comments and docstrings. A method is trivial if its body has at
most three lines.
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE, TESTS = "connect_ext", "tests"
LONG_FUNCTION = 40
LONG_MODULES = (350, 400)
MANY_METHODS, TRIVIAL_LINES = 12, 3
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A parsed file."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """All lines, including blank ones."""
        return len(self.text.splitlines())

    @property
    def lines_of_code(self) -> int:
        """Lines without blanks, comments and docstrings."""
        found: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in NO_CODE:
                found.update(range(token.start[0], token.end[0] + 1))
        for first, last in _docstrings(self.tree):
            found.difference_update(range(first, last + 1))
        return len(found)

    @property
    def functions(self) -> list[Function]:
        """All functions, including methods and nested functions."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def long_functions(self, most: int) -> list[Function]:
        """Functions with more lines than this."""
        return [each for each in self.functions if _length(each) > most]

    @property
    def unannotated_functions(self) -> list[Function]:
        """Functions that lack the type of an argument or of the result."""
        return [each for each in self.functions if not _is_annotated(each)]

    @property
    def catch_alls(self) -> int:
        """The number of ``except Exception`` clauses and wider ones."""
        handlers = (n for n in ast.walk(self.tree) if isinstance(n, ast.ExceptHandler))
        return sum(1 for handler in handlers if _catches_all(handler))

    @property
    def large_classes(self) -> Iterator[str]:
        """Classes with many methods that are not trivial."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                methods = [each for each in node.body if isinstance(each, Function)]
                count = sum(1 for method in methods if not _is_trivial(method))
                if count > MANY_METHODS:
                    yield f"{self.name} {node.name} {count}"


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """The first and last line of each docstring, including those of fields."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                yield node.lineno, node.end_lineno or node.lineno


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    re_raises = any(isinstance(node, ast.Raise) for node in handler.body)
    return "Exception" in names or ("BaseException" in names and not re_raises)


def _is_trivial(function: Function) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return not body or (body[-1].end_lineno or 0) - body[0].lineno < TRIVIAL_LINES


def _is_annotated(function: Function) -> bool:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    arguments += [each for each in (given.vararg, given.kwarg) if each is not None]
    owned = arguments[1:] if arguments and arguments[0].arg in ("self", "cls") else arguments
    return function.returns is not None and all(each.annotation for each in owned)


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def modules(root: Path, folder: str) -> list[Module]:
    """Every Python file in a folder."""
    found = []
    for path in sorted((root / folder).rglob("*.py")):
        text = path.read_text("utf-8")
        found.append(Module(str(path.relative_to(root)), text, ast.parse(text)))
    return found


def rows(root: Path) -> Iterator[tuple[str, str]]:
    """The table: a figure's name and the figure."""
    source = modules(root, SOURCE)
    functions = [each for module in source for each in module.functions]
    lengths = sorted(map(_length, functions))
    median, longest = statistics.median(lengths), lengths[-1]
    high = lengths[int(0.95 * len(lengths))]
    yield "functions: median / 95 % / longest (lines)", f"{median:g} / {high} / {longest}"
    long = [each.name for module in source for each in module.long_functions(LONG_FUNCTION)]
    yield f"functions over {LONG_FUNCTION} lines", _listed(long)
    for most in LONG_MODULES:
        long = [f"{each.name} {each.lines}" for each in source if each.lines > most]
        yield f"modules over {most} lines", _listed(long)
    unannotated = sum(len(module.unannotated_functions) for module in source)
    yield "annotated", f"{1 - unannotated / len(functions):.0%}"
    yield "`except Exception`", str(sum(module.catch_alls for module in source))
    large = [each for module in source for each in module.large_classes]
    yield f"classes with more than {MANY_METHODS} non-trivial methods", _listed(large)
    code, tests = (_lines_of_code(found) for found in (source, modules(root, TESTS)))
    yield "lines of code: source / tests", f"{code} / {tests}"
    yield "tests to source, in lines of code", f"{tests / code:.1f}"


def _lines_of_code(found: Iterable[Module]) -> int:
    return sum(module.lines_of_code for module in found)


def _listed(found: list[str]) -> str:
    return f"{len(found)} ({', '.join(found)})" if found else "0"


def main() -> int:
    """Print the table."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    print("| figure | here |\n|---|---|")
    for name, figure in rows(root):
        print(f"| {name} | {figure} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
