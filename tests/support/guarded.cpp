#include "tests/support/guarded.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "src/device/runtime.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace weft::test {
namespace {

/// A signalling NaN as float, in every word of a guard: copied it keeps its bits, but arithmetic that
/// stores its own NaN back there makes it quiet. The low byte tells buffers apart, so that copying one
/// guard onto another shows too.
std::uint32_t next_guard_word() {
  static std::atomic<std::uint32_t> serial = 0;
  return 0xFFB0B000u | (serial++ % 255 + 1);
}

std::size_t padded(std::size_t bytes) {
  return (bytes + GuardedBytes::kGuardBytes - 1) / GuardedBytes::kGuardBytes *
         GuardedBytes::kGuardBytes;
}

}  // namespace

GuardedBytes::GuardedBytes(std::size_t bytes, Device device, std::size_t misalign)
    : device_(device),
      bytes_(bytes),
      before_(kGuardBytes + misalign),
      total_(padded(before_ + bytes + kGuardBytes)),
      guard_word_(next_guard_word()),
      memory_(nullptr) {
  if (device == Device::gpu)
    memory_ = static_cast<std::byte*>(runtime::allocate(total_, current_stream()));
  else
    memory_ = static_cast<std::byte*>(std::aligned_alloc(kGuardBytes, total_));
  if (memory_ == nullptr) throw std::bad_alloc();
  std::vector<std::byte> start(total_, std::byte{0xFF});
  for (std::size_t i = 0; i < total_; ++i)
    if (i < before_ || i >= before_ + bytes_) start[i] = guard_byte(i);
  copy_in(0, start.data(), total_);
  poison_guards(true);
}

std::byte GuardedBytes::guard_byte(std::size_t position) const {
  return std::byte{static_cast<unsigned char>(guard_word_ >> (8 * (position % 4)))};
}

GuardedBytes::~GuardedBytes() {
  poison_guards(false);
  if (device_ == Device::gpu)
    runtime::release(memory_, current_stream());
  else
    std::free(memory_);
}

void GuardedBytes::upload(const void* from, std::size_t bytes) {
  if (bytes != bytes_) throw std::invalid_argument("Guarded: upload of another size");
  copy_in(before_, from, bytes);
}

void GuardedBytes::download(void* to) const { copy_out(to, before_, bytes_); }

std::size_t GuardedBytes::damaged_guard_bytes() const {
  poison_guards(false);
  std::vector<std::byte> now(total_);
  copy_out(now.data(), 0, total_);
  poison_guards(true);
  std::size_t damaged = 0;
  for (std::size_t i = 0; i < total_; ++i)
    if ((i < before_ || i >= before_ + bytes_) && now[i] != guard_byte(i)) ++damaged;
  return damaged;
}

void GuardedBytes::poison_guards([[maybe_unused]] bool on) const {
#if defined(__SANITIZE_ADDRESS__)
  if (device_ == Device::gpu && !gpu_properties().is_executor) return;
  if (on) {
    __asan_poison_memory_region(memory_, before_);
    __asan_poison_memory_region(memory_ + before_ + bytes_, total_ - before_ - bytes_);
  } else {
    __asan_unpoison_memory_region(memory_, total_);
  }
#endif
}

void GuardedBytes::copy_in(std::size_t offset, const void* from, std::size_t bytes) const {
  if (bytes == 0) return;
  if (device_ == Device::cpu) {
    std::memcpy(memory_ + offset, from, bytes);
    return;
  }
  runtime::copy(memory_ + offset, from, bytes, runtime::Direction::host_to_device,
                current_stream());
  runtime::synchronize(current_stream());
}

void GuardedBytes::copy_out(void* to, std::size_t offset, std::size_t bytes) const {
  if (bytes == 0) return;
  if (device_ == Device::cpu) {
    std::memcpy(to, memory_ + offset, bytes);
    return;
  }
  runtime::copy(to, memory_ + offset, bytes, runtime::Direction::device_to_host, current_stream());
  runtime::synchronize(current_stream());
}

void fail_guards(std::size_t damaged) {
  EXPECT_EQ(damaged, 0u) << "guard bytes were overwritten: something wrote outside its array";
}

void check_at_the_end(const GuardedBytes& bytes) noexcept {
  try {
    fail_guards(bytes.damaged_guard_bytes());
  } catch (const std::exception& error) {
    ADD_FAILURE() << "the guard bytes cannot be read: " << error.what();
  }
}

}  // namespace weft::test
