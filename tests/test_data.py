"""Data to train with: Morse code by the laws of its procedure, files that are right and wrong, functions of users."""

import gzip
import io
import itertools
import os
import string
import sys
import tracemalloc
from math import sqrt

import numpy as np
import pytest

from connc.backends.data import Data, DataError, Part, load_data, morse
from connc.backends.data.codebook import CODEBOOK
from connc.backends.data.morse import SETTINGS, save_morse

CODES = list(CODEBOOK.values())


def refusal(call, *arguments, **named):
    """What a call says that is refused; one sentence, for people."""
    with pytest.raises(DataError) as caught:
        call(*arguments, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def same(one, other):
    return np.array_equal(one.inputs, other.inputs) and np.array_equal(one.labels, other.labels)


# --- Morse code


def runs(cells):
    """Of a sample, how long it sounds and is silent in turns, from the first cell that sounds to the last."""
    return [(bool(sounds), len(list(group))) for sounds, group in itertools.groupby(np.trim_zeros(cells) > 0)]


def decoded(cells, longest_dot=3):
    return "".join("." if length <= longest_dot else "-" for sounds, length in runs(cells) if sounds)


def before(inputs):
    """How many cells are silent at the start of each sample."""
    return (inputs > 0).argmax(axis=1)


def assert_uniform(values, low, high):
    """All that can come does, each as often as others, by the standard deviation of its count."""
    counts = np.bincount(np.asarray(values) - low, minlength=high - low + 1)
    share = 1 / (high - low + 1)
    assert len(counts) == high - low + 1
    assert abs(counts - len(values) * share).max() < 5 * sqrt(len(values) * share * (1 - share))


@pytest.fixture(scope="module")
def clean():
    return morse((120, 0, 0)).train


def test_the_codebook_has_63_codes_for_64_labels():
    assert len(CODES) == 64
    assert len(set(CODES)) == 63
    assert CODEBOOK["("] == CODEBOOK["H^"] == "-.--."
    assert [sum(len(code) == length for code in CODES) for length in range(1, 7)] == [2, 4, 8, 16, 22, 12]


def test_the_codebook_has_every_code_of_up_to_four_symbols():
    short = {"".join(code) for length in range(1, 5) for code in itertools.product(".-", repeat=length)}
    assert short <= set(CODES)


def test_the_letters_follow_each_other_and_are_those_of_the_standard():
    names = list(CODEBOOK)
    letters = "".join(string.ascii_uppercase)
    assert "".join(names[names.index("A") : names.index("Z") + 1]) == letters
    assert [CODEBOOK[each] for each in "SOSEISH"] == ["...", "---", "...", ".", "..", "...", "...."]
    assert len(set(map(CODEBOOK.get, letters))) == 26


def test_a_sample_decodes_to_the_code_of_its_label(clean):
    assert [decoded(cells) for cells in clean.inputs] == [CODES[label] for label in clean.labels]


def test_without_leading_silence_a_code_starts_at_the_first_cell(clean):
    assert (clean.inputs[:, 0] > 0).all()


def test_lengths_are_drawn_uniformly(clean):
    found = [each for cells in clean.inputs for each in runs(cells)]
    assert_uniform([length for sounds, length in found if sounds and length <= 3], 1, 3)
    assert_uniform([length for sounds, length in found if sounds and length > 3], 4, 9)
    assert_uniform([length for sounds, length in found if not sounds], 1, 3)


def test_a_cell_that_sounds_is_about_three_quarters(clean):
    levels = clean.inputs[clean.inputs > 0].astype(np.float64)
    assert abs(levels.mean() - 12 / 16) < 0.002
    assert abs(levels.std() - 1.34 / 16) < 0.001
    assert abs(np.mean(abs(levels - 0.75) < 1.34 / 16) - 0.683) < 0.01  # as much as of a normal distribution


@pytest.mark.parametrize("setting", SETTINGS)
def test_values_lie_from_0_to_1_and_have_three_decimals(setting):
    inputs = morse((50, 0, 0), **SETTINGS[setting]).train.inputs
    assert inputs.dtype == np.float32
    assert inputs.min() == 0
    assert inputs.max() <= 1
    assert np.array_equal(inputs, np.round(inputs.astype(np.float64), 3).astype(np.float32))


def test_the_longest_code_takes_57_cells_and_the_shortest_one():
    def lengths(parts):
        return [len(np.trim_zeros(cells)) for cells in parts.train.inputs]

    assert max(lengths(morse((2, 0, 0), dash=(9, 9), dot=(3, 3), gap=(3, 3)))) == 57
    assert min(lengths(morse((2, 0, 0), dash=(4, 4), dot=(1, 1), gap=(1, 1)))) == 1


def test_leading_silence_is_uniform_in_what_a_code_leaves():
    train = morse((2000, 0, 0), leading=True, dot=(1, 1)).train
    shortest = train.inputs[train.labels == CODES.index(".")]
    assert_uniform(before(shortest), 0, 63)
    first, last = before(train.inputs), before(train.inputs[:, ::-1])
    assert abs((first / (first + last)).mean() - 0.5) < 0.005  # as every code leaves some


def test_leading_silence_leaves_codes_alone(clean):
    moved = morse((120, 0, 0), leading=True).train
    assert [runs(cells) for cells in moved.inputs[:2000]] == [runs(cells) for cells in clean.inputs[:2000]]
    assert np.array_equal((moved.inputs > 0).sum(axis=1), (clean.inputs > 0).sum(axis=1))


def test_noise_changes_cells_that_sound_and_those_that_do_not(clean):
    noisy = morse((120, 0, 0), noise=0.5, noise_mean=1).train
    assert np.array_equal(noisy.labels, clean.labels)
    silent, change = clean.inputs == 0, (noisy.inputs - clean.inputs).astype(np.float64) * 16
    assert np.mean(change != 0) > 0.98  # what is left was rounded away, or was below 0
    assert abs(change[~silent].mean() - 1) < 0.01
    assert abs(change[~silent].std() - 0.5) < 0.01
    assert np.allclose([change[:, cell].mean() for cell in range(64)], 1, atol=0.05)


def test_noise_below_0_is_cut(clean):
    noisy = morse((120, 0, 0), noise=4.0).train
    heard = np.where(clean.inputs == 0, noisy.inputs > 0, np.nan)[:, 20:]
    assert np.nanmean(heard, axis=0) == pytest.approx(0.5, abs=0.03)


def test_dilation_multiplies_the_frame_and_what_lengths_are_drawn_from():
    train = morse((100, 0, 0), dilation=2).train
    assert train.inputs.shape == (6400, 128)
    assert [decoded(cells, longest_dot=6) for cells in train.inputs] == [CODES[label] for label in train.labels]
    found = [each for cells in train.inputs for each in runs(cells)]
    assert_uniform([length for sounds, length in found if sounds and length <= 6], 2, 6)
    assert_uniform([length for sounds, length in found if sounds and length > 6], 8, 18)
    assert_uniform([length for sounds, length in found if not sounds], 2, 6)


def test_black_and_white_is_where_grey_sounds(clean):
    train = morse((120, 0, 0), style="bw").train
    assert np.array_equal(train.inputs, clean.inputs > 0)
    assert train.inputs.dtype == np.float32


def test_flips_turn_so_many_distinct_cells_around():
    plain, turned = (morse((200, 0, 0), style="bw", flips=flips).train.inputs for flips in (0, 5))
    changed = plain != turned
    assert set(np.unique(turned)) == {0, 1}
    assert_uniform(changed.sum(axis=1), 0, 5)
    assert_uniform(np.nonzero(changed)[1], 0, 63)


def test_the_same_seed_gives_the_same_and_another_does_not():
    one, again, other = (morse((20, 10, 10), seed=seed) for seed in (3, 3, 4))
    assert all(map(same, one, again))
    assert not any(map(same, one, other))


def test_nothing_depends_on_the_generator_that_all_share():
    before = np.random.get_state()[1].copy()
    one = morse((5, 5, 5))
    assert np.array_equal(np.random.get_state()[1], before)
    np.random.random()
    assert all(map(same, one, morse((5, 5, 5))))


def test_parts_are_of_the_sizes_asked_for_balanced_and_shuffled():
    parts = morse((30, 20, 10))
    for part, count in zip(parts, (30, 20, 10), strict=True):
        assert part.inputs.shape == (64 * count, 64)
        assert part.labels.dtype == np.int64
        assert np.array_equal(np.bincount(part.labels), [count] * 64)
        assert (np.diff(part.labels) < 0).mean() > 0.4


def test_no_part_repeats_another():
    parts = morse((10, 10, 10))
    assert not any(same(one, other) for one, other in itertools.combinations(parts, 2))


def test_a_part_does_not_depend_on_the_sizes_of_others():
    assert same(morse((10, 5, 5)).validation, morse((20, 5, 0)).validation)


def test_the_named_data_has_the_published_size():
    data = load_data("morse")
    assert (data.name, data.shape, data.classes) == ("morse", (64,), 64)
    assert data.train.inputs.shape == (320_000, 64)
    assert data.validation.inputs.shape == (64_000, 64)
    assert same(data.validation, morse((0, 1000, 0)).validation)


def test_the_difficult_setting_has_noise_leading_silence_and_short_dashes():
    data = load_data("morse:difficult", seed=5)
    expected = morse((0, 1000, 0), noise=4, leading=True, dash=(3, 9), seed=5)
    assert same(data.validation, expected.validation)


def test_a_morse_file_is_read_without_pickle_and_has_equal_bytes():
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        save_morse(file, morse((3, 2, 1)))
    assert files[0].getvalue() == files[1].getvalue()
    files[0].seek(0)
    with np.load(files[0], allow_pickle=False) as found:
        assert found["test_inputs"].shape == (64, 64)
        assert np.array_equal(found["train_labels"], morse((3, 2, 1)).train.labels)
        assert dict(zip(found["symbols"].tolist(), found["codes"].tolist(), strict=True)) == dict(CODEBOOK)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style": "red"}, "the style is `grey` or `bw`, not 'red'"),
        ({"per_class": (1, 2)}, "`per_class` is three whole numbers"),
        ({"per_class": (1, 2, -3)}, "`per_class` is three whole numbers"),
        ({"dash": (9, 4)}, "`dash` is the shortest and the longest length"),
        ({"gap": (0, 3)}, "`gap` is the shortest"),
        ({"dot": 2}, "`dot` is the shortest"),
        ({"dash": (4, 20)}, "would take 112 cells, and there are 64"),
        ({"noise": -1}, "`noise` is a finite number from 0 on"),
        ({"noise": float("nan")}, "`noise` is a finite number"),
        ({"noise": "much"}, "`noise` is a finite number"),
        ({"flips": 2}, "`flips` is for the style `bw`"),
        ({"style": "bw", "noise": 1}, "in the style `bw` there are `flips`"),
        ({"style": "bw", "flips": 65}, "a sample has 64 cells"),
        ({"dilation": 0}, "`dilation` is a whole number from 1 on"),
        ({"seed": -1}, "`seed` is a whole number from 0 on"),
    ],
)
def test_a_signal_that_cannot_be_is_refused(options, said):
    assert said in refusal(morse, **options)


