"""The open cancel requests, and which of them are this environment's."""
