#include "src/executor/resident_block.h"

namespace weft::executor {
namespace {

constexpr unsigned lanes_up_to(unsigned count) {
  return count >= kWarpSize ? ~0u : (1u << count) - 1;
}

void give_indices(std::vector<Thread>& threads, const dim3& shape) {
  threads.resize(std::size_t{shape.x} * shape.y * shape.z);
  unsigned linear = 0;
  for (unsigned z = 0; z < shape.z; ++z)
    for (unsigned y = 0; y < shape.y; ++y)
      for (unsigned x = 0; x < shape.x; ++x, ++linear)
        threads[linear].context = {{x, y, z}, linear};
}

}  // namespace

void ResidentBlock::begin(const Grid& grid, uint3 index, std::size_t shared_limit) {
  const dim3& shape = grid.block;
  if (shape.x != indexed_for.x || shape.y != indexed_for.y || shape.z != indexed_for.z) {
    indexed_for = shape;
    give_indices(threads, shape);
    warp_count = (static_cast<unsigned>(threads.size()) + kWarpSize - 1) / kWarpSize;
  }
  context = {index, grid.block, grid.grid};
  live = static_cast<unsigned>(threads.size());
  for (Thread& thread : threads) thread.fiber = nullptr;
  for (unsigned w = 0; w < warp_count; ++w) {
    warps[w].alive = warps[w].ready = lanes_up_to(live - w * kWarpSize);
    warps[w].group_count = 0;
  }
  arrived = 0;
  predicate_sum = 0;
  shared.begin_block(grid.shared_bytes, shared_limit);
  copies.begin_block(live);
  mbarriers.begin_block();
  bulk_copies.begin_block();
}

}  // namespace weft::executor
