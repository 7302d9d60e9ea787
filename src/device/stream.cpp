#include "weft/stream.h"

#include <utility>

#include "src/device/pool.h"
#include "src/device/runtime.h"
#include "weft/error.h"

namespace weft {
namespace {

// Null: the library's own stream. A handle of null is CUDA's legacy stream, which nothing here uses.
thread_local StreamView scoped_stream;

void require_gpu() {
  if (!gpu_available()) throw DeviceError("gpu: not available: " + gpu_unavailable_reason());
}

// Never destroyed: static objects may hold tensors whose memory goes back on it.
StreamView library_stream() {
  static const StreamView stream = [] {
    require_gpu();
    return runtime::create_stream();
  }();
  return stream;
}

}  // namespace

Stream::Stream() {
  require_gpu();
  view_ = runtime::create_stream();
}

// Waits for the stream: the blocks freed on it pass to the library's own stream, which is not ordered
// with it. Tensors made on it may live on.
Stream::~Stream() {
  if (view_ == StreamView()) return;
  try {
    runtime::synchronize(view_);
    pool_of(Device::gpu).forget(view_, library_stream());
  } catch (...) {  // a broken device reports itself at the next call that may throw
  }
  runtime::destroy_stream(view_);
}

Stream::Stream(Stream&& other) noexcept : view_(std::exchange(other.view_, {})) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  std::swap(view_, other.view_);
  return *this;
}

void Stream::synchronize() const { runtime::synchronize(view_); }

StreamView current_stream() {
  return scoped_stream == StreamView() ? library_stream() : scoped_stream;
}

StreamScope::StreamScope(StreamView stream) : previous_(std::exchange(scoped_stream, stream)) {}
StreamScope::~StreamScope() { scoped_stream = previous_; }

}  // namespace weft
