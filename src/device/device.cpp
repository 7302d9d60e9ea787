#include "weft/device.h"

#include <omp.h>

#include "src/device/runtime.h"
#include "weft/error.h"

namespace weft {
namespace {

std::string numbered(int index) { return "gpu:" + std::to_string(index); }

void require_gpu(int index) {
  if (!gpu_available()) throw DeviceError("gpu: not available: " + gpu_unavailable_reason());
  const int count = gpu_count();
  if (index < 0 || index >= count)
    throw DeviceError("gpu: expected one that is there, gpu:0" +
                      (count > 1 ? " to " + numbered(count - 1) : "") + ", found " +
                      numbered(index));
}

}  // namespace

// Kept for good: destructors of static objects may still ask.
const std::string& gpu_unavailable_reason() {
  static const std::string& reason = *new std::string(runtime::probe());
  return reason;
}

bool gpu_available() { return gpu_unavailable_reason().empty(); }

int gpu_count() {
  static const int count = gpu_available() ? runtime::device_count() : 0;
  return count;
}

void use_gpu(int index) {
  require_gpu(index);
  const int in_use = runtime::settle(index);
  if (in_use != index)
    throw DeviceError("gpu: expected to use one GPU in a process, found " + numbered(in_use) +
                      " in use and " + numbered(index) + " asked for");
}

int gpu_index() {
  require_gpu(0);
  return runtime::settle();
}

const DeviceProperties& gpu_properties() {
  static const DeviceProperties& properties = *new DeviceProperties(gpu_properties(gpu_index()));
  return properties;
}

DeviceProperties gpu_properties(int index) {
  require_gpu(index);
  return runtime::properties(index);
}

std::string describe(Device device) {
  if (device == Device::gpu && !gpu_available())
    return "gpu: not available (" + gpu_unavailable_reason() + ")";
  if (device == Device::gpu)
    return (gpu_count() > 1 ? numbered(gpu_index()) : "gpu") + ": " + gpu_properties().name;
  const int threads = omp_get_max_threads();
  return "cpu: " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

const char* name_of(Device device) { return device == Device::cpu ? "cpu" : "gpu"; }

void synchronize(Device device) {
  if (device == Device::gpu && gpu_available()) runtime::synchronize_device();
}

}  // namespace weft