# --- the digits of scikit-learn


def test_the_digits_are_those_of_scikit_learn_in_a_split_that_is_always_the_same():
    datasets = pytest.importorskip("sklearn.datasets")
    data, again = load_data("digits"), load_data("digits", seed=9)
    assert (data.shape, data.classes) == ((1, 8, 8), 10)
    assert [len(part.inputs) for part in (data.train, data.validation)] == [1437, 360]
    assert same(data.train, again.train)
    assert "".join(map(str, data.validation.labels[:20])) == "64956948457166489212"
    images, labels = datasets.load_digits(return_X_y=True)
    expected = sorted((label, *(image / 16)) for image, label in zip(images, labels, strict=True))
    flat = data.flat()
    found = [
        (label, *image)
        for part in (flat.train, flat.validation)
        for image, label in zip(part.inputs, part.labels, strict=True)
    ]
    assert np.array_equal(sorted(found), expected)


def test_without_scikit_learn_a_refusal_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)  # as if it were not there
    assert "pip install 'connc[data]'" in refusal(load_data, "digits")


def test_flat_data_has_rows_in_the_same_order():
    part = Part(np.arange(12, dtype=np.float32).reshape(2, 1, 2, 3), np.array([0, 1]))
    flat = Data("some", part, part, 2).flat()
    assert flat.shape == (6,)
    assert flat.train.inputs.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert flat.train.labels is part.labels


