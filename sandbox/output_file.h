// Taking one file that a program made out of its box: a regular file, copied, no link followed.
#pragma once

#include <string>

#include "sandbox/descriptor.h"

namespace reckon {

// The writable folder of the box whose init is `init`; to be opened before its program begins.
Descriptor working_folder(int init);

// A sealed copy of `name` in memory; nothing when it is no regular file or larger than `most`
// bytes.
Descriptor take_file(int folder, const std::string& name, uint64_t most);

}  // namespace reckon
