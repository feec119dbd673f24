"""Files: states as safetensors, written atomically and read without trust.

Start with `checkpoint.py`, which joins two parts: `skeleton.py` takes a state apart into arrays and JSON, and
`safetensors.py` is the file format, its checks in `safetensors_header.py`. Below them, `atomic.py` writes files
that survive a crash, `strict_json.py`, `zip_members.py` and `files.py` look at what may be hostile.

Files of others: `numpy_files.py` reads .npz, `torch_file.py` reads PyTorch's .pt and .pth. `load` takes any of them.
"""

from .atomic import atomic_write
from .checkpoint import load, save
from .numpy_files import load_npz
from .safetensors import load_file, save_file
from .torch_file import load_torch

__all__ = ["atomic_write", "load", "load_file", "load_npz", "load_torch", "save", "save_file"]
