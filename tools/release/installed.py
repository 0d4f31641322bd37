"""Tries the wheel: ``python -I installed.py`` with the Python of where it is installed.

It knows nothing of the repository: what it imports is what the wheel has brought.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import distribution, entry_points
from pathlib import Path
from pkgutil import walk_packages

NAME = "connect-cancellation-extension"


def main() -> int:
    """Import all of it and load the application as the runner does; exit status 1 for a mix-up."""
    installed = distribution(NAME)
    here = Path(str(installed.locate_file("connect_ext")))
    modules = [
        import_module(each.name)
        for each in walk_packages([str(here)], "connect_ext.")
        if not each.name.endswith(".__main__")
    ]
    [point] = entry_points(group="connect.eaas.ext")
    application = point.load()
    version = application.get_descriptor()["version"]
    print(f"{NAME} {version}, {len(modules)} modules, {application.__name__}")
    strangers = [each for each in modules if not Path(each.__file__ or "").is_relative_to(here)]
    return int(version != installed.version or bool(strangers))


if __name__ == "__main__":
    sys.exit(main())
