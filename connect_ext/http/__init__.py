"""HTTP for every vendor: the client, its circuit breaker, and OAuth tokens."""
