#pragma once

// Memory for kernel tests that shows what a kernel should not have touched: it starts as NaN, and guard
// bytes on both sides must keep their pattern. Under AddressSanitizer the guards of host memory are
// poisoned, so that a read beyond the end is found too.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weft/device.h"

namespace weft::test {

/// The untyped part of Guarded. Device memory comes straight from src/device/runtime.h.
class GuardedBytes {
 public:
  static constexpr std::size_t kGuardBytes =
      256;  // and the alignment of the data, before `misalign`

  GuardedBytes(std::size_t bytes, Device device, std::size_t misalign);
  ~GuardedBytes();
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  std::byte* data() const { return memory_ + before_; }
  void upload(const void* from, std::size_t bytes);  // waits
  void download(void* to) const;                     // waits
  std::size_t damaged_guard_bytes() const;           // waits

 private:
  std::byte guard_byte(std::size_t position) const;
  void poison_guards(bool on) const;
  void copy_in(std::size_t offset, const void* from, std::size_t bytes) const;
  void copy_out(void* to, std::size_t offset, std::size_t bytes) const;

  Device device_;
  std::size_t bytes_, before_, total_;
  std::uint32_t guard_word_;
  std::byte* memory_;
};

void fail_guards(std::size_t damaged);
void check_at_the_end(const GuardedBytes& bytes) noexcept;  // for destructors: a lost GPU fails too

/// `count` elements on `device`, NaN (0xFF in every byte) until something is written. `misalign` moves
/// the data by so many elements from its 256-byte alignment. The destructor checks the guards.
template <class T>
class Guarded {
 public:
  explicit Guarded(std::int64_t count, Device device = Device::gpu, std::int64_t misalign = 0)
      : count_(static_cast<std::size_t>(count)),
        bytes_(count_ * sizeof(T), device, static_cast<std::size_t>(misalign) * sizeof(T)) {}
  explicit Guarded(const std::vector<T>& values, Device device = Device::gpu,
                   std::int64_t misalign = 0)
      : Guarded(static_cast<std::int64_t>(values.size()), device, misalign) {
    upload(values);
  }
  ~Guarded() { check_at_the_end(bytes_); }

  T* data() const { return reinterpret_cast<T*>(bytes_.data()); }
  std::int64_t size() const { return static_cast<std::int64_t>(count_); }
  void upload(std::span<const T> values) { bytes_.upload(values.data(), values.size_bytes()); }
  std::vector<T> download() const {
    std::vector<T> values(count_);
    bytes_.download(values.data());
    return values;
  }

  /// Fails the test where a byte outside the data has changed.
  void check_guards() const { fail_guards(bytes_.damaged_guard_bytes()); }
  std::size_t damaged_guard_bytes() const { return bytes_.damaged_guard_bytes(); }

 private:
  std::size_t count_;
  GuardedBytes bytes_;
};

}  // namespace weft::test
