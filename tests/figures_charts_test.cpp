// Charts: histograms, logarithmic axes, bands, classes' regions, several rows, and keys that stay off the
// data.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "src/figures/axis.h"
#include "src/figures/key.h"
#include "tests/support/error.h"
#include "tests/support/figures.h"
#include "weft/error.h"
#include "weft/figures.h"

namespace {

using namespace weft;
using namespace weft::test;
using figures::Axis;
using figures::between;
using figures::kColours;
using figures::make_axis;

Curve line(const std::string& name, const std::vector<double>& y) {
  Curve curve{.name = name, .x = std::vector<double>(y.size()), .y = y};
  std::iota(curve.x.begin(), curve.x.end(), 0.0);
  return curve;
}

Chart chart_of(std::vector<Curve> curves) {
  return {.title = kOddText, .x_label = "x", .y_label = "y", .curves = std::move(curves)};
}

// The left half is class 0 and the right half class 1.
Chart two_classes(float confidence = 1) {
  Chart chart = chart_of({{.name = "left", .x = {-0.5}, .y = {0.5}, .line = false},
                          {.name = "right", .x = {}, .y = {}, .line = false}});
  chart.class_regions = {-1, 1, 0, 2, 2, 2, {0, 1, 0, 1}, std::vector<float>(4, confidence)};
  return chart;
}

class FiguresOfCharts : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
  }
  Png drawn(const std::vector<Chart>& charts, int per_row = 0) {
    const SavedFigure figure =
        save_charts({folder_.path(), "charts", "title", kOddText}, charts, per_row);
    EXPECT_EQ(figure.problem, "");
    return figure.problem.empty() ? read_png(get(figure.picture)) : Png{};
  }
  TemporaryFolder folder_;
};

TEST_F(FiguresOfCharts, FillHistograms) {
  Chart chart = chart_of({line("a", {0.1, 0.4, NAN, 0.2}), line("b", {1, 3, 2, 0})});
  for (Curve& curve : chart.curves) curve.steps = true;
  chart.curves[1].dashed = true;
  for (const bool log : {false, true}) {
    chart.log_y = log;
    const Png png = drawn({chart});
    EXPECT_GT(png.count(between("#ffffff", kColours[1], 0.3)), 20000);  // nothing lies behind b
    EXPECT_GT(png.count(kColours[0]), 500);
  }
}

TEST_F(FiguresOfCharts, ShadeBandsBehindTheCurves) {
  Chart chart = chart_of({line("a", {1, 2, 3, 4})});
  chart.bands = {{1, 2, "#059669"}, {2.5, 9, ""}};
  const Png png = drawn({chart});
  EXPECT_GT(png.count(between("#ffffff", "#059669", 0.16), 1), 20000);
  EXPECT_GT(png.count(kColours[0]), 500);
}

TEST_F(FiguresOfCharts, ColourTheRegionsOfClasses) {
  const Png sure = drawn({two_classes()}), unsure = drawn({two_classes(0)});
  EXPECT_EQ(sure.width, 1280);
  EXPECT_EQ(sure.height, 760);
  for (const int k : {0, 1}) {
    EXPECT_GT(sure.count(between("#ffffff", kColours[k], 0.46)), 100000);
    EXPECT_LT(unsure.count(between("#ffffff", kColours[k], 0.46)), 1000);
    EXPECT_GT(unsure.count(between("#ffffff", kColours[k], 0.06)), 100000);
  }
  Chart own = two_classes();
  own.curves[1].colour = "#6b2172";
  EXPECT_GT(drawn({own}).count(between("#ffffff", "#6b2172", 0.46)), 100000);
}

TEST_F(FiguresOfCharts, StandInRows) {
  const Chart chart = chart_of({line("a", {3, 2, 1})});
  EXPECT_EQ(drawn(std::vector<Chart>(2, chart)).height, 760 + 28);  // one key for both
  const int two_rows = drawn(std::vector<Chart>(4, chart)).height;
  EXPECT_EQ(drawn(std::vector<Chart>(6, chart)).height, two_rows);
  EXPECT_NEAR(two_rows, 1100, 40);
  EXPECT_GT(drawn(std::vector<Chart>(7, chart)).height, two_rows + 250);
  EXPECT_LT(drawn(std::vector<Chart>(4, chart), 4).height, 600);
  EXPECT_EQ(drawn({chart, two_classes(), some_regions(), chart}, 2).width, 1280);
}

