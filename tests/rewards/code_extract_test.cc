// The program in an answer.
#include <gtest/gtest.h>

#include "rewards/code/extract.h"

namespace reckon {
namespace {

std::string python(const std::string& response) {
  ExtractedCode found = extract_code(response, ProgramLanguage::python);
  return found.found ? found.code : "(" + found.note + ")";
}

TEST(CodeExtract, TakesTheLastBlockOfTheLanguage) {
  EXPECT_EQ(python("```python\na\n```\ntext\n```python\nb\n```\n"), "b\n");
  EXPECT_EQ(python("```python\na\n```\nIt prints:\n```\n3\n```\n"), "a\n");
  EXPECT_EQ(python("```py\na\n```\n```cpp\nint main() {}\n```"), "a\n");
  EXPECT_EQ(python("~~~ python3\na\n\nb\n~~~"), "a\n\nb\n");
}

TEST(CodeExtract, TakesABlockWithoutANameWhereNoneHasOne) {
  EXPECT_EQ(python("```\na\n```\n```\nb\n```"), "b\n");
}

TEST(CodeExtract, LeavesThoughtsAside) {
  EXPECT_EQ(python("<think>```python\ntry\n```</think>\n```python\nanswer\n```"), "answer\n");
  EXPECT_EQ(python("<think>```python\ntry\n```</think> I gave it above."),
            "(no program: no closed fenced block)");
  EXPECT_EQ(python("<think>```python\ntry\n```"), "(no program: the thoughts have no end)");
}

TEST(CodeExtract, AnOpenBlockIsNone) {
  EXPECT_EQ(python("```python\nprint(1)\n"), "(no program: no closed fenced block)");
  EXPECT_EQ(python("print(1)"), "(no program: no closed fenced block)");
}

TEST(CodeExtract, AFenceInsideALongerOneIsText) {
  EXPECT_EQ(python("````python\nx = '''\n```\n'''\n````"), "x = '''\n```\n'''\n");
}

TEST(CodeExtract, AnotherLanguageIsNoAnswer) {
  EXPECT_EQ(python("```cpp\nint main() {}\n```"), "(no program: no fenced block of the language)");
  EXPECT_EQ(extract_code("```c++\nint main() {}\n```", ProgramLanguage::cpp).code,
            "int main() {}\n");
}

TEST(CodeExtract, SaysWhatWasTaken) {
  EXPECT_EQ(extract_code("```python\na\n```\n```python\nb\n```", ProgramLanguage::python).note,
            "block 2 of 2 (python), 2 bytes");
}

TEST(CodeExtract, AContinuationIsThePromptAndTheAnswer) {
  ExtractedCode made = continue_prompt("def f(x):\n    return ", "x+1");
  EXPECT_TRUE(made.found);
  EXPECT_EQ(made.code, "def f(x):\n    return x+1");
  EXPECT_EQ(made.note, "the prompt and 3 bytes behind it");
}

TEST(CodeExtract, AnEmptyBlockIsAnEmptyProgram) { EXPECT_EQ(python("```python\n```"), ""); }

}  // namespace
}  // namespace reckon
