"""Doors that turn a source's own files into a prepared folder."""
