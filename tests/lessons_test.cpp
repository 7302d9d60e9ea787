// The lesson program as a user meets it: what it says, its exit status, and what it leaves behind.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/lesson_program.h"
#include "tests/support/temporary_folder.h"
#include "weft/build_info.h"
#include "weft/device.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::Answer;
using test::csv;
using test::get;
using test::has;
using test::put;
using test::run;
namespace fs = std::filesystem;

constexpr const char* kHead = "run,epoch,step,train_loss,test_loss,test_accuracy,seconds";

// An IDX file of unsigned bytes with small extents.
std::string idx(const std::vector<int>& extents, const std::string& elements) {
  std::string file{'\0', '\0', '\x08', static_cast<char>(extents.size())};
  for (const int extent : extents) {
    file.append(2, '\0');
    file += static_cast<char>(extent >> 8);
    file += static_cast<char>(extent);
  }
  return file + elements;
}

// A data set of `count` pictures of 2 x 2 in which the label is the first pixel.
void put_set(const fs::path& folder, const std::string& split_name, int count, int classes) {
  std::string pixels, labels;
  for (int i = 0; i < count; ++i) {
    pixels += std::string{static_cast<char>(i % classes), 1, 2, 3};
    labels += static_cast<char>(i % classes);
  }
  put(folder / (split_name + "-images-idx3-ubyte"), idx({count, 2, 2}, pixels));
  put(folder / (split_name + "-labels.idx1-ubyte"), idx({count}, labels));
}

TEST(Lessons, AnswerQuestions) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  EXPECT_TRUE(has(run(folder.path(), "list").text, "04_softmax_mnist"));
  EXPECT_EQ(run(folder.path(), "--version").text.rfind("weft-lessons ", 0), 0u);
  EXPECT_TRUE(has(run(folder.path(), "--help").text, "run"));
  EXPECT_TRUE(has(run(folder.path(), "run --help").text, "--epochs"));
  const std::string doctor = run(folder.path(), "doctor").text;
  for (const std::string& fact :
       {describe(Device::cpu), build_info().compiler, std::string("blas        "),
        std::string("60,000 pictures to train"), std::string("default     --device ")})
    EXPECT_TRUE(has(doctor, fact)) << fact << " is not in\n" << doctor;
  for (const char* asked : {"list", "--version", "--help", "run --help", "doctor", ""})
    EXPECT_EQ(run(folder.path(), asked).status, 0) << asked;
  EXPECT_TRUE(folder.is_empty());
}

TEST(Lessons, RefuseBadInputAndWriteNothing) {
  SKIP_UNLESS_BUILT();
  struct Case {
    const char* arguments;
    const char* complaint;
  };
  const test::TemporaryFolder folder;
  for (const Case& c : {
           Case{"run 04 --epochs 0",
                "--epochs: expected a whole number from 1 to 100000, found \"0\""},
           Case{"run 04 --epochs 1e3", "found \"1e3\""},
           Case{"run 04 --epochs 99999999999999999999", "--epochs: expected a whole number"},
           Case{"run 04 --batch 0", "--batch: expected a whole number"},
           Case{"run 04 --batch 60001",
                "--batch: expected at most the 60,000 training samples, found 60001"},
           Case{"run 04 --lr 0", "--lr: expected a number above 0 and at most 1e+38, found \"0\""},
           Case{"run 04 --lr -1", "found \"-1\""},
           Case{"run 04 --lr nan", "found \"nan\""},
           Case{"run 04 --lr inf", "found \"inf\""},
           Case{"run 04 --lr 1e999", "found \"1e999\""},
           Case{"run 04 --lr $(printf '9%.0s' $(seq 400))", "9..."},
           Case{"run 04 --lr", "--lr: expected a value, found none"},
           Case{"run 04 --seed -1",
                "--seed: expected a whole number from 0 to 18446744073709551615"},
           Case{"run 04 --seed 18446744073709551616", "--seed: expected"},
           Case{"run 04 --seed 1 --seed 2", "--seed: expected it once"},
           Case{"run 04 --device cuda",
                "--device: expected auto, cpu, gpu or gpu:N, found \"cuda\""},
           Case{"run 04 --device gpu:", "gpu or gpu:N, N from 0, found \"gpu:\""},
           Case{"run 04 --device gpu:x", "gpu or gpu:N, N from 0, found \"gpu:x\""},
           Case{"run 04 --device gpu:-1", "gpu or gpu:N, N from 0, found \"gpu:-1\""},
           Case{"run 04 --device gpu:99999999999", "N from 0, found \"gpu:99999999999\""},
           Case{"run 04 --device gpu:99", "that is there"},
           Case{"run all --device gpu:99", "that is there"},
           Case{"run 04 --smoke=3", "--smoke: expected no value"},
           Case{"run 04 --sed 3", "no use for \"--sed\"; did you mean --seed?"},
           Case{"run 04 --epoch=3", "no use for \"--epoch\"; did you mean --epochs?"},
           Case{"run 04 twice", "expected a lesson's number or name, found \"twice\""},
           Case{"run sofmax_mnist", "found \"sofmax_mnist\"; did you mean softmax_mnist?"},
           Case{"run 99", "found \"99\"; weft-lessons list shows them all"},
           Case{"run", "run: expected a lesson, found none"},
           Case{"rum 04", "no use for \"rum\"; did you mean run?"},
           Case{"--frob", "no use for \"--frob\""},
           Case{"run 04 --data nowhere", "nowhere/train-images.idx3-ubyte.gz\n"},
           Case{"run 04 --data ''", "--data: expected a folder"},
           Case{"run 04 --out ''", "--out: expected a folder"},
           Case{"run 04 --smoke --out /dev/null/x", "cannot be written"},
       }) {
    const Answer answer = run(folder.path(), c.arguments);
    EXPECT_EQ(answer.status, 2) << c.arguments << "\n" << answer.text;
    EXPECT_TRUE(has(answer.text, c.complaint)) << c.arguments << "\n" << answer.text;
    EXPECT_TRUE(has(answer.text, "weft-lessons: ")) << answer.text;
    EXPECT_TRUE(folder.is_empty()) << c.arguments;
  }
}