# --- files of MNIST

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


def idx(values, magic=None, shape=None):
    values = np.asarray(values, dtype=np.uint8)
    head = [0x800 + values.ndim if magic is None else magic, *(shape or values.shape)]
    return np.array(head, dtype=">u4").tobytes() + values.tobytes()


def write_mnist(folder, pack=bytes, dot="-", suffix=""):
    for split, count in (("train", 5), ("t10k", 3)):
        (folder / f"{split}-images{dot}idx3-ubyte{suffix}").write_bytes(pack(idx(PIXELS[:count])))
        (folder / f"{split}-labels{dot}idx1-ubyte{suffix}").write_bytes(pack(idx(np.arange(count))))


@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize(("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz"), (bytes, ".gz"), (gzip.compress, "")])
def test_mnist_is_read_plain_and_packed(tmp_path, pack, dot, suffix):
    write_mnist(tmp_path, pack, dot, suffix)
    data = load_data(f"mnist:{tmp_path}")
    assert (data.shape, data.classes) == ((1, 28, 28), 10)
    assert np.array_equal(data.train.inputs[:, 0], PIXELS.astype(np.float32) / 255)
    assert data.train.labels.tolist() == [0, 1, 2, 3, 4]
    assert len(data.validation.inputs) == len(data.validation.labels) == 3


