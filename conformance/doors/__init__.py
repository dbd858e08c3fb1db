"""Checks of doors."""
