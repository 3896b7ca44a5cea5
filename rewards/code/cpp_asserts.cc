#include "rewards/code/cpp_asserts.h"

#include "base/text.h"

namespace reckon {
namespace {

// Values as JSON. Before the candidate's code, whose macros must not change it.
constexpr char kValues[] = R"--(#include <bits/stdc++.h>
#include <unistd.h>
namespace reckon_values {
inline void put(std::string& out, const std::string& text) {
  out += '"';
  for (unsigned char c : text) {
    char escaped[8];
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') std::snprintf(escaped, sizeof escaped, "\\u%04x", c), out += escaped;
    else out += static_cast<char>(c);
  }
  out += '"';
}
inline void put(std::string& out, const char* text) { put(out, std::string(text)); }
inline void put(std::string& out, char value) { put(out, std::string(1, value)); }
inline void put(std::string& out, bool value) { out += value ? "true" : "false"; }
template <class T> std::enable_if_t<std::is_integral<T>::value> put(std::string& out, T value) { out += std::to_string(value); }
template <class T> std::enable_if_t<std::is_floating_point<T>::value> put(std::string& out, T value) {
  char text[64];
  std::snprintf(text, sizeof text, std::isfinite(value) ? "%.17g" : "{\"t\": \"float\", \"v\": \"%g\"}", static_cast<double>(value));
  out += text;
  if (std::isfinite(value) && !std::strpbrk(text, ".e")) out += ".0";
}
inline void put(std::string& out, std::nullopt_t) { out += "null"; }
template <class T> void put(std::string& out, const std::optional<T>& value);
template <class A, class B> void put(std::string& out, const std::pair<A, B>& value);
template <class... T> void put(std::string& out, const std::tuple<T...>& value);
template <class T> auto put(std::string& out, const T& list) -> decltype(list.begin(), list.end(), void()) {
  std::vector<std::string> items;
  for (const auto& item : list) put(items.emplace_back(), static_cast<const typename T::value_type&>(item));
  constexpr bool unordered = std::is_same<T, std::unordered_set<typename T::value_type>>::value;
  if (unordered) std::sort(items.begin(), items.end());
  out += '[';
  for (size_t i = 0; i < items.size(); ++i) out += (i ? "," : "") + items[i];
  out += ']';
}
template <class K, class V> void put(std::string& out, const std::unordered_map<K, V>& map) {
  std::vector<std::string> items;
  for (const auto& item : map) put(items.emplace_back(), item);
  std::sort(items.begin(), items.end());
  out += '[';
  for (size_t i = 0; i < items.size(); ++i) out += (i ? "," : "") + items[i];
  out += ']';
}
template <class T> void put(std::string& out, const std::optional<T>& value) {
  if (value) put(out, *value);
  else out += "null";
}
template <class A, class B> void put(std::string& out, const std::pair<A, B>& value) {
  out += '[';
  put(out, value.first);
  out += ',';
  put(out, value.second);
  out += ']';
}
template <class... T> void put(std::string& out, const std::tuple<T...>& value) {
  bool first = true;
  out += '[';
  std::apply([&](const auto&... item) { ((out += first ? "" : ",", first = false, put(out, item)), ...); }, value);
  out += ']';
}
template <class T> void say(int file, const T& value) {
  std::string out = "{\"v\":";
  put(out, value);
  out += "}\n";
  for (size_t done = 0; done < out.size();) {
    ssize_t written = ::write(file, out.data() + done, out.size() - done);
    if (written <= 0) ::_exit(1);
    done += static_cast<size_t>(written);
  }
}
inline size_t which() {
  std::string text;
  for (char c; ::read(3, &c, 1) == 1 && c != '\n';) text += c;
  return std::strtoull(text.c_str(), nullptr, 10);
}
}  // namespace reckon_values
)--";

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// Position of the one `==` outside of parentheses and literals; npos when there is none.
size_t equality(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"' ||
        (c == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(text[i - 1]))))) {
      for (++i; i < text.size() && text[i] != c; ++i)
        if (text[i] == '\\') ++i;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (depth == 0 && text.substr(i, 2) == "==") {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

CppAssert split_assert(std::string_view text) {
  text = trim(text);
  if (text.ends_with(';')) text = trim(text.substr(0, text.size() - 1));
  if (text.starts_with("assert") && text.ends_with(')')) {
    std::string_view rest = trim(text.substr(6));
    if (rest.starts_with('(')) text = trim(rest.substr(1, rest.size() - 2));
  }
  size_t at = equality(text);
  if (at == std::string_view::npos) return {std::string(text), "true"};
  return {std::string(trim(text.substr(0, at))), std::string(trim(text.substr(at + 2)))};
}

std::string candidate_source(const std::string& code, const AssertTests& tests) {
  std::string source =
      cat(kValues, "#define main reckon_candidate_main\n", code,
          "\n#undef main\n#undef int\n#undef long\n#undef double\n#undef return\nint main() {\n",
          tests.setup, "\nswitch (reckon_values::which()) {\n");
  for (size_t i = 0; i < tests.asserts.size(); ++i)
    source += cat("case ", i, ": reckon_values::say(3, ", split_assert(tests.asserts[i]).actual,
                  "); break;\n");
  return source + "}\nreturn 0;\n}\n";
}

std::string expected_source(const AssertTests& tests) {
  std::string source = cat(kValues, "using namespace std;\n", tests.helpers, "\nint main() {\n");
  for (const std::string& one : tests.asserts)
    source += cat("reckon_values::say(1, ", split_assert(one).expected, ");\n");
  return source + "return 0;\n}\n";
}

}  // namespace reckon
