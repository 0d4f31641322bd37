"""A sentence that a command prints instead of a traceback."""


class Complaint(Exception):  # noqa: N818 - a sentence for people, not a fault of the program
    """A problem that the person at the terminal can solve; the command ends with it."""
