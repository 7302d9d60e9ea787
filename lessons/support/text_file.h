#pragma once

// Small files of text that lie beside results and data.

#include <filesystem>
#include <optional>
#include <string>

namespace lessons {

/// The whole file; nothing where there is none. Throws FileError for anything that is no regular file (a pipe would
/// be waited for), that cannot be read, or that is longer than 16 MiB.
std::optional<std::string> read_text(const std::filesystem::path& path);

}  // namespace lessons
