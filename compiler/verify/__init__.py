"""The verifier: what every network keeps, looked at behind every pass."""

from connc.compiler.verify.invalid import Invalid, WrongShape
from connc.compiler.verify.laws import verify

__all__ = ["Invalid", "WrongShape", "verify"]
