"""The commands that documents, examples and the docstrings of modules quote."""

import ast
import pathlib
import re
import shlex
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parent.parent.parent
PAGES = [
    *(ROOT / name for name in ('README.md', 'CONTRIBUTING.md')),
    *sorted((ROOT / 'docs').rglob('*.md')),
    *sorted((ROOT / 'examples').rglob('*.*')),
    *sorted((ROOT / 'configs').rglob('*.py')),
    *sorted((ROOT / 'data_prep').rglob('*.py')),
    *sorted((ROOT / 'fer_jax').rglob('*.py')),
]
PROGRAM = re.compile(
    r'(?:^|(?<=[\s/]))(?<!-t )(?P<program>python launch\.py|python -m data_prep|fer-jax'
    r'|python -m (?:benchmarks|fer_jax)[\w.]*|python benchmarks/\w+\.py|make)(?=\s|$)'
)
FENCE = re.compile(r' *(```|~~~)(.*)')
SHELLS = ('', 'bash', 'sh', 'yaml')
COMMENT = re.compile(r'(^|\s)#.*')
TICKED = re.compile(r'`([^`]+)`')


class Quoted(NamedTuple):
    """A command as it is quoted."""

    where: str  # file:line
    program: str
    words: tuple  # behind the program
    whole: bool  # to be typed as it stands; else the mention of a command


def commands(path):
    """Every Quoted of a file."""
    where, text = path.relative_to(ROOT).as_posix(), path.read_text()
    if path.suffix == '.py':
        text = ast.get_docstring(ast.parse(text), clean=False) or ''
    code, prose = parted(text, shell=path.suffix in ('.sh', '.yaml'))
    for number, line in joined(code):
        yield from found(f'{where}:{number}', line, True)
    for number, line in prose:
        for span in TICKED.findall(line):
            yield from found(f'{where}:{number}', span, False)


def parted(text, shell=False):
    """(code, prose), lists of (number, line); of prose a line is a paragraph.

    Code is fenced, or indented by four, and Python is none of it.
    """
    code, prose, fence = [], [(0, '')], None
    for number, line in enumerate(text.splitlines(), start=1):
        mark = FENCE.fullmatch(line)
        if mark:
            fence = None if fence is not None else mark[2]
        elif shell or fence in SHELLS or (fence is None and line[:4] == '    '):
            code.append((number, line))
        elif fence is None and line.strip():
            start, said = prose.pop()
            prose.append((start or number, f'{said} {line.strip()}'))
        elif fence is None:
            prose.append((0, ''))
    return code, prose


def joined(lines):
    """(number, line) without comments; joined, if it ends in a backslash or a quote
    is open."""
    kept, start = '', 0
    for number, line in lines:
        start = start if kept else number
        line = COMMENT.sub('', line)
        kept += line.removesuffix('\\')
        if line.endswith('\\') or kept.count("'") % 2:
            kept += ' '
            continue
        yield start, kept
        kept = ''
    if kept:
        yield start, kept


def found(where, line, whole):
    """The Quoted of a line of a shell."""
    for match in PROGRAM.finditer(line):
        rest = line[match.end() :]
        if line.count("'", 0, match.start()) % 2:  # a command inside of quotes
            rest = rest.partition("'")[0]
        words = []
        lexer = shlex.shlex(rest, posix=True, punctuation_chars=';&|)')
        lexer.whitespace_split, lexer.commenters = True, ''
        for word in lexer:
            if word[0] in ';&|)':
                break
            words.append(word)
        yield Quoted(where, match['program'], tuple(words), whole)
