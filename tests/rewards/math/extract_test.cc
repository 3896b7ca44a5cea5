#include "rewards/math/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "rewards/math/extract_steps.h"
#include "rewards/math/extract_text.h"

namespace reckon::math {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Outcome = Extraction::Outcome;

// "rule: answer", or why there is none.
std::string extracted(std::string_view response, Mode mode = Mode::strict) {
  Extraction found = extract_answer(response, mode);
  if (found.outcome == Outcome::none) return "none";
  if (found.outcome == Outcome::conflicting) return "conflicting";
  return std::string(found.rule) + ": " + found.text;
}

std::string lenient(std::string_view response) { return extracted(response, Mode::lenient); }

template <class Found>
std::vector<std::string> texts(const std::vector<Found>& found) {
  std::vector<std::string> all;
  for (const auto& one : found) all.emplace_back(tidy(one.text));
  return all;
}

std::string repeated(std::string_view unit, size_t size) {
  std::string text;
  while (text.size() < size) text += unit;
  return text;
}

TEST(Extract, TakesTheTextBehindTheLastThinking) {
  EXPECT_EQ(extracted("<think>\\boxed{3}</think>It is \\boxed{4}."), "boxed: 4");
  EXPECT_EQ(extracted("\\boxed{3}</think>a</think>\\boxed{4}"), "boxed: 4");
  EXPECT_EQ(extracted("<think>\\boxed{3}</think>No box here."), "none");
  EXPECT_EQ(lenient("<think>\\boxed{3}</think>There is no number in here."), "none");
}

TEST(Extract, AnUnfinishedThinkingHasNoAnswerInStrictMode) {
  EXPECT_EQ(extracted("<think> so \\boxed{4}"), "none");
  EXPECT_EQ(extracted("<think>a</think><think>\\boxed{4}"), "none");
  EXPECT_EQ(lenient("<think> so \\boxed{4}"), "boxed: 4");
}

TEST(ExtractBoxes, CountBracesAndTakeTheOuterBox) {
  EXPECT_THAT(texts(find_boxes("a \\boxed{\\frac{1}{2}} b \\fbox{C} \\boxed {x^{2}}")),
              ElementsAre("\\frac{1}{2}", "C", "x^{2}"));
  EXPECT_THAT(texts(find_boxes("\\boxed{\\left\\{ 1, 2 \\right\\}}")),
              ElementsAre("\\left\\{ 1, 2 \\right\\}"));
  EXPECT_THAT(texts(find_boxes("\\boxed{x = \\boxed{3}}")), ElementsAre("x = \\boxed{3}"));
  EXPECT_EQ(unboxed("\\boxed{\\boxed{3}}"), "3");
  EXPECT_THAT(texts(find_boxes("\\\\boxed{3}")), ElementsAre("3"));
}

TEST(ExtractBoxes, WithoutBracesTakeOneToken) {
  EXPECT_THAT(texts(find_boxes("$\\boxed 12.5$.")), ElementsAre("12.5"));
  EXPECT_THAT(texts(find_boxes("\\boxed A, \\boxed12. \\boxed -3")), ElementsAre("A", "12", "-3"));
  EXPECT_THAT(find_boxes("use \\boxed to mark it, \\boxedin 3, \\boxed"), IsEmpty());
}

TEST(ExtractBoxes, AMissingBraceIsMendedWhereTheMathEnds) {
  EXPECT_EQ(extracted("$\\boxed{\\frac{1}{2}$ it is"), "boxed: \\frac{1}{2}");
  EXPECT_EQ(extracted("\\(\\boxed{4\\)"), "boxed: 4");
  EXPECT_EQ(extracted("so \\boxed{12"), "none");  // perhaps 123 was meant
  EXPECT_EQ(lenient("so \\boxed{12"), "boxed: 12");
  EXPECT_EQ(extracted("\\boxed{3} and then \\boxed{12"), "none");
}

TEST(ExtractBoxes, SideBySideAreOneList) {
  EXPECT_EQ(extracted("\\boxed{3}, \\boxed{4}"), "boxed: 3, 4");
  EXPECT_EQ(extracted("$\\boxed{3}$ and $\\boxed{4}$"), "boxed: 3, 4");
  EXPECT_EQ(extracted("$\\boxed{3} \\quad \\text{and} \\quad \\boxed{4}$"), "boxed: 3, 4");
  EXPECT_EQ(extracted("\\boxed{3}\n\n\\boxed{3}"), "boxed: 3");
  EXPECT_EQ(extracted("\\boxed{1}, \\boxed{2}, and \\boxed{3}. So \\boxed{1, 2, 3}"),
            "boxed: 1, 2, 3");
}

TEST(ExtractBoxes, ThatDisagreeAreConflictingInStrictMode) {
  EXPECT_EQ(extracted("First \\boxed{3}, then \\boxed{4}."), "conflicting");
  EXPECT_EQ(lenient("First \\boxed{3}, then \\boxed{4}."), "boxed: 4");
  EXPECT_EQ(extracted("\\boxed{3}, \\boxed{4}, but no: \\boxed{4}"), "conflicting");
  EXPECT_THAT(extract_answer("\\boxed{3} then \\boxed{4}", Mode::strict).note,
              HasSubstr("3 and 4"));
}

TEST(ExtractBoxes, OfferedAsAlternativesAreNeverAnAnswer) {
  for (Mode mode : {Mode::strict, Mode::lenient}) {
    EXPECT_EQ(extracted("either \\boxed{3} or \\boxed{4}", mode), "conflicting");
    EXPECT_EQ(extracted("$\\boxed{3}$ or $\\boxed{4}$", mode), "conflicting");
    EXPECT_EQ(extracted("\\boxed{3} \\text{ or } \\boxed{4}", mode), "conflicting");
  }
}

TEST(ExtractBoxes, ThatSayTheSameAgree) {
  EXPECT_EQ(extracted("\\boxed{4} so \\boxed{4}"), "boxed: 4");
  EXPECT_EQ(extracted("\\boxed{\\dfrac{1}{2}} so \\boxed{ \\frac12 }"), "boxed: \\frac12");
  EXPECT_EQ(extracted("\\boxed{\\text{Yes}.} so \\boxed{Yes}"), "boxed: Yes");
  EXPECT_EQ(extracted("\\boxed{\\frac{1}{23}} so \\boxed{\\frac{12}{3}}"), "conflicting");
}

TEST(ExtractBoxes, WithNothingInsideAreNoAnswer) {
  for (const char* empty : {"\\boxed{}", "\\boxed{ }", "\\boxed{\\,}", "\\boxed{\\text{}}",
                            "\\boxed{...}", "\\boxed{\\ldots}", "\\boxed{?}", "\\boxed{$$}"}) {
    EXPECT_EQ(extracted(empty), "none") << empty;
    EXPECT_EQ(lenient(empty), "none") << empty;
  }
  EXPECT_EQ(extracted("It goes into \\boxed{}. So \\boxed{4}"), "boxed: 4");
  EXPECT_EQ(extracted("\\boxed{4} \\boxed{}"), "none");
}

TEST(ExtractBoxes, ComeBeforeEveryOtherRuleAndNoteWhatContradictsThem) {
  Extraction found = extract_answer("#### 3\n\\boxed{4}\nThe answer is 5.", Mode::strict);
  EXPECT_EQ(found.text, "4");
  EXPECT_EQ(found.note, "the text after the box says 5");
  EXPECT_EQ(extract_answer("\\boxed{4}\nThe answer is $4$.", Mode::strict).note, "");
}

TEST(ExtractTags, HoldTheAnswer) {
  EXPECT_EQ(extracted("<answer> 42 </answer>"), "answer_tag: 42");
  EXPECT_EQ(extracted("<answer>$x=3$</answer> done"), "answer_tag: x=3");
  EXPECT_EQ(extracted("<answer>The final answer is 42.</answer>"), "answer_tag: 42");
  EXPECT_EQ(extracted("<answer>\\boxed{7}</answer>"), "boxed: 7");
  EXPECT_EQ(extracted("<answer>3</answer><answer>4</answer>"), "conflicting");
  EXPECT_EQ(extracted("<answer>see <answer>4</answer>"), "answer_tag: 4");
}

TEST(ExtractTags, WithoutAnEndCountInLenientModeAlone) {
  EXPECT_EQ(extracted("<answer>42"), "none");
  EXPECT_EQ(lenient("<answer>42"), "answer_tag: 42");
}

TEST(ExtractHash, TakesTheLineAndPassesOverHeadings) {
  EXPECT_EQ(extracted("so 72\n#### 72"), "hash: 72");
  EXPECT_EQ(extracted("#### -1,000\nbye"), "hash: -1,000");
  EXPECT_EQ(extracted("#### $\\frac{1}{2}$"), "hash: \\frac{1}{2}");
  EXPECT_EQ(extracted("a\n#### yes"), "hash: yes");
  EXPECT_EQ(extracted("#### Step 1\nx\n#### 2. Solve\ny\n##### 3\nz"), "none");
  EXPECT_EQ(extracted("#### 3\n#### 4"), "conflicting");
  EXPECT_EQ(lenient("#### 3\n#### 4"), "hash: 4");
}

TEST(ExtractStatement, KnowsTheUsualForms) {
  for (const char* text :
       {"The answer is 42.", "So the final answer is $42$.", "the answer is: 42",
        "**The answer is 42**", "The final answer is **42**.", "Therefore, the answer is \\(42\\).",
        "Final Answer: The final answer is $42$. I hope it is correct.", "final answer: 42",
        "**Final Answer**: 42", "### Final Answer\n\n$42$\n", "The answer is:\n\n$$\n42\n$$\nDone.",
        "The answer to the question is 42.", "The answer is 42, because six by nine.",
        "The answer is thus 42, which is even.", "the answer equals 42", "The correct answer is 42",
        "The answer is $42$, as we wanted.", "The answer is $42$ for all of these reasons."}) {
    EXPECT_EQ(extracted(text), "final_answer: 42") << text;
  }
}

TEST(ExtractStatement, KeepsWhatBelongsToTheAnswer) {
  EXPECT_EQ(extracted("The answer is 12 apples."), "final_answer: 12 apples");
  EXPECT_EQ(extracted("The answer is $3$ or $4$."), "final_answer: $3$ or $4$");
  EXPECT_EQ(extracted("The answer is 3 or 4."), "final_answer: 3 or 4");
  EXPECT_EQ(extracted("The answers are 3, 4 and 5."), "final_answer: 3, 4 and 5");
  EXPECT_EQ(extracted("The answer is 3, but it could be 4."), "final_answer: 3, but it could be 4");
  EXPECT_EQ(extracted("The answer is 8:34 p.m."), "final_answer: 8:34 p.m.");
  EXPECT_EQ(extracted("The answer is 1.5."), "final_answer: 1.5");
  EXPECT_EQ(extracted("The answer is $5."), "final_answer: $5");
  EXPECT_EQ(extracted("The answer is 5!"), "final_answer: 5!");
  EXPECT_EQ(extracted("The final answer is (C)."), "final_answer: (C)");
}

TEST(ExtractStatement, SeveralMustAgreeInStrictMode) {
  EXPECT_EQ(extracted("Either the answer is 3, or the answer is 4."), "conflicting");
  EXPECT_EQ(extracted("The answer is 3. Wait, the answer is 4."), "conflicting");
  EXPECT_EQ(lenient("The answer is 3. Wait, the answer is 4."), "final_answer: 4");
  EXPECT_EQ(extracted("The answer is 4. Yes, the answer is $4$."), "final_answer: 4");
  EXPECT_EQ(extracted("The answer is 3. The final answer is 4."), "final_answer: 4");
}

TEST(ExtractStatement, IsNotSupposedOrDenied) {
  EXPECT_EQ(extracted("The answer is not 3."), "none");
  EXPECT_EQ(extracted("We check whether the answer is 3."), "none");
  EXPECT_EQ(extracted("If the answer is 3, fine. The answer is 4."), "final_answer: 4");
}

TEST(ExtractLine, BeginsWithTheWordAnswer) {
  for (const char* text : {"x\nAnswer: 42", "**Answer:** 42", "**Answer**: $42$", "ANSWER: 42.",
                           "- Answer: 42", "Answer:\n\n42", "Q: 6 by 9?\nA: 42", "answer: 42\n"}) {
    EXPECT_EQ(extracted(text), "answer_line: 42") << text;
  }
  EXPECT_EQ(extracted("Answer: 3\nAnswer: 4"), "conflicting");
  EXPECT_EQ(extracted("an answer: 42 of these"), "final_answer: 42 of these");
}

TEST(ExtractLine, OptionsOfAChoiceAreNone) {
  EXPECT_EQ(extracted("A: 3\nB: 4\nC: 5"), "none");
  EXPECT_EQ(extracted("A: 3\nB: 4\nAnswer: B"), "answer_line: B");
}

TEST(ExtractBold, TakesTheLastLineInStrictModeAndAnyInLenientMode) {
  EXPECT_EQ(extracted("We add.\nThe total is **42**."), "bold: 42");
  EXPECT_EQ(extracted("The **total** is **42**."), "bold: 42");
  EXPECT_EQ(extracted("The total is **42**.\nThat is all."), "none");
  EXPECT_EQ(lenient("The total is **42**.\nThat is all."), "bold: 42");
  EXPECT_EQ(extracted("It is **3** or **4**."), "conflicting");
  EXPECT_EQ(extracted("**Step 1:**"), "none");
}

TEST(ExtractLast, IsForLenientReadersAlone) {
  for (const char* text : {"So we get x = 3 and 4 in all.", "(3, 4)", "42", "we get $x+1$"})
    EXPECT_EQ(extracted(text), "none") << text;
  EXPECT_EQ(lenient("(3, 4)"), "whole: (3, 4)");
  EXPECT_EQ(lenient("$x+1$"), "whole: x+1");
  EXPECT_EQ(lenient("So with 5 - 2 we get $x+1$ in all."), "last_expression: x+1");
  EXPECT_EQ(lenient("We have 12 and in the end it is -1,234.50."), "last_expression: -1,234.50");
  EXPECT_EQ(lenient("First 7, and then it is 5-3"), "last_expression: 3");
  EXPECT_EQ(lenient("They pay $5 and then they get $7."), "last_expression: $7");
  EXPECT_EQ(lenient("In the end it is 3/4 or so with x1"), "last_expression: 3/4");
  EXPECT_EQ(lenient("There is no number in this sentence."), "none");
}

TEST(Extract, NothingIsNone) {
  for (const char* text : {"", " ", "\n\n", "no answer here", "<think>", "</think>", "$", "**"})
    EXPECT_EQ(extracted(text), "none") << text;
  for (const char* text : {"", " ", "\n\n", "$", "**", "...", "There is nothing to see here"})
    EXPECT_EQ(lenient(text), "none") << text;
}

TEST(Extract, ALongResponseCountsByItsEnd) {
  std::string text = "\\boxed{3}" + repeated("word ", 1 << 20) + "\\boxed{4}";
  EXPECT_EQ(extracted(text), "boxed: 4");
  EXPECT_EQ(extracted("<think>" + text), "none");
}

TEST(Extract, BytesThatAreNotUtf8AreHandedOn) {
  EXPECT_EQ(extracted("\xff\xfe \\boxed{\xc3} \x80"), "boxed: \xc3");
  EXPECT_EQ(extracted(std::string_view("a\0 \\boxed{1\0}", 13)), std::string("boxed: 1\0", 9));
  EXPECT_EQ(lenient("\xf0\x9f \xc0"), "whole: \xf0\x9f \xc0");
}

TEST(Extract, TakesTimeInProportionToTheResponse) {
  auto seconds = [](const std::string& text) {
    std::clock_t begin = std::clock();
    for (Mode mode : {Mode::strict, Mode::lenient}) extract_answer(text, mode);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  for (const char* unit : {"{",
                           "}",
                           "\\boxed{",
                           "\\boxed{3} ",
                           "\\boxed 3",
                           "the answer is ",
                           "the answer is \\[ ",
                           "final answer: $",
                           "#### 3\n",
                           "####a\n",
                           "A: \\[\n",
                           "Answer:\n",
                           "**3**\n",
                           "** ",
                           "$",
                           "$3 ",
                           "\\(",
                           "\\[ \\( ",
                           "1,",
                           "<answer>",
                           "<answer>3</answer>",
                           "<think>",
                           "</think>",
                           "answer to ",
                           "\xff\xfe",
                           "\\",
                           "\n",
                           "final answer\n",
                           "a **3** or "}) {
    for (const char* end : {"", " \\] \\) $$ $ } </answer>"}) {
      std::string text = repeated(unit, 100'000) + std::string(1000, ' ') + end;
      EXPECT_LT(seconds(text), 0.5) << unit;  // a quadratic step takes many seconds
    }
  }
}

}  // namespace
}  // namespace reckon::math
