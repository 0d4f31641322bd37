"""Tests run in random order, folder by folder: a folder's shared sandbox lives for minutes."""

import os
import re
import subprocess
import sys
from itertools import groupby

from tools.locks import ROOT

FILES = {
    *("tests/unit/test_amounts.py", "tests/unit/test_errors.py"),
    *("tests/zuora_soap/test_zuora_charges.py", "tests/zuora_soap/test_zuora_time_zones.py"),
}


def test_each_folders_tests_run_together(request):
    folders = [folder for folder, _ in groupby(item.path.parent for item in request.session.items)]
    assert len(folders) == len(set(folders))


def test_with_several_processes_each_runs_whole_folders():
    """Fixtures that a folder's tests share are made once."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "-p", "no:cacheprovider", *FILES]
    shown = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    ran = set(re.findall(r"^\[(gw\d)\] .*PASSED (.+)/(.+?)::", shown.stdout, re.MULTILINE))
    assert {f"{folder}/{name}" for _, folder, name in ran} == FILES
    processes = {folder: process for process, folder, _ in ran}
    assert sorted(processes.values()) == ["gw0", "gw1"]
    assert all(processes[folder] == process for process, folder, _ in ran)


def test_make_runs_the_undisturbed_tests_after_all_others():
    makefile = (ROOT / "Makefile").read_text()
    runs = re.findall(r"\$\(PYTEST\) (.*) \$\(TESTS\)", makefile)
    assert runs == ['-n $(PROCESSES) -m "not undisturbed"', "-m undisturbed"]
