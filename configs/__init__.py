"""One file a method; default.py shows every field."""
