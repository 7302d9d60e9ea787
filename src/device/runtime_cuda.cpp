// Device::gpu through the CUDA run-time, and the launch behind weft::launch (weft/simt.h).

#include <cuda_runtime.h>
#include <cxxabi.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>
#include <unordered_map>

#include "src/device/runtime.h"
#include "weft/error.h"
#include "weft/simt.h"

namespace weft {
namespace {

std::string describe_error(cudaError_t error) {
  if (error == cudaErrorNoKernelImageForDevice)
    return "cudaErrorNoKernelImageForDevice: this build has no code for this GPU's compute "
           "capability";
  return std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
}

// What a wait reports happened in a launch before it, and CUDA does not say in which.
constexpr const char* kLateError = " (of an earlier launch; WEFT_SYNC_LAUNCHES=1 names it)";

std::string version(int number) {  // 13000 is 13.0
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

void check(cudaError_t error, std::string_view call, std::string_view detail = {},
           std::source_location where = std::source_location::current()) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // or the next launch would report this one
  throw DeviceError(std::string(call) + std::string(detail) + " (" + where.file_name() + ":" +
                    std::to_string(where.line()) + "): " + describe_error(error));
}

// CUDA's current device is a thread's own, and other code may set it: whoever has work for the device asks first
// for this process's. Where that is current already it costs a look at a variable of the thread.
int enter() {
  const int device = runtime::settle();
  int current = 0;
  check(cudaGetDevice(&current), "cudaGetDevice");
  if (current != device) check(cudaSetDevice(device), "cudaSetDevice");
  return device;
}

int attribute(cudaDeviceAttr name) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, name, runtime::settle()), "cudaDeviceGetAttribute");
  return value;
}

// Freed memory stays with the stream-ordered allocator instead of going back at each synchronisation.
// Devices without that allocator (some virtual GPUs) take the plain one, whose free waits; it is rare,
// since the pool above keeps what is freed.
bool has_stream_ordered_allocator() {
  static const bool has = [] {
    if (attribute(cudaDevAttrMemoryPoolsSupported) == 0) return false;
    cudaMemPool_t pool = nullptr;
    std::uint64_t threshold = UINT64_MAX;
    check(cudaDeviceGetDefaultMemPool(&pool, runtime::settle()), "cudaDeviceGetDefaultMemPool");
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold),
          "cudaMemPoolSetAttribute");
    return true;
  }();
  return has;
}

cudaStream_t handle(StreamView stream) { return static_cast<cudaStream_t>(stream.handle()); }

}  // namespace

namespace runtime {

std::string probe() {
  int count = 0;  // left alone where the driver is missing or too old
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return {};
  cudaGetLastError();
  if (error == cudaErrorInsufficientDriver) {
    int driver = 0;
    const bool has_driver = cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0;
    return (has_driver ? "the NVIDIA driver supports CUDA " + version(driver)
                       : "there is no NVIDIA driver") +
           std::string(", and this build needs CUDA ") + version(CUDART_VERSION);
  }
  if (error == cudaErrorNoDevice || error == cudaSuccess) return "the NVIDIA driver finds no GPU";
  return "cudaGetDeviceCount failed with " + describe_error(error);
}

int device_count() {
  int count = 0;
  check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  return count;
}

int settle(int wanted) {
  static std::atomic<int> settled{-1};
  int device = settled;
  if (device >= 0) return device;
  if (wanted < 0) check(cudaGetDevice(&wanted), "cudaGetDevice");
  return settled.compare_exchange_strong(device, wanted) ? wanted : device;
}

DeviceProperties properties(int device) {
  int driver = 0, run_time = 0;
  cudaDeviceProp from{};
  check(cudaGetDeviceProperties(&from, device), "cudaGetDeviceProperties");
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  check(cudaRuntimeGetVersion(&run_time), "cudaRuntimeGetVersion");
  DeviceProperties to;
  to.name = from.name;
  to.compute_capability = from.major * 10 + from.minor;
  to.multiprocessors = from.multiProcessorCount;
  to.memory_bytes = from.totalGlobalMem;
  to.shared_bytes_per_block = from.sharedMemPerBlockOptin;
  to.driver = "CUDA " + version(driver) + " driver, " + version(run_time) + " run-time";
  return to;
}

void* allocate(std::size_t bytes, StreamView stream) {
  enter();
  void* memory = nullptr;
  if (has_stream_ordered_allocator())
    check(cudaMallocAsync(&memory, bytes, handle(stream)), "cudaMallocAsync",
          " of " + std::to_string(bytes) + " bytes");
  else
    check(cudaMalloc(&memory, bytes), "cudaMalloc", " of " + std::to_string(bytes) + " bytes");
  return memory;
}

// An error here is one that an earlier launch left behind; the next call that may throw reports it.
void release(void* memory, StreamView stream) noexcept {
  try {
    enter();
    if (has_stream_ordered_allocator())
      cudaFreeAsync(memory, handle(stream));
    else
      cudaFree(memory);
  } catch (const DeviceError&) {
  }
}

void copy(void* to, const void* from, std::size_t bytes, Direction direction, StreamView stream) {
  const cudaMemcpyKind kind = direction == Direction::host_to_device   ? cudaMemcpyHostToDevice
                              : direction == Direction::device_to_host ? cudaMemcpyDeviceToHost
                                                                       : cudaMemcpyDeviceToDevice;
  enter();
  check(cudaMemcpyAsync(to, from, bytes, kind, handle(stream)), "cudaMemcpyAsync");
}

void fill_bytes(void* to, int byte, std::size_t bytes, StreamView stream) {
  enter();
  check(cudaMemsetAsync(to, byte, bytes, handle(stream)), "cudaMemsetAsync");
}

StreamView create_stream() {
  enter();
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return StreamView(stream);
}

void destroy_stream(StreamView stream) noexcept { cudaStreamDestroy(handle(stream)); }
void synchronize(StreamView stream) {
  check(cudaStreamSynchronize(handle(stream)), "cudaStreamSynchronize", kLateError);
}
void synchronize_device() {
  enter();
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize", kLateError);
}

}  // namespace runtime

