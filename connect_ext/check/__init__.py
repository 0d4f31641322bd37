"""Tries a configuration before a customer does: ``python -m connect_ext.check``."""
