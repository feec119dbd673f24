"""How fast is it? The same work, in minigrad and in PyTorch, in one run.

The names of minigrad are PyTorch's, so a workload is one function of the library: what is timed on both sides is the
same source. `minigrad bench --against torch` prints the table; every figure in the README comes from it.
"""
