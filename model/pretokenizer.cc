#define PCRE2_CODE_UNIT_WIDTH 8
#include "model/pretokenizer.h"

#include <pcre2.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "model/unicode.h"

namespace reckon {
namespace {

using Spans = std::vector<std::pair<size_t, size_t>>;
// Steps from one place in a text. What sane patterns need grows with the stretch that they look at,
// so that few places of a text take more than kQuick; with a hostile pattern all of them may.
constexpr uint32_t kQuick = 4000, kSlow = 2'000'000;
constexpr uint32_t kMatchHeap = 256 << 10;  // KiB
size_t slow_places(size_t text) { return 16 + text / kQuick; }

// PCRE2's \s has U+180E, which is no white space elsewhere.
std::string with_white_space_by_property(const std::string& expression) {
  std::string out;
  for (size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] != '\\' || i + 1 == expression.size()) {
      out.push_back(expression[i]);
      continue;
    }
    const char next = expression[++i];
    if (next == 's') {
      out += "\\p{White_Space}";
    } else if (next == 'S') {
      out += "\\P{White_Space}";
    } else {
      out += {'\\', next};
    }
  }
  return out;
}

std::string message_of(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

// One pair of offsets is enough for every pattern.
pcre2_match_data* thread_match_data() {
  struct Free {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  thread_local const std::unique_ptr<pcre2_match_data, Free> data(
      pcre2_match_data_create(1, nullptr));
  return data.get();
}

// Cuts `text` at the matches; the other stretches are pieces of their own.
void cut(std::string_view text, const Spans& found, Behaviour behaviour, bool invert,
         std::vector<std::string_view>& out) {
  struct Part {
    size_t begin, end;
    bool match;
  };
  thread_local std::vector<Part> parts;
  parts.clear();
  size_t at = 0;
  for (auto [begin, end] : found) {
    if (at < begin) parts.push_back({at, begin, invert});
    parts.push_back({begin, end, !invert});
    at = end;
  }
  if (at < text.size()) parts.push_back({at, text.size(), invert});

  const size_t before = out.size();
  auto push = [&](const Part& p) { out.push_back(text.substr(p.begin, p.end - p.begin)); };
  auto grow = [&](const Part& p) {
    out.back() = {out.back().data(), out.back().size() + (p.end - p.begin)};
  };
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    const bool previous = i > 0 && parts[i - 1].match;
    const bool any = out.size() > before;
    switch (behaviour) {
      case Behaviour::isolated:
        push(part);
        break;
      case Behaviour::removed:
        if (!part.match) push(part);
        break;
      case Behaviour::contiguous:
        any&& previous == part.match ? grow(part) : push(part);
        break;
      case Behaviour::merged_with_previous:
        any&& part.match && !previous ? grow(part) : push(part);
        break;
      case Behaviour::merged_with_next:
        // A match joins what follows unless that is a match as well.
        any&& previous && !part.match ? grow(part) : push(part);
        break;
    }
  }
}

}  // namespace

struct Pattern::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_context *quick = nullptr, *slow = nullptr;
  bool jit = false;
  std::string place, expression, literal;

  ~Compiled() {
    pcre2_match_context_free(quick);
    pcre2_match_context_free(slow);
    pcre2_code_free(code);
  }

  int run(std::string_view text, size_t at, pcre2_match_data* data,
          pcre2_match_context* context) const {
    auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int rc = PCRE2_ERROR_JIT_STACKLIMIT;
    if (jit) rc = pcre2_jit_match(code, subject, text.size(), at, 0, data, context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
      rc = pcre2_match(code, subject, text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data,
                       context);
    }
    return rc;
  }

  // PCRE2 counts steps afresh at every place where a match could start; so this tries place by
  // place. `slow_left`: how many may yet be slow.
  int run_slowly(std::string_view text, size_t at, pcre2_match_data* data,
                 size_t& slow_left) const {
    int rc = PCRE2_ERROR_NOMATCH;
    pcre2_match_context* contexts[] = {pcre2_match_context_copy(quick),
                                       pcre2_match_context_copy(slow)};
    for (; at < text.size() && rc == PCRE2_ERROR_NOMATCH; at += character_at(text, at).size) {
      for (pcre2_match_context* context : contexts) pcre2_set_offset_limit(context, at);
      rc = run(text, at, data, contexts[0]);
      if (rc != PCRE2_ERROR_MATCHLIMIT || slow_left == 0) continue;
      --slow_left;
      rc = run(text, at, data, contexts[1]);
    }
    for (pcre2_match_context* context : contexts) pcre2_match_context_free(context);
    return rc;
  }

  // Whether there is a match, which `data` then holds.
  bool match(std::string_view text, size_t at, pcre2_match_data* data, size_t& slow_left) const {
    int rc = run(text, at, data, quick);
    if (rc == PCRE2_ERROR_MATCHLIMIT) rc = run_slowly(text, at, data, slow_left);
    if (rc == PCRE2_ERROR_NOMATCH) return false;
    if (rc >= 0) return true;
    throw Error(Code::data, place,
                cat("the pattern '", expression, "' failed on a text of ", text.size(),
                    " bytes: ", message_of(rc)),
                "the pattern needs too many steps; the file is damaged or hostile");
  }
};

