"""What the commands of the extension share."""
