"""What --help says, and the page of the documentation that is made of the same."""

import pathlib

from fer_jax import algorithms
from fer_jax.cli import help
from fer_jax.training import command_line, handbook, schema

ROOT = pathlib.Path(__file__).parents[2]
WITH_DEFAULT = [f'{path}={field.default}' for path, field in schema.FIELDS.items()]


def test_the_page_of_fields_is_the_one_that_the_tables_give():
    """`make docs` writes it anew."""
    assert (ROOT / 'docs' / 'fields.md').read_text() == handbook.page()


def test_the_overview_has_commands_methods_and_fields():
    text = help.overview('Commands\n  evaluate   how good it is')
    assert '  evaluate   how good it is' in text
    for name in (*(f'{name} ' for name in algorithms.names()), *WITH_DEFAULT):
        assert f'\n  {name}' in text
    assert max(map(len, text.splitlines())) <= handbook.WIDTH


def test_a_config_shows_its_values():
    words = ['--config=configs/resup.py:dataset=raf_db,noise=0.3', '--config.epochs=7']
    text = handbook.of_config(command_line.read(words).config)
    for shown in ('epochs=7 ', 'noise.rate=0.3 ', 'algorithm.rules=paper ', 'seed=0 '):
        assert f'  {shown}' in text
    assert 'at the start (above 0)' in text
