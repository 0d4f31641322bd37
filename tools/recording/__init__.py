"""``make recording``: plays the demo in a terminal, and draws what it shows as a moving picture."""
