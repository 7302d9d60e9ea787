#pragma once

// What the readers share: a file that is open and known to be a regular one, and the one form of their
// complaints.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace weft::io {

/// Throws FileError: "/path/to/file, byte 4: expected a, found b".
[[noreturn]] void fail(const std::filesystem::path& path, std::uint64_t offset,
                       const std::string& expected, const std::string& found);

/// Throws FileError: "/path/to/file: what".
[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what);

/// "1 byte", "47040016 bytes".
std::string bytes_text(std::uint64_t count);

/// The bytes as two hexadecimal digits each: "00 00 08 03".
std::string hex_text(const std::uint8_t* bytes, std::size_t count);

/// A regular file, open for reading. Throws FileError where it cannot be opened or is anything else
/// (a folder, a pipe, a device).
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }  // absolute
  std::uint64_t size() const { return size_; }
  int descriptor() const { return descriptor_; }

  /// Reads exactly `count` bytes from `offset`; throws FileError where the file has fewer.
  void read(std::uint64_t offset, void* to, std::size_t count) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace weft::io
