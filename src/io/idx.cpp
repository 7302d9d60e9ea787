#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include "src/io/file.h"
#include "weft/error.h"
#include "weft/io.h"

// IDX: two zero bytes, the element type, the number of dimensions, each dimension as 32 bits, then the
// elements, all big-endian. The file promises its size twice, by its header and by its length, and both
// must agree before a tensor is allocated.

namespace weft {

namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::uint8_t kInt32 = 0x0c;

// Deflate codes at most 258 bytes in 2 bits, which bounds what a compressed file can hold.
constexpr std::uint64_t kLargestExpansion = 1032;

// The content of a plain or gzip file, read from the beginning on.
class Stream {
 public:
  explicit Stream(const io::InputFile& file) : file_(file) {
    std::array<std::uint8_t, 2> magic{};
    if (file.size() >= 2) file.read(0, magic.data(), magic.size());
    compressed_ = magic == std::array<std::uint8_t, 2>{0x1f, 0x8b};
    if (!compressed_) return;
    zlib_.next_in = nullptr;
    constexpr int kGzipOnly = 15 + 16;
    if (inflateInit2(&zlib_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() {
    if (compressed_) inflateEnd(&zlib_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool compressed() const { return compressed_; }
  std::uint64_t offset() const { return offset_; }  // of the content, decompressed

  /// Reads up to `count` bytes; fewer only where the content ends.
  std::uint64_t read(std::uint8_t* to, std::uint64_t count) {
    const std::uint64_t got = compressed_ ? inflate_some(to, count) : copy_some(to, count);
    offset_ += got;
    return got;
  }

 private:
  std::uint64_t copy_some(std::uint8_t* to, std::uint64_t count) {
    count = std::min(count, file_.size() - offset_);
    file_.read(offset_, to, count);
    return count;
  }

  std::uint64_t inflate_some(std::uint8_t* to, std::uint64_t count) {
    std::uint64_t done = 0;
    while (done < count && !ended_) {
      if (zlib_.avail_in == 0) refill();
      const auto room = static_cast<uInt>(std::min<std::uint64_t>(count - done, 1u << 30));
      zlib_.next_out = to + done;
      zlib_.avail_out = room;
      const int status = inflate(&zlib_, Z_NO_FLUSH);
      done += room - zlib_.avail_out;
      if (status == Z_STREAM_END)
        end_of_member();
      else if (status != Z_OK)
        io::fail(file_.path(), input_offset(), "sound gzip data",
                 zlib_.msg != nullptr ? zlib_.msg : "damage");
    }
    return done;
  }

  void refill() {
    const std::uint64_t left = file_.size() - taken_;
    if (left == 0) io::fail(file_.path(), taken_, "more gzip data", "the end of the file");
    const auto count = static_cast<uInt>(std::min<std::uint64_t>(left, buffer_.size()));
    file_.read(taken_, buffer_.data(), count);
    taken_ += count;
    zlib_.next_in = buffer_.data();
    zlib_.avail_in = count;
  }

  // gzip files may be joined end to end, and are then one file.
  void end_of_member() {
    ended_ = zlib_.avail_in == 0 && taken_ == file_.size();
    if (!ended_) inflateReset(&zlib_);
  }

  std::uint64_t input_offset() const { return taken_ - zlib_.avail_in; }

  const io::InputFile& file_;
  bool compressed_ = false;
  bool ended_ = false;
  std::uint64_t offset_ = 0;
  std::uint64_t taken_ = 0;  // bytes of the file handed to zlib
  z_stream zlib_{};
  std::array<std::uint8_t, 1 << 16> buffer_;
};

struct Header {
  DType dtype = DType::uint8;
  std::vector<std::int64_t> extents;
  std::uint64_t header_bytes = 0;
  std::uint64_t data_bytes = 0;
};

void read_exactly(Stream& stream, const io::InputFile& file, std::uint8_t* to, std::uint64_t count,
                  const std::string& what) {
  const std::uint64_t begin = stream.offset();
  const std::uint64_t got = stream.read(to, count);
  if (got != count)
    io::fail(file.path(), begin + got, what,
             "the end of the " + std::string(stream.compressed() ? "decompressed data" : "file") +
                 " after " + io::bytes_text(begin + got));
}

Header read_header(Stream& stream, const io::InputFile& file) {
  std::array<std::uint8_t, 4> magic{};
  read_exactly(stream, file, magic.data(), magic.size(), "4 bytes of IDX header");
  if (magic[0] != 0 || magic[1] != 0)
    io::fail(file.path(), 0, "the two zero bytes of an IDX header", io::hex_text(magic.data(), 4));
  if (magic[2] != kUnsignedByte && magic[2] != kInt32)
    io::fail(file.path(), 2, "element type 08 (unsigned byte) or 0c (int32)",
             io::hex_text(&magic[2], 1));
  const int rank = magic[3];
  if (rank < 1 || rank > Shape::kMaxRank)
    io::fail(file.path(), 3, "1 to " + std::to_string(Shape::kMaxRank) + " dimensions",
             std::to_string(rank));

  Header header;
  header.dtype = magic[2] == kInt32 ? DType::int32 : DType::uint8;
  header.header_bytes = 4 + 4 * static_cast<std::uint64_t>(rank);
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t bytes = size_of(header.dtype);  // with every extent of 0 counted as 1
  bool empty = false;
  for (int axis = 0; axis < rank; ++axis) {
    std::array<std::uint8_t, 4> b{};
    read_exactly(stream, file, b.data(), b.size(), std::to_string(rank) + " dimensions of 4 bytes");
    const std::uint64_t extent = std::uint64_t{b[0]} << 24 | std::uint64_t{b[1]} << 16 |
                                 std::uint64_t{b[2]} << 8 | std::uint64_t{b[3]};
    header.extents.push_back(static_cast<std::int64_t>(extent));
    empty = empty || extent == 0;
    if (extent != 0 && bytes > kLargest / extent)
      io::fail(file.path(), stream.offset() - 4, "dimensions whose product fits a file",
               std::to_string(extent) + " as number " + std::to_string(axis + 1) + " of " +
                   std::to_string(rank));
    bytes *= std::max<std::uint64_t>(extent, 1);
  }
  header.data_bytes = empty ? 0 : bytes;
  return header;
}

void check_size(const Header& header, const Stream& stream, const io::InputFile& file) {
  const std::string promised = io::bytes_text(header.data_bytes) + " of elements after the header";
  if (stream.compressed()) {
    if (header.data_bytes / kLargestExpansion > file.size())
      io::fail(file.path(), header.header_bytes, promised,
               "a gzip file of " + io::bytes_text(file.size()) + ", which cannot hold them");
  } else if (file.size() - header.header_bytes != header.data_bytes) {
    io::fail(file.path(), header.header_bytes, promised,
             io::bytes_text(file.size() - header.header_bytes));
  }
}

}  // namespace

Tensor read_idx(const std::filesystem::path& path) {
  const io::InputFile file(path);
  Stream stream(file);
  const Header header = read_header(stream, file);
  check_size(header, stream, file);

  Tensor tensor = empty(Shape(std::span<const std::int64_t>(header.extents)), header.dtype);
  auto* bytes = static_cast<std::uint8_t*>(tensor.data());
  read_exactly(stream, file, bytes, header.data_bytes,
               io::bytes_text(header.data_bytes) + " of elements");
  // Also makes zlib reach and compare the checksum at the end.
  std::uint8_t beyond = 0;
  if (stream.read(&beyond, 1) != 0)
    io::fail(file.path(), header.header_bytes + header.data_bytes, "the end of the data", "more");

  if (header.dtype == DType::int32) {
    for (std::uint64_t i = 0; i < header.data_bytes; i += 4) {
      std::swap(bytes[i], bytes[i + 3]);
      std::swap(bytes[i + 1], bytes[i + 2]);
    }
  }
  return tensor;
}

}  // namespace weft
