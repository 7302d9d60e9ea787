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

/// Device memory of a workspace.
inline weft::Tensor bytes(std::size_t count) {
  return weft::empty({static_cast<std::int64_t>(count)}, weft::DType::uint8, weft::Device::gpu);
}

inline constexpr float kOne = 1, kZero = 0;

}  // namespace bench::dnn
