#include "rewards/math/reckon_verify.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include "rewards/math/verification_note.h"
#include "rewards/math/verify.h"

namespace {

using reckon::math::Mode;
using reckon::math::Verdict;

void write_note(const std::string& text, char* note, size_t note_size) {
  if (note == nullptr || note_size == 0) return;
  size_t size = std::min(text.size(), note_size - 1);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    --size;  // a character of UTF-8 stays whole
  std::memcpy(note, text.data(), size);
  note[size] = '\0';
}

int number_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal:
      return RECKON_EQUAL;
    case Verdict::different:
      return RECKON_DIFFERENT;
    case Verdict::undecided:
      break;
  }
  return RECKON_UNDECIDED;
}

}  // namespace

int reckon_verify_version(void) { return RECKON_VERIFY_VERSION; }

int reckon_verify(const char* gold, const char* prediction, int extract, int mode, char* note,
                  size_t note_size) {
  if (gold == nullptr || prediction == nullptr ||
      (mode != RECKON_STRICT && mode != RECKON_LENIENT)) {
    write_note("a null text or an unknown mode", note, note_size);
    return RECKON_BAD_ARGUMENT;
  }
  try {
    Mode how = mode == RECKON_STRICT ? Mode::strict : Mode::lenient;
    auto verification = extract != 0 ? reckon::math::verify_response(gold, prediction, how)
                                     : reckon::math::verify_answer(gold, prediction, how);
    write_note(note_of(verification), note, note_size);
    return number_of(verification.verdict);
  } catch (const std::exception& error) {  // no memory: an exception must not cross into C
    write_note(error.what(), note, note_size);
    return RECKON_UNDECIDED;
  }
}
