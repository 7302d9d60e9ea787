#include "src/io/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "src/io/file.h"
#include "weft/error.h"

namespace weft::io {

namespace {

using Json = nlohmann::json;

struct Name {
  DType dtype;
  const char* text;
};
constexpr Name kDtypes[] = {
    {DType::float32, "F32"}, {DType::float64, "F64"}, {DType::int32, "I32"}, {DType::uint8, "U8"}};

const char* format_name(DType dtype) {
  for (const Name& name : kDtypes)
    if (name.dtype == dtype) return name.text;
  throw ShapeError(std::string("save_safetensors: the format has no name for ") + name_of(dtype));
}

// Damaged headers can hold anything: quoted in part, and printable.
std::string shortened(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

class HeaderReader {
 public:
  HeaderReader(const std::filesystem::path& path, const std::string& text) : path_(path) {
    try {
      root_ = Json::parse(text, [this](int depth, Json::parse_event_t event, const Json& value) {
        check_event(depth, event, value);
        return true;
      });
    } catch (const Json::parse_error& error) {
      fail(path_, kLengthBytes + error.byte, "a JSON header", error.what());
    } catch (const Json::exception& error) {
      refuse("a JSON header", error.what());
    }
    if (!root_.is_object()) refuse("a JSON object as the header", root_.type_name());
  }

  std::vector<Entry> entries() const {
    metadata();
    std::vector<Entry> result;
    for (const std::string& name : names_)
      if (name != kMetadata) result.push_back(entry(name, root_[name]));
    return result;
  }

  std::map<std::string, std::string> metadata() const {
    const auto found = root_.find(kMetadata);
    if (found == root_.end()) return {};
    if (!found->is_object()) refuse("an object as __metadata__", found->type_name());
    std::map<std::string, std::string> result;
    for (const auto& [key, value] : found->items()) {
      if (!value.is_string())
        refuse("text as the value of " + in_quotes(key) + " in __metadata__", value.type_name());
      result[key] = value.get<std::string>();
    }
    return result;
  }

 private:
  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const {
    fail(path_, kLengthBytes, expected, found);
  }

  // JSON itself allows a key twice and nesting without end. {"name": {"shape": [1]}} opens at depths
  // 0, 1 and 2, and its keys are at depths 1 and 2.
  void check_event(int depth, Json::parse_event_t event, const Json& value) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth > 2) refuse("a header nested three deep at most", "more");
    if (event != Json::parse_event_t::key) return;
    const auto& key = value.get_ref<const std::string&>();
    if (depth == 1) {
      if (!seen_.insert(key).second) refuse("each name once", in_quotes(key) + " twice");
      names_.push_back(key);
      fields_.clear();
    } else if (!fields_.insert(key).second) {
      refuse("each field once in " + in_quotes(names_.back()), in_quotes(key) + " twice");
    }
  }

  Entry entry(const std::string& name, const Json& fields) const {
    const std::string of = " of " + in_quotes(name);
    if (!fields.is_object() || fields.size() != 3 || !fields.contains("dtype") ||
        !fields.contains("shape") || !fields.contains("data_offsets"))
      refuse("dtype, shape and data_offsets" + of, shortened(fields));
    Entry result;
    result.name = name;
    result.dtype = dtype(fields["dtype"], of);
    const auto extents = numbers(fields["shape"], "the shape" + of, 0, Shape::kMaxRank);
    const auto offsets = numbers(fields["data_offsets"], "data_offsets" + of, 2, 2);
    result.begin = offsets[0];
    result.end = offsets[1];
    const std::uint64_t bytes = bytes_of(result.dtype, extents, of);
    if (result.begin > result.end || result.end - result.begin != bytes)
      refuse("data_offsets" + of + " that span " + bytes_text(bytes),
             shortened(fields["data_offsets"]));
    const std::vector<std::int64_t> shape(extents.begin(), extents.end());
    result.shape = Shape(std::span<const std::int64_t>(shape));
    return result;
  }

  std::uint64_t bytes_of(DType dtype, const std::vector<std::uint64_t>& extents,
                         const std::string& of) const {
    constexpr auto kLargest =  // bytes, or elements of a Shape
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 8);
    std::uint64_t bytes = size_of(dtype);  // with every extent of 0 counted as 1
    for (const std::uint64_t extent : extents) {
      if (extent != 0 && bytes > kLargest / extent)
        refuse("a shape" + of + " that fits a file", shortened(Json(extents)));
      bytes *= std::max<std::uint64_t>(extent, 1);
    }
    return std::find(extents.begin(), extents.end(), 0u) == extents.end() ? bytes : 0;
  }

  DType dtype(const Json& value, const std::string& of) const {
    if (value.is_string())
      for (const Name& name : kDtypes)
        if (value.get_ref<const std::string&>() == name.text) return name.dtype;
    refuse("F32, F64, I32 or U8 as the dtype" + of, shortened(value));
  }

  std::vector<std::uint64_t> numbers(const Json& value, const std::string& what, std::size_t least,
                                     std::size_t most) const {
    const auto whole = [](const Json& x) { return x.is_number_unsigned(); };
    if (!value.is_array() || value.size() < least || value.size() > most ||
        !std::all_of(value.begin(), value.end(), whole))
      refuse((least == most ? "" : "at most ") + std::to_string(most) + " whole numbers as " + what,
             shortened(value));
    return value.get<std::vector<std::uint64_t>>();
  }

  std::filesystem::path path_;
  Json root_;
  std::vector<std::string> names_;
  std::set<std::string> seen_, fields_;
};

}  // namespace

std::vector<Entry> parse_header(const std::filesystem::path& path, const std::string& text) {
  return HeaderReader(path, text).entries();
}

std::map<std::string, std::string> parse_metadata(const std::filesystem::path& path,
                                                  const std::string& text) {
  return HeaderReader(path, text).metadata();
}

std::string header_text(const std::vector<Entry>& entries,
                        const std::map<std::string, std::string>& metadata) try {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  for (const Entry& entry : entries) {
    std::vector<std::int64_t> extents;
    for (int axis = 0; axis < entry.shape.rank(); ++axis) extents.push_back(entry.shape[axis]);
    header[entry.name] = {{"dtype", format_name(entry.dtype)},
                          {"shape", extents},
                          {"data_offsets", std::vector<std::uint64_t>{entry.begin, entry.end}}};
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  return text;
} catch (const Json::exception&) {
  throw ShapeError("save_safetensors: expected names and metadata in UTF-8");
}

std::string in_quotes(const std::string& name) { return shortened(Json(name)); }

}  // namespace weft::io
