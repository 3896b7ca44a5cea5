"""Values that the chat templates are tested against, rendered by transformers and jinja2.

    python tests/oracles/make_chat_golden.py      (needs transformers with jinja2; run by hand)

reads tests/golden/chat/*.jinja and writes conversations.json (five conversations and more through each published
template) and snippets.json (small pieces of Jinja, with their text or with the fact that jinja2 refuses them).
"""

import json
import pathlib

from transformers.utils import chat_template_utils

CHAT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "chat"

TOKENS = {
    "llama3.1": {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
    "qwen2.5": {"eos_token": "<|im_end|>"},
    "qwen3": {"eos_token": "<|im_end|>"},
    "r1_distill": {"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"},
    "smollm2": {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"},
}

CONVERSATIONS = [
    [{"role": "user", "content": "What is 2 + 3?"}],
    [{"role": "system", "content": "You are a careful mathematician."},
     {"role": "user", "content": "Prove that √2 is irrational.\n\nStep by step, please."}],
    [{"role": "system", "content": "  Odd white space around.\t\n"},
     {"role": "user", "content": "\n\n  one \r\n"},
     {"role": "assistant", "content": "<think>\nHm, \"one\".\n</think>\n\nTwo follows."},
     {"role": "user", "content": " and\tthen? \n"}],
    [{"role": "user", "content": "日本の首都は？ 🗼"},
     {"role": "assistant", "content": "東京です。", "reasoning_content": "\nCapital of Japan → 東京\n"},
     {"role": "user", "content": "Et en français, s'il vous plaît ? {{ not }} {% jinja %}"},
     {"role": "assistant", "content": "\n\nTokyo – é è ü ß."},
     {"role": "user", "content": "Спасибо!"}],
    [{"role": "user", "content": "3 * 4"},
     {"role": "assistant", "content": "<think>\n3 * 4 = 12\n</think>\n\n12"},
     {"role": "user", "content": ""},
     {"role": "assistant", "content": "It is \\boxed{12}.", "reasoning_content": "Same as before."}],
    [{"role": "user", "content": "<tool_response>\nnot a question\n</tool_response>"},
     {"role": "assistant", "content": "No think end here <think> at all"}],
    [{"role": "assistant", "content": "I begin. </think> Odd."}, {"role": "system", "content": "late rules"},
     {"role": "user", "content": "&<>\"'\\n\u2028\u00a0end"}],
]

MESSAGES = [{"role": "system", "content": "  Be brief. "}, {"role": "user", "content": "héllo wörld"},
            {"role": "assistant", "content": "Hi", "tool_calls": [{"name": "f", "arguments": {"b": 1, "a": [True, None]}}]},
            {"role": "user", "content": "bye"}]
VARIABLES = {
    "messages": MESSAGES, "text": "  Hello, World  ", "empty": "", "zero": 0, "pi": 3.14159, "big": 12345678901, "yes": True,
    "no": False, "nothing": None, "numbers": [3, 1, 2, 3], "words": ["banana", "Apple", "cherry", "apple"],
    "table": {"one": 1, "two": 2.5, "three": "drei", "nested": {"x": [1, {"y": "ü"}]}},
    "people": [{"name": "Ada", "age": 36, "tags": ["a", "b"]}, {"name": "bob", "age": 25}, {"name": "Cyd", "age": 36}],
    "multi": "one\ntwo\n\n  three\n", "quote": "it's \"quoted\" \\ \n", "unicode": "naïve 🤖 日本",
}

SNIPPETS = r"""
{{ 1 + 2 * 3 - 4 // 3 % 2 }} {{ 7 / 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ -2 ** 2 }}
{{ 1.0 }} {{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1.5e-7 }} {{ 123456.789e3 }} {{ 7 // 2.0 }} {{ -7.5 % 2 }}
{{ yes }} {{ no }} {{ nothing }} {{ [yes, nothing, 1.0, 'a'] }} {{ (1,) }} {{ () }} {{ {'a': [1, "it's"]} }}
{{ quote }}|{{ [quote] }}|{{ ['"'] }}|{{ ["'"] }}|{{ [unicode] }}|{{ ["\x00\u200b\t"] }}
{{ 'a' ~ 1 ~ none ~ true ~ 1.5 }} {{ "a" "b" 'c' }} {{ 'x' * 3 }} {{ [1] * 2 + [3] }}
{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 == true }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 != 2 }} {{ 'é' > 'z' }}
{{ 'ell' in text }} {{ 'x' not in text }} {{ 'one' in table }} {{ 3 in numbers }} {{ 4 not in numbers }} {{ not 1 in numbers }}
{{ yes and 'a' or 'b' }} {{ zero or empty or 'c' }} {{ zero and 1 }} {{ not zero }} {{ not not empty }}
{{ 'a' if yes else 'b' }} {{ 'a' if no }}|{{ 'a' if no else 'b' if no else 'c' }}
{{ numbers[0] }} {{ numbers[-1] }} {{ numbers[10] }}|{{ text[2] }} {{ unicode[2] }} {{ unicode[-2] }} {{ table['one'] }} {{ table.three }}
{{ numbers[1:] }} {{ numbers[:-1] }} {{ numbers[::-1] }} {{ numbers[::2] }} {{ numbers[5:1] }} {{ numbers[-100:100] }} {{ numbers[2:0:-1] }}
{{ unicode[::-1] }}|{{ unicode[2:5] }}|{{ text[-3:] }}|{{ (1, 2, 3)[1:] }}|{{ text[:0] }}|
{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcba'.lstrip('ab') }}|{{ '…a…'.rstrip('…') }}
{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.rsplit(' ', 1) }} {{ 'abc'.split('x') }} {{ ' a b  c '.split(none, 1) }}
{{ 'Hello'.startswith('He') }} {{ 'Hello'.endswith(('x', 'lo')) }} {{ 'aXbX'.replace('X', '--') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'ab'.replace('', '-') }}
{{ 'hELLO wORLD'.upper() }} {{ 'ÄÖ Ы'.lower() }} {{ "it's a dog".title() }} {{ 'hELLO'.capitalize() }} {{ "it's (a) dog-house" | title }}
{{ 'hello'.find('l') }} {{ 'hello'.rfind('l') }} {{ 'hello'.find('x') }} {{ 'héllo'.index('l') }} {{ 'banana'.count('an') }} {{ '-'.join(['a', 'b']) }}
{{ 'a\nb\r\nc'.splitlines() }} {{ 'prefix_x'.removeprefix('prefix_') }} {{ 'x.py'.removesuffix('.py') }} {{ '123'.isdigit() }} {{ ''.isdigit() }}
{{ table.items() }} {{ table.keys() }} {{ table.values() }} {{ table.get('one') }} {{ table.get('none', 'd') }} {{ table.get('none') }}
{% for k, v in table.items() %}{{ k }}={{ v }};{% endfor %} {% for k in table %}{{ k }},{% endfor %}
{% for m in messages %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.revindex }}/{{ loop.revindex0 }}/{{ loop.first }}/{{ loop.last }}/{{ loop.length }} {% endfor %}
{% for n in numbers %}{{ loop.previtem }}<{{ n }}<{{ loop.nextitem }};{% endfor %}|{% for n in [] %}x{% else %}none{% endfor %}
{% for n in numbers if n > 1 %}{{ loop.index }}:{{ n }} {% endfor %}|{% for n in numbers if n > 9 %}x{% else %}empty{% endfor %}
{% for n in numbers %}{% if n == 2 %}{% break %}{% endif %}{% if n == 1 %}{% continue %}{% endif %}{{ n }}{% endfor %}
{% for a in [1, 2] %}{% for b in [3, 4] %}{{ a }}{{ b }}{{ loop.index }} {% endfor %}{{ loop.index }}{% endfor %}
{% for p in people %}{{ loop.cycle('odd', 'even') }} {% endfor %}
{% set x = 1 %}{% for n in numbers %}{% set x = n %}{{ x }}{% endfor %}{{ x }}
{% set ns = namespace(x=0, y='a') %}{% for n in numbers %}{% set ns.x = ns.x + n %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}
{% if no %}{% set q = 1 %}{% else %}{% set q = 2 %}{% endif %}{{ q }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c %}block {{ a }}{% endset %}[{{ c }}]{% set d | upper | trim %} block {% endset %}[{{ d }}]
{% macro f(a, b=2, c='x') %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, c=3) }}{{ f(b=5, a=4) }}{{ f() }}
{% macro wrap(tag) %}<{{ tag }}>{{ caller() }}</{{ tag }}>{% endmacro %}{% call wrap('b') %}bold {{ yes }}{% endcall %}
{% macro each(items) %}{% for i in items %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(n) each(numbers) %}[{{ n }}]{% endcall %}
{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n * (fact(n - 1) | int) }}{% endif %}{% endmacro %}{{ fact(10) }}
{% macro late() %}{{ later }}{% endmacro %}{% set later = 'seen' %}{{ late() }}
{% filter upper %}shout {{ text | trim }}{% endfilter %} {% filter replace('a', 'b') | upper %}banana{% endfilter %}
{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}
{% raw %}{{ not }} {% this %}{% endraw %} {# comment {{ x }} #}after
{% generation %}kept {{ yes }}{% endgeneration %}.
{{ text | trim }}|{{ 'xxaxx' | trim('x') }}|{{ nothing | trim }}|{{ missing | trim }}|{{ 12 | string | length }}
{{ numbers | length }} {{ unicode | length }} {{ table | count }} {{ missing | length }} {{ empty | length }}
{{ table | tojson }} {{ unicode | tojson }} {{ quote | tojson }} {{ [1.0, 1e30, none, true] | tojson }} {{ "</script>&'" | tojson }}
{{ table | tojson(indent=2) }} {{ [] | tojson(indent=4) }} {{ {} | tojson(indent=4) }} {{ table | tojson(sort_keys=true) }}
{{ unicode | tojson(ensure_ascii=true) }} {{ table | tojson(separators=(',', ':')) }} {{ '\x01\x7f\u2028' | tojson }}
{{ words | join(', ') }} {{ numbers | join }} {{ people | join('/', attribute='name') }} {{ missing | join }} {{ 'abc' | join('-') }}
{{ missing | default('d') }} {{ empty | default('d') }}|{{ empty | default('d', true) }} {{ nothing | d('n') }} {{ zero | default(5, boolean=true) }}
{{ 'ä' | upper }} {{ 'ABC' | lower }} {{ 'hELLO wORLD' | capitalize }} {{ 'hELLO wORLD' | title }}
{{ numbers | first }} {{ numbers | last }} {{ [] | first }}|{{ 'abc' | last }} {{ table | first }} {{ numbers | list }} {{ 'abc' | list }}
{{ numbers | select('odd') | list }} {{ numbers | reject('equalto', 3) | list }} {{ [0, 1, ''] | select | list }} {{ numbers | select('>', 1) | list }}
{{ people | selectattr('age', 'equalto', 36) | map(attribute='name') | list }} {{ people | rejectattr('tags') | map(attribute='name') | join }}
{{ people | selectattr('tags', 'defined') | list | length }} {{ words | map('upper') | list }} {{ words | map('replace', 'a', '4') | join(' ') }}
{{ people | map(attribute='tags', default='none') | list }} {{ people | selectattr('tags') | map(attribute='tags.0') | list }} {{ people | map(attribute='name') | map('length') | sum }}
{{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ numbers | sort(reverse=true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }}
{{ words | unique | list }} {{ numbers | unique | list }} {{ numbers | reverse | list }} {{ 'abc' | reverse }} {{ numbers | sum }} {{ people | sum('age') }} {{ numbers | min }} {{ words | max }}
{{ table | dictsort | map('first') | list }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(by='value', reverse=true) }} {{ {'a': 1} | items | list }}
{{ '12' | int }} {{ '12.7' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ '1_000' | int }} {{ true | int }} {{ nothing | int }}
{{ '1.5' | float }} {{ 'x' | float }} {{ 3 | float }} {{ ' 2e3 ' | float }} {{ -3 | abs }} {{ (-3) | abs }} {{ 2.5 | round }} {{ 2.675 | round(2) }} {{ 7 | round }} {{ 2.1 | round(0, 'ceil') }}
{{ multi | indent }}|{{ multi | indent(2, true) }}|{{ multi | indent(1, blank=true) }}|{{ multi | indent('> ') }}
{{ '<b>' | safe }} {{ yes | string ~ 1 }} {{ 'a-b' | replace('-', '+') }} {{ [1, 2] | string }}
{{ '<b>' | safe ~ '<&"' }} {{ "'>" + ('<b>' | safe) }} {% if no %}{{ 1 | nosuchfilter is nosuchtest }}{% endif %}{{ ('<' | safe | trim) + '>' }}
{{ x is defined }} {{ x is undefined }} {{ x is not defined }} {{ text is defined and text is string }} {{ nothing is none }} {{ zero is not none }}
{{ 1 is number }} {{ true is number }} {{ 1.5 is float }} {{ 1 is integer }} {{ true is integer }} {{ true is boolean }} {{ yes is true }} {{ no is false }} {{ 1 is true }}
{{ table is mapping }} {{ numbers is mapping }} {{ numbers is sequence }} {{ text is sequence }} {{ table is sequence }} {{ text is iterable }} {{ 1 is iterable }} {{ numbers is iterable }} {{ missing is iterable }}
{{ 3 is odd }} {{ 3 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 1 is eq 1 }} {{ 1 is equalto(1) }} {{ 1 is lt 2 }} {{ 2 is ge 2 }} {{ 1 is in [1] }} {{ no is sameas false }} {{ raise_exception is callable }}
{% for i in range(3) %}{{ i }}{% endfor %}{{ range(2, 8, 3) | list }} {{ range(3, 0, -1) | list }} {{ range(3) }} {{ range(5)[-1] }} {{ dict(a=1, b='x') }}
{{ [missing] | length }} [{{ missing }}] {{ missing ~ 'x' }} {{ missing is none }} {{ missing == missing2 }} {{ missing in numbers }} {{ 'a' in missing }}
{%- set generator = numbers | map('string') -%}{{ generator | list }}{{ generator | list }}{{ 'yes' if [] | map('string') else 'no' }}
{{ '\n\t\\\'\"\x41\u00e9\101\q' }} {{ "multi
line" }} {{ 1_000 }} {{ {'a': {'b': 1}}['a']['b'] }} {{ {'k': 1}.k }}
{{ messages[1:] | map(attribute='role') | join(',') }} {{ messages[-1].content }} {{ messages | selectattr('role', 'eq', 'user') | list | length }} {{ messages[2].tool_calls[0].arguments | tojson }}
{{ (messages | length) - 1 }} {{ messages|length - 1 }} {{ messages[(messages|length) - 1]['role'] }} {{ -numbers[0] }} {{ - 3 | abs }} {{ +1 }}
{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{{ messages[0].content | trim }}{% elif yes %}b{% else %}c{% endif %}{{ rest | length }}
{{ table.nested.x[1].y }} {{ table.nope }}|{{ table['nope'] is defined }} {{ nothing.a }}|{{ 5['a'] }}|{{ [1, [2, [3]]][1][1][0] }}
{{ [3, 1] + [2] }} {{ (1, 2) + (3,) }} {{ 1, 2 }} {{ [1, 2,] }} {{ {'a': 1,} }} {{ '' in 'abc' }}
""".strip("\n")

SPACING = [
    "a\n{% if yes %}\nb\n{% endif %}\nc\n", "  {% if yes %}\n  b\n  {% endif %}\n c", "a  {%- if yes -%}  b  {%- endif -%}  c",
    "a\n  {{- text -}}  \n b", "x {% if yes %} y {% endif %} z\n\n", "  {%+ if yes %}b{% endif +%}\n  c", "{# c #}\n a\n  {# d #}\nb",
    "a {#- c -#} b", "{% raw -%}  {{ x }}  {%- endraw %}\n z", "a\r\nb\r{% if yes %}\r\nc{% endif %}\r\n", "\n\n{% set a = 1 %}\n\n{{ a }}\n\n",
    "{% for n in numbers -%}\n  {{ n }}\n{%- endfor %}\n", "   {{ 1 }}   \n   {% set b = 2 %}   \n   {{ b }}", "{{ {'a': {'b': 1}} }}{{ {'}}': '%}'}['}}'] }}",
    "{% set x = '%}' %}{{ x }}", "{", "a { b } % # {", "", "\n", "{{ '{{' }} {{ '}}' }}", "\t{% if yes %}\t\n\tb\t{% endif %}\t\n",
]

# What jinja2 refuses, at parsing or rendering; where in the text Reckon sees it is in the test.
REFUSED = [
    "{{ a", "{% if yes %}", "{% endfor %}", "{% for x in numbers %}{{ x }}", "{{ 'open }}", "{# open", "{% raw %} open", "{{ (1 }}", "{{ [1, 2 }}",
    "{{ 1 + }}", "{{ | trim }}", "{{ text | nosuchfilter }}", "{{ text is nosuchtest }}", "{% nosuchtag %}", "{{ $ }}", "{% set 1 = 2 %}", "{% set x %}",
    "{% for in numbers %}{% endfor %}", "{{ a b }}", "{% macro %}{% endmacro %}", "{{ 1 is number is string }}", "{% break %}", "{{ f(a=1, 2) }}",
    "{{ missing.x }}", "{{ missing() }}", "{{ missing + 1 }}", "{{ 1 + 'a' }}", "{{ 'a' + 1 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ 1 < 'a' }}",
    "{{ 1 in 1 }}", "{% for x in 1 %}{% endfor %}", "{{ nothing | length }}", "{{ numbers[::0] }}", "{{ text.join([1]) }}", "{{ 'a'.split('') }}",
    "{{ raise_exception('the message') }}", "{{ text.index('zzz') }}", "{% set a, b = [1] %}", "{% set text.x = 1 %}", "{{ 5() }}", "{{ range(1, 2, 0) }}",
    "{{ range(1000000) }}", "{{ numbers.append(1) }}", "{{ table.update({}) }}", "{{ [{}] | unique | list }}", "{{ missing | tojson }}", "{{ ''.__class__ }}{{ ''.__class__.x }}",
    "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{% endmacro %}{{ f(b=2) }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ numbers | map('nosuch') | list }}", "{{ [1, 'a'] | sort }}", "{% set ns = namespace(_x=1) %}",
]


def render(template, **variables):
    return chat_template_utils._compile_jinja_template(template).render(**variables)


def conversations():
    cases = []
    for name, tokens in TOKENS.items():
        template = (CHAT / f"{name}.jinja").read_text()
        for number, messages in enumerate(CONVERSATIONS):
            for prompt in (True, False):
                for thinking in ((None, True, False) if name == "qwen3" else (None,)):
                    extra = {} if thinking is None else {"enable_thinking": thinking}
                    text = chat_template_utils.render_jinja_template(
                        conversations=[messages], chat_template=template, add_generation_prompt=prompt, **tokens, **extra)[0][0]
                    cases.append({"template": name, "conversation": number, "add_generation_prompt": prompt,
                                  "enable_thinking": thinking, "text": text})
    return {"tokens": TOKENS, "conversations": CONVERSATIONS, "cases": cases}


def snippets():
    lines, sources = SNIPPETS.split("\n"), []
    for line in lines:  # a line that does not begin a piece goes on with the one before
        if sources and not line.startswith("{"):
            sources[-1] += "\n" + line
        else:
            sources.append(line)
    rendered = [{"source": s, "text": render(s, **VARIABLES)} for s in sources + SPACING]
    refused = []
    for source in REFUSED:
        try:
            render(source, **VARIABLES)
        except Exception as error:
            refused.append({"source": source, "error": str(error).splitlines()[0] if str(error) else type(error).__name__})
        else:
            raise SystemExit(f"jinja2 takes it: {source}")
    return {"variables": VARIABLES, "rendered": rendered, "refused": refused}


def write(name, value):
    (CHAT / name).write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    write("conversations.json", conversations())
    write("snippets.json", snippets())