TEST(Lessons, RefuseDataThatCannotBeTrainedOn) {
  SKIP_UNLESS_BUILT();
  const auto expect_refused = [](const test::TemporaryFolder& data, const std::string& complaint) {
    const test::TemporaryFolder folder;
    const Answer answer = run(folder.path(), "run 04 --batch 10 --data " + data.path().string());
    EXPECT_EQ(answer.status, 2) << answer.text;
    EXPECT_TRUE(has(answer.text, complaint)) << answer.text;
    EXPECT_TRUE(folder.is_empty());
  };
  test::TemporaryFolder no_test, labels, sizes, empty, cut;
  put_set(no_test.path(), "train", 20, 10);
  expect_refused(no_test, "t10k-images-idx3-ubyte");
  put_set(labels.path(), "train", 20, 11);
  put_set(labels.path(), "t10k", 20, 10);
  expect_refused(
      labels, labels.path().string() + ": expected train labels from 0 to 9, found 10 as number");
  put_set(sizes.path(), "train", 20, 10);
  put_set(sizes.path(), "t10k", 20, 10);
  put(sizes / "t10k-images-idx3-ubyte", idx({20, 1, 2}, std::string(40, 'x')));
  expect_refused(sizes, "expected train and test pictures of one size");
  put_set(empty.path(), "train", 0, 10);
  put_set(empty.path(), "t10k", 20, 10);
  expect_refused(empty, "expected at least one picture");
  put_set(cut.path(), "train", 20, 10);
  put_set(cut.path(), "t10k", 20, 10);
  put(cut / "t10k-images-idx3-ubyte", idx({20, 2, 2}, std::string(79, 'x')));
  expect_refused(cut, "byte 16: expected 80 bytes of elements after the header, found 79 bytes");
}

