"""Modules that learn: plans, the loop, and trainings that can be taken up again."""

from connc.backends.torch.training.checkpoint import keep, take_up
from connc.backends.torch.training.loop import Epoch, Learner
from connc.backends.torch.training.plan import RECIPES, Plan, PlanError, planned

__all__ = ["RECIPES", "Epoch", "Learner", "Plan", "PlanError", "keep", "planned", "take_up"]
