"""Checks on data before anybody trains on it."""
