// Several lessons in one go: the lines, the table, the exit status and the page.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/lesson_program.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace weft;
using test::Answer;
using test::get;
using test::has;
using test::put;
using test::run;
namespace fs = std::filesystem;

std::vector<std::string> lesson_names() {
  const test::TemporaryFolder folder;
  std::istringstream lines(run(folder.path(), "list").text);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);)
    names.push_back(line.substr(0, line.find(' ')));
  return names;
}

// Three train nothing; one trains a single number on a polynomial.
const std::set<std::string> kWithoutSamples{"17_momentum_polynomial", "20_convolution",
                                            "21_activation_max_pool",
                                            "22_multi_channel_convolution"};

// A result as an earlier run left it.
void put_result(const fs::path& folder, const std::string& lesson) {
  fs::create_directories(folder / lesson);
  put(folder / lesson / "result.json",
      "{\"lesson\":\"" + lesson +
          "\",\"title\":\"An earlier <run>\",\"status\":0,\"stopped\":\"\",\"claims\":[{\"claim\":"
          "\"a < b\",\"found\":\"1 & 2\",\"holds\":true,\"only_reported\":\"\"}],\"figure\":\"\","
          "\"seed\":1,\"smoke\":false,\"device\":\"cpu\",\"seconds\":75,\"ended\":\"2026-01-02 "
          "03:04\",\"version\":\"0\",\"output\":\"\"}");
}

TEST(LessonOverview, SeveralShowWhatTheyPrintAndThenATable) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run 02 xor --smoke --device cpu --out results");
  EXPECT_EQ(answer.status, 0) << answer.text;
  for (const char* part : {"Lesson 02: ", "Lesson 07: ", "Try next:",
                           "02_logistic_cross_entropy    holds", "2 of 2 lessons as claimed"})
    EXPECT_TRUE(has(answer.text, part)) << part << "\n" << answer.text;
  EXPECT_FALSE(has(answer.text, "were not run"));
  EXPECT_TRUE(has(answer.text, "The page: " + (folder / "results/index.html").string()));

  const std::string page = get(folder / "results/index.html");
  EXPECT_TRUE(has(page, "name=\"viewport\""));
  EXPECT_TRUE(has(page, "The claim holds"));
  EXPECT_TRUE(has(page, "Written by Weft "));
  EXPECT_FALSE(has(page, "http")) << "it needs no other place";
  const std::regex reference("(src|href)=\"([^#\"]+)\"");
  int references = 0;
  for (auto i = std::sregex_iterator(page.begin(), page.end(), reference);
       i != std::sregex_iterator(); ++i, ++references)
    EXPECT_TRUE(fs::exists(folder / "results" / (*i)[2].str())) << (*i)[2];
  EXPECT_GE(references, 2);
}

TEST(LessonOverview, BadFlagsAreRefusedOnceAndAtOnce) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  put_result(folder / "runs", "05_hidden_layer");
  const std::string before = get(folder / "runs/05_hidden_layer/result.json");
  for (const char* flag : {"--epochs 0", "--lr -1", "--lr 1e39", "--batch 0", "--sed 3",
                           "--device cuda", "--seed x", "99", "--out ''"}) {
    const Answer answer = run(folder.path(), std::string("run all ") + flag);
    EXPECT_EQ(answer.status, 2) << answer.text;
    EXPECT_EQ(std::count(answer.text.begin(), answer.text.end(), '\n'), 1) << answer.text;
  }
  EXPECT_EQ(run(folder.path(), "run 20 21 --epochs 3").status, 2) << "neither trains";
  EXPECT_EQ(run(folder.path(), "run 01 05 --data .").status, 2) << "neither takes data";
  EXPECT_EQ(get(folder / "runs/05_hidden_layer/result.json"), before);
  EXPECT_FALSE(fs::exists(folder / "runs/index.html"));
}

