"""Checks of gradients against numbers: for minigrad's own ops, and for yours."""

from .gradcheck import gradcheck, gradgradcheck

__all__ = ["gradcheck", "gradgradcheck"]
