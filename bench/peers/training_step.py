#!/usr/bin/env python3
"""Times a lesson's training step on the CPU: Weft's beside PyTorch's eager one.

The model of lesson 04, Linear(784, 10), or of lesson 24, a CNN on 16x16 pictures; cross-entropy, backward and
SGD at batch 100: once on a batch that lies ready, once with a shuffled batch gathered from uint8 pictures and
scaled in each step. PyTorch's CNN runs on its default layout and on channels last. Ours and theirs run in
turn, in processes of their own. Needs PyTorch.
"""

import argparse
import datetime
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLASSES, BATCH, WARM_UP = 10, 100, 2
ROWS = {"softmax": 60_000, "cnn": 6_000, "cnn-channels-last": 6_000}


def time_torch(model_name: str, threads: int, epochs: int) -> tuple[float, float]:
    """Medians over epochs of the microseconds a step takes: with the gather, and without it."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    nn, rows = torch.nn, ROWS[model_name]
    if model_name == "softmax":
        shape: tuple[int, ...] = (784,)
        model: nn.Module = nn.Linear(784, CLASSES)
    else:
        shape = (1, 16, 16)
        model = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(512, CLASSES))
    layout = torch.channels_last if model_name == "cnn-channels-last" else torch.contiguous_format
    model = model.to(memory_format=layout)
    pictures = torch.randint(0, 256, (rows, *shape), dtype=torch.uint8)
    labels = torch.randint(0, CLASSES, (rows,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def gather(chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = pictures[chosen].float().mul_(1 / 255)
        return (x.to(memory_format=layout) if x.dim() == 4 else x), labels[chosen]

    def gathered_epoch() -> None:
        order = torch.randperm(rows)
        for first in range(0, rows, BATCH):
            step(*gather(order[first : first + BATCH]))

    x, y = gather(torch.arange(BATCH))

    def ready_epoch() -> None:
        for _ in range(rows // BATCH):
            step(x, y)

    return median_of_epochs(gathered_epoch, rows, epochs), median_of_epochs(ready_epoch, rows, epochs)


def median_of_epochs(run_epoch: Callable[[], None], rows: int, epochs: int) -> float:
    microseconds = []
    for epoch in range(WARM_UP + epochs):
        begin = time.perf_counter()
        run_epoch()
        if epoch >= WARM_UP:
            microseconds.append((time.perf_counter() - begin) * 1e6 / (rows // BATCH))
    return statistics.median(microseconds)


def measure(command: list[str], **environment: str) -> list[float]:
    result = subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True)
    return [float(word) for word in result.stdout.split()]


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=["softmax", "cnn"], default="softmax", help="lesson 04's or 24's (default: softmax)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is timed, in turn (default: 5)")
    parser.add_argument("--epochs", type=int, default=3, help="epochs of a round (default: 3)")
    parser.add_argument("--torch-threads", type=int, help=argparse.SUPPRESS)  # a child process: one round of PyTorch's
    parser.add_argument("--torch-model", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not (1 <= arguments.rounds <= 100 and 1 <= arguments.epochs <= 100):
        parser.error("--rounds and --epochs: expected 1 to 100")
    if arguments.torch_threads:
        print(*time_torch(arguments.torch_model, arguments.torch_threads, arguments.epochs))
        return 0
    try:
        import torch
    except ImportError:
        print("training_step.py: this Python has no PyTorch (pip install torch)", file=sys.stderr)
        return 2

    build = [str(ROOT / "scripts/build"), "--preset", "executor", "training_step_bench"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    ours = [str(ROOT / "build/executor/bin/training_step_bench"), "cpu", str(arguments.epochs), arguments.model]
    theirs = [sys.executable, __file__, "--epochs", str(arguments.epochs)]
    layouts = {"softmax": "", "cnn": "", "cnn-channels-last": " channels last"}
    times: dict[str, list[list[float]]] = {}
    for _ in range(arguments.rounds):
        for threads in (1, 2):
            limit = {"OMP_NUM_THREADS": str(threads)}
            times.setdefault(f"Weft, {threads} thread(s)", []).append(measure(ours, **limit))
            for name in (name for name in ROWS if name.startswith(arguments.model)):
                command = [*theirs, "--torch-model", name, "--torch-threads", str(threads)]
                title = f"PyTorch {torch.__version__}{layouts[name]}, {threads} thread(s)"
                times.setdefault(title, []).append(measure(command, **limit))

    print(f"Training step of {arguments.model}, batch {BATCH}, on {processor()}, {os.cpu_count()} cores, {datetime.date.today()}")
    print(f"median of {arguments.rounds} rounds of {arguments.epochs} epochs")
    for column, title in enumerate(("gather and step", "step on a batch that lies ready")):
        rounds = {name: [values[column] for values in rows] for name, rows in times.items()}
        medians = {name: statistics.median(values) for name, values in rounds.items()}
        best = min(value for name, value in medians.items() if name.startswith("PyTorch"))
        print(f"\n| {title} | median | range | PyTorch's best / this |")
        print("| --- | --- | --- | --- |")
        for name, value in medians.items():
            low, high = min(rounds[name]), max(rounds[name])
            print(f"| {name} | {value:.1f} µs | {low:.1f} to {high:.1f} µs | {best / value:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
