// What a group may ask for and what it costs: the checks of Engine::add() and the worst case that
// admission counts with. Pure functions.
#pragma once

#include "rollout/engine.h"
#include "rollout/kv_pages.h"

namespace reckon {

// KV pages of a group at its longest. Every sample's last token is never fed back, so it needs no
// page.
struct GroupCost {
  int prompt_pages = 0;  // once
  int sample_pages = 0;  // each member
  int64_t total(size_t samples) const {
    return prompt_pages + static_cast<int64_t>(samples) * sample_pages;
  }
};

// The most tokens a completion may get: max_new_tokens, or what the model's positions leave.
int completion_limit(const ModelSpec& spec, const GroupRequest& request);
GroupCost group_cost(const ModelSpec& spec, const GroupRequest& request);

// Error(config) that names the figure and the remedy when the group is malformed or can never fit
// `pages`.
void check_request(const ModelSpec& spec, DType dtype, const GroupRequest& request,
                   const KvPages& pages);

}  // namespace reckon
