// Every fuzz target over its corpus: the targets stay compiling, and what fuzzing once found stays
// corrected.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <vector>

#include "base/file.h"

#define RECKON_FUZZ_TARGET(name) \
  extern "C" int name##_fuzz_one_input(const uint8_t* data, size_t size);
#include "fuzz_targets.inc"
#undef RECKON_FUZZ_TARGET

namespace reckon {
namespace {

struct Target {
  const char* name;
  int (*run)(const uint8_t* data, size_t size);
};
std::ostream& operator<<(std::ostream& out, const Target& target) { return out << target.name; }

#define RECKON_FUZZ_TARGET(name) {#name, &name##_fuzz_one_input},
const Target kTargets[] = {
#include "fuzz_targets.inc"
};
#undef RECKON_FUZZ_TARGET

class FuzzReplay : public ::testing::TestWithParam<Target> {};

TEST_P(FuzzReplay, TheTargetRunsOverItsCorpus) {
  const Target& target = GetParam();
  const Path corpus = Path(RECKON_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
  std::vector<Path> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(corpus))
    inputs.push_back(entry.path());
  std::sort(inputs.begin(), inputs.end());
  ASSERT_FALSE(inputs.empty()) << corpus;
  for (const Path& input : inputs) {
    SCOPED_TRACE(input.string());
    const std::string bytes = read_file(input);
    EXPECT_NO_THROW(target.run(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, ::testing::ValuesIn(kTargets),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace reckon
