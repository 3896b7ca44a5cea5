#include "rollout/stop_strings.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace reckon {

std::shared_ptr<const StopStrings> StopStrings::make(std::shared_ptr<const Tokenizer> tokenizer,
                                                     const std::vector<std::string>& texts) {
  if (texts.empty()) return nullptr;
  std::shared_ptr<StopStrings> stops(new StopStrings);
  for (const std::string& text : texts) {
    if (text.empty())
      throw Error(Code::config, "stop", "a stop string is empty", "remove it, or write its text");
    auto id = tokenizer->token_id(text);
    if (id && tokenizer->token_bytes(*id).empty()) {
      stops->tokens_.push_back(*id);
    } else {
      stops->texts_.push_back(text);
      stops->longest_ = std::max(stops->longest_, text.size());
    }
  }
  stops->tokenizer_ = std::move(tokenizer);
  return stops;
}

bool StopStrings::is_stop(int32_t token) const {
  return std::find(tokens_.begin(), tokens_.end(), token) != tokens_.end();
}

size_t StopStrings::find(std::string_view text, size_t from) const {
  size_t first = std::string_view::npos;
  for (const std::string& stop : texts_) {
    const size_t begin = from < stop.size() ? 0 : from - stop.size() + 1;
    first = std::min(first, text.find(stop, begin));
  }
  return first;
}

size_t StopStrings::open_end(std::string_view text) const {
  size_t most = 0;
  for (const std::string& stop : texts_) {
    for (size_t size = std::min(stop.size() - 1, text.size()); size > most; --size) {
      if (text.ends_with(std::string_view(stop).substr(0, size))) most = size;
    }
  }
  return most;
}

bool StopMatcher::push(int32_t token) {
  if (stops_->is_stop(token)) return true;
  std::string_view bytes = stops_->tokenizer().token_bytes(token);
  while (spaces_ > 0 && !bytes.empty()) {
    spaces_ = bytes.front() == ' ' ? spaces_ - 1 : 0;
    if (bytes.front() != ' ') break;
    bytes.remove_prefix(1);
  }
  const size_t before = tail_.size();
  tail_ += bytes;
  if (stops_->find(tail_, before) != std::string::npos) return true;
  const size_t keep = stops_->longest() > 0 ? stops_->longest() - 1 : 0;
  if (tail_.size() > keep) tail_.erase(0, tail_.size() - keep);
  return false;
}

std::string StopText::push(std::string_view text) {
  if (!stops_) return std::string(text);
  if (stopped_) return "";
  held_ += text;
  const size_t stop = stops_->find(held_);
  stopped_ = stop != std::string::npos;
  const size_t size = stopped_ ? stop : held_.size() - stops_->open_end(held_);
  std::string out = held_.substr(0, size);
  held_.erase(0, size);
  return out;
}

std::string StopText::finish() {
  std::string rest = std::exchange(held_, {});
  return stopped_ ? "" : rest;
}

}  // namespace reckon
