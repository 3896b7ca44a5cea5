// The rules of the house, checked on the sources: folder order, who may know LibTorch, format,
// sizes, headers.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::array kFolders = {"base",    "kernels", "model",    "sandbox", "rewards",
                                 "storage", "rollout", "pipeline", "learner", "cli"};

size_t rank_of(const std::string& folder) {
  return static_cast<size_t>(std::find(kFolders.begin(), kFolders.end(), folder) -
                             kFolders.begin());
}

std::vector<fs::path> sources(const std::vector<std::string>& extensions) {
  std::vector<fs::path> files;
  std::vector<std::string> folders(kFolders.begin(), kFolders.end());
  folders.insert(folders.end(), {"tests", "bench"});
  for (const std::string& folder : folders) {
    fs::path root = fs::path(RECKON_SOURCE_DIR) / folder;
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      std::string extension = entry.path().extension();
      if (std::find(extensions.begin(), extensions.end(), extension) != extensions.end())
        files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string folder_of(const fs::path& file) {
  return fs::relative(file, RECKON_SOURCE_DIR).begin()->string();
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST(House, AFolderIncludesOnlyThoseBeforeIt) {
  std::regex include("^#include \"([a-z_]+)/.*");
  for (const fs::path& file : sources({".h", ".cc"})) {
    size_t own = rank_of(folder_of(file));
    if (own == kFolders.size()) continue;  // tests and benchmarks may include all
    for (const std::string& line : lines_of(file)) {
      std::smatch match;
      if (!std::regex_match(line, match, include)) continue;
      size_t other = rank_of(match[1]);
      EXPECT_TRUE(other == kFolders.size() || other <= own) << file << ": " << line;
    }
  }
}

TEST(House, OnlyTheLearnerKnowsLibTorch) {
  std::regex include("^#include *[<\"](torch|ATen|c10)/.*");
  for (const fs::path& file : sources({".h", ".cc"})) {
    if (folder_of(file) == "learner") continue;
    for (const std::string& line : lines_of(file))
      EXPECT_FALSE(std::regex_match(line, include)) << file << ": " << line;
  }
}

TEST(House, AHeaderSaysWhatItIsForAndIsIncludedOnce) {
  for (const fs::path& file : sources({".h"})) {
    auto lines = lines_of(file);
    ASSERT_FALSE(lines.empty()) << file;
    EXPECT_EQ(lines[0].rfind("// ", 0), 0u)
        << file << ": a header opens with a comment on what it is for";
    EXPECT_NE(std::find(lines.begin(), lines.end(), "#pragma once"), lines.end()) << file;
  }
}

TEST(House, NoFileIsTooLong) {
  for (const fs::path& file : sources({".h", ".cc"}))
    EXPECT_LE(lines_of(file).size(), 600u) << file;
}

TEST(House, SourcesAreFormatted) {
  if (std::system("command -v clang-format-14 > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "clang-format-14 is not installed";
  std::ostringstream command;
  command << "clang-format-14 --dry-run -Werror --style=file";
  for (const fs::path& file : sources({".h", ".cc"})) command << " '" << file.string() << "'";
  EXPECT_EQ(std::system(command.str().c_str()), 0) << "run: clang-format-14 -i on the files above";
}
