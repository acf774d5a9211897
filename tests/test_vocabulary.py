"""The names that specs know without `use`: every one documented and bounded, none defined twice."""

import re
import subprocess
import sys
from dataclasses import field
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import pytest

from connc.compiler import analyze, ops
from connc.compiler.fields import Count, OneOf, Pair, Rule, Shape, Share, Table, Within
from connc.compiler.registry import Described, Registry
from connc.compiler.relations import generators
from connc.compiler.vocabulary import VOCABULARY
from connc.dsl.types import Type
from connc.dsl.vocabulary import Signature, Slot
from connc.dsl.words import KEYWORDS

SIGNATURES = {
    f"{kind} {name}": signature
    for kind in ("layers", "generators", "analyses")
    for name, signature in getattr(VOCABULARY, kind).items()
}
SLOTS = {f"{where}.{slot.name}": slot for where, signature in SIGNATURES.items() for slot in signature.slots}

# Files beside the families, which define no names of the language.
SHARED = {"__init__", "base", "costs", "prims", "refuse", "structure", "window"}

SHARED_ANALYSES = {"growth", "junctions", "links", "memory", "paths", "positions", "subject", "windows"}

# The values of these types have no order.
UNBOUNDED = {"bool", "rule", "part", "table"}


def written(signature: Signature) -> str:
    """A signature on one line; `...` is a default that is computed."""
    return f"{signature.name}({', '.join(map(written_slot, signature.slots))})"


def written_slot(slot: Slot) -> str:
    default = "..." if slot.default is None else slot.default
    return f"{slot.name}: {slot.type}" + ("" if slot.required else f" = {default}")


def satisfies(value: object, slot: Slot, type_: Type) -> bool:
    """Whether a default is a value of its slot's type within its slot's bounds."""
    if type_.listed:
        fits = isinstance(value, tuple) and type_.length in (None, len(value))
        return fits and all(satisfies(item, slot, type_.item) for item in value)
    if type_.name == "str":
        return isinstance(value, str) and (not slot.choices or value in slot.choices)
    if type_.name == "bool":
        return isinstance(value, bool)
    numbers = int if type_.name == "int" else (int, Fraction)
    return isinstance(value, numbers) and not isinstance(value, bool) and slot.least <= value <= slot.most


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_the_first_line_of_the_manual_entry_is_a_sentence_of_its_own(signature):
    first, *rest = signature.doc.split("\n")
    assert first.endswith(".")
    assert first[0].isupper()
    assert not rest or rest[0] == ""


@pytest.mark.parametrize("where", [w for w in SIGNATURES if not w.startswith("analyses")])
def test_every_parameter_is_named_in_the_manual_entry(where):
    doc = SIGNATURES[where].doc
    assert [slot.name for slot in SIGNATURES[where].slots if f"`{slot.name}`" not in doc] == []


@pytest.mark.parametrize("where", [*SIGNATURES, *SLOTS])
def test_names_are_lawful(where):
    name = re.split("[ .]", where)[-1]
    assert re.fullmatch("[a-z][a-z0-9_]*", name)
    assert name not in KEYWORDS


def test_no_name_has_two_meanings():
    names = [where.split()[1] for where in SIGNATURES]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("slot", SLOTS.values(), ids=SLOTS)
def test_what_has_an_order_has_bounds(slot):
    if slot.type.name == "str":
        assert slot.choices
    elif slot.type.name not in UNBOUNDED:
        assert slot.least <= slot.most


@pytest.mark.parametrize("slot", SLOTS.values(), ids=SLOTS)
def test_defaults_keep_to_their_bounds(slot):
    assert slot.default is None or satisfies(slot.default, slot, slot.type)


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_what_must_be_given_comes_first_and_alternatives_are_optional(signature):
    required = [slot.required for slot in signature.slots]
    assert required == sorted(required, reverse=True)
    assert all(not signature.slot(name).required for name in signature.one_of)


def test_the_joins():
    assert VOCABULARY.joins == ("concat", "max", "mean", "mul", "sum")


def test_joins_that_are_also_functions_take_no_parameters():
    assert all(not VOCABULARY.layers[name].slots for name in ("max", "mean", "sum"))


def test_what_a_rule_behind_a_layer_relates():
    assert {name: layer.relates for name, layer in VOCABULARY.layers.items() if layer.relates} == {
        "attention": "tokens",
        "conv": "channels",
        "lateral": "neighbours",
        "linear": "neurons",
        "synapse": "neurons",
        "synapse_conv": "channels",
    }
    assert [name for name, layer in VOCABULARY.layers.items() if layer.needs_rule] == ["lateral"]


def test_one_layer_makes_several_tensors():
    several = {name: layer.outputs for name, layer in VOCABULARY.layers.items() if layer.outputs != ("out",)}
    assert several == {"split": None}


@pytest.mark.parametrize(
    "line",
    [
        "conv(channels: int, kernel: int[2], stride: int[2] = (1, 1), padding: int[2] = ..., dilation: int[2] = (1, 1),"
        " groups: int = 1, bias: bool = False)",
        "linear(units: int, bias: bool = True)",
        "maxpool(kernel: int[2], stride: int[2] = ..., padding: int[2] = (0, 0))",
        "bn(eps: float = 1/100000, momentum: float = 1/10, affine: bool = True)",
        "relu()",
        "softmax(axis: int = -1)",
        "broadcast(to: shape)",
        "split(count: int = ..., sizes: int[] = ..., axis: int = 0)",
        "permute(axes: int[])",
        "pad(before: int[], after: int[] = ..., value: float = 0)",
        "upsample(scale: int[2] = (2, 2), mode: str = nearest)",
        "attention(heads: int, bias: bool = True)",
        "lateral(beta: float)",
        "concat(axis: int = 0)",
    ],
)
def test_layers(line):
    assert written(VOCABULARY.layers[line.partition("(")[0]]) == line


