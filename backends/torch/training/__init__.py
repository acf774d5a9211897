"""Modules that learn: plans, the loop, and trainings that can be taken up again."""

from connc.backends.torch.training.active import Active, active
from connc.backends.torch.training.checkpoint import keep, take_up
from connc.backends.torch.training.loop import Epoch, Learner
from connc.backends.torch.training.plan import RECIPES, Plan, PlanError, out_of_bounds, planned, unmoved
from connc.backends.torch.training.rule import BoundedRule

__all__ = [
    "RECIPES",
    "Active",
    "BoundedRule",
    "Epoch",
    "Learner",
    "Plan",
    "PlanError",
    "active",
    "keep",
    "out_of_bounds",
    "planned",
    "take_up",
    "unmoved",
]
