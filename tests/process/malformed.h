// Malformed files for the real program: what every table of them needs. A case spoils one file of a
// folder that is well otherwise, and says what the program then has to answer.
//
//   {"cut_in_data", [](Spoiled& s) { s.cut("model.safetensors", -4); }, 65, {"model.safetensors",
//   "ends at byte"}}
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "tests/process/child.h"

namespace reckon {

inline std::string brackets(size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

// The folder of one case: the golden Qwen2 model to begin with.
class Spoiled {
 public:
  using Json = nlohmann::ordered_json;

  explicit Spoiled(const Path& folder) : folder_(folder) {
    const Path golden = Path(RECKON_SOURCE_DIR) / "tests/golden/qwen2_tied";
    for (const char* name :
         {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"})
      std::filesystem::copy_file(golden / name, folder / name);
  }

  const Path& folder() const { return folder_; }
  std::string bytes(const std::string& name) const { return read_file(folder_ / name); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  // Keeps `size` bytes; of a negative one, all but so many.
  void cut(const std::string& name, int64_t size) const {
    const std::string all = bytes(name);
    write(name, all.substr(0, static_cast<size_t>(size < 0 ? static_cast<int64_t>(all.size()) + size
                                                           : size)));
  }
  void json(const std::string& name, const std::function<void(Json&)>& change) const {
    Json value = Json::parse(bytes(name));
    change(value);
    write(name, value.dump());
  }

 private:
  Path folder_;
};

struct Malformed {
  std::string name;
  std::function<void(Spoiled&)> spoil;
  int code;
  std::vector<std::string> says;  // parts of the message, the file's name among them
};
inline std::ostream& operator<<(std::ostream& out, const Malformed& one) { return out << one.name; }

inline std::string name_of(const ::testing::TestParamInfo<Malformed>& info) {
  return info.param.name;
}

struct Answer {
  int code = -1;          // minus the number of a signal
  double seconds = 0;     // of processor time
  int64_t megabytes = 0;  // most resident memory
  std::string err;
};

// Runs `reckon` with these words.
inline Answer answer(const std::vector<std::string>& words, const Path& folder) {
  auto used = [] {
    rusage usage;
    ::getrusage(RUSAGE_CHILDREN, &usage);
    auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return std::pair(seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss / 1024);
  };
  std::vector<std::string> command = {std::string(RECKON_BINARY_DIR) + "/reckon"};
  command.insert(command.end(), words.begin(), words.end());
  const auto before = used();
  Answer got;
  got.code = Child(command, folder / "log").wait_or_kill(std::chrono::seconds(60));
  const auto after = used();
  got.seconds = after.first - before.first;
  got.megabytes = after.second;  // of all children so far
  got.err = read_file(folder / "log");
  return got;
}

// Where RECKON_MALFORMED_TABLE names a file, each case is written there with what it got.
inline void note(const Malformed& one, const Answer& got, std::string message, const Path& folder) {
  const char* table = std::getenv("RECKON_MALFORMED_TABLE");
  if (table == nullptr) return;
  const std::string name = folder.string();
  for (size_t at; (at = message.find(name)) != std::string::npos;)
    message.replace(at, name.size(), "FOLDER");
  std::ofstream(table, std::ios::app) << one.name << ": exit code " << got.code << "\n"
                                      << message.substr(0, 600) << "\n";
}

// The test of a case: exit code, a message with place and remedy, little time and memory.
inline void expect_refused(const Malformed& one, const std::vector<std::string>& before,
                           const std::string& file, const std::vector<std::string>& after) {
  const TemporaryFolder temporary;
  Spoiled spoiled(temporary.path());
  one.spoil(spoiled);
  std::vector<std::string> words = before;
  for (const std::string& word : after) words.push_back(word);
  for (std::string& word : words) {
    if (word == "FOLDER") word = temporary.path().string();
    if (word == "FILE") word = (temporary.path() / file).string();
  }
  const Answer got = answer(words, temporary.path());
  EXPECT_EQ(got.code, one.code) << got.err;
  const size_t error = got.err.rfind("error: ");
  ASSERT_NE(error, std::string::npos) << got.err;
  const std::string message = got.err.substr(error);
  note(one, got, message, temporary.path());
  EXPECT_NE(message.find("\n  -> "), std::string::npos) << message;
  for (const std::string& part : one.says)
    EXPECT_NE(message.find(part), std::string::npos) << "no '" << part << "' in:\n" << message;
  EXPECT_LT(got.seconds, 2) << message;
  EXPECT_LT(got.megabytes, 1024) << message;
  EXPECT_LT(message.size(), 8000u);
}

}  // namespace reckon
