// reckon verify [GOLD PREDICTION]: whether an answer equals the gold answer; without arguments a
// filter of JSON lines.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/verbs.h"
#include "cli/verify_lines.h"

namespace reckon {
namespace {

struct Options {
  std::string mode = "strict";
  bool extract = false;
  std::vector<std::string> answers;
};

// The program's exit codes for one pair (docs/exit_codes.md).
int code_of(math::Verdict verdict) {
  switch (verdict) {
    case math::Verdict::equal:
      return 0;
    case math::Verdict::different:
      return 3;
    case math::Verdict::undecided:
      break;
  }
  return 4;
}

int verify_pair(const Options& options, math::Mode mode) {
  const std::string &gold = options.answers[0], &prediction = options.answers[1];
  math::Verification verification = options.extract ? math::verify_response(gold, prediction, mode)
                                                    : math::verify_answer(gold, prediction, mode);
  std::string text = cat(math::verdict_name(verification.verdict), ": ", verification.note, "\n");
  if (options.extract && !verification.rule.empty())
    text += cat("extracted by rule ", verification.rule, ": ", verification.extracted, "\n");
  std::fputs(printable(text).c_str(), stdout);
  return code_of(verification.verdict);
}

// One line of standard input, without its end; nothing at the end of the input.
class Lines {
 public:
  ~Lines() { std::free(buffer_); }
  std::optional<std::string_view> next() {
    ssize_t length = ::getline(&buffer_, &capacity_, stdin);
    if (length < 0) return std::nullopt;
    std::string_view line(buffer_, static_cast<size_t>(length));
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

 private:
  char* buffer_ = nullptr;
  size_t capacity_ = 0;
};

// Every answer is out before the next line is read: whoever writes may wait for it.
void verify_lines(math::Mode mode) {
  Lines lines;
  uint64_t number = 0, bad = 0, first_bad = 0;
  while (auto line = lines.next()) {
    ++number;
    if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
    LineVerdict verdict = verify_line(*line, mode);
    if (verdict.bad && ++bad == 1) first_bad = number;
    if (std::printf("%s\n", verdict.json.c_str()) < 0 || std::fflush(stdout) != 0)
      throw Error(Code::io, "standard output", "could not be written", "the reader went away");
  }
  if (std::ferror(stdin) != 0)
    throw Error(Code::io, "standard input", "could not be read", "check where it comes from");
  if (bad == 0) return;
  throw Error(
      Code::data, cat("standard input, line ", first_bad),
      cat("no JSON object with \"gold\" and \"prediction\" (", bad, " of ", number, " lines)"),
      "the answer to each such line says what is wrong with it");
}

}  // namespace

void add_verify(Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      verb.app
          .add_subcommand("verify",
                          "Whether an answer equals the gold answer. Without arguments: JSON lines "
                          "on standard input, a verdict for each at once.")
          ->group("Use");
  app->add_option("ANSWERS", options->answers,
                  "the gold answer, then the prediction; behind `--` when one begins with `-`")
      ->type_name("")
      ->default_str("")
      ->expected(2);
  app->add_option("--mode", options->mode,
                  "strict: what a reward may pay for; lenient: what a reader would accept")
      ->type_name("MODE")
      ->check(CLI::IsMember({"strict", "lenient"}));
  app->add_flag("--extract", options->extract,
                "the prediction is a whole response: find its final answer");
  app->footer(
      "Examples:\n"
      "  reckon verify '\\frac12' '0.5'\n"
      "  reckon verify --extract 42 'So we get \\boxed{42}.'\n"
      "  echo '{\"id\": 1, \"gold\": \"3\", \"prediction\": \"x = 3\"}' | reckon verify");
  int& exit_code = verb.exit_code;
  app->callback([options, &exit_code] {
    auto mode = options->mode == "lenient" ? math::Mode::lenient : math::Mode::strict;
    if (options->answers.empty())
      verify_lines(mode);
    else
      exit_code = verify_pair(*options, mode);
  });
}

}  // namespace reckon
