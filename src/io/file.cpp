#include "src/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "weft/error.h"

namespace weft::io {

namespace {

// A path that is printable whatever the current folder: also where that folder is gone.
std::filesystem::path full_path(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto full = std::filesystem::absolute(path, ignored);
  return full.empty() ? path : full.lexically_normal();
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

void fail(const std::filesystem::path& path, const std::string& what) {
  throw FileError(full_path(path).string() + ": " + what);
}

void fail(const std::filesystem::path& path, std::uint64_t offset, const std::string& expected,
          const std::string& found) {
  throw FileError(full_path(path).string() + ", byte " + std::to_string(offset) + ": expected " +
                  expected + ", found " + found);
}

std::string bytes_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

std::string hex_text(const std::uint8_t* bytes, std::size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ' ';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

InputFile::InputFile(const std::filesystem::path& path) : path_(full_path(path)) {
  // O_NONBLOCK: opening a pipe would otherwise wait for somebody to write to it.
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) fail(path_, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    fail(path_, std::string("expected a regular file, found ") + kind_of(status.st_mode));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::uint64_t offset, void* to, std::size_t count) const {
  constexpr std::size_t kLargestRead = std::size_t{1} << 30;  // Linux reads at most 2 GiB at once
  auto* bytes = static_cast<std::uint8_t*>(to);
  for (std::size_t done = 0; done < count;) {
    const auto got = ::pread(descriptor_, bytes + done, std::min(count - done, kLargestRead),
                             static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0)
      fail(path_, offset + done, bytes_text(count - done) + " more", "the end of the file");
    done += static_cast<std::size_t>(got);
  }
}

}  // namespace weft::io
