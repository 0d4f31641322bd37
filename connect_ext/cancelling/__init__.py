"""The core: a cancel request, the rules for it, and the walk that carries them out."""
