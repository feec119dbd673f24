"""Backpropagation, to look at.

    graph(loss)                     the computation graph as a picture, for a notebook or a file
    page(loss, "backprop.html")     a page that steps forward and backward through it, in a browser
    with recording(): ...           remember constants and the lines of the source, for both
"""

from ..explain.watch import watching as recording
from .document import page
from .picture import Picture, graph

__all__ = ["Picture", "graph", "page", "recording"]
