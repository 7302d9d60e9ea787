// The CPU twins of the softmax family share a long row among the threads: the bits must not show how many.

#include <gtest/gtest.h>
#include <omp.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/cpu/log_softmax.h"
#include "src/cpu/loss.h"
#include "src/cpu/row_softmax.h"
#include "src/cpu/softmax.h"
#include "tests/support/compare.h"
#include "tests/support/shapes.h"

namespace weft {
namespace {

/// The number of OpenMP's threads, until the end of the scope.
class Threads {
 public:
  explicit Threads(int count) { omp_set_num_threads(count); }
  ~Threads() { omp_set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_ = omp_get_max_threads();
};

template <class T>
std::vector<T> run_all(const std::vector<T>& x, const std::vector<T>& dy, std::int64_t rows,
                       std::int64_t cols) {
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), 7);
  std::vector<T> all, out(x.size()), losses(labels.size()), mean(1);
  const auto keep = [&](const std::vector<T>& values) {
    all.insert(all.end(), values.begin(), values.end());
  };
  cpu::softmax(x.data(), out.data(), rows, cols);
  keep(out);
  cpu::softmax_backward(std::vector<T>(out).data(), dy.data(), out.data(), true, rows, cols);
  keep(out);
  cpu::log_softmax(x.data(), out.data(), rows, cols);
  keep(out);
  cpu::log_softmax_backward(std::vector<T>(out).data(), dy.data(), out.data(), true, rows, cols);
  keep(out);
  cpu::cross_entropy(x.data(), labels.data(), losses.data(), mean.data(), out.data(), rows, cols);
  keep(out), keep(losses), keep(mean);
  return all;
}

template <class T>
void expect_same_bits_for_any_threads() {
  test::Rng rng(1);
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{1, cpu::kLongRow - 1},
                                   {1, cpu::kLongRow},
                                   {2, cpu::kLongRow + cpu::kPiece / 2 + 3},
                                   {3, cpu::kLongRow / 2}}) {
    const auto x = rng.normal<T>(rows * cols), dy = rng.normal<T>(rows * cols);
    const auto run = [&](int threads) {
      const Threads scope(threads);
      return run_all(x, dy, rows, cols);
    };
    const auto one = run(1);
    for (const int threads : {2, 3, 8})
      test::expect_same_bits(run(threads), one,
                             std::to_string(rows) + "x" + std::to_string(cols) + ", " +
                                 std::to_string(threads) + " threads");
  }
}

TEST(LongRows, HaveTheSameBitsForAnyNumberOfThreads) {
  expect_same_bits_for_any_threads<float>();
  expect_same_bits_for_any_threads<double>();
}

}  // namespace
}  // namespace weft
