"""Connect's side: approve, reject, and the notes on a request's conversation."""
