"""The command `fcn`, under the names `python -m fcnswift` and `fcnswift`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import NoReturn

from ._native import find


def main() -> NoReturn:
    """Becomes the command, with the arguments of this program."""
    command = find("bin/fcn") or shutil.which("fcn")
    if command is None:
        sys.exit(
            "fcnswift: the command fcn is not here; install the wheel, or build and install it with "
            "make install")
    # Python ignores these, and the command would inherit that.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execv(command, ["fcn", *sys.argv[1:]])


if __name__ == "__main__":
    main()