PACKED = gzip.compress(idx(PIXELS), mtime=0)
DAMAGED = PACKED[:-6] + bytes([PACKED[-6] ^ 1]) + PACKED[-5:]  # the checksum


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (IMAGES, idx(PIXELS)[:-1], "its head says 5 images, 3,920 bytes, and 3,919 are there"),
        (IMAGES, idx(PIXELS) + b"x", "3,920 bytes, and more are there"),
        (IMAGES, b"", "it has 0 bytes, and the head of images alone has 16"),
        (IMAGES, idx(PIXELS)[:15], "it has 15 bytes"),
        (IMAGES, idx(range(5)), "it has 13 bytes"),
        (IMAGES, idx(PIXELS, magic=0x801), "it begins with 0x00000801, and 0x00000803 of images was expected"),
        (IMAGES, idx(PIXELS[:, :27]), "its images are 27 x 28, and 28 x 28 was expected"),
        (IMAGES, idx(PIXELS[:0]), "its head says 0 images, and 1 to 250,000 were expected"),
        (IMAGES, idx(PIXELS, shape=(2**32 - 1, 28, 28)), "its head says 4,294,967,295 images"),
        (IMAGES, idx(PIXELS[:4]), "has 4 images, and"),
        (IMAGES, PACKED[:-20], "it is cut off"),
        (IMAGES, DAMAGED, "it is damaged"),
        (IMAGES, b"\x1f\x8b" + bytes(40), "it is damaged"),
        (IMAGES, b"\x1f\x8b", "it is cut off"),
        (LABELS, idx(PIXELS), "it begins with 0x00000803, and 0x00000801 of labels was expected"),
        (LABELS, idx([0, 1, 10, 3, 4]), "label 2 is 10, and 0 to 9 were expected"),
        (LABELS, idx(range(4)), "has 4 labels: one for each was expected"),
        (LABELS, bytes(250_009), "it has 250,009 bytes, and at most 250,008 were expected"),
        (LABELS, gzip.compress(idx(range(5)), mtime=0)[:-3], "it is cut off"),
    ],
)
def test_a_wrong_file_of_mnist_is_refused_by_name(tmp_path, name, data, said):
    write_mnist(tmp_path)
    (tmp_path / name).write_bytes(data)
    found = refusal(load_data, f"mnist:{tmp_path}")
    assert said in found
    assert name in found


def test_what_packs_far_more_than_there_should_be_is_not_unpacked(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / IMAGES).write_bytes(gzip.compress(idx(PIXELS) + bytes(2**26)))
    tracemalloc.start()
    try:
        assert "and more are there" in refusal(load_data, f"mnist:{tmp_path}")
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def test_a_missing_file_is_named_with_all_names_it_could_have(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / IMAGES).unlink()
    found = refusal(load_data, f"mnist:{tmp_path}")
    assert f"there is no {IMAGES} and no {IMAGES}.gz and no train-images.idx3-ubyte and" in found


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / IMAGES).unlink()
    os.mkfifo(tmp_path / IMAGES)
    assert "it is a pipe or a device, and a regular file was expected" in refusal(load_data, f"mnist:{tmp_path}")


