// What walks over flat arrays once: elementwise ops, dropout, sums, and the optimisers' updates. Memory bounds
// all of them; cuDNN has the first four.

#include <memory>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/activation/activation.h"
#include "kernels/dropout/dropout.h"
#include "kernels/elementwise/map.h"
#include "kernels/elementwise/pairwise.h"
#include "kernels/optimizer/adam.h"
#include "kernels/optimizer/momentum.h"
#include "kernels/optimizer/sgd.h"
#include "kernels/reduction/reduction.h"
#include "weft/ops/gather.h"
#include "weft/stream.h"

namespace {

using namespace weft;

constexpr std::int64_t kSizes[] = {10'000, 1'000'000, 64'000'000};

struct Arrays {
  Tensor a, b, c, d;
};

// An op of one array or several, with as many bytes to an element as it has to read and write.
struct FlatOp {
  const char* name;
  int bytes;
  bool has_vendor, compares;
  void (*ours)(const Arrays& in, float* out, std::int64_t size);
  void (*vendor)(const bench::DnnElementwise& dnn, const Arrays& in, float* out);
};

const FlatOp kOps[] = {
    {"add", 12, true, true,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::add(in.a.data<float>(), in.b.data<float>(), out, 1, size, size, 1,
                    current_stream());
     },
     [](const bench::DnnElementwise& dnn, const Arrays& in, float* out) {
       dnn.add(in.a.data<float>(), in.b.data<float>(), out);
     }},
    {"relu", 8, true, true,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::activation(in.a.data<float>(), out, size, Activation::relu, 0, current_stream());
     },
     [](const bench::DnnElementwise& dnn, const Arrays& in, float* out) {
       dnn.relu(in.a.data<float>(), out);
     }},
    {"exp", 8, false, false,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::exp(in.a.data<float>(), out, size, current_stream());
     },
     nullptr},
    {"dropout", 8, true, false,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::dropout(in.a.data<float>(), out, false, size, 1u << 23, 2, {1, 1, 1},
                        current_stream());
     },
     [](const bench::DnnElementwise& dnn, const Arrays& in, float* out) {
       dnn.dropout(in.a.data<float>(), out);
     }},
    {"sgd", 16, false, false,
     [](const Arrays& in, float*, std::int64_t size) {
       kernels::sgd(1e-3f, in.a.data<float>(), in.b.data<float>(), size, current_stream());
     },
     nullptr},
    {"sgd_momentum", 24, false, false,
     [](const Arrays& in, float*, std::int64_t size) {
       kernels::sgd_momentum(1e-3f, 0.9f, false, in.a.data<float>(), in.b.data<float>(),
                             in.c.data<float>(), size, current_stream());
     },
     nullptr},
};

bench::Problem make(const FlatOp& op, std::int64_t size) {
  const double bytes = static_cast<double>(op.bytes) * static_cast<double>(size);
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back({bench::random_floats({size}), bench::random_floats({size}),
                     bench::random_floats({size}), bench::unwritten({size})});
  const Tensor ours = bench::unwritten({size}), theirs = bench::unwritten({size});
  const auto competing = [=](const Tensor& own, auto call_with) {
    return [=](int call) {
      const auto set = static_cast<std::size_t>(call) % sets->size();
      call_with((*sets)[set], (set == 0 ? own : (*sets)[set].d).template data<float>());
    };
  };
  bench::Problem problem{.bytes = bytes, .contenders = {}};
  const auto compared = [&](const Tensor& result) {
    return op.compares ? std::vector<Tensor>{result} : std::vector<Tensor>{};
  };
  problem.contenders.push_back(
      {"ours", competing(ours, [=](const Arrays& in, float* out) { op.ours(in, out, size); }),
       compared(ours), 1e-6});
  if (!op.has_vendor) return problem;
  const auto dnn = std::make_shared<bench::DnnElementwise>(size);
  problem.contenders.push_back(
      {"cudnn", competing(theirs, [=](const Arrays& in, float* out) { op.vendor(*dnn, in, out); }),
       compared(theirs), 1e-6});
  problem.reference = 1;
  return problem;
}

bench::Problem adam(std::int64_t size) {
  const double bytes = 32.0 * static_cast<double>(size);  // four arrays, each read and written
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back({bench::random_floats({size}), bench::random_floats({size}),
                     bench::random_floats({size}), full({size}, 1, DType::float32, Device::gpu)});
  const Tensor step = zeros({1}, DType::int32, Device::gpu), corrections = bench::unwritten({2});
  return {.bytes = bytes,
          .contenders = {{"ours", [=](int call) {
                            const Arrays& in =
                                (*sets)[static_cast<std::size_t>(call) % sets->size()];
                            kernels::adam(1e-3, 0.9, 0.999, 1e-8f, in.a.data<float>(),
                                          in.b.data<float>(), in.c.data<float>(),
                                          in.d.data<float>(), step.data<std::int32_t>(),
                                          corrections.data<float>(), size, current_stream());
                          }}}};
}

// Column sums of matrices, as a bias's gradient is.
bench::Problem column_sums(std::int64_t rows, std::int64_t cols) {
  const double bytes = 4.0 * static_cast<double>(rows * cols + cols);
  const auto sets = std::make_shared<std::vector<Tensor>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back(bench::random_floats({rows, cols}));
  const auto x = [=](int call) {
    return (*sets)[static_cast<std::size_t>(call) % sets->size()].data<float>();
  };
  // Each contender writes what is compared in call 0, and something else later.
  const Tensor ours = bench::unwritten({cols}), theirs = bench::unwritten({cols});
  const Tensor later = bench::unwritten({cols});
  const auto vendor = std::make_shared<bench::DnnColumnSums>(rows, cols);
  return {.bytes = bytes,
          .contenders = {{"ours",
                          [=](int call) {
                            kernels::column_sums(x(call), (call == 0 ? ours : later).data<float>(),
                                                 false, rows, cols, current_stream());
                          },
                          {ours},
                          1e-4},
                         {"cudnn",
                          [=](int call) {
                            vendor->run(x(call), (call == 0 ? theirs : later).data<float>());
                          },
                          {theirs},
                          1e-4}},
          .reference = 1};
}

}  // namespace

int main(int argc, char** argv) {
  for (const FlatOp& op : kOps)
    for (const std::int64_t size : kSizes)
      bench::add(std::string(op.name) + "/fp32/" + std::to_string(size),
                 op.has_vendor ? std::vector<std::string>{"ours", "cudnn"}
                               : std::vector<std::string>{"ours"},
                 [=] { return make(op, size); });
  for (const std::int64_t size : kSizes)
    bench::add("adam/fp32/" + std::to_string(size), {"ours"}, [=] { return adam(size); });
  constexpr std::int64_t kMatrices[][2] = {{100, 10}, {2000, 100}, {100'000, 64}, {4096, 4096}};
  for (const auto& matrix : kMatrices)
    bench::add("column_sums/fp32/" + std::to_string(matrix[0]) + "x" + std::to_string(matrix[1]),
               {"ours", "cudnn"},
               [rows = matrix[0], cols = matrix[1]] { return column_sums(rows, cols); });
  return bench::run(argc, argv);
}
