#include "support/text_file.h"

#include <cstdint>
#include <fstream>
#include <system_error>

#include "weft/error.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kMostBytes = 16 << 20;

}  // namespace

std::optional<std::string> read_text(const fs::path& path) {
  const auto refuse = [&](const std::string& what) {
    throw weft::FileError(path.string() + ": " + what);
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  if (error) refuse("cannot be read: " + error.message());
  if (!fs::is_regular_file(status))
    refuse(std::string("expected a regular file, found ") +
           (fs::is_directory(status) ? "a folder" : "a device or a pipe"));
  const std::uintmax_t size = fs::file_size(path, error);
  if (!error && size > kMostBytes)
    refuse("expected at most " + std::to_string(kMostBytes) + " bytes of text, found " +
           std::to_string(size));
  std::ifstream file(path, std::ios::binary);
  std::string text(error ? 0 : static_cast<std::size_t>(size), '\0');
  if (!file || !file.read(text.data(), static_cast<std::streamsize>(text.size())))
    refuse("cannot be read");
  return text;
}

}  // namespace lessons
