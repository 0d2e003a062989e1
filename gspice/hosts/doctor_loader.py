"""What mends a library that cannot be loaded: mostly installing it, unless the environment names a broken one."""

import os
from collections.abc import Mapping

VARIABLE = "LD_LIBRARY_PATH"


def mend(error: BaseException | str, install: str, environ: Mapping[str, str] = os.environ) -> str:
    """The line that mends this failure of the dynamic linker's; ``install``: where no variable is to blame.

    The linker names the file that it took: one from a folder of LD_LIBRARY_PATH counts more than what is installed,
    so that installing it again would change nothing.
    """
    text = str(error)
    for folder in filter(None, environ.get(VARIABLE, "").split(":")):
        if f"{folder.rstrip('/')}/" in text:
            return f"unset {VARIABLE}   # or take {folder} out of it: what lies there is loaded first"
    return install
