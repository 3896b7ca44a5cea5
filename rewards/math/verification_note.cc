#include "rewards/math/verification_note.h"

#include "rewards/math/extract_text.h"

namespace reckon::math {

std::string note_of(const Verification& verification) {
  std::string note;
  for (const std::string& part :
       {verification.rule, shown(verification.extracted), verification.note}) {
    if (part.empty()) continue;
    if (!note.empty()) note += ": ";
    note += part;
  }
  return note;
}

}  // namespace reckon::math
