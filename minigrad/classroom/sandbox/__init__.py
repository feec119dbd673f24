"""The process that a student's functions run in: it has NumPy, the student's files, and two pipes.

It imports nothing of minigrad: `python -I` finds this folder as the package `sandbox`, and knows of no other.

    wire.py     messages between the processes: JSON and arrays, no pickle
    blocks.py   a file executed piece by piece, so that a broken piece costs its own functions only
    guard.py    what the process may do: compute
    serve.py    the loop: a call comes in, a result goes out
"""