TEST_F(FiguresOfCharts, DrawWhatHasNoPlaceOnTheAxes) {
  Chart chart = chart_of({line("none", {}), line("odd", {NAN, -1, 0, INFINITY})});
  chart.log_y = chart.log_x = true;
  drawn({chart});
  chart.curves[1] = line("small", {1e-9, 1e-3, 1e4});
  chart.curves[1].points = chart.percent_y = true;
  drawn({chart, chart_of({line("none", {})}), chart_of({line("one", {5})})});
}

TEST(FiguresOfChartsAxes, HaveTicksAtRoundNumbers) {
  const auto labels = [](const Axis& axis) {
    std::string all;
    for (const auto& tick : axis.ticks)
      if (!tick.label.empty()) all += tick.label + " ";
    return all;
  };
  Axis axis = make_axis({0, 0.33}, {.to_ticks = true, .most_ticks = 5});
  EXPECT_EQ(labels(axis), "0 0.1 0.2 0.3 0.4 ");
  EXPECT_EQ(axis.high, 0.4);
  EXPECT_EQ(labels(make_axis({0, 1}, {.percent = true, .most_ticks = 2})), "0 % 50 % 100 % ");
  EXPECT_EQ(labels(make_axis({0, 1, 2}, {.most_ticks = 9})), "0 1 2 ");  // whole numbers
  EXPECT_EQ(labels(make_axis({-2e6, 0}, {.most_ticks = 2})), "−2×10^{6} −1×10^{6} 0 ");
  EXPECT_EQ(labels(make_axis({10, 1000}, {.log = true, .most_ticks = 6})),
            "10 20 50 100 200 500 1000 ");
  EXPECT_EQ(labels(make_axis({1e-6, 1}, {.log = true, .most_ticks = 3})),
            "10^{−6} 10^{−4} 0.01 1 ");
  EXPECT_EQ(labels(make_axis({0.2, 0.9}, {.log = true, .to_ticks = true})), "0.2 0.3 0.4 0.5 0.6 ");
  EXPECT_EQ(labels(make_axis({5, 5}, {.most_ticks = 2})), "5 ");
  EXPECT_FALSE(make_axis({1e20, std::nextafter(1e20, 2e20)}, {.to_ticks = true}).ticks.empty());
  axis = make_axis({1, 2, 3}, {.room = true});
  EXPECT_LT(axis.low, 1);
  EXPECT_GT(axis.high, 3);
  axis = make_axis({1, 100}, {.log = true});
  EXPECT_NEAR(axis.share_of(10), 0.5, 1e-12);
  EXPECT_TRUE(std::isnan(axis.share_of(0)));
}

TEST(FiguresOfChartsKeys, StandInACornerWithoutData) {
  const figures::Box plot{100, 100, 600, 600};
  const Axis x{0, 1}, y{0, 1};
  const auto corner = [&](const Chart& chart) {
    return figures::free_corner(chart, figures::key_entries(chart), plot, x, y);
  };
  Chart falling = chart_of({{.name = "falling", .x = {0, 1}, .y = {1, 0}}});
  ASSERT_TRUE(corner(falling));
  EXPECT_GT(corner(falling)->left, 350);  // top right, as by default
  EXPECT_LT(corner(falling)->bottom, 350);
  Chart rising = chart_of({{.name = "rising", .x = {0, 1}, .y = {0, 1}}});
  ASSERT_TRUE(corner(rising));
  EXPECT_LT(corner(rising)->left, 350);  // the other corner at the top
  rising.key_below = true;
  EXPECT_GT(corner(rising)->left, 350);
  EXPECT_GT(corner(rising)->bottom, 350);
  Chart crossed = chart_of({falling.curves[0], rising.curves[0]});
  EXPECT_FALSE(corner(crossed));
  EXPECT_FALSE(corner(chart_of(std::vector<Curve>(7, falling.curves[0]))));  // too many
  for (Curve& curve : crossed.curves) curve.line = false;  // only the ends are marked
  crossed.curves[0].x = {0.5, 0.5};
  crossed.curves[1].x = {0.5, 0.5};
  EXPECT_TRUE(corner(crossed));
}

