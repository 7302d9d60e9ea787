// The same input gives the same bits, run after run: each family of ops, forward and backward, and whole training
// steps, on Device::gpu. Every test prints "digest: NAME VALUE of N runs", so that processes can be compared too.
// The executor runs 22 schedules, a GPU 110 times; WEFT_REPEATS=N asks for N runs.

#include <cstdlib>
#include <iomanip>
#include <iostream>

#include "tests/support/digest.h"
#include "tests/support/gpu_test.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/data.h"
#include "weft/nn.h"
#include "weft/ops/activation.h"
#include "weft/ops/batch_norm.h"
#include "weft/ops/convolution.h"
#include "weft/ops/dropout.h"
#include "weft/ops/gather.h"
#include "weft/ops/gemm.h"
#include "weft/ops/loss.h"
#include "weft/ops/pooling.h"
#include "weft/ops/random.h"
#include "weft/ops/softmax.h"
#include "weft/optim.h"
#include "weft/training_step.h"

namespace weft {
namespace {

using test::Digest;
using test::Rng;

constexpr int kRandomOrders = 20;
constexpr std::int64_t kClasses = 10;

class Determinism : public test::GpuTest {
 protected:
  /// On a GPU enough rows for many blocks; the executor's 22 schedules shuffle the few that it has.
  static std::int64_t rows() { return gpu_properties().is_executor ? 70 : 1500; }
  static std::int64_t images() { return gpu_properties().is_executor ? 3 : 64; }

  Tensor normal(Shape shape) {
    return from_values(rng_.normal(shape.size()), shape).to(Device::gpu).set_requires_grad();
  }
  Tensor labels(std::int64_t count) {
    const auto drawn = rng_.small_integers<std::int32_t>(count, 0, kClasses - 1);
    return from_values(drawn, {count}).to(Device::gpu);
  }

  /// Expects compute(digest) to add the same bits every time.
  template <class Compute>
  static void expect_same_bits(const std::string& name, Compute compute) {
    const auto once = [&] {
      Digest digest;
      compute(digest);
      return digest.value();
    };
    const char* const asked = std::getenv("WEFT_REPEATS");
    const int wanted = asked == nullptr ? 0 : std::atoi(asked);
    const std::uint64_t first = once();
    int runs = 1;
    do {
      test::for_each_schedule(kRandomOrders, [&](const std::string& schedule) {
        if (HasFatalFailure() || (wanted > 0 && runs >= wanted)) return;
        ASSERT_EQ(once(), first) << name << ", " << schedule << ", run " << runs + 1;
        ++runs;
      });
    } while (runs < wanted && !HasFatalFailure());
    std::cout << "digest: " << name << ' ' << std::hex << std::setw(16) << std::setfill('0')
              << first << std::dec << " of " << runs << " runs" << std::endl;
  }

