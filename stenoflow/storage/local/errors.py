"""Errors of the operating system, translated into those of :mod:`stenoflow.errors`."""

import errno
from collections.abc import Callable, Generator
from contextlib import contextmanager

from stenoflow.errors import AccessDenied, NotFound, StoreUnavailable

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_THROUGH_LINK = {errno.ELOOP, errno.ENOTDIR}


@contextmanager
def os_errors(displayed: Callable[[], str]) -> Generator[None, None, None]:
    """Raise a StenoflowError in place of each OSError in the block.

    They are NotFound, AccessDenied or StoreUnavailable. ``displayed`` returns the path for the message.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"{displayed()} has just been removed.") from error
    except FileExistsError as error:
        raise AccessDenied(
            f"{displayed()} is a symbolic link or a device, and a store does not replace these: "
            "remove it, or use another folder."
        ) from error
    except OSError as error:
        where, message = displayed(), error.strerror or str(error)
        if error.errno in _REFUSED:
            raise AccessDenied(
                f"{where}: {message}. Give the user who runs this the right to it, or use another "
                "folder."
            ) from error
        if error.errno in _THROUGH_LINK:
            raise AccessDenied(
                f"{where} is behind a symbolic link, and a store does not follow links below its "
                "own folder: open the folder that the link leads to."
            ) from error
        raise StoreUnavailable(f"{where}: {message}. Look at the disk, then try again.") from error
