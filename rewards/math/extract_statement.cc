// "The final answer is 42": the words, and where the answer in prose ends.
#include "rewards/math/extract_statement.h"

#include <algorithm>
#include <string>

#include "rewards/math/extract_steps.h"

namespace reckon::math {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool begins_word(std::string_view text, std::string_view word) {
  return text.starts_with(word) && (text.size() == word.size() || !is_letter(text[word.size()]));
}

// What follows only explains the answer: ", which", " because".
bool explains(std::string_view rest) {
  bool comma = rest.starts_with(',');
  if (comma) rest.remove_prefix(1);
  if (rest.empty() || rest[0] != ' ') return false;
  rest.remove_prefix(1);
  for (std::string_view word : {"because", "since"}) {
    if (begins_word(rest, word)) return true;
  }
  if (!comma) return false;
  for (std::string_view word :
       {"which", "as", "so", "where", "making", "meaning", "giving", "I", "not"}) {
    if (begins_word(rest, word)) return true;
  }
  return false;
}

bool ends_sentence(std::string_view text, size_t at, size_t limit) {
  char c = text[at];
  if (c != '.' && c != '!' && c != '?') return false;
  size_t next = at + 1;
  while (next < limit && (text[next] == '*' || text[next] == '"' || text[next] == '_')) ++next;
  if (next < limit && !is_blank(text[next])) return false;
  if (at < 2) return true;
  if (c == '!') return is_letter(text[at - 1]) && is_letter(text[at - 2]);  // else a factorial
  return c == '?' || text[at - 2] != '.' || !is_letter(text[at - 1]);       // "8:34 p.m."
}

// The rest of a sentence that begins with math is left out when it is more than a unit and offers
// nothing else.
bool is_remark(std::string_view rest) {
  int words = 0;
  bool inside = false;
  for (size_t i = 0; i < rest.size(); ++i) {
    char c = rest[i];
    if (c == '$' || c == '\\' || c == ',' || c == ';' || is_digit(c)) return false;
    bool letter = is_letter(c);
    if (letter && !inside) {
      ++words;
      for (std::string_view word : {"or", "and", "either", "but", "maybe", "perhaps"}) {
        if (begins_word(rest.substr(i), word)) return false;
      }
    }
    inside = letter;
  }
  return words > 2;
}

struct Reader {
  std::string_view low;  // lower case
  size_t at = 0;

