// The template interpreter against jinja2 (tests/golden/chat/snippets.json), and what it refuses.
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/jinja/template.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using jinja::Template;
using nlohmann::ordered_json;

const ordered_json& golden() {
  static const ordered_json all = ordered_json::parse(
      read_file(Path(RECKON_SOURCE_DIR) / "tests" / "golden" / "chat" / "snippets.json"));
  return all;
}

std::string rendered(const std::string& source, const jinja::Limits& limits = {}) {
  return Template(source, "t").render(golden()["variables"], std::nullopt, limits);
}

// Where and why `source` is refused.
Error refusal(const std::string& source, const jinja::Limits& limits = {}) {
  return error_of([&] { rendered(source, limits); });
}

TEST(Jinja, SnippetsGiveTheTextOfJinja2) {
  ASSERT_GE(golden()["rendered"].size(), 60u);
  for (const auto& piece : golden()["rendered"]) {
    std::string source = piece["source"];
    try {
      EXPECT_EQ(rendered(source), piece["text"].get<std::string>()) << source;
    } catch (const Error& error) {
      ADD_FAILURE() << source << "\n" << error.what();
    }
  }
}

TEST(Jinja, WhatJinja2RefusesIsAnErrorWithItsPlace) {
  ASSERT_GE(golden()["refused"].size(), 20u);
  for (const auto& piece : golden()["refused"]) {
    std::string source = piece["source"];
    SCOPED_TRACE(source);
    Error error = refusal(source);
    EXPECT_EQ(error.code(), Code::data);
    EXPECT_TRUE(error.place().starts_with("t:1:")) << error.place();
    EXPECT_FALSE(error.problem().empty());
    EXPECT_FALSE(error.remedy().empty());
  }
}

TEST(Jinja, ErrorsSayWhereAndWhy) {
  struct Case {
    const char* source;
    const char* place;
    const char* problem;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"a\nb {{ text | wordwrap }}", "t:2:13", "the filter 'wordwrap' is not supported"},
           {"{{ text is filter }}", "t:1:12", "the test 'filter' is not supported"},
           {"\n\n  {% include 'x' %}", "t:3:6", "the statement 'include' is not supported"},
           {"{% nosuch %}", "t:1:4", "unknown statement 'nosuch'"},
           {"{{ text.swapcase() }}", "t:1:17", "the method 'swapcase' of a text is not supported"},
           {"{{ words.append(1) }}", "t:1:16", "the method 'append' of a list is not supported"},
           {"{{ '%s' % 1 }}", "t:1:9", "formatting with '%' is not supported"},
           {"é{{ missing.x }}", "t:1:12", "'missing' is undefined"},
           {"{{ table.nope.x }}", "t:1:14", "'dict object' has no attribute 'nope'"},
           {"{{ raise_exception('No ' ~ 1) }}", "t:1:19", "No 1"},
           {"{% for x in words %}", "t:1:21", "the template ends where 'endfor' is expected"},
           {"{{ f(*words) }}", "t:1:6", "unpacking arguments with '*' is not supported"},
           {"{{ 9223372036854775807 + 1 }}", "t:1:24", "an integer beyond 64 bits"},
           {"{{ 99999999999999999999 }}", "t:1:4", "an integer beyond 64 bits"},
           {"{{ 0x10 }}", "t:1:4", "a number that is not plainly decimal"},
           {"{{ {1: 2} }}", "t:1:4", "a dictionary key that is no string"},
           {"{{ 'Ω' | lower }}", "t:1:10", "the case of 'Ω' is not supported"},
           {"{% if 1 %}{{ text | wordwrap }}{% endif %}", "t:1:21", "the filter 'wordwrap' is not"},
           {"{{ ('a' | safe).upper() }}", "t:1:22", "a method of what 'safe' gives is not"},
           {"{{ strftime_now('%d') }}", "t:1:16", "'strftime_now' is undefined"},
           {"{{ '\xff' }}", "t:1:1", "the template is not UTF-8"}}) {
    Error error = refusal(c.source);
    EXPECT_EQ(error.place(), c.place) << c.source;
    EXPECT_THAT(error.problem(), ::testing::HasSubstr(c.problem)) << c.source;
  }
}

