// The verifier from eight threads at once says what it says from one.
#include <atomic>
#include <thread>

#include "tests/rewards/math/suite_file.h"

namespace reckon::math {
namespace {

std::string outcome(const SuitePair& pair) {
  Verification got = verify_pair(pair);
  return cat(verdict_name(got.verdict), "|", got.extracted, "|", got.rule, "|", got.note);
}

TEST(Threads, EightAtOnceSayWhatOneSays) {
  std::vector<SuitePair> pairs;
  for (SuiteFile& file : read_suite())
    for (SuitePair& pair : file.pairs) pairs.push_back(std::move(pair));
  ASSERT_GE(pairs.size(), 840u);
  std::vector<std::string> alone;
  for (const SuitePair& pair : pairs) alone.push_back(outcome(pair));

  std::atomic<int> differing = 0;
  std::vector<std::jthread> threads;
  for (size_t t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      // Every thread starts elsewhere: at any moment they are at different pairs.
      for (size_t i = 0; i < pairs.size(); ++i) {
        size_t at = (i + t * pairs.size() / 8) % pairs.size();
        if (outcome(pairs[at]) != alone[at]) ++differing;
      }
    });
  threads.clear();  // joins
  EXPECT_EQ(differing, 0);
}

}  // namespace
}  // namespace reckon::math
