// The math verifier for other languages: plain C, the interface of libreckon_verify.so.
// Pure, bounded and thread-safe: no state, no process, no signal; any number of threads at once.
//
//   char note[512];
//   int verdict = reckon_verify("\\frac12", "0.5", 0, RECKON_STRICT, note, sizeof note);
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Of this interface; grows when it changes.
#define RECKON_VERIFY_VERSION 1

// Verdicts.
#define RECKON_EQUAL 0
#define RECKON_DIFFERENT 1
#define RECKON_UNDECIDED 2
#define RECKON_BAD_ARGUMENT (-1)  // a null text or an unknown mode

// Modes: what a reward may pay for, and where a human reader would nod (docs/verifier.md).
#define RECKON_STRICT 0
#define RECKON_LENIENT 1

// The RECKON_VERIFY_VERSION that the library was built with.
int reckon_verify_version(void);

// Does `prediction` equal `gold`? Both end in a zero byte; UTF-8, though other bytes do no harm.
// extract: not 0 when the prediction is a whole response, whose final answer is looked for.
// note: where not null, filled with the reason for people, at most note_size bytes with its zero.
int reckon_verify(const char* gold, const char* prediction, int extract, int mode, char* note,
                  size_t note_size);

#ifdef __cplusplus
}
#endif
