// The im2col kernels against their twins: every number is a copy, or a sum of integers.

#include <string>
#include <vector>

#include "kernels/convolution/im2col.h"
#include "src/cpu/im2col.h"
#include "tests/convolution_case.h"
#include "tests/support/compare.h"
#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/stream.h"

namespace weft {
namespace {

using test::Content;
using test::ConvolutionCase;
using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;

class Im2colKernel : public test::GpuTest {};

TEST_F(Im2colKernel, AgreesWithTheTwins) {
  test::for_each_seed("im2col_flat_kernel", [](Rng& rng) {
    const ConvolutionCase p = test::random_convolution(rng, 9, 1);
    const std::int64_t misalign = rng.chance(0.25) ? rng.integer(1, 3) : 0;
    const Guarded<float> x(p.x, Device::gpu, misalign);
    const Guarded<float> columns(p.places() * p.taps(), Device::gpu, misalign);
    Floats expected(static_cast<std::size_t>(columns.size()));
    kernels::im2col(x.data(), columns.data(), p.g, current_stream());
    cpu::im2col(p.x.data(), expected.data(), p.g);
    test::expect_equal(columns.download(), expected, p.describe(), Content::any);

    const Floats copies = rng.small_integers(columns.size()), start = rng.small_integers(x.size());
    for (const bool add : {false, true}) {
      const Guarded<float> from(copies, Device::gpu, misalign);
      Guarded<float> dx(x.size(), Device::gpu, misalign);
      if (add) dx.upload(start);
      Floats sums = start;
      kernels::col2im(from.data(), dx.data(), add, p.g, current_stream());
      cpu::col2im(copies.data(), sums.data(), add, p.g);
      test::expect_equal(dx.download(), sums, p.describe(), Content::any);
    }
  });
  test::count_shapes("col2im_gather_kernel", test::kSeededShapes);
}

TEST_F(Im2colKernel, TakesOneMisalignedPointer) {
  Rng rng(8);
  ConvolutionCase p;
  p.g = {.n = 3, .h = 9, .w = 10, .c = 4, .r = 3, .s = 3, .pad_h = 1, .pad_w = 1};
  fill(p, rng, false);
  const auto off = [](bool is_this) { return is_this ? 1 : 0; };
  const Floats copies = rng.small_integers(p.places() * p.taps());
  Floats expected(p.x.size());
  cpu::col2im(copies.data(), expected.data(), false, p.g);
  for (const bool is_from : {false, true}) {
    const Guarded<float> from(copies, Device::gpu, off(is_from));
    const Guarded<float> dx(static_cast<std::int64_t>(p.x.size()), Device::gpu, off(!is_from));
    kernels::col2im(from.data(), dx.data(), false, p.g, current_stream());
    test::expect_equal(dx.download(), expected, "col2im");
  }
}

TEST_F(Im2colKernel, HasTheSameBitsUnderEverySchedule) {
  Rng rng(4);
  ConvolutionCase p;
  p.g = {.n = 3, .h = 9, .w = 10, .c = 4, .r = 3, .s = 3, .pad_h = 1, .pad_w = 1};
  fill(p, rng, false);
  const Floats copies = rng.normal(p.places() * p.taps());
  test::expect_same_bits(
      20,
      [&] {
        const Guarded<float> from(copies, Device::gpu),
            dx(static_cast<std::int64_t>(p.x.size()), Device::gpu);
        kernels::col2im(from.data(), dx.data(), false, p.g, current_stream());
        return dx.download();
      },
      "col2im");
}

}  // namespace
}  // namespace weft