  Rng rng_{1};
};

TEST_F(Determinism, DigestsTellSingleBitsApart) {
  Digest zero, negative_zero;
  zero.add_values(std::vector<float>{1.0f, 0.0f});
  negative_zero.add_values(std::vector<float>{1.0f, -0.0f});
  EXPECT_NE(zero.value(), negative_zero.value());
  EXPECT_NE(zero.value(), Digest().value());
}

TEST_F(Determinism, Products) {
  const Tensor x = normal({rows(), 70}), w = normal({33, 70}), b = normal({33});
  expect_same_bits("linear", [&](Digest& digest) {
    digest.add_with_gradients(linear(x, w, b, Activation::relu), {x, w, b});
    digest.add_with_gradients(matmul(x, w, false, true), {x, w});
  });
}

TEST_F(Determinism, Convolutions) {
  const Tensor x = normal({images(), 12, 11, 3}), w = normal({9, 3, 3, 3}), b = normal({9});
  for (const auto method : {ConvolutionMethod::automatic, ConvolutionMethod::direct,
                            ConvolutionMethod::im2col, ConvolutionMethod::implicit_gemm}) {
    const std::string name = "conv2d_method_" + std::to_string(static_cast<int>(method));
    expect_same_bits(name, [&](Digest& digest) {
      digest.add_with_gradients(conv2d(x, w, b, {.padding = 1, .method = method}), {x, w, b});
    });
  }
  expect_same_bits("conv2d_relu_max_pool", [&](Digest& digest) {
    digest.add_with_gradients(conv2d_relu_max_pool(x, w, b, {.padding = 1}), {x, w, b});
  });
}

TEST_F(Determinism, Pooling) {
  const Tensor x = normal({images(), 13, 11, 5});
  expect_same_bits("pooling", [&](Digest& digest) {
    digest.add_with_gradients(max_pool2d(x, 3, Size2d(2), 1), {x});  // windows overlap
    digest.add_with_gradients(avg_pool2d(x, 3, Size2d(2), 1), {x});
    digest.add_with_gradients(adaptive_avg_pool2d(x, 4), {x});
    digest.add_with_gradients(global_avg_pool2d(x), {x});
  });
}

TEST_F(Determinism, BatchNorm) {
  const Tensor x = normal({rows(), 37}), w = normal({37}), b = normal({37});
  expect_same_bits("batch_norm", [&](Digest& digest) {
    Tensor mean = zeros({37}, DType::float32, Device::gpu);
    Tensor variance = full({37}, 1, DType::float32, Device::gpu);
    digest.add_with_gradients(batch_norm(x, w, b, mean, variance), {x, w, b});
    digest.add(mean);
    digest.add(variance);
  });
}

TEST_F(Determinism, SoftmaxAndLosses) {
  const Tensor x = normal({rows(), kClasses}), y = labels(rows());
  const Tensor targets = normal({rows(), kClasses}).detach();
  const Tensor shares = sigmoid(targets).detach();
  expect_same_bits("softmax_and_losses", [&](Digest& digest) {
    digest.add_with_gradients(softmax(x), {x});
    digest.add_with_gradients(log_softmax(x), {x});
    digest.add_with_gradients(cross_entropy(x, y), {x});
    digest.add_with_gradients(mse_loss(x, targets), {x});
    digest.add_with_gradients(binary_cross_entropy_with_logits(x, shares), {x});
  });
}

TEST_F(Determinism, Reductions) {
  const Tensor x = normal({rows(), 41});
  expect_same_bits("reductions", [&](Digest& digest) {
    for (const auto op : {sum, mean, max, row_sums, column_sums, row_maxima, column_maxima})
      digest.add_with_gradients(op(x), {x});
    digest.add_with_gradients(column_variances(x), {x});
    digest.add(l2_norm(x.detach()));
    digest.add(argmax(x.detach()));
    digest.add(histogram(x.detach(), 16, -3, 3));
  });
}

TEST_F(Determinism, ElementwiseAndRandom) {
  const Tensor x = normal({rows(), 31}), z = normal({rows(), 31});
  expect_same_bits("elementwise_and_random", [&](Digest& digest) {
    digest.add_with_gradients(exp(-square(x)) + sigmoid(z) * tanh(x) / (square(z) + 2.0), {x, z});
    digest.add_with_gradients(dropout(leaky_relu(x), 0.4, {.seed = 7}), {x});
    Tensor drawn = empty({rows(), 31}, DType::float32, Device::gpu);
    uniform_(drawn, -1, 1, {.seed = 8});
    digest.add(drawn);
    normal_(drawn, 0, 1, {.seed = 9});
    digest.add(drawn);
  });
}

// Shuffled batches, convolutions, batch norm, dropout, clipped gradients, metrics: what a lesson's step does.
template <class MakeOptimizer>
void train(Digest& digest, const Dataset& data, MakeOptimizer make_optimizer) {
  Generator generator(3);
  nn::Sequential model = nn::fuse(
      nn::Sequential(nn::Unflatten({8, 8, 1}), nn::Conv2d(1, 6, 3, generator, {.padding = 1}),
                     nn::ReLU(), nn::MaxPool2d(2), nn::Conv2d(6, 9, 3, generator, {.padding = 1}),
                     nn::BatchNorm2d(9), nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                     nn::Dropout(0.3, generator), nn::Linear(36, kClasses, generator)));
  model.to(Device::gpu);
  auto optimizer = make_optimizer(model.parameters());
  TrainingStep step([&](const Batch& b) { return cross_entropy(model(b.x), b.y); }, optimizer);
  step.run(data.batches(data.size() / 4, Order::shuffled(5, 1)));
  digest.add_values(step.metrics().losses);
  for (const auto& [name, tensor] : model.named_state()) digest.add(tensor);
}

TEST_F(Determinism, TrainingSteps) {
  const std::int64_t count = 8 * images();
  const Tensor pictures = normal({count, 8, 8, 1}).detach();
  const Dataset data(pictures, labels(count), kClasses);
  expect_same_bits("training_with_sgd", [&](Digest& digest) {
    train(digest, data, [](const std::vector<Tensor>& parameters) {
      return Sgd(parameters, {.lr = 0.05, .momentum = 0.9, .nesterov = true});
    });
  });
  expect_same_bits("training_with_adam", [&](Digest& digest) {
    train(digest, data, [](const std::vector<Tensor>& parameters) { return Adam(parameters); });
  });
}

}  // namespace
}  // namespace weft
