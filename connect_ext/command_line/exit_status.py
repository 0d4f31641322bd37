"""Exit statuses shared by the commands, for monitoring."""

NEEDS_PERSON = 1
WRONG_USE = 2
"""A wrong command line, file or environment; argparse uses it, too."""

NOT_WHOLE = 3
INTERRUPTED = 130
"""The status that shells give a command ended by Ctrl-C."""
