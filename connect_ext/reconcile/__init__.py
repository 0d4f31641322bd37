"""Compares Connect with the vendor, and fixes what the ordinary walk can fix."""
