"""The nets of the papers by hand, in plain PyTorch, after the papers and their authors' code.

Layers are defined in the order in which a compiled net defines its own, so that numbers are handed over in that order.
A compiled net joins channels oldest first. Where authors join them otherwise it is so here, and each layer that sees it
knows which of the compiled layer's rows and columns its own are.
"""

import torch
from torch import nn
from torch.nn import functional as F


def conv(before, after, kernel, stride=1, bias=False):
    return nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=bias)


def channels(*runs):
    """Numbers of channels in order, from runs `(first, end)`."""
    return torch.cat([torch.arange(*run) for run in runs])


def reading(layers, order):
    """Layers that see channels in this order: the norm in front and what stands behind it and has weights."""
    norm, reader, *_ = (each for each in layers if isinstance(each, nn.BatchNorm2d | nn.Conv2d | nn.Linear))
    norm.rows = reader.columns = order.argsort().argsort()
    return layers


def imagenet_stem(width):
    return nn.Sequential(
        conv(3, width, 7, stride=2),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    )


def classifier(width, classes, pool, places=1):
    return nn.Sequential(
        nn.BatchNorm2d(width),
        nn.ReLU(),
        pool,
        nn.Flatten(),
        nn.Linear(width * places, classes),
    )


# --- DenseNet


def basic(width, k):
    return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), conv(width, k, 3))


def bottleneck(width, k):
    return nn.Sequential(
        nn.BatchNorm2d(width),
        nn.ReLU(),
        conv(width, 4 * k, 1),
        nn.BatchNorm2d(4 * k),
        nn.ReLU(),
        conv(4 * k, k, 3),
    )


def transition(before, after, bias=False):
    return nn.Sequential(nn.BatchNorm2d(before), nn.ReLU(), conv(before, after, 1, bias=bias), nn.AvgPool2d(2))


class DenseBlock(nn.Module):
    """Each layer reads all before it."""

    def __init__(self, n, width, k, layer):
        super().__init__()
        self.layers = nn.ModuleList(layer(width + i * k, k) for i in range(n))
        self.order = torch.arange(width + n * k)

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


def blocks_of(block, counts, width, growth, layer, theta):
    """Blocks with transitions between them, and the order of the channels behind the last."""
    found = []
    for n, k in zip(counts, growth, strict=True):
        if found:
            after = int(theta * len(found[-1].order))
            found += [reading(transition(len(found[-1].order), after), found[-1].order)]
            width = after
        found.append(block(n, width, k, layer))
    return found, found[-1].order


