#!/usr/bin/env python3
"""Writes tests/golden/*.safetensors: what PyTorch computes, for tests/golden_test.cpp to compare with.

The files are part of the project, so nobody needs PyTorch to build or to test Weft; it is needed to add a
case. To regenerate, from the project's folder:

  python3 -m venv ~/torch && ~/torch/bin/pip install torch numpy
  ~/torch/bin/python scripts/make_golden.py            # all files; prints their sizes
  ~/torch/bin/python scripts/make_golden.py --check    # writes nothing, fails where a file differs
  ~/torch/bin/python scripts/make_golden.py --only lesson_07_xor

The same version of PyTorch (it stands in each file's metadata) on the same kind of machine gives the same bytes.
Each case is drawn from a seed of its own, made from its name, so a new case leaves the others as they are.

Numbers: inputs are float32, all arithmetic is float64, results are rounded to float32 once. So both sides
start from the same numbers and a stored result is the true one, correctly rounded.

Layouts are Weft's, converted here: images N, H, W, C; convolution weights K, R, S, C; the columns of the first
Linear behind a Flatten in the order h, w, c. Settings are strings in the metadata: pairs as "2,1", flags as
"true" and "false".
"""

from __future__ import annotations

import argparse
import itertools
import json
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

try:
    import torch
    from torch import Tensor, nn
except ImportError:
    sys.exit("make_golden: needs PyTorch: python3 -m venv ~/torch && ~/torch/bin/pip install torch numpy")

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "golden"
FORMAT_NAMES = {torch.float32: "F32", torch.int32: "I32", torch.uint8: "U8"}
PAIRS = ("kernel_size", "stride", "padding", "dilation", "output_size")
PLAIN = ("count_include_pad", "negative_slope", "eps", "momentum")


@dataclass
class Golden:
    """What one file holds."""

    settings: dict[str, str]
    tensors: dict[str, Tensor] = field(default_factory=dict)


CASES: dict[str, Callable[[], Golden]] = {}  # by the file's name


# Numbers, layouts, files.


def draw(*shape: int, mean: float = 0, deviation: float = 1) -> Tensor:
    """Normal numbers that float32 can hold, in float64."""
    return (torch.randn(shape) * deviation + mean).double()


def rounded(x: Tensor) -> Tensor:
    return x.detach().float().double()


