#include "pipeline/dataset.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/file.h"
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

std::string type_name(const nlohmann::json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_array()) return "a list";
  return value.is_object() ? "an object" : "a text";
}

class JsonLines : public Dataset {
 public:
  JsonLines(const std::string& path, std::string prompt)
      : path_(path), prompt_(std::move(prompt)), file_(path) {
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
  }

  uint64_t size() const override { return lines_.size(); }

  Row row(uint64_t index) const override {
    RECKON_CHECK(index < size(), "row outside the data set");
    Line at = lines_[index];
    std::string_view bytes = file_.bytes();
    std::string_view text = bytes.substr(at.begin, bytes.find('\n', at.begin) - at.begin);
    return row_of(parse(text, at.number), at.number);
  }

 private:
  struct Line {
    uint64_t begin, number;
  };

  Error fail(uint64_t line, const std::string& problem, const std::string& remedy) const {
    return Error(Code::data, cat(path_, ":", line), problem, remedy);
  }

  nlohmann::json parse(std::string_view text, uint64_t line) const {
    if (auto bad = first_bad_byte(text)) {
      throw Error(Code::data, cat(path_, ":", line, ":", *bad + 1), "is not valid UTF-8",
                  "save the file as UTF-8");
    }
    try {
      return nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
      size_t column = std::clamp<size_t>(error.byte, 1, text.size());
      throw Error(Code::data, cat(path_, ":", line, ":", column), "is not valid JSON from here on",
                  "write one whole JSON object per line, with quotes around names and texts");
    } catch (const nlohmann::json::out_of_range&) {
      throw fail(line, "holds a number too large for JSON", "write it as a text");
    }
  }

  Row row_of(nlohmann::json object, uint64_t line) const {
    if (!object.is_object())
      throw fail(line, cat("is ", type_name(object), ", not an object"),
                 "write {\"prompt\": \"...\", ...}");
    auto prompt = object.find(prompt_);
    if (prompt == object.end()) throw no_prompt(object, line);
    if (!prompt->is_string()) {
      throw fail(line, cat("column '", prompt_, "' is ", type_name(*prompt), ", not a text"),
                 prompt->is_array() ? "a list of messages has to be written out as one text"
                                    : "put the prompt in quotes");
    }
    Row row{prompt->get<std::string>(), nullptr};
    if (row.prompt.empty())
      throw fail(line, cat("column '", prompt_, "' is empty"),
                 "remove the row, or give it a prompt");
    object.erase(prompt);
    row.columns = std::move(object);
    return row;
  }

  Error no_prompt(const nlohmann::json& object, uint64_t line) const {
    std::vector<std::string> columns;
    for (const auto& [name, value] : object.items()) columns.push_back(name);
    auto near = nearest(prompt_, columns);
    std::string remedy = near ? cat("did you mean '", *near, "'? ") : "";
    return fail(line, cat("has no column '", prompt_, "'"),
                cat(remedy, "set `prompt` of the [data] entry to one of its columns: ",
                    join(columns, ", ")));
  }

  std::string path_, prompt_;
  MappedFile file_;
  std::vector<Line> lines_;
};

}  // namespace

std::shared_ptr<const Dataset> open_dataset(const std::string& where,
                                            const std::string& prompt_column, uint64_t seed) {
  if (where.starts_with(kBuiltin)) return make_generator(where.substr(kBuiltin.size()), seed);
  return std::make_shared<JsonLines>(where, prompt_column);
}

uint64_t row_of_draw(uint64_t seed, PhaseId phase, Draw draw, uint64_t rows) {
  RECKON_CHECK(rows > 0, "a data set without rows");
  RandomKey key = random_key(seed, Domain::permutation, {phase.value, draw.value / rows});
  return permute(draw.value % rows, rows, key);
}

}  // namespace reckon
