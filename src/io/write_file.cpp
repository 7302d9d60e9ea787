#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "src/io/file.h"
#include "weft/error.h"
#include "weft/io.h"

// A reader sees the old file or the new one, never a part: the content goes to a temporary name in the
// same folder, is synced, and then takes the file's name in one rename. Whatever fails on the way is
// undone, folders made for it included.

namespace weft {

namespace fs = std::filesystem;

namespace {

// What must go again when writing fails.
class Leftovers {
 public:
  ~Leftovers() {
    std::error_code ignored;
    for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) fs::remove(*path, ignored);
  }
  void add(fs::path path) { paths_.push_back(std::move(path)); }
  void keep() { paths_.clear(); }

 private:
  std::vector<fs::path> paths_;
};

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  bool close() {
    const int value = std::exchange(value_, -1);
    return value < 0 || ::close(value) == 0;
  }

 private:
  int value_;
};

// Where the file really is: a link is written through, not replaced.
fs::path real_target(const fs::path& path) {
  const fs::path target = fs::absolute(path).lexically_normal();
  std::error_code ignored;
  const fs::file_status status = fs::status(target, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status))
    io::fail(target, std::string("expected a regular file or none, found ") +
                         (fs::is_directory(status) ? "a folder" : "a device"));
  const fs::path real = fs::weakly_canonical(target, ignored);
  return real.empty() ? target : real;
}

void make_folders(const fs::path& folder, Leftovers& leftovers) {
  std::vector<fs::path> missing;
  for (fs::path at = folder; !at.empty() && !fs::exists(at); at = at.parent_path()) {
    missing.push_back(at);
    if (at == at.parent_path()) break;
  }
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    if (fs::create_directory(*at)) leftovers.add(*at);
  }
}

}  // namespace

void write_file(const fs::path& path, std::string_view content) try {
  static std::atomic<unsigned> count{0};
  const fs::path target = real_target(path);
  Leftovers leftovers;
  make_folders(target.parent_path(), leftovers);

  const fs::path temporary =
      target.parent_path() / ("." + target.filename().string() + "." + std::to_string(::getpid()) +
                              "-" + std::to_string(count++) + ".tmp");
  const auto refuse = [&](std::size_t offset, const char* call) {
    io::fail(target, offset, "to write " + io::bytes_text(content.size()),
             std::string(std::strerror(errno)) + " (" + call + ")");
  };
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) refuse(0, "open");
  leftovers.add(temporary);

  for (std::size_t done = 0; done < content.size();) {
    const auto wrote = ::write(file.get(), content.data() + done,
                               std::min(content.size() - done, std::size_t{1} << 30));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) refuse(done, "write");
    done += static_cast<std::size_t>(wrote);
  }
  if (::fsync(file.get()) != 0) refuse(content.size(), "fsync");
  if (!file.close()) refuse(content.size(), "close");  // some file systems report a full disk here
  if (::rename(temporary.c_str(), target.c_str()) != 0) refuse(content.size(), "rename");
  leftovers.keep();

  // The rename itself is safe once the folder is synced. The file is whole either way.
  const Descriptor folder(::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
} catch (const fs::filesystem_error& error) {
  io::fail(path,
           "cannot be written: " + error.code().message() + " (" + error.path1().string() + ")");
}

}  // namespace weft
