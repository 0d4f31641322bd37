"""Compares Connect with the vendor, and puts right what the ordinary walk may."""
