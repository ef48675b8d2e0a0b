"""Many runs as one: which there are, and carrying them out."""
