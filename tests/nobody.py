"""Commands as another user: a real process with the uid of `nobody`.

    python tests/nobody.py FOLDER ... -- COMMAND ...

An interpreter or a folder for tests often lies where no other user may enter: /root,
pytest's own. Root therefore shows what is needed, at the same places, in a mount
namespace that the process has to itself and that ends with it.
"""

import ctypes
import os
import pathlib
import pwd
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
NEW_MOUNTS = 0x20000  # CLONE_NEWNS
BIND, RECURSIVE, PRIVATE = 1 << 12, 1 << 14, 1 << 18  # flags of mount(2)


def command(words, *folders):
    """The words of a command as nobody, who sees what lies in `folders`."""
    return [sys.executable, __file__, *map(str, folders), '--', *words]


def refusal():
    """Why there can be no process of nobody here, as text; '' where there can."""
    tried = command([sys.executable, '-c', 'import launch'])
    answer = subprocess.run(tried, cwd=ROOT, capture_output=True, text=True)
    return answer.stderr.strip().rpartition('\n')[2] if answer.returncode else ''


def owner():
    """(uid, gid) of nobody."""
    known = pwd.getpwnam('nobody')
    return known.pw_uid, known.pw_gid


def main(words):
    """Becomes the command, as nobody."""
    folders, words = words[: words.index('--')], words[words.index('--') + 1 :]
    here = os.getcwd()
    _called('unshare', NEW_MOUNTS)
    _called('mount', None, b'/', None, RECURSIVE | PRIVATE, None)
    _show({pathlib.Path(p) for p in (sys.prefix, sys.base_prefix, ROOT, *folders)})
    os.chdir(here)
    uid, gid = owner()
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    os.execv(words[0], words)


def _show(paths):
    """Mounts empty folders over closed ones, and the paths again in these."""
    held = {path: os.open(path, os.O_PATH) for path in sorted(paths)}
    for path, number in held.items():
        for above in reversed(path.parents):
            if above.exists() and not above.stat().st_mode & 0o001:
                _called('mount', b'tmpfs', bytes(above), b'tmpfs', 0, b'mode=755')
        if not path.exists():
            path.mkdir(parents=True)
            source = f'/proc/self/fd/{number}'.encode()
            _called('mount', source, bytes(path), None, BIND | RECURSIVE, None)


def _called(name, *arguments):
    """Calls a function of the system's; OSError where it says no."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f'{name}: {os.strerror(number)}')


if __name__ == '__main__':
    main(sys.argv[1:])