def densenet(counts, k, classes):
    """The layout of torchvision."""
    blocks, order = blocks_of(DenseBlock, counts, 2 * k, [k] * len(counts), bottleneck, 0.5)
    head = classifier(len(order), classes, nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(imagenet_stem(2 * k), *blocks, head)


def cifar(block, depth, growth, layer, theta, classes):
    """Three blocks of as many layers behind a convolution to 2k channels."""
    n = (depth - 4) // 3 // (2 if layer is bottleneck else 1)
    blocks, order = blocks_of(block, [n] * 3, 2 * growth[0], growth, layer, theta)
    head = reading(classifier(len(order), classes, nn.AvgPool2d(8)), order)
    return nn.Sequential(conv(3, 2 * growth[0], 3), *blocks, head)


# --- ResNet


class Unit(nn.Module):
    """torchvision's bottleneck, version 1.5: the stride is in the 3x3 convolution."""

    def __init__(self, width, k, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(width, k, 1), nn.BatchNorm2d(k)
        if width != 4 * k or stride != 1:
            self.downsample = nn.Sequential(conv(width, 4 * k, 1, stride), nn.BatchNorm2d(4 * k))
        else:
            self.downsample = nn.Identity()
        self.conv2, self.bn2 = conv(k, k, 3, stride), nn.BatchNorm2d(k)
        self.conv3, self.bn3 = conv(k, 4 * k, 1), nn.BatchNorm2d(4 * k)

    def forward(self, x):
        made = F.relu(self.bn1(self.conv1(x)))
        made = F.relu(self.bn2(self.conv2(made)))
        return F.relu(self.bn3(self.conv3(made)) + self.downsample(x))


def branch(width, k, stride=1):
    return nn.Sequential(
        nn.BatchNorm2d(width),
        nn.ReLU(),
        conv(width, k, 1),
        nn.BatchNorm2d(k),
        nn.ReLU(),
        conv(k, k, 3, stride),
        nn.BatchNorm2d(k),
        nn.ReLU(),
        conv(k, 4 * k, 1),
    )


class PreactivationUnit(nn.Module):
    """What came in, by a 1x1 convolution where the width changes, and what the branch makes of it."""

    def __init__(self, width, k, stride):
        super().__init__()
        self.branch = branch(width, k, stride)
        self.shortcut = nn.Identity() if width == 4 * k else conv(width, 4 * k, 1, stride)

    def forward(self, x):
        return self.branch(x) + self.shortcut(x)


def residual_stage(n, width, k, stride, unit):
    return nn.Sequential(unit(width, k, stride), *(unit(4 * k, k, 1) for _ in range(n - 1)))


def resnet(counts, classes):
    stages, width = [], 64
    for s, n in enumerate(counts):
        stages.append(residual_stage(n, width, 64 * 2**s, min(s, 1) + 1, Unit))
        width = 256 * 2**s
    return nn.Sequential(imagenet_stem(64), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


def resnet_cifar(depth, classes, stage=residual_stage):
    n = (depth - 2) // 9
    return nn.Sequential(
        conv(3, 16, 3),
        stage(n, 16, 16, 1, PreactivationUnit),
        stage(n, 64, 32, 2, PreactivationUnit),
        stage(n, 128, 64, 2, PreactivationUnit),
        classifier(256, classes, nn.AvgPool2d(8)),
    )


# --- SparseNet, sparsely aggregated


def fetch(outputs):
    """The last output, the second last, the fourth last, …"""
    return [outputs[-(2**t)] for t in range(len(outputs).bit_length())]


class SparseBlock(nn.Module):
    """What the layers read is fetched from the list of outputs, and so is what the block gives."""

    def __init__(self, n, width, k, layer):
        super().__init__()
        self.layers, made = nn.ModuleList(), [channels((0, width))]
        for i in range(n):
            order = torch.cat(fetch(made))
            self.layers.append(reading(layer(len(order), k), order))
            made.append(channels((width + i * k, width + (i + 1) * k)))
        self.order = torch.cat(fetch(made))

    def forward(self, x):
        outputs = [x]
        for layer in self.layers:
            outputs.append(layer(torch.cat(fetch(outputs), 1)))
        return torch.cat(fetch(outputs), 1)


def sparsenet(counts, k, classes):
    """A stem of k channels, and a classifier that reads 3 x 3 places of 7 x 7."""
    blocks, order = blocks_of(SparseBlock, counts, k, [k] * len(counts), bottleneck, 0.5)
    head = reading(classifier(len(order), classes, nn.AvgPool2d(2), places=9), order)
    return nn.Sequential(imagenet_stem(k), *blocks, head)


class SummedStage(nn.Module):
    """A unit, then branches that read the sum of what is fetched."""

    def __init__(self, n, width, k, stride, unit):
        super().__init__()
        self.first = unit(width, k, stride)
        self.branches = nn.ModuleList(branch(4 * k, k) for _ in range(n - 1))

    def forward(self, x):
        outputs = [self.first(x)]
        for each in self.branches:
            outputs.append(each(sum(fetch(outputs))))
        return sum(fetch(outputs))


def sparsenet_sum(depth, classes):
    return resnet_cifar(depth, classes, SummedStage)


# --- SparseNet, nearest and farthest


def prepend(new, running, k, path):
    """The running tensor, newest first, with one more output; of more groups than `path` the one in the middle goes."""
    groups = (running.shape[1] - 2 * k) // k + 1
    if groups > path:
        middle = groups // 2 * k
        running = torch.cat([running[:, :middle], running[:, middle + k :]], 1)
    return torch.cat([new, running], 1)


def newest_first(width, k):
    """The channels of a block's input: the first group, two wide, is the oldest and comes last."""
    return channels(*((g, g + k) for g in range(width - k, k, -k)), (0, 2 * k))


class EndsBlock(nn.Module):
    """Layers that read the running tensor and prepend to it."""

    def __init__(self, n, width, k, path, layer):
        super().__init__()
        self.layers, self.k, self.path = nn.ModuleList(), k, path
        running = newest_first(width, k)[None]
        for i in range(n):
            self.layers.append(reading(layer(running.shape[1], k), running[0]))
            new = channels((width + i * k, width + (i + 1) * k))[None]
            running = prepend(new, running, k, path)
        self.order = running[0]

    def forward(self, x):
        for layer in self.layers:
            x = prepend(layer(x), x, self.k, self.path)
        return x


def ends_basic(width, k):
    return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), conv(width, k, 3, bias=True))


def ends_bottleneck(width, k):
    """In front of the 1x1 convolution nothing is rectified."""
    return nn.Sequential(
        nn.BatchNorm2d(width),
        conv(width, 4 * k, 1, bias=True),
        nn.BatchNorm2d(4 * k),
        nn.ReLU(),
        conv(4 * k, k, 3, bias=True),
    )


class Attention(nn.Module):
    """A 1x1 convolution of means is a linear layer."""

    def __init__(self, k):
        super().__init__()
        self.one = nn.Sequential(nn.BatchNorm1d(k), nn.ReLU(), nn.Linear(k, k))
        self.two = nn.Sequential(nn.BatchNorm1d(2 * k), nn.ReLU(), nn.Linear(2 * k, k))

    def forward(self, x):
        means = x.mean((2, 3))
        gate = torch.sigmoid(self.two(torch.cat([self.one(means), means], 1)))
        return x + x * gate[:, :, None, None]


class SqueezeAndExcitation(nn.Module):
    def __init__(self, k, reduction=4):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(k, k // reduction), nn.Linear(k // reduction, k)

    def forward(self, x):
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


def with_gate(gate):
    return lambda width, k: ends_bottleneck(width, k).append(gate(k))


def sparsenet_ends(counts, k, path, classes, layer):
    """A transition of the basic form keeps the width; another halves the groups and keeps the double one whole."""
    parts, width = [nn.Sequential(conv(3, 2 * k, 3, bias=True), nn.ReLU())], 2 * k
    for s, n in enumerate(counts):
        if s:
            before, groups = width, (width - 2 * k) // k + 1
            width = before if layer is ends_basic else 2 * k + groups // 2 * k
            between = reading(transition(before, width, bias=True), parts[-1].order)
            between[2].rows = newest_first(width, k)
            parts.append(between)
        parts.append(EndsBlock(n, width, k, path, layer))
        width = len(parts[-1].order)
    head = classifier(width, classes, nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(*parts, reading(head, parts[-1].order))


# --- SDMN


def transfer(before, after, size, join):
    """To be added, a source gets as many channels as the module takes; to be put behind others it keeps its own."""
    fitted = [conv(before, after, 1)] if join == "sum" else []
    return nn.Sequential(*fitted, nn.AvgPool2d(size))


class DenseModule(nn.Module):
    """A dense block behind what brings its sources together, and a transit layer that halves the channels."""

    def __init__(self, n, width, k, transfers, join):
        super().__init__()
        self.transfers, self.join = nn.ModuleList(transfers), join
        self.block = DenseBlock(n, width, k, bottleneck)
        self.width = (width + n * k) // 2
        self.transit = nn.Sequential(nn.BatchNorm2d(width + n * k), nn.ReLU(), conv(width + n * k, self.width, 1))

    def forward(self, sources):
        if self.transfers:
            made = [each(x) for each, x in zip(self.transfers, sources, strict=True)]
            x = sum(made) if self.join == "sum" else torch.cat(made, 1)
        else:
            (x,) = sources
        return self.transit(self.block(x))


class Sdmn(nn.Module):
    """Modules on a grid, row by row; `links[i][j]` says whether `i` feeds `j`."""

    def __init__(self, depths, lanes, k, classes, links, join):
        super().__init__()
        self.links, self.lanes = links, lanes
        self.stem, self.cells = conv(3, 2 * k, 3), nn.ModuleList()
        for j in range(len(depths) * lanes):
            d, sources = j // lanes, self.sources(j)
            widths = [self.cells[i].width for i in sources]
            given = [2 * k * 2**d] * len(sources) if join == "sum" else widths
            transfers = [
                transfer(before, after, 2 ** (d - i // lanes), join)
                for i, before, after in zip(sources, widths, given, strict=True)
            ]
            width = sum(given) if join == "concat" and d else 2 * k * 2**d
            self.cells.append(DenseModule(depths[d], width, k, transfers, join))
        width = sum(each.width for each in self.cells[-lanes:])
        self.head = classifier(width, classes, nn.AdaptiveAvgPool2d(1))

    def sources(self, j):
        return [i for i in range(j) if self.links[i][j]]

    def forward(self, x):
        x, made = self.stem(x), []
        for j, cell in enumerate(self.cells):
            made.append(cell([made[i] for i in self.sources(j)] if j >= self.lanes else [x]))
        return self.head(torch.cat(made[-self.lanes :], 1))


# --- Pre-defined sparsity


class Masked(nn.Linear):
    """A linear layer, of whose weights a mask leaves those of the connections."""

    def __init__(self, mask):
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


def cifar10_2(masks):
    """Six convolutions, pooled in pairs, and two junctions."""
    layers, before = [], 3
    for i, width in enumerate([64, 64, 128, 128, 256, 256]):
        layers += [conv(before, width, 3, bias=True), nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if i % 2 else []
        before = width
    first, second = masks
    return nn.Sequential(*layers, nn.Flatten(), Masked(first), nn.ReLU(), Masked(second))
