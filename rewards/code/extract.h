// The program in a model's answer. Pure functions.
//
//   ExtractedCode found = extract_code("<think>...</think>So:\n```python\ndef f(): ...\n```",
//   ProgramLanguage::python);
#pragma once

#include <string>
#include <string_view>

#include "rewards/code/task.h"

namespace reckon {

struct ExtractedCode {
  bool found = false;
  std::string code;
  std::string note;  // what was taken, or why nothing was
};

// The last closed fenced block behind the last </think> (the whole text where there is none) whose
// language is the one asked for or is not named; a block of the right name wins over later ones
// without a name. Thoughts are no answer: an answer whose </think> is missing while <think> is
// there has no program.
ExtractedCode extract_code(std::string_view response, ProgramLanguage language);

// The prompt and what the model wrote behind it, for answers that go on with the prompt's program.
ExtractedCode continue_prompt(std::string_view prompt, std::string_view response);

}  // namespace reckon
