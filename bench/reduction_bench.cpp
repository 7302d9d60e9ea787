// Reductions of matrices and of flat arrays beside cuDNN's; histogram, which cuDNN lacks, by the memory's limit alone.

#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/reduction/histogram.h"
#include "kernels/reduction/l2_norm.h"
#include "kernels/reduction/reduction.h"
#include "weft/ops/reduction.h"
#include "weft/stream.h"

namespace {

using namespace weft;
using bench::DnnReduction;

struct Matrix {
  std::int64_t rows, cols;
};

// As a bias's gradient is summed; as predictions are chosen; as a loss or a norm is taken of everything.
constexpr Matrix kColumns[] = {{100, 10}, {2000, 100}, {100'000, 64}, {4096, 4096}};
constexpr Matrix kRows[] = {{100, 10}, {65536, 10}, {16384, 1000}, {4096, 4096}, {256, 262144}};
constexpr Matrix kAll[] = {{1, 1 << 20}, {1, 1 << 24}};

enum class Op { column_sums, row_sums, argmax, sum, l2_norm, histogram };

// A sum of everything in the library's way (weft::sum): of pieces, and so on.
constexpr std::int64_t kPiece = 4096;

void sum_pieces(const float* x, float* pieces, float* y, std::int64_t size) {
  kernels::row_sums(x, pieces, false, size / kPiece, kPiece, current_stream());
  kernels::row_sums(pieces, y, false, 1, size / kPiece, current_stream());
}

constexpr std::int32_t kBins = 64;
constexpr float kLow = -4, kHigh = 4;

// y: what is computed of a matrix, or (argmax, histogram) `whole`, in int32.
using Run = std::function<void(const float* x, float* y, std::int32_t* whole)>;

Run ours(Op op, const Matrix& m) {
  const std::int64_t size = m.rows * m.cols;
  if (op == Op::column_sums)
    return [=](const float* x, float* y, std::int32_t*) {
      kernels::column_sums(x, y, false, m.rows, m.cols, current_stream());
    };
  if (op == Op::row_sums)
    return [=](const float* x, float* y, std::int32_t*) {
      kernels::row_sums(x, y, false, m.rows, m.cols, current_stream());
    };
  if (op == Op::argmax)
    return [=](const float* x, float*, std::int32_t* whole) {
      kernels::argmax(x, whole, m.rows, m.cols, current_stream());
    };
  if (op == Op::histogram)  // adds to the counts that are there
    return [=](const float* x, float*, std::int32_t* whole) {
      kernels::histogram(x, whole, size, kBins, kLow, kHigh, current_stream());
    };
  const Tensor room = bench::unwritten(
      {op == Op::sum ? size / kPiece : std::max<std::int64_t>(kernels::l2_norm_blocks(size), 1)});
  if (op == Op::sum)
    return [=](const float* x, float* y, std::int32_t*) {
      sum_pieces(x, room.data<float>(), y, size);
    };
  return [=](const float* x, float* y, std::int32_t*) {
    kernels::l2_norm(x, room.data<float>(), y, size, current_stream());
  };
}

Run vendor(Op op, const Matrix& m) {
  const auto kept = op == Op::column_sums                    ? DnnReduction::Kept::columns
                    : op == Op::row_sums || op == Op::argmax ? DnnReduction::Kept::rows
                                                             : DnnReduction::Kept::nothing;
  const auto of_cudnn = op == Op::argmax    ? DnnReduction::Op::maximum
                        : op == Op::l2_norm ? DnnReduction::Op::l2_norm
                                            : DnnReduction::Op::sum;
  std::shared_ptr<DnnReduction> reduction;
  try {
    reduction = std::make_shared<DnnReduction>(of_cudnn, kept, m.rows, m.cols);
  } catch (const std::exception& error) {  // a row that says so, beside ours
    return [why = std::string(error.what())](const float*, float*, std::int32_t*) {
      throw std::runtime_error(why);
    };
  }
  return [=](const float* x, float* y, std::int32_t* whole) {
    reduction->run(x, y, op == Op::argmax ? whole : nullptr);
  };
}

Tensor on_cpu(Op op, const Tensor& x) {
  if (op == Op::column_sums) return column_sums(x);
  if (op == Op::row_sums) return row_sums(x);
  if (op == Op::argmax) return argmax(x);
  if (op == Op::histogram) return histogram(x, kBins, kLow, kHigh);
  return op == Op::sum ? sum(x) : l2_norm(x);
}

bench::Problem make(Op op, const Matrix& m) {
  const std::int64_t size = m.rows * m.cols;
  const bool of_integers = op == Op::argmax || op == Op::histogram;
  const std::int64_t results = op == Op::column_sums                    ? m.cols
                               : op == Op::row_sums || op == Op::argmax ? m.rows
                               : op == Op::histogram                    ? kBins
                                                                        : 1;
  const double bytes = 4.0 * static_cast<double>(size + results);
  const auto sets = std::make_shared<std::vector<Tensor>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i)
    sets->push_back(bench::random_floats({m.rows, m.cols}));
  const Tensor expected = on_cpu(op, (*sets)[0].to(Device::cpu));

  bench::Problem problem{.bytes = bytes, .contenders = {}, .expected = {expected}};
  const auto compete = [&](const char* name, const Run& run) {
    // What is compared is written in call 0, something else later.
    const Tensor y = bench::unwritten({results}), later = bench::unwritten({results});
    const Tensor whole = zeros({results}, DType::int32, Device::gpu),
                 whole_later = zeros({results}, DType::int32, Device::gpu);
    bench::Contender contender{
        .name = name,
        .run =
            [=](int call) {
              run((*sets)[static_cast<std::size_t>(call) % sets->size()].data<float>(),
                  (call == 0 ? y : later).data<float>(),
                  (call == 0 ? whole : whole_later).data<std::int32_t>());
            },
        .results = {of_integers ? whole : y},
        .tolerance = of_integers ? 0 : 1e-4};
    // Of numbers around 0 the sum may be next to nothing: its deviation is the measure.
    if (op == Op::sum)
      contender.error = [=, scale = std::sqrt(static_cast<double>(size))] {
        return std::abs(static_cast<double>(y.to_vector<float>()[0]) - expected.item()) / scale;
      };
    if (op == Op::sum) contender.results = {};
    problem.contenders.push_back(contender);
  };
  compete("ours", ours(op, m));
  if (op != Op::histogram) compete("cudnn", vendor(op, m));
  return problem;
}

}  // namespace

int main(int argc, char** argv) {
  const auto add = [](const char* family, Op op, const Matrix& m) {
    bench::add(std::string(family) + "/fp32/" +
                   (m.rows == 1 ? std::string() : std::to_string(m.rows) + "x") +
                   std::to_string(m.cols),
               op == Op::histogram ? std::vector<std::string>{"ours"}
                                   : std::vector<std::string>{"ours", "cudnn"},
               [=] { return make(op, m); });
  };
  for (const Matrix& m : kColumns) add("column_sums", Op::column_sums, m);
  for (const Matrix& m : kRows) add("row_sums", Op::row_sums, m);
  for (const Matrix& m : kRows) add("argmax", Op::argmax, m);
  for (const Matrix& m : kAll) add("sum", Op::sum, m);
  for (const Matrix& m : kAll) add("l2_norm", Op::l2_norm, m);
  for (const Matrix& m : kAll) add("histogram", Op::histogram, m);
  return bench::run(argc, argv);
}
