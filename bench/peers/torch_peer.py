"""PyTorch's training steps: eager in both layouts of pictures, a captured CUDA graph, torch.compile."""

import math

import torch
import torch.nn.functional as F
from lessons import Lesson, data, parameters, shapes_before

NAME = f"PyTorch {torch.__version__.split('+')[0]}"
WARM_UP_STEPS = 3  # before a capture, as PyTorch's documentation asks


def has_gpu() -> bool:
    return torch.cuda.is_available()


def device_name() -> str:
    return torch.cuda.get_device_name()


def set_up(device: str, threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")  # float32 here as there: no TF32
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True  # the fastest algorithm


def contenders(lesson: Lesson, device: str, slow: bool) -> list[str]:
    names = ["eager", "CUDA graph"] if device == "gpu" else ["eager"]
    if lesson.is_picture:
        names += [f"{name}, channels last" for name in names]
    if device == "gpu":
        return names + (["compile, max-autotune"] if slow else [])
    return [*names, "compile"]


def make(lesson: Lesson, contender: str, device: str) -> "Training":
    kind, _, detail = contender.partition(", ")
    of_kind = {"eager": Training, "CUDA graph": Captured, "compile": Compiled}[kind]
    return of_kind(lesson, "cuda" if device == "gpu" else "cpu", detail == "channels last")


class Training:
    """A model in training, eager."""

    steps_of_call = 1

    def __init__(self, lesson: Lesson, device: str, channels_last: bool) -> None:
        self.lesson, self.device, self.channels_last = lesson, device, channels_last
        inputs, labels = data(lesson)
        if lesson.is_picture and not channels_last:
            inputs = inputs.reshape(lesson.rows, *lesson.shape).transpose(0, 3, 1, 2).reshape(lesson.rows, -1).copy()
        self.inputs = torch.from_numpy(inputs).to(device)
        self.labels = torch.from_numpy(labels).to(device)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.start = starting_values(lesson)
        self.model = model_of(lesson).to(device=device, memory_format=layout)
        kind = torch.optim.Adam if lesson.adam else torch.optim.SGD
        self.optimizer = kind(self.model.parameters(), lr=lesson.lr, fused=True,
                              **({"capturable": device == "cuda"} if lesson.adam else {}))
        self.order, self.place = torch.empty(0, dtype=torch.int64), 0
        self.ready = self.gather(torch.arange(lesson.batch, device=device))
        self.reset()

    def reset(self) -> None:
        """The training's start, in the memory that a graph knows."""
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), self.start):
                parameter.copy_(value)
            for state in self.optimizer.state.values():
                for value in state.values():
                    if torch.is_tensor(value):
                        value.zero_()

    def gather(self, chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = self.inputs.index_select(0, chosen), self.labels.index_select(0, chosen)
        if self.lesson.scale != 1:
            x = x * self.lesson.scale  # bytes become float32
        if self.lesson.shift != 0:
            x = x + self.lesson.shift
        if not self.lesson.is_picture:
            return x, y
        rows, columns, channels = self.lesson.shape
        if self.channels_last:
            return x.view(-1, rows, columns, channels).permute(0, 3, 1, 2), y
        return x.view(-1, channels, rows, columns), y

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(self.model(x), y)

    def update(self, loss: torch.Tensor) -> None:
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()  # last: a graph writes gradients then and does not add to them

    def step(self, chosen: torch.Tensor) -> torch.Tensor:
        loss = self.loss(*self.gather(chosen))
        self.update(loss)
        return loss

    def ready_step(self) -> None:
        self.update(self.loss(*self.ready))

    def losses(self, steps: int) -> list[float]:
        self.reset()
        rows = torch.arange(steps * self.lesson.batch, device=self.device)
        return [self.step(chosen).item() for chosen in rows.split(self.lesson.batch)]

    def run_gathered(self, steps: int) -> None:
        for _ in range(steps):
            if self.place + self.lesson.batch > len(self.order):
                self.order, self.place = torch.randperm(self.lesson.rows, device=self.device), 0
            self.step(self.order[self.place : self.place + self.lesson.batch])
            self.place += self.lesson.batch
        self.wait()

    def run_ready(self, steps: int) -> None:
        for _ in range(steps):
            self.ready_step()
        self.wait()

    def wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


class Captured(Training):
    """Gather, forward, backward and update in one CUDA graph, replayed."""

    def __init__(self, lesson: Lesson, device: str, channels_last: bool) -> None:
        super().__init__(lesson, device, channels_last)
        self.chosen = torch.arange(lesson.batch, device=device)
        eager_step, eager_ready_step = super().step, super().ready_step
        self.graph, self.result = self.capture(lambda: eager_step(self.chosen))
        self.ready_graph, _ = self.capture(eager_ready_step)
        self.reset()

    def capture(self, step):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP_STEPS):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = step()
        return graph, result

    def step(self, chosen: torch.Tensor) -> torch.Tensor:
        self.chosen.copy_(chosen)
        self.graph.replay()
        return self.result

    def ready_step(self) -> None:
        self.ready_graph.replay()


class Compiled(Training):
    """Gather and loss compiled together, with their backward."""

    def __init__(self, lesson: Lesson, device: str, channels_last: bool) -> None:
        super().__init__(lesson, device, channels_last)
        mode = "max-autotune" if device == "cuda" else "default"
        eager_loss = super().loss
        self.gathered_loss = torch.compile(lambda chosen: eager_loss(*self.gather(chosen)), mode=mode, dynamic=False)
        self.loss = torch.compile(eager_loss, mode=mode, dynamic=False)

    def step(self, chosen: torch.Tensor) -> torch.Tensor:
        loss = self.gathered_loss(chosen)
        self.update(loss)
        return loss


def model_of(lesson: Lesson) -> torch.nn.Module:
    nn = torch.nn
    make_layer = {
        "linear": lambda before, after: nn.Linear(before, after),
        "convolution": lambda before, after, kernel: nn.Conv2d(before, after, kernel, padding=kernel // 2),
        "batch_norm": lambda features: nn.BatchNorm2d(features),
        "max_pool": lambda: nn.MaxPool2d(2),
        "flatten": nn.Flatten, "relu": nn.ReLU, "sigmoid": nn.Sigmoid,
    }
    return nn.Sequential(*(make_layer[kind](*sizes) for kind, *sizes in lesson.layers))


def starting_values(lesson: Lesson) -> list[torch.Tensor]:
    """In PyTorch's layout: channels before rows and columns, in what a flattened picture gives too."""
    flattened = [shape for layer, shape in zip(lesson.layers, shapes_before(lesson)) if layer[0] == "flatten"]
    values = []
    for weight, bias in parameters(lesson):
        if weight.ndim == 4:
            weight = weight.transpose(0, 3, 1, 2)
        elif flattened and weight.shape[1:] == (math.prod(flattened[0]),):
            weight = weight.reshape(-1, *flattened[0]).transpose(0, 3, 1, 2).reshape(len(weight), -1)
        values += [torch.from_numpy(weight.copy()), torch.from_numpy(bias)]
    return values
