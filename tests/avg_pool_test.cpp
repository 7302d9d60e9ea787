#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kernels/pooling/avg_pool.h"
#include "kernels/pooling/global_avg_pool.h"
#include "src/cpu/avg_pool.h"
#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/pooling_oracle.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"

namespace weft {
namespace {

using test::Content;
using test::count_of_inputs;
using test::count_of_results;
using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;

/// Which windows, and what they divide by.
enum class Windows { count_pad, skip_pad, parts };
constexpr Windows kAll[] = {Windows::count_pad, Windows::skip_pad, Windows::parts};

template <class T>
std::vector<T> forward(Device device, Windows windows, const std::vector<T>& x,
                       const WindowGeometry& g, std::int64_t misalign = 0) {
  const Guarded<T> from(x, device, misalign);
  const Guarded<T> y(count_of_results(g), device, misalign);
  const bool count_pad = windows == Windows::count_pad;
  if (device == Device::cpu) {
    if (windows == Windows::parts)
      cpu::adaptive_avg_pool(from.data(), y.data(), g);
    else
      cpu::avg_pool(from.data(), y.data(), g, count_pad);
  } else if constexpr (std::is_same_v<T, float>) {
    if (windows == Windows::parts)
      kernels::adaptive_avg_pool(from.data(), y.data(), g, current_stream());
    else
      kernels::avg_pool(from.data(), y.data(), g, count_pad, current_stream());
  }
  return y.download();
}

template <class T>
std::vector<T> backward(Device device, Windows windows, const std::vector<T>& dy,
                        const std::vector<T>* start, const WindowGeometry& g,
                        std::int64_t misalign = 0) {
  const Guarded<T> gradient(dy, device, misalign);
  Guarded<T> dx(count_of_inputs(g), device, misalign);
  const bool add = start != nullptr, count_pad = windows == Windows::count_pad;
  if (add) dx.upload(*start);
  if (device == Device::cpu) {
    if (windows == Windows::parts)
      cpu::adaptive_avg_pool_backward(gradient.data(), dx.data(), add, g);
    else
      cpu::avg_pool_backward(gradient.data(), dx.data(), add, g, count_pad);
  } else if constexpr (std::is_same_v<T, float>) {
    if (windows == Windows::parts)
      kernels::adaptive_avg_pool_backward(gradient.data(), dx.data(), add, g, current_stream());
    else
      kernels::avg_pool_backward(gradient.data(), dx.data(), add, g, count_pad, current_stream());
  }
  return dx.download();
}

/// What one window of an axis covers and counts.
struct Span {
  int begin, end, divisor;
};
Span span_of(Windows windows, int place, int extent, int places, int window, int stride, int pad) {
  if (windows == Windows::parts) {
    const double share = static_cast<double>(extent) / places;  // exact enough for small extents
    const int begin = static_cast<int>(std::floor(place * share + 1e-9));
    const int end = static_cast<int>(std::ceil((place + 1) * share - 1e-9));
    return {begin, end, end - begin};
  }
  const int start = place * stride - pad;
  const int begin = std::max(start, 0), end = std::min(start + window, extent);
  return {begin, end, windows == Windows::count_pad ? window : end - begin};
}

/// body(result, pixel, divisor) for each pixel of each window, in the order of sums: elements of y and x.
template <class Body>
void for_each_term(Windows windows, const WindowGeometry& g, Body body) {
  std::size_t result = 0;
  test::for_each_result(g, [&](int n, int p, int q, int c) {
    const Span down = span_of(windows, p, g.h, g.p, g.r, g.stride_h, g.pad_h);
    const Span along = span_of(windows, q, g.w, g.q, g.s, g.stride_w, g.pad_w);
    for (int h = down.begin; h < down.end; ++h)
      for (int w = along.begin; w < along.end; ++w)
        body(result, test::element(n, h, w, c, g.h, g.w, g.c), down.divisor * along.divisor);
    ++result;
  });
}

constexpr double kSecondOrder = 0.01;

/// Sums in float64, the sums of their terms' absolute values, and the most terms of one.
struct Sums {
  std::vector<double> value, magnitude;
  std::vector<int> terms;
  explicit Sums(std::int64_t count)
      : value(static_cast<std::size_t>(count)), magnitude(value), terms(value.size()) {}
  void add(std::size_t to, double term) {
    value[to] += term;
    magnitude[to] += std::abs(term);
    ++terms[to];
  }
  double most_terms() const {
    return terms.empty() ? 0 : *std::max_element(terms.begin(), terms.end());
  }
};

/// The roundings that a term of a sum of k quotients goes through: k - 1 additions and a division, and what
/// they do to each other. In double the oracle errs as much.
template <class T>
double roundings(const Sums& sums) {
  return (std::is_same_v<T, double> ? 2 : 1) * sums.most_terms() + kSecondOrder;
}

template <class T>
void check(Device device, Rng& rng, Windows windows, const WindowGeometry& g,
           std::int64_t misalign = 0) {
  const bool on_gpu = device == Device::gpu;
  const std::string kernel = on_gpu ? "avg_pool_window_kernel" : "cpu avg_pool";
  const std::string gather = on_gpu ? "avg_pool_backward_gather_kernel" : "cpu avg_pool_backward";
  const std::string what = test::text_of(g) + ", misaligned by " + std::to_string(misalign) +
                           ", windows " + std::to_string(static_cast<int>(windows));
  // Sums of integers are exact, and a quotient is rounded once.
  const auto integers = rng.small_integers<T>(count_of_inputs(g), -50, 50);
  std::vector<T> exact(static_cast<std::size_t>(count_of_results(g))), divisors(exact);
  for_each_term(windows, g, [&](std::size_t result, std::size_t pixel, int divisor) {
    exact[result] += integers[pixel];
    divisors[result] = static_cast<T>(divisor);
  });
  for (std::size_t i = 0; i < exact.size(); ++i) exact[i] /= divisors[i];
  test::expect_equal(forward(device, windows, integers, g, misalign), exact, what, Content::any);

  const auto expect_sums = [&](const std::vector<T>& got, const Sums& sums, const std::string& name,
                               const std::string& of) {
    test::note_worst(name, test::expect_sum_close(got, sums.value, sums.magnitude,
                                                  roundings<T>(sums), what + of, Content::any));
  };
  const auto x = rng.normal<T>(count_of_inputs(g), 1);
  Sums means(count_of_results(g));
  for_each_term(windows, g, [&](std::size_t result, std::size_t pixel, int divisor) {
    means.add(result, static_cast<double>(x[pixel]) / divisor);
  });
  expect_sums(forward(device, windows, x, g, misalign), means, kernel, "");

  const auto dy = rng.normal<T>(count_of_results(g)), start = rng.normal<T>(count_of_inputs(g));
  Sums gradient(count_of_inputs(g)), sum(count_of_inputs(g));
  for (std::size_t i = 0; i < start.size(); ++i) sum.add(i, static_cast<double>(start[i]));
  for_each_term(windows, g, [&](std::size_t result, std::size_t pixel, int divisor) {
    gradient.add(pixel, static_cast<double>(dy[result]) / divisor);
    sum.add(pixel, static_cast<double>(dy[result]) / divisor);
  });
  expect_sums(backward<T>(device, windows, dy, nullptr, g, misalign), gradient, gather,
              ", gradient");
  expect_sums(backward<T>(device, windows, dy, &start, g, misalign), sum, gather,
              ", gradient added");
}

WindowGeometry parts(int n, int h, int w, int c, int p, int q) {
  WindowGeometry g = test::geometry(n, h, w, c, 1, 1, 1, 1);
  g.p = p;
  g.q = q;
  return g;
}

WindowGeometry any_geometry(Rng& rng, Windows windows, int most_channels) {
  const int c = static_cast<int>(rng.size(most_channels));
  if (windows != Windows::parts) return test::any_window(rng, c, 4, false);
  const auto draw = [&] { return static_cast<int>(rng.integer(1, 9)); };
  return parts(static_cast<int>(rng.size(3)), draw(), draw(), c, draw(), draw());
}

TEST(AvgPool, TwinsFollowTheDefinitions) {
  for (const Windows windows : kAll)
    test::for_each_seed("cpu avg_pool", [&](Rng& rng) {
      const WindowGeometry g = any_geometry(rng, windows, 40);
      check<float>(Device::cpu, rng, windows, g);
      check<double>(Device::cpu, rng, windows, g);
      test::count_shapes("cpu avg_pool_backward");
    });
  Rng rng(1);  // by several threads
  check<float>(Device::cpu, rng, Windows::count_pad, test::geometry(60, 17, 16, 17, 2, 2, 2, 2));
}

TEST(AvgPool, KernelsFollowTheDefinitions) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(1);
  for (const int c : {0, 1, 2, 3, 4, 31, 32, 33, 64}) {
    check<float>(Device::gpu, edges, Windows::count_pad, test::geometry(2, 4, 5, c, 2, 2, 2, 2));
    check<float>(Device::gpu, edges, Windows::skip_pad,
                 test::geometry(1, 4, 5, c, 3, 2, 1, 2, 1, 1));
    check<float>(Device::gpu, edges, Windows::parts, parts(1, 4, 5, c, 3, 2));
  }
  for (const int w : {255, 256, 257, 773})  // one pixel a thread: a block, and one past it
    for (const int c : {1, 4})
      check<float>(Device::gpu, edges, Windows::count_pad, test::geometry(1, 1, w, c, 1, 1, 1, 1));
  for (const Windows windows : kAll)
    check<float>(Device::gpu, edges, windows, parts(0, 3, 3, 4, 3, 3));
  for (const Windows windows : kAll)
    test::for_each_seed("avg_pool_window_kernel", [&](Rng& rng) {
      const WindowGeometry g = any_geometry(rng, windows, 12);
      check<float>(Device::gpu, rng, windows, g, rng.integer(0, 4));
    });
  test::count_shapes("avg_pool_backward_gather_kernel", 3 * test::kSeededShapes);  // in the loop
}

/// Threads add up to `in_a_row` pixels each, the block adds theirs in a tree of at most seven levels, and
/// the quotient is rounded.
void check_global(Rng& rng, std::int64_t n, std::int64_t pixels, int c, std::int64_t misalign = 0) {
  const std::string what = std::to_string(n) + " of " + std::to_string(pixels) + " pixels, " +
                           std::to_string(c) + " channels";
  const auto mean = [&](const Floats& x) {
    const Guarded<float> from(x, Device::gpu, misalign), y(n * c, Device::gpu, misalign);
    kernels::global_avg_pool(from.data(), y.data(), n, pixels, c, current_stream());
    return y.download();
  };
  const auto sums_of = [&](const Floats& x) {
    Sums sums(n * c);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto image = static_cast<std::int64_t>(i) / (pixels * c);
      sums.add(static_cast<std::size_t>(image * c + static_cast<std::int64_t>(i) % c),
               static_cast<double>(x[i]) / static_cast<double>(pixels));
    }
    return sums;
  };
  const Floats x = rng.normal(n * pixels * c, 1);
  const Sums sums = sums_of(x);
  const double in_a_row = std::ceil(static_cast<double>(pixels) / 32);
  test::note_worst("global_avg_pool_strip_kernel",
                   test::expect_sum_close(mean(x), sums.value, sums.magnitude,
                                          in_a_row + 7 + 1 + kSecondOrder, what, Content::any));
  Floats integers = rng.small_integers(n * pixels * c, -9, 9), expected;
  for (const double value : sums_of(integers).value)
    expected.push_back(static_cast<float>(std::round(value * static_cast<double>(pixels))) /
                       static_cast<float>(pixels));
  test::expect_equal(mean(integers), expected, what + ", integers", Content::any);
}