namespace {

// Dynamic shared memory that each kernel may ask for. CUDA allows 48 KiB less the static arrays until
// the kernel opts in, which is done once and for all that the device has.
void raise_shared_limit(const void* kernel, std::size_t bytes) {
  static std::mutex mutex;
  static auto& limits = *new std::unordered_map<const void*, std::size_t>;
  const std::lock_guard lock(mutex);
  auto known = limits.find(kernel);
  if (known == limits.end()) {
    cudaFuncAttributes attributes{};
    check(cudaFuncGetAttributes(&attributes, kernel), "cudaFuncGetAttributes");
    known = limits.emplace(kernel, attributes.maxDynamicSharedSizeBytes).first;
  }
  if (bytes <= known->second) return;
  cudaFuncAttributes attributes{};
  check(cudaFuncGetAttributes(&attributes, kernel), "cudaFuncGetAttributes");
  const int most = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin) -
                   static_cast<int>(attributes.sharedSizeBytes);
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most),
        "cudaFuncSetAttribute");
  known->second = static_cast<std::size_t>(most);
}

std::string describe_launch(const void* kernel, const LaunchShape& shape) {
  const auto extents = [](dim3 x) {
    return "[" + std::to_string(x.x) + ", " + std::to_string(x.y) + ", " + std::to_string(x.z) +
           "]";
  };
  const char* mangled = nullptr;
  if (cudaFuncGetName(&mangled, kernel) != cudaSuccess || mangled == nullptr) mangled = "kernel";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return std::string(name ? name.get() : mangled) + " with grid " + extents(shape.grid) +
         ", block " + extents(shape.block) + ", " + std::to_string(shape.shared_bytes) +
         " dynamic shared bytes";
}

}  // namespace

unsigned max_resident_blocks(const void* kernel, unsigned block_threads, std::size_t shared_bytes) {
  enter();
  if (shared_bytes > 0) raise_shared_limit(kernel, shared_bytes);
  int of_a_multiprocessor = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
            &of_a_multiprocessor, kernel, static_cast<int>(block_threads), shared_bytes),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  return static_cast<unsigned>(of_a_multiprocessor * attribute(cudaDevAttrMultiProcessorCount));
}

void launch_grid(const void* kernel, const LaunchShape& shape, StreamView stream,
                 void** arguments) {
  static const bool waits = [] {
    const char* const value = std::getenv("WEFT_SYNC_LAUNCHES");
    return value != nullptr && std::string_view(value) == "1";
  }();
  enter();
  if (shape.shared_bytes > 0) raise_shared_limit(kernel, shape.shared_bytes);
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = handle(stream);
  cudaLaunchAttribute together{};
  together.id = cudaLaunchAttributeCooperative;
  together.val.cooperative = 1;
  if (shape.cooperative) {
    config.attrs = &together;
    config.numAttrs = 1;
  }
  cudaError_t error = cudaLaunchKernelExC(&config, kernel, arguments);
  const bool was_launched = error == cudaSuccess;
  if (was_launched && waits) error = cudaStreamSynchronize(config.stream);
  if (error == cudaSuccess) return;
  cudaGetLastError();
  std::string room;
  if (error == cudaErrorCooperativeLaunchTooLarge)
    room = ", the GPU has room for " +
           std::to_string(max_resident_blocks(kernel, shape.block.x * shape.block.y * shape.block.z,
                                              shape.shared_bytes)) +
           " blocks at once";
  throw DeviceError(std::string(shape.where.function_name()) + " (" + shape.where.file_name() +
                    ":" + std::to_string(shape.where.line()) +
                    "): " + (was_launched ? "failed in " : "could not launch ") +
                    describe_launch(kernel, shape) + ": " + describe_error(error) + room);
}

}  // namespace weft
