#include "weft/build_info.h"

#include <dlfcn.h>

// From CMakeLists.txt.
#ifndef WEFT_BUILD_DEVICE
#error "WEFT_BUILD_DEVICE, _COMPILER, _CHECKS and _TOOLKIT are definitions of this file"
#endif

namespace weft {
namespace {

template <class Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// Asked of the library that was loaded, which need not be the one of the build; OpenBLAS can say more.
std::string blas() {
  const auto gemm = find<void()>("cblas_sgemm");
  Dl_info place;
  if (gemm == nullptr) return "linked into the program";
  std::string text = dladdr(reinterpret_cast<const void*>(gemm), &place) != 0 ? place.dli_fname
                                                                              : "an unknown file";
  if (const auto config = find<char*()>("openblas_get_config")) {
    text += ", " + std::string(config());
    while (text.ends_with(' ')) text.pop_back();
  }
  if (const auto core = find<char*()>("openblas_get_corename"))
    text += ", kernels for " + std::string(core());
  if (const auto threads = find<int()>("openblas_get_num_threads"))
    text += ", threads: " + std::to_string(threads());
  return text;
}

}  // namespace

BuildInfo build_info() {
  return {WEFT_BUILD_DEVICE, WEFT_BUILD_COMPILER, WEFT_BUILD_CHECKS, WEFT_BUILD_TOOLKIT, blas()};
}

}  // namespace weft
