// Safetensors: what is written is read back, and nothing unsound is read.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"
#include "weft/error.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::get;
using test::put;
namespace fs = std::filesystem;

std::string with_length(const std::string& header, const std::string& data) {
  std::string file;
  for (unsigned i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + data;
}

std::string loading_error(const fs::path& path) {
  try {
    load_safetensors(path);
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

nn::NamedTensors some_tensors() {
  return {{"b", from_values(std::vector<std::uint8_t>{1, 2, 3}, {3})},
          {"0.weight", from_values(std::vector<float>{1.5f, -2, 3, 4, 5, 6}, {2, 3})},
          {"wide", from_values(std::vector<double>{0.1}, {})},
          {"none", from_values(std::vector<float>{}, {0, 7})},
          {"labels", from_values(std::vector<std::int32_t>{-1, 7}, {2, 1})}};
}

TEST(Safetensors, ReadsWhatItWrote) {
  const test::TemporaryFolder folder;
  const nn::NamedTensors tensors = some_tensors();
  save_safetensors(folder / "a.safetensors", tensors, {{"lesson", "04 \"softmax\""}});
  const nn::NamedTensors read = load_safetensors(folder / "a.safetensors");
  ASSERT_EQ(read.size(), tensors.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].first, tensors[i].first);
    EXPECT_EQ(read[i].second.shape(), tensors[i].second.shape());
    EXPECT_EQ(read[i].second.dtype(), tensors[i].second.dtype());
  }
  EXPECT_EQ(read[0].second.to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(read[1].second.to_vector<float>(), (std::vector<float>{1.5f, -2, 3, 4, 5, 6}));
  EXPECT_EQ(read[2].second.item(), 0.1);
  EXPECT_EQ(read[4].second.to_vector<std::int32_t>(), (std::vector<std::int32_t>{-1, 7}));

  save_safetensors(folder / "none.safetensors", {});
  EXPECT_TRUE(load_safetensors(folder / "none.safetensors").empty());
}

TEST(Safetensors, WritesThePublishedFormat) {
  const test::TemporaryFolder folder;
  save_safetensors(folder / "a", {{"w", from_values(std::vector<float>{1, 2}, {2})}}, {{"k", "v"}});
  std::string header =
      R"({"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(get(folder / "a"), with_length(header, std::string("\0\0\x80\x3f\0\0\0\x40", 8)));
}

TEST(Safetensors, WritesNothingForBadNames) {
  const test::TemporaryFolder folder;
  const Tensor x = from_values(std::vector<float>{1}, {1});
  for (const nn::NamedTensors& tensors : std::vector<nn::NamedTensors>{
           {{"a", x}, {"a", x}}, {{"__metadata__", x}}, {{"a", Tensor()}}, {{"\xff\xfe", x}}})
    EXPECT_THROW(save_safetensors(folder / "a", tensors), ShapeError);
  EXPECT_TRUE(folder.is_empty());
}

TEST(Safetensors, RefusesUnsoundFiles) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "x";
  const auto expect_refused = [&](const std::string& content, const std::string& complaint) {
    put(path, content);
    const std::string error = loading_error(path);
    EXPECT_NE(error.find(complaint), std::string::npos)
        << "wanted: " << complaint << "\ngot: " << error;
    EXPECT_EQ(error.rfind(path.string() + ", byte ", 0), 0u) << error;
  };
  const auto expect_header_refused = [&](const std::string& header, const std::string& complaint) {
    expect_refused(with_length(header, "12345678"), complaint);
  };
  const std::string good = R"("w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  put(path, with_length("{" + good + "}", "12345678"));
  ASSERT_EQ(loading_error(path), "");
  put(path, with_length("{" + good + "}   ", "12345678"));  // padding is part of the format
  ASSERT_EQ(loading_error(path), "");

  expect_refused("", "byte 0: expected 8 bytes more, found the end");
  expect_refused(std::string(7, '\0'), "byte 7: expected 1 byte more");
  expect_refused(std::string(8, '\0'), "an empty header");
  expect_refused(std::string(8, '\xff'), "found 18446744073709551615");
  expect_refused(with_length("{" + good + "}", "1234567"), "expected 8 bytes of the tensor \"w\"");
  expect_refused(with_length("{" + good + "}", "123456789"), "1 byte more");
  expect_header_refused("[]", "expected '{'");
  expect_header_refused("{", "a JSON header");
  expect_header_refused("{} {}", "a JSON header");
  expect_header_refused("{}", "8 bytes more");
  expect_header_refused("{" + good + "," + good + "}", "\"w\" twice");
  expect_header_refused(R"({"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                        "\"dtype\" twice");
  expect_header_refused(R"({"w":1})", "expected dtype, shape and data_offsets of \"w\", found 1");
  expect_header_refused(R"({"w":{"dtype":"F32","shape":[2]}})",
                        "expected dtype, shape and data_offsets");
  expect_header_refused(R"({"w":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}})",
                        "found \"F16\"");
  expect_header_refused(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})",
                        "span 12 bytes");
  expect_header_refused(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})",
                        "span 8 bytes");
  expect_header_refused(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}})",
                        "2 whole numbers");
  expect_header_refused(R"({"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})",
                        "whole numbers");
  expect_header_refused(R"({"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})",
                        "whole numbers");
  expect_header_refused(R"({"w":{"dtype":"U8","shape":[1,1,1,1,1,1,8],"data_offsets":[0,8]}})",
                        "at most 6 whole numbers");
  expect_header_refused(
      R"({"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})",
      "fits a file");
  expect_header_refused(  // 2^61: bytes that a file may have, elements that a tensor may not
      R"({"w":{"dtype":"U8","shape":[2305843009213693952],"data_offsets":[0,2305843009213693952]}})",
      "fits a file");
  expect_header_refused(
      R"({"w":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}})",
      "whole numbers");
  expect_header_refused(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                        "without a gap");
  expect_header_refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                        R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                        "without an overlap");
  expect_header_refused(R"({"__metadata__":{"a":1},)" + good + "}",
                        "expected text as the value of \"a\"");
  expect_header_refused(R"({"__metadata__":[],)" + good + "}", "expected an object");
  expect_header_refused("{\"w\":" + std::string(100'000, '[') + "1", "nested three deep");
  expect_header_refused("{\"\x1b[2J\":1}", "a JSON header");
  expect_header_refused("{\"\\u001b[2J\":1}",
                        "\"\\u001b[2J\"");  // quoted, not sent to the terminal
}

TEST(Safetensors, GivesItsMetadata) {
  const test::TemporaryFolder folder;
  const std::map<std::string, std::string> metadata{{"lesson", "04"}, {"names", "a\n\u00e4"}};
  save_safetensors(folder / "a", some_tensors(), metadata);
  EXPECT_EQ(read_safetensors_metadata(folder / "a"), metadata);
  save_safetensors(folder / "b", some_tensors());
  EXPECT_TRUE(read_safetensors_metadata(folder / "b").empty());
  put(folder / "c", "no such file");
  EXPECT_THROW(read_safetensors_metadata(folder / "c"), FileError);
  EXPECT_THROW(read_safetensors_metadata(folder / "missing"), FileError);
}

TEST(Safetensors, SurvivesEveryTruncationAndBitFlip) {
  const test::TemporaryFolder folder;
  save_safetensors(folder / "a", some_tensors(), {{"k", "v"}});
  const std::string whole = get(folder / "a");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(folder / "cut", whole.substr(0, size));
    ASSERT_NE(loading_error(folder / "cut"), "") << size << " of " << whole.size() << " bytes";
  }
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    put(folder / "flipped", flipped);
    refused += loading_error(folder / "flipped").empty() ? 0 : 1;
  }
  EXPECT_GT(refused, static_cast<int>(4 * whole.size()));
}

TEST(Safetensors, SurvivesRandomHeaders) {
  const test::TemporaryFolder folder;
  save_safetensors(folder / "a", some_tensors());
  const std::string whole = get(folder / "a");
  const std::string pieces[] = {"[",
                                "]",
                                "{",
                                "}",
                                ",",
                                ":",
                                "0",
                                "-1",
                                "1e9",
                                "\"w\"",
                                "null",
                                "\\u0000",
                                "99999999999999999999",
                                "\"dtype\"",
                                "\"F64\"",
                                "\xff"};
  std::mt19937 engine(1);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  for (int round = 0; round < 3000; ++round) {
    std::string text = whole;
    for (std::uint32_t i = random() % 3 + 1; i > 0; --i) {
      const std::size_t at = 8 + random() % (text.size() - 8);
      text.replace(at, random() % 4, pieces[random() % std::size(pieces)]);
    }
    put(folder / "random", text);
    loading_error(folder / "random");  // FileError or tensors; anything else ends the test
  }
}

}  // namespace
