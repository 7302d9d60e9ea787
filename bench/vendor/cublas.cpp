#include "bench/vendor/cublas.h"

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <limits>
#include <string>

#include "bench/support/inputs.h"
#include "bench/vendor/check.h"
#include "bench/vendor/timed_graph.h"
#include "weft/stream.h"
#include "weft/tensor.h"

namespace bench {

namespace {

constexpr std::size_t kWorkspace = 32u << 20;  // what cuBLAS itself takes on Hopper
constexpr int kAlgorithms = 8;

void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS) fail(call, cublasLtGetStatusString(status));
}
#define WEFT_CHECK(call) check(call, #call)

cublasLtHandle_t handle() {
  static const cublasLtHandle_t kHandle = [] {
    cublasLtHandle_t made = nullptr;
    WEFT_CHECK(cublasLtCreate(&made));
    return made;
  }();
  return kHandle;
}

// cuBLAS is column-major: a row-major [rows, columns] is its [columns, rows] with that many to a column.
cublasLtMatrixLayout_t layout(cudaDataType_t type, std::int64_t rows, std::int64_t columns) {
  cublasLtMatrixLayout_t made = nullptr;
  WEFT_CHECK(cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(columns),
                                        static_cast<std::uint64_t>(rows), columns));
  return made;
}

}  // namespace

struct BlasProduct::State {
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr;
  cublasLtMatmulAlgo_t algorithm{};
  weft::Tensor workspace;
  int tried = 0;

  ~State() {
    if (product != nullptr) cublasLtMatmulDescDestroy(product);
    for (const cublasLtMatrixLayout_t matrix : {a, b, c})
      if (matrix != nullptr) cublasLtMatrixLayoutDestroy(matrix);
  }

  // In its column-major eyes c' = b' a': the operands change places.
  cublasStatus_t run(const void* left, const void* right, void* out,
                     const cublasLtMatmulAlgo_t& how) const {
    const float one = 1, zero = 0;
    return cublasLtMatmul(handle(), product, &one, right, b, left, a, &zero, out, c, out, c, &how,
                          workspace.data(), kWorkspace,
                          static_cast<cudaStream_t>(weft::current_stream().handle()));
  }
};

BlasProduct::BlasProduct(BlasMode mode, std::int64_t m, std::int64_t n, std::int64_t k,
                         bool transpose_a, bool transpose_b)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  const cudaDataType_t type = mode == BlasMode::bf16 ? CUDA_R_16BF : CUDA_R_32F;
  const cublasComputeType_t compute =
      mode == BlasMode::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  WEFT_CHECK(cublasLtMatmulDescCreate(&s.product, compute, CUDA_R_32F));
  const cublasOperation_t of_b = transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasOperation_t of_a = transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  WEFT_CHECK(
      cublasLtMatmulDescSetAttribute(s.product, CUBLASLT_MATMUL_DESC_TRANSA, &of_b, sizeof of_b));
  WEFT_CHECK(
      cublasLtMatmulDescSetAttribute(s.product, CUBLASLT_MATMUL_DESC_TRANSB, &of_a, sizeof of_a));
  s.a = transpose_a ? layout(type, k, m) : layout(type, m, k);
  s.b = transpose_b ? layout(type, n, k) : layout(type, k, n);
  s.c = layout(type, m, n);
  s.workspace =
      weft::empty({static_cast<std::int64_t>(kWorkspace)}, weft::DType::uint8, weft::Device::gpu);

  cublasLtMatmulPreference_t preference = nullptr;
  WEFT_CHECK(cublasLtMatmulPreferenceCreate(&preference));
  WEFT_CHECK(cublasLtMatmulPreferenceSetAttribute(
      preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &kWorkspace, sizeof kWorkspace));
  cublasLtMatmulHeuristicResult_t found[kAlgorithms];
  int count = 0;
  WEFT_CHECK(cublasLtMatmulAlgoGetHeuristic(handle(), s.product, s.b, s.a, s.c, s.c, preference,
                                            kAlgorithms, found, &count));
  WEFT_CHECK(cublasLtMatmulPreferenceDestroy(preference));

  // Time them on random numbers; an algorithm that the shape turns out not to suit is passed over.
  const auto matrix = [&](std::int64_t elements) {
    return mode == BlasMode::bf16 ? random_bfloat16(elements) : random_floats({elements});
  };
  const weft::Tensor left = matrix(m * k), right = matrix(k * n), out = matrix(m * n);
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < count; ++i) {
    if (s.run(left.data(), right.data(), out.data(), found[i].algo) != CUBLAS_STATUS_SUCCESS)
      continue;
    const auto call = [&](int) {
      WEFT_CHECK(s.run(left.data(), right.data(), out.data(), found[i].algo));
    };
    TimedGraph graph(call, 4);
    double seconds = graph.seconds();
    for (int again = 0; again < 2; ++again) seconds = std::min(seconds, graph.seconds());
    ++s.tried;
    if (seconds < best) {
      best = seconds;
      s.algorithm = found[i].algo;
    }
  }
  if (s.tried == 0) fail("cublasLtMatmulAlgoGetHeuristic", "no algorithm for this shape");
}

BlasProduct::~BlasProduct() = default;
BlasProduct::BlasProduct(BlasProduct&&) noexcept = default;

void BlasProduct::run(const void* a, const void* b, void* c) const {
  WEFT_CHECK(state_->run(a, b, c, state_->algorithm));
}

int BlasProduct::algorithms_tried() const { return state_->tried; }

const char* blas_version() {
  static const std::string kText = [] {
    const std::size_t version = cublasLtGetVersion();
    return "cuBLAS " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) +
           "." + std::to_string(version % 100);
  }();
  return kText.c_str();
}

}  // namespace bench
