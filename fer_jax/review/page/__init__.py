"""The page of a review: the audit page's sources and some more, in one document."""

import pathlib
import re

from fer_jax.analysis import page

HERE = pathlib.Path(__file__).parent
SHARED = ('base.js',)  # of the audit's page
SCRIPTS = (  # in the order in which they need each other
    'service.js',
    'state.js',
    'card.js',
    'gallery.js',
    'selection.js',
    'filters.js',
    'plane.js',
    'main.js',
)


def render(title: str) -> str:
    """The page as text; what it shows it asks the server for."""
    own = [page.source(page.HERE / name) for name in SHARED]
    own += [page.source(HERE / name) for name in SCRIPTS]
    style = page.source(page.HERE / 'style.css') + page.source(HERE / 'review.css')
    return page.document(
        f'Review: {title}',
        head='',  # the server sends the policy
        body=page.source(HERE / 'body.html'),
        style=style,
        script='\n'.join(own),
    )


def scripts(text: str) -> list[str]:
    """The contents of the scripts of a rendered page."""
    return re.findall(r'<script>(.*?)</script>', text, re.DOTALL)
