"""Networks as ONNX models, written node by node; `session` runs them."""

from connc.backends.onnx.model import model_of

__all__ = ["model_of"]
