#include "sandbox/embedded.h"

// The assembler copies the files in; their paths come from sandbox/CMakeLists.txt.
#define RECKON_EMBED(name, path)                                                     \
  __asm__(".section .rodata\n.global " #name "_begin\n.global " #name "_end\n" #name \
          "_begin:\n.incbin \"" path "\"\n" #name "_end:\n.previous\n");             \
  extern "C" const char name##_begin[], name##_end[]

RECKON_EMBED(reckon_zygote, RECKON_SANDBOX_FOLDER "/zygote.py");
RECKON_EMBED(reckon_candidate, RECKON_SANDBOX_FOLDER "/candidate.py");
RECKON_EMBED(reckon_grader, RECKON_SANDBOX_FOLDER "/grader.py");
RECKON_EMBED(reckon_plain_data, RECKON_SANDBOX_FOLDER "/plain_data.py");
RECKON_EMBED(reckon_warm, RECKON_WARM_LIBRARY);

namespace reckon {

std::vector<EmbeddedFile> embedded_files() {
  return {{"zygote.py", {reckon_zygote_begin, reckon_zygote_end}},
          {"candidate.py", {reckon_candidate_begin, reckon_candidate_end}},
          {"grader.py", {reckon_grader_begin, reckon_grader_end}},
          {"plain_data.py", {reckon_plain_data_begin, reckon_plain_data_end}},
          {"warm.so", {reckon_warm_begin, reckon_warm_end}}};
}

}  // namespace reckon
