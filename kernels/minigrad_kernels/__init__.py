"""Compiled twins of minigrad's array loops. Knows NumPy, Numba and CuPy; knows nothing of minigrad."""
