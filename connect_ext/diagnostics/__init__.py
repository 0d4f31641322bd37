"""Writes one file that can be attached to a ticket: ``python -m connect_ext.diagnostics``."""
