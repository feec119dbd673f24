"""Files: states as safetensors, written atomically and read without trust.

Start with `checkpoint.py`; `safetensors.py` is the format, `atomic.py` the way to write a file that survives a
crash, `strict_json.py` and `files.py` what both readers share, `numpy_files.py` reads .npz.
"""

from .atomic import atomic_write
from .checkpoint import load, save
from .numpy_files import load_npz
from .safetensors import load_file, save_file

__all__ = ["atomic_write", "load", "load_file", "load_npz", "save", "save_file"]
