"""The primitives in torch, plainly: what ops are tested with."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def tensor_axes(axes):
    """Axes without the batch, as those of a tensor that has one."""
    return [axis + 1 for axis in axes]


def sources_of(rule, x):
    return torch.tensor(list(rule.indices), device=x.device)


def targets_of(rule, x):
    return torch.tensor([j for j, degree in enumerate(rule.in_degrees()) for _ in range(degree)], device=x.device)


class TorchPrims:
    """Primitives that run at once. Axes come without the batch."""

    def __init__(self, *, training=False):
        self.training = training

    def shape(self, x):
        return tuple(x.shape[1:])

    def linear(self, x, weight, bias):
        return F.linear(x, weight, bias)

    def conv(self, x, weight, bias, window, groups):
        return F.conv2d(x, weight, bias, window.stride, window.padding, window.dilation, groups)

    def junction(self, x, weight, bias, rule):
        last = x.dim() - 2
        y = self.segment_sum(self.gather(x, rule, last) * weight, rule, last)
        return y if bias is None else y + bias

    def junction_conv(self, x, weight, bias, window, rule):
        each = self.conv(self.gather(x, rule, 0), weight[:, None], None, window, rule.count)
        y = self.segment_sum(each, rule, 0)
        return y if bias is None else y + bias[:, None, None]

    def batch_norm(self, x, running_mean, running_var, num_batches_tracked, weight, bias, eps, momentum):
        if self.training:
            num_batches_tracked += 1
        return F.batch_norm(x, running_mean, running_var, weight, bias, self.training, momentum, eps)

    def layer_norm(self, x, axes, weight, bias, eps):
        return F.layer_norm(x, x.shape[-axes:], weight, bias, eps)

    def attend(self, query, key, value, rule):
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if rule is not None:
            heard = torch.zeros(scores.shape[-2:], dtype=torch.bool, device=scores.device)
            heard[targets_of(rule, scores), sources_of(rule, scores)] = True
            scores = torch.where(heard, scores, -math.inf)
        return scores.softmax(-1) @ value

    def matmul(self, x, y):
        return x @ y

    def add(self, x, y):
        return x + y

    def sub(self, x, y):
        return x - y

    def mul(self, x, y):
        return x * y

    def div(self, x, y):
        return x / y

    def maximum(self, x, y):
        return torch.maximum(x, y)

    def at_least(self, x, y):
        return (x >= y).to(x.dtype)

    def clamp(self, x, least, most):
        return x.clamp(least, most)

    exp, log, sqrt = map(staticmethod, (torch.exp, torch.log, torch.sqrt))
    relu, sigmoid, tanh = map(staticmethod, (torch.relu, torch.sigmoid, torch.tanh))

    def dropout(self, x, share):
        return F.dropout(x, share, self.training)

    def softmax(self, x, axis):
        return x.softmax(axis + 1)

    def sum(self, x, axes):
        return x.sum(tensor_axes(axes))

    def mean(self, x, axes):
        return x.mean(tensor_axes(axes))

    def max(self, x, axes):
        return x.amax(tensor_axes(axes))

    def max_pool(self, x, window):
        return F.max_pool2d(x, window.kernel, window.stride, window.padding)

    def avg_pool(self, x, window):
        return F.avg_pool2d(x, window.kernel, window.stride, window.padding)

    def upsample(self, x, scale, mode):
        corners = False if mode == "bilinear" else None
        return F.interpolate(x, scale_factor=tuple(map(float, scale)), mode=mode, align_corners=corners)

    def windows(self, x, window):
        columns = F.unfold(x, window.kernel, window.dilation, window.padding, window.stride)
        places = window.places(*x.shape[2:])
        return columns.reshape(len(x), x.shape[1], *window.kernel, *places).permute(0, 4, 5, 1, 2, 3)

    def reshape(self, x, shape):
        return x.reshape(len(x), *shape)

    def permute(self, x, axes):
        return x.permute(0, *tensor_axes(axes))

    def expand(self, x, shape):
        return x.expand(len(x), *shape)

    def slice(self, x, axis, start, size):
        return x.narrow(axis + 1, start, size)

    def concat(self, xs, axis):
        return torch.cat(xs, axis + 1)

    def pad(self, x, before, after, value):
        sides = [side for pair in zip(before, after, strict=True) for side in reversed(pair)]
        return F.pad(x, sides[::-1], value=value)

    def gather(self, x, rule, axis):
        return x.index_select(axis + 1, sources_of(rule, x))

    def segment_sum(self, x, rule, axis):
        return self._targets(x, rule, axis, 0.0).index_add(axis + 1, targets_of(rule, x), x)

    def segment_max(self, x, rule, axis):
        to = targets_of(rule, x).reshape([-1 if i == axis + 1 else 1 for i in range(x.dim())]).expand_as(x)
        return self._targets(x, rule, axis, -math.inf).scatter_reduce(axis + 1, to, x, "amax")

    def _targets(self, x, rule, axis, value) -> Tensor:
        shape = list(x.shape)
        shape[axis + 1] = math.prod(rule.targets)
        return x.new_full(shape, value)
