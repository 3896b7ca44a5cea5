// Every file in tests/cases/bad_run_files/ is a run that must be refused. Its header says how:
//   # exit 78
//   # message: run.toml:3:1: unknown key ...        the whole message
//   # override: run.seed=2                          optional, several
// then "--- NAME" lines begin the files of the case; run.toml is loaded and, if it loads, every row
// of its data is read.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/config.h"
#include "pipeline/dataset.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

struct BadRun {
  int exit_code = 0;
  std::string message;
  std::vector<std::string> overrides;
  std::map<std::string, std::string> files;
};

BadRun read_case(const Path& path) {
  BadRun bad;
  std::string* file = nullptr;
  std::string text = read_file(path);
  std::vector<std::string> lines = split(text, '\n');
  lines.pop_back();  // behind the last line end
  for (const std::string& line : lines) {
    if (line.starts_with("--- "))
      file = &bad.files[line.substr(4)];
    else if (file != nullptr)
      *file += line + "\n";
    else if (line.starts_with("# exit "))
      bad.exit_code = static_cast<int>(parse_int(line.substr(7)).value());
    else if (line.starts_with("# message: "))
      bad.message = line.substr(11);
    else if (line.starts_with("# override: "))
      bad.overrides.push_back(line.substr(12));
  }
  return bad;
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(RECKON_SOURCE_DIR "/tests/cases/bad_run_files")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class BadRunFile : public ::testing::TestWithParam<std::string> {};

TEST_P(BadRunFile, IsRefusedWithPlaceAndRemedy) {
  BadRun bad = read_case(cat(RECKON_SOURCE_DIR "/tests/cases/bad_run_files/", GetParam(), ".txt"));
  WorkingFolder folder;
  for (const auto& [name, text] : bad.files) folder.write(name, text);
  try {
    RunConfig config = load_config("run.toml", bad.overrides);
    for (const auto& [name, source] : config.data) {
      auto data = open_dataset(source.where(), source.prompt, config.run.seed);
      for (uint64_t i = 0; i < std::min<uint64_t>(data->size(), 100); ++i) data->row(i);
    }
    FAIL() << "was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), bad.message);
    EXPECT_EQ(static_cast<int>(error.code()), bad.exit_code);
    EXPECT_FALSE(error.place().empty());
    EXPECT_FALSE(error.remedy().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, BadRunFile, ::testing::ValuesIn(case_names()),
                         [](const auto& info) { return info.param; });

TEST(BadRunFiles, CoverAtLeastTwentyFiveMistakes) { EXPECT_GE(case_names().size(), 25u); }

}  // namespace
}  // namespace reckon