def test_a_folder_in_the_place_of_a_file_and_the_other_way_round_are_refused(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / IMAGES).unlink()
    (tmp_path / IMAGES).mkdir()
    assert "it is a folder, and a regular file was expected" in refusal(load_data, f"mnist:{tmp_path}")
    assert "it has to be a folder" in refusal(load_data, f"mnist:{tmp_path / LABELS}")
    assert "it does not exist" in refusal(load_data, f"mnist:{tmp_path / 'nowhere'}")
    assert "it is no path" in refusal(load_data, "mnist:a\0b")
    assert "`mnist:FOLDER`" in refusal(load_data, "mnist:")
    assert "`mnist:FOLDER`" in refusal(load_data, "mnist")


def test_links_are_followed_and_lead_somewhere(tmp_path):
    (tmp_path / "real").mkdir()
    write_mnist(tmp_path / "real")
    (tmp_path / "links").mkdir()
    for each in (tmp_path / "real").iterdir():
        (tmp_path / "links" / each.name).symlink_to(each)
    assert len(load_data(f"mnist:{tmp_path / 'links'}").train.inputs) == 5
    (tmp_path / "real" / IMAGES).unlink()
    assert f"{IMAGES}: it does not exist" in refusal(load_data, f"mnist:{tmp_path / 'links'}")


# --- files of CIFAR


def records(labels, images):
    return np.concatenate([np.asarray(labels, dtype=np.uint8), images.reshape(len(images), -1)], axis=1).tobytes()


COLOURS = np.random.default_rng(1).integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)


def write_cifar10(folder):
    for number in range(5):
        batch = slice(2 * number, 2 * number + 2)
        labels = [[2 * number], [2 * number + 1]]
        (folder / f"data_batch_{number + 1}.bin").write_bytes(records(labels, COLOURS[batch]))
    (folder / "test_batch.bin").write_bytes(records([[9], [0]], COLOURS[10:]))


def write_cifar100(folder):
    (folder / "train.bin").write_bytes(records([[n, 99 - n] for n in range(10)], COLOURS[:10]))
    (folder / "test.bin").write_bytes(records([[19, 0], [0, 99]], COLOURS[10:]))


def normalised(images):
    means, deviations = (125.3, 123.0, 113.9), (63.3, 62.1, 66.7)
    channels = zip(np.moveaxis(images.astype(np.float64), 1, 0), means, deviations, strict=True)
    return np.stack([(channel - mean) / deviation for channel, mean, deviation in channels], axis=1)


@pytest.mark.parametrize("inside", [".", "cifar-10-batches-bin"])
def test_cifar10_is_read_here_and_in_its_usual_folder(tmp_path, inside):
    (tmp_path / inside).mkdir(exist_ok=True)
    write_cifar10(tmp_path / inside)
    data = load_data(f"cifar10:{tmp_path}")
    assert (data.shape, data.classes) == ((3, 32, 32), 10)
    assert data.train.inputs.dtype == np.float32
    assert np.allclose(data.train.inputs, normalised(COLOURS[:10]), atol=1e-5)
    assert np.allclose(data.validation.inputs, normalised(COLOURS[10:]), atol=1e-5)
    assert data.train.labels.tolist() == list(range(10))
    assert data.validation.labels.tolist() == [9, 0]


def test_files_that_are_here_are_taken_before_those_of_a_folder(tmp_path):
    write_cifar10(tmp_path)
    (tmp_path / "cifar-10-batches-bin").mkdir()
    assert len(load_data(f"cifar10:{tmp_path}").train.inputs) == 10


@pytest.mark.parametrize("inside", [".", "cifar-100-binary"])
def test_cifar100_is_learned_by_its_fine_labels(tmp_path, inside):
    (tmp_path / inside).mkdir(exist_ok=True)
    write_cifar100(tmp_path / inside)
    data = load_data(f"cifar100:{tmp_path}")
    assert (data.shape, data.classes) == ((3, 32, 32), 100)
    assert np.allclose(data.train.inputs, normalised(COLOURS[:10]), atol=1e-5)
    assert data.train.labels.tolist() == list(range(99, 89, -1))
    assert data.validation.labels.tolist() == [0, 99]


