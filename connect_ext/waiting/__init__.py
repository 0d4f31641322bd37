"""Lists what waits, and for what: ``python -m connect_ext.waiting``."""
