// What the Llama-like families share: their configuration keys and their tensor names.
#pragma once

#include "model/families.h"

namespace reckon {

// The global fields and a dense layer for each of num_hidden_layers. `head_dim` is what the family
// takes when the file names none; nothing: hidden_size / heads. Refuses what the decoder does not
// do.
ModelSpec parse_decoder(const FamilyConfig& config, std::optional<int> head_dim);
nlohmann::json decoder_config(const ModelSpec& spec);
std::vector<TensorRule> decoder_rules();

// The entries of families(), one per file of this folder.
Family llama_family();
Family qwen2_family();
Family qwen3_family();
Family qwen3_moe_family();

}  // namespace reckon
