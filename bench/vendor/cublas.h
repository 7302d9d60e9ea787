#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace bench {

/// How cuBLASLt multiplies: float32 throughout; float32 rounded to TF32 on the tensor cores; bfloat16 in,
/// float32 sums, bfloat16 out.
enum class BlasMode { fp32, tf32, bf16 };

/// One shape's product by cuBLASLt at its best: of the first eight algorithms that its heuristics name,
/// the one that was fastest when it was made. c = op(a) op(b), row-major: op(a) [m, k], op(b) [k, n].
class BlasProduct {
 public:
  BlasProduct(BlasMode mode, std::int64_t m, std::int64_t n, std::int64_t k, bool transpose_a,
              bool transpose_b);
  ~BlasProduct();
  BlasProduct(BlasProduct&&) noexcept;

  /// Queues the product on the current stream.
  void run(const void* a, const void* b, void* c) const;

  int algorithms_tried() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "cuBLAS 13.0.2"
const char* blas_version();

}  // namespace bench
