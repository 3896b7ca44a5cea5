// Programs that behave: what goes in comes out, ends as it should, and is counted.
#include <gtest/gtest.h>

#include "sandbox/sandbox.h"

namespace reckon {
namespace {

RunResult run_python(Sandbox& sandbox, const std::string& code, const std::string& input = "",
                     Limits limits = {}) {
  Descriptor program = text_file(code);
  RunRequest request;
  request.program = program.get();
  request.input = input;
  request.limits = limits;
  return sandbox.slot(0).run(request);
}

TEST(Run, PythonReadsItsInputAndWritesItsOutput) {
  Sandbox sandbox({});
  RunResult run = run_python(sandbox, "print(int(input()) * 2)", "21\n");
  EXPECT_EQ(run.ended.end, RunEnd::exited) << run.ended.problem;
  EXPECT_EQ(run.ended.code, 0) << run.error;
  EXPECT_EQ(run.output, "42\n");
}

}  // namespace
}  // namespace reckon
