// What the device can do, measured first in every run: the copy that bounds everything that moves memory, the
// vendor's largest products that bound everything that multiplies, and the time of a kernel that does
// nothing, which bounds everything small.

#include <memory>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cublas.h"
#include "bench/vendor/timed_graph.h"
#include "kernels/optimizer/sgd.h"
#include "weft/stream.h"

namespace {

using namespace weft;
using bench::BlasMode;

bench::Problem copy() {
  constexpr std::int64_t kElements = 1 << 28;  // a gibibyte
  const Tensor from = bench::random_floats({kElements}), to = bench::unwritten({kElements});
  const auto last = [](const Tensor& x) { return x.rows(kElements - (1 << 20), kElements); };
  return {.bytes = 8.0 * kElements,
          .contenders = {
              {.name = "device_copy",
               .run = [=](int) { bench::copy_on_device(to.data(), from.data(), from.bytes()); },
               .error = [=] { return bench::relative_error(last(to), last(from)); }}}};
}

bench::Problem product(const char* name, BlasMode mode) {
  constexpr std::int64_t kSide = 8192;
  const auto matrix = [&] {
    return mode == BlasMode::bf16 ? bench::random_bfloat16(kSide * kSide)
                                  : bench::random_floats({kSide * kSide});
  };
  const Tensor a = matrix(), b = matrix(), c = matrix();
  const auto product =
      std::make_shared<bench::BlasProduct>(mode, kSide, kSide, kSide, false, false);
  return {.flops = 2.0 * kSide * kSide * kSide,
          .bytes = 3.0 * static_cast<double>(a.bytes()),
          .contenders = {{name, [=](int) { product->run(a.data(), b.data(), c.data()); }}}};
}

// A kernel that updates four numbers, in a graph and launched by the host: the least time between two kernels of
// which one waits for the other, and what the host adds where no graph is replayed.
bench::Problem node() {
  const Tensor values = bench::random_floats({4}), gradients = bench::random_floats({4});
  const auto update = [=](int) {
    kernels::sgd(0.1f, values.data<float>(), gradients.data<float>(), 4, current_stream());
  };
  return {
      .contenders = {{"graph_node", update}, {.name = "launch", .run = update, .in_graph = false}}};
}

}  // namespace

int main(int argc, char** argv) {
  bench::add("ceilings/copy/1GiB", {"device_copy"}, copy);
  bench::add("ceilings/fp32/8192", {"cublas_fp32"},
             [] { return product("cublas_fp32", BlasMode::fp32); });
  bench::add("ceilings/tf32/8192", {"cublas_tf32"},
             [] { return product("cublas_tf32", BlasMode::tf32); });
  bench::add("ceilings/bf16/8192", {"cublas_bf16"},
             [] { return product("cublas_bf16", BlasMode::bf16); });
  bench::add("ceilings/latency/4", {"graph_node", "launch"}, node);
  return bench::run(argc, argv);
}