@pytest.mark.parametrize(
    ("source", "write", "name", "data", "said"),
    [
        (
            "cifar10",
            write_cifar10,
            "data_batch_3.bin",
            bytes(3072),
            "it has 3,072 bytes, and images of 3,073 bytes each",
        ),
        ("cifar10", write_cifar10, "data_batch_5.bin", b"", "it has 0 bytes"),
        ("cifar10", write_cifar10, "test_batch.bin", bytes(3073) + b"\x0a" + bytes(3072), "a label of image 1 is 10"),
        ("cifar10", write_cifar10, "data_batch_1.bin", None, "the binary version has it"),
        ("cifar10", write_cifar10, "test_batch.bin", 30_733_073, "at most 30,730,000 were expected"),
        ("cifar100", write_cifar100, "train.bin", bytes(3073), "images of 3,074 bytes each were expected"),
        ("cifar100", write_cifar100, "train.bin", b"\x14" + bytes(3073), "a label of image 0 is 20, and 0 to 19"),
        ("cifar100", write_cifar100, "test.bin", b"\x00\x64" + bytes(3072), "a label of image 0 is 100, and 0 to 99"),
        ("cifar100", write_cifar100, "test.bin", 153_703_074, "at most 153,700,000 were expected"),
    ],
)
def test_a_wrong_file_of_cifar_is_refused_by_name(tmp_path, source, write, name, data, said):
    write(tmp_path)
    (tmp_path / name).unlink()
    if isinstance(data, int):
        with (tmp_path / name).open("wb") as file:
            file.truncate(data)  # it takes no space
    elif data is not None:
        (tmp_path / name).write_bytes(data)
    found = refusal(load_data, f"{source}:{tmp_path}")
    assert said in found
    assert name in found


# --- functions of users


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module into the current folder under a name that nothing else has, and gives the name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    numbers = itertools.count()

    def write(text, name=None):
        name = name or f"mine_{tmp_path.name.replace('-', '_')}_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text("import numpy as np\n" + text, encoding="utf-8")
        return name

    return write


GOOD = (
    "def get():\n    return np.zeros((4, 2, 3)), [0, 1, 2, 1], np.ones((2, 2, 3), dtype=np.uint8), np.array([4.0, 0])\n"
)


def test_a_function_gives_four_arrays(module):
    path = list(sys.path)
    name = module(GOOD)
    data = load_data(f"{name}:get")
    assert (data.name, data.shape, data.classes) == (f"{name}:get", (2, 3), 5)
    assert {part.inputs.dtype for part in (data.train, data.validation)} == {np.dtype(np.float32)}
    assert {part.labels.dtype for part in (data.train, data.validation)} == {np.dtype(np.int64)}
    assert data.validation.labels.tolist() == [4, 0]
    assert sys.path == path


def test_a_function_gives_data(module):
    name = module(
        "from connc.backends.data import Data, Part\n"
        "def get():\n    part = Part(np.zeros((3, 2)), [0, 1, 1])\n    return Data('mine', part, part, 7)\n"
    )
    data = load_data(f"{name}:get")
    assert (data.name, data.classes, data.shape) == ("mine", 7, (2,))
    assert data.train.inputs.dtype == np.float32


def test_a_module_may_lie_in_a_package_and_use_its_neighbours(module, tmp_path):
    (tmp_path / "some_package_of_mine").mkdir()
    neighbour = module(GOOD)
    module(f"def get():\n    from {neighbour} import get\n    return get()\n", "some_package_of_mine/parts")
    assert load_data("some_package_of_mine.parts:get").classes == 5


