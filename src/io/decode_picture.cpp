#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "src/io/file.h"
#include "src/io/picture.h"

// The decoder, compiled into this file alone: from memory, for two formats, with a bound on what it may
// allocate (a compressed picture can be made to unpack without end).

namespace weft::io {
namespace {

thread_local std::size_t largest_allocation = 0;

void* bounded_realloc(void* old, std::size_t bytes) {
  return bytes > largest_allocation ? nullptr : std::realloc(old, bytes);
}

}  // namespace
}  // namespace weft::io

#define STBI_MALLOC(bytes) weft::io::bounded_realloc(nullptr, bytes)
#define STBI_REALLOC(old, bytes) weft::io::bounded_realloc(old, bytes)
#define STBI_FREE(old) std::free(old)
#define STBI_MAX_DIMENSIONS weft::io::kLongestSide
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

namespace weft::io {

Tensor decode_picture(const std::filesystem::path& path, std::span<const std::uint8_t> file,
                      PictureSize size) {
  // Blocks of up to 32 x 32 pixels stand over the border; 8 bytes a pixel with 4 channels of 16 bits,
  // and twice that where a buffer grows.
  largest_allocation =
      static_cast<std::size_t>(size.rows + 64) * static_cast<std::size_t>(size.columns + 64) * 16 +
      (1 << 20);
  const auto refuse = [&] {
    const char* const reason = stbi_failure_reason();
    fail(path, std::string("expected a picture that can be decoded, found one that cannot: ") +
                   (reason == nullptr ? "no reason is known" : reason));
  };
  const int bytes = static_cast<int>(file.size());
  int columns = 0, rows = 0, channels = 0;
  if (stbi_info_from_memory(file.data(), bytes, &columns, &rows, &channels) == 0) refuse();
  if (columns != size.columns || rows != size.rows)
    fail(path, "expected one size in all headers, found " + std::to_string(size.columns) + " x " +
                   std::to_string(size.rows) + " and " + std::to_string(columns) + " x " +
                   std::to_string(rows));
  const std::unique_ptr<stbi_uc, decltype(&std::free)> pixels(
      stbi_load_from_memory(file.data(), bytes, &columns, &rows, &channels, 0), &std::free);
  if (pixels == nullptr) refuse();
  const auto count = static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows) *
                     static_cast<std::size_t>(channels);
  return from_values(std::span<const std::uint8_t>(pixels.get(), count), {rows, columns, channels});
}

}  // namespace weft::io
