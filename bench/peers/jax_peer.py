"""JAX's training steps: jit, and a scan over the steps of a call."""

import functools
import math
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from lessons import Lesson, data, parameters

NAME = f"JAX {jax.__version__}"
SECONDS_OF_CALL = 0.05


def has_gpu() -> bool:
    return any(device.platform == "gpu" for device in jax.devices())


def device_name() -> str:
    return jax.devices()[0].device_kind


def set_up(device: str, threads: int) -> None:
    jax.config.update("jax_default_device", jax.devices("gpu" if device == "gpu" else "cpu")[0])
    jax.config.update("jax_default_matmul_precision", "highest")  # float32 here as there: no TF32


def contenders(lesson: Lesson, device: str, slow: bool) -> list[str]:
    # A loop's body runs on one thread there and without the quick convolutions.
    return ["jit"] if device == "cpu" and lesson.is_picture else ["jit, scan"]


def make(lesson: Lesson, contender: str, device: str) -> "Training":
    return Training(lesson, contender == "jit, scan")


def forward(lesson: Lesson, values, x):
    values = iter(values)
    for kind, *sizes in lesson.layers:
        if kind == "linear":
            weight, bias = next(values)
            x = x @ weight + bias
        elif kind == "convolution":
            weight, bias = next(values)
            x = lax.conv_general_dilated(x, weight, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias
        elif kind == "batch_norm":
            weight, bias = next(values)
            mean, variance = jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2))
            x = (x - mean) * (weight * lax.rsqrt(variance + 1e-5)) + bias
        elif kind == "max_pool":
            n, h, w, c = x.shape
            x = x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        else:
            x = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[kind](x)
    return x


def loss_of(lesson: Lesson, values, x, y):
    scores = jax.nn.log_softmax(forward(lesson, values, x))
    return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))


def update(lesson: Lesson, state, x, y):
    """Values, moments and count after a step, and its loss."""
    values, first, second, count = state
    loss, gradients = jax.value_and_grad(functools.partial(loss_of, lesson))(values, x, y)
    if not lesson.adam:
        return (jax.tree.map(lambda v, g: v - lesson.lr * g, values, gradients), first, second, count), loss
    count = count + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda m, g: 0.999 * m + 0.001 * g * g, second, gradients)
    rate, unbias = lesson.lr / (1 - 0.9**count), 1 / (1 - 0.999**count)
    values = jax.tree.map(lambda v, m, s: v - rate * m / (jnp.sqrt(s * unbias) + 1e-8), values, first, second)
    return (values, first, second, count), loss


class Training:
    """A call runs one step, or scans as many as fill some time, at most an epoch."""

    def __init__(self, lesson: Lesson, is_scan: bool) -> None:
        self.lesson, self.is_scan = lesson, is_scan
        self.inputs, self.labels = map(jnp.asarray, data(lesson))
        self.gathered_call = jax.jit(self.call_gathered, donate_argnums=0)
        self.ready_call = jax.jit(self.call_ready, static_argnums=3, donate_argnums=0)
        self.permutation = jax.jit(lambda key: jax.random.permutation(key, lesson.rows))
        self.order, self.place, self.epoch = None, lesson.rows, 0
        self.ready = self.gather(self.inputs, self.labels, jnp.arange(lesson.batch))
        self.reset()
        self.steps_of_call = self.fitting_steps() if is_scan else 1

    def reset(self) -> None:
        values = [(jnp.asarray(w.transpose(1, 2, 3, 0) if w.ndim == 4 else w.T if w.ndim == 2 else w), jnp.asarray(b))
                  for w, b in parameters(self.lesson)]
        moments = [jax.tree.map(jnp.zeros_like, values) if self.lesson.adam else [] for _ in range(2)]
        self.state = (values, *moments, jnp.zeros(()))

    def gather(self, inputs, labels, chosen):
        x = inputs[chosen].astype(jnp.float32) * self.lesson.scale + self.lesson.shift
        return x.reshape(-1, *self.lesson.shape), labels[chosen]

    def call_gathered(self, state, inputs, labels, chosen):
        """Steps on the rows chosen, [steps, batch]; their losses."""

        def step(state, chosen):
            return update(self.lesson, state, *self.gather(inputs, labels, chosen))

        return lax.scan(step, state, chosen) if self.is_scan else step(state, chosen[0])

    def call_ready(self, state, x, y, steps):
        if not self.is_scan:
            return update(self.lesson, state, x, y)
        return lax.scan(lambda state, _: update(self.lesson, state, x, y), state, length=steps)

    def fitting_steps(self) -> int:
        chosen = jnp.arange(self.lesson.batch)[None]
        for _ in range(2):  # the first compiles
            begin = time.perf_counter()
            self.run_chosen(chosen).block_until_ready()
            seconds = time.perf_counter() - begin
        return max(1, min(self.lesson.steps, math.floor(SECONDS_OF_CALL / seconds)))

    def run_chosen(self, chosen):
        self.state, losses = self.gathered_call(self.state, self.inputs, self.labels, chosen)
        return losses

    def losses(self, steps: int) -> list[float]:
        self.reset()
        at_once = steps if self.is_scan else 1
        rows = jnp.arange(steps * self.lesson.batch).reshape(-1, at_once, self.lesson.batch)
        return np.concatenate([np.ravel(self.run_chosen(chosen)) for chosen in rows]).tolist()

    def run_gathered(self, steps: int) -> None:
        rows = self.steps_of_call * self.lesson.batch
        for _ in range(steps // self.steps_of_call):
            if self.place + rows > self.lesson.rows:
                self.epoch, self.place = self.epoch + 1, 0
                self.order = self.permutation(jax.random.key(self.epoch))
            chosen = self.order[self.place : self.place + rows].reshape(self.steps_of_call, -1)
            self.place += rows
            losses = self.run_chosen(chosen)
        losses.block_until_ready()

    def run_ready(self, steps: int) -> None:
        for _ in range(steps // self.steps_of_call):
            self.state, losses = self.ready_call(self.state, *self.ready, self.steps_of_call)
        losses.block_until_ready()
