// Reads the sources: who includes whom, and which words appear where.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Exists = std::function<bool(const std::string&)>;

const fs::path kRoot = WEFT_SOURCE_DIR;

// A kernel file may use the launchers of other families, not their kernels.
// A file whose path matches `from` may include project files whose path matches `to`, nothing else.
// The first row that matches decides; a file of no row may include nothing. A folder may always
// include itself.
struct Arrow {
  const char* from;
  const char* to;
};
constexpr Arrow kArrows[] = {
    {"include/weft/.*", "include/weft/.*"},
    {"kernels/[^/]+/[^/]+\\.h",
     "include/weft/(activation|simt|stream|error|half|philox|window)\\.h|kernels/[^/]+/[^/]+\\.h"},
    {"kernels/.*",
     "include/weft/(activation|simt|stream|error|half|philox|window)\\.h|kernels/primitives/.*|"
     "kernels/[^/]+/[^/]+\\.h"},
    {"src/cpu/.*", "include/weft/(activation|error|half|philox|window)\\.h"},
    {"src/ops/.*", "include/weft/.*|kernels/[^/]+/[^/]+\\.h|src/cpu/[^/]+\\.h"},
    {"src/device/runtime_executor\\.cpp", "include/weft/.*|src/executor/.*"},
    {"src/device/.*", "include/weft/.*"},
    {"src/executor/matrix\\.cpp",  // takes the layouts from where kernels have them
     "include/weft/(simt|half)\\.h|src/executor/.*|kernels/primitives/mma\\.cuh"},
    {"src/executor/.*", "include/weft/(simt|simt_host|stream|error|half)\\.h"},
    {"src/tensor/.*", "include/weft/.*|src/device/(runtime|pool)\\.h"},
    {"src/(nn|optim|data|io|figures)/.*", "include/weft/.*"},
    {"lessons/.*", "include/weft/.*|lessons/.*"},
    {"bench/.*", "include/weft/.*|kernels/[^/]+/[^/]+\\.h|bench/.*"},
    {"tests/lesson_[^/]*", "include/weft/.*|lessons/support/.*|tests/.*"},
    {"tests/.*", "include/weft/.*|kernels/.*|src/.*|tests/.*"},
};

// Words that have one home each. Comments and strings do not count.
struct Word {
  const char* word;
  const char* home;
};
constexpr Word kWords[] = {
    {"<<<", "nowhere: use launch()"},
    {"__activemask", "nowhere: name the mask"},
    {"__constant__", "nowhere"},
    {"__shared__", "include/weft/simt\\.h"},
    {"\\b(asm|__asm__)\\b", "kernels/primitives/.*"},
    {"__CUDA_ARCH__|__CUDA_ARCH_FEAT_\\w+", "kernels/primitives/.*"},
    {"__CUDACC__",
     "include/weft/(simt|half)\\.h|kernels/primitives/.*|src/device/runtime_cuda\\.cpp"},
    {"#include <(cuda|cooperative_groups|nv)[^>]*>",
     "include/weft/(simt|half)\\.h|kernels/primitives/.*|src/device/runtime_cuda\\.cpp|bench/"
     "vendor/.*"},
    {"#include <(cublas|cudnn)[^>]*>", "bench/vendor/.*"},
    {"#include <cblas\\.h>", "src/cpu/.*\\.cpp"},
    {"#include <boost/[^>]*>", "src/executor/.*"},
    {"#include <CLI/[^>]*>", "lessons/.*\\.cpp"},
    {"#include <nlohmann/[^>]*>", "(src|lessons|tests)/.*\\.cpp"},
    {"#include <gtest/[^>]*>", "tests/.*"},
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool matches(const std::string& text, const std::string& pattern) {
  return std::regex_match(text, std::regex(pattern));
}

/// The text with comments and the contents of strings blanked, line breaks kept; the names in
/// #include lines stay.
std::string code_only(const std::string& text) {
  std::string code;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text.compare(i, 2, "//") == 0) {
      end = std::min(text.find('\n', i), text.size());
    } else if (text.compare(i, 2, "/*") == 0) {
      end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
    } else if (text.compare(i, 9, "#include ") == 0) {
      end = std::min(text.find('\n', i), text.size());
      code.append(text, i, end - i);
      i = end;
      continue;
    } else if (text[i] == '"') {
      while (end < text.size() && text[end] != '"' && text[end] != '\n')
        end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
    } else {
      code += text[i++];
      continue;
    }
    for (; i < end; ++i)
      if (text[i] == '\n') code += '\n';
  }
  return code;
}

/// The project file that `name` means in an #include of `file`; empty where there is none.
std::string resolve(const std::string& file, const std::string& name, const Exists& exists) {
  const std::string own_folder = fs::path(file).parent_path().string();
  for (const std::string& folder :
       {std::string("."), std::string("include"), std::string("lessons"), own_folder}) {
    const std::string path = (fs::path(folder) / name).lexically_normal().string();
    if (exists(path)) return path;
  }
  return {};
}

/// What is wrong with one source file, a sentence for each find.
std::vector<std::string> violations(const std::string& file, const std::string& text,
                                    const Exists& exists) {
  std::vector<std::string> found;
  const std::string code = code_only(text);

  std::string allowed = "";
  for (const Arrow& arrow : kArrows)
    if (matches(file, arrow.from)) {
      allowed = arrow.to;
      break;
    }
  const std::regex include("#include [\"<]([^\">]+)[\">]");
  for (std::sregex_iterator at(code.begin(), code.end(), include), end; at != end; ++at) {
    const bool quoted = (*at)[0].str()[9] == '"';
    const std::string name = (*at)[1];
    if (!quoted && name.rfind("weft/", 0) != 0) continue;  // the system's
    const std::string target = resolve(file, name, exists);
    if (target.empty())
      found.push_back(file + " includes \"" + name + "\", which is not a file of the project");
    else if (fs::path(target).parent_path() != fs::path(file).parent_path() &&
             !matches(target, allowed))
      found.push_back(file + " must not include " + target + ", only " + allowed);
  }
  for (const Word& word : kWords) {
    std::smatch match;
    if (std::regex_search(code, match, std::regex(word.word)) && !matches(file, word.home))
      found.push_back(file + " says " + match[0].str() + ", whose home is " + word.home);
  }
  return found;
}

