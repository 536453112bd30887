"""Checks: what can be wrong with a subject, one file per check."""
