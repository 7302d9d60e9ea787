#include "weft/device.h"

#include <omp.h>

#include "src/device/runtime.h"
#include "weft/error.h"

namespace weft {

// Kept for good: destructors of static objects may still ask.
const std::string& gpu_unavailable_reason() {
  static const std::string& reason = *new std::string(runtime::probe());
  return reason;
}

bool gpu_available() { return gpu_unavailable_reason().empty(); }

const DeviceProperties& gpu_properties() {
  if (!gpu_available()) throw DeviceError("gpu: not available: " + gpu_unavailable_reason());
  static const DeviceProperties& properties = *new DeviceProperties(runtime::properties());
  return properties;
}

std::string describe(Device device) {
  if (device == Device::gpu)
    return "gpu: " + (gpu_available() ? gpu_properties().name
                                      : "not available (" + gpu_unavailable_reason() + ")");
  const int threads = omp_get_max_threads();
  return "cpu: " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

const char* name_of(Device device) { return device == Device::cpu ? "cpu" : "gpu"; }

void synchronize(Device device) {
  if (device == Device::gpu && gpu_available()) runtime::synchronize_device();
}

}  // namespace weft
