#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "pipeline/generators.h"
#include "rewards/reward.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& spec) {
  try {
    make_generator(spec, 1);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    return error.what();
  }
  return "no error";
}

double reward_of(const char* use, const Row& row) {
  std::string completion = row.columns["completion"];
  RewardInput input;
  input.completion = completion;
  input.columns = &row.columns;
  return make_reward({use, 1, false, {}})->score(input).value;
}

// Value of a countdown completion: every operation but the last one stands in parentheses.
int64_t value_of(std::string_view expression) {
  size_t close = expression.rfind(')');
  size_t from = close == std::string_view::npos ? 0 : close + 1;
  size_t at = expression.find_first_of("+-*", from);
  if (at == std::string_view::npos) return parse_int(expression).value();
  std::string_view left = expression.substr(0, at);
  if (left.starts_with('(')) left = left.substr(1, left.size() - 2);
  int64_t a = value_of(left), b = parse_int(expression.substr(at + 1)).value();
  return expression[at] == '+' ? a + b : expression[at] == '-' ? a - b : a * b;
}

TEST(ChainedSum, CompletionsEndInTheAnswer) {
  for (const char* spec : {"chained_sum", "chained_sum?style=steps",
                           "chained_sum?terms=5&min_terms=2&digits=3&min_digits=1"}) {
    auto data = make_generator(spec, 3);
    for (uint64_t i = 0; i < 200; ++i) {
      Row row = data->row(i);
      EXPECT_EQ(reward_of("number", row), 1) << row.prompt << row.columns;
      int64_t total = 0;
      for (const std::string& term :
           split(std::string_view(row.prompt).substr(0, row.prompt.size() - 1), '+')) {
        total += parse_int(term).value();
      }
      EXPECT_EQ(row.columns["answer"], cat(total));
    }
  }
}

TEST(ChainedSum, WritesRunningTotals) {
  Row row = make_generator("chained_sum?style=steps", 3)->row(0);
  auto terms = split(std::string_view(row.prompt).substr(0, row.prompt.size() - 1), '+');
  int64_t a = parse_int(terms[0]).value(), b = parse_int(terms[1]).value(),
          c = parse_int(terms[2]).value();
  EXPECT_EQ(row.columns["completion"],
            cat(a, "+", b, "=", a + b, ";", a + b, "+", c, "=", a + b + c));
  EXPECT_EQ(make_generator("chained_sum", 3)->row(0).columns["completion"],
            cat(a + b, ";", a + b + c));
}

TEST(Countdown, TargetsAreReachedWithEachNumberOnce) {
  auto data = make_generator("countdown?numbers=4&max=30", 5);
  for (uint64_t i = 0; i < 300; ++i) {
    Row row = data->row(i);
    std::string completion = row.columns["completion"];
    EXPECT_EQ(cat(value_of(completion)), row.columns["answer"]) << completion;
    std::multiset<std::string> used, given;
    std::string digits;
    for (char c : completion + " ") {
      if (c >= '0' && c <= '9') {
        digits += c;
      } else if (!digits.empty()) {
        used.insert(digits);
        digits.clear();
      }
    }
    for (const auto& number : row.columns["numbers"]) given.insert(number.dump());
    EXPECT_EQ(used, given) << completion;
  }
}

TEST(ReverseText, AnswersAreThePromptBackwards) {
  auto data = make_generator("reverse_text?length=8&min_length=2", 5);
  std::set<size_t> lengths;
  for (uint64_t i = 0; i < 100; ++i) {
    Row row = data->row(i);
    std::string answer = row.columns["answer"];
    EXPECT_EQ(std::string(answer.rbegin(), answer.rend()) + "=", row.prompt);
    EXPECT_EQ(reward_of("exact", row), 1);
    lengths.insert(answer.size());
  }
  EXPECT_EQ(*lengths.begin(), 2u);
  EXPECT_EQ(*lengths.rbegin(), 8u);
}

// Value of a python_line completion: parts joined by + and -, none of which has one inside.
int64_t value_of_line(const std::string& line, const std::map<std::string, int64_t>& variables) {
  auto atom = [&](const std::string& text) {
    auto found = variables.find(text);
    return found != variables.end() ? found->second : parse_int(text).value();
  };
  int64_t total = 0, sign = 1;
  for (size_t begin = 0; begin < line.size();) {
    size_t end = std::min(line.find_first_of("+-", begin), line.size());
    std::string part = line.substr(begin, end - begin);
    bool greater = part.starts_with("max("), smaller = part.starts_with("min(");
    if (greater || smaller) part = part.substr(4, part.size() - 5);
    auto sides = split(part, greater || smaller ? ',' : '*');
    int64_t left = atom(sides[0]), right = sides.size() > 1 ? atom(sides[1]) : 1;
    total += sign * (greater   ? std::max(left, right)
                     : smaller ? std::min(left, right)
                               : left * right);
    sign = end < line.size() && line[end] == '-' ? -1 : 1;
    begin = end + 1;
  }
  return total;
}

TEST(PythonLine, TestsCallWhatTheCompletionComputes) {
  for (int64_t variables : {1, 2, 3}) {
    auto data = make_generator(cat("python_line?parts=3&min_parts=1&variables=", variables), 4);
    for (uint64_t i = 0; i < 200; ++i) {
      Row row = data->row(i);
      const auto& tests = row.columns["tests"];
      EXPECT_EQ(tests["type"], "call");
      EXPECT_EQ(tests["entry"], "f");
      ASSERT_EQ(tests["cases"].size(), 3u);
      for (const auto& one : tests["cases"]) {
        ASSERT_EQ(one["args"].size(), static_cast<size_t>(variables));
        std::map<std::string, int64_t> values;
        for (size_t v = 0; v < one["args"].size(); ++v)
          values[std::string(1, static_cast<char>('x' + v))] = one["args"][v];
        EXPECT_EQ(one["expected"], value_of_line(row.columns["completion"], values)) << row.prompt;
      }
    }
  }
}

