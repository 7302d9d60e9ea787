// What g++ -fsanitize=thread calls at every access of the kernels' code. Its run-time library is not
// linked: these functions take its place, and the executor itself is compiled without the flag. g++ takes
// them as functions that do not throw. Atomics are done here, with the strongest order.

#include "src/executor/race.h"

#include <cstdint>

namespace {

using weft::executor::race::Kind;

inline void note(Kind kind, const volatile void* memory, std::size_t bytes,
                 const void* instruction) {
  if (weft::executor::current_thread == nullptr) return;  // the host's own code
  weft::executor::race::touch(kind, const_cast<const void*>(memory), bytes, {{}, instruction});
}

}  // namespace

// Functions of C with sizes in their names: macros make them, for want of any other way.
#define WEFT_HERE __builtin_extract_return_addr(__builtin_return_address(0))
#define WEFT_ACCESS_HOOKS(n)                                                      \
  void __tsan_read##n(void* p) { note(Kind::read, p, n, WEFT_HERE); }             \
  void __tsan_write##n(void* p) { note(Kind::write, p, n, WEFT_HERE); }           \
  void __tsan_unaligned_read##n(void* p) { note(Kind::read, p, n, WEFT_HERE); }   \
  void __tsan_unaligned_write##n(void* p) { note(Kind::write, p, n, WEFT_HERE); } \
  void __tsan_volatile_read##n(void* p) { note(Kind::read, p, n, WEFT_HERE); }    \
  void __tsan_volatile_write##n(void* p) { note(Kind::write, p, n, WEFT_HERE); }
#define WEFT_FETCH_HOOK(bits, T, name, builtin)                 \
  T __tsan_atomic##bits##_##name(volatile T* p, T value, int) { \
    note(Kind::atomic_update, p, sizeof(T), WEFT_HERE);         \
    return builtin(p, value, __ATOMIC_SEQ_CST);                 \
  }
#define WEFT_EXCHANGE_HOOK(bits, T, name)                                                      \
  bool __tsan_atomic##bits##_compare_exchange_##name(volatile T* p, T* expected, T value, int, \
                                                     int) {                                    \
    note(Kind::atomic_update, p, sizeof(T), WEFT_HERE);                                        \
    return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_SEQ_CST,            \
                                       __ATOMIC_SEQ_CST);                                      \
  }
#define WEFT_ATOMIC_HOOKS(bits, T)                                \
  T __tsan_atomic##bits##_load(const volatile T* p, int) {        \
    note(Kind::atomic_read, p, sizeof(T), WEFT_HERE);             \
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);                  \
  }                                                               \
  void __tsan_atomic##bits##_store(volatile T* p, T value, int) { \
    note(Kind::atomic_update, p, sizeof(T), WEFT_HERE);           \
    __atomic_store_n(p, value, __ATOMIC_SEQ_CST);                 \
  }                                                               \
  WEFT_FETCH_HOOK(bits, T, exchange, __atomic_exchange_n)         \
  WEFT_FETCH_HOOK(bits, T, fetch_add, __atomic_fetch_add)         \
  WEFT_FETCH_HOOK(bits, T, fetch_sub, __atomic_fetch_sub)         \
  WEFT_FETCH_HOOK(bits, T, fetch_and, __atomic_fetch_and)         \
  WEFT_FETCH_HOOK(bits, T, fetch_or, __atomic_fetch_or)           \
  WEFT_FETCH_HOOK(bits, T, fetch_xor, __atomic_fetch_xor)         \
  WEFT_EXCHANGE_HOOK(bits, T, strong)                             \
  WEFT_EXCHANGE_HOOK(bits, T, weak)

#pragma GCC diagnostic ignored "-Wmissing-declarations"
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}
void __tsan_read_range(void* p, std::size_t bytes) { note(Kind::read, p, bytes, WEFT_HERE); }
void __tsan_write_range(void* p, std::size_t bytes) { note(Kind::write, p, bytes, WEFT_HERE); }

WEFT_ACCESS_HOOKS(1)
WEFT_ACCESS_HOOKS(2)
WEFT_ACCESS_HOOKS(4)
WEFT_ACCESS_HOOKS(8)
WEFT_ACCESS_HOOKS(16)

WEFT_ATOMIC_HOOKS(8, std::uint8_t)
WEFT_ATOMIC_HOOKS(16, std::uint16_t)
WEFT_ATOMIC_HOOKS(32, std::uint32_t)
WEFT_ATOMIC_HOOKS(64, std::uint64_t)

}  // extern "C"
