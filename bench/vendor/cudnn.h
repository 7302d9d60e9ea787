#pragma once

// cuDNN through its calls of version 9: what each op needs is made once, run() queues it on the current
// stream. Images are NHWC and weights KRSC, as Weft's, unless a layout is named.

#include <cstdint>
#include <memory>

#include "weft/window.h"

namespace bench {

enum class Layout { nhwc, nchw };
enum class ConvolutionPass { forward, backward_data, backward_weight };

/// One pass of a convolution by the fastest algorithm of cuDNN's search, with all the workspace it asks for; in
/// float32 throughout, or on the tensor cores with operands rounded to TF32. Throws VendorError where there is none.
class DnnConvolution {
 public:
  DnnConvolution(ConvolutionPass pass, const weft::WindowGeometry& g, std::int64_t k, bool tf32);
  ~DnnConvolution();
  /// x [n, h, w, c], weight [k, r, s, c], y [n, p, q, k]: two are read and the pass's own is written.
  void run(float* x, float* weight, float* y) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Pooling; a NaN in a window wins, as in Weft.
class DnnPooling {
 public:
  DnnPooling(const weft::WindowGeometry& g, bool max);
  ~DnnPooling();
  void forward(const float* x, float* y) const;
  void backward(const float* x, const float* y, const float* dy, float* dx) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Rows of a matrix.
class DnnSoftmax {
 public:
  DnnSoftmax(std::int64_t rows, std::int64_t cols);
  ~DnnSoftmax();
  void forward(const float* x, float* y) const;
  void backward(const float* y, const float* dy, float* dx) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Batch normalisation of images [n, h, w, c] in training, by the persistent algorithm where the layout has it.
class DnnBatchNorm {
 public:
  DnnBatchNorm(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c, Layout layout);
  ~DnnBatchNorm();
  void forward(const float* x, float* y, const float* weight, const float* bias, float* mean,
               float* rstd, float* running_mean, float* running_variance, float momentum,
               float epsilon) const;
  void backward(const float* x, const float* dy, float* dx, const float* weight, float* dweight,
                float* dbias, const float* mean, const float* rstd, float epsilon) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Flat arrays.
class DnnElementwise {
 public:
  explicit DnnElementwise(std::int64_t size);
  ~DnnElementwise();
  void add(const float* a, const float* b, float* y) const;
  void relu(const float* x, float* y) const;
  void dropout(const float* x, float* y) const;  // p = 0.5, stores its mask

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The sums of a matrix's columns.
class DnnColumnSums {
 public:
  DnnColumnSums(std::int64_t rows, std::int64_t cols);
  ~DnnColumnSums();
  void run(const float* x, float* y) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "cuDNN 9.19.0"
const char* dnn_version();

}  // namespace bench
