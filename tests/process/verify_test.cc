// `reckon verify` as its callers meet it: a process that answers one line before the next is sent,
// a command for one pair, and libreckon_verify.so from Python.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/process/child.h"

namespace reckon {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string program() { return std::string(RECKON_BINARY_DIR) + "/reckon"; }

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// The filter, its standard input and output held open.
class Filter {
 public:
  explicit Filter(const std::vector<std::string>& more = {}) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      std::vector<std::string> words = {program(), "verify"};
      words.insert(words.end(), more.begin(), more.end());
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
  }
  ~Filter() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    if (to_ >= 0) ::close(to_);
    ::close(from_);
  }
  Filter(const Filter&) = delete;

  void send(const std::string& line) {
    std::string bytes = line + "\n";
    for (size_t at = 0; at < bytes.size();) {
      ssize_t written = ::write(to_, bytes.data() + at, bytes.size() - at);
      if (written <= 0) return;
      at += static_cast<size_t>(written);
    }
  }

  // The next line of the answer; empty when none comes within a minute.
  std::string receive() {
    for (;;) {
      size_t end = read_.find('\n');
      if (end != std::string::npos) {
        std::string line = read_.substr(0, end);
        read_.erase(0, end + 1);
        return line;
      }
      pollfd ready{from_, POLLIN, 0};
      char bytes[4096];
      ssize_t size = ::poll(&ready, 1, 60'000) == 1 ? ::read(from_, bytes, sizeof bytes) : 0;
      if (size <= 0) return "";
      read_.append(bytes, static_cast<size_t>(size));
    }
  }

  json ask(const std::string& line) {
    send(line);
    return json::parse(receive(), nullptr, false);
  }

  // Its exit code after the end of the input; receive() has then nothing more.
  int finish() {
    ::close(to_);
    to_ = -1;
    EXPECT_EQ(receive(), "");
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
  std::string read_;
};

TEST(Verify, AnswersEachLineBeforeTheNextIsSent) {
  Filter filter;
  json first = filter.ask(R"({"id": 7, "gold": "\\frac{1}{2}", "prediction": "0.5"})");
  EXPECT_EQ(first["id"], 7);
  EXPECT_EQ(first["verdict"], "equal");
  EXPECT_EQ(first["rule"], "whole");
  EXPECT_TRUE(first["extracted"].is_string());
  EXPECT_TRUE(first["note"].is_string());

  json second = filter.ask(
      R"({"id": "b", "gold": 4, "prediction": "so \\boxed{5}", "extract": true, "more": [1]})");
  EXPECT_EQ(second["id"], "b");
  EXPECT_EQ(second["verdict"], "different");
  EXPECT_EQ(second["rule"], "boxed");
  EXPECT_EQ(second["extracted"], "5");

  json third = filter.ask(R"({"gold": "1/3", "prediction": "9^{9^{9^9}}"})");
  EXPECT_TRUE(third["id"].is_null());
  EXPECT_EQ(third["verdict"], "undecided");
  EXPECT_EQ(filter.finish(), 0);
}

TEST(Verify, KeepsTheOrderOfManyLines) {
  Filter filter;
  constexpr int kLines = 200;
  for (int i = 0; i < kLines; ++i)
    filter.send(json({{"id", i}, {"gold", i % 3}, {"prediction", std::to_string(i % 2)}}).dump());
  for (int i = 0; i < kLines; ++i) {
    json answer = json::parse(filter.receive(), nullptr, false);
    ASSERT_EQ(answer["id"], i);
    EXPECT_EQ(answer["verdict"], i % 3 == i % 2 ? "equal" : "different") << i;
  }
  EXPECT_EQ(filter.finish(), 0);
}

TEST(Verify, AnswersABadLineWithAnErrorAndGoesOn) {
  Filter filter;
  for (const char* line : {"not json", "[1, 2]", "{\"id\": 3, \"gold\": \"1\"", "{}"}) {
    json answer = filter.ask(line);
    EXPECT_TRUE(answer["id"].is_null()) << line;
    EXPECT_TRUE(answer["error"].is_string()) << line;
    EXPECT_FALSE(answer.contains("verdict")) << line;
  }
  json answer = filter.ask(R"({"id": 3, "gold": "1"})");
  EXPECT_EQ(answer["id"], 3);
  EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr("prediction"));
  answer = filter.ask(R"({"id": 4, "gold": [1], "prediction": "1"})");
  EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr("gold"));
  answer = filter.ask(R"({"id": 5, "gold": "1", "prediction": "1", "extract": "yes"})");
  EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr("extract"));
  answer = filter.ask(R"({"id": 6, "gold": "1", "prediction": "1"})");
  EXPECT_EQ(answer["verdict"], "equal");
  EXPECT_EQ(filter.finish(), 65);
}

