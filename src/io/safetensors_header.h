#pragma once

// The JSON header of a safetensors file: where each tensor lies and what it is.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "weft/nn.h"
#include "weft/tensor.h"

namespace weft::io {

constexpr std::uint64_t kLengthBytes = 8;  // before the header: its length, little-endian
constexpr const char* kMetadata = "__metadata__";

struct Entry {
  std::string name;
  DType dtype = DType::float32;
  Shape shape;
  std::uint64_t begin = 0, end = 0;  // in the data behind the header
};

/// Reads the header's text, in its order. Throws FileError where it is no such header, and where a
/// tensor's bytes are not those of its dtype and shape. `path` is for the complaints.
std::vector<Entry> parse_header(const std::filesystem::path& path, const std::string& text);

/// The metadata in the same text, with the same checks.
std::map<std::string, std::string> parse_metadata(const std::filesystem::path& path,
                                                  const std::string& text);

/// The text for `entries`, padded with spaces to a multiple of 8 bytes. Throws ShapeError where names
/// or metadata are not UTF-8.
std::string header_text(const std::vector<Entry>& entries,
                        const std::map<std::string, std::string>& metadata);

/// A name in quotes, with whatever is not printable written as an escape.
std::string in_quotes(const std::string& name);

}  // namespace weft::io
