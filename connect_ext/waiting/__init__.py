"""Lists waiting requests, and what they wait for: ``python -m connect_ext.waiting``."""
