# The vendor's libraries, for benchmarks alone: cuBLASLt and cuDNN 9, of the toolkit or of a Python environment's
# nvidia/* folders (-DWEFT_VENDOR_ROOT=.../site-packages/nvidia). Results: weft_vendor_note, and where both are
# there the target weft_vendor.

set(WEFT_VENDOR_ROOT "" CACHE PATH "Folder with cublas/ and cudnn/, each with include/ and lib/, beside the toolkit's own")
find_package(benchmark 1.7 QUIET)
find_library(weft_cublas NAMES cublasLt libcublasLt.so.13 libcublasLt.so.12
  HINTS ${CUDAToolkit_LIBRARY_DIR} ${WEFT_VENDOR_ROOT}/cublas/lib ${WEFT_VENDOR_ROOT}/cu13/lib)
find_library(weft_cudnn NAMES cudnn libcudnn.so.9
  HINTS ${CUDAToolkit_LIBRARY_DIR} ${WEFT_VENDOR_ROOT}/cudnn/lib)
find_path(weft_cudnn_include cudnn.h
  HINTS ${CUDAToolkit_INCLUDE_DIRS} ${WEFT_VENDOR_ROOT}/cudnn/include)
mark_as_advanced(weft_cublas weft_cudnn weft_cudnn_include)

set(weft_missing "")
foreach(part benchmark_FOUND weft_cublas weft_cudnn weft_cudnn_include)
  if(NOT ${part})
    list(APPEND weft_missing ${part})
  endif()
endforeach()
if(weft_missing)
  list(JOIN weft_missing ", " weft_missing)
  set(weft_vendor_note "none beside training_step_bench: not found: ${weft_missing}")
else()
  set(weft_vendor_note "with ${weft_cublas} and ${weft_cudnn}")
  add_library(weft_vendor INTERFACE)
  target_include_directories(weft_vendor SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS} ${weft_cudnn_include})
  target_link_libraries(weft_vendor INTERFACE ${weft_cublas} ${weft_cudnn} CUDA::cudart$<$<STREQUAL:${CMAKE_CUDA_RUNTIME_LIBRARY},Static>:_static> benchmark::benchmark)
endif()