Pattern::Pattern(const std::string& expression, const std::string& place, bool literal) {
  auto compiled = std::make_shared<Compiled>();
  compiled->place = place;
  compiled->expression = expression;
  if (literal) {
    if (expression.empty()) {
      throw Error(Code::data, place, "has an empty pattern", "the file is damaged");
    }
    compiled->literal = expression;
    compiled_ = std::move(compiled);
    return;
  }
  const std::string text = with_white_space_by_property(expression);
  int error = 0;
  PCRE2_SIZE offset = 0;
  compiled->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
                    &error, &offset, nullptr);
  if (compiled->code == nullptr) {
    throw Error(Code::data, place,
                cat("has the pattern '", expression, "': ", message_of(error), " at ", offset),
                "the file is damaged, or the pattern needs another engine");
  }
  compiled->jit = pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE) == 0;
  for (auto [context, limit] : {std::pair(&compiled->quick, kQuick), {&compiled->slow, kSlow}}) {
    *context = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(*context, limit);
    pcre2_set_heap_limit(*context, kMatchHeap);
  }
  compiled_ = std::move(compiled);
}

const std::string& Pattern::place() const { return compiled_->place; }

void Pattern::matches(std::string_view text, Spans& found) const {
  found.clear();
  const Compiled& own = *compiled_;
  if (!own.literal.empty()) {
    for (size_t at = 0; (at = text.find(own.literal, at)) != text.npos; at += own.literal.size()) {
      found.emplace_back(at, at + own.literal.size());
    }
    return;
  }
  pcre2_match_data* data = thread_match_data();
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data);
  size_t slow_left = slow_places(text.size());
  for (size_t at = 0; at < text.size() && own.match(text, at, data, slow_left);) {
    if (range[1] > range[0] && range[0] >= at) found.emplace_back(range[0], range[1]);
    at = range[1] > std::max(at, range[0]) ? range[1]
         : range[1] < text.size()          ? range[1] + character_at(text, range[1]).size
                                           : text.size();
  }
}

void Pretokenizer::split(std::string_view text, bool first, Pieces& pieces) const {
  auto& [views, changed, next, found] = pieces;
  views.assign(text.empty() ? 0 : 1, text);
  changed.clear();
  for (const PretokenizerRule& any : rules_) {
    next.clear();
    for (std::string_view piece : views) {
      if (auto* rule = std::get_if<SplitRule>(&any)) {
        rule->pattern.matches(piece, found);
        cut(piece, found, rule->behaviour, rule->invert, next);
      } else if (auto* rule = std::get_if<CharacterRule>(&any)) {
        found.clear();
        for (size_t at = 0; at < piece.size();) {
          const Character c = character_at(piece, at);
          if (rule->matches(c.code)) found.emplace_back(at, at + c.size);
          at += c.size;
        }
        cut(piece, found, rule->behaviour, false, next);
      } else if (std::get_if<PrefixRule>(&any)) {
        if (piece.front() == ' ') {
          next.push_back(piece);
        } else {
          next.push_back(changed.emplace_back(cat(' ', piece)));
        }
      } else if (auto* rule = std::get_if<MetaspaceRule>(&any)) {
        using Prepend = MetaspaceRule::Prepend;
        std::string& text_of_piece = changed.emplace_back();
        for (char c : piece) c == ' ' ? text_of_piece += rule->replacement : text_of_piece += c;
        const bool start = first && piece.data() == text.data();
        if ((rule->prepend == Prepend::always || (rule->prepend == Prepend::first && start)) &&
            text_of_piece.compare(0, rule->replacement.size(), rule->replacement) != 0) {
          text_of_piece.insert(0, rule->replacement);
        }
        if (rule->split) {
          found.clear();
          const std::string& mark = rule->replacement;
          for (size_t at = 0; (at = text_of_piece.find(mark, at)) != std::string::npos;
               at += mark.size()) {
            found.emplace_back(at, at + mark.size());
          }
          cut(text_of_piece, found, Behaviour::merged_with_next, false, next);
        } else {
          next.push_back(text_of_piece);
        }
      }
    }
    views.swap(next);
  }
}

}  // namespace reckon
