"""Real data, and the way it takes into a training loop.

    load("digits")          real data by name: bundled, cached, installed or downloaded, checked by SHA-256
    Dataset and its kin     items with numbers, alone, in parts and together
    DataLoader              seeded, resumable batches, made in the background
    pad_collate             batches of sequences whose lengths differ; BucketSampler puts similar lengths together
    transforms              seeded changes of images
"""

from . import transforms
from .bucket import BucketSampler
from .collate import default_collate
from .dataloader import DataLoader
from .dataset import (
    ArrayDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    LoadedDataset,
    Subset,
    TensorDataset,
    random_split,
)
from .idx import read_idx, write_idx
from .info import DatasetInfo, DataSubsetWarning
from .pad import pad_collate
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from .sources import load

__all__ = [
    "ArrayDataset",
    "BatchSampler",
    "BucketSampler",
    "ConcatDataset",
    "DataLoader",
    "DataSubsetWarning",
    "Dataset",
    "DatasetInfo",
    "IterableDataset",
    "LoadedDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "load",
    "pad_collate",
    "random_split",
    "read_idx",
    "transforms",
    "write_idx",
]
