"""Presets: popular billing systems as values of the ``REST_*`` variables. Data, not code."""
