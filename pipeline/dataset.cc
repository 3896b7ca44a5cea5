#include "pipeline/dataset.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "pipeline/generators.h"

namespace reckon {
namespace {

constexpr std::string_view kBuiltin = "builtin:";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Length of the well-formed UTF-8 character at `at` (Unicode 15, table 3-7); 0 when there is none.
size_t character_length(std::string_view text, size_t at) {
  auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    bool overlong = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    bool overlong = first == 0xF0 && second < 0x90, beyond = first == 0xF4 && second > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

std::optional<size_t> first_bad_byte(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    size_t length = character_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

// Whether lists and objects lie within each other so deeply that copying them takes much stack.
bool nests_too_deeply(std::string_view json) {
  constexpr int kDeepest = 256;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') quoted = !quoted;
    if (quoted) {
      i += c == '\\';
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

class JsonLines : public Dataset {
 public:
  JsonLines(const std::string& path, const PromptOptions& prompt)
      : path_(path), shaper_(prompt), file_(path) {
    std::string_view bytes = file_.bytes();
    size_t begin = bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    for (uint64_t number = 1; begin < bytes.size(); ++number) {
      size_t end = std::min(bytes.find('\n', begin), bytes.size());
      bool blank =
          bytes.substr(begin, end - begin).find_first_not_of(" \t\r") == std::string_view::npos;
      if (!blank) lines_.push_back({begin, number});
      begin = end + 1;
    }
    if (lines_.empty())
      throw Error(
          Code::data, path_, "has no rows",
          "write one JSON object per line, for example {\"prompt\": \"2+2=\", \"answer\": \"4\"}");
    recognise();
    if (prompt.skip_bad_rows > 0) leave_out_bad_rows();
  }

  uint64_t size() const override { return lines_.size(); }
  uint64_t skipped() const override { return skipped_; }
  size_t max_prompt_tokens() const override { return shaper_.options().max_tokens; }

  Row row(uint64_t index) const override {
    RECKON_CHECK(index < size(), "row outside the data set");
    return row_at(lines_[index]);
  }

 private:
  struct Line {
    uint64_t begin, number;
  };

  std::string place_of(const Line& line) const { return cat(path_, ":", line.number); }

  Row row_at(const Line& line) const { return shaper_.shape(parse(line), place_of(line)); }

  nlohmann::json parse(const Line& line) const {
    std::string_view bytes = file_.bytes();
    std::string_view text = bytes.substr(line.begin, bytes.find('\n', line.begin) - line.begin);
    if (auto bad = first_bad_byte(text)) {
      throw Error(Code::data, cat(place_of(line), ":", *bad + 1), "is not valid UTF-8",
                  "save the file as UTF-8");
    }
    if (nests_too_deeply(text))
      throw Error(Code::data, place_of(line), "is nested too deeply",
                  "write an object of texts, numbers and short lists");
    try {
      return nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
      size_t column = std::clamp<size_t>(error.byte, 1, text.size());
      throw Error(Code::data, cat(place_of(line), ":", column), "is not valid JSON from here on",
                  "write one whole JSON object per line, with quotes around names and texts");
    } catch (const nlohmann::json::out_of_range&) {
      throw Error(Code::data, place_of(line), "holds a number too large for JSON",
                  "write it as a text");
    }
  }

  // By the first row that is JSON at all; what is wrong with those before it shows when they are
  // read.
  void recognise() {
    for (const Line& line : lines_) {
      nlohmann::json first;
      try {
        first = parse(line);
      } catch (const Error&) {
        continue;
      }
      std::string format = shaper_.recognise(first);
      if (!format.empty()) log_info("data", cat(path_, ": read as format ", format));
      return;
    }
  }

  void leave_out_bad_rows() {
    double budget = shaper_.options().skip_bad_rows;
    if (budget < 1) budget *= static_cast<double>(lines_.size());
    std::vector<Line> good;
    std::string first_problem;
    for (const Line& line : lines_) {
      try {
        row_at(line);
        good.push_back(line);
      } catch (const Error& error) {
        if (static_cast<double>(++skipped_) > budget) {
          throw Error(error.code(), error.place(),
                      cat(error.problem(), "; this is bad row number ", skipped_,
                          ", more than skip_bad_rows allows"),
                      error.remedy());
        }
        if (first_problem.empty()) first_problem = error.what();
      }
    }
    if (good.empty())
      throw Error(Code::data, path_, cat("has no good rows; the first: ", first_problem),
                  "correct the rows");
    if (skipped_ > 0)
      log_warning("data", cat(path_, ": left out ", skipped_, " bad rows of ", lines_.size(),
                              "; the first: ", first_problem));
    lines_ = std::move(good);
  }

  std::string path_;
  RowShaper shaper_;
  MappedFile file_;
  std::vector<Line> lines_;
  uint64_t skipped_ = 0;
};

// A generator's rows under a wrapper, other names or as a chat.
class Shaped : public Dataset {
 public:
  Shaped(std::shared_ptr<const Dataset> rows, const PromptOptions& prompt)
      : rows_(std::move(rows)), shaper_(prompt) {
    try {
      row(0);  // all rows have the same columns
    } catch (const Error& error) {
      if (error.code() != Code::data) throw;
      throw Error(Code::config, prompt.wrapper.empty() ? "columns" : "template",
                  cat("a row of the generator ", error.problem()), error.remedy());
    }
  }

  uint64_t size() const override { return rows_->size(); }
  size_t max_prompt_tokens() const override { return shaper_.options().max_tokens; }

  Row row(uint64_t index) const override {
    Row plain = rows_->row(index);
    plain.columns["prompt"] = std::move(plain.prompt);
    return shaper_.shape(std::move(plain.columns), cat("row ", index));
  }

 private:
  std::shared_ptr<const Dataset> rows_;
  RowShaper shaper_;
};

}  // namespace

std::shared_ptr<const Dataset> open_dataset(const std::string& where, const PromptOptions& prompt,
                                            uint64_t seed) {
  if (!where.starts_with(kBuiltin)) return std::make_shared<JsonLines>(where, prompt);
  PromptOptions shape = prompt;
  shape.column = "prompt";  // where every generator puts it
  return std::make_shared<Shaped>(make_generator(where.substr(kBuiltin.size()), seed), shape);
}

uint64_t row_of_draw(uint64_t seed, PhaseId phase, Draw draw, uint64_t rows) {
  RECKON_CHECK(rows > 0, "a data set without rows");
  RandomKey key = random_key(seed, Domain::permutation, {phase.value, draw.value / rows});
  return permute(draw.value % rows, rows, key);
}

}  // namespace reckon
