#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "src/io/file.h"
#include "src/io/safetensors_header.h"
#include "weft/error.h"
#include "weft/io.h"

// safetensors: the header's length, a JSON header that gives each tensor's dtype, shape and place, then
// the tensors, little-endian and row-major. The places must cover the data once, without gaps, which
// leaves no room for hidden content.

namespace weft {

namespace {

using io::Entry;
using io::kLengthBytes;

constexpr std::uint64_t kLargestHeader = 100'000'000;  // the limit of the format's own reader

std::string read_header_text(const io::InputFile& file) {
  std::array<std::uint8_t, kLengthBytes> bytes{};
  file.read(0, bytes.data(), bytes.size());
  std::uint64_t length = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) length = length << 8 | bytes[i];
  const std::uint64_t most = std::min(file.size() - kLengthBytes, kLargestHeader);
  if (length > most)
    io::fail(file.path(), 0, "a header of at most " + io::bytes_text(most), std::to_string(length));
  std::string text(length, '\0');
  file.read(kLengthBytes, text.data(), length);
  if (text.empty() || text.front() != '{')
    io::fail(file.path(), kLengthBytes, "'{', the beginning of a JSON header",
             text.empty() ? "an empty header"
                          : io::hex_text(reinterpret_cast<const std::uint8_t*>(text.data()), 1));
  return text;
}

// One after the other, from the first byte of the data to the last.
void check_places(const std::vector<Entry>& entries, const io::InputFile& file,
                  std::uint64_t data_begin) {
  std::vector<const Entry*> by_place;
  for (const Entry& entry : entries) by_place.push_back(&entry);
  std::sort(by_place.begin(), by_place.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  const std::uint64_t data_bytes = file.size() - data_begin;
  std::uint64_t at = 0;
  for (const Entry* entry : by_place) {
    const std::string name = io::in_quotes(entry->name);
    if (entry->begin != at)
      io::fail(file.path(), data_begin + at,
               "the tensor " + name + " to begin here, without " +
                   (entry->begin > at ? "a gap" : "an overlap"),
               "data_offsets from " + std::to_string(entry->begin));
    if (entry->end > data_bytes)
      io::fail(file.path(), data_begin + at,
               io::bytes_text(entry->end - at) + " of the tensor " + name,
               io::bytes_text(data_bytes - at));
    at = entry->end;
  }
  if (at != data_bytes)
    io::fail(file.path(), data_begin + at, "the end of the file after the last tensor",
             io::bytes_text(data_bytes - at) + " more");
}

void check_tensors(const nn::NamedTensors& tensors) {
  std::set<std::string> seen;
  for (const auto& [name, tensor] : tensors) {
    if (name == io::kMetadata || !seen.insert(name).second)
      throw ShapeError("save_safetensors: expected names that differ from each other and from " +
                       std::string(io::kMetadata) + ", got " + io::in_quotes(name));
    if (!tensor.defined())
      throw ShapeError("save_safetensors: " + io::in_quotes(name) + " is an undefined tensor");
  }
}

}  // namespace

void save_safetensors(const std::filesystem::path& path, const nn::NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata) {
  check_tensors(tensors);
  // Wide elements first, so that each tensor begins at a multiple of its element's size.
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return size_of(tensors[a].second.dtype()) > size_of(tensors[b].second.dtype());
  });
  std::vector<Entry> entries;
  for (const auto& [name, tensor] : tensors)
    entries.push_back({name, tensor.dtype(), tensor.shape()});
  std::uint64_t data_bytes = 0;
  for (const std::size_t i : order) {
    entries[i].begin = data_bytes;
    entries[i].end = data_bytes += tensors[i].second.bytes();
  }

  const std::string text = io::header_text(entries, metadata);
  std::string content;
  content.reserve(kLengthBytes + text.size() + data_bytes);
  for (std::uint64_t i = 0; i < kLengthBytes; ++i)
    content += static_cast<char>(text.size() >> (8 * i) & 0xff);
  content += text;
  for (const std::size_t i : order) {
    const Tensor& tensor = tensors[i].second;
    const Tensor on_host = tensor.to(Device::cpu);
    if (tensor.device() == Device::gpu) synchronize();
    content.append(static_cast<const char*>(on_host.data()), on_host.bytes());
  }
  write_file(path, content);
}

nn::NamedTensors load_safetensors(const std::filesystem::path& path) {
  const io::InputFile file(path);
  const std::string text = read_header_text(file);
  const std::vector<Entry> entries = io::parse_header(file.path(), text);
  const std::uint64_t data_begin = kLengthBytes + text.size();
  check_places(entries, file, data_begin);

  nn::NamedTensors tensors;
  for (const Entry& entry : entries) {
    Tensor tensor = empty(entry.shape, entry.dtype);
    file.read(data_begin + entry.begin, tensor.data(), tensor.bytes());
    tensors.emplace_back(entry.name, tensor);
  }
  return tensors;
}

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
  const io::InputFile file(path);
  return io::parse_metadata(file.path(), read_header_text(file));
}

}  // namespace weft
