#include "support/model_file.h"

#include <charconv>

#include "support/text.h"
#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;

ModelFile::ModelFile(const fs::path& path)
    : path_(fs::absolute(path).lexically_normal()),
      about_(weft::read_safetensors_metadata(path_)) {}

void ModelFile::refuse(const std::string& what) const {
  throw weft::FileError(path_.string() + ": " + what);
}

std::string ModelFile::text(const std::string& key) const {
  const auto found = about_.find(key);
  return found == about_.end() ? "" : found->second;
}

std::int64_t ModelFile::number(const std::string& key, std::int64_t otherwise,
                               std::int64_t most) const {
  const auto found = about_.find(key);
  if (found == about_.end()) return otherwise;
  std::int64_t value = 0;
  const char* const end = found->second.data() + found->second.size();
  const auto [read, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc() || read != end || value < 1 || value > most)
    refuse("expected a number from 1 to " + std::to_string(most) + " as \"" + key +
           "\" in the metadata, found another value");
  return value;
}

std::vector<std::string> ModelFile::class_names(std::int64_t classes) const {
  std::vector<std::string> names;
  std::string lines = text("class_names");
  if (lines.empty()) {
    for (std::int64_t i = 0; i < classes; ++i) names.push_back(std::to_string(i));
    return names;
  }
  lines += '\n';
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = lines.find('\n', begin);
    names.push_back(lines.substr(begin, end - begin));
    if (!is_label(names.back()))
      refuse("expected names of classes in UTF-8 on one line each in the metadata, found one of " +
             std::to_string(names.back().size()) + " bytes that is not");
    begin = end + 1;
  }
  if (static_cast<std::int64_t>(names.size()) != classes)
    refuse("expected a name for each of " + std::to_string(classes) +
           " classes in the metadata, found " + std::to_string(names.size()));
  return names;
}

}  // namespace lessons
