// y = (x - mean) rstd weight + bias and its gradient for x [rows, c]: a block takes eight neighbouring channels,
// whose rows are made of whole 32-byte sectors, and keeps all of them in shared memory. So x is read once,
// mean and variance are two exact passes over what was read, and no block waits for another.
// A thread reads back only what it stored itself: the barriers are those of the reductions.

#include "kernels/batch_norm/slice.h"

#include "kernels/batch_norm/channel.cuh"
#include "kernels/batch_norm/lanes.cuh"
#include "kernels/primitives/index.cuh"

namespace weft::kernels {
namespace {

constexpr int kSmallBlock = 256;
constexpr int kLoads = 8;  // rows of a thread in flight
constexpr std::int64_t kSmallRows =
    std::int64_t{kSmallBlock} / kGroupChannels * kLoads;  // one turn of a small block
constexpr std::size_t kReserved = 9 * 1024;  // shared memory for the reductions and for the system
static_assert(kReserved >= kMaxBlock * sizeof(GradientSums) + 1024);

__global__ void __launch_bounds__(kMaxBlock, 1) batch_norm_slice_kernel(BatchNormForward p) {
  WEFT_DYNAMIC_SHARED(float, tile);  // [rows, width]
  const ChannelGroup place(p.c);
  const int rows = static_cast<int>(p.rows), first = static_cast<int>(place.first_row(rows));
  const float shift = p.x[place.channel];  // of the channel's size: what is summed up is small
  float sum = 0;
  for (int row = first; row < rows; row += kLoads * place.lanes) {
    float values[kLoads];
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      const int r = row + i * place.lanes;
      values[i] = r < rows ? p.x[r * p.c + place.channel] - shift : 0.0f;
    }
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      const int r = row + i * place.lanes;
      if (r < rows) tile[r * place.width + place.column] = values[i];
      sum += values[i];
    }
  }
  const float count = static_cast<float>(p.rows);
  const float offset = lanes_reduce<kMaxBlock>(sum, place, Add{}) / count;

  float m2 = 0;
  for (int row = first; row < rows; row += place.lanes) {
    const float distance = tile[row * place.width + place.column] - offset;
    m2 += distance * distance;
  }
  m2 = lanes_reduce<kMaxBlock>(m2, place, Add{});
  const float mean = shift + offset;
  if (place.lane == 0) store_moments(p, place.channel, mean, m2);

  const float scale = rstd_of(m2 / count, p.epsilon) * value_or(p.weight, place.channel, 1.0f);
  const float bias = value_or(p.bias, place.channel, 0.0f);
  for (int row = first; row < rows; row += place.lanes)
    p.y[row * p.c + place.channel] =
        p.relu ? normalised<true>(tile[row * place.width + place.column], offset, scale, bias)
               : normalised<false>(tile[row * place.width + place.column], offset, scale, bias);
}

/// One row of a channel as backward takes it.
struct GradientTerm {
  float distance, g;  // x - mean
};

template <bool kRelu>
__device__ __forceinline__ GradientTerm load_term(const BatchNormBackward& p, std::int64_t i,
                                                  float mean) {
  return {p.x[i] - mean, kRelu ? passed(p.dy[i], p.y[i]) : p.dy[i]};
}

template <bool kRelu>
__global__ void __launch_bounds__(kMaxBlock, 1)
    batch_norm_backward_slice_kernel(BatchNormBackward p) {
  WEFT_DYNAMIC_SHARED(GradientTerm, tile);  // [rows, width]
  const ChannelGroup place(p.c);
  const int rows = static_cast<int>(p.rows), first = static_cast<int>(place.first_row(rows));
  const float mean = p.mean[place.channel], rstd = p.rstd[place.channel];
  GradientSums sums{0, 0};
  for (int row = first; row < rows; row += kLoads / 2 * place.lanes) {
    GradientTerm terms[kLoads / 2];
    WEFT_UNROLL
    for (int i = 0; i < kLoads / 2; ++i) {
      const int r = row + i * place.lanes;
      terms[i] = {0, 0};
      if (r < rows) terms[i] = load_term<kRelu>(p, r * p.c + place.channel, mean);
    }
    WEFT_UNROLL
    for (int i = 0; i < kLoads / 2; ++i) {
      const int r = row + i * place.lanes;
      if (r < rows) tile[r * place.width + place.column] = terms[i];
      sums = AddSums{}(sums, {terms[i].g, terms[i].g * terms[i].distance});
    }
  }
  sums = lanes_reduce<kMaxBlock>(sums, place, AddSums{});
  if (place.lane == 0) store_sums(p, place.channel, sums);
  if (p.dx == nullptr) return;  // the whole grid; and no barrier follows

  const float scale = rstd * value_or(p.weight, place.channel, 1.0f);
  const float count = static_cast<float>(p.rows);
  const float mean_g = p.training ? sums.g / count : 0.0f;
  const float slope = p.training ? rstd * (rstd * sums.gx) / count : 0.0f;
  for (int row = first; row < rows; row += place.lanes) {
    const GradientTerm term = tile[row * place.width + place.column];
    const std::int64_t i = row * p.c + place.channel;
    const float dx =
        p.training ? scale * (term.g - mean_g - term.distance * slope) : scale * term.g;
    p.dx[i] = p.add_dx ? p.dx[i] + dx : dx;
  }
}

LaunchShape slice_launch(std::int64_t rows, std::int64_t c, int arrays,
                         std::source_location where = std::source_location::current()) {
  const std::int64_t width = std::min<std::int64_t>(c, kGroupChannels);
  return {.grid = blocks_for(c, kGroupChannels),
          .block = rows <= kSmallRows ? kSmallBlock : kMaxBlock,
          .shared_bytes = static_cast<std::size_t>(rows * width * arrays) * sizeof(float),
          .where = where};
}

}  // namespace

bool batch_norm_slice_fits(std::int64_t rows, int arrays, std::size_t shared_bytes) {
  const std::int64_t row_bytes = arrays * kGroupChannels * static_cast<std::int64_t>(sizeof(float));
  return shared_bytes >= kReserved &&
         rows <= static_cast<std::int64_t>(shared_bytes - kReserved) / row_bytes;
}

void batch_norm_slice(const BatchNormForward& p, StreamView stream) {
  launch(batch_norm_slice_kernel, slice_launch(p.rows, p.c, 1), stream, p);
}

void batch_norm_backward_slice(const BatchNormBackward& p, StreamView stream) {
  launch(p.y == nullptr ? batch_norm_backward_slice_kernel<false>
                        : batch_norm_backward_slice_kernel<true>,
         slice_launch(p.rows, p.c, 2), stream, p);
}

}  // namespace weft::kernels
