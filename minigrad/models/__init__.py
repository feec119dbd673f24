"""Famous networks, each on one page."""

from .alexnet import AlexNet
from .bert import BERT, BERTForPretraining, SentenceEncoder
from .char_rnn import CharRNN
from .cnn import CNN
from .gpt import GPT
from .lenet import LeNet
from .mlp import MLP
from .resnet import ResNet
from .seq2seq import Seq2Seq
from .t5 import T5
from .vit import ViT

__all__ = [
    "BERT", "CNN", "GPT", "MLP", "T5", "AlexNet", "BERTForPretraining", "CharRNN", "LeNet", "ResNet",
    "SentenceEncoder", "Seq2Seq", "ViT",
]  # fmt: skip
