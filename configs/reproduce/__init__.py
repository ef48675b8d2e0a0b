"""One file a table of the papers; fer_jax/reproduce/table.py says what is in one."""

RESUP = 'ReSup (Zhang et al., TAFFC 2025)'
PROXIMITY = 'Embedding proximity (SCN-C, RUL-C, DMUE-C)'
