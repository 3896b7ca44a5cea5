#include "rewards/math/normalize.h"

#include <utility>

namespace reckon::math {
namespace {

// Superscript and subscript digits and signs; 0 where the code point is none.
char superscript(char32_t code) {
  if (code == 0xB9) return '1';
  if (code == 0xB2 || code == 0xB3) return static_cast<char>('0' + (code - 0xB0));
  if (code == 0x2070 || (code >= 0x2074 && code <= 0x2079))
    return static_cast<char>('0' + (code - 0x2070));
  switch (code) {
    case 0x207A:
      return '+';
    case 0x207B:
      return '-';
    case 0x207D:
      return '(';
    case 0x207E:
      return ')';
    case 0x207F:
      return 'n';
    case 0x2071:
      return 'i';
    case 0x02E3:
      return 'x';
    default:
      return 0;
  }
}
char subscript(char32_t code) {
  if (code >= 0x2080 && code <= 0x2089) return static_cast<char>('0' + (code - 0x2080));
  return code == 0x2099 ? 'n' : 0;
}

// Full-width forms and the alphanumerics of mathematics (bold, italic ...); 0 for none.
char plain_form(char32_t code) {
  if (code >= 0xFF01 && code <= 0xFF5E) return static_cast<char>(code - 0xFF01 + '!');
  if (code >= 0x1D400 && code < 0x1D6A4) {
    char32_t letter = (code - 0x1D400) % 52;
    return static_cast<char>(letter < 26 ? 'A' + letter : 'a' + (letter - 26));
  }
  if (code >= 0x1D7CE && code <= 0x1D7FF) return static_cast<char>('0' + (code - 0x1D7CE) % 10);
  return 0;
}

class Mender {
 public:
  explicit Mender(std::string_view answer) : rest_(answer) {}

  Mended run() {
    mended_.text.reserve(rest_.size() + 16);
    while (!rest_.empty()) {
      size_t plain = 0;
      while (plain < rest_.size() && rest_[plain] >= ' ' && rest_[plain] != 0x7F) ++plain;
      mended_.text.append(rest_.substr(0, plain));
      rest_.remove_prefix(plain);
      if (!rest_.empty()) special();
    }
    if (mended_.text.find("\\\\") != std::string::npos &&
        mended_.text.find("\\begin") == std::string::npos)
      undouble_backslashes();
    return std::move(mended_);
  }

 private:
  // \\frac{1}{2}, escaped once too often: no rows end outside an environment.
  void undouble_backslashes() {
    std::string single;
    for (size_t i = 0; i < mended_.text.size(); ++i) {
      char c = mended_.text[i], next = i + 1 < mended_.text.size() ? mended_.text[i + 1] : 0;
      char after = i + 2 < mended_.text.size() ? mended_.text[i + 2] : 0;
      bool letter = (after >= 'a' && after <= 'z') || (after >= 'A' && after <= 'Z');
      if (c != '\\' || next != '\\' || !letter) single += c;
    }
    mended_.text = std::move(single);
  }
  void special() {
    CodePoint point = decode_utf8(rest_);
    if (point.length <= 1) {
      bool blank = rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r';
      mended_.text += blank ? ' ' : '?';
      mended_.clean = mended_.clean && blank;
      rest_.remove_prefix(1);
      return;
    }
    if (superscript(point.value)) return run_of(superscript, "^{");
    if (subscript(point.value)) return run_of(subscript, "_{");
    if (char form = plain_form(point.value)) {
      mended_.text += form;
    } else if (const char* spelling = ascii_spelling(point.value)) {
      mended_.text += spelling;
    } else {
      mended_.text.append(rest_.substr(0, point.length));
    }
    rest_.remove_prefix(point.length);
  }
  void run_of(char (*form)(char32_t), const char* opening) {
    mended_.text += opening;
    for (CodePoint point = decode_utf8(rest_); point.length > 1; point = decode_utf8(rest_)) {
      char c = form(point.value);
      if (c == 0) break;
      mended_.text += c;
      rest_.remove_prefix(point.length);
    }
    mended_.text += '}';
  }

  std::string_view rest_;
  Mended mended_;
};

bool strip_pair(std::string_view& text, std::string_view opening, std::string_view closing) {
  if (text.size() < opening.size() + closing.size() || !text.starts_with(opening) ||
      !text.ends_with(closing))
    return false;
  std::string_view inside =
      text.substr(opening.size(), text.size() - opening.size() - closing.size());
  // "$1$ and $2$" is no single pair.
  if (inside.find(opening) != inside.npos || inside.find(closing) != inside.npos) return false;
  if (opening[0] == '$' && !inside.empty() && inside.back() == '\\') return false;
  text = inside;
  return true;
}

// \boxed{...} around the whole; a brace that is never closed ends with the text. \mathbf is taken
// off a choice alone, \mathbf{(C)}: it tells a vector from a constant elsewhere.
bool strip_box(std::string_view& text) {
  for (std::string_view command : {"\\boxed", "\\fbox", "\\mathbf", "\\boldsymbol"}) {
    if (!text.starts_with(command)) continue;
    size_t at = text.find_first_not_of(' ', command.size());
    if (at == text.npos || text[at] != '{') return false;
    bool bold = command[1] != 'f' && !command.ends_with("boxed");
    if (bold && text.substr(at + 1, 1) != "(") return false;
    int depth = 0;
    for (size_t i = at; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '{') {
        ++depth;
      } else if (text[i] == '}' && --depth == 0) {
        if (i + 1 != text.size()) return false;
        text = text.substr(at + 1, i - at - 1);
        return true;
      }
    }
    text = text.substr(at + 1);
    return true;
  }
  return false;
}

bool strip_ends(std::string_view& text) {
  size_t before = text.size();
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty()) {
    char last = text.back();
    bool escaped = text.size() > 1 && text[text.size() - 2] == '\\';
    bool kept = text.ends_with("..") || text.ends_with("\\right.");
    if (escaped && (last == ' ' || last == ',' || last == '.' || last == '\\' || last == ';')) {
      text.remove_suffix(2);
    } else if (last == ' ' || last == ',' || last == ';' || (last == '.' && !kept)) {
      text.remove_suffix(1);
    } else {
      break;
    }
  }
  return text.size() != before;
}

constexpr int kMostWrappings = 16;

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  if (text.empty()) return {};
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  char32_t code = first & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  if ((length == 3 && code < 0x800) || (length == 4 && code < 0x10000) || code > 0x10FFFF ||
      (code >= 0xD800 && code < 0xE000))
    return {};
  return {code, length};
}

Mended mend_characters(std::string_view answer) { return Mender(answer).run(); }

std::string_view strip_wrapping(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
      {"$$", "$$"}, {"$", "$"},   {"\\(", "\\)"}, {"\\[", "\\]"},
      {"**", "**"}, {"__", "__"}, {"`", "`"},     {"\"", "\""}};
  for (int i = 0; i < kMostWrappings; ++i) {
    bool changed = strip_ends(text) || strip_box(text);
    for (auto [opening, closing] : kPairs) changed = strip_pair(text, opening, closing) || changed;
    if (!changed) break;
  }
  return text;
}

}  // namespace reckon::math
