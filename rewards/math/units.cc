#include "rewards/math/units.h"

#include <map>
#include <unordered_map>
#include <vector>

#include "rewards/math/units_table.h"

namespace reckon::math {
namespace {

constexpr size_t kLongestSpelling = 200;
constexpr int kLargestPower = 12;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  return result;
}

// Every spelling of one unit, prefixed ones included, with its canonical symbol and worth.
class Spellings {
 public:
  Spellings() {
    for (const UnitAtom& atom : unit_atoms()) {
      add_spellings(atom, "", "", atom.name, 0);
      if (!atom.prefixes) continue;
      for (const UnitPrefix& prefix : unit_prefixes()) {
        // "micro" has one canonical symbol whichever way it was spelled.
        std::string symbol = prefix.exponent == -6 ? "u"
                             : *prefix.symbol      ? prefix.symbol
                                                   : prefix.word;
        add_spellings(atom, prefix.symbol, prefix.word, symbol + atom.name, prefix.exponent);
      }
    }
  }
  const NamedUnit* find(std::string_view word) const {
    auto found = units_.find(std::string(word));
    if (found == units_.end()) found = units_.find(lower(word));
    return found == units_.end() ? nullptr : &found->second;
  }

 private:
  void add_spellings(const UnitAtom& atom, std::string symbol, std::string word, std::string name,
                     int exponent) {
    NamedUnit unit{std::move(name), atom.unit};
    mpz_class power;
    mpz_ui_pow_ui(power.get_mpz_t(), 10, std::abs(exponent));
    if (exponent > 0) unit.unit.factor *= power;
    if (exponent < 0) unit.unit.factor /= power;
    bool bare = exponent == 0;
    add(atom.name, symbol, word, bare, unit);
    std::string_view rest = atom.spellings;
    while (!rest.empty()) {
      size_t bar = rest.find('|');
      add(rest.substr(0, bar), symbol, word, bare, unit);
      rest = bar == rest.npos ? "" : rest.substr(bar + 1);
    }
  }
  // Short spellings are symbols, long ones words; words have a plural.
  void add(std::string_view spelling, const std::string& symbol, const std::string& word, bool bare,
           const NamedUnit& unit) {
    std::string base(spelling);
    bool is_word = base.size() > 2;
    if (bare || !(is_word ? word : symbol).empty())
      units_.emplace((is_word ? word : symbol) + base, unit);
    if (is_word) units_.emplace(word + base + "s", unit);
    if (is_word && !symbol.empty()) units_.emplace(symbol + base, unit);  // kcal, mmol
  }
  std::unordered_map<std::string, NamedUnit> units_;
};

const NamedUnit* find_atom(std::string_view word) {
  static const Spellings spellings;
  return spellings.find(word);
}

// LaTeX taken off: "\text{ cm}^{2}" becomes " cm^2", \cdot a star, ^\circ the word "degree".
std::string plain(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\') {
      size_t end = i + 1;
      while (end < text.size() && is_letter(text[end])) ++end;
      std::string_view command = text.substr(i + 1, end - i - 1);
      if (command == "cdot" || command == "times") {
        result += '*';
      } else if (command == "circ" || command == "degree") {
        while (!result.empty() && (result.back() == '^' || result.back() == ' ')) result.pop_back();
        result += " degree ";
      } else if (command == "mu") {
        result += 'u';
        while (end < text.size() && text[end] == ' ') ++end;
      } else if (command == "Omega") {
        result += "ohm";
      } else if (command.empty()) {
        result += ' ';
        ++end;
      }
      i = end - 1;
    } else if (text.substr(i, 2) == "\u00b0" || text.substr(i, 2) == "\u00b7") {
      result += text[i + 1] == '\xb0' ? " degree " : "*";
      ++i;
    } else if (text.substr(i, 2) == "\u00b2" || text.substr(i, 2) == "\u00b3") {
      result += text[i + 1] == '\xb2' ? "^2" : "^3";
      ++i;
    } else if (text.substr(i, 2) == "\u03a9") {
      result += "ohm";
      ++i;
    } else if (c == '{' || c == '}' || c == '.' || c == '$') {
    } else {
      result += c == '~' || c == '\n' || c == '\t' ? ' ' : c;
    }
  }
  return result;
}

class Reader {
 public:
  explicit Reader(std::string text) : text_(std::move(text)) {}

  std::optional<NamedUnit> read() {
    if (!read_product(1, 0) || at_ < text_.size() || powers_.empty()) return std::nullopt;
    return result();
  }

