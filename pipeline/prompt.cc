#include "pipeline/prompt.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/messages.h"
#include "rewards/columns.h"

namespace reckon {
namespace {

using nlohmann::json;

constexpr const char* kGoldMarker = "####";
constexpr const char* kBlank = " \t\r\n";

std::vector<std::string> names_of(const json& row) {
  std::vector<std::string> names;
  for (const auto& [name, value] : row.items()) names.push_back(name);
  return names;
}

std::string stripped(std::string_view text) {
  size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin));
}

const std::string* text_column(const json& row, const char* name) {
  auto found = row.find(name);
  return found != row.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
}

const std::string& need_text(const json& row, const char* name, const char* format,
                             const std::string& place) {
  const std::string* text = text_column(row, name);
  if (text != nullptr) return *text;
  auto found = row.find(name);
  std::string problem =
      found == row.end() ? cat("has no column '", name, "'")
                         : cat("column '", name, "' is ", json_type_name(*found), ", not a text");
  throw bad_row(place, cat(problem, ", which format ", format, " needs"),
                "correct the row, or say format = \"plain\" and name the columns");
}

// `answer` is the gold, `solution` the worked answer before it.
void read_gsm8k(json& row, const std::string& place) {
  std::string answer = need_text(row, "answer", "gsm8k", place);
  size_t at = answer.rfind(kGoldMarker);
  std::string gold =
      at == std::string::npos ? "" : stripped(std::string_view(answer).substr(at + 4));
  if (gold.empty()) {
    throw bad_row(place,
                  at == std::string::npos
                      ? "column 'answer' has no '####', which format gsm8k needs"
                      : "column 'answer' has nothing behind its '####'",
                  "end it with #### and the result, or say format = \"plain\"");
  }
  row["solution"] = stripped(std::string_view(answer).substr(0, at));
  row["answer"] = std::move(gold);
}

// `answer` where there is one, else the last box of `solution`.
void read_math(json& row, const std::string& place) {
  auto answer = row.find("answer");
  bool worked = row.contains("solution");
  if (answer != row.end() && !(answer->is_null() && worked)) {
    auto text = plain_text(*answer);
    if (text && !stripped(*text).empty()) return;
    throw bad_row(place,
                  text ? "column 'answer' is empty"
                       : cat("column 'answer' is ", json_type_name(*answer), ", not a text"),
                  "write the answer, or leave the column out where `solution` boxes it");
  }
  auto boxed = last_boxed(need_text(row, "solution", "math", place));
  std::string gold = boxed ? stripped(*boxed) : "";
  if (gold.empty()) {
    throw bad_row(place,
                  boxed ? "the last \\boxed of column 'solution' is empty or does not close"
                        : "column 'solution' has no \\boxed answer",
                  "box the answer, or add a column 'answer'");
  }
  row["answer"] = std::move(gold);
}

void read_format(json& row, const std::string& format, const std::string& place) {
  if (format == "gsm8k") read_gsm8k(row, place);
  if (format == "math") read_math(row, place);
}

const char* prompt_of_format(const std::string& format) {
  return format == "gsm8k" ? "question" : format == "math" ? "problem" : nullptr;
}

void rename(json& row, const std::map<std::string, std::string>& columns,
            const std::string& place) {
  std::vector<std::pair<std::string, json>> values;  // read all, then write: names may be swapped
  for (const auto& [name, from] : columns) {
    const json* value = find_column(row, from);
    if (value == nullptr) {
      throw bad_row(place, cat("has no column '", from, "', which columns.", name, " names"),
                    cat(hint(from, names_of(row)), "its columns: ", join(names_of(row), ", ")));
    }
    values.emplace_back(name, *value);
  }
  for (auto& [name, value] : values) row[name] = std::move(value);
}

const json& prompt_of(const json& row, const std::string& column, const std::string& place) {
  const json* prompt = find_column(row, column);
  if (prompt == nullptr) {
    throw bad_row(
        place, cat("has no column '", column, "'"),
        cat(hint(column, names_of(row)),
            "set `prompt` of the [data] entry to one of its columns: ", join(names_of(row), ", ")));
  }
  if (!prompt->is_string() && !prompt->is_array()) {
    throw bad_row(place,
                  cat("column '", column, "' is ", json_type_name(*prompt),
                      ", not a text or a list of messages"),
                  "put the prompt in quotes");
  }
  return *prompt;
}

Error bad_template(const std::string& problem, const std::string& remedy) {
  return Error(Code::config, "template", problem, remedy);
}

}  // namespace