TEST(AvgPool, GlobalKernelFollowsTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(1);
  for (const int pixels : {1, 2, 31, 32, 33, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 2500})
    for (const int c : {1, 2, 3, 4, 12}) check_global(edges, 1, pixels, c, c % 2);
  for (const int c : {0, 31, 32, 33, 64, 97}) check_global(edges, 2, 5, c);
  check_global(edges, 140, 37, 36);      // enough images for wide strips
  check_global(edges, 140, 300, 11, 1);  // channel by channel
  check_global(edges, 0, 5, 3);
  test::for_each_seed("global_avg_pool_strip_kernel", [](Rng& rng) {
    check_global(rng, rng.size(3), rng.size(200, 1), static_cast<int>(rng.size(20)),
                 rng.integer(0, 4));
  });
}

TEST(AvgPool, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(2);
  for (const Windows windows : kAll)
    for (const WindowGeometry& g :
         {test::geometry(3, 9, 10, 5, 3, 3, 2, 1, 1, 1), test::geometry(3, 9, 10, 4, 2, 2, 2, 2)}) {
      const auto x = rng.normal(count_of_inputs(g)), dy = rng.normal(count_of_results(g));
      test::expect_same_bits(
          20, [&] { return forward(Device::gpu, windows, x, g); }, "average");
      test::expect_same_bits(
          20, [&] { return backward<float>(Device::gpu, windows, dy, nullptr, g); }, "backward");
      // Both twins add in the same order, at any alignment.
      test::expect_same_bits(forward(Device::gpu, windows, x, g, 1),
                             forward(Device::cpu, windows, x, g), "twins");
      test::expect_same_bits(backward<float>(Device::gpu, windows, dy, nullptr, g, 1),
                             backward<float>(Device::cpu, windows, dy, nullptr, g), "twins");
    }
  const WindowGeometry whole = parts(2, 30, 20, 12, 1, 1);
  const auto x = rng.normal(count_of_inputs(whole));
  test::expect_same_bits(
      20, [&] { return forward(Device::gpu, Windows::parts, x, whole); }, "global");
}

// The products of extent and place are beyond 2^31: 64 bits decide where a part begins.
TEST(AvgPool, PartsOfLongRows) {
  constexpr int kExtent = 50000, kPlaces = 60000;
  const WindowGeometry g = parts(1, 1, kExtent, 1, 1, kPlaces);
  Floats x, expected, gradient(kExtent);
  for (int i = 0; i < kExtent; ++i) x.push_back(static_cast<float>(i));
  for (std::int64_t i = 0; i < kPlaces;
       ++i) {  // five pixels to six places: one is one or two of them
    const std::int64_t begin = i * 5 / 6, end = ((i + 1) * 5 + 5) / 6;
    expected.push_back(static_cast<float>(begin + end - 1) / 2);
    for (std::int64_t w = begin; w < end; ++w)
      gradient[static_cast<std::size_t>(w)] += 1.0f / static_cast<float>(end - begin);
  }
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    test::expect_equal(forward(device, Windows::parts, x, g), expected);
    test::expect_equal(backward<float>(device, Windows::parts, Floats(kPlaces, 1.0f), nullptr, g),
                       gradient);
  }
}

}  // namespace
}  // namespace weft
