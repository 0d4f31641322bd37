"""Open cancel requests, and which of them belong to this environment."""