ZEROS = "np.zeros((2, 3))"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("None", "gave what is of type `NoneType`: a `Data`, or a tuple of four arrays was expected"),
        ("(1, 2, 3)", "gave a tuple of 3"),
        (f"{ZEROS}, [0], {ZEROS}, [0, 1]", "train: 2 inputs and 1 labels; one each was expected"),
        (f"{ZEROS}, [0, 1], {ZEROS}, [0, -1]", "validation labels: number 1 is -1, and whole numbers from 0"),
        (f"{ZEROS}, [0, 1.5], {ZEROS}, [0, 1]", "train labels: number 1 is 1.5"),
        (f"{ZEROS}, [0, np.nan], {ZEROS}, [0, 1]", "train labels: number 1 is nan"),
        (f"{ZEROS}, [0, 10**9], {ZEROS}, [0, 1]", "train labels: number 1 is 1000000000"),
        (f"{ZEROS}, np.eye(2), {ZEROS}, [0, 1]", "train labels: their shape is [2, 2], and [n] was expected"),
        (f"{ZEROS}, ['a', 'b'], {ZEROS}, [0, 1]", "train labels: they are of type `<U1`, and numbers were expected"),
        (f"{ZEROS} * 1j, [0, 1], {ZEROS}, [0, 1]", "train inputs: they are of type `complex128`"),
        (f"np.array([None]), [0], {ZEROS}, [0, 1]", "train inputs: they are of type `object`"),
        (f"[[1], [2, 3]], [0, 1], {ZEROS}, [0, 1]", "train inputs: numpy makes no array of what is of type `list`"),
        (f"np.zeros(2), [0, 1], {ZEROS}, [0, 1]", "train inputs: their shape is [2], and [n, …] was expected"),
        (f"np.zeros((0, 3)), [], {ZEROS}, [0, 1]", "train inputs: their shape is [0, 3], and at least one"),
        (f"[[1, 2], [3, np.inf]], [0, 1], {ZEROS}, [0, 1]", "train inputs: number 1 is not finite as float32"),
        (f"[[1, 1e200], [3, 0]], [0, 1], {ZEROS}, [0, 1]", "train inputs: number 0 is not finite as float32"),
        (f"{ZEROS}, [0, 1], np.zeros((2, 4)), [0, 1]", "train inputs are [3] each, validation inputs [4]"),
        ("Data('a', PART, None, 2)", "gave a `Data` whose validation is of type `NoneType`, not `Part`"),
        ("Data('a', PART, PART, 1)", "gave a `Data` of 1 classes, and a label 1"),
        ("Data('a', PART, PART, 2.0)", "number of classes is 2.0"),
        ("Data('a', PART, PART, 10**9)", "number of classes is 1000000000"),
        ("Data(3, PART, PART, 2)", "whose name is no printable text"),
        ("Data('a\\nb', PART, PART, 2)", "whose name is no printable text"),
        ("Data('a', PART, Part(np.ones((2, 9)), [0, 1]), 2)", "validation inputs [9]"),
    ],
)
def test_what_a_function_gives_is_checked(module, given, said):
    head = f"from connc.backends.data import Data, Part\nPART = Part({ZEROS}, [0, 1])\n"
    name = module(f"{head}def get():\n    return {given}\n")
    found = refusal(load_data, f"{name}:get")
    assert said in found
    assert f"`{name}:get`" in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def get():\n    return 1 / 0\n", "failed at NAME.py:3: ZeroDivisionError: division by zero"),
        ("def get():\n    raise ValueError('two\\n  lines')\n", "failed at NAME.py:3: ValueError: two lines"),
        ("def get():\n    raise SystemExit\n", "failed at NAME.py:3: SystemExit"),
        ("def get(path):\n    return path\n", "TypeError: get() missing 1 required positional argument: 'path'"),
        ("raise KeyError('a')\n", "failed at NAME.py:2: KeyError: 'a'"),
        ("import there_is_no_such_module\n", "failed at NAME.py:2: ModuleNotFoundError: No module named 'there_is"),
        ("def get(:\n", "failed at NAME.py:2: SyntaxError:"),
        ("def gets():\n    return 1\n", "the module `NAME` has no function `get`; did you mean `gets`?"),
        ("get = 3\n", "`NAME:get` is of type `int`, and a function was expected"),
    ],
)
def test_a_function_that_fails_is_told_with_its_line(module, text, said):
    name = module(text)
    assert said.replace("NAME", name) in refusal(load_data, f"{name}:get")


def test_a_refusal_inside_of_a_function_is_told_as_it_is(module):
    name = module("from connc.backends.data import load_data\ndef get():\n    return load_data('mnist:nowhere')\n")
    assert refusal(load_data, f"{name}:get").startswith("nowhere: it does not exist")


