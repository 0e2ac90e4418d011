"""Signals, of which Ctrl-C is one, while a call into the library is running."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

#: Those that programs have handlers for.
_SIGNALS = tuple(
    getattr(signal, name) for name in (
        "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGVTALRM", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name))


class SignalGuard:
    """Has what the handler of a signal raises wait until the call is over.

    Python runs handlers between two steps of the main thread: while C runs there, only in a
    callback, and in that before its first statement, where no `try` can see what they raise and
    ctypes can only drop it. Within this guard they run as ever, but what they raise is kept;
    `stopped` has the callback stop the call, and leaving the guard raises it. What the callback
    itself raises goes the same way, by keep().
    """

    #: Those that are in force in the main thread, one within the other.
    _active: list[SignalGuard] = []

    def __init__(self) -> None:
        self._raised: list[BaseException] = []
        self._handlers: dict[int, Any] = {}
        #: Whether handlers run in this thread, so that a callback is worth its while.
        self.is_needed = threading.current_thread() is threading.main_thread()

    @property
    def stopped(self) -> bool:
        """Whether the call is to stop."""
        return bool(self._raised) or (
            self.is_needed and any(guard._raised for guard in self._active))

    def keep(self, error: BaseException) -> None:
        """Has the call stop, and leaving the guard raise `error`."""
        self._raised.append(error)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        try:
            self._handlers[number](number, frame)
        except BaseException as error:
            self.keep(error)

    def _restore(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def __enter__(self) -> SignalGuard:
        if self.is_needed:
            try:
                for number in _SIGNALS:
                    handler = signal.getsignal(number)
                    if callable(handler):
                        self._handlers[number] = handler
                        signal.signal(number, self._handle)
            except BaseException:  # from a handler that was not yet replaced
                self._restore()
                raise
            self._active.append(self)
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self.is_needed:
            self._active.remove(self)
            self._restore()
        if self._raised:
            # In place of the failure of the call that was stopped for it.
            raise self._raised[0] from None
