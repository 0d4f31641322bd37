"""Metrics without a server: one line of the log every 15 minutes, and one at the end."""