  void pass_blanks() {
    while (at < low.size() && (low[at] == ' ' || low[at] == '*' || low[at] == '_')) ++at;
  }
  bool pass(std::string_view word) {
    if (!begins_word(low.substr(at), word)) return false;
    at += word.size();
    pass_blanks();
    return true;
  }
};

// Behind "answer": " to the problem is therefore: ". The index where the answer begins.
size_t verb_end(std::string_view low, size_t at, bool line_label) {
  if (at < low.size() && low[at] == 's') ++at;
  Reader reader{low, at};
  reader.pass_blanks();
  for (std::string_view link : {"to", "of", "for"}) {
    if (!begins_word(low.substr(reader.at), link)) continue;
    std::string_view near = low.substr(reader.at, 80);
    size_t is = std::min(near.find(" is "), near.find(" is:"));
    if (is == kNone || near.substr(0, is).find_first_of(".\n$") != kNone) return kNone;
    reader.at += is + 1;
  }
  bool verb = false;
  for (std::string_view word : {"is", "are", "equals", "would be", "will be", "must be"})
    verb = verb || reader.pass(word);
  if (verb && reader.pass("not")) return kNone;
  for (std::string_view filler : {"therefore", "thus", "simply", "just", "then", "equal to"}) {
    if (verb) reader.pass(filler);
  }
  bool colon = !verb && reader.at < low.size() && (low[reader.at] == ':' || low[reader.at] == '=');
  if (colon && line_label) return kNone;  // "Answer: 3" on a line of its own is another rule
  if (!verb && !colon) return kNone;
  while (reader.at < low.size() && (low[reader.at] == ':' || low[reader.at] == '=')) {
    ++reader.at;
    reader.pass_blanks();
  }
  return reader.at;
}

// The word before `at`, and where it begins.
std::string_view word_before(std::string_view low, size_t& at) {
  size_t end = at;
  while (end > 0 && (low[end - 1] == ' ' || low[end - 1] == '*')) --end;
  size_t begin = end;
  while (begin > 0 && is_letter(low[begin - 1])) --begin;
  if (begin < end) at = begin;
  return low.substr(begin, end - begin);
}

struct Statement {
  size_t begin = 0, answer = 0;
  bool final = false, headline = false;
};

// "## Final answer" with nothing else on its line: the answer is the next line.
bool is_headline(std::string_view low, const Statement& statement, size_t end) {
  if (!statement.final) return false;
  size_t begin = statement.begin;
  while (begin > 0 && std::string_view("*# _").find(low[begin - 1]) != kNone) --begin;
  size_t stop = low.find_first_not_of("*_: ", end);
  return (begin == 0 || low[begin - 1] == '\n') && stop != kNone && low[stop] == '\n';
}

std::vector<Statement> statements(std::string_view low) {
  std::vector<Statement> found;
  for (size_t at = 0; (at = low.find("answer", at)) != kNone; at += 6) {
    if (at > 0 && (is_letter(low[at - 1]) || low[at - 1] == '<' || low[at - 1] == '/')) continue;
    Statement statement{at, 0, false};
    bool supposed = false, line_label = true;
    for (int i = 0; i < 4; ++i) {
      size_t begin = statement.begin;
      std::string_view word = word_before(low, begin);
      bool part = word == "the" || word == "final" || word == "correct" || word == "my" ||
                  word == "our" || word == "so" || word == "thus" || word == "therefore" ||
                  word == "hence";
      statement.final = statement.final || word == "final";
      supposed = supposed || word == "if" || word == "whether" || word == "suppose";
      line_label = line_label && word.empty();
      if (!part) break;
      statement.begin = begin;
    }
    statement.answer = verb_end(low, at + 6, line_label);
    statement.headline = is_headline(low, statement, at + 6);
    if (statement.headline) statement.answer = at + 6 + low.substr(at + 6).find('\n');
    if (statement.answer != kNone && !supposed) found.push_back(statement);
  }
  bool any_final = std::any_of(found.begin(), found.end(), [](auto& one) { return one.final; });
  if (any_final) std::erase_if(found, [](auto& one) { return !one.final; });
  return found;
}

}  // namespace

size_t statement_end(std::string_view text, size_t begin, size_t limit, MathSpans& spans) {
  while (begin < limit && (is_blank(text[begin]) || text[begin] == '*')) ++begin;
  size_t leading_math = 0;
  size_t at = begin;
  while (at < limit) {
    size_t math = MathSpans::delimiter_length(text, at) > 0 ? spans.end_at(at) : kNone;
    if (math != kNone && math <= limit) {
      if (at == begin) leading_math = math;
      at = math;
      continue;
    }
    if (text[at] == '\n' || ends_sentence(text, at, limit)) break;
    if ((text[at] == ',' || text[at] == ' ') && explains(text.substr(at, limit - at))) break;
    at += text[at] == '\\' && at + 1 < limit && text[at + 1] == '$' ? 2 : 1;
  }
  at = std::min(at, limit);
  bool remark = leading_math > 0 && is_remark(text.substr(leading_math, at - leading_math));
  return remark ? leading_math : at;
}

std::vector<Candidate> find_statements(std::string_view text) {
  std::string low = lower_case(text);
  std::vector<Statement> found = statements(low);
  std::vector<Candidate> answers;
  MathSpans spans(text);
  for (size_t i = 0; i < found.size(); ++i) {
    if (!answers.empty() && found[i].begin < answers.back().end) continue;
    size_t limit =
        i + 1 < found.size() ? std::max(found[i + 1].begin, found[i].answer) : text.size();
    size_t end = statement_end(text, found[i].answer, limit, spans);
    std::string_view answer = text.substr(found[i].answer, end - found[i].answer);
    if (found[i].headline && !whole_answer(answer)) continue;
    if (!tidy(answer).empty()) answers.push_back({answer, found[i].begin, end});
  }
  return answers;
}

}  // namespace reckon::math
