"""How hypothesis tries things in these tests: quickly, and without files in the checkout."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "hostile",
    deadline=None,
    database=None,
    max_examples=150,
    # `make mutants` runs the tests again and again in one process.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.load_profile("hostile")
