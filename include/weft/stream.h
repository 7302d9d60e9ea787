#pragma once

namespace weft {
/// @addtogroup devices
/// @{

/// A queue of work on Device::gpu that somebody else owns (a cudaStream_t, as an opaque pointer).
/// Work on one stream runs in order. The executor runs every launch at once, on any stream.
class StreamView {
 public:
  constexpr StreamView() = default;
  constexpr explicit StreamView(void* handle) : handle_(handle) {}     ///< of a cudaStream_t
  constexpr void* handle() const { return handle_; }                   ///< to cast back
  friend constexpr bool operator==(StreamView, StreamView) = default;  ///< the same stream

 private:
  void* handle_ = nullptr;
};

/// A stream that this object owns. Throws DeviceError where no device is available.
class Stream {
 public:
  Stream();
  ~Stream();  ///< waits for its work; tensors made on it live on
  /// The stream changes hands; `other` is empty, or has this one's.
  /// @{
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  /// @}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  operator StreamView() const { return view_; }  ///< to use it, not to own it
  void synchronize() const;                      ///< waits for all work queued so far

 private:
  StreamView view_;
};

/// The stream on which this thread's ops run: one stream of the library's own (never CUDA's legacy
/// default stream) unless a StreamScope says otherwise.
StreamView current_stream();

/// Makes `stream` current for this thread until the end of the scope. A tensor belongs to the stream on
/// which it was made: before another stream uses it, or after and before it is freed, synchronise.
class StreamScope {
 public:
  explicit StreamScope(StreamView stream);  ///< current from here on
  ~StreamScope();                           ///< the one before is current again
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  StreamView previous_;
};

/// @}
}  // namespace weft
