"""Measurements, side by side with peers in one run. Nothing here is asserted by a test."""
