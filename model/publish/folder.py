"""A folder of one's own, as training leaves it."""

from collections.abc import Mapping
from pathlib import Path

from model.errors import IncompleteModelError
from model.publish.snapshot import choose_files


def list_model(folder: Path) -> Mapping[str, Path]:
    """Return the files of a folder that are published, by name: of its top level, for engines look no deeper.

    Raises:
        IncompleteModelError: it is no folder, no whole model, or holds a link to a file outside of it.
    """
    if not folder.is_dir():
        raise IncompleteModelError(f"{folder} is no folder.", remedy="Give the folder that save_pretrained() wrote.")
    files = choose_files({entry.name: entry for entry in folder.iterdir() if entry.is_file()})
    root = folder.resolve()
    for file in files.values():
        # What it points at was perhaps not meant to be published.
        if not file.resolve().is_relative_to(root):
            raise IncompleteModelError(
                f"{file} is a link to {file.resolve()}, outside of the folder.",
                remedy="Copy the file into it. For a snapshot in the hub's cache give the model's id instead.",
            )
    return files
