"""Shared by the commands of the extension."""
