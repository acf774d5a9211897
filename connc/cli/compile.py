"""`connc compile`: a net as files that others run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from connc.artifacts import FORMS, TEXTS, EmitError, emit, emitted, files_of, form_of
from connc.cli.computing import Matching, module_of
from connc.cli.options import complete_target, network_of, with_limits, with_settings
from connc.dsl.limits import Limits

_STREAM = Path("module.py")  # what a text is called that goes to standard output


@click.command("compile", short_help="Write a net as Python, ONNX, safetensors, a program of torch.")
@click.argument("target", shell_complete=complete_target)
@click.option("--emit", "form", type=click.Choice(list(FORMS)), help="What to write; without it what the output says.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="The file to write; - is standard output."
)
@click.option("--weights", type=click.Path(path_type=Path), metavar="FOLDER|FILE", help="Trained weights.")
@click.option("--match", "names", multiple=True, metavar="THEIRS=OURS", help="Which layer of a FILE is which.")
@click.option("--partial", is_flag=True, help="What nothing in a FILE fits stays as it starts.")
@click.option("-v", "--verbose", is_flag=True, help="Say of each layer which weights it got.")
@with_settings
@with_limits
def compile_(
    target: str,
    form: str | None,
    output: Path | None,
    weights: Path | None,
    names: tuple[str, ...],
    partial: bool,
    verbose: bool,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
) -> None:
    """Write a net as a module that others run and train without connc.

    \b
    py           a file of Python that imports torch alone; what does not fit into lines stands beside it
    safetensors  the weights, by the keys of the state_dict
    pt2          the program that torch.export makes, for any batch
    onnx         a model for ONNX Runtime and others, for any batch
    fx           the text of the generated forward

    Programs and ONNX compute as in evaluation; they are tried against the module before they are written. Texts go to
    standard output without -o. Weights are those that `connc.save` kept in a folder, or those of another implementation
    in a file of safetensors: they are matched by structure and shape, and a report says how.

    \b
    connc compile std.sparsenet --emit py -o sparsenet.py
    connc compile std.sparsenet -o sparsenet.onnx --weights trained
    connc compile std.densenet -o densenet.safetensors --weights torchvision.safetensors
    """
    try:
        output = None if output == Path("-") else output
        matching = Matching(partial, _pairs(names), verbose)
        if (names or partial) and not (weights and weights.is_file()):
            raise EmitError("--match and --partial are for --weights FILE")
        chosen = form or (form_of(output) if output else "")
        if output is None and chosen not in TEXTS:
            unsaid = "say what to write: --emit py or fx prints a text; name a file by -o, whose suffix says the form"
            raise EmitError(f"{chosen} is no text; name a file by -o" if chosen else unsaid)
        if output is not None:
            _check_inputs_stay(files_of(chosen, output), [Path(target.rpartition(":")[0] or target), weights])
        module = module_of(network_of(target, settings, seed, limits), seed, weights, matching)
        trained = weights is not None
        if output is not None:
            emit(module, output, chosen, origin=target, weights=trained)
            return
        text, *beside = emitted(module, chosen, _STREAM, origin=target, weights=trained).values()
        if beside:
            raise EmitError("its connections or weights take a second file beside it; name the first by -o")
        click.echo(text, nl=False)
    except EmitError as error:
        raise click.UsageError(str(error)) from None


def _check_inputs_stay(outputs: Sequence[Path], inputs: Sequence[Path | None]) -> None:
    """What is read is not what is replaced."""
    for each in inputs:
        for output in outputs:
            if each is not None and each.is_file() and output.is_file() and each.samefile(output):
                raise EmitError(f"{output} would be replaced, and it is read; name another file by -o")


def _pairs(names: Sequence[str]) -> dict[str, str]:
    pairs = [name.partition("=") for name in names]
    if wrong := [name for name, (theirs, _, ours) in zip(names, pairs, strict=True) if not (theirs and ours)]:
        raise click.UsageError(f"--match {wrong[0]} is not THEIRS=OURS, a layer of the file and one of the net")
    return {theirs: ours for theirs, _, ours in pairs}
