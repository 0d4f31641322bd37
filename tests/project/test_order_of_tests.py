"""Tests run in random order, folder by folder: a folder's shared sandbox lives for minutes."""

from itertools import groupby


def test_each_folders_tests_run_one_after_the_other(request):
    folders = [folder for folder, _ in groupby(item.path.parent for item in request.session.items)]
    assert len(folders) == len(set(folders))
