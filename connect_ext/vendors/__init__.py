"""Vendors' billing systems, each behind the interface in ``base``."""
