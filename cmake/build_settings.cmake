# How everything is compiled: the build type, where the outputs go, a compiler cache, the warnings.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

find_program(WEFT_CCACHE ccache)
mark_as_advanced(WEFT_CCACHE)
if(WEFT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${WEFT_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${WEFT_CCACHE})
endif()

# Kernels read one type through another (uint4 over bfloat16), as CUDA allows. Nothing reads the floating-point
# exception flags or errno, which would keep comparisons and square roots out of vector loops; results are the same.
add_library(weft_flags INTERFACE)
target_compile_options(weft_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wconversion -Wshadow -Werror -fno-strict-aliasing -fno-trapping-math -fno-math-errno -g${WEFT_DEBUG_INFO}>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bug 105651: it warns of overlapping copies in std::string's own concatenation.
  target_compile_options(weft_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()

# What kernels alone are compiled with. In a race build they report every access to the executor (src/executor/race.h) through the functions that g++ has
# for its thread sanitizer, whose own library is not linked. Loops stay loops, since memset reports nothing.
set(weft_kernel_options "")
if(WEFT_RACE)
  set(weft_kernel_options -fsanitize=thread -Wno-tsan -fno-tree-loop-distribute-patterns)
  target_compile_definitions(weft_flags INTERFACE WEFT_RACE)
elseif(WEFT_COVERAGE)  # blocks run on several OS threads
  set(weft_kernel_options --coverage -fprofile-update=atomic -O1)
  target_link_options(weft_flags INTERFACE --coverage)
endif()

if(WEFT_SANITIZE)  # whose checks make GCC warn of variables that are initialised
  target_compile_options(weft_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
      -Wno-maybe-uninitialized>)
  target_link_options(weft_flags INTERFACE -fsanitize=${WEFT_SANITIZE})
endif()
