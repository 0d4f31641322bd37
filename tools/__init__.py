"""Programs that check, lock and measure this project and are not tests; the Makefile runs them."""
