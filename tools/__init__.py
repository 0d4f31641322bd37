"""Programs other than tests that check, lock and measure this project; the Makefile runs them."""
