"""What a release is made with: ``make release-files``, ``make release-check`` and ``make dist``."""
