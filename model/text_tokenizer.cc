#include "model/text_tokenizer.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "model/word_cache.h"

namespace reckon {
namespace {

// The end of the white space that starts at `at`.
size_t after_spaces(std::string_view text, size_t at) {
  while (at < text.size() && is_space(character_at(text, at).code)) {
    at += character_at(text, at).size;
  }
  return at;
}

// The start of the white space that ends at `end`, not before `begin`.
size_t before_spaces(std::string_view text, size_t begin, size_t end) {
  while (end > begin) {
    const Character last = character_before(text, end);
    if (!is_space(last.code)) break;
    end -= last.size;
  }
  return std::max(begin, end);
}

bool stands_alone(std::string_view text, size_t begin, size_t end) {
  return (begin == 0 || !is_word(character_before(text, begin).code)) &&
         (end == text.size() || !is_word(character_at(text, end).code));
}

std::vector<AddedToken> chosen(const TextTokenizerParts& parts, bool of_normalized_text) {
  std::vector<AddedToken> tokens;
  for (AddedToken token : parts.added) {
    if (token.normalized != of_normalized_text) continue;
    if (of_normalized_text) token.content = normalized(parts.normalizer, token.content);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace

std::string normalized(const std::vector<NormalizerStep>& steps, std::string_view text) {
  const size_t longest = 4096 + 64 * text.size();  // far beyond what any normal form makes of it
  std::string out(text);
  std::vector<std::pair<size_t, size_t>> found;
  for (const NormalizerStep& any : steps) {
    if (auto* form = std::get_if<NormalForm>(&any)) {
      out = normal_form(out, *form);
    } else if (auto* prepend = std::get_if<PrependStep>(&any)) {
      if (!out.empty()) out.insert(0, prepend->text);
    } else if (auto* replace = std::get_if<ReplaceStep>(&any)) {
      replace->pattern.matches(out, found);
      std::string changed;
      size_t at = 0;
      for (auto [begin, end] : found) {
        changed.append(out, at, begin - at).append(replace->content);
        at = end;
        if (changed.size() > longest) {
          throw Error(Code::data, replace->pattern.place(),
                      cat("the normalizer makes more than ", longest, " bytes of ", text.size()),
                      "the file is damaged or hostile");
        }
      }
      out = changed.append(out, at);
    }
  }
  return out;
}

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].content.empty()) continue;
    first_bytes_[static_cast<unsigned char>(tokens_[i].content[0])] = true;
    size_t node = 0;
    for (char c : tokens_[i].content) {
      auto [next, is_new] = nodes_[node].next.emplace(c, nodes_.size());
      node = next->second;
      if (is_new) nodes_.emplace_back();
    }
    nodes_[node].token = static_cast<int>(i);
  }
}

const AddedToken* AddedTokens::longest_at(std::string_view text, size_t at) const {
  int best = -1;
  for (size_t node = 0; at < text.size(); ++at) {
    auto next = nodes_[node].next.find(text[at]);
    if (next == nodes_[node].next.end()) break;
    node = next->second;
    if (nodes_[node].token >= 0) best = nodes_[node].token;
  }
  return best < 0 ? nullptr : &tokens_[static_cast<size_t>(best)];
}

void AddedTokens::split(std::string_view text, bool specials, std::vector<Fragment>& out) const {
  size_t done = 0;
  for (size_t at = tokens_.empty() ? text.size() : 0; at < text.size();) {
    const AddedToken* token =
        first_bytes_[static_cast<unsigned char>(text[at])] ? longest_at(text, at) : nullptr;
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + token->content.size();
    at = end;
    if (token->special && !specials) continue;
    if (token->single_word && !stands_alone(text, begin, end)) continue;
    if (token->lstrip) begin = before_spaces(text, done, begin);
    if (token->rstrip) end = after_spaces(text, end);
    if (done < begin) out.push_back({text.substr(done, begin - done), nullptr});
    out.push_back({text.substr(begin, end - begin), token});
    done = at = end;
  }
  if (done < text.size()) out.push_back({text.substr(done), nullptr});
}

// What one call of encode() needs; calls at the same time have one each.
struct TextTokenizer::Workspace {
  WordCache words;
  Pieces pieces;
  std::vector<AddedTokens::Fragment> fragments, inner;
};

