"""A folder for each class.

    train/CLASS/0000000.png ...     test/CLASS/0000070.png ...

`python -m data_prep image_folder --source=FOLDER` reads it. In the name of a class what
no folder may be called is written as %2F is.
"""

import pathlib
import urllib.parse

from fer_jax.data import picture_folders

from . import Labelled, write_image

KEPT = " !#$&'()+,-.;=@[]^_`{}~"  # and letters and digits


def write(labelled: Labelled, folder: pathlib.Path) -> None:
    """Writes the pictures whose labels are not dropped into a folder."""
    names = [folder_name(name) for name in labelled.class_names]
    for number, item in labelled.kept():
        place = folder / item.split / names[item.label]
        write_image(labelled.image(number), place, number)


def folder_name(name: str) -> str:
    """The name of a class as that of one folder, which nobody takes for hidden."""
    safe = ''.join(
        c if c.isalnum() or c in KEPT else urllib.parse.quote(c, safe='') for c in name
    )
    if picture_folders.is_hidden(safe):
        safe = f'%{ord(safe[0]):02X}{safe[1:]}'
    return safe
