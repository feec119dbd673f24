"""Training: the loop, what happens around it, numbers and pictures of how it went."""

from .callbacks import BestCheckpoint, Callback, Checkpoint, EarlyStopping, HistoryLog
from .metrics import ConfusionMatrix, accuracy, mean_absolute_error, perplexity, top_k_accuracy
from .plots import plot_confusion, plot_curves, plot_filters, plot_images
from .progress import ProgressBar
from .trainer import Trainer

__all__ = [
    "BestCheckpoint",
    "Callback",
    "Checkpoint",
    "ConfusionMatrix",
    "EarlyStopping",
    "HistoryLog",
    "ProgressBar",
    "Trainer",
    "accuracy",
    "mean_absolute_error",
    "perplexity",
    "plot_confusion",
    "plot_curves",
    "plot_filters",
    "plot_images",
    "top_k_accuracy",
]
