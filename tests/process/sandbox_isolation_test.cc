// Programs that reach for what is not theirs: all denied in a box, and the same programs without
// one get through, so that a denial is the box's doing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <mutex>

#include "tests/process/child.h"
#include "tests/process/sandbox_rig.h"

namespace reckon {
namespace {

constexpr char kPrelude[] = R"(
import ctypes, os, signal, socket, struct, sys, time
def call(number, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library.syscall(ctypes.c_long(number), *arguments)
)";
constexpr char kVerdict[] = R"(
try:
    breach = bool(attempt())
except BaseException as error:
    breach = False
    print(repr(error), file=sys.stderr)
print("breach" if breach else "denied")
)";

std::vector<SuiteEntry> suite() {
  std::vector<SuiteEntry> entries = read_suite("isolation.txt");
  for (SuiteEntry& entry : entries) entry.code = kPrelude + entry.code + kVerdict;
  return entries;
}

TEST(SandboxIsolation, EveryAttemptIsDenied) {
  if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  std::vector<SuiteEntry> entries = suite();
  ASSERT_GE(entries.size(), 40u);
  std::mutex mutex;
  judge_all(entries.size(), 2, [&](Judge& judge, size_t i) {
    const SuiteEntry& entry = entries[i];
    CodeVerdict verdict = judge.judge(stdio_task(entry, "denied\n"));
    std::lock_guard lock(mutex);
    if (entry.key("expect") == "killed") {
      EXPECT_EQ(verdict.status, CodeStatus::crashed) << entry.name;
      EXPECT_THAT(verdict.cases.at(0).note, ::testing::HasSubstr("signal 31")) << entry.name;
    } else {
      EXPECT_EQ(verdict.value, 1) << entry.name << ": " << verdict.cases.at(0).note << " "
                                  << verdict.stdout_head;
    }
  });
}

// Without a box, by the same kind of interpreter.
TEST(SandboxIsolation, WithoutABoxTheSameProgramsGetThrough) {
  TemporaryFolder folder;
  bool root = ::geteuid() == 0;
  size_t tried = 0;
  for (const SuiteEntry& entry : suite()) {
    std::string control = entry.key("control");
    ASSERT_TRUE(control == "yes" || control == "root" || control.starts_with("no: ")) << entry.name;
    if (control.starts_with("no: ") || (control == "root" && !root)) continue;
    folder.write("attempt.py", entry.code);
    std::filesystem::path out = folder.path() / "out";
    std::filesystem::remove(out);
    int code =
        Child({"/bin/sh", "-c", "exec python3 \"$0\"", (folder.path() / "attempt.py").string()},
              out)
            .wait();
    std::ifstream file(out);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(code, 0) << entry.name;
    EXPECT_THAT(text, ::testing::HasSubstr("breach")) << entry.name;
    ++tried;
  }
  EXPECT_GE(tried, 20u);
}

}  // namespace
}  // namespace reckon
