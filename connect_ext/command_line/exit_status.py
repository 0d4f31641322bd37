"""The exit statuses that several commands have, for monitoring."""

NEEDS_PERSON = 1
WRONG_USE = 2
"""A wrong command line, file or environment; argparse's own."""

NOT_WHOLE = 3
INTERRUPTED = 130
"""As a shell counts a command that Ctrl-C has ended."""