TEST(LessonOverview, EveryLessonRefusesBadNumbers) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  for (const std::string& lesson : lesson_names())
    for (const char* flag : {"--epochs 0", "--epochs -1", "--batch 0", "--lr -0.1", "--lr 1e39"}) {
      const Answer answer = run(folder.path(), "run " + lesson + " " + flag);
      EXPECT_EQ(answer.status, 2) << lesson << " " << flag << "\n" << answer.text;
      EXPECT_TRUE(has(answer.text, ": expected a ")) << answer.text;
    }
  EXPECT_TRUE(folder.is_empty());
}

// One run of all: a failure stops none, each has its line, and every lesson that trains refuses a batch that
// is larger than its training set. The others have no use for the flag and run without it.
TEST(LessonOverview, AllGoOnAfterAFailure) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run all --smoke --device cpu --batch 1000000000");
  EXPECT_EQ(answer.status, 2) << answer.text;
  const std::string page = get(folder / "runs/index.html");
  const auto names = lesson_names();
  ASSERT_GE(names.size(), 26u);
  for (const std::string& lesson : names) {
    std::string line = lesson;
    line[2] = ' ';
    EXPECT_TRUE(has(answer.text, line + " ")) << lesson;
    EXPECT_TRUE(has(answer.text, "  " + lesson)) << lesson;
    EXPECT_TRUE(has(page, "id=\"" + lesson + "\"")) << lesson;
    const std::string result = get(folder / ("runs/" + lesson + "/result.json"));
    if (kWithoutSamples.count(lesson) > 0) {
      EXPECT_TRUE(has(result, "\"status\": 0")) << result;
      continue;
    }
    EXPECT_TRUE(has(result, "\"status\": 2")) << result;
    EXPECT_TRUE(has(result, "--batch: expected at most the ")) << result;
    EXPECT_TRUE(has(answer.text, "status 2 ")) << answer.text;
    EXPECT_TRUE(fs::exists(folder / ("runs/" + lesson + "/output.txt"))) << lesson;
  }
}

TEST(LessonOverview, InterruptedItLeavesAPageOfWhatRan) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  put_result(folder / "runs", "26_anime_cnn");
  for (const char* signal : {"INT", "TERM"}) {
    const Answer answer =
        run(folder.path(), "run all --device cpu",
            std::string("timeout --foreground --preserve-status -k 60 -s ") + signal + " 1");
    EXPECT_EQ(answer.status, std::string(signal) == "INT" ? 130 : 143) << answer.text;
    EXPECT_TRUE(has(answer.text, "interrupted")) << answer.text;
    EXPECT_TRUE(has(answer.text, "were not run")) << answer.text;
    const std::string page = get(folder / "runs/index.html");
    EXPECT_TRUE(has(page, "01_logistic_bad_start"));
    EXPECT_FALSE(has(page, "26_anime_cnn")) << "an earlier result passes for this run's";
  }
}

TEST(LessonOverview, ACrashIsOneLessonsMatter) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  // A file of more than 20 KiB is the end of the program: the model is larger.
  const Answer answer = run(folder.path(), "run 04 02 --smoke --quiet --device cpu",
                            "ulimit -c 0; ulimit -f 40; PATH=/nowhere");
  EXPECT_EQ(answer.status, 128 + SIGXFSZ) << answer.text;
  EXPECT_TRUE(has(answer.text, "04_softmax_mnist: crashed by signal")) << answer.text;
  EXPECT_TRUE(has(answer.text, "02_logistic_cross_entropy")) << answer.text;
  EXPECT_TRUE(has(get(folder / "runs/index.html"), "crashed by signal"));
}

TEST(LessonOverview, ThePageIsMadeOfWhatLiesThere) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  put_result(folder / "some", "05_hidden_layer");
  const Answer answer = run(folder.path(), "overview some");
  EXPECT_EQ(answer.status, 0) << answer.text;
  EXPECT_TRUE(has(answer.text, "05_hidden_layer")) << answer.text;
  EXPECT_TRUE(has(answer.text, "1 min 15 s")) << answer.text;
  const std::string page = get(folder / "some/index.html");
  EXPECT_TRUE(has(page, "An earlier &lt;run&gt;"));
  EXPECT_TRUE(has(page, "a &lt; b. Found: 1 &amp; 2"));
  EXPECT_TRUE(has(page, "Its figure was not drawn."));
  EXPECT_FALSE(has(page, "report.html")) << "there is none";

  put(folder / "some/05_hidden_layer/result.json", "{\"lesson\": 3");
  const Answer broken = run(folder.path(), "overview some");
  EXPECT_EQ(broken.status, 2) << broken.text;
  EXPECT_TRUE(has(broken.text, "result.json: expected what a lesson's run writes")) << broken.text;
  EXPECT_EQ(run(folder.path(), "overview nowhere").status, 2);
  EXPECT_EQ(run(folder.path(), "overview some more").status, 2);
}

