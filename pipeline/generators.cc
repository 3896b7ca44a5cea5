#include "pipeline/generators.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/digest.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "pipeline/python_line.h"

namespace reckon {
namespace {

// Values by name; of a parameter with choices, the index of the choice.
using Values = std::map<std::string, int64_t>;

struct Generator {
  const char* name;
  Row (*problem)(RandomStream& random, const Values& values);
  std::vector<GeneratorParameter> parameters;
};

enum Split : int64_t { kAll, kTrain, kHeldout };
constexpr int kHeldoutShare = 5;   // one problem in five is held out
constexpr int kMaxTries = 10'000;  // draws until a problem of the wanted split comes up

// The lower end of a range whose default is its upper end.
int64_t lower(const Values& values, const std::string& name) {
  int64_t high = values.at(name), low = values.at("min_" + name);
  return low == 0 ? high : std::min(low, high);
}

int64_t number_of_digits(RandomStream& random, int64_t digits) {
  int64_t low = 1;
  for (int64_t i = 1; i < digits; ++i) low *= 10;
  return random.between(low, 10 * low - 1);
}

// "23+58+41=" and its running totals, "81;122" or "23+58=81;81+41=122".
Row chained_sum(RandomStream& random, const Values& values) {
  bool steps = values.at("style") == 1;
  int64_t terms = random.between(lower(values, "terms"), values.at("terms"));
  int64_t min_digits = lower(values, "digits"), max_digits = values.at("digits"), total = 0;
  std::string prompt, completion;
  for (int64_t i = 0; i < terms; ++i) {
    int64_t term = number_of_digits(random, random.between(min_digits, max_digits));
    prompt += cat(i > 0 ? "+" : "", term);
    if (i > 0) {
      if (i > 1) completion += ";";
      if (steps) completion += cat(total, "+", term, "=");
      completion += cat(total + term);
    }
    total += term;
  }
  return {prompt + "=", {{"answer", cat(total)}, {"completion", completion}}};
}

// "46:25,3,7=" and an expression over these numbers, each used once, that gives 46.
Row countdown(RandomStream& random, const Values& values) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < values.at("numbers"); ++i)
    numbers.push_back(random.between(1, values.at("max")));
  std::string expression = cat(numbers[0]);
  int64_t total = numbers[0];
  for (size_t i = 1; i < numbers.size(); ++i) {
    int64_t next = numbers[i], kind = random.between(0, 2);
    if (i > 1) expression = cat("(", expression, ")");
    if (kind == 1 && total > next) {
      expression += cat("-", next);
      total -= next;
    } else if (kind == 2 && total * next < 1000) {
      expression += cat("*", next);
      total *= next;
    } else {
      expression += cat("+", next);
      total += next;
    }
  }
  for (size_t i = numbers.size() - 1; i > 0; --i)
    std::swap(numbers[i], numbers[random.below(i + 1)]);
  std::vector<std::string> shown;
  for (int64_t number : numbers) shown.push_back(cat(number));
  return {cat(total, ":", join(shown, ","), "="),
          {{"answer", cat(total)}, {"completion", expression}, {"numbers", numbers}}};
}

// "hello=" and "olleh".
Row reverse_text(RandomStream& random, const Values& values) {
  int64_t length = random.between(lower(values, "length"), values.at("length"));
  std::string text;
  for (int64_t i = 0; i < length; ++i) text += static_cast<char>('a' + random.below(26));
  std::string reversed(text.rbegin(), text.rend());
  return {text + "=", {{"answer", reversed}, {"completion", reversed}}};
}

// "def f(x,y):  # x times y minus 4\n    return " and "x*y-4".
Row python_line_row(RandomStream& random, const Values& values) {
  int64_t parts = random.between(lower(values, "parts"), values.at("parts"));
  return python_line(random, {.variables = values.at("variables"),
                              .parts = parts,
                              .greatest = values.at("greatest"),
                              .cases = values.at("cases"),
                              .slips = values.at("slips")});
}

const std::vector<Generator>& generators() {
  static const std::vector<Generator> all = {
      {"chained_sum",
       chained_sum,
       {{"terms", "3", 2, 20, {}, "numbers to add"},
        {"min_terms", "0", 0, 20, {}, "fewest numbers to add; 0: as many as terms"},
        {"digits", "2", 1, 9, {}, "digits of a number"},
        {"min_digits", "0", 0, 9, {}, "fewest digits of a number; 0: as many as digits"},
        {"style",
         "totals",
         0,
         0,
         {"totals", "steps"},
         "completion: 81;122, or 23+58=81;81+41=122"}}},
      {"countdown",
       countdown,
       {{"numbers", "3", 2, 6, {}, "numbers to use, each once"},
        {"max", "20", 1, 100, {}, "greatest of them"}}},
      {"reverse_text",
       reverse_text,
       {{"length", "5", 1, 64, {}, "letters"},
        {"min_length", "0", 0, 64, {}, "fewest letters; 0: as many as length"}}},
      {"python_line",
       python_line_row,
       {{"variables", "2", 1, 3, {}, "arguments of the function"},
        {"parts", "2", 1, 6, {}, "parts of the sum that it returns"},
        {"min_parts", "0", 0, 6, {}, "fewest parts; 0: as many as parts"},
        {"greatest", "9", 1, 9, {}, "greatest number in it"},
        {"cases", "3", 1, 20, {}, "calls that judge it"},
        {"slips", "0", 0, 100, {}, "per cent of a completion's parts that are drawn by chance"}}},
  };
  return all;
}

