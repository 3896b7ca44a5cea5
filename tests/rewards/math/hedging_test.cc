// Answers that try to be paid without being one answer: nothing of this is rewarded in strict mode.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rewards/math/verify.h"

namespace reckon::math {
namespace {

struct Probe {
  const char* gold;
  const char* response;
};

void expect_no_reward(const std::vector<Probe>& probes) {
  for (const Probe& probe : probes) {
    Verification got = verify_response(probe.gold, probe.response);
    EXPECT_NE(got.verdict, Verdict::equal)
        << probe.gold << " ⇐ " << probe.response << " (" << got.rule << ": " << got.extracted
        << "; " << got.note << ")";
  }
}

TEST(Hedging, SeveralGuessesAreNoAnswer) {
  expect_no_reward({
      {"4", "The answer is \\boxed{3 or 4}."},
      {"4", "The answer is \\boxed{4 \\text{ or } 5}."},
      {"4", "\\boxed{3, 4, 5}"},
      {"4", "\\boxed{1,2,3,4,5,6,7,8,9,10}"},
      {"4", "\\boxed{\\{3,4\\}}"},
      {"4", "\\boxed{4 (\\text{or } 5)}"},
      {"4", "\\boxed{4/5}"},
      {"4", "\\boxed{4;5}"},
      {"4", "\\boxed{4 \\lor 5}"},
      {"4", "\\boxed{4 \\text{ and } 5}"},
      {"4", "\\boxed{x=4, x=5}"},
      {"4", "\\boxed{\\pm 4}"},
      {"4", "\\boxed{4 \\pm 1}"},
      {"4", "\\boxed{[3,5]}"},
      {"4", "\\boxed{3 \\le x \\le 5}"},
      {"4", "\\boxed{x > 3}"},
      {"4", "\\boxed{x \\ge 4}"},
      {"4", "\\boxed{x \\in \\{3,4\\}}"},
      {"4", "\\boxed{\\mathbb{R}}"},
      {"B", "\\boxed{A, B, C, D}"},
      {"B", "\\boxed{\\text{A or B}}"},
      {"B", "\\boxed{\\text{(A)(B)(C)(D)}}"},
      {"yes", "\\boxed{\\text{yes and no}}"},
      {"yes", "\\boxed{\\text{yes/no}}"},
      {"\\text{Monday}", "\\boxed{\\text{Monday, Tuesday}}"},
      {"4", "The answer is 3 or 4."},
      {"4", "Answer: 4 or 5"},
      {"4", "#### 3 4 5"},
      {"4", "<answer>4 or 5</answer>"},
      {"1,2", "\\boxed{1,2,3,4}"},
  });
}

TEST(Hedging, HedgesAndDoubtsAreNoAnswer) {
  expect_no_reward({
      {"4", "\\boxed{\\text{maybe } 4}"},
      {"4", "\\boxed{\\text{probably }4}"},
      {"4", "\\boxed{\\text{about } 4}"},
      {"4", "\\boxed{\\approx 4}"},
      {"4", "\\boxed{\\text{not } 4}"},
      {"4", "\\boxed{\\neq 4}"},
      {"4", "\\boxed{4?}"},
      {"4", "\\boxed{4 \\text{ or something else}}"},
      {"4", "\\boxed{4 \\text{ if } n \\text{ is even, else } 5}"},
      {"4", "\\boxed{\\text{I think it is } 4 \\text{ but it may be } 5}"},
      {"4", "\\boxed{\\text{cannot be determined}}"},
      {"4", "I do not know. It might be 4."},
      {"4", "<think>It is \\boxed{4}</think> I give up."},
      {"4", "<think>It is \\boxed{4}, I am sure"},
  });
}

TEST(Hedging, SeveralBoxesThatDisagreeAreNoAnswer) {
  expect_no_reward({
      {"4", "\\boxed{3} or \\boxed{4}"},
      {"4", "\\boxed{4} or \\boxed{3}"},
      {"4", "First I had \\boxed{4}. Now I have \\boxed{5}."},
      {"4", "First I had \\boxed{5}. Now I have \\boxed{4}."},
      {"4", "\\boxed{1} \\boxed{2} \\boxed{3} \\boxed{4}"},
      {"4", "\\boxed{4}, \\boxed{5}"},
      {"4", "\\boxed{4}\n\\boxed{\\text{or } 5}"},
      {"4", "\\boxed{\\boxed{4} \\text{ or } \\boxed{5}}"},
      {"B", "\\boxed{A} \\boxed{B}"},
  });
}

TEST(Hedging, EmptyBoxesAndFillersAreNoAnswer) {
  for (const char* gold : {"4", "0", "1", "x", "\\text{yes}", "A", "\\emptyset", "(1,2)"})
    expect_no_reward({
        {gold, ""},
        {gold, " "},
        {gold, "\n"},
        {gold, ":"},
        {gold, "."},
        {gold, ","},
        {gold, "\\boxed{}"},
        {gold, "\\boxed{ }"},
        {gold, "\\boxed{\\text{}}"},
        {gold, "\\boxed{?}"},
        {gold, "\\boxed"},
        {gold, "\\boxed{"},
        {gold, "\\boxed{...}"},
        {gold, "\\boxed{\\text{answer}}"},
        {gold, "\\boxed{\\ldots}"},
        {gold, "####"},
        {gold, "The final answer is"},
        {gold, "Answer:"},
        {gold, "<answer></answer>"},
        {gold, "Solution"},
        {gold, "Thought process:"},
        {gold, "Let's solve this problem step by step."},
        {gold, "\\boxed{\\{\\text{answer}\\}}"},
        {gold, "\\boxed{()}"},
        {gold, "\\boxed{\\frac{}{}}"},
        {gold, "\\boxed{\\text{nan}}"},
        {gold, "\\boxed{NaN}"},
        {gold, "\\boxed{None}"},
        {gold, "\\boxed{\\infty-\\infty}"},
        {gold, "\\boxed{\\frac{0}{0}}"},
    });
}

TEST(Hedging, ChainsAndFalseStatementsAreNoAnswer) {
  expect_no_reward({
      {"4", "\\boxed{3=4}"},
      {"4", "\\boxed{4=5}"},
      {"4", "\\boxed{1=2=3=4}"},
      {"4", "\\boxed{x=3=4}"},
      {"4", "\\boxed{4=4=5}"},
      {"4", "\\boxed{3 \\approx 4}"},
      {"4", "\\boxed{3<4<5}"},
      {"4", "\\boxed{4<5}"},
      {"4", "\\boxed{x=y=4}"},
      {"4", "\\boxed{2+3=4}"},
      {"0", "\\boxed{x+y=0}"},
      {"0", "\\boxed{x^2-1=0}"},
      {"0", "\\boxed{4=0}"},
  });
}

TEST(Hedging, UnevaluatedOperationsAreNoAnswer) {
  expect_no_reward({
      {"5050", "\\boxed{\\sum_{k=1}^{100} k}"},
      {"120", "\\boxed{\\prod_{k=1}^{5} k}"},
      {"\\frac13", "\\boxed{\\int_0^1 x^2\\,dx}"},
      {"1", "\\boxed{\\lim_{x\\to 0}\\frac{\\sin x}{x}}"},
      {"2x", "\\boxed{\\frac{d}{dx} x^2}"},
      {"2", "\\boxed{\\sum_{k=0}^{\\infty} 2^{-k}}"},
      {"\\frac{n(n+1)}{2}", "\\boxed{\\sum_{k=1}^n k}"},
      {"\\frac{\\pi}{4}", "\\boxed{\\int_0^1 \\frac{dx}{1+x^2}}"},
      {"6", "\\boxed{\\int_0^3 \\frac{4x}{3} dx}"},
      {"5050", "\\boxed{1+2+\\cdots+100}"},
      {"4", "\\boxed{f(4)}"},
      {"4", "\\boxed{x}"},
      {"4", "\\boxed{\\text{the number of primes below } 10}"},
      {"4", "\\boxed{|\\{1,2,3,4\\}|}"},
  });
}

TEST(Hedging, TheQuestionRepeatedIsNoAnswer) {
  expect_no_reward({
      {"(3,\\infty)", "Solve $2x > 6$. The answer is \\boxed{2x > 6}."},
      {"(3,\\infty)", "\\boxed{x > 3}"},
      {"x=3", "\\boxed{2x = 6}"},
      {"3", "\\boxed{2x = 6}"},
      {"\\{-1,1\\}", "\\boxed{x^2 = 1}"},
      {"1,-1", "\\boxed{x^2 = 1}"},
      {"(x-1)(x+1)=0", "\\boxed{x=1}"},
      {"7", "What is 3 + 4?"},
      {"7", "The answer is what 3 + 4 is."},
      {"(2,1)", "\\boxed{x+y=3, x-y=1}"},
  });
}

TEST(Hedging, CodeIsNeverRun) {
  for (const char* gold : {"4", "0", "1", "True", "[]"})
    expect_no_reward({
        {gold, "\\boxed{__import__('os').system('exit 0')}"},
        {gold, "\\boxed{eval('2+2')}"},
        {gold, "\\boxed{exec(\"print(4)\")}"},
        {gold, "\\boxed{open('/tmp/x','w').write('4')}"},
        {gold, "\\boxed{lambda: 4}"},
        {gold, "\\boxed{[4 for _ in range(1)][0]}"},
        {gold, "\\boxed{$(echo 4)}"},
        {gold, "\\boxed{`echo 4`}"},
        {gold, "\\boxed{'; DROP TABLE golds; --}"},
        {gold, "\\boxed{{{4}} + {{config}}}"},
        {gold, "\\boxed{\\input{/etc/passwd}}"},
        {gold, "\\boxed{\\write18{echo 4}}"},
        {gold, "\\boxed{\\def\\x{4}\\x}"},
        {gold, "\\boxed{\\newcommand{\\answer}{4}\\answer}"},
        {gold, "\\boxed{%s%n%x 4}"},
        {gold, "\\boxed{float('nan')}"},
        {gold, "\\boxed{(lambda x: x == x)(4)}"},
        {gold, "\\boxed{type('X', (int,), {'__eq__': lambda s, o: True})()}"},
        {gold, "{\"verdict\": \"equal\", \"extracted\": \"4\"}"},
        {gold, "\\boxed{gold}"},
        {gold, "\\boxed{correct}"},
    });
}

}  // namespace
}  // namespace reckon::math
