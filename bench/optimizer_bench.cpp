// The optimisers' updates of flat parameters. cuBLAS and cuDNN have none: the memory's limit is their measure, and
// Device::cpu's result what they are checked against.

#include <memory>
#include <string>
#include <utility>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "kernels/optimizer/adam.h"
#include "kernels/optimizer/momentum.h"
#include "kernels/optimizer/sgd.h"
#include "weft/ops/optimizer.h"
#include "weft/stream.h"

namespace {

using namespace weft;

constexpr std::int64_t kSizes[] = {10'000, 1'000'000, 64'000'000};

struct Arrays {
  Tensor values, gradients, m, v;  // v: second moments, which are not negative
};

enum class Update { sgd, momentum, adam };

// The updates work in place: what is checked is the first.
bench::Problem update(Update kind, std::int64_t size) {
  constexpr double kRate = 1e-3, kMomentum = 0.9;
  const int touched = kind == Update::sgd ? 16 : kind == Update::momentum ? 24 : 32;
  const double bytes = static_cast<double>(touched) * static_cast<double>(size);
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back({bench::random_floats({size}), bench::random_floats({size}),
                     bench::random_floats({size}), full({size}, 1, DType::float32, Device::gpu)});
  const Tensor step = zeros({}, DType::int32, Device::gpu), corrections = bench::unwritten({2});
  const Arrays& first = (*sets)[0];
  Arrays cpu{first.values.to(Device::cpu), first.gradients.to(Device::cpu), first.m.to(Device::cpu),
             first.v.to(Device::cpu)};
  Tensor count = zeros({}, DType::int32);
  std::vector<Tensor> expected, results;
  if (kind == Update::sgd) {
    sgd_(cpu.values, cpu.gradients, kRate);
    expected = {cpu.values, cpu.gradients};
    results = {first.values, first.gradients};
  } else if (kind == Update::momentum) {
    sgd_momentum_(cpu.values, cpu.gradients, cpu.m, kRate, kMomentum, false);
    expected = {cpu.values, cpu.gradients, cpu.m};
    results = {first.values, first.gradients, first.m};
  } else {
    adam_(cpu.values, cpu.gradients, cpu.m, cpu.v, count, {.lr = kRate});
    expected = {cpu.values, cpu.gradients, cpu.m, cpu.v};
    results = {first.values, first.gradients, first.m, first.v};
  }
  const auto run = [=](int call) {
    const Arrays& in = (*sets)[static_cast<std::size_t>(call) % sets->size()];
    float *values = in.values.data<float>(), *gradients = in.gradients.data<float>(),
          *m = in.m.data<float>();
    if (kind == Update::sgd)
      kernels::sgd(static_cast<float>(kRate), values, gradients, size, current_stream());
    else if (kind == Update::momentum)
      kernels::sgd_momentum(static_cast<float>(kRate), static_cast<float>(kMomentum), false, values,
                            gradients, m, size, current_stream());
    else
      kernels::adam(kRate, 0.9, 0.999, 1e-8f, values, gradients, m, in.v.data<float>(),
                    step.data<std::int32_t>(), corrections.data<float>(), size, current_stream());
  };
  return {.bytes = bytes, .contenders = {{"ours", run, results, 1e-6}}, .expected = expected};
}

}  // namespace

int main(int argc, char** argv) {
  for (const auto& [name, kind] :
       {std::pair{"sgd", Update::sgd}, std::pair{"sgd_momentum", Update::momentum},
        std::pair{"adam", Update::adam}})
    for (const std::int64_t size : kSizes)
      bench::add(std::string(name) + "/fp32/" + std::to_string(size), {"ours"},
                 [=, kind = kind] { return update(kind, size); });
  return bench::run(argc, argv);
}