TEST(Verify, TakesBytesThatAreNotUtf8AndHalvesOfSurrogatePairs) {
  Filter filter;
  json answer = filter.ask(
      "{\"id\": 1, \"gold\": \"4\", \"prediction\": \"\xff\xc3 \\\\boxed{4}\", "
      "\"extract\": true}");
  EXPECT_EQ(answer["verdict"], "equal") << answer;
  answer = filter.ask(
      R"({"id": 2, "gold": "4", "prediction": "\ud83d \udcff \\boxed{4}", "extract": true})");
  EXPECT_EQ(answer["verdict"], "equal") << answer;
  EXPECT_EQ(filter.finish(), 0);
}

TEST(Verify, PassesOverBlankLinesAndALineWithoutAnEnd) {
  Filter filter({"--mode", "lenient"});
  filter.send("\n  \r");
  filter.send(R"({"id": 1, "gold": "4", "prediction": "in the end we have 4", "extract": true})");
  EXPECT_EQ(json::parse(filter.receive(), nullptr, false)["verdict"], "equal");
  EXPECT_EQ(filter.finish(), 0);
}

struct Ended {
  int code = -1;
  std::string text;
};

Ended run(std::vector<std::string> command) {
  TemporaryFolder folder;
  auto log = folder.path() / "log";
  Ended ended;
  ended.code = Child(command, log).wait();
  ended.text = content(log);
  return ended;
}

Ended verify(std::vector<std::string> words) {
  words.insert(words.begin(), {program(), "verify"});
  return run(words);
}

TEST(Verify, OnePairGivesAVerdictForPeopleAndForScripts) {
  Ended equal = verify({"\\frac12", "0.5"});
  EXPECT_EQ(equal.code, 0) << equal.text;
  EXPECT_THAT(equal.text, StartsWith("equal: "));
  Ended different = verify({"\\frac12", "0.6"});
  EXPECT_EQ(different.code, 3) << different.text;
  EXPECT_THAT(different.text, StartsWith("different: "));
  Ended undecided = verify({"\\frac13", "9^{9^{9^9}}"});
  EXPECT_EQ(undecided.code, 4) << undecided.text;
  EXPECT_THAT(undecided.text, StartsWith("undecided: "));
  Ended extracted = verify({"--extract", "42", "So we get \\boxed{42}."});
  EXPECT_EQ(extracted.code, 0) << extracted.text;
  EXPECT_THAT(extracted.text, HasSubstr("boxed: 42"));
  EXPECT_EQ(verify({"--", "-1", "-1"}).code, 0);
}

TEST(Verify, NeedsBothAnswersAndAKnownMode) {
  EXPECT_EQ(verify({"1"}).code, 2);
  EXPECT_EQ(verify({"1", "2", "3"}).code, 2);
  EXPECT_EQ(verify({"--mode", "loose", "1", "1"}).code, 2);
}

// The example of docs/verifier.md, as it stands there.
std::string example() {
  std::string page = content(std::string(RECKON_SOURCE_DIR) + "/docs/verifier.md");
  size_t begin = page.find("```python\n"), end = page.find("```", begin + 3);
  if (begin == std::string::npos || end == std::string::npos) return "";
  begin += 10;
  return page.substr(begin, end - begin);
}

TEST(Verify, TheLibraryAnswersPython) {
  const char* python = "/usr/bin/python3";
  if (::access(python, X_OK) != 0) GTEST_SKIP() << "python3 is not installed";
  std::string text = example(), path = "build/lib/libreckon_verify.so";
  size_t at = text.find(path);
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, path.size(), std::string(RECKON_BINARY_DIR) + "/../lib/libreckon_verify.so");
  TemporaryFolder folder;
  auto script = folder.path() / "example.py";
  std::ofstream(script) << text;
  Ended ended = run({python, script});
  EXPECT_EQ(ended.code, 0) << ended.text;
  EXPECT_THAT(ended.text, StartsWith("equal: ")) << text;
}

}  // namespace
}  // namespace reckon