// What every run leaves: the columns, the losses, the models, the figures, a page that needs no other.
void check_run(const fs::path& out, const std::string& device, std::size_t steps) {
  const auto rows = csv(out / "metrics.csv");
  ASSERT_EQ(rows.size(), 1 + 1 + steps + 1);
  EXPECT_EQ(get(out / "metrics.csv").rfind(std::string(kHead) + "\n", 0), 0u);
  for (const auto& row : rows) ASSERT_EQ(row.size(), 7u);
  const auto& before = rows[1];
  const auto& epoch = rows.back();
  EXPECT_EQ(before[1], "0");
  EXPECT_EQ(epoch[1], "1");
  EXPECT_EQ(epoch[2], "");
  EXPECT_GT(std::stod(epoch[5]), std::stod(before[5]));
  EXPECT_LT(std::stod(epoch[4]), std::stod(before[4]));
  for (std::size_t step = 1; step <= steps; ++step) {
    EXPECT_EQ(rows[1 + step][2], std::to_string(step));
    EXPECT_GT(std::stod(rows[1 + step][3]), 0);
  }

  const auto model = load_safetensors(out / "model.safetensors");
  ASSERT_EQ(model.size(), 2u);
  EXPECT_EQ(model[0].second.shape(), (Shape{10, 784}));
  EXPECT_EQ(model[1].second.shape(), (Shape{10}));
  EXPECT_EQ(get(out / "softmax.safetensors"), get(out / "model.safetensors"));

  const std::string page = get(out / "report.html");
  for (const std::string part :
       {"The claim holds", "name=\"viewport\"", "seed 1", "weft-lessons run", "Try next"})
    EXPECT_TRUE(has(page, part)) << part;
  EXPECT_TRUE(has(page, device)) << device;
  EXPECT_FALSE(has(page, "src=\"http")) << "the page needs another file";
  for (const char* name : {"training", "weights_before_after", "right_and_wrong", "confusion"}) {
    EXPECT_TRUE(fs::exists(out / (std::string(name) + ".gp"))) << name;
    EXPECT_TRUE(fs::exists(out / (std::string(name) + ".png")) ||
                fs::exists(out / (std::string(name) + ".csv")))
        << name;
  }
}

TEST(Lessons, SmokeRunOnTheCpu) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run softmax_mnist --smoke --device cpu");
  ASSERT_EQ(answer.status, 0) << answer.text;
  EXPECT_TRUE(has(answer.text, "The claim holds: test accuracy of at least 70.0 %, found"));
  EXPECT_FALSE(has(answer.text, "\x1b")) << "colours are for terminals";
  check_run(folder / "runs/04_softmax_mnist", describe(Device::cpu), 60);
}

TEST(Lessons, SmokeRunOnTheGpu) {
  SKIP_UNLESS_BUILT();
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run 4 --smoke --device gpu --out results");
  ASSERT_EQ(answer.status, 0) << answer.text;
  EXPECT_TRUE(has(answer.text, describe(Device::gpu))) << answer.text;
  check_run(folder / "results", describe(Device::gpu), 60);
  EXPECT_TRUE(has(get(folder / "results/metrics.csv"), describe(Device::gpu)));
  EXPECT_FALSE(fs::exists(folder / "runs"));
}

TEST(Lessons, SmallLessonsHaveNoUseForOtherData) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  for (const char* lesson : {"01", "02"}) {
    const Answer answer = run(folder.path(), std::string("run ") + lesson + " --data .");
    EXPECT_EQ(answer.status, 2) << answer.text;
    EXPECT_TRUE(has(answer.text, "--data")) << answer.text;
  }
  EXPECT_TRUE(folder.is_empty());
}

TEST(Lessons, SameSeedSameRun) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  for (const char* arguments : {"--seed 7 --out a", "--seed 7 --out b", "--seed 8 --out c"})
    ASSERT_EQ(
        run(folder.path(), std::string("run 04 --smoke --quiet ") + arguments, "PATH=/nowhere")
            .status,
        0);
  EXPECT_EQ(get(folder / "a/model.safetensors"), get(folder / "b/model.safetensors"));
  EXPECT_NE(get(folder / "a/model.safetensors"), get(folder / "c/model.safetensors"));
}

TEST(Lessons, AClaimThatFailsIsExitStatusOne) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run 04 --smoke --quiet --lr 1e-6");
  EXPECT_EQ(answer.status, 1) << answer.text;
  EXPECT_TRUE(has(answer.text, "The claim does not hold: test accuracy of at least 70.0 %, found"))
      << answer.text;
  EXPECT_TRUE(has(get(folder / "runs/04_softmax_mnist/report.html"), "The claim does not hold"));
}

TEST(Lessons, ALossThatIsNoNumberStopsTheRun) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run 04 --smoke --lr 1e38");
  EXPECT_EQ(answer.status, 1) << answer.text;
  EXPECT_TRUE(has(answer.text,
                  "The training \"softmax\" stopped in epoch 1: at step 2 the loss was "
                  "no longer a number; the first gradient that was not finite was that of "))
      << answer.text;
  EXPECT_TRUE(has(answer.text, "weight, at step 2 (learning rate 1e+38; ")) << answer.text;
  EXPECT_EQ(csv(folder / "runs/04_softmax_mnist/metrics.csv").back()[1], "1");
  EXPECT_TRUE(
      has(get(folder / "runs/04_softmax_mnist/report.html"), "stopped in epoch 1: at step 2"));
}

