"""The main models of lessons 04, 08, 12, 24 and 26 with their data and starting values: the same numbers that
bench/training_step/lessons.cpp makes, in its layout: pictures [rows, columns, channels], convolutions' weights
[out, rows, columns, in]."""

import dataclasses
import math

import numpy as np

CHECKED_STEPS = 5
NOISE, PATTERNS, PARAMETERS = 0, 1, 2  # streams of random numbers


@dataclasses.dataclass(frozen=True)
class Lesson:
    rows: int
    batch: int
    shape: tuple[int, ...]  # of a sample
    classes: int
    layers: tuple[tuple, ...]
    lr: float
    adam: bool = False  # else plain SGD
    stored: str = "bytes"  # or "bytes as floats", or "points" from -1 to 1
    scale: float = 1.0
    shift: float = 0.0

    @property
    def features(self) -> int:
        return math.prod(self.shape)

    @property
    def is_picture(self) -> bool:  # that is convolved
        return len(self.shape) == 3

    @property
    def steps(self) -> int:  # of an epoch
        return self.rows // self.batch


def _convolutions(kernel: int, channels: tuple[int, ...], batch_norm: bool = False) -> tuple[tuple, ...]:
    layers: list[tuple] = []
    for before, after in zip(channels, channels[1:]):
        layers.append(("convolution", before, after, kernel))
        if batch_norm:
            layers.append(("batch_norm", after))
        layers += [("relu",), ("max_pool",)]  # of 2 x 2
    return (*layers, ("flatten",))


_MNIST = dict(rows=60_000, shape=(784,), classes=10, scale=1 / 255)
_ANIME = dict(rows=2560, batch=64, shape=(64, 64, 3), classes=8, scale=2 / 255, shift=-1.0, lr=0.001, adam=True)

LESSONS = {
    "04": Lesson(**_MNIST, batch=100, lr=0.1, layers=(("linear", 784, 10),)),
    "08": Lesson(**_MNIST, batch=2000, lr=0.01, layers=(("linear", 784, 100), ("sigmoid",), ("linear", 100, 10))),
    "12": Lesson(rows=1500, batch=20, shape=(2,), classes=3, stored="points", lr=0.1,
                 layers=(("linear", 2, 50), ("relu",), ("linear", 50, 3))),
    "24": Lesson(rows=60_000, batch=100, shape=(16, 16, 1), classes=10, stored="bytes as floats", scale=1 / 255, lr=0.1,
                 layers=(*_convolutions(5, (1, 16, 32)), ("linear", 512, 10))),
    "26": Lesson(**_ANIME, layers=(*_convolutions(3, (3, 32, 64)), ("linear", 16 * 16 * 64, 128), ("relu",),
                                   ("linear", 128, 8))),
    "26_batch_norm": Lesson(**_ANIME, layers=(*_convolutions(3, (3, 32, 64, 64), batch_norm=True),
                                              ("linear", 8 * 8 * 64, 128), ("relu",), ("linear", 128, 8))),
}


def _random(stream: int, count: int) -> np.ndarray:
    """32 bits for each index."""
    x = np.arange(count, dtype=np.uint32) + np.uint32(stream * 0x9E3779B9 & 0xFFFFFFFF)
    x = (x ^ (x >> 16)) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> 15)) * np.uint32(0x735A2D97)
    return x ^ (x >> 15)


def _random_bytes(stream: int, count: int) -> np.ndarray:
    return _random(stream, -(-count // 4)).astype("<u4").view(np.uint8)[:count]


def data(lesson: Lesson) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [rows, features] as they are stored, and labels."""
    labels = np.arange(lesson.rows) % lesson.classes
    noise = _random_bytes(NOISE, lesson.rows * lesson.features).reshape(lesson.rows, -1)
    patterns = _random_bytes(PATTERNS, lesson.classes * lesson.features).reshape(lesson.classes, -1)
    inputs = noise // 2 + patterns[labels] // 2
    if lesson.stored == "bytes":
        return inputs, labels
    inputs = inputs.astype(np.float32)
    return (inputs / 128 - 1 if lesson.stored == "points" else inputs), labels


def parameters(lesson: Lesson) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weight and bias of each layer that has them, in our layout."""
    made = []
    for layer in lesson.layers:
        stream = PARAMETERS + 2 * len(made)
        if layer[0] == "batch_norm":
            made.append((np.ones(layer[1], np.float32), np.zeros(layer[1], np.float32)))
        elif layer[0] in ("linear", "convolution"):
            shape = (layer[2], layer[1]) if layer[0] == "linear" else (layer[2], layer[3], layer[3], layer[1])
            inputs = math.prod(shape[1:])
            weight = (_random(stream, math.prod(shape)) / 2.0**31 - 1) / math.sqrt(inputs)
            made.append((weight.astype(np.float32).reshape(shape), np.zeros(layer[2], np.float32)))
    return made


def shapes_before(lesson: Lesson) -> list[tuple[int, ...]]:
    """The shape of a sample before each layer."""
    shape, shapes = lesson.shape, []
    for layer in lesson.layers:
        shapes.append(shape)
        if layer[0] == "convolution":
            shape = (*shape[:2], layer[2])
        elif layer[0] == "max_pool":
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif layer[0] == "flatten":
            shape = (math.prod(shape),)
        elif layer[0] == "linear":
            shape = (layer[2],)
    return shapes
