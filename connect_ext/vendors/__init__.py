"""The vendors' own systems, each behind the one interface in ``base``."""