# --- names


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("digts", "there is no data 'digts'; did you mean `digits`? give `digits`, `morse`, `morse:difficult`,"),
        ("MNIST", "did you mean `mnist`?"),
        ("", "there is no data ''; give `digits`"),
        ("digits:7", "there is no data 'digits:7'; did you mean `digits`?"),
        ("morse:hard", "there is no `morse:hard`: there are `morse:baseline` and `morse:difficult`"),
        ("morse:", "there is no `morse:`"),
        ("minst:here", "there is no module `minst` in this folder or on the path; did you mean `mnist`?"),
        ("there.is.none:get", "there is no module `there.is.none` in this folder or on the path"),
        ("os.path.nothing:get", "there is no module `os.path.nothing`"),
        ("a b:c\x1b[1m", "there is no data 'a b:c\\x1b[1m'; give"),
    ],
)
def test_an_unknown_source_is_told_what_there_is(source, said):
    assert said in refusal(load_data, source)


# --- parts, and the command


def test_the_first_samples_are_as_many_as_there_are():
    data = load_data("digits")
    few = data.first(400)
    assert (len(few.train.labels), len(few.validation.labels)) == (400, 360)
    assert (few.train.inputs == data.train.inputs[:400]).all()
    assert data.first(None) is data


def test_equal_numbers_have_one_digest():
    data = load_data("digits")
    assert data.digest == load_data("digits").digest
    assert len({each.digest for each in (data, data.flat(), data.first(400), data.first(399))}) == 4


def test_the_command_writes_what_the_function_makes(call, tmp_path):
    path = tmp_path / "m.npz"
    how = "--difficult", "--per-class", "3", "2", "1", "--dash", "4", "6", "--seed", "5"
    status, out, err = call("data", "morse", "-o", str(path), *how)
    assert (status, out, err) == (0, "", f"{path}: 384 samples of morse\n")
    splits = morse((3, 2, 1), noise=4.0, leading=True, dash=(4, 6), seed=5)
    with np.load(path) as found:
        for name, part in splits._asdict().items():
            assert (found[f"{name}_inputs"] == part.inputs).all()
            assert (found[f"{name}_labels"] == part.labels).all()
        assert len(found["symbols"]) == len(found["codes"]) == 64


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "m.npy"], "m.npy should end in .npz"),
        (["-o", "no/m.npz"], "there is no folder"),
        (["-o", "m.npz", "--dash", "9", "4"], "dash"),
        (["-o", "m.npz", "--style", "bw", "--noise", "1"], "noise"),
    ],
)
def test_the_command_tells_wrong_use(call, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    status, out, err = call("data", "morse", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert not list(tmp_path.iterdir())


# --- arrays in a file


def saved(path, **changes):
    arrays = {
        "train_inputs": np.linspace(0, 1, 24).reshape(6, 4),
        "train_labels": np.arange(6) % 3,
        "validation_inputs": np.ones((2, 4)),
        "validation_labels": np.array([0, 2]),
    }
    np.savez(path, **{name: value for name, value in (arrays | changes).items() if value is not None})
    return path


def test_arrays_of_a_file_are_data(tmp_path):
    data = load_data(f"npz:{saved(tmp_path / 'a.npz', more=np.ones(3))}")
    assert data.shape == (4,)
    assert data.classes == 3
    assert data.train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert data.train.inputs.dtype == np.float32


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train_labels": None}, "there is no train_labels; it has train_inputs, validation_inputs"),
        ({"train_labels": np.array(["a"] * 6)}, "numbers were expected"),
        ({"validation_inputs": np.array([{}, None])}, "it is no whole `.npz` of plain arrays"),
        ({"train_labels": np.arange(5)}, "6 inputs and 5 labels"),
    ],
)
def test_a_file_of_other_arrays_is_told(tmp_path, changes, said):
    with pytest.raises(DataError) as caught:
        load_data(f"npz:{saved(tmp_path / 'a.npz', **changes)}")
    assert said in str(caught.value)


def test_a_file_that_is_no_npz_is_told(tmp_path):
    whole = saved(tmp_path / "a.npz").read_bytes()
    for content in (b"", b"no zip", whole[:-30], whole[:200] + b"x" * 50 + whole[250:]):
        (tmp_path / "b.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"b\.npz"):
            load_data(f"npz:{tmp_path / 'b.npz'}")
    with pytest.raises(DataError, match="it does not exist"):
        load_data(f"npz:{tmp_path / 'c.npz'}")
