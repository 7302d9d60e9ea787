#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weft {
/// @addtogroup devices
/// @{

/// Where a tensor lives and where its ops run. `gpu` is the device of this build: an NVIDIA GPU
/// through CUDA, or the SIMT executor, which runs the same kernels on the CPU.
enum class Device : std::uint8_t { cpu, gpu };

/// What the device of this build is. For the executor these are the limits of the modelled GPU.
struct DeviceProperties {
  std::string name;                        ///< "NVIDIA H100 80GB HBM3", "SIMT executor, 2 threads"
  int compute_capability = 0;              ///< 90 for 9.0
  int multiprocessors = 0;                 ///< executor: OS threads
  std::size_t memory_bytes = 0;            ///< of the whole device
  std::size_t shared_bytes_per_block = 0;  ///< after opting in
  bool is_executor = false;                ///< the SIMT executor, no GPU
  std::string driver;  ///< "CUDA 13.0 driver, 13.0 run-time", "none" for the executor
};

/// Whether Device::gpu can be used in this process. Never throws; the first call asks the driver.
bool gpu_available();

/// One sentence on why Device::gpu cannot be used; empty where it can.
const std::string& gpu_unavailable_reason();

/// How many GPUs Device::gpu can be: those that CUDA shows, in its order (CUDA_VISIBLE_DEVICES is respected), or 1,
/// the executor; 0 where it cannot be used.
int gpu_count();

/// Makes GPU `index` of 0..gpu_count()-1 the Device::gpu of this process, which uses one alone, in all its threads.
/// For before the first use; without it that is the GPU which is then current in CUDA: 0. Throws DeviceError where
/// there is no such GPU, and where another is in use. Does not synchronise.
void use_gpu(int index);

/// Which one Device::gpu is. This is a use. Throws DeviceError where it is not available.
int gpu_index();

/// Properties of Device::gpu. This is a use. Throws DeviceError where it is not available.
const DeviceProperties& gpu_properties();

/// Properties of any GPU of 0..gpu_count()-1, which is no use of it. Throws DeviceError where there is no such GPU.
DeviceProperties gpu_properties(int index);

/// One line for people: "cpu: 2 threads", "gpu: NVIDIA H100 80GB HBM3", "gpu: SIMT executor, 2 threads"; with the
/// index where there are several, "gpu:1: NVIDIA H100 80GB HBM3". For the gpu this is a use.
std::string describe(Device device);

/// "cpu" or "gpu".
const char* name_of(Device device);

/// Waits for all work on the device. Nothing to wait for on the CPU.
void synchronize(Device device = Device::gpu);

/// @}
}  // namespace weft