const std::vector<GeneratorParameter>& shared_parameters() {
  static const std::vector<GeneratorParameter> shared = {
      {"rows", "1000000", 1, int64_t{1} << 40, {}, "rows there are"},
      {"seed", "the run's", 0, INT64_MAX, {}, "seed of the rows"},
      {"split",
       "all",
       0,
       0,
       {"all", "train", "heldout"},
       "train and heldout share no problem, whatever the seeds"}};
  return shared;
}

const Generator& find_generator(const std::string& name) {
  for (const Generator& generator : generators()) {
    if (name == generator.name) return generator;
  }
  auto near = nearest(name, generator_names());
  throw Error(Code::config, "generator", cat("unknown generator '", name, "'"),
              near ? cat("did you mean '", *near, "'?")
                   : cat("the generators: ", join(generator_names(), ", ")));
}

int64_t parse_parameter(const GeneratorParameter& parameter, const std::string& text) {
  if (!parameter.choices.empty()) {
    auto found = std::find(parameter.choices.begin(), parameter.choices.end(), text);
    if (found != parameter.choices.end()) return found - parameter.choices.begin();
    throw Error(Code::config, parameter.name,
                cat("'", parameter.name, "' must be one of ", join(parameter.choices, ", "),
                    ", not '", text, "'"),
                cat(parameter.name, ": ", parameter.help, "; default: ", parameter.usual));
  }
  auto value = parse_int(text);
  if (value && *value >= parameter.low && *value <= parameter.high) return *value;
  throw Error(Code::config, parameter.name,
              cat("'", parameter.name, "' must be an integer from ", parameter.low, " to ",
                  parameter.high, ", not '", text, "'"),
              cat(parameter.name, ": ", parameter.help, "; default: ", parameter.usual));
}

Values parse_values(const std::string& name, const std::string& text, uint64_t seed) {
  std::vector<GeneratorParameter> known = generator_parameters(name);
  std::vector<std::string> names;
  Values values;
  for (const GeneratorParameter& parameter : known) {
    names.push_back(parameter.name);
    values[parameter.name] = parameter.name == "seed" ? static_cast<int64_t>(seed)
                                                      : parse_parameter(parameter, parameter.usual);
  }
  for (const std::string& part : text.empty() ? std::vector<std::string>() : split(text, '&')) {
    size_t equals = part.find('=');
    std::string key = part.substr(0, equals);
    auto parameter = std::find_if(known.begin(), known.end(),
                                  [&](const GeneratorParameter& p) { return p.name == key; });
    if (parameter == known.end()) {
      auto near = nearest(key, names);
      throw Error(
          Code::config, key, cat("generator '", name, "' has no parameter '", key, "'"),
          near ? cat("did you mean '", *near, "'?") : cat("its parameters: ", join(names, ", ")));
    }
    values[key] =
        parse_parameter(*parameter, equals == std::string::npos ? "" : part.substr(equals + 1));
  }
  return values;
}

// Which side of the split a problem is on is a property of its text alone.
bool in_split(const std::string& prompt, int64_t split) {
  return split == kAll || (hash64(prompt) % kHeldoutShare == 0) == (split == kHeldout);
}

class Generated : public Dataset {
 public:
  Generated(const Generator& generator, Values values)
      : generator_(generator), values_(std::move(values)) {
    row(0);  // an impossible split shows here
  }

  uint64_t size() const override { return static_cast<uint64_t>(values_.at("rows")); }

  Row row(uint64_t index) const override {
    RECKON_CHECK(index < size(), "row outside the data set");
    auto seed = static_cast<uint64_t>(values_.at("seed"));
    RandomStream random(random_key(seed, Domain::data, {hash64(generator_.name), index}));
    for (int i = 0; i < kMaxTries; ++i) {
      Row row = generator_.problem(random, values_);
      if (in_split(row.prompt, values_.at("split"))) return row;
    }
    throw Error(Code::config, "split",
                cat("'", generator_.name, "' with these parameters has too few problems to split"),
                "allow more digits, terms or letters, or split = all");
  }

 private:
  const Generator& generator_;
  Values values_;
};

}  // namespace

std::shared_ptr<const Dataset> make_generator(const std::string& spec, uint64_t seed) {
  size_t question = spec.find('?');
  std::string name = spec.substr(0, question);
  const Generator& generator = find_generator(name);
  std::string parameters = question == std::string::npos ? "" : spec.substr(question + 1);
  return std::make_shared<Generated>(generator, parse_values(name, parameters, seed));
}

std::vector<GeneratorParameter> generator_parameters(const std::string& name) {
  std::vector<GeneratorParameter> parameters = find_generator(name).parameters;
  parameters.insert(parameters.end(), shared_parameters().begin(), shared_parameters().end());
  return parameters;
}

std::vector<std::string> generator_names() {
  std::vector<std::string> names;
  for (const Generator& generator : generators()) names.emplace_back(generator.name);
  return names;
}

}  // namespace reckon
