// Chat templates and JSON lines that are not what they should be.
#pragma once

#include "tests/process/malformed.h"

namespace reckon {

constexpr char kTemplate[] = "chat_template.jinja";
constexpr char kRows[] = "rows.jsonl";

inline std::vector<Malformed> template_cases() {
  using Json = nlohmann::ordered_json;
  auto jinja = [](std::string name, std::string source, std::vector<std::string> says) {
    says.push_back(kTemplate);
    return Malformed{std::move(name), [=](Spoiled& s) { s.write(kTemplate, source); }, 65,
                     std::move(says)};
  };
  auto config = [](std::string name, Json value, std::string says) {
    const std::string file = "tokenizer_config.json";
    auto spoil = [=](Spoiled& s) {
      s.json(file, [&](Json& json) { json["chat_template"] = value; });
    };
    return Malformed{std::move(name), spoil, 65, {file, std::move(says)}};
  };
  const std::string endless = "{% for i in range(100000) %}{% for j in range(100000) %}";
  return {
      jinja("statement_cut", "{% for m in messages", {"1:1", "'{%' is not closed"}),
      jinja("block_not_closed", "\n{% if true %}x", {kTemplate}),
      jinja("expression_cut", "{{ 1 + }}", {"1:8"}),
      jinja("quote_not_closed", "{{ 'a }}", {"1:4"}),
      jinja("unknown_filter", "\n\n  {{ messages | frobnicate }}", {"3:", "frobnicate"}),
      jinja("unknown_test", "{{ 1 is frobnicated }}", {"frobnicated"}),
      jinja("unknown_statement", "{% include 'other' %}", {"include"}),
      jinja("unknown_function", "{{ open('/etc/passwd') }}", {"open"}),
      jinja("attribute_of_nothing", "{{ messages[7].content.text }}", {"1:"}),
      jinja("template_refuses", "{{ raise_exception('no system message') }}",
            {"no system message"}),
      jinja("divided_by_zero", "{{ 1 // 0 }}", {"1:"}),
      jinja("loop_without_end", endless + "{% endfor %}{% endfor %}", {"does too much work"}),
      jinja("range_of_10_18", "{{ range(10**18) | length }}", {"1:"}),
      jinja("macro_calls_itself", "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
            {"the template nests too deeply"}),
      jinja("parentheses_100000",
            "{{ " + std::string(100000, '(') + "1" + std::string(100000, ')') + "}}",
            {"nests too deeply"}),
      jinja("brackets_100000", "{{ " + brackets(100000) + "}}", {"nests too deeply"}),
      jinja("minus_100000", "{{ " + std::string(100000, '-') + "1 }}", {"nests too deeply"}),
      jinja("text_times_10_12", "{{ 'ab' * 10**12 }}", {"does too much work"}),
      jinja("list_times_10_12", "{{ [1, 2] * 10**12 }}", {"does too much work"}),
      jinja("text_doubled_60_times",
            "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}"
            "{% endfor %}",
            {"does too much work"}),
      jinja("indented_by_10_12", "{{ 'a\\nb' | indent(10**12) }}", {"an indent of more than 1000"}),
      jinja("power_tower", "{{ 9 ** 9 ** 9 }}", {"1:"}),
      jinja("output_without_end",
            "{% set s = 'x' * 1000000 %}{% for i in range(100000) %}{{ s }}{% endfor %}", {"1:"}),
      jinja("template_not_utf8", "{{ 'a' }}\xff", {kTemplate}),
      config("template_a_number", 7, "neither a text nor a list of named templates"),
      config("template_named_otherwise", {{{"name", "rag"}, {"template", "x"}}},
             "there is no template 'default'; there are: rag"),
      config("template_of_no_name", {{{"template", "x"}}}, "is not {name, template}"),
      config("template_with_a_fault", "{{ 1 +", "chat_template"),
  };
}

inline std::vector<Malformed> rows_cases() {
  const std::string good = R"({"prompt": "1+1=", "answer": "2"})"
                           "\n";
  auto rows = [=](std::string name, std::string second, std::vector<std::string> says) {
    return Malformed{std::move(name), [=](Spoiled& s) { s.write(kRows, good + second + "\n"); }, 65,
                     std::move(says)};
  };
  auto whole = [](std::string name, std::string bytes, std::string says) {
    return Malformed{
        std::move(name), [=](Spoiled& s) { s.write(kRows, bytes); }, 65, {kRows, std::move(says)}};
  };
  auto prompt = [=](std::string name, std::string value, std::string says) {
    return rows(std::move(name), R"({"answer": "2", "prompt": )" + value + "}",
                {"rows.jsonl:2", std::move(says)});
  };
  return {
      whole("no_rows", "", "has no rows"),
      whole("blank_rows", "\n  \r\n\n", "has no rows"),
      rows("row_cut", R"({"prompt": "1+1=)", {"rows.jsonl:2:", "is not valid JSON from here on"}),
      rows("row_with_single_quotes", "{'prompt': '1+1='}", {"rows.jsonl:2:2", "is not valid JSON"}),
      rows("two_objects_a_row", R"({"prompt": "a"} {"prompt": "b"})", {"rows.jsonl:2:17"}),
      rows("row_a_list", R"(["1+1=", "2"])", {"rows.jsonl:2", "is a list, not an object"}),
      rows("row_a_number", "17", {"rows.jsonl:2", "is a number, not an object"}),
      rows("no_prompt", R"({"promt": "1+1=", "answer": "2"})",
           {"rows.jsonl:2", "has no column 'prompt'", "did you mean 'promt'?"}),
      rows("row_with_a_zero_byte", std::string("{\"prompt\": \"1\0\"}", 15),
           {"rows.jsonl:2:", "is not valid JSON"}),
      rows("row_not_utf8", "{\"prompt\": \"1\xe4\xb8\"}",
           {"rows.jsonl:2:14", "is not valid UTF-8"}),
      rows("row_in_utf16", std::string("\xff\xfe{\0\"\0", 6),
           {"rows.jsonl:2:1", "not valid UTF-8"}),
      rows("number_too_large", R"({"prompt": "1", "answer": 1e999})",
           {"rows.jsonl:2", "holds a number too large"}),
      rows("lone_surrogate", R"({"prompt": "\ud800"})", {"rows.jsonl:2:", "is not valid JSON"}),
      rows("row_of_100000_brackets", R"({"prompt": )" + brackets(100000) + "}",
           {"rows.jsonl:2", "is nested too deeply"}),
      rows("row_of_a_million_brackets_open", std::string(1000000, '['),
           {"rows.jsonl:2", "is nested too deeply"}),
      rows("row_of_8_million_bytes", "{\"prompt\": \"" + std::string(8 << 20, '1') + "\"}",
           {kRows, "tokens"}),
      prompt("prompt_a_number", "7", "column 'prompt' is a number, not a text"),
      prompt("prompt_null", "null", "column 'prompt' is null"),
      prompt("prompt_empty", "\"\"", "column 'prompt' is empty"),
      prompt("no_messages", "[]", "column 'prompt' has no messages"),
      prompt("message_a_text", R"(["1+1="])", "message 1 of column 'prompt' is a text"),
      prompt("message_of_no_role", R"([{"content": "x"}])", "has no 'role'"),
      prompt("message_of_unknown_role", R"([{"role": "usr", "content": "x"}])",
             "did you mean 'user'?"),
      prompt("message_with_an_image", R"([{"role": "user", "content": [{"type": "image"}]}])",
             "images and sound are not supported"),
      prompt("ends_with_a_system_message", R"([{"role": "system", "content": "x"}])",
             "ends with a message of the system"),
      whole("gsm8k_without_mark",
            "{\"question\": \"1+1=\", \"answer\": \"#### 2\"}\n{\"question\": \"1\", \"answer\": "
            "\"2\"}\n",
            "column 'answer' has no '####'"),
      whole("math_without_box",
            "{\"problem\": \"1+1=\", \"solution\": \"\\\\boxed{2}\"}\n{\"problem\": \"1\", "
            "\"solution\": \"2\"}\n",
            "column 'solution' has no \\boxed answer"),
  };
}

}  // namespace reckon
