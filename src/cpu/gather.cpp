#include "src/cpu/gather.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kTileRows = 16;  // rows whose places are worked out together
constexpr std::int64_t kRowsAhead = 4;  // rows on their way from memory while one is copied
constexpr std::int64_t kPrefetchedBytes = 4096;  // of a row: the hardware has caught on by then
constexpr std::ptrdiff_t kCacheLine = 64;

void prefetch(const void* row, std::int64_t bytes) {
  const char* line = static_cast<const char*>(row);
  const char* end = line + std::min(bytes, kPrefetchedBytes);
  for (; line < end; line += kCacheLine) __builtin_prefetch(line);
}

/// A tile of rows. A shuffled row is in no cache and no hardware foresees it, so its lines are asked for
/// some rows ahead: MNIST's batches of 100 are gathered several times faster so.
template <class Source, class Scale>
void gather_tile(const Source* source, const std::int32_t* labels, const Shuffle& order,
                 std::int64_t begin, Scale scale, float* out, std::int32_t* out_labels,
                 std::int64_t count, std::int64_t features, std::int64_t words) {
  const std::int64_t row_bytes = features * static_cast<std::int64_t>(sizeof(Source));
  const Source* rows[kTileRows];
  for (std::int64_t r = 0; r < count; ++r) {
    const auto from = static_cast<std::int64_t>(order(static_cast<std::uint64_t>(begin + r)));
    rows[r] = source + from * features;
    for (std::int64_t w = 0; w < words; ++w) out_labels[r * words + w] = labels[from * words + w];
    if (r < kRowsAhead) prefetch(rows[r], row_bytes);
  }
  for (std::int64_t r = 0; r < count; ++r) {
    if (r + kRowsAhead < count) prefetch(rows[r + kRowsAhead], row_bytes);
    const Source* from = rows[r];
    float* to = out + r * features;
    for (std::int64_t f = 0; f < features; ++f) to[f] = scale(from[f]);
  }
}

template <class Source, class Scale>
void gather(const Source* source, const std::int32_t* labels, const Shuffle& order,
            std::int64_t begin, Scale scale, float* out, std::int32_t* out_labels,
            std::int64_t count, std::int64_t features, std::int64_t words) {
  const std::int64_t tiles = (count + kTileRows - 1) / kTileRows;
  parallel_for(tiles, count * features, [&](std::int64_t tile) {
    const std::int64_t row = tile * kTileRows;
    gather_tile(source, labels, order, begin + row, scale, out + row * features,
                out_labels + row * words, std::min(kTileRows, count - row), features, words);
  });
}

}  // namespace

/// The kernel's bits: one rounding for the product, or one for product and sum together. Without a
/// shift the loop is plain and vectorises; with one, bytes take their 256 results from a table, since
/// fma is a call where the processor that is compiled for has no such instruction.
template <class Source>
void gather_rows(const Source* source, const std::int32_t* labels, const Shuffle& order,
                 std::int64_t begin, float scale, float shift, float* out, std::int32_t* out_labels,
                 std::int64_t count, std::int64_t features, std::int64_t words) {
  const auto run = [&](auto function) {
    gather(source, labels, order, begin, function, out, out_labels, count, features, words);
  };
  if (shift == 0.0f) {
    run([scale](Source value) { return static_cast<float>(value) * scale; });
  } else if constexpr (std::is_same_v<Source, std::uint8_t>) {
    std::array<float, 256> table;
    for (std::size_t value = 0; value < table.size(); ++value)
      table[value] = std::fma(static_cast<float>(value), scale, shift);
    run([&table](Source value) { return table[value]; });
  } else {
    run([scale, shift](Source value) { return std::fma(value, scale, shift); });
  }
}

template void gather_rows<std::uint8_t>(const std::uint8_t*, const std::int32_t*, const Shuffle&,
                                        std::int64_t, float, float, float*, std::int32_t*,
                                        std::int64_t, std::int64_t, std::int64_t);
template void gather_rows<float>(const float*, const std::int32_t*, const Shuffle&, std::int64_t,
                                 float, float, float*, std::int32_t*, std::int64_t, std::int64_t,
                                 std::int64_t);

}  // namespace weft::cpu
