"""How inner loops are compiled."""

from __future__ import annotations

import numba

inner = numba.njit(cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For functions that only compiled ones may call: without a door for Python they compile in half the time."""
outer = numba.njit(cache=True, nogil=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For those that Python calls."""