 private:
  struct Factor {
    const NamedUnit* unit;
    int power;
  };

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool accept(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // The letters at the current place, with a hyphen inside ("metric-ton"); not consumed.
  std::string_view peek_word() {
    skip_spaces();
    size_t end = at_;
    while (end < text_.size() &&
           (is_letter(text_[end]) || (text_[end] == '-' && end > at_ && end + 1 < text_.size() &&
                                      is_letter(text_[end + 1]))))
      ++end;
    return std::string_view(text_).substr(at_, end - at_);
  }
  bool accept_word(std::initializer_list<std::string_view> words) {
    std::string word = lower(peek_word());
    for (std::string_view candidate : words) {
      if (word != candidate) continue;
      at_ += word.size();
      return true;
    }
    return false;
  }
  // ^2, ^{-1} (braces are gone), a digit stuck to the symbol, "squared"; 1 where none is written.
  std::optional<int> read_power() {
    size_t before = at_;
    bool caret = accept('^');
    if (!caret) at_ = before;
    bool negative = caret && accept('-');
    if (at_ < text_.size() && is_digit(text_[at_])) {
      int power = 0;
      while (at_ < text_.size() && is_digit(text_[at_]) && power <= kLargestPower)
        power = power * 10 + (text_[at_++] - '0');
      if (power > kLargestPower) return std::nullopt;
      return negative ? -power : power;
    }
    if (caret) return std::nullopt;
    if (accept_word({"squared"})) return 2;
    if (accept_word({"cubed"})) return 3;
    return 1;
  }

  bool read_product(int sign, int depth) {
    if (depth > 4) return false;
    for (bool first = true;; first = false) {
      int factor_sign = sign;
      if (accept('/') || accept_word({"per"})) {
        factor_sign = -sign;
      } else if (!first) {
        accept('*');
      }
      skip_spaces();
      if (first && text_.compare(at_, 2, "1/") == 0) {  // the canonical name of a pure rate
        ++at_;
        continue;
      }
      if (at_ >= text_.size() || text_[at_] == ')') return !first;
      if (accept('(')) {
        if (!read_product(factor_sign, depth + 1) || !accept(')')) return false;
        continue;
      }
      if (!read_factor(factor_sign)) return false;
    }
  }

  bool read_factor(int sign) {
    int power = 1;
    if (accept_word({"square", "sq"})) power = 2;
    if (accept_word({"cubic", "cu"})) power = 3;
    bool metric = accept_word({"metric"});
    bool nautical = accept_word({"nautical"});
    std::string_view word = peek_word();
    if (word.empty()) return false;
    for (const UnitAlias& alias : unit_aliases()) {
      if (lower(word) != lower(alias.spelling)) continue;
      at_ += word.size();
      Reader compound{std::string(alias.meaning)};
      if (!compound.read_product(sign, 4)) return false;
      for (auto& [name, factor] : compound.powers_) add(factor.unit, factor.power * power);
      return true;
    }
    const NamedUnit* unit = find_atom(word);
    if (!unit) return false;
    at_ += word.size();
    if (unit->name == "deg") {  // of arc, or of temperature
      if (accept_word({"celsius", "c", "centigrade"})) unit = find_atom("degC");
      if (accept_word({"fahrenheit", "f"})) unit = find_atom("degF");
    }
    if (metric && unit->name == "ton") unit = find_atom("tonne");
    if (nautical && unit->name == "mi") unit = find_atom("nmi");
    std::optional<int> written = read_power();
    if (!written) return false;
    add(unit, sign * power * *written);
    return true;
  }

  void add(const NamedUnit* unit, int power) {
    Factor& factor = powers_[unit->name];
    factor.unit = unit;
    factor.power += power;
  }

  std::optional<NamedUnit> result() const {
    NamedUnit result;
    std::string below;
    for (const auto& [name, factor] : powers_) {
      int size = std::abs(factor.power);
      if (size > kLargestPower) return std::nullopt;
      if (size == 0) continue;
      std::string part = size == 1 ? name : name + "^" + std::to_string(size);
      if (factor.power > 0) result.name += (result.name.empty() ? "" : "*") + part;
      if (factor.power < 0) below += "/" + part;
      const Unit& unit = factor.unit->unit;
      for (size_t i = 0; i < unit.dimension.powers.size(); ++i)
        result.unit.dimension.powers[i] += unit.dimension.powers[i] * factor.power;
      for (int i = 0; i < size; ++i) {
        if (factor.power > 0) result.unit.factor *= unit.factor;
        if (factor.power < 0) result.unit.factor /= unit.factor;
      }
      result.unit.pi += unit.pi * factor.power;
      if (powers_.size() == 1 && factor.power == 1) result.unit.offset = unit.offset;
    }
    if (result.name.empty()) result.name = "1";
    result.name += below;
    return result;
  }

  std::string text_;
  size_t at_ = 0;
  std::map<std::string, Factor> powers_;
};

}  // namespace

std::optional<NamedUnit> read_unit(std::string_view spelling) {
  if (spelling.empty() || spelling.size() > kLongestSpelling) return std::nullopt;
  return Reader(plain(spelling)).read();
}

std::optional<Unit> find_unit(std::string_view name) {
  auto unit = read_unit(name);
  if (!unit) return std::nullopt;
  return unit->unit;
}

}  // namespace reckon::math
