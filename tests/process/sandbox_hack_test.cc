// Wrong programs that want to be paid, and right programs that look odd.
#include <gtest/gtest.h>

#include <mutex>

#include "tests/process/sandbox_rig.h"

namespace reckon {
namespace {

CodeTask task_of(const SuiteEntry& entry) {
  return task_from_json({{"language", entry.key("language", "python")},
                         {"code", entry.code},
                         {"limits", {{"wall_s", 20}, {"cpu_s", 3}}},
                         {"tests", nlohmann::json::parse(entry.key("tests"))}});
}

void judge_suite(const std::vector<SuiteEntry>& suite,
                 const std::function<void(const SuiteEntry&, const CodeVerdict&)>& check) {
  std::mutex mutex;
  judge_all(suite.size(), 2, [&](Judge& judge, size_t i) {
    CodeVerdict verdict = judge.judge(task_of(suite[i]));
    std::lock_guard lock(mutex);
    EXPECT_NE(verdict.status, CodeStatus::infrastructure)
        << suite[i].name << ": " << verdict.cases.at(0).note;
    check(suite[i], verdict);
  });
}

TEST(SandboxHack, NoneIsPaid) {
  if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  std::vector<SuiteEntry> suite = read_suite("hacks.txt");
  ASSERT_GE(suite.size(), 40u);
  judge_suite(suite, [](const SuiteEntry& entry, const CodeVerdict& verdict) {
    EXPECT_EQ(verdict.value, 0) << entry.name << ": " << verdict.cases.at(0).note;
    EXPECT_LT(verdict.passed, verdict.cases.size()) << entry.name;
  });
}

TEST(SandboxHack, HonestProgramsAre) {
  if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  judge_suite(read_suite("honest.txt"), [](const SuiteEntry& entry, const CodeVerdict& verdict) {
    for (const CaseResult& one : verdict.cases)
      EXPECT_TRUE(one.passed) << entry.name << ": " << one.note;
    EXPECT_EQ(verdict.value, 1) << entry.name;
  });
}

}  // namespace
}  // namespace reckon