TEST(LessonOverview, RefusesWhatNoLessonWroteAndWritesNoPage) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const fs::path result = folder / "some/05_hidden_layer/result.json";
  put_result(folder / "some", "05_hidden_layer");
  const std::string good = get(result);
  const auto expect_refused = [&](const std::string& complaint) {
    for (const char* command : {"overview some", "run 02 07 --smoke --quiet --out some"}) {
      const Answer answer = run(folder.path(), command, "timeout 20");
      EXPECT_EQ(answer.status, 2) << answer.text;
      EXPECT_TRUE(has(answer.text, "some/05_hidden_layer/result.json: " + complaint))
          << answer.text;
      EXPECT_FALSE(fs::exists(folder / "some/index.html"));
      EXPECT_FALSE(fs::exists(folder / "some/02_logistic_cross_entropy"));
    }
  };
  const auto with = [&](const std::string& part, const std::string& other) {
    std::string text = good;
    put(result, text.replace(text.find(part), part.size(), other));
  };
  const std::string expected = "expected what a lesson's run writes, found ";
  for (const char* status : {"-5", "1e300", "true", "256", "1099511627777"}) {
    with("\"status\":0", std::string("\"status\":") + status);
    expect_refused(expected + "another value where a whole number from 0 to 255 should be");
  }
  with("\"seed\":1", "\"seed\":-1");
  expect_refused(expected + "another value where a whole number from 0 to 1844674407370955161");
  for (const char* seconds : {"1e308", "-1"}) {
    with("\"seconds\":75", std::string("\"seconds\":") + seconds);
    expect_refused(expected);
  }
  for (const char* lesson : {"javascript:alert(1)//", "../../../etc", "04_softmax_mnist"}) {
    with("\"lesson\":\"05_hidden_layer\"", std::string("\"lesson\":\"") + lesson + '"');
    expect_refused(expected + "another lesson's name than its folder has");
  }
  for (const char* name : {"../../passwd", ".."})
    for (const char* key : {"\"figure\":\"", "\"output\":\""}) {
      with(key, std::string(key) + name);
      expect_refused(expected + "a figure or an output that is no file's name");
    }
  fs::remove(result);
  ASSERT_EQ(mkfifo(result.c_str(), 0666), 0);
  expect_refused("expected a regular file, found a device or a pipe");
  fs::remove(result);
  fs::create_directory(result);
  expect_refused("expected a regular file, found a folder");
  fs::remove(result);
  fs::create_symlink("result.json", result);
  expect_refused("cannot be read: Too many levels of symbolic links");
  fs::remove(result);
  put(result, "");
  fs::resize_file(result, std::uintmax_t{1} << 40);
  expect_refused("expected at most 16777216 bytes of text, found 1099511627776");
}

TEST(LessonOverview, TextsOfResultsCannotSteerTheTerminal) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  put_result(folder / "some", "05_hidden_layer");
  std::string text = get(folder / "some/05_hidden_layer/result.json");
  text.replace(text.find("\"stopped\":\""), 11, "\"stopped\":\"\\u001b[2Jred\\u0007");
  put(folder / "some/05_hidden_layer/result.json", text);
  const Answer answer = run(folder.path(), "overview some");
  EXPECT_EQ(answer.status, 0) << answer.text;
  EXPECT_TRUE(has(answer.text, "[2Jred")) << answer.text;
  for (const std::string& shown : {answer.text, get(folder / "some/index.html")})
    EXPECT_EQ(shown.find_first_of("\x1b\x07"), std::string::npos) << shown;
}

}  // namespace
