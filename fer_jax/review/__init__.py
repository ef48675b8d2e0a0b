"""A person and the audit clean a set together: a page served to this machine alone."""
