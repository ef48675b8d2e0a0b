"""Reads finished runs; never trains."""