TextTokenizer::TextTokenizer(TextTokenizerParts parts)
    : parts_(std::move(parts)), raw_(chosen(parts_, false)), normalized_(chosen(parts_, true)) {
  for (size_t id = 0; id < parts_.names.size(); ++id) {
    if (!parts_.names[id].empty()) ids_.emplace(parts_.names[id], static_cast<int32_t>(id));
  }
}

TextTokenizer::~TextTokenizer() = default;

std::vector<int32_t> TextTokenizer::encode(std::string_view text) const {
  return encode(text, false);
}

std::vector<int32_t> TextTokenizer::encode_with_specials(std::string_view text) const {
  return encode(text, true);
}

std::unique_ptr<TextTokenizer::Workspace> TextTokenizer::take_workspace() const {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Workspace>();
  auto work = std::move(idle_.back());
  idle_.pop_back();
  return work;
}

std::vector<int32_t> TextTokenizer::encode(std::string_view text, bool specials) const {
  auto work = take_workspace();
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 3);
  // Bytes that are not UTF-8 are pieces of their own, so that they survive where bytes are tokens.
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const size_t valid = valid_prefix(rest);
    if (valid > 0) encode_valid(rest.substr(0, valid), at == 0, specials, *work, ids);
    size_t end = valid;
    while (end < rest.size() && character_at(rest, end).size == 0) ++end;
    if (end > valid) parts_.encoder->encode(rest.substr(valid, end - valid), ids);
    at += end;
  }
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(work));
  return ids;
}

void TextTokenizer::encode_valid(std::string_view text, bool first, bool specials, Workspace& work,
                                 std::vector<int32_t>& ids) const {
  work.fragments.clear();
  raw_.split(text, specials, work.fragments);
  for (const auto& [fragment, token] : work.fragments) {
    if (token != nullptr) {
      ids.push_back(token->id);
      continue;
    }
    std::string storage;
    std::string_view plain = fragment;
    if (!parts_.normalizer.empty()) plain = storage = normalized(parts_.normalizer, fragment);
    work.inner.clear();
    normalized_.split(plain, specials, work.inner);
    for (const auto& [stretch, inner_token] : work.inner) {
      if (inner_token != nullptr) {
        ids.push_back(inner_token->id);
        continue;
      }
      const bool at_start =
          first && fragment.data() == text.data() && stretch.data() == plain.data();
      parts_.pretokenizer.split(stretch, at_start, work.pieces);
      for (std::string_view piece : work.pieces.views) encode_piece(piece, work, ids);
    }
  }
}

void TextTokenizer::encode_piece(std::string_view piece, Workspace& work,
                                 std::vector<int32_t>& ids) const {
  if (piece.size() > WordCache::kLongestWord) return parts_.encoder->encode(piece, ids);
  if (work.words.find(piece, ids)) return;
  const size_t before = ids.size();
  parts_.encoder->encode(piece, ids);
  work.words.insert(piece, ids.data() + before, ids.size() - before);
}

std::vector<int32_t> TextTokenizer::end_ids() const {
  std::vector<int32_t> ids = {parts_.end};
  for (int32_t id : parts_.more_ends) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

std::string_view TextTokenizer::token_bytes(int32_t id) const {
  if (id < 0 || id >= vocab_size()) return {};
  return parts_.bytes[static_cast<size_t>(id)];
}

std::string TextTokenizer::token_text(int32_t id) const {
  if (id < 0 || id >= vocab_size() || parts_.names[static_cast<size_t>(id)].empty()) {
    return cat("<|", id, "|>");
  }
  const std::string& bytes = parts_.bytes[static_cast<size_t>(id)];
  if (bytes.empty()) return parts_.names[static_cast<size_t>(id)];
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    const Character next = character_at(bytes, at);
    const size_t size = std::max<size_t>(next.size, 1);
    if (bytes[at] == '\n') {
      text += "\\n";
    } else if (bytes[at] == '\t') {
      text += "\\t";
    } else if (next.size == 0 || next.code < 0x20 || next.code == 0x7F) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02X",
                    static_cast<unsigned>(static_cast<unsigned char>(bytes[at])));
      text += escaped;
    } else {
      text.append(bytes, at, size);
    }
    at += size;
  }
  return text;
}

std::optional<int32_t> TextTokenizer::token_id(std::string_view name) const {
  auto found = ids_.find(name);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void TextTokenizer::save(const Path& folder) const {
  for (const auto& [name, bytes] : parts_.files) write_file(folder / name, bytes);
}

}  // namespace reckon
