// What walks over flat arrays once: elementwise ops and dropout. Memory bounds all of them. Where cuDNN has none,
// Device::cpu's result is what ours is checked against.

#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/activation/activation.h"
#include "kernels/dropout/dropout.h"
#include "kernels/elementwise/map.h"
#include "kernels/elementwise/pairwise.h"
#include "weft/ops/elementwise.h"
#include "weft/stream.h"

namespace {

using namespace weft;

constexpr std::int64_t kSizes[] = {10'000, 1'000'000, 64'000'000};

struct Arrays {
  Tensor a, b, out;
};

// An op of one array or several, with as many bytes to an element as it has to read and write.
struct FlatOp {
  const char* name;
  int bytes;
  double tolerance;
  void (*ours)(const Arrays& in, float* out, std::int64_t size);
  void (*vendor)(const bench::DnnElementwise& dnn, const Arrays& in, float* out) = nullptr;
  Tensor (*on_cpu)(const Tensor& a) = nullptr;  // where there is no vendor
};

const FlatOp kOps[] = {
    {"add", 12, 1e-6,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::add(in.a.data<float>(), in.b.data<float>(), out, 1, size, size, 1,
                    current_stream());
     },
     [](const bench::DnnElementwise& dnn, const Arrays& in, float* out) {
       dnn.add(in.a.data<float>(), in.b.data<float>(), out);
     }},
    {"relu", 8, 1e-6,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::activation(in.a.data<float>(), out, size, Activation::relu, 0, current_stream());
     },
     [](const bench::DnnElementwise& dnn, const Arrays& in, float* out) {
       dnn.relu(in.a.data<float>(), out);
     }},
    {"relu_backward", 12, 1e-6,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::activation_backward(in.a.data<float>(), in.b.data<float>(), out, false, size,
                                    Activation::relu, 0, current_stream());
     },
     [](const bench::DnnElementwise& dnn, const Arrays& in, float* out) {
       dnn.relu_backward(in.a.data<float>(), in.b.data<float>(), out);
     }},
    {"sigmoid", 8, 1e-5,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::activation(in.a.data<float>(), out, size, Activation::sigmoid, 0, current_stream());
     },
     [](const bench::DnnElementwise& dnn, const Arrays& in, float* out) {
       dnn.sigmoid(in.a.data<float>(), out);
     }},
    {"exp", 8, 1e-6,
     [](const Arrays& in, float* out, std::int64_t size) {
       kernels::exp(in.a.data<float>(), out, size, current_stream());
     },
     nullptr, weft::exp},
};

std::shared_ptr<std::vector<Arrays>> sets_of(double bytes, std::int64_t size) {
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back(
        {bench::random_floats({size}), bench::random_floats({size}), bench::unwritten({size})});
  return sets;
}

bench::Problem make(const FlatOp& op, std::int64_t size) {
  const double bytes = static_cast<double>(op.bytes) * static_cast<double>(size);
  const auto sets = sets_of(bytes, size);
  // Each contender writes an array of its own in call 0.
  const Tensor ours = bench::unwritten({size}), theirs = bench::unwritten({size});
  const auto competing = [=](const Tensor& own, auto call_with) {
    return [=](int call) {
      const auto set = static_cast<std::size_t>(call) % sets->size();
      call_with((*sets)[set], (set == 0 ? own : (*sets)[set].out).template data<float>());
    };
  };
  bench::Problem problem{.bytes = bytes, .contenders = {}};
  problem.contenders.push_back(
      {"ours",
       competing(ours, [=](const Arrays& in, float* out) { op.ours(in, out, size); }),
       {ours},
       op.tolerance});
  if (op.vendor == nullptr) {
    problem.expected = {op.on_cpu((*sets)[0].a.to(Device::cpu))};
    return problem;
  }
  const auto dnn = std::make_shared<bench::DnnElementwise>(size);
  problem.contenders.push_back(
      {"cudnn",
       competing(theirs, [=](const Arrays& in, float* out) { op.vendor(*dnn, in, out); }),
       {theirs},
       op.tolerance});
  problem.reference = 1;
  return problem;
}

// How far the share of the elements that dropout kept, each times 2, is from a half; infinite where one is
// neither that nor 0.
double error_of_dropout(const Tensor& x, const Tensor& y) {
  const std::vector<float> from = x.to_vector<float>(), to = y.to_vector<float>();
  double kept = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (to[i] == 2 * from[i] && from[i] != 0)
      ++kept;
    else if (to[i] != 0)
      return std::numeric_limits<double>::infinity();
  }
  return std::abs(kept / static_cast<double>(from.size()) - 0.5);
}

bench::Problem dropout(std::int64_t size) {
  const double bytes = 8.0 * static_cast<double>(size);
  const auto sets = sets_of(bytes, size);
  const Tensor ours = bench::unwritten({size}), theirs = bench::unwritten({size});
  const auto dnn = std::make_shared<bench::DnnElementwise>(size);
  const auto run = [=](const Tensor& own, auto call_with) {
    return [=](int call) {
      const auto set = static_cast<std::size_t>(call) % sets->size();
      const Arrays& in = (*sets)[set];
      call_with(in.a.data<float>(), (set == 0 ? own : in.out).template data<float>());
    };
  };
  const auto error = [=](const Tensor& result) {
    return [=] { return error_of_dropout((*sets)[0].a, result); };
  };
  // Five standard deviations of that share.
  const double tolerance = 2.5 / std::sqrt(static_cast<double>(size));
  return {.bytes = bytes,
          .contenders = {
              {.name = "ours",
               .run = run(
                   ours,
                   [=](const float* x, float* y) {
                     kernels::dropout(x, y, false, size, 1u << 23, 2, {1, 1, 1}, current_stream());
                   }),
               .tolerance = tolerance,
               .error = error(ours)},
              {.name = "cudnn",
               .run = run(theirs, [=](const float* x, float* y) { dnn->dropout(x, y); }),
               .tolerance = tolerance,
               .error = error(theirs)}}};
}

}  // namespace

int main(int argc, char** argv) {
  const auto add = [](const char* name, bool vendor, auto make_one) {
    for (const std::int64_t size : kSizes)
      bench::add(
          std::string(name) + "/fp32/" + std::to_string(size),
          vendor ? std::vector<std::string>{"ours", "cudnn"} : std::vector<std::string>{"ours"},
          [=] { return make_one(size); });
  };
  for (const FlatOp& op : kOps)
    add(op.name, op.vendor != nullptr, [&op](std::int64_t size) { return make(op, size); });
  add("dropout", true, dropout);
  return bench::run(argc, argv);
}
