"""How hypothesis tries things in these tests: quickly, and without files in the checkout."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick",
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("quick")
