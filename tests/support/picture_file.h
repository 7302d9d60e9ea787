#pragma once

// Picture files as tests need them: sound ones of every kind, and damaged ones with sound checksums.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::test {

/// The colour types of PNG.
enum class PngColour { grey = 0, rgb = 2, palette = 3, grey_alpha = 4, rgba = 6 };

/// A chunk with its length and checksum.
std::string png_chunk(const std::string& type, const std::string& data);

/// A whole PNG file. `rows` are the packed bytes of each row; `before_data` is chunks such as a palette.
std::string png(int columns, PngColour colour, int bits, const std::vector<std::string>& rows,
                const std::string& before_data = "");

/// The first chunk alone, with its signature: what a file promises to be.
std::string png_header(std::uint32_t columns, std::uint32_t rows, PngColour colour, int bits,
                       bool interlaced = false);

/// Compressed pixels and the end, behind a header. `scanlines` have their filter bytes.
std::string png_data(const std::string& scanlines);

/// The same file with the checksum of every chunk made right.
std::string with_sound_checksums(std::string png);

/// 8-bit pictures, row by row, with 1 (grey) or 3 channels.
std::string png_of(const std::uint8_t* pixels, int rows, int columns, int channels);
std::string jpeg_of(const std::uint8_t* pixels, int rows, int columns, int channels, int quality);

/// The bytes that hexadecimal digits stand for.
std::string from_hex(std::string_view digits);

}  // namespace weft::test
