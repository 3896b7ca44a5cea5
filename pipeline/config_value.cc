// Values of the run file: types, ranges, units, and the names that are refused because they mean
// two things.
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/config_schema.h"
#include "pipeline/objective_names.h"

namespace reckon {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// "256MiB" in bytes, "2min" in seconds.
std::optional<double> with_unit(const std::string& text, Unit unit) {
  static const std::vector<std::pair<std::string, double>> kBytes = {
      {"B", 1},
      {"KB", 1e3},
      {"MB", 1e6},
      {"GB", 1e9},
      {"KiB", 1024},
      {"MiB", 1024. * 1024},
      {"GiB", 1024. * 1024 * 1024},
      {"TiB", 1024. * 1024 * 1024 * 1024}};
  static const std::vector<std::pair<std::string, double>> kSeconds = {
      {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
  size_t end = text.find_first_not_of("0123456789.");
  if (end == std::string::npos || end == 0) return std::nullopt;
  auto number = parse_double(std::string_view(text).substr(0, end));
  size_t begin = text.find_first_not_of(' ', end);
  for (const auto& [name, factor] : unit == Unit::bytes ? kBytes : kSeconds) {
    if (number && begin != std::string::npos && text.substr(begin) == name) return *number * factor;
  }
  return std::nullopt;
}

std::string number_text(double value) {
  if (std::floor(value) == value && std::fabs(value) < 1e15)
    return cat(static_cast<int64_t>(value));
  std::string text = shortest(value);
  for (std::string_view padded : {"e-0", "e+0"}) {  // 1e-04, as people write it: 1e-4
    size_t at = text.find(padded);
    if (at != std::string::npos) text.erase(at + 2, 1);
  }
  return text;
}

std::string unquoted(const std::string& text) {
  bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

class Assignment {
 public:
  Assignment(const Section& section, const Key& key, const std::string& place)
      : section_(section), key_(key), place_(place) {}

  Error refuse(const std::string& problem) const {
    Slot fallback = key_.slot(section_.table->defaults.get());
    std::string usual = key_.automatic.empty()         ? cat("default ", toml_value(fallback))
                        : key_.automatic == "required" ? "required"
                                                       : cat("default ", key_.automatic);
    return Error(Code::config, place_, cat(section_.table->name, ".", key_.name, " ", problem),
                 cat(key_.name, ": ", key_.help, "; ", usual));
  }

  double in_range(double value) const {
    const Limits& limits = key_.limits;
    bool low = limits.low_open ? value > limits.low : value >= limits.low;
    bool high = limits.high_open ? value < limits.high : value <= limits.high;
    if (!std::isfinite(value) || !low || !high) {
      std::string range = range_of(key_);
      throw refuse(cat("must be ", range.empty() ? "finite" : range, ", not ", number_text(value)));
    }
    return value;
  }

  template <class T>
  void integer(T* slot, const nlohmann::json& value) const {
    std::optional<double> sized =
        value.is_string() ? with_unit(value.get<std::string>(), key_.limits.unit) : std::nullopt;
    if (sized && std::floor(*sized) == *sized && *sized < 9e18) {
      *slot = static_cast<T>(in_range(*sized));
      return;
    }
    if (!value.is_number_integer())
      throw refuse(cat("must be ", type_of(key_, slot), ", not ", describe(value)));
    int64_t number = value.get<int64_t>();
    in_range(static_cast<double>(number));
    if (!std::in_range<T>(number)) throw refuse(cat("is out of range: ", number));
    *slot = static_cast<T>(number);
  }

  void real(double* slot, const nlohmann::json& value) const {
    std::optional<double> sized =
        value.is_string() ? with_unit(value.get<std::string>(), key_.limits.unit) : std::nullopt;
    if (!sized && !value.is_number())
      throw refuse(cat("must be ", type_of(key_, slot), ", not ", describe(value)));
    *slot = in_range(sized ? *sized : value.get<double>());
  }

  void pair(const Pair& slot, const nlohmann::json& value) const {
    bool two =
        value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number();
    if (!two) throw refuse(cat("must be ", type_of(key_, slot), ", not ", describe(value)));
    *slot.first = in_range(value[0].get<double>());
    *slot.second = in_range(value[1].get<double>());
  }

  std::vector<std::string> texts(const nlohmann::json& value) const {
    const nlohmann::json list = value.is_string() ? nlohmann::json::array({value}) : value;
    if (!list.is_array()) throw refuse(cat("must be a list of texts, not ", describe(value)));
    std::vector<std::string> texts;
    for (const nlohmann::json& entry : list) {
      if (!entry.is_string())
        throw refuse(cat("must be a list of texts; it holds ", describe(entry)));
      texts.push_back(entry.get<std::string>());
      if (texts.back().empty()) throw refuse("must not hold an empty text");
    }
    return texts;
  }

  std::string text(const nlohmann::json& value) const {
    if (!value.is_string()) throw refuse(cat("must be a text, not ", describe(value)));
    std::string chosen = value.get<std::string>();
    const std::vector<std::string>& choices = key_.limits.choices;
    if (choices.empty() || std::find(choices.begin(), choices.end(), chosen) != choices.end())
      return chosen;
    std::string name = cat(section_.table->name, ".", key_.name);
    if (const AmbiguousName* two = ambiguous_name(objective_key(), chosen)) {
      throw Error(Code::config, place_,
                  cat(name, " = ", toml_text(chosen), " could mean ", two->meanings),
                  std::string(two->remedy));
    }
    auto near = nearest(chosen, choices);
    throw Error(Code::config, place_,
                cat(name, " must be one of ", join(choices, ", "), ", not ", toml_text(chosen)),
                near ? cat("did you mean '", *near, "'?") : cat(key_.name, ": ", key_.help));
  }

 private:
  // The key as objectives name it: "objective.kl.estimator" is "kl".
  std::string objective_key() const {
    std::string name = key_.name.starts_with("objective.") ? key_.name.substr(10) : key_.name;
    return name == "kl.estimator" ? "kl" : name;
  }

  const Section& section_;
  const Key& key_;
  const std::string& place_;
};

}  // namespace

std::string describe(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::string:
      return cat("the text ", value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    case nlohmann::json::value_t::boolean:
      return value.dump();
    case nlohmann::json::value_t::array:
      return "a list";
    case nlohmann::json::value_t::object:
      return "a table";
    case nlohmann::json::value_t::number_float:
      return shortest(value.get<double>());
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned:
      return value.dump();
    default:
      return "a date or time";
  }
}

void assign(const Section& section, const Key& key, const nlohmann::json& value,
            const std::string& place) {
  Assignment to(section, key, place);
  std::visit(Overloaded{
                 [&](double* slot) { to.real(slot, value); },
                 [&](bool* slot) {
                   if (!value.is_boolean())
                     throw to.refuse(cat("must be true or false, not ", describe(value)));
                   *slot = value.get<bool>();
                 },
                 [&](std::string* slot) { *slot = to.text(value); },
                 [&](std::vector<std::string>* slot) { *slot = to.texts(value); },
                 [&](DType* slot) { *slot = to.text(value) == "bf16" ? DType::bf16 : DType::f32; },
                 [&](Pair slot) { to.pair(slot, value); },
                 [&](Constant) { to.text(value); },
                 [&](auto* slot) { to.integer(slot, value); },
             },
             key.slot(section.data));
}

nlohmann::json value_of_text(const Slot& slot, const std::string& text) {
  if (std::holds_alternative<std::string*>(slot) || std::holds_alternative<DType*>(slot))
    return unquoted(text);
  if (std::holds_alternative<std::vector<std::string>*>(slot) && !text.starts_with('['))
    return unquoted(text);
  return value_of_text(text);
}

nlohmann::json value_of_text(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (auto integer = parse_int(text)) return *integer;
  if (auto real = parse_double(text)) return *real;
  if (text.starts_with('[')) {
    auto list = nlohmann::json::parse(text, nullptr, false);
    if (list.is_array()) return list;
  }
  return unquoted(text);
}

std::string toml_text(const std::string& text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += cat("\\u00", hex(std::string_view(&c, 1)));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string toml_value(const Slot& slot) {
  return std::visit(Overloaded{
                        [](const double* value) { return number_text(*value); },
                        [](const bool* value) { return std::string(*value ? "true" : "false"); },
                        [](const std::string* value) { return toml_text(*value); },
                        [](const std::vector<std::string>* value) {
                          std::vector<std::string> parts;
                          for (const std::string& text : *value) parts.push_back(toml_text(text));
                          return cat("[", join(parts, ", "), "]");
                        },
                        [](const DType* value) { return toml_text(dtype_name(*value)); },
                        [](Pair value) {
                          return cat("[", number_text(*value.first), ", ",
                                     number_text(*value.second), "]");
                        },
                        [](Constant value) { return toml_text(value.value); },
                        [](const auto* value) { return cat(*value); },
                    },
                    slot);
}

std::string type_of(const Key& key, const Slot& slot) {
  if (key.limits.unit == Unit::bytes) return "a size (bytes, or a text like \"256MiB\")";
  if (key.limits.unit == Unit::seconds) return "a duration (seconds, or a text like \"2min\")";
  return std::visit(Overloaded{
                        [](const double*) { return "a number"; },
                        [](const bool*) { return "true or false"; },
                        [](const std::string*) { return "a text"; },
                        [](const std::vector<std::string>*) { return "a list of texts"; },
                        [](const DType*) { return "a text"; },
                        [](Pair) { return "a list of two numbers"; },
                        [](Constant) { return "a text"; },
                        [](const auto*) { return "an integer"; },
                    },
                    slot);
}

std::string range_of(const Key& key) {
  const Limits& limits = key.limits;
  if (!limits.choices.empty()) return join(limits.choices, ", ");
  bool closed = !limits.low_open && !limits.high_open && std::isfinite(limits.low) &&
                std::isfinite(limits.high);
  if (closed) return cat("from ", number_text(limits.low), " to ", number_text(limits.high));
  std::string low = std::isinf(limits.low)
                        ? ""
                        : cat(limits.low_open ? "above " : "at least ", number_text(limits.low));
  std::string high = std::isinf(limits.high)
                         ? ""
                         : cat(limits.high_open ? "below " : "at most ", number_text(limits.high));
  return low.empty() || high.empty() ? low + high : cat(low, " and ", high);
}

}  // namespace reckon
