// What a user of the installed library may write: a model that learns, and a kernel of their own.

#include <weft/device.h>
#include <weft/nn.h>
#include <weft/ops/loss.h>
#include <weft/optim.h>
#include <weft/simt.h>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

__global__ void square_kernel(const float* x,  // [n]
                              float* y,        // [n]
                              int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = x[i] * x[i];
}

bool learns() {
  weft::Generator generator(1);
  weft::nn::Linear model(1, 2, generator);
  weft::Sgd optimizer(model.parameters(), {.lr = 0.5});
  const weft::Tensor x = weft::from_values<float>({-2, -1, 1, 2}, {4, 1});
  const weft::Tensor y = weft::from_values<std::int32_t>({0, 0, 1, 1}, {4});
  double loss = 0;
  for (int step = 0; step < 100; ++step) {
    const weft::Tensor mean = weft::cross_entropy(model(x), y);
    mean.backward();
    optimizer.step();
    loss = mean.item();
  }
  std::printf("loss after 100 steps: %.4f\n", loss);
  return loss < 0.05;
}

bool runs_a_kernel() {
  constexpr int kN = 1000, kThreads = 128;
  std::vector<float> values(kN);
  for (int i = 0; i < kN; ++i) values[static_cast<std::size_t>(i)] = static_cast<float>(i);
  const weft::Tensor x = weft::from_values<float>(values, {kN}).to(weft::Device::gpu);
  const weft::Tensor y = weft::zeros({kN}, weft::DType::float32, weft::Device::gpu);
  weft::launch(square_kernel, {.grid = (kN + kThreads - 1) / kThreads, .block = kThreads},
               weft::current_stream(), x.data<float>(), y.data<float>(), kN);
  const weft::Tensor result = y.to(weft::Device::cpu);
  const float last = result.data<float>()[kN - 1];
  std::printf("%d squared: %.0f\n", kN - 1, static_cast<double>(last));
  return last == 998001.0f;
}

}  // namespace

int main() { return learns() && runs_a_kernel() ? 0 : 1; }
