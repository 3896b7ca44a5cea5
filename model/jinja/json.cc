#include <cmath>
#include <cstdio>

#include "model/jinja/text.h"
#include "model/jinja/value.h"

namespace reckon::jinja {
namespace {

std::string json_string(std::string_view text, bool ascii) {
  std::string out = "\"";
  auto escape = [&](unsigned unit) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, "\\u%04x", unit);
    out += buffer;
  };
  for (char32_t c : code_points(text)) {
    static constexpr std::string_view kPlain = "\"\\\n\r\t\f\b", kNames = "\"\\nrtfb";
    size_t named = c < 0x80 ? kPlain.find(static_cast<char>(c)) : std::string_view::npos;
    if (named != std::string_view::npos) {
      out += '\\';
      out += kNames[named];
    } else if (c < 0x20 || (ascii && c >= 0x7f && c < 0x10000 && c != 0x7f)) {
      escape(c);
    } else if (ascii && c >= 0x10000) {
      escape(0xd800 + ((c - 0x10000) >> 10));
      escape(0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
      append_utf8(out, c);
    }
  }
  return out + '"';
}

class Writer {
 public:
  explicit Writer(const JsonStyle& style) : style_(style) {}

  void write(const Value& value, size_t level) {
    if (value.is_text()) {
      out += json_string(value.text(), style_.ascii);
    } else if (value.is_none()) {
      out += "null";
    } else if (value.is_bool()) {
      out += value.integer() ? "true" : "false";
    } else if (value.is_float() && !std::isfinite(value.number())) {
      out += std::isnan(value.number()) ? "NaN" : value.number() < 0 ? "-Infinity" : "Infinity";
    } else if (value.is_number()) {
      out += text_of(value);
    } else if (const Dictionary* dict = value.dictionary()) {
      write_dictionary(*dict, level);
    } else if (const Sequence* items = value.sequence();
               items && items->kind <= Sequence::Kind::tuple) {
      block('[', ']', items->items.size(), level,
            [&](size_t i) { write(items->items[i], level + 1); });
    } else {
      fail("Object of type " + value.type_name() + " is not JSON serializable");
    }
  }

  std::string out;

 private:
  void write_dictionary(const Dictionary& dict, size_t level) {
    std::vector<size_t> order;
    if (style_.sorted) {
      for (const auto& [key, at] : dict.index) order.push_back(at);
    } else {
      for (size_t i = 0; i < dict.entries.size(); ++i) order.push_back(i);
    }
    block('{', '}', order.size(), level, [&](size_t i) {
      const auto& [key, item] = dict.entries[order[i]];
      out += json_string(key, style_.ascii) + style_.key;
      write(item, level + 1);
    });
  }

  template <class Item>
  void block(char open, char close, size_t count, size_t level, Item item) {
    out += open;
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) out += style_.item;
      new_line(level + 1);
      item(i);
    }
    if (count > 0) new_line(level);
    out += close;
  }

  void new_line(size_t level) {
    if (!style_.indent) return;
    out += '\n';
    out.append(level * static_cast<size_t>(std::max<int64_t>(*style_.indent, 0)), ' ');
  }

  const JsonStyle& style_;
};

}  // namespace

std::string json_text(const Value& value, const JsonStyle& style) {
  Writer writer(style);
  writer.write(value, 0);
  return std::move(writer.out);
}

}  // namespace reckon::jinja
