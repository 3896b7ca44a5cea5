// Runs one disabled test of this very program as a child: fork alone would carry RocksDB's threads
// and the kill point of the parent over.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "tests/storage/fixture.h"

extern char** environ;

namespace reckon {

inline pid_t spawn_child(const std::string& test, std::vector<std::string> variables) {
  std::vector<char*> env, argv;
  for (std::string& variable : variables) env.push_back(variable.data());
  for (char** variable = environ; *variable != nullptr; ++variable) env.push_back(*variable);
  env.push_back(nullptr);
  std::vector<std::string> words = {"child", "--gtest_filter=" + test,
                                    "--gtest_also_run_disabled_tests", "--gtest_brief=1",
                                    "--gtest_output="};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, argv.data(), env.data()), 0);
  return child;
}

inline void expect_killed(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself";
}

}  // namespace reckon
