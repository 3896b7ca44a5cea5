#include "rollout/admission.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

[[noreturn]] void refuse(const GroupRequest& request, const std::string& problem,
                         const std::string& remedy) {
  throw Error(Code::config, cat("group ", request.tag), problem, remedy);
}

void check_prompt(const ModelSpec& spec, const GroupRequest& request) {
  if (request.prompt.empty()) refuse(request, "the prompt is empty", "give it at least one token");
  for (size_t i = 0; i < request.prompt.size(); ++i) {
    int32_t token = request.prompt[i];
    if (token >= 0 && token < spec.vocab) continue;
    refuse(request,
           cat("token ", token, " at place ", i, " of the prompt is outside the vocabulary of ",
               spec.vocab),
           "use the model's own tokenizer");
  }
  if (request.prompt.size() + 1 > static_cast<size_t>(spec.max_position)) {
    refuse(request,
           cat("a prompt of ", request.prompt.size(), " tokens leaves no position of ",
               spec.max_position, " for a completion"),
           cat("shorten it to at most ", spec.max_position - 1,
               " tokens or raise model.max_position"));
  }
}

void check_sampling(const GroupRequest& request) {
  const SamplingParams& s = request.sampling;
  if (s.max_new_tokens <= 0) {
    refuse(request, cat("max_new_tokens is ", s.max_new_tokens), "set it to at least 1");
  }
  if (!(s.temperature >= 0) || !std::isfinite(s.inverse_temperature()) ||
      !(s.inverse_temperature() > 0)) {
    refuse(request, cat("temperature is ", s.temperature),
           "set it to 0 (greedy) or to a usual value such as 1");
  }
  if (s.top_k < 0) refuse(request, cat("top_k is ", s.top_k), "set it to 0 (off) or above");
  if (!(s.top_p > 0 && s.top_p <= 1))
    refuse(request, cat("top_p is ", s.top_p), "set it in (0, 1]; 1 is off");
  if (!(s.min_p >= 0 && s.min_p <= 1))
    refuse(request, cat("min_p is ", s.min_p), "set it in [0, 1]; 0 is off");
}

}  // namespace

int completion_limit(const ModelSpec& spec, const GroupRequest& request) {
  return std::min(request.sampling.max_new_tokens,
                  spec.max_position - static_cast<int>(request.prompt.size()));
}

GroupCost group_cost(const ModelSpec& spec, const GroupRequest& request) {
  int64_t prompt = static_cast<int64_t>(request.prompt.size());
  return {kv_blocks(0, prompt), kv_blocks(prompt, completion_limit(spec, request) - 1)};
}

void check_request(const ModelSpec& spec, DType dtype, const GroupRequest& request,
                   const KvPages& pages) {
  check_prompt(spec, request);
  check_sampling(request);
  if (request.samples.empty()) refuse(request, "it has no samples", "ask for at least one");
  int64_t needed = group_cost(spec, request).total(request.samples.size());
  if (needed <= pages.capacity()) return;
  size_t page_bytes = KvPages::page_bytes(spec, dtype);
  refuse(request,
         cat(request.samples.size(), " samples of up to ", completion_limit(spec, request),
             " tokens after a prompt of ", request.prompt.size(), " need ",
             static_cast<size_t>(needed) * page_bytes, " bytes of KV; the budget holds ",
             static_cast<size_t>(pages.capacity()) * page_bytes),
         cat("raise rollout.kv_bytes to at least ", static_cast<size_t>(needed) * page_bytes,
             ", or lower max_new_tokens or the group's size"));
}

}  // namespace reckon
