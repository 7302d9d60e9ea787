// Figures: a script and a whole PNG with gnuplot; a script and the numbers without it; and no trust in
// what a gnuplot says about itself.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "src/figures/script.h"
#include "tests/support/figures.h"
#include "weft/error.h"
#include "weft/figures.h"

namespace {

using namespace weft;
using namespace weft::test;
namespace fs = std::filesystem;

SavedFigure draw_chart(const fs::path& folder) {
  return save_charts({folder, "chart", "title", "subtitle"}, {some_chart()});
}

TEST(Figures, DrawEveryKind) {
  if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  const std::string& odd = kOddText;
  Chart log_chart = some_chart();
  log_chart.log_y = true;
  Chart percent_chart = some_chart();
  percent_chart.percent_y = percent_chart.key_below = true;
  percent_chart.curves[0].points = true;
  percent_chart.curves[0].smoothing = 0;
  percent_chart.curves[0].name = odd;
  const FigureFile file{folder.path(), "", odd, odd};
  const auto named = [&](const char* name) {
    FigureFile result = file;
    result.name = name;
    return result;
  };
  const PictureGroup group{odd, {some_picture(), some_picture(-1)}, 2}, none{"none", {}, 3};
  const std::vector<SavedFigure> figures{
      save_charts(named("chart"), {some_chart()}),
      save_charts(named("charts"), {some_chart(), log_chart, percent_chart}),
      save_charts(named("regions"), {some_regions(), some_regions(0.1f)}),  // without a boundary
      save_charts(named("four"), std::vector<Chart>(4, some_regions())),
      save_surface(named("surface"), {odd, odd, odd, some_field()},
                   {{odd, {0, 0.5}, {1, 1.5}, {0.2, 0.4}, ""}, {"", {0}, {0}, {1}, "#123aBC"}}),
      save_pictures(named("grey"), {group}, Palette::grey),
      save_pictures(named("stacked"), {group, none, group}, Palette::diverging),
      save_pictures(named("beside"), {group, none}, Palette::diverging, true),
      save_pictures(named("empty"), {none}, Palette::grey),
      save_confusion_matrix(named("confusion"), {odd, "b"}, {3, 0, 1, 4}),
      save_confusion_matrix(named("one"), {"a"}, {0}),
  };
  for (const SavedFigure& figure : figures) {
    EXPECT_EQ(figure.problem, "");
    EXPECT_TRUE(figure.table.empty());
    ASSERT_TRUE(fs::exists(figure.picture)) << figure.script;
    EXPECT_EQ(read_png(get(figure.picture)).width, 1280);
    // The script alone, in its own folder, gives the same picture.
    const std::string png = get(figure.picture);
    fs::remove(figure.picture);
    const std::string run = "cd '" + folder.path().string() + "' && gnuplot " +
                            figure.script.filename().string() + " > /dev/null 2>&1";
    EXPECT_EQ(std::system(run.c_str()), 0) << run;
    EXPECT_EQ(get(figure.picture).size(), png.size());
  }
  EXPECT_EQ(read_png(get(figures[0].picture)).height, 760);
}

TEST(Figures, LeaveTheNumbersWithoutGnuplot) {
  const TemporaryFolder folder;
  put(folder / "chart.png", "of an earlier run");
  const OtherGnuplot none;
  const SavedFigure chart = draw_chart(folder.path());
  EXPECT_EQ(chart.problem, "gnuplot is not installed");
  EXPECT_TRUE(chart.picture.empty());
  EXPECT_FALSE(fs::exists(folder / "chart.png"));
  EXPECT_TRUE(fs::exists(folder / "chart.gp"));
  EXPECT_EQ(get(chart.table).rfind("chart,curve,x,y\na chart,loss,0,1\na chart,loss,1,0.5\n", 0),
            0u);

  const SavedFigure pictures = save_pictures({folder.path(), "pictures", "", ""},
                                             {{"a, b", {some_picture()}, 1}}, Palette::grey);
  EXPECT_NE(get(pictures.table).find("\"a, b\",1,\"one\ntwo\",3,2,0.8333333"), std::string::npos)
      << get(pictures.table);
  const SavedFigure matrix =
      save_confusion_matrix({folder.path(), "matrix", "", ""}, {"a", "b"}, {3, 0, 1, 4});
  const SavedFigure regions = save_charts({folder.path(), "regions", "", ""}, {some_regions()});
  EXPECT_EQ(get(regions.table)
                .rfind("chart,curve,x,y,probability\n\"a, b\",0,-0.5,0.5,\n\"a, b\","
                       "regions,-0.75,0.3333333333333333,0\n",
                       0),
            0u)
      << get(regions.table);
  const SavedFigure surface =
      save_surface({folder.path(), "surface", "", ""}, {"x", "y", "z", some_field()},
                   {{"p", {0}, {1}, {2}, ""}});
  EXPECT_NE(get(surface.table).find("\np,0,1,2\n"), std::string::npos) << get(surface.table);
  EXPECT_EQ(get(matrix.table), "true,predicted,count\na,a,3\na,b,0\nb,a,1\nb,b,4\n");
}

TEST(Figures, NoticeAGnuplotThatFails) {
  struct Case {
    const char* script;
    const char* problem;
  };
  for (const Case& c : {
           Case{"echo line one >&2; echo 'no font' >&2; exit 3", "ended with status 3: no font"},
           Case{"exit 0", "no whole PNG (0 bytes)"},
           Case{"printf '\\211PNG\\r\\n\\032\\n half'", "no whole PNG (13 bytes)"},
           Case{"printf nonsense; kill -9 $$", "ended by signal 9"},
           Case{"exec 1>&- 2>&-; exit 1", "ended with status 1: it said nothing"},
       }) {
    const TemporaryFolder folder;
    const OtherGnuplot failing(c.script);
    const SavedFigure figure = draw_chart(folder.path());
    EXPECT_NE(figure.problem.find(c.problem), std::string::npos) << figure.problem;
    EXPECT_TRUE(figure.picture.empty());
    EXPECT_FALSE(fs::exists(folder / "chart.png"));
    EXPECT_TRUE(fs::exists(folder / "chart.csv"));
  }
}

TEST(Figures, NoticeAScriptThatGnuplotRefuses) {
  if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  figures::Script script({folder.path(), "bad", "", ""});
  script.line("plot no_such_function(x)");
  const SavedFigure figure =
      figures::save({folder.path(), "bad", "", ""}, script, [] { return std::string("x\n"); });
  EXPECT_NE(figure.problem.find("ended with status"), std::string::npos) << figure.problem;
  EXPECT_NE(figure.problem.find("undefined function"), std::string::npos) << figure.problem;
  EXPECT_FALSE(fs::exists(folder / "bad.png"));
}

TEST(Figures, RefuseWhatCannotBeDrawn) {
  const TemporaryFolder folder;
  const FigureFile file{folder.path(), "x", "", ""};
  Chart uneven = some_chart();
  uneven.curves[0].y.pop_back();
  Picture small = some_picture();
  small.pixels.pop_back();
  EXPECT_THROW(save_charts(file, {}), ShapeError);
  EXPECT_THROW(save_charts(file, {Chart{}}), ShapeError);
  EXPECT_THROW(save_charts(file, {uneven}), ShapeError);
  Chart odd_colour = some_chart(), few_values = some_regions();
  odd_colour.curves[0].colour = "blue'";
  few_values.regions.values.pop_back();
  EXPECT_THROW(save_charts(file, {odd_colour}), ShapeError);
  EXPECT_THROW(save_charts(file, {few_values}), ShapeError);
  const Surface surface{"x", "y", "z", some_field()}, flat{"x", "y", "z", some_field(0)};
  EXPECT_THROW(save_surface(file, flat, {}), ShapeError);
  EXPECT_THROW(save_surface(file, surface, {{"", {0}, {0, 1}, {0}, ""}}), ShapeError);
  EXPECT_THROW(save_surface(file, {"", "", "", few_values.regions}, {}), ShapeError);
  EXPECT_THROW(save_pictures(file, {}, Palette::grey), ShapeError);
  EXPECT_THROW(save_pictures(file, {{"", {small}, 1}}, Palette::grey), ShapeError);
  EXPECT_THROW(save_pictures(file, {{"", {some_picture()}, 0}}, Palette::grey), ShapeError);
  EXPECT_THROW(save_confusion_matrix(file, {}, {}), ShapeError);
  EXPECT_THROW(save_confusion_matrix(file, {"a", "b"}, {1, 2, 3}), ShapeError);
  EXPECT_TRUE(folder.is_empty());
}

TEST(Figures, QuoteForGnuplot) {
  EXPECT_EQ(figures::text("it's a_b{c}\n"), "'it''s a\\_b\\{c\\} '");
  EXPECT_EQ(figures::bold("x", 1.25), "'{/:Bold*1.25 x}'");
  EXPECT_EQ(figures::number(0.1), "0.1");
  EXPECT_EQ(colour_in_series(0), "#d6ccf7");
  EXPECT_EQ(colour_in_series(2), "#4c1d95");
  EXPECT_EQ(figures::number(NAN), "NaN");
  EXPECT_EQ(figures::csv_field("say \"a\", b"), "\"say \"\"a\"\", b\"");
}

}  // namespace
