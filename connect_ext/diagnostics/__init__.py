"""Writes a file to attach to a ticket: ``python -m connect_ext.diagnostics``."""
