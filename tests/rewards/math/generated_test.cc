// Pairs by construction over real gold answers: spellings that keep the value have to be equal,
// changes of it must never be.
#include <cstdio>
#include <map>

#include "rewards/math/verify.h"
#include "tests/full_length.h"
#include "tests/rewards/math/golds.h"
#include "tests/rewards/math/rewritings.h"

namespace reckon::math {
namespace {

struct Tally {
  int golds = 0, kept = 0, missed = 0, changed = 0, wrong = 0;
  double missed_share() const { return kept ? static_cast<double>(missed) / kept : 0; }
};

// A line per failure; the first of them are printed, all of them counted.
struct Failures {
  std::string text;
  int count = 0;
  void add(const Gold& gold, const std::string& other, const Verification& got) {
    if (++count <= 400)
      text += cat("\n  ", gold.place, ": ", gold.text, " ⇒ ", other, ": ",
                  verdict_name(got.verdict), " (", got.note, ")");
  }
};

void print_table(const std::map<std::string, Tally>& tallies) {
  std::printf("%-16s %7s %9s %9s %9s %9s\n", "category", "golds", "kept", "missed", "changed",
              "equal");
  for (const auto& [name, tally] : tallies)
    std::printf("%-16s %7d %9d %8.2f%% %9d %9d\n", name.c_str(), tally.golds, tally.kept,
                100 * tally.missed_share(), tally.changed, tally.wrong);
}

class Generated : public WithGolds {
 protected:
  void run(const Gold& gold) {
    auto pairs = rewritings(gold.text, random_);
    if (!pairs) return;
    EXPECT_GE(pairs->keep.size(), 6u) << gold.place << ": " << gold.text;
    EXPECT_GE(pairs->change.size(), 6u) << gold.place << ": " << gold.text;
    for (Tally* tally : {&tallies_[pairs->category], &all_}) {
      ++tally->golds;
      tally->kept += static_cast<int>(pairs->keep.size());
      tally->changed += static_cast<int>(pairs->change.size());
    }
    for (const std::string& other : pairs->keep) judge(gold, other, pairs->category, true);
    for (const std::string& other : pairs->change) judge(gold, other, pairs->category, false);
  }

  void judge(const Gold& gold, const std::string& other, const std::string& category, bool keeps) {
    Verification got = verify_answer(gold.text, other);
    if ((got.verdict == Verdict::equal) == keeps) return;
    for (Tally* tally : {&tallies_[category], &all_}) ++(keeps ? tally->missed : tally->wrong);
    (keeps ? missed_ : wrong_).add(gold, other, got);
  }

  Random random_{20240607};
  std::map<std::string, Tally> tallies_;
  Tally all_;
  Failures missed_, wrong_;
};

TEST_F(Generated, KeptValuesAreEqualAndChangedOnesNever) {
  std::vector<Gold> golds = all_golds();
  size_t step = full_length() ? 1 : 12;
  for (size_t i = 0; i < golds.size(); i += step) run(golds[i]);
  print_table(tallies_);
  std::printf("%d golds; %d kept, %.2f%% of them missed; %d changed, %d of them equal\n",
              all_.golds, all_.kept, 100 * all_.missed_share(), all_.changed, all_.wrong);
  EXPECT_EQ(all_.wrong, 0) << wrong_.text;
  EXPECT_LE(all_.missed_share(), 0.02) << missed_.text;
  for (const auto& [name, tally] : tallies_)
    EXPECT_LE(tally.missed_share(), 0.10) << name << missed_.text;
  if (full_length()) std::printf("missed:%s\n", missed_.text.c_str());
}

}  // namespace
}  // namespace reckon::math