PromptTemplate::PromptTemplate(std::string_view text) {
  const char* doubled = "write {{ and }} for braces that are part of the text";
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c != '{' && c != '}') {
      plain += c;
    } else if (i + 1 < text.size() && text[i + 1] == c) {
      plain += c;
      ++i;
    } else if (c == '}') {
      throw bad_template(cat("the template has a '}' that closes nothing, at character ", i + 1),
                         doubled);
    } else {
      size_t end = text.find_first_of("{}", i + 1);
      if (end == std::string_view::npos || text[end] == '{')
        throw bad_template(cat("the template has a '{' that is not closed, at character ", i + 1),
                           doubled);
      std::string name(text.substr(i + 1, end - i - 1));
      if (name.empty())
        throw bad_template(cat("the template has empty braces at character ", i + 1), doubled);
      if (!plain.empty()) parts_.emplace_back(std::exchange(plain, ""));
      parts_.emplace_back(Column{name});
      i = end;
    }
  }
  if (!plain.empty()) parts_.emplace_back(plain);
}

std::string PromptTemplate::fill(const json& row, const std::string& prompt_column,
                                 const std::string& place) const {
  std::string text;
  for (const auto& part : parts_) {
    if (const auto* plain = std::get_if<std::string>(&part)) {
      text += *plain;
      continue;
    }
    const std::string& name = std::get<Column>(part).name;
    const json* value = find_column(row, name);
    if (value == nullptr && name == "prompt") value = find_column(row, prompt_column);
    if (value == nullptr) {
      throw bad_row(place, cat("has no column '", name, "', which the template names"),
                    cat(hint(name, names_of(row)), "its columns: ", join(names_of(row), ", ")));
    }
    auto given = plain_text(*value);
    if (!given) {
      throw bad_row(
          place,
          cat("column '", name, "' is ", json_type_name(*value), ", which no template takes"),
          "name a text, a number or a dotted path to one");
    }
    text += *given;
  }
  return text;
}

RowShaper::RowShaper(PromptOptions options)
    : options_(std::move(options)), wrapper_(options_.wrapper) {
  if (options_.skip_bad_rows >= 1 &&
      options_.skip_bad_rows != static_cast<double>(static_cast<uint64_t>(options_.skip_bad_rows)))
    throw Error(Code::config, "skip_bad_rows", "'skip_bad_rows' is neither whole nor a share",
                "write a number of rows, or a share below 1");
  if (options_.format != "auto" && options_.column == "prompt") {
    if (const char* column = prompt_of_format(options_.format)) options_.column = column;
  }
}

std::string RowShaper::recognise(const json& first) {
  if (options_.format != "auto") return "";
  bool open = options_.column == "prompt" && options_.columns.count("prompt") == 0 &&
              first.is_object() && !first.contains("prompt");
  const std::string* answer = open ? text_column(first, "answer") : nullptr;
  const std::string* solution = open ? text_column(first, "solution") : nullptr;
  options_.format = "plain";
  if (open && text_column(first, "question") != nullptr && answer != nullptr &&
      answer->find(kGoldMarker) != std::string::npos) {
    options_.format = "gsm8k";
  } else if (open && text_column(first, "problem") != nullptr &&
             (first.contains("answer") || (solution != nullptr && last_boxed(*solution)))) {
    options_.format = "math";
  }
  const char* column = prompt_of_format(options_.format);
  if (column == nullptr) return "";
  options_.column = column;
  return options_.format;
}

void RowShaper::read_prompt(json& object, Row& row, const std::string& place) const {
  auto conversation = object.find(kConversation);
  const bool whole =
      options_.column == kConversation ||
      (options_.column == "prompt" && !object.contains("prompt") && conversation != object.end());
  const std::string column = whole ? kConversation : options_.column;
  const json& prompt = prompt_of(object, column, place);
  if (prompt.is_string()) {
    row.prompt = prompt.get<std::string>();
    if (row.prompt.empty())
      throw bad_row(place, cat("column '", column, "' is empty"),
                    "remove the row, or give it a prompt");
  } else if (whole) {
    read_conversation(prompt, row, place);
  } else {
    row.messages = all_messages(prompt, column, place);
    check_prompt(row.messages, column, place);
  }
  object.erase(column);
}

Row RowShaper::shape(json object, const std::string& place) const {
  if (!object.is_object())
    throw bad_row(place, cat("is ", json_type_name(object), ", not an object"),
                  "write {\"prompt\": \"...\", ...}");
  read_format(object, options_.format, place);
  rename(object, options_.columns, place);
  Row row;
  if (!wrapper_.empty()) {
    row.prompt = wrapper_.fill(object, options_.column, place);
    if (row.prompt.empty())
      throw bad_row(place, "the template gives an empty text", "name a column that holds text");
  } else {
    read_prompt(object, row, place);
  }
  bool text = row.messages.empty();
  if (text && (options_.chat || !options_.system.empty()))
    row.messages.push_back({"user", std::move(row.prompt)});
  if (!options_.system.empty()) {
    if (row.messages.front().role == "system")
      throw bad_row(place, "has a system message of its own beside `system` of the [data] entry",
                    "keep one of the two");
    row.messages.insert(row.messages.begin(), {"system", options_.system});
  }
  if (!row.messages.empty()) {
    row.prompt = joined(row.messages);
    read_reply(object, row, place);
  }
  row.columns = std::move(object);
  return row;
}

}  // namespace reckon
