// `reckon judge` as its users meet it: lines in, lines out, in order; and the reference solutions
// of public data sets.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <mutex>

#include "tests/process/child.h"
#include "tests/process/sandbox_rig.h"

namespace reckon {
namespace {

using nlohmann::json;

// The verb as a process with both ends of its pipes.
class JudgeProcess {
 public:
  explicit JudgeProcess(std::vector<std::string> options = {}) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) std::abort();
    std::vector<std::string> words = {std::string(RECKON_BINARY_DIR) + "/reckon", "judge"};
    for (const std::string& name : lacking()) words.insert(words.end(), {"--allow-missing", name});
    words.insert(words.end(), options.begin(), options.end());
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = ::fdopen(out[0], "r");
  }
  ~JudgeProcess() {
    close_input();
    ::fclose(out_);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }

  void send(const json& row) {
    std::string line = row.is_string() ? row.get<std::string>() + "\n" : row.dump() + "\n";
    for (size_t done = 0; done < line.size();) {
      ssize_t written = ::write(in_, line.data() + done, line.size() - done);
      if (written <= 0) return;
      done += static_cast<size_t>(written);
    }
  }
  void close_input() {
    if (in_ >= 0) ::close(in_);
    in_ = -1;
  }
  json receive() {
    char* line = nullptr;
    size_t room = 0;
    ssize_t length = ::getline(&line, &room, out_);
    std::string text(line != nullptr && length > 0 ? line : "null");
    ::free(line);
    return json::parse(text);
  }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  FILE* out_ = nullptr;
};

json stdio_row(const json& id, const std::string& code, const std::string& input,
               const std::string& output) {
  return {{"id", id},
          {"language", "python"},
          {"code", code},
          {"tests", {{"type", "stdio"}, {"cases", {{{"input", input}, {"output", output}}}}}}};
}

class JudgeVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(JudgeVerb, AnswersEachLineBeforeTheNextIsNeeded) {
  JudgeProcess judge;
  for (int i = 0; i < 3; ++i) {
    judge.send(stdio_row(i, "print(int(input()) * 2)", std::to_string(i), std::to_string(2 * i)));
    json answer = judge.receive();
    EXPECT_EQ(answer["id"], i);
    EXPECT_EQ(answer["status"], "scored");
    EXPECT_EQ(answer["passed"], 1);
    EXPECT_EQ(answer["total"], 1);
    EXPECT_EQ(answer["value"], 1.0);
    EXPECT_EQ(answer["stdout_head"], std::to_string(2 * i) + "\n");
    EXPECT_EQ(answer["detail"].size(), 1u);
  }
  judge.close_input();
  EXPECT_EQ(judge.wait(), 0);
}

TEST_F(JudgeVerb, KeepsTheOrderWithSeveralJobs) {
  JudgeProcess judge({"--jobs", "2"});
  for (int i = 0; i < 12; ++i)
    judge.send(
        stdio_row(i, i % 3 == 0 ? "import time; time.sleep(0.3); print(1)" : "print(1)", "", "1"));
  judge.close_input();
  for (int i = 0; i < 12; ++i) EXPECT_EQ(judge.receive()["id"], i);
  EXPECT_EQ(judge.receive(), nullptr);
}

TEST_F(JudgeVerb, SaysHowAProgramFailed) {
  JudgeProcess judge;
  auto status = [&](const std::string& code) {
    json row = stdio_row("x", code, "", "1");
    row["limits"] = {{"wall_s", 1}, {"memory_mb", 64}, {"output_kb", 4}};
    judge.send(row);
    return judge.receive()["status"].get<std::string>();
  };
  EXPECT_EQ(status("print(2)"), "scored");
  EXPECT_EQ(status("while True: pass"), "timed_out");
  EXPECT_EQ(status("1 / 0"), "crashed");
  EXPECT_EQ(status("print(("), "rejected");
}

