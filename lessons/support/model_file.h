#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lessons {

/// A trained model's file and what it says about itself (Run::save_model, about_pictures).
class ModelFile {
 public:
  explicit ModelFile(const std::filesystem::path& path);

  /// Throws FileError with the file's path before the sentence.
  [[noreturn]] void refuse(const std::string& what) const;

  /// What stands under a key: empty, or `otherwise`, where there is nothing. A number is refused unless it
  /// is a whole one from 1 to `most`.
  std::string text(const std::string& key) const;
  std::int64_t number(const std::string& key, std::int64_t otherwise, std::int64_t most) const;

  /// The names of its classes; numbers where it has none. Another count of names is refused,
  /// and a name that is not one line of UTF-8.
  std::vector<std::string> class_names(std::int64_t classes) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::map<std::string, std::string> about_;
};

}  // namespace lessons
