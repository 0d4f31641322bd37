"""``make variables``: writes the facts of docs/variables.md from the variables' declarations.

The lines between two comments, the first of which names a variable, are written here: its heading,
the values that it takes, its initial value. Its meaning, below them, is written by hand.
"""

from __future__ import annotations

import re
from pathlib import Path

from connect_ext.portal.settings import declared_variables
from connect_ext.portal.variable import Variable
from connect_ext.vendors.registry import BUILT_IN, definitions

PAGE = Path(__file__).resolve().parents[1] / "docs" / "variables.md"
OWN_VENDORS = {name: definitions()[name] for name in BUILT_IN}
VARIABLES = {variable.name: variable for variable in declared_variables(OWN_VENDORS)}

_ADDRESS = re.compile(r"https://[^\s,]+")
_FACTS = re.compile(r"(<!-- variable: ([A-Z_]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def main() -> None:
    """Bring the page up to date."""
    PAGE.write_text(with_facts(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_facts(page: str) -> str:
    """The page with what the declarations say of each variable that it names."""
    return _FACTS.sub(lambda found: found[1] + _facts(VARIABLES[found[2]]) + found[3], page)


def _facts(variable: Variable) -> str:
    initially = f"Initially `{variable.initial_value}`." if variable.initial_value else ""
    secure = "Secure." if variable.secure else ""
    takes = _ADDRESS.sub(r"`\g<0>`", variable.takes)
    sentences = (f"Takes {takes}.", initially or "Initially empty.", secure)
    return f"### `{variable.name}`\n\n*{' '.join(filter(None, sentences))}*\n"


if __name__ == "__main__":
    main()
