"""The official validators, run by ``make official`` and by a test."""
