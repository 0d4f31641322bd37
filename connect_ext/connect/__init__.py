"""Connect's side: approves and rejects requests, and handles the notes on their conversations."""
