#pragma once

// What the library asks of a device: everything above src/device is written against these functions.
// runtime_cuda.cpp answers with the CUDA run-time, runtime_executor.cpp with the SIMT executor; the
// build links exactly one of them. (launch_grid and max_resident_blocks in weft/simt.h are two more.)

#include <cstddef>
#include <string>

#include "weft/device.h"
#include "weft/stream.h"

namespace weft::runtime {

/// Asks for the device once. Empty: there is one. Otherwise one sentence that says why not.
std::string probe();

/// The number of devices, where there is one, and what each of them is.
int device_count();
DeviceProperties properties(int device);

/// The device that every function below works on, in any thread: the `wanted` one (-1: the current one) where none has
/// been settled on before, else that.
int settle(int wanted = -1);

/// Memory straight from the device, for the pool (src/device/pool.h). Throws DeviceError with the
/// bytes asked for where there is none left. `release` is ordered on the stream, never waits.
void* allocate(std::size_t bytes, StreamView stream);
void release(void* memory, StreamView stream) noexcept;

enum class Direction { host_to_device, device_to_host, device_to_device };
void copy(void* to, const void* from, std::size_t bytes, Direction direction, StreamView stream);
void fill_bytes(void* to, int byte, std::size_t bytes, StreamView stream);

StreamView create_stream();
void destroy_stream(StreamView stream) noexcept;
void synchronize(StreamView stream);
void synchronize_device();

}  // namespace weft::runtime
