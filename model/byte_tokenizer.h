// The byte tokenizer as a tokenizer.json of the `tokenizers` library: a byte-level BPE without
// merges in which byte b has id b.
#pragma once

#include <nlohmann/json.hpp>

namespace reckon {

nlohmann::json byte_tokenizer_json();

}  // namespace reckon
