"""`make fuzz`: mutated specs through reading, parsing, checking, formatting and putting nets together, by coverage.

A failure is an exception that is no diagnostic, and a case that takes more than three seconds or 512 MB. FUZZ_SECONDS
(60) says how long; `python -m tests.fuzz FILE …` runs files again.
"""

import hashlib
import os
import re
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["connc.dsl", "connc.compiler.elaborate"]):
    from connc.compiler.elaborate import elaborate
    from connc.compiler.expand import expand
    from connc.compiler.text.parser import parse_ir
    from connc.compiler.vocabulary import VOCABULARY
    from connc.dsl.check import World, check
    from connc.dsl.codes import CATALOGUE
    from connc.dsl.diagnostic import Refusal
    from connc.dsl.format import format_source
    from connc.dsl.library import Library, Roots
    from connc.dsl.limits import Limits
    from connc.dsl.reading import read_bytes
    from connc.dsl.tree import Net
    from connc.dsl.words import KEYWORDS
    from connc.target import STDLIB

ROOT = Path(__file__).resolve().parent.parent
SECONDS, MEGABYTES, LONGEST = 3.0, 512, 4096  # of a file with several nets
LIMITS = Limits(layers=10_000, pairs=500_000)


class TooMuch(Exception):
    """A case that takes too long or too much memory."""


# --- what is fuzzed


def front_end(data):
    """All that `connc check`, `fmt` and `expand` do with the bytes of a file; `Refusal` is caught as they do."""
    library = Library(Roots(STDLIB), LIMITS)
    try:
        source = read_bytes(data, "fuzz.conn", LIMITS)
        units = library.load(source, "fuzz")
    except Refusal as refusal:
        return [refusal.diagnostic]
    checked = check(units, World(VOCABULARY, LIMITS, library.in_std))
    found = [*checked.diagnostics]
    if not any(diagnostic.is_error for diagnostic in found):
        found += networks(checked)
    if not any(diagnostic.is_error for diagnostic in units[-1].report):
        format_source(source, LIMITS)
    for diagnostic in found:
        str(diagnostic)
    return found


def networks(checked):
    """What is found when the nets of a file are put together; those that can be print what they are read from."""
    found = []
    for declaration in checked.entry.file.declarations:
        if isinstance(declaration, Net):
            made = elaborate(checked, declaration.name.text, limits=LIMITS)
            found += made.diagnostics
            if made.network is not None:
                assert parse_ir(str(made.network)) == made.network
                str(expand(made.network))
    return found


def failure_of(data):
    """What goes wrong with a case, as the exception; nothing if all is well."""
    memory, start = peak(), time.perf_counter()
    try:
        front_end(data)
        seconds = time.perf_counter() - start
        if seconds > SECONDS:
            raise TooMuch(f"{seconds:.1f} s")
        if peak() - memory > MEGABYTES:
            raise TooMuch(f"{peak() - memory} MB")
    except Exception as error:
        return error
    return None