TEST_F(JudgeVerb, AnswersALineThatIsNoTask) {
  JudgeProcess judge;
  for (const char* line : {"{", "[]", "{\"id\": 7}",
                           "{\"id\": 7, \"language\": \"cobol\", \"code\": \"\", \"tests\": {}}"}) {
    judge.send(json(line));
    json answer = judge.receive();
    EXPECT_EQ(answer["status"], "rejected") << line;
    EXPECT_EQ(answer["value"], 0.0);
  }
  judge.send(stdio_row("after", "print(1)", "", "1"));
  EXPECT_EQ(judge.receive()["value"], 1.0);
}

TEST_F(JudgeVerb, SharesCountWhenAskedFor) {
  JudgeProcess judge;
  json row = {{"id", 1},
              {"language", "python"},
              {"code", "def f(x): return 1"},
              {"scoring", "fraction"},
              {"tests",
               {{"type", "call"},
                {"entry", "f"},
                {"cases", {{{"args", {1}}, {"expected", 1}}, {{"args", {2}}, {"expected", 2}}}}}}};
  judge.send(row);
  EXPECT_EQ(judge.receive()["value"], 0.5);
}

TEST_F(JudgeVerb, ItsEndEndsEveryBox) {
  JudgeProcess judge;
  judge.send(stdio_row(1, "import time; time.sleep(60)", "", ""));
  std::this_thread::yield();
  ::kill(judge.pid(), SIGKILL);
  EXPECT_EQ(judge.wait(), -SIGKILL);
  EXPECT_EQ(judge.receive(), nullptr);  // the pipe is closed: nobody holds it
}

// The reference solutions, through the shapes that the reward reads. In short: every tenth.
TEST_F(JudgeVerb, ReferenceSolutionsPass) {
  std::filesystem::path data = std::filesystem::path(RECKON_SOURCE_DIR) / "../shared/data/code";
  std::ifstream file(data / "mbpp.jsonl");
  if (!file) GTEST_SKIP() << "no data in " << data;
  std::vector<std::pair<std::string, CodeTask>> tasks;
  size_t index = 0, step = full_length() ? 1 : 10;
  for (std::string line; std::getline(file, line); ++index) {
    if (index % step != 0) continue;
    json row = json::parse(line);
    CodeTask task;
    task.code = row["code"];
    task.limits = {.wall_s = 60, .cpu_s = 10};
    task.tests = AssertTests{
        .helpers = "", .setup = row["test_setup_code"], .asserts = row["test_list"], .names = {}};
    tasks.emplace_back("MBPP " + row["task_id"].dump(), task);
  }
  FILE* unpacked =
      ::popen(("gzip -dc '" + (data / "HumanEval.jsonl.gz").string() + "'").c_str(), "r");
  ASSERT_NE(unpacked, nullptr);
  char* line = nullptr;
  size_t room = 0;
  for (index = 0; ::getline(&line, &room, unpacked) > 0; ++index) {
    if (index % step != 0) continue;
    json row = json::parse(line);
    std::string prompt = row["prompt"], entry = row["entry_point"];
    CodeTask task;
    task.code = prompt + row["canonical_solution"].get<std::string>();
    task.limits = {.wall_s = 60, .cpu_s = 10};
    task.tests =
        AssertTests{.helpers = prompt + "    pass\n",
                    .setup = "",
                    .asserts = {row["test"].get<std::string>() + "\ncheck(" + entry + ")\n"},
                    .names = {entry}};
    tasks.emplace_back(row["task_id"], task);
  }
  ::free(line);
  ::pclose(unpacked);
  ASSERT_GT(tasks.size(), 100u);
  std::mutex mutex;
  judge_all(tasks.size(), 2, [&](Judge& judge, size_t i) {
    CodeVerdict verdict = judge.judge(tasks[i].second);
    std::lock_guard lock(mutex);
    for (const CaseResult& one : verdict.cases)
      if (!one.passed)
        ADD_FAILURE() << tasks[i].first << ": " << code_status_name(one.status) << ", " << one.note;
  });
}

}  // namespace
}  // namespace reckon
