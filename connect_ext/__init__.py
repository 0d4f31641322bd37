"""Cancels subscriptions at the vendor when CloudBlue Connect asks for it."""
