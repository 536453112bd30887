"""Checks on an adapter's files before anybody loads them."""
