"""Names in the order in which people read them."""

from fer_jax.data import natural


def test_numbers_are_ordered_by_their_size():
    """Of all digits that Python reads as numbers; a superscript is none of them."""
    names = ['10', '2', 'b', 'run 10', 'run 9', 'run \u0663', 'x\u00b2', '\u00b2']
    wanted = ['2', '10', 'b', 'run \u0663', 'run 9', 'run 10', 'x\u00b2', '\u00b2']
    assert sorted(names, key=natural.key) == wanted