def peak():
    """The most memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


# --- mutation by tokens

TOKEN = re.compile(r'\n|[ \t]+|#[^\n]*|"[^"\n]*"|\w+|->|\.\.|[=!<>]=|.', re.DOTALL)
NUMBERS = ("0", "1", "2", "-1", "0.5", "50%", "1e308", "1e-308", "1e400", "2147483647", "2147483648", "9" * 400)
ODD = ("é", "\r\n", "\r", "\x00", "\ufeff", "\u202e", "\uff11", "“", "$", ";", "1a", '"', "_", "\t")
SIGNS = ("->", "..", "==", "<", "<=", "=", ":", ",", ".", "(", ")", "[", "]", "{", "}", "\n", *"+-*/^|&@#")
WORDS = (*sorted(KEYWORDS), *VOCABULARY.layers, *VOCABULARY.generators, *"abcix", "floor", "sum", "len", "std")
INSERTED = (*NUMBERS, *ODD, *SIGNS, *WORDS)
PAIRS = ("()", "[]", "{}")


def seeds():
    """Every spec that the project has: files, snippets of the manual, examples of mistakes."""
    folders = ("stdlib", "examples", "tests/data")
    yield from (path.read_text(encoding="utf-8") for folder in folders for path in ROOT.glob(f"{folder}/**/*.conn"))
    for path in [*ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/data/**/*.md")]:
        yield from re.findall(r"```conn[^\n]*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    for code in CATALOGUE.values():
        yield from (code.wrong, code.right)


def as_bytes(text):
    return text.encode("utf-8", "surrogateescape")


SEEDS = sorted(set(seeds()))
STATEMENTS = sorted({line for seed in SEEDS for line in seed.splitlines() if line.strip()})


def mutated(data, size, seed):
    """Half of the time what the fuzzer itself does to bytes, else something that a spec could have."""
    random = Random(seed)
    if random.random() < 0.5:
        return atheris.Mutate(data, size)
    tokens = TOKEN.findall(data.decode("utf-8", "surrogateescape"))
    for _ in range(random.choice((1, 1, 2, 4))):
        random.choice(MUTATIONS)(tokens, random)
    return as_bytes("".join(tokens))[:size]


def piece(tokens, random):
    start = random.randrange(len(tokens) + 1)
    return start, min(len(tokens), start + random.choice((1, 1, 2, 5, 20)))


def delete(tokens, random):
    start, stop = piece(tokens, random)
    del tokens[start:stop]


def duplicate(tokens, random):
    start, stop = piece(tokens, random)
    tokens[stop:stop] = tokens[start:stop] * random.choice((1, 1, 2, 70))


def swap(tokens, random):
    if tokens:
        i, j = random.randrange(len(tokens)), random.randrange(len(tokens))
        tokens[i], tokens[j] = tokens[j], tokens[i]


def move(tokens, random):
    start, stop = piece(tokens, random)
    taken = tokens[start:stop]
    del tokens[start:stop]
    at = random.randrange(len(tokens) + 1)
    tokens[at:at] = taken


def insert(tokens, random):
    at = random.randrange(len(tokens) + 1)
    tokens[at:at] = [" ", random.choice(INSERTED), " "]


def replace(tokens, random):
    if tokens:
        tokens[random.randrange(len(tokens))] = random.choice(INSERTED)


def enclose(tokens, random):
    (start, stop), (opening, closing) = piece(tokens, random), random.choice(PAIRS)
    tokens[start:stop] = [opening, *tokens[start:stop], closing]


def splice(tokens, random):
    ends = [0, *(i + 1 for i, token in enumerate(tokens) if token == "\n"), len(tokens)]
    at = random.choice(ends)
    tokens[at:at] = [*TOKEN.findall(random.choice(STATEMENTS)), "\n"]


MUTATIONS = (delete, duplicate, swap, move, insert, replace, enclose, splice)


# --- running


def smaller(data, failure, seconds=20.0):
    """A shorter case that fails in the same way: pieces are left out as long as that changes nothing."""
    deadline, length = time.monotonic() + seconds, len(data) // 2
    while length and time.monotonic() < deadline:
        start = 0
        while start < len(data) and time.monotonic() < deadline:
            candidate = data[:start] + data[start + length :]
            if type(failure_of(candidate)) is type(failure):
                data = candidate
            else:
                start += length
        length //= 2
    return data


class Fuzzer:
    """Counts, and stops at the deadline or at the first failure."""

    def __init__(self, seconds, corpus):
        self.start, self.seconds, self.corpus = time.monotonic(), seconds, corpus
        self.executions = 0

    def __call__(self, data):
        self.executions += 1
        failure = failure_of(data)
        if isinstance(failure, TooMuch):
            failure = failure_of(data)  # twice: the machine may have been busy
        if failure:
            self.stop(report(data, failure))
        if time.monotonic() - self.start > self.seconds:
            self.stop(0)

    def stop(self, status):
        seconds = time.monotonic() - self.start
        size = len(list(self.corpus.iterdir()))
        print(f"{self.executions:,} executions, {self.executions / seconds:,.0f} a second, corpus of {size:,}")
        sys.stdout.flush()
        os._exit(status)  # past the fuzzer, which takes exceptions for findings of its own


def report(data, failure):
    data = smaller(data, failure)
    path = Path(f"fuzz-{hashlib.sha256(data).hexdigest()[:8]}.conn")
    path.write_bytes(data)
    traceback.print_exception(failure_of(data) or failure)
    print(f"failed: {path} ({len(data)} bytes)")
    return 1


def main(arguments):
    if arguments:
        failures = [(name, failure_of(Path(name).read_bytes())) for name in arguments]
        for name, failure in failures:
            print(f"{name}: {failure!r}" if failure else f"{name}: fine")
        return int(any(failure for _, failure in failures))
    with tempfile.TemporaryDirectory() as folder:
        for i, seed in enumerate(SEEDS):
            Path(folder, f"seed-{i}").write_bytes(as_bytes(seed))
        fuzzer = Fuzzer(float(os.environ.get("FUZZ_SECONDS", "60")), Path(folder))
        flags = [f"-max_len={LONGEST}", "-timeout=30", "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=0"]
        atheris.Setup([sys.argv[0], *flags, folder], fuzzer, custom_mutator=mutated)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
