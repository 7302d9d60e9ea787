#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weft {

/// Where a tensor lives and where its ops run. `gpu` is the device of this build: an NVIDIA GPU
/// through CUDA, or the SIMT executor, which runs the same kernels on the CPU.
enum class Device : std::uint8_t { cpu, gpu };

/// What the device of this build is. For the executor these are the limits of the modelled GPU.
struct DeviceProperties {
  std::string name;                        // "NVIDIA H100 80GB HBM3", "SIMT executor, 2 threads"
  int compute_capability = 0;              // 90 for 9.0
  int multiprocessors = 0;                 // executor: OS threads
  std::size_t memory_bytes = 0;            // of the whole device
  std::size_t shared_bytes_per_block = 0;  // after opting in
  bool is_executor = false;
  std::string driver;  // "CUDA 13.0 driver, 13.0 run-time", "none" for the executor
};

/// Whether Device::gpu can be used in this process. Never throws; the first call asks the driver.
bool gpu_available();

/// One sentence on why Device::gpu cannot be used; empty where it can.
const std::string& gpu_unavailable_reason();

/// Properties of Device::gpu. Throws DeviceError where it is not available.
const DeviceProperties& gpu_properties();

/// One line for people: "cpu: 2 threads", "gpu: NVIDIA H100 80GB HBM3", "gpu: SIMT executor, 2 threads".
std::string describe(Device device);

/// "cpu" or "gpu".
const char* name_of(Device device);

/// Waits for all work on the device. Nothing to wait for on the CPU.
void synchronize(Device device = Device::gpu);

}  // namespace weft