TEST(FiguresOfChartsTables, HoldRegionsAndBands) {
  const TemporaryFolder folder;
  const OtherGnuplot none;
  Chart chart = two_classes(0.5f);
  chart.title = "t";
  chart.bands = {{-1, 0.5, "#059669"}};
  const SavedFigure figure = save_charts({folder.path(), "charts", "", ""}, {chart});
  EXPECT_EQ(get(figure.table),
            "chart,curve,x,y,class,confidence,x_high\n"
            "t,left,-0.5,0.5,,,\n"
            "t,class regions,-0.5,0.5,0,0.5,\nt,class regions,0.5,0.5,1,0.5,\n"
            "t,class regions,-0.5,1.5,0,0.5,\nt,class regions,0.5,1.5,1,0.5,\n"
            "t,band,-1,,,,0.5\n");
}

TEST(FiguresOfChartsErrors, SayWhatIsWrong) {
  const TemporaryFolder folder;
  const auto error = [&](const Chart& chart, int per_row = 0) {
    return error_of<ShapeError>([&] {
      save_charts({folder.path(), "x", "", ""}, {chart}, per_row);
    });
  };
  EXPECT_EQ(error(some_chart(), -1),
            "save_charts: expected at least one chart in a row, or 0 for three, got -1");
  Chart uneven = some_chart();
  uneven.curves[0].y.pop_back();
  EXPECT_EQ(error(uneven), "save_charts: expected as many x as y, got 20 and 19 for \"loss\"");
  EXPECT_EQ(error(Chart{}), "save_charts: expected curves, got none");
  Chart steps = some_chart();
  steps.curves[0].steps = true;
  steps.curves[0].x[3] = 3.5;
  EXPECT_EQ(error(steps),
            "save_charts: expected at least two bins of equal width in rising order for \"loss\", "
            "got 20 that are not");
  Chart classes = two_classes();
  classes.class_regions.classes[2] = 2;
  EXPECT_EQ(error(classes), "save_charts: expected classes from 0 to 1, one for each curve, got 2");
  classes.class_regions.classes[2] = -1;
  EXPECT_EQ(error(classes),
            "save_charts: expected classes from 0 to 1, one for each curve, got -1");
  classes = two_classes();
  classes.class_regions.confidence.pop_back();
  EXPECT_EQ(error(classes),
            "save_charts, confidence of class regions: expected 2 x 2 values, at least 2 x 2, in a "
            "rectangle, got 3 in [-1, 1] x [0, 2]");
  classes.class_regions.classes.pop_back();
  EXPECT_EQ(
      error(classes),
      "save_charts, class regions: expected 2 x 2 values, at least 2 x 2, in a rectangle, got "
      "3 in [-1, 1] x [0, 2]");
  classes = two_classes();
  classes.regions = some_field();
  classes.title = "t";
  EXPECT_EQ(error(classes), "save_charts: expected regions of one kind, got both for \"t\"");
  Chart bands = some_chart();
  bands.bands = {{2, 1, "#059669"}};
  EXPECT_EQ(error(bands), "save_charts: expected a band from low to high, got 2 to 1");
  bands.bands = {{1, 2, "green"}};
  EXPECT_EQ(error(bands), "a figure's colour: expected \"#rrggbb\", got \"green\"");
  Chart range = some_chart();
  range.log_y = true;
  range.y_high = 1;
  EXPECT_EQ(error(range), "save_charts: expected a range of y that the axis can have, got 0 to 1");
  EXPECT_TRUE(folder.is_empty());
}

}  // namespace
