"""Tries out a configuration before customers do: ``python -m connect_ext.check``."""
