#pragma once

// Pictures in files, in two steps: the structure of the file, which says what it promises to hold and
// whether it is whole, and then the decoder, which is not made for hostile files.

#include <cstdint>
#include <filesystem>
#include <span>

#include "weft/tensor.h"

namespace weft::io {

constexpr std::int64_t kLongestSide = 16'384;
constexpr std::int64_t kMostPixels = 64 << 20;

struct PictureSize {
  std::int64_t rows = 0, columns = 0;
};

/// The size in the header of a PNG or JPEG file, of which every part is there: the chunks of a PNG with
/// their checksums, the segments of a JPEG up to its end. Throws FileError for anything else, and for a
/// picture that is too large. Allocates nothing.
PictureSize check_picture(const std::filesystem::path& path, std::span<const std::uint8_t> file);

/// The pixels of a file that check_picture has found to be whole: uint8 [rows, columns, 1 to 4], where
/// channel 2 or 4 is alpha. Throws FileError.
Tensor decode_picture(const std::filesystem::path& path, std::span<const std::uint8_t> file,
                      PictureSize size);

}  // namespace weft::io
