#pragma once

#include <cudnn.h>

#include <cstdint>
#include <memory>
#include <type_traits>

#include "bench/vendor/check.h"
#include "bench/vendor/cudnn.h"
#include "weft/stream.h"
#include "weft/tensor.h"

namespace bench::dnn {

inline void check(cudnnStatus_t status, const char* call) {
  if (status != CUDNN_STATUS_SUCCESS) fail(call, cudnnGetErrorString(status));
}
#define WEFT_CHECK(call) ::bench::dnn::check(call, #call)

/// The handle, on the current stream.
inline cudnnHandle_t handle() {
  static const cudnnHandle_t kHandle = [] {
    cudnnHandle_t made = nullptr;
    WEFT_CHECK(cudnnCreate(&made));
    return made;
  }();
  WEFT_CHECK(cudnnSetStream(kHandle, static_cast<cudaStream_t>(weft::current_stream().handle())));
  return kHandle;
}

/// A descriptor that is destroyed with its owner.
template <class Handle>
using Descriptor = std::unique_ptr<std::remove_pointer_t<Handle>, cudnnStatus_t (*)(Handle)>;

template <class Handle>
Descriptor<Handle> make(cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)) {
  Handle made = nullptr;
  WEFT_CHECK(create(&made));
  return {made, destroy};
}

using TensorShape = Descriptor<cudnnTensorDescriptor_t>;

inline TensorShape tensor(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c,
                          Layout layout = Layout::nhwc) {
  TensorShape made = make(cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor);
  WEFT_CHECK(cudnnSetTensor4dDescriptor(
      made.get(), layout == Layout::nhwc ? CUDNN_TENSOR_NHWC : CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT,
      static_cast<int>(n), static_cast<int>(c), static_cast<int>(h), static_cast<int>(w)));
  return made;
}

inline Descriptor<cudnnActivationDescriptor_t> activation(
    cudnnActivationMode_t mode, cudnnNanPropagation_t nan = CUDNN_PROPAGATE_NAN) {
  auto made = make(cudnnCreateActivationDescriptor, cudnnDestroyActivationDescriptor);
  WEFT_CHECK(cudnnSetActivationDescriptor(made.get(), mode, nan, 0.0));
  return made;
}

/// A convolution's weights [k, r, s, c], and its window; FMA_MATH keeps float32, the default may round to TF32.
inline Descriptor<cudnnFilterDescriptor_t> filter(const weft::WindowGeometry& g, std::int64_t k) {
  auto made = make(cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor);
  WEFT_CHECK(cudnnSetFilter4dDescriptor(made.get(), CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC,
                                        static_cast<int>(k), g.c, g.r, g.s));
  return made;
}
inline Descriptor<cudnnConvolutionDescriptor_t> window(const weft::WindowGeometry& g,
                                                       cudnnMathType_t math) {
  auto made = make(cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor);
  WEFT_CHECK(cudnnSetConvolution2dDescriptor(made.get(), g.pad_h, g.pad_w, g.stride_h, g.stride_w,
                                             g.dilation_h, g.dilation_w, CUDNN_CROSS_CORRELATION,
                                             CUDNN_DATA_FLOAT));
  WEFT_CHECK(cudnnSetConvolutionMathType(made.get(), math));
  return made;
}

/// Device memory of a workspace.
inline weft::Tensor bytes(std::size_t count) {
  return weft::empty({static_cast<std::int64_t>(count)}, weft::DType::uint8, weft::Device::gpu);
}

inline constexpr float kOne = 1, kZero = 0;

}  // namespace bench::dnn