def channels_last(x: Tensor) -> Tensor:
    """N, C, H, W to N, H, W, C, and K, C, R, S to K, R, S, C; what is no image stays."""
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def text(value: object) -> str:
    """A setting in words: "2,1", "true", "0.01"."""
    if isinstance(value, tuple):
        return ",".join(str(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def settings_of(module: nn.Module) -> dict[str, str]:
    settings = {"module": type(module).__name__}
    for name in PAIRS:
        value = getattr(module, name, None)
        if value is not None:
            settings[name] = text(value if isinstance(value, tuple) else (value, value))
    for name in PLAIN:
        if hasattr(module, name):
            settings[name] = text(getattr(module, name))
    if running_values(module):
        settings["training"] = text(module.training)
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        settings["bias"] = text(module.bias is not None)
    return settings


def encode(golden: Golden) -> bytes:
    """The safetensors format. Not by its package, which writes the metadata in an order of chance."""
    header: dict[str, object] = {"__metadata__": {**dict(sorted(golden.settings.items())), "torch": torch.__version__}}
    data = b""
    # Bytes last, so that every float stands at a multiple of its size.
    for name, x in sorted(golden.tensors.items(), key=lambda item: (item[1].dtype == torch.uint8, item[0])):
        x = x.detach().float() if x.is_floating_point() else x
        if not torch.isfinite(x).all():
            raise ValueError(f"{name} is not finite")
        content = x.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": FORMAT_NAMES[x.dtype],
            "shape": list(x.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + data


# Modules: the output of an input, and the gradients that a given gradient of the output leads to.


def module_case(
    name: str,
    make: Callable[[], nn.Module],
    *shape: int,
    mean: float = 0,
    output: Callable[[Tensor], Tensor] = channels_last,
    whole_gradients: bool = False,
    **settings: str,
) -> None:
    """Whole numbers as gradients make the sums of max pooling's backward exact."""

    def run() -> Golden:
        module = make().double()
        for parameter in module.parameters():
            parameter.data = draw(*parameter.shape)
        for key, buffer in running_values(module).items():
            buffer.copy_(draw(*buffer.shape) if key == "running_mean" else rounded(draw(*buffer.shape).abs() + 0.5))
        golden = Golden({**settings_of(module), **settings})
        golden.tensors |= {key: buffer.clone() for key, buffer in running_values(module).items()}

        x = draw(*shape, mean=mean).requires_grad_()
        y = module(x)
        dy = torch.randint(-4, 5, y.shape).double() if whole_gradients else draw(*y.shape)
        y.backward(dy)
        golden.tensors |= {
            "input": channels_last(x),
            "output": output(y),
            "grad_output": output(dy),
            "grad_input": channels_last(x.grad),
        }
        for key, parameter in module.named_parameters():
            golden.tensors |= {key: channels_last(parameter), f"grad_{key}": channels_last(parameter.grad)}
        if module.training:
            golden.tensors |= {f"{key}_after": buffer for key, buffer in running_values(module).items()}
        return golden

    CASES[name] = run


def running_values(module: nn.Module) -> dict[str, Tensor]:
    """The buffers that are Weft's too: not PyTorch's count of batches."""
    return {key: buffer for key, buffer in module.named_buffers() if buffer.is_floating_point()}


class FlattenChannelsLast(nn.Flatten):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(channels_last(x))


def add_modules() -> None:
    module_case("linear", lambda: nn.Linear(13, 7), 5, 13)
    module_case("linear_no_bias", lambda: nn.Linear(13, 7, bias=False), 5, 13)

    module_case("conv2d_3x3_pad_1", lambda: nn.Conv2d(4, 6, 3, padding=1), 2, 4, 7, 5)
    module_case("conv2d_5x5_pad_2_one_channel", lambda: nn.Conv2d(1, 16, 5, padding=2), 2, 1, 8, 9)
    module_case("conv2d_stride_2_1", lambda: nn.Conv2d(4, 5, 3, stride=(2, 1)), 2, 4, 9, 8)
    module_case("conv2d_dilation_2", lambda: nn.Conv2d(3, 4, 3, dilation=2, padding=2), 2, 3, 8, 7)
    module_case("conv2d_3x2_pad_1_0", lambda: nn.Conv2d(2, 3, (3, 2), padding=(1, 0)), 2, 2, 6, 7)
    module_case("conv2d_1x1", lambda: nn.Conv2d(8, 12, 1), 3, 8, 5, 4)
    module_case("conv2d_no_bias", lambda: nn.Conv2d(4, 4, 3, padding=1, bias=False), 2, 4, 5, 6)
    module_case("conv2d_rgb", lambda: nn.Conv2d(3, 8, 3, padding=1), 2, 3, 10, 10)
    module_case(
        "conv2d_all_settings", lambda: nn.Conv2d(3, 5, (2, 3), (3, 2), (2, 1), (1, 2)), 2, 3, 11, 9
    )

    module_case("max_pool2d_2", lambda: nn.MaxPool2d(2), 2, 3, 7, 6, whole_gradients=True)
    module_case("max_pool2d_3_stride_2_pad_1", lambda: nn.MaxPool2d(3, 2, 1), 2, 3, 7, 8, whole_gradients=True)
    module_case("max_pool2d_2_stride_1", lambda: nn.MaxPool2d(2, 1), 2, 3, 5, 6, whole_gradients=True)
    module_case("max_pool2d_dilation_2", lambda: nn.MaxPool2d(2, 1, 0, 2), 2, 3, 6, 7, whole_gradients=True)
    # Far under 0: padding must not win.
    module_case(
        "max_pool2d_negative", lambda: nn.MaxPool2d(2, 2, 1), 2, 3, 6, 5, mean=-10, whole_gradients=True
    )
    module_case("avg_pool2d_2", lambda: nn.AvgPool2d(2), 2, 3, 7, 6)
    for with_padding in (True, False):
        module_case(
            f"avg_pool2d_3_stride_2_pad_1_{'with' if with_padding else 'without'}_padding",
            lambda with_padding=with_padding: nn.AvgPool2d(3, 2, 1, count_include_pad=with_padding),
            2, 3, 7, 8,
        )
    module_case("adaptive_avg_pool2d_7x5_to_3x2", lambda: nn.AdaptiveAvgPool2d((3, 2)), 2, 3, 7, 5)
    module_case("adaptive_avg_pool2d_5x7_to_4x7", lambda: nn.AdaptiveAvgPool2d((4, 7)), 2, 3, 5, 7)
    module_case(
        "global_avg_pool2d", lambda: nn.AdaptiveAvgPool2d(1), 3, 4, 5, 7,
        output=lambda y: y.flatten(1), module="GlobalAvgPool2d",
    )
    module_case("flatten", FlattenChannelsLast, 2, 5, 3, 4, module="Flatten")

    module_case("batch_norm1d_training", lambda: nn.BatchNorm1d(6), 9, 6)
    module_case("batch_norm1d_large_mean", lambda: nn.BatchNorm1d(3), 40, 3, mean=100)
    module_case("batch_norm1d_evaluation", lambda: nn.BatchNorm1d(6).eval(), 9, 6)
    module_case("batch_norm2d_training", lambda: nn.BatchNorm2d(4), 3, 4, 5, 6)
    module_case("batch_norm2d_evaluation", lambda: nn.BatchNorm2d(4).eval(), 3, 4, 5, 6)

    module_case("sigmoid", nn.Sigmoid, 6, 11)
    module_case("tanh", nn.Tanh, 6, 11)
    module_case("relu", nn.ReLU, 6, 11)
    module_case("leaky_relu", nn.LeakyReLU, 6, 11)
    module_case("leaky_relu_steep", lambda: nn.LeakyReLU(0.2), 6, 11)
    module_case("softmax", lambda: nn.Softmax(dim=1), 6, 11)
    module_case("log_softmax", lambda: nn.LogSoftmax(dim=1), 6, 11)


# Losses: the mean over a batch, and its gradient.


def loss_case(name: str, loss: nn.Module, make: Callable[[], tuple[Tensor, Tensor]]) -> None:
    def run() -> Golden:
        x, target = make()
        x.requires_grad_()
        value = loss(x, target)
        value.backward()
        target = target if target.is_floating_point() else target.int()
        return Golden(
            {"module": type(loss).__name__}, {"input": x, "target": target, "output": value, "grad_input": x.grad}
        )

    CASES[name] = run


def add_losses() -> None:
    loss_case(
        "cross_entropy_loss", nn.CrossEntropyLoss(), lambda: (draw(8, 10, deviation=3), torch.randint(0, 10, (8,)))
    )
    loss_case("mse_loss", nn.MSELoss(), lambda: (draw(7, 3), draw(7, 3)))
    loss_case("bce_loss", nn.BCELoss(), lambda: (rounded(draw(9, 2).sigmoid()), torch.rand(9, 2).double()))
    loss_case(
        "bce_with_logits_loss",
        nn.BCEWithLogitsLoss(),
        lambda: (draw(9, 2, deviation=4), torch.randint(0, 2, (9, 2)).double()),
    )


# Optimisers: a parameter's values after each of five steps along given gradients.


def optimizer_case(name: str, make: Callable[[list[Tensor]], torch.optim.Optimizer], **settings: float | bool) -> None:
    def run() -> Golden:
        parameter = draw(37).requires_grad_()
        golden = Golden({key: text(value) for key, value in settings.items()}, {"parameter": parameter.clone()})
        optimizer = make([parameter], **settings)
        golden.settings["module"] = type(optimizer).__name__
        gradients, values = draw(5, 37), []
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
            values.append(parameter.detach().clone())
        golden.tensors |= {"gradients": gradients, "values": torch.stack(values)}
        return golden

    CASES[name] = run


def add_optimizers() -> None:
    optimizer_case("sgd", torch.optim.SGD, lr=0.1)
    optimizer_case("sgd_momentum", torch.optim.SGD, lr=0.1, momentum=0.9)
    optimizer_case("sgd_nesterov", torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True)
    optimizer_case("adam", torch.optim.Adam, lr=0.1)


# Training: networks of the lessons over 6 or 20 steps of plain SGD, from a given start and over given batches.

STEPS = 20
LEARNING_RATE = 0.1

# ReLU and max pooling choose a branch. Where a choice is closer than rounding, two right programs can take
# different branches, and from there on their trainings differ by far more than rounding. A training whose
# choices are all at least MARGIN apart has one result: the activations of two float32 programs, which sum in
# other orders, were up to 3e-5 apart here.
MARGIN = 1e-4


class CloseChoice(Exception):
    """A training came closer to a kink than MARGIN."""


def refuse_close_choices(network: nn.Sequential) -> None:
    def relu(_module: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        if inputs[0].abs().min() < MARGIN:
            raise CloseChoice

    def max_pool(module: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        x = inputs[0]  # windows side by side; of zeros behind a ReLU each passes the same gradient on: none
        windows = nn.functional.unfold(x.flatten(0, 1).unsqueeze(1), module.kernel_size, stride=module.stride)
        first, second = windows.topk(2, dim=1).values.unbind(1)
        if ((first > 0) & (first - second < MARGIN)).any():
            raise CloseChoice

    for module in network:
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(relu)
        elif isinstance(module, nn.MaxPool2d):
            module.register_forward_hook(max_pool)


def state(network: nn.Sequential, prefix: str, flattened: tuple[int, int, int] | None) -> dict[str, Tensor]:
    """Parameters and running values under Weft's names and in its layouts. `flattened` is the image (channels,
    height, width) that a Flatten in the network makes a row of."""
    tensors: dict[str, Tensor] = {}
    behind_flatten = False
    for index, module in enumerate(network):
        behind_flatten = behind_flatten or isinstance(module, nn.Flatten)
        for name, x in [*module.named_parameters(), *running_values(module).items()]:
            x = channels_last(x.detach())
            if behind_flatten and isinstance(module, nn.Linear) and name == "weight":
                x = channels_last(x.reshape(-1, *flattened)).flatten(1)
                behind_flatten = False
            tensors[f"{prefix}{index}.{name}"] = x.clone()
    return tensors


def training_case(
    name: str,
    make: Callable[[], nn.Sequential],
    loss: nn.Module,
    samples: Callable[[], tuple[Tensor, Tensor]],
    batch: int,
    steps: int = STEPS,
    flattened: tuple[int, int, int] | None = None,
    first_attempt: int = 0,
) -> None:
    """Samples are float32 numbers, or bytes, which the network sees divided by 255 in float32. Attempts, each from
    a seed of its own, are made until one keeps its distance from the kinks."""

    def run() -> Golden:
        for attempt in itertools.count(first_attempt):
            if attempt > 0:
                torch.manual_seed(zlib.crc32(f"{name} {attempt}".encode()))
            try:
                golden = train()
            except CloseChoice:
                continue
            if attempt != first_attempt:
                print(f"{name}: first_attempt={attempt} would save time")
            return golden
        raise AssertionError

    def train(dtype: torch.dtype = torch.float64) -> Golden:
        network = make().to(dtype)
        refuse_close_choices(network)
        optimizer = torch.optim.SGD(network.parameters(), LEARNING_RATE)
        inputs, labels = samples()
        assert len(inputs) == len(labels) == steps * batch
        golden = Golden({"module": name, "batch": str(batch), "lr": str(LEARNING_RATE)})
        golden.tensors |= state(network, "initial.", flattened)
        golden.tensors |= {
            "inputs": channels_last(inputs),
            "labels": labels if labels.is_floating_point() else labels.int(),
        }
        numbers = (inputs.float() / 255 if inputs.dtype == torch.uint8 else inputs).to(dtype)
        labels = labels.to(dtype) if labels.is_floating_point() else labels
        losses = []
        for x, y in zip(numbers.split(batch), labels.split(batch)):
            optimizer.zero_grad()
            value = loss(network(x), y)
            value.backward()
            optimizer.step()
            losses.append(value.detach())
        golden.tensors |= state(network, "final.", flattened) | {"losses": torch.stack(losses)}
        return golden

    CASES[name] = run


def xor() -> tuple[Tensor, Tensor]:
    corners = torch.randint(0, 2, (STEPS, 2))
    return corners + draw(STEPS, 2, deviation=0.04), (corners[:, :1] != corners[:, 1:]).double()


def spirals() -> tuple[Tensor, Tensor]:
    arm = torch.randint(0, 3, (STEPS * 20,))
    radius = torch.rand(len(arm)).double()
    angle = 4 * (arm + radius) + draw(len(arm), deviation=0.2)
    return rounded(torch.stack([radius * angle.sin(), radius * angle.cos()], dim=1)), arm


def pictures(count: int, *shape: int) -> tuple[Tensor, Tensor]:
    """Bytes, half of them their class's picture and half noise. Dense, so that no two maxima are equal."""
    classes = torch.randint(0, 256, (10, *shape))
    labels = torch.randint(0, 10, (count,))
    return ((classes[labels] + torch.randint(0, 256, (count, *shape))) // 2).to(torch.uint8), labels


def add_lessons() -> None:
    training_case(
        "lesson_07_xor",
        lambda: nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Sigmoid()),
        nn.BCELoss(),
        xor,
        batch=1,
    )
    training_case(
        "lesson_12_spirals",
        lambda: nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Linear(50, 3)),
        nn.CrossEntropyLoss(),
        spirals,
        batch=20,
        first_attempt=9,
    )
    training_case(
        "lesson_19_batch_norm",
        lambda: nn.Sequential(
            nn.Linear(784, 100), nn.BatchNorm1d(100), nn.Sigmoid(),
            nn.Linear(100, 100), nn.BatchNorm1d(100), nn.Sigmoid(), nn.Linear(100, 10),
        ),
        nn.CrossEntropyLoss(),
        lambda: pictures(STEPS * 32, 784),
        batch=32,
    )
    training_case(
        "lesson_25_cnn_batches",
        lambda: nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(128, 10), nn.BatchNorm1d(10),
        ),
        nn.CrossEntropyLoss(),
        lambda: pictures(6 * 8, 1, 8, 8),
        batch=8,
        steps=6,  # the more activations, the rarer is a training that keeps its distance
        flattened=(32, 2, 2),
        first_attempt=268,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes what PyTorch computes to tests/golden.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the files (default: tests/golden)")
    parser.add_argument("--only", metavar="NAME", help="this case alone")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file differs")
    parser.add_argument("--list", action="store_true", help="name the cases and write nothing")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    add_modules()
    add_losses()
    add_optimizers()
    add_lessons()
    if arguments.only and arguments.only not in CASES:
        parser.error(f"there is no case {arguments.only}; --list names them")
    names = [arguments.only] if arguments.only else list(CASES)
    if arguments.list:
        print("\n".join(names))
        return 0

    total, changed = 0, []
    if not arguments.check:
        arguments.out.mkdir(parents=True, exist_ok=True)
    if not arguments.only:
        changed = [path.stem for path in sorted(arguments.out.glob("*")) if path.stem not in CASES]
    for name in names:
        torch.manual_seed(zlib.crc32(name.encode()))
        content = encode(CASES[name]())
        path = arguments.out / f"{name}.safetensors"
        if arguments.check:
            if not path.exists() or path.read_bytes() != content:
                changed.append(name)
        else:
            path.write_bytes(content)
            print(f"{len(content):9} {name}")
        total += len(content)
    print(f"{total:9} bytes in {len(names)} files")
    if changed:
        print("not what this script writes: " + ", ".join(changed))
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