std::vector<std::string> source_files() {
  std::vector<std::string> files;
  for (const char* folder : {"include", "kernels", "src", "lessons", "bench", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
      if (matches(entry.path().extension().string(), "\\.(h|cpp|cu|cuh)"))
        files.push_back(fs::relative(entry.path(), kRoot).string());
  return files;
}

bool in_project(const std::string& path) { return fs::is_regular_file(kRoot / path); }
bool everything_exists(const std::string& path) { return path.rfind("weft/", 0) != 0; }

TEST(Architecture, SourcesKeepTheArrowsAndTheWordsTheirHomes) {
  const std::vector<std::string> files = source_files();
  EXPECT_GT(files.size(), 50u);
  for (const std::string& file : files)
    for (const std::string& violation : violations(file, read(kRoot / file), in_project))
      ADD_FAILURE() << violation;
}

TEST(Architecture, KernelsHaveACpuTwinInTheFolderOfTheSameName) {
  for (const auto& family : fs::directory_iterator(kRoot / "kernels")) {
    const std::string name = family.path().filename();
    if (name == "primitives") continue;
    EXPECT_TRUE(in_project("src/cpu/" + name + ".h")) << "kernels/" << name << " has no twin";
    EXPECT_TRUE(in_project("src/ops/" + name + ".cpp")) << "kernels/" << name << " has no op";
    EXPECT_TRUE(in_project("include/weft/ops/" + name + ".h"))
        << "kernels/" << name << " has no contract";
    EXPECT_TRUE(in_project("tests/" + name + "_test.cpp")) << "kernels/" << name << " has no test";
  }
}

TEST(Architecture, FindsWhatIsNotAllowed) {
  const struct {
    const char *file, *text;
  } wrong[] = {
      {"kernels/softmax/softmax.cu", "#include \"weft/tensor.h\"\n"},
      {"kernels/softmax/softmax.cu", "#include \"src/cpu/softmax.h\"\n"},
      {"kernels/softmax/softmax.cu", "#include \"kernels/gemm/tile.cuh\"\n"},
      {"kernels/softmax/softmax.h", "#include \"kernels/primitives/reduce.cuh\"\n"},
      {"src/cpu/softmax.cpp", "#include \"kernels/softmax/softmax.h\"\n"},
      {"src/cpu/softmax.cpp", "#include <weft/tensor.h>\n"},
      {"src/ops/softmax.cpp", "#include \"src/device/runtime.h\"\n"},
      {"src/nn/linear.cpp", "#include \"src/device/runtime.h\"\n"},
      {"src/device/pool.cpp", "#include \"src/executor/executor.h\"\n"},
      {"lessons/04_softmax_mnist.cpp", "#include \"src/ops/check.h\"\n"},
      {"tests/softmax_test.cpp", "#include \"lessons/support/run.h\"\n"},
      {"include/weft/tensor.h", "#include \"src/device/runtime.h\"\n"},
      {"elsewhere/file.cpp", "#include \"include/weft/tensor.h\"\n"},
      {"kernels/softmax/softmax.cu", "kernel<<<1, 2>>>();"},
      {"kernels/softmax/softmax.cu", "__shared__ float x[4];"},
      {"kernels/softmax/softmax.cu", "asm volatile(\"bar.sync 0;\");"},
      {"kernels/softmax/softmax.cu", "#ifdef __CUDA_ARCH__\n#endif"},
      {"src/ops/softmax.cpp", "#if defined(__CUDACC__)\n#endif"},
      {"include/weft/tensor.h", "#include <cuda_runtime.h>\n"},
      {"src/io/safetensors.h", "#include <nlohmann/json.hpp>\n"},
  };
  for (const auto& [file, text] : wrong)
    EXPECT_EQ(violations(file, text, everything_exists).size(), 1u) << file << ": " << text;
  EXPECT_EQ(
      violations("src/nn/linear.cpp", "#include \"gone.h\"\n", [](auto&) { return false; }).size(),
      1u);
}

TEST(Architecture, AllowsWhatIsAllowed) {
  const struct {
    const char *file, *text;
  } right[] = {
      {"kernels/softmax/softmax.cu",
       "#include \"kernels/softmax/softmax.h\"\n#include \"kernels/primitives/reduce.cuh\"\n// no "
       "__shared__ here\n"
       "const char* text = \"<<<\";  /* asm */\n"},
      {"kernels/primitives/async_copy.cuh",
       "asm volatile(\"\");\n#if defined(__CUDA_ARCH__)\n#endif\n"},
      {"src/ops/softmax.cpp",
       "#include \"kernels/softmax/softmax.h\"\n#include \"src/cpu/softmax.h\"\n"},
      {"kernels/convolution/im2col.cu", "#include \"kernels/gemm/gemm.h\"\n"},
      {"src/device/runtime_executor.cpp", "#include \"src/executor/executor.h\"\n"},
      {"tests/softmax_test.cpp", "#include <gtest/gtest.h>\n#include \"src/cpu/softmax.h\"\n"},
  };
  for (const auto& [file, text] : right)
    EXPECT_TRUE(violations(file, text, everything_exists).empty())
        << violations(file, text, everything_exists).front();
}

}  // namespace
