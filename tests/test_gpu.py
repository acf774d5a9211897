"""Modules on CUDA, where there is a device: `make gpu` runs this with whatever Python has torch for it."""

import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings

import connc
from connc.backends.torch import compile_network
from connc.testing import nets
from connc.testing.arrays import inputs_of, real
from tests.test_nets import NETS, load, short
from tests.test_torch import EVERY, Unlike, agrees, same_where_defined, values

CUDA = torch.cuda.is_available()
DEVICE = "cuda"
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not CUDA, reason="no CUDA device here")]


@pytest.fixture(autouse=True, scope="module")
def whole_precision():
    """Convolutions in all bits of float32, as the oracles want them."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def moved(x):
    return {name: each.cpu() for name, each in x.items()} if isinstance(x, dict) else x.cpu()


def there(module):
    """Run on the device and back; `torch_backend` reads running means where it put them."""

    def call(*x):
        module.to(DEVICE)
        try:
            return moved(module(*(each.to(DEVICE) for each in x)))
        finally:
            module.cpu()

    return call


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(nets(layers=12))
def test_a_module_on_the_device_computes_what_the_reference_computes(net):
    agrees(net, way=there)


@pytest.mark.parametrize("net", NETS, ids=short)
def test_a_real_net_runs_and_trains_a_step(net):
    network = load(net)
    module, x = compile_network(network).to(DEVICE), given_to(network)
    made = values(module.eval()(*x))
    assert all(each.device.type == DEVICE and len(each) == 2 for each in made)
    trained(module, x, torch.optim.SGD(module.parameters(), 1e-3) if list(module.parameters()) else None)


def given_to(network):
    arrays = inputs_of(network, real, batch=2).values()
    return [torch.as_tensor(each).to(DEVICE, torch.float32) for each in arrays]


def trained(module, x, optimizer):
    """A step of training, which reaches all parameters that something flows out from."""
    error = sum(each.square().mean() for each in values(module.train()(*x)))
    if optimizer is not None:
        error.backward()
        optimizer.step()
    assert math.isfinite(error.item())
    assert all(each.isfinite().all() and each.device.type == DEVICE for each in module.parameters())


def test_a_module_of_the_device_is_saved_and_restored(tmp_path):
    network = connc.loads(EVERY)
    module = compile_network(network, seed=3).to(DEVICE)
    x = given_to(network)
    trained(module, x, torch.optim.SGD(module.parameters(), 0.1))
    connc.save(module, tmp_path / "every")
    made = connc.restore(tmp_path / "every")
    assert {each.device.type for each in made.parameters()} == {"cpu"}
    for name, each in module.state_dict().items():
        assert torch.equal(made.state_dict()[name], each.cpu()), name
    made.to(DEVICE)
    for one, two in zip(values(module.eval()(*x)), values(made.eval()(*x)), strict=True):
        if not (torch.equal(one, two) or same_where_defined(one, two)):
            raise Unlike("saved and restored")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_and_scaled_gradients_train_it(dtype):
    network = connc.loads(EVERY)
    module, x = compile_network(network).to(DEVICE), given_to(network)
    optimizer, scaler = torch.optim.SGD(module.parameters(), 1e-3), torch.amp.GradScaler(DEVICE)
    for _ in range(3):
        optimizer.zero_grad()
        with torch.autocast(DEVICE, dtype=dtype):
            error = sum(each.float().square().mean() for each in values(module(*x)))
        scaler.scale(error).backward()
        scaler.step(optimizer)
        scaler.update()
    assert math.isfinite(error.item())
    assert all(each.dtype == torch.float32 and each.isfinite().all() for each in module.parameters())
