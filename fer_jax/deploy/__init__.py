"""A finished run in use: recognise, evaluate, export, measure."""
