#pragma once

#include <cstdlib>
#include <filesystem>

namespace weft::test {

/// The project's data sets. A bundle for another machine has them elsewhere (scripts/gpu_check).
inline std::filesystem::path data_folder() {
  const char* const elsewhere = std::getenv("WEFT_DATA_DIR");
  return elsewhere != nullptr ? elsewhere : WEFT_DATA_DIR;
}

}  // namespace weft::test