TEST(Jinja, MapAndSelectTakeWhatIsNotTrueForAnEmptySequence) {
  EXPECT_EQ(rendered("{{ none | map('upper') | list }}{{ 0 | select | list }}"
                     "{{ none | selectattr('a') | list }}"),
            "[][][]");
}

TEST(Jinja, TheDateIsTheOneGiven) {
  Template date("{{ strftime_now('%d %b %Y|%-d %B %y|%Y-%m-%d|%%') }}", "t");
  EXPECT_EQ(date.render(ordered_json::object(), "2024-07-06"),
            "06 Jul 2024|6 July 24|2024-07-06|%");
}

// Each of these would run for long, write without end, or nest until the stack is gone.
TEST(Jinja, HostileTemplatesEndAtTheirLimits) {
  std::string deep(100000, '('), brackets(100000, '['), minus(100000, '-'), ifs,
      sum = "{{ 1", attributes = "{{ a";
  std::string nots;
  for (int i = 0; i < 100000; ++i) {
    ifs += "{% if 1 %}";
    sum += " + 1";
    attributes += ".b";
    nots += "not ";
  }
  const std::string ns = "{% set ns = namespace(x='0123456789abcdef', y=[], n=0) %}";
  const std::string loops = "{% for a in range(10000) %}{% for b in range(10000) %}";
  for (const std::string& source :
       {loops + "x{% endfor %}{% endfor %}",
        loops + "{% set ns = a %}{% endfor %}{% endfor %}",
        ns + "{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        ns + "{% for i in range(99) %}{% set ns.x = ns.x.replace('0', ns.x) %}{% endfor %}",
        ns + "{% for i in range(200) %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.y }}",
        ns + "{% for i in range(50) %}{% set ns.y = [ns.y, ns.y, ns.y] %}{% endfor %}{{ ns.y }}",
        ns + "{% for i in range(50) %}{% set ns.y = [ns.y, ns.y, ns.y] %}{% endfor %}{{ ns.y == "
             "ns.y ~ '' }}{{ ns.y | tojson }}",
        ns + "{% for i in range(50) %}{% set ns.y = {'a': ns.y, 'b': ns.y} %}{% endfor %}{{ ns.y | "
             "tojson(indent=9) }}",
        ns + "{% for i in range(200) %}{% set ns.y = [ns.y].count %}{% endfor %}",
        ns + "{% set ns.y = ns %}{{ ns.y }}",
        std::string("{{ 'abc' * 999999999999 }}"),
        std::string("{{ [1] * 999999999 }}"),
        std::string("{{ 'a' | indent(999999999) }}"),
        std::string("{{ ('\n' * 100000) | indent(1000, blank=true) | length }}"),
        std::string("{{ 2 ** 999999999 }}"),
        std::string("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}"),
        std::string("{% macro f(n) %}{% call f(n) %}{% endcall %}{% endmacro %}{{ f(1) }}"),
        std::string("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro "
                    "%}{{ f(60) }}"),
        std::string(
            "{% for i in range(99999) %}{{ words | sort | unique | list | tojson }}{% endfor %}"),
        "{{ " + deep + "1",
        "{{ " + brackets,
        "{{ " + minus + "1 }}",
        "{{ " + nots + "1 }}",
        ifs,
        sum + " }}",
        attributes + " }}"}) {
    Error error = refusal(source, {.steps = 1000000});
    EXPECT_EQ(error.code(), Code::data) << source.substr(0, 100);
  }
}

TEST(Jinja, LimitsOnStepsAndOutputHold) {
  EXPECT_THAT(refusal("{% for i in range(100) %}x{% endfor %}", {.steps = 100}).problem(),
              ::testing::HasSubstr("too much work"));
  EXPECT_THAT(refusal("{% for i in range(100) %}x{% endfor %}", {.output = 99}).problem(),
              ::testing::HasSubstr("longer than 99 bytes"));
  EXPECT_EQ(rendered("{% for i in range(100) %}x{% endfor %}", {.output = 100}),
            std::string(100, 'x'));
}

}  // namespace
}  // namespace reckon
