"""What connc makes for torch: two nets against handwritten ones, ten thousand layers, and the memory of a junction.

`python -m bench.torch --device cuda` compares the nets on another device. Their limit is what a product of two large
matrices reaches there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor, fx, nn

from bench.goals import goal
from bench.handwritten import densenet121, sparsenet121
from bench.wiring import EXPONENTIAL, NET, _checked, _time

HANDWRITTEN = {"sparsenet": sparsenet121, "densenet": densenet121}
ROUNDS = {1: 15, 16: 5}  # by the samples of a batch
ALIKE = 1.03  # of the handwritten time, which is 0.97 of its speed
SGEMM = 4096
LAYERS, LAYER_ROUNDS = (1_000, 10_000), 3
JUNCTION = "net a {{\n    in: [4096]\n    in -> linear(512) {by} -> out\n}}\n"
FAN_INS = 8, 40, 208, 512


def run(device: str = "cpu") -> bool:
    met = _nets(torch.device(device))
    if device == "cpu":
        met &= _text_to_module()
    _memory(device)
    return met


# --- two nets


def _nets(device: torch.device) -> bool:
    peak = _sgemm(device)
    where = f"{torch.get_num_threads()} threads" if device.type == "cpu" else torch.cuda.get_device_name(device)
    print(f"Compiled and handwritten nets, 224 x 224, torch {torch.__version__} (median seconds, interleaved)\n")
    print(f"  sgemm on {where}: {peak:,.0f} GF/s\n")
    print(f"  {'':<30}{'connc':>10}{'by hand':>10}{'connc / hand':>14}{'GF/s':>9}{'of sgemm':>10}")
    found = [figure for name in HANDWRITTEN for figure in _compared(name, device, peak)]
    print()
    met = [goal(f"{what}, to handwritten", ratio, ALIKE) for what, ratio in found]
    print()
    return all(met)


def _compared(name: str, device: torch.device, peak: float) -> list[tuple[str, float]]:
    """What was timed, and how connc's time stands to the handwritten one's."""
    import connc
    from connc.backends.torch.measure import interleaved, ratios

    network = connc.load(f"std.{name}")
    operations = 2 * connc.analyze(network)["macs"] / 1e9
    pair: list[nn.Module] = [connc.compile(network).to(device), HANDWRITTEN[name]().to(device)]
    _assert_same(*pair, torch.rand(2, 3, 224, 224, device=device))
    found = []
    for train in (False, True):
        for batch, rounds in ROUNDS.items():
            what = f"{name}, batch {batch}, {'training' if train else 'inference'}"
            x = torch.rand(batch, 3, 224, 224, device=device)
            times = interleaved([_action(net, x, train) for net in pair], rounds, device)
            speed = (3 if train else 1) * operations * batch / median(times[0])
            found.append((what, ratio := ratios(*times)[1]))
            seconds = "".join(f"{median(each):>10.4f}" for each in times)
            print(f"  {what:<30}{seconds}{ratio:>14.3f}{speed:>9,.0f}{speed / peak:>10.2f}", flush=True)
    return found


def _action(net: nn.Module, x: Tensor, train: bool) -> Callable[[], Tensor]:
    """A pass forward, or a step of training."""
    from connc.backends.torch.trial import loss

    optimizer = torch.optim.SGD(net.train(train).parameters(), 1e-3)

    def infer() -> Tensor:
        with torch.no_grad():
            return net(x)

    def step() -> Tensor:
        optimizer.zero_grad()
        error = loss([net(x)])
        error.backward()
        optimizer.step()
        return error

    return step if train else infer


def _assert_same(made: nn.Module, hand: nn.Module, x: Tensor) -> None:
    """Hand the weights over and see that both compute the same."""
    given, wanted = made.state_dict(), hand.state_dict()
    hand.load_state_dict(dict(zip(wanted, given.values(), strict=True)))
    sizes = [sum(each.numel() for each in net.parameters()) for net in (made, hand)]
    assert sizes[0] == sizes[1], sizes
    for train in (False, True):
        with torch.no_grad():
            torch.testing.assert_close(made.train(train)(x), hand.train(train)(x), rtol=1e-3, atol=1e-4)


def _sgemm(device: torch.device) -> float:
    """Operations in a second, in billions."""
    from connc.backends.torch.measure import interleaved

    x, y = torch.rand(2, SGEMM, SGEMM, device=device)
    (times,) = interleaved([lambda: x @ y], 5, device)
    return 2 * SGEMM**3 / median(times) / 1e9


# --- ten thousand layers


def _text_to_module() -> bool:
    print("From text to module, exponential rule (median seconds)\n")
    print(f"  {'layers':>8}{'nodes':>9}{'elaborated':>12}{'bare fx':>10}{'connc':>9}{'connc / both':>14}")
    taken = {layers: _figures(layers) for layers in LAYERS}
    print()
    small, large = (taken[layers] for layers in LAYERS)
    met = [
        goal("10,000 layers, to elaboration and bare fx", large["ratio"], 2),
        goal("10,000 layers to 1,000", large["connc"] / small["connc"], 11),
    ]
    print()
    return all(met)


def _figures(layers: int) -> dict[str, float]:
    import connc
    from connc.compiler.elaborate import elaborate

    text = NET.format(layers=layers, rule=EXPONENTIAL)
    module = connc.compile(connc.loads(text))
    assert _bare(module).code.count(" = ") == fx.GraphModule(module, module.graph).code.count(" = ")
    contenders: list[Callable[[], Any]] = [
        lambda: elaborate(_checked(text), "a"),
        lambda: _bare(module),
        lambda: connc.compile(connc.loads(text)),
    ]
    runs = [[_time(each) for each in contenders] for _ in range(LAYER_ROUNDS)]
    elaborated, bare, whole = (median(times) for times in zip(*runs, strict=True))
    ratio = median(connc / (elaborated + bare) for elaborated, bare, connc in runs)
    nodes = len(module.graph.nodes)
    print(f"  {layers:>8,}{nodes:>9,}{elaborated:>12.3f}{bare:>10.3f}{whole:>9.3f}{ratio:>14.2f}", flush=True)
    return {"connc": whole, "ratio": ratio}


def _bare(module: fx.GraphModule) -> fx.GraphModule:
    """A graph of as many nodes, and a module of it that calls the same modules."""
    graph, made = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in module.graph.nodes:
        arguments = fx.node.map_arg(node.args, made.__getitem__)
        made[node] = graph.create_node(node.op, node.target, arguments, {}, node.name)
    return fx.GraphModule(module, graph)


# --- memory


def _memory(device: str) -> None:
    """The most that a step holds beside the weights: the input, what is made, and the gradients of all parameters."""
    dense = _peak("", device)
    print("Forward and backward, 4096 -> 512, batch 64 (MiB at the peak, beside the weights)\n")
    print(f"  {'dense':<12}{dense:>8.2f}")
    for fan_in in FAN_INS:
        peak = _peak(f"by random(fan_in = {fan_in})", device)
        print(f"  {f'{fan_in / 4096:.1%}':<12}{peak:>8.2f}, to dense {peak / dense:.2f}")
    print()


def _peak(by: str, device: str) -> float:
    import numpy as np

    import connc
    from connc.backends.torch.trial import trial

    module = connc.compile(connc.loads(JUNCTION.format(by=by)))
    x = np.random.default_rng(0).random((64, 4096), dtype=np.float32)
    return trial(module, [x], device, train=True).peak() / 2**20


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.torch", description=__doc__)
    parser.add_argument("--device", default="cpu")
    sys.exit(0 if run(parser.parse_args().device) else 1)
