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
  void sigmoid(const float* x, float* y) const;
  void relu_backward(const float* y, const float* dy, float* dx) const;  // dx may be dy
  void dropout(const float* x, float* y) const;                          // p = 0.5, stores its mask

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A reduction of a matrix [rows, cols] to one number for each row or column, or to one.
class DnnReduction {
 public:
  enum class Op { sum, l2_norm, maximum };
  enum class Kept { rows, columns, nothing };
  DnnReduction(Op op, Kept kept, std::int64_t rows, std::int64_t cols);
  ~DnnReduction();
  /// indices: of the maxima, as many as y has elements; not written by the others.
  void run(const float* x, float* y, std::int32_t* indices = nullptr) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// y [n, p/2, q/2, k] = the maxima over 2x2 squares of relu(conv(x, weight) + bias), in float32: by one call each for
/// the convolution (the fastest of the search), bias, ReLU and pooling, or with the first three in cuDNN's fused call.
class DnnConvolutionReluMaxPool {
 public:
  DnnConvolutionReluMaxPool(const weft::WindowGeometry& g, std::int64_t k, bool fused_relu);
  ~DnnConvolutionReluMaxPool();
  void run(float* x, float* weight, const float* bias, float* y) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The gradient of its weights, through the whole map, relu(conv(x, weight) + bias): of the pooling, of ReLU and of the
/// convolution (the fastest of the search), one call each.
class DnnPooledBackwardWeight {
 public:
  DnnPooledBackwardWeight(const weft::WindowGeometry& g, std::int64_t k);
  ~DnnPooledBackwardWeight();
  void run(float* x, const float* map, const float* y, const float* dy, float* dweight) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "cuDNN 9.19.0"
const char* dnn_version();

}  // namespace bench
