// write_file: the whole file or nothing, whatever goes wrong.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <string>

#include "tests/support/temporary_folder.h"
#include "weft/error.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::get;
using test::put;
namespace fs = std::filesystem;

std::string writing_error(const fs::path& path, std::string_view content) {
  try {
    write_file(path, content);
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

// Lets no file grow beyond `bytes`: what a full disk is to a program.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(WriteFile, WritesAndReplaces) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "new/folders/file";
  write_file(path, "first");
  EXPECT_EQ(get(path), "first");
  const std::string binary("a\0b\nc", 5);
  write_file(path, binary);
  EXPECT_EQ(get(path), binary);
  write_file(path, "");
  EXPECT_TRUE(fs::exists(path));
  EXPECT_EQ(fs::file_size(path), 0u);
  EXPECT_EQ(std::distance(fs::directory_iterator(path.parent_path()), {}), 1);
}

TEST(WriteFile, LeavesTheOldFileAndNothingElseWhenTheDiskIsFull) {
  const test::TemporaryFolder folder;
  put(folder / "file", "the last good one");
  const std::string content(100'000, 'x');
  {
    const FileSizeLimit limit(4096);
    const std::string error = writing_error(folder / "file", content);
    EXPECT_EQ(
        error.rfind((folder / "file").string() + ", byte 4096: expected to write 100000 bytes", 0),
        0u)
        << error;
    EXPECT_NE(error.find("File too large"), std::string::npos) << error;
    EXPECT_NE(writing_error(folder / "a/b/c/file", content), "");
  }
  EXPECT_EQ(get(folder / "file"), "the last good one");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(WriteFile, WritesThroughALink) {
  const test::TemporaryFolder folder;
  put(folder / "file", "old");
  fs::create_symlink("file", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_EQ(get(folder / "file"), "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
}

TEST(WriteFile, RefusesWhatIsNoFile) {
  const test::TemporaryFolder folder;
  EXPECT_NE(writing_error("/dev/null", "x").find("expected a regular file or none, found a device"),
            std::string::npos);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_NE(writing_error(folder.path(), "x").find("found a folder"), std::string::npos);
  put(folder / "file", "x");
  EXPECT_NE(writing_error(folder / "file/below", "x"), "");
  EXPECT_NE(writing_error(folder / "file/far/below", "x"), "");
  EXPECT_NE(writing_error("/proc/weft/file", "x"), "");
  EXPECT_NE(writing_error(folder / std::string(300, 'n'), "x").find("name too long"),
            std::string::npos)
      << writing_error(folder / std::string(300, 'n'), "x");
}

}  // namespace
