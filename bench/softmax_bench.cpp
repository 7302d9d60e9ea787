// Softmax over rows of 10 to 262,144 numbers beside cuDNN's; and the cross-entropy that gives loss and gradient
// in one kernel, for which the vendor has nothing: the memory's limit is its measure, Device::cpu's its check.

#include <memory>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/loss/loss.h"
#include "kernels/softmax/softmax.h"
#include "kernels/softmax/softmax_backward.h"
#include "weft/device.h"
#include "weft/ops/loss.h"
#include "weft/stream.h"

namespace {

using namespace weft;

struct Rows {
  std::int64_t rows, cols;
};

constexpr Rows kShapes[] = {{100, 10},    {65536, 10},   {32768, 128},  {16384, 1000},
                            {8192, 4096}, {4096, 16384}, {1024, 65536}, {256, 262144}};

enum class Op { softmax, softmax_backward, cross_entropy };

kernels::RowPlan plan_for(Op op, std::int64_t cols) {
  const kernels::RowLimits limits = op == Op::softmax            ? kernels::kSoftmaxRows
                                    : op == Op::softmax_backward ? kernels::kSoftmaxBackwardRows
                                                                 : kernels::kCrossEntropyRows;
  return kernels::plan_rows(limits, cols, gpu_properties().shared_bytes_per_block);
}

struct Arrays {
  Tensor a, b, out, labels;
};

bench::Problem make(Op op, const Rows& s) {
  const kernels::RowPlan plan = plan_for(op, s.cols);
  const Tensor workspace =
      empty({kernels::row_workspace(plan, s.rows, s.cols)}, DType::float32, Device::gpu);
  const double numbers = static_cast<double>(s.rows * s.cols);
  const double bytes = 4 * numbers * (op == Op::softmax_backward ? 3 : 2);
  const Tensor losses = bench::unwritten({s.rows}), mean = bench::unwritten({1});
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i) {
    Arrays a{bench::random_floats({s.rows, s.cols}), {}, bench::unwritten({s.rows, s.cols}), {}};
    if (op == Op::softmax_backward) a.b = bench::random_floats({s.rows, s.cols});
    if (op == Op::cross_entropy) a.labels = bench::random_labels(s.rows, s.cols);
    sets->push_back(a);
  }
  const Tensor ours = bench::unwritten({s.rows, s.cols}),
               theirs = bench::unwritten({s.rows, s.cols});
  const auto run_ours = [=](int call) {
    const auto set = static_cast<std::size_t>(call) % sets->size();
    const Arrays& a = (*sets)[set];
    float* const out = (set == 0 ? ours : a.out).data<float>();
    float* const room = workspace.data<float>();
    if (op == Op::softmax)
      kernels::softmax(a.a.data<float>(), out, room, s.rows, s.cols, plan, current_stream());
    else if (op == Op::softmax_backward)
      kernels::softmax_backward(a.a.data<float>(), a.b.data<float>(), out, false, room, s.rows,
                                s.cols, plan, current_stream());
    else
      kernels::cross_entropy(a.a.data<float>(), a.labels.data<std::int32_t>(), losses.data<float>(),
                             mean.data<float>(), out, room, s.rows, s.cols, plan, current_stream());
  };
  bench::Problem problem{.bytes = bytes, .contenders = {{"ours", run_ours, {ours}, 1e-5}}};
  if (op == Op::cross_entropy) {
    Tensor logits = (*sets)[0].a.to(Device::cpu);
    logits.set_requires_grad();
    const Tensor loss = cross_entropy(logits, (*sets)[0].labels.to(Device::cpu));
    loss.backward();
    problem.contenders[0].results.push_back(mean);
    problem.expected = {logits.grad(), loss.detach()};
    return problem;
  }
  const auto vendor = std::make_shared<bench::DnnSoftmax>(s.rows, s.cols);
  problem.contenders.push_back({"cudnn",
                                [=](int call) {
                                  const auto set = static_cast<std::size_t>(call) % sets->size();
                                  const Arrays& a = (*sets)[set];
                                  float* const out = (set == 0 ? theirs : a.out).data<float>();
                                  if (op == Op::softmax)
                                    vendor->forward(a.a.data<float>(), out);
                                  else
                                    vendor->backward(a.a.data<float>(), a.b.data<float>(), out);
                                },
                                {theirs},
                                1e-5});
  problem.reference = 1;
  return problem;
}

}  // namespace

int main(int argc, char** argv) {
  const auto add = [](const char* family, Op op, const std::vector<std::string>& contenders) {
    for (const Rows& shape : kShapes)
      bench::add(std::string(family) + "/fp32/" + std::to_string(shape.rows) + "x" +
                     std::to_string(shape.cols),
                 contenders, [=] { return make(op, shape); });
  };
  add("softmax", Op::softmax, {"ours", "cudnn"});
  add("softmax_backward", Op::softmax_backward, {"ours", "cudnn"});
  add("cross_entropy_with_gradient", Op::cross_entropy, {"ours"});
  return bench::run(argc, argv);
}
