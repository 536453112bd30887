"""Checks on a base model's files before anybody loads them."""