TEST(PythonLine, SlipsSpoilCompletionsAndNothingElse) {
  auto clean = make_generator("python_line?cases=2", 4),
       careless = make_generator("python_line?cases=2&slips=50", 4);
  int spoilt = 0;
  for (uint64_t i = 0; i < 200; ++i) {
    Row a = clean->row(i), b = careless->row(i);
    EXPECT_EQ(a.prompt, b.prompt);
    EXPECT_EQ(a.columns["tests"], b.columns["tests"]);
    EXPECT_EQ(a.columns["answer"], b.columns["answer"]);
    spoilt += b.columns["completion"] != b.columns["answer"];
  }
  EXPECT_GT(spoilt, 100);
  EXPECT_LT(spoilt, 180);
}

// max and min are each of their variables in some case, so a wrong one shows.
TEST(PythonLine, TheFirstCaseRisesAndTheSecondFalls) {
  auto data = make_generator("python_line?variables=3", 4);
  for (uint64_t i = 0; i < 100; ++i) {
    Row row = data->row(i);
    std::vector<int64_t> up = row.columns["tests"]["cases"][0]["args"],
                         down = row.columns["tests"]["cases"][1]["args"];
    EXPECT_TRUE(up[0] < up[1] && up[1] < up[2]);
    EXPECT_TRUE(down[0] > down[1] && down[1] > down[2]);
  }
}

TEST(PythonLine, ThePromptIsAFunctionWithoutItsExpression) {
  Row row = make_generator("python_line", 4)->row(0);
  EXPECT_TRUE(row.prompt.starts_with("def f(x,y):  # ")) << row.prompt;
  EXPECT_TRUE(row.prompt.ends_with("\n    return ")) << row.prompt;
  EXPECT_EQ(row.columns["answer"], row.columns["completion"]);
}

TEST(Generators, ARowIsAFunctionOfSeedAndIndex) {
  for (const std::string& name : generator_names()) {
    auto a = make_generator(name, 1), b = make_generator(name, 1), c = make_generator(name, 2);
    EXPECT_EQ(make_generator(name + "?seed=1", 9)->row(5).prompt, a->row(5).prompt);
    std::vector<std::string> other;
    int equal = 0;
    for (uint64_t i = 0; i < 20; ++i) {
      EXPECT_EQ(a->row(19 - i).columns, b->row(19 - i).columns);
      equal += a->row(i).prompt == c->row(i).prompt;
    }
    EXPECT_LT(equal, 20) << name;
  }
}

TEST(Generators, TrainAndHeldoutShareNoProblemWhateverTheSeeds) {
  for (const std::string name : {"chained_sum?terms=2&digits=1", "countdown?numbers=2&max=9",
                                 "reverse_text?length=2", "python_line?variables=2&parts=2"}) {
    std::set<std::string> train, heldout;
    auto a = make_generator(name + "&split=train", 1),
         b = make_generator(name + "&split=heldout", 2);
    for (uint64_t i = 0; i < 400; ++i) {
      train.insert(a->row(i).prompt);
      heldout.insert(b->row(i).prompt);
    }
    for (const std::string& prompt : heldout) EXPECT_EQ(train.count(prompt), 0u) << prompt;
  }
}

TEST(Generators, RefuseUnknownNamesAndValues) {
  EXPECT_THAT(error_of("chain_sum"), HasSubstr("did you mean 'chained_sum'?"));
  EXPECT_THAT(error_of("sudoku"), HasSubstr("chained_sum, countdown, reverse_text, python_line"));
  EXPECT_THAT(error_of("chained_sum?term=3"), HasSubstr("did you mean 'terms'?"));
  EXPECT_THAT(error_of("chained_sum?color=3"),
              HasSubstr("terms, min_terms, digits, min_digits, style, rows, seed, split"));
  EXPECT_THAT(error_of("chained_sum?terms=1"), HasSubstr("integer from 2 to 20"));
  EXPECT_THAT(error_of("chained_sum?terms=x"), HasSubstr("not 'x'"));
  EXPECT_THAT(error_of("chained_sum?terms"), HasSubstr("not ''"));
  EXPECT_THAT(error_of("chained_sum?split=test"), HasSubstr("all, train, heldout"));
}

TEST(Generators, RefuseASplitThatTheParametersCannotFill) {
  // Four ones give a handful of targets, and all of these are on one side.
  EXPECT_EQ(error_of("countdown?numbers=4&max=1&split=train"), "no error");
  EXPECT_THAT(error_of("countdown?numbers=4&max=1&split=heldout"),
              HasSubstr("too few problems to split"));
}

TEST(Generators, AreDocumentedWithEveryParameter) {
  std::string document = read_file(RECKON_SOURCE_DIR "/docs/data.md");
  for (const std::string& name : generator_names()) {
    EXPECT_THAT(document, HasSubstr(cat("`", name, "`")));
    for (const GeneratorParameter& parameter : generator_parameters(name)) {
      EXPECT_THAT(document, HasSubstr(cat("| `", parameter.name, "` | ", parameter.usual, " |")))
          << name;
    }
  }
}

}  // namespace
}  // namespace reckon
