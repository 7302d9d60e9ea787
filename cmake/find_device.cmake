# Decides what Device::gpu is. Results: weft_device (cuda or executor), weft_device_reason (for the
# summary), weft_gpu (the GPU's name and compute capability, empty without one).

if(NOT WEFT_DEVICE MATCHES "^(auto|cuda|executor)$")
  message(FATAL_ERROR "WEFT_DEVICE: expected auto, cuda or executor, got \"${WEFT_DEVICE}\"")
endif()

find_program(WEFT_NVCC nvcc HINTS $ENV{CUDACXX} ENV CUDA_HOME ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES bin)
find_program(WEFT_NVIDIA_SMI nvidia-smi)
mark_as_advanced(WEFT_NVCC WEFT_NVIDIA_SMI)

set(weft_gpu "")
if(WEFT_NVIDIA_SMI)
  execute_process(COMMAND ${WEFT_NVIDIA_SMI} --query-gpu=name,compute_cap --format=csv,noheader
    RESULT_VARIABLE smi_result OUTPUT_VARIABLE smi_output ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(smi_result EQUAL 0 AND smi_output MATCHES "^([^\n]*, *([0-9]+)\\.([0-9]+))")
    set(weft_gpu "${CMAKE_MATCH_1}")
    set(weft_gpu_architecture "${CMAKE_MATCH_2}${CMAKE_MATCH_3}-real")
  endif()
endif()

if(WEFT_DEVICE STREQUAL executor)
  set(weft_device executor)
  set(weft_device_reason "asked for")
elseif(WEFT_DEVICE STREQUAL cuda)
  if(NOT WEFT_NVCC)
    message(FATAL_ERROR "WEFT_DEVICE=cuda needs nvcc (CUDA Toolkit 12.5 or newer), and there is none in "
      "PATH, CUDACXX, CUDA_HOME or /usr/local/cuda. WEFT_DEVICE=executor builds without it.")
  endif()
  set(weft_device cuda)
  set(weft_device_reason "asked for")
elseif(WEFT_NVCC AND weft_gpu)
  set(weft_device cuda)
  set(weft_device_reason "nvcc and a GPU were found")
else()
  set(weft_device executor)
  set(weft_device_reason "no NVIDIA GPU was found")
  if(weft_gpu)
    set(weft_device_reason "there is a GPU, but no nvcc")
  endif()
endif()

if(WEFT_SANITIZE AND WEFT_RACE)
  message(FATAL_ERROR "WEFT_SANITIZE and WEFT_RACE are two builds; ask for one.")
endif()
if(weft_device STREQUAL executor)
  return()
endif()
if(WEFT_SANITIZE OR WEFT_RACE)
  message(FATAL_ERROR "WEFT_SANITIZE and WEFT_RACE are for executor builds; this one is WEFT_DEVICE=cuda.")
endif()

# An H100 is built as 90a, never "native": that means sm_90, which has no Hopper instructions.
if(WEFT_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES ${WEFT_CUDA_ARCHITECTURES})
elseif(weft_gpu)
  string(REPLACE "90-real" "90a-real" CMAKE_CUDA_ARCHITECTURES "${weft_gpu_architecture}")
else()
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90a-real 90-virtual)
endif()
if("native" IN_LIST CMAKE_CUDA_ARCHITECTURES)
  message(FATAL_ERROR "WEFT_CUDA_ARCHITECTURES: native leaves the Hopper kernels out; name them, e.g. 90a-real.")
endif()

set(CMAKE_CUDA_COMPILER ${WEFT_NVCC})
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.5)
  message(FATAL_ERROR "${WEFT_NVCC} is CUDA ${CMAKE_CUDA_COMPILER_VERSION}; 12.5 or newer is needed.")
endif()
if(NOT CMAKE_CUDA_RUNTIME_LIBRARY)  # Shared is for several shared libraries with kernels: they need one run-time
  set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
endif()

# CMake 3.25 does not know C++20 for newer nvcc: it refuses the standard, or drops it without a word.
set(CMAKE_CUDA_STANDARD 20)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA_STANDARD_REQUIRED OFF)
  target_compile_options(weft_flags INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
endif()
target_compile_options(weft_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr -Werror=all-warnings>)