@pytest.mark.parametrize(
    "line",
    [
        "random(fan_in: int = ..., fan_out: int = ..., density: float = ..., seed: int = 0)",
        "matrix(table: table)",
        "smallworld(k: int, p: float, seed: int = 0)",
        "radix(radices: int[], stage: int)",
        "nm(n: int, m: int)",
        "transpose(r: rule)",
        "kron(a: rule, b: rule)",
    ],
)
def test_generators(line):
    assert written(VOCABULARY.generators[line.partition("(")[0]]) == line


def test_alternatives_of_which_one_is_given():
    assert VOCABULARY.generators["random"].one_of == ("fan_in", "fan_out", "density")
    assert VOCABULARY.layers["split"].one_of == ("count", "sizes")


@pytest.mark.parametrize(
    "line",
    [
        *(f"{name}(of: part = ...)" for name in ("params", "macs", "dense_macs", "flops", "usual_flops")),
        *(f"{name}(of: part = ...)" for name in ("training_memory", "density", "dead", "receptive_field")),
        *(f"{name}(of: part = ...)" for name in ("fan_in", "fan_out", "features")),
        *(f"{name}(start: part = ..., end: part = ...)" for name in ("path", "longest_path", "mean_path", "paths")),
        *(f"{name}()" for name in ("memory", "clustering", "spectral_gap")),
        "scatter(of: part = ..., left: int[] = ..., right: int[] = ..., inputs: int = ..., outputs: int = ...)",
    ],
)
def test_analyses(line):
    assert written(VOCABULARY.analyses[line.partition("(")[0]]) == line


@pytest.mark.parametrize("package", [ops, generators, analyze], ids=lambda package: package.__name__)
def test_every_family_is_imported_in_order(package):
    files = sorted(path.stem for path in Path(package.__file__).parent.glob("*.py"))
    families = [family.__name__.rpartition(".")[2] for family in package.FAMILIES]
    shared = SHARED | (SHARED_ANALYSES if package is analyze else set())  # among the generators it is a family
    assert families == [file for file in files if file not in shared]


def define(cls, name="sample", registry=None):
    """The signature of a class, as a registry of its own completes it."""
    (Registry("sample") if registry is None else registry).define(cls, Signature(name))
    return cls.signature


def test_a_second_definition_fails_loudly():
    registry = Registry("op")
    define(type("One", (Described,), {}), "twin", registry)
    with pytest.raises(ValueError, match="the op `twin` is defined twice"):
        define(type("Two", (Described,), {}), "twin", registry)
    assert registry["twin"].__name__ == "One"


def test_a_registry_is_sorted_whatever_the_order_of_definitions():
    registry = Registry("op")
    for name in ("b", "c", "a"):
        define(type(name, (Described,), {}), name, registry)
    assert list(registry) == ["a", "b", "c"]


def test_fields_become_slots():
    class Sample(Described):
        """Says what it is."""

        count: Count
        pair: Pair
        sizes: tuple[Count, ...]
        rule: Rule
        table: Table
        shape: Shape
        share: Share = 0.1
        tight: Annotated[Count, Within(2, 3)] = 2
        left_out: Pair | None = None
        mode: Annotated[str, OneOf(("a", "b"))] = "a"
        not_written: object = field(default=None, kw_only=True)

    most = 2**31 - 1
    signature = define(Sample)
    assert signature.doc == "Says what it is."
    assert signature.slots == (
        Slot("count", Type("int"), least=1, most=most),
        Slot("pair", Type("int", True, 2), least=1, most=most),
        Slot("sizes", Type("int", True), least=1, most=most),
        Slot("rule", Type("rule")),
        Slot("table", Type("table")),
        Slot("shape", Type("shape"), least=1, most=most),
        Slot("share", Type("float"), False, Fraction(1, 10), 0, 1),
        Slot("tight", Type("int"), False, 2, 2, 3),
        Slot("left_out", Type("int", True, 2), False, None, 1, most),
        Slot("mode", Type("str"), False, "a", choices=("a", "b")),
    )


@pytest.mark.parametrize("annotation", [complex, "int", int | str, tuple[int, str], dict[str, int]])
def test_an_annotation_that_the_language_has_no_type_for_fails_loudly(annotation):
    sample = type("Sample", (Described,), {"__annotations__": {"field": annotation}})
    with pytest.raises(TypeError):
        define(sample)


def test_an_op_is_a_value():
    conv = ops.OPS["conv"]
    assert conv(64, (3, 3)) == conv(channels=64, kernel=(3, 3)) != conv(64, (1, 1))
    assert len({conv(64, (3, 3)), conv(64, (3, 3))}) == 1
    with pytest.raises(AttributeError):
        conv(64, (3, 3)).channels = 32


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("connc.compiler.ops", {"networkx", "numpy", "scipy", "torch"}),
        ("connc.compiler.vocabulary", {"scipy", "torch"}),
    ],
)
def test_names_are_known_without_large_libraries(module, libraries):
    script = f"import sys, {module}; print(*{libraries} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "\n"
