"""HTTP for any vendor: the client, its circuit breaker, and OAuth tokens."""