TEST(Lessons, OwnDataAreTrainedOnWithoutEnforcingTheClaim) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder, data;
  put_set(data.path(), "train", 200, 10);
  put_set(data.path(), "t10k", 50, 10);
  const Answer answer =
      run(folder.path(), "run 04 --epochs 1 --batch 64 --data " + data.path().string());
  EXPECT_EQ(answer.status, 0) << answer.text;
  EXPECT_TRUE(has(answer.text, "(Reported only: the data are your own.)")) << answer.text;
}

TEST(Lessons, FewerEpochsThanTheClaimWasMadeForDoNotFail) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run 04 --epochs 1 --lr 1e-6 --quiet", "PATH=/nowhere");
  EXPECT_EQ(answer.status, 0) << answer.text;
  EXPECT_TRUE(has(answer.text, "The claim does not hold")) << answer.text;
  EXPECT_TRUE(has(answer.text, "(Reported only: it was made for 10 epochs.)")) << answer.text;
}

TEST(Lessons, WorkWithoutGnuplotAndSayItOnce) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run 04 --smoke", "PATH=/nowhere");
  EXPECT_EQ(answer.status, 0) << answer.text;
  const auto first = answer.text.find("gnuplot is not installed");
  ASSERT_NE(first, std::string::npos) << answer.text;
  EXPECT_EQ(answer.text.find("gnuplot is not installed", first + 1), std::string::npos);
  EXPECT_TRUE(fs::exists(folder / "runs/04_softmax_mnist/confusion.csv"));
  EXPECT_TRUE(has(get(folder / "runs/04_softmax_mnist/report.html"), "This figure was not drawn"));
}

TEST(Lessons, AnEarlierResultDoesNotPassForThatOfARunThatFailed) {
  SKIP_UNLESS_BUILT();
  for (const char* lesson : {"02", "20"}) {
    const test::TemporaryFolder folder;
    const std::string command =
        std::string("run ") + lesson + " --smoke --quiet --device cpu --out out";
    ASSERT_EQ(run(folder.path(), command, "PATH=/nowhere").status, 0);
    std::vector<fs::path> scripts;
    for (const auto& entry : fs::directory_iterator(folder / "out"))
      if (entry.path().extension() == ".gp") scripts.push_back(entry.path());
    for (const fs::path& script : scripts) {
      fs::remove(script);
      fs::create_directory(script);
    }
    const Answer answer = run(folder.path(), command, "PATH=/nowhere");
    EXPECT_EQ(answer.status, 2) << answer.text;
    EXPECT_TRUE(has(answer.text, "expected a regular file or none, found a folder"));
    for (const char* name : {"result.json", "report.html"})
      EXPECT_FALSE(fs::exists(folder / "out" / name)) << lesson << ' ' << name;
  }
}

TEST(Lessons, AnAnswerThatCannotBeWrittenIsExitStatusTwo) {
  SKIP_UNLESS_BUILT();
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  const test::TemporaryFolder folder;
  EXPECT_EQ(run(folder.path(), "list >/dev/full").status, 2);
  EXPECT_EQ(run(folder.path(), "--help >/dev/full").status, 2);
}

TEST(Lessons, AFullDiskIsExitStatusTwo) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const Answer answer = run(folder.path(), "run 04 --smoke",
                            "trap '' XFSZ; ulimit -f 16;");  // 8 or 16 KiB: the model is larger
  EXPECT_EQ(answer.status, 2) << answer.text;
  EXPECT_TRUE(has(answer.text, "softmax.safetensors, byte ")) << answer.text;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    EXPECT_FALSE(has(entry.path().filename().string(), ".tmp")) << entry.path();
  EXPECT_FALSE(fs::exists(folder / "runs/04_softmax_mnist/softmax.safetensors"));
}

TEST(Lessons, PicturesTooSmallForTwoPoolingsAreRefused) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder, data;
  put_set(data.path(), "train", 200, 10);  // of 2 x 2
  put_set(data.path(), "t10k", 50, 10);
  const Answer answer = run(folder.path(), "run 24 --data " + data.path().string());
  EXPECT_EQ(answer.status, 2) << answer.text;
  EXPECT_TRUE(has(answer.text, "expected pictures of at least 4 x 4")) << answer.text;
  EXPECT_TRUE(folder.is_empty());
}

}  // namespace
