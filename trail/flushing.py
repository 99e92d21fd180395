"""A whole file system brought to its disk in one call, where the system has one.

In: a descriptor. Out: whether everything is durable. Never: an error that is not the disk's.
"""

from __future__ import annotations

import errno
import os
import sys


def flush_file_system(descriptor: int) -> bool:
    """Linux's syncfs(2): true when everything on the file system of this open folder is durable. False: not to be had.

    Raises OSError for what could not be written since the folder was opened (Linux 5.8).
    """
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - not needed to read

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        return False
    if libc.syncfs(descriptor) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EOPNOTSUPP):  # a sandbox, say
        return False
    raise OSError(number, os.strerror(number))
