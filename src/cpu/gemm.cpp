// GEMM through CBLAS. A BLAS that shares one product among its threads rounds differently with each
// number of threads, so c is cut into parts by its shape alone, each part is one call on one thread,
// and OpenMP runs the parts side by side.

#include "src/cpu/gemm.h"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <limits>

#include "src/cpu/activation.h"
#include "weft/error.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kPartWork = 1 << 20;  // multiplications that are worth a fork
constexpr std::int64_t kFewParts = 8;        // from here on parts stay at least this long:
constexpr std::int64_t kPartLength = 256;    // BLAS is slower on short ones

void blas_gemm(CBLAS_TRANSPOSE op_a, CBLAS_TRANSPOSE op_b, int m, int n, int k, float alpha,
               const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void blas_gemm(CBLAS_TRANSPOSE op_a, CBLAS_TRANSPOSE op_b, int m, int n, int k, double alpha,
               const double* a, int lda, const double* b, int ldb, double beta, double* c,
               int ldc) {
  cblas_dgemm(CblasRowMajor, op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// Keeps an OpenMP BLAS on the calling thread.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int threads_ = omp_get_max_threads();
};

int parts_of(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::int64_t length = std::max(m, n);
  std::int64_t parts = 1;
  while (m * n * k / parts > kPartWork && length / parts >= 2 &&
         (parts < kFewParts || length / parts >= 2 * kPartLength))
    parts *= 2;
  return static_cast<int>(parts);
}

/// Adds the bias and applies the activation to rows x columns of a matrix with row length `stride`.
template <class T>
void finish(const T* bias, Activation activation, T slope, T* c, int rows, int columns,
            int stride) {
  if (bias != nullptr)
    for (std::int64_t i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) c[i * stride + j] += bias[j];
  if (activation == Activation::none) return;
  if (columns == stride)
    return cpu::activation(c, c, std::int64_t{rows} * columns, activation, slope);
  for (std::int64_t i = 0; i < rows; ++i)
    cpu::activation(c + i * stride, c + i * stride, columns, activation, slope);
}

}  // namespace

template <class T>
void gemm(const T* a, const T* b, const T* bias, T* c, std::int64_t m64, std::int64_t n64,
          std::int64_t k64, bool transpose_a, bool transpose_b, T alpha, T beta,
          Activation activation, T slope) {
  if (std::max({m64, n64, k64}) > std::numeric_limits<int>::max() / 2)
    throw ShapeError("gemm: expected m, n and k below 2^30");
  const int m = static_cast<int>(m64), n = static_cast<int>(n64), k = static_cast<int>(k64);
  if (m == 0 || n == 0) return;
  if (k == 0 || alpha == T(0)) {  // nothing to multiply, and a BLAS may refuse a row length of 0
    std::transform(c, c + m64 * n64, c, [&](T x) { return beta == T(0) ? T(0) : beta * x; });
    return finish(bias, activation, slope, c, m, n, n);
  }

  const int lda = transpose_a ? m : k, ldb = transpose_b ? k : n;
  const int parts = parts_of(m, n, k);
  const auto multiply = [&](int part) {
    const auto bound = [&](std::int64_t length, int p) {
      return static_cast<int>(length * p / parts);
    };
    const bool by_rows = m >= n;
    const int row = by_rows ? bound(m, part) : 0, rows = by_rows ? bound(m, part + 1) - row : m;
    const int column = by_rows ? 0 : bound(n, part);
    const int columns = by_rows ? n : bound(n, part + 1) - column;
    T* const out = c + static_cast<std::int64_t>(row) * n + column;
    {
      const OneThread one_thread;
      blas_gemm(transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
                rows, columns, k, alpha,
                a + static_cast<std::int64_t>(row) * (transpose_a ? 1 : lda), lda,
                b + static_cast<std::int64_t>(column) * (transpose_b ? ldb : 1), ldb, beta, out, n);
    }
    finish(bias == nullptr ? bias : bias + column, activation, slope, out, rows, columns, n);
  };
  if (parts == 1 ||
      omp_in_parallel()) {  // a region of one thread would cost more than a small part
    for (int part = 0; part < parts; ++part) multiply(part);
    return;
  }
#pragma omp parallel for schedule(static)
  for (int part = 0; part < parts; ++part) multiply(part);
}

template void gemm(const float*, const float*, const float*, float*, std::int64_t, std::int64_t,
                   std::int64_t, bool, bool, float, float, Activation, float);
template void gemm(const double*, const double*, const double*, double*, std::int64_t, std::int64_t,
                   std::int64_t, bool, bool, double, double, Activation, double);

}  // namespace weft::cpu
