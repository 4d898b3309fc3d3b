"""The source that the parser accepts means in JavaScript what the tree says."""

from __future__ import annotations

import itertools
import json
import re
import subprocess

import nodejs.node
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import API, functions

from conformance.language.javascript import shortest, to_javascript
from conformance.language.parser import parse
from conformance.language.problems import LanguageErrors

# A proxy answers to everything and remembers how it was reached, so that two sources that do the
# same have the same trace.
_TRACE = """
const labels = new WeakMap();
const proxy = label => {
  const made = new Proxy(() => {}, {
    get: (_, key) => key === Symbol.iterator
      ? function* () { for (let i = 0; i < 5; i++) yield proxy(`${label}<${i}>`); }
      : key === Symbol.toPrimitive ? () => NaN : proxy(`${label}.${String(key)}`),
    apply: (_, self, args) => proxy(`${label}(${args.map(a => show(a, 0))})`),
    ownKeys: () => [],
    getOwnPropertyDescriptor: () => undefined,
  });
  labels.set(made, label);
  return made;
};
const attempt = (f, depth) => {
  try { return show(f(...[0, 1, 2].map(i => proxy(`p${i}`))), depth + 1); }
  catch (error) { return error.constructor.name; }
};
const show = (value, depth) =>
  labels.has(Object(value)) ? labels.get(value)
  : depth > 6 ? '…'
  : typeof value === 'function' ? `function ${attempt(value, depth)}`
  : Array.isArray(value) ? `[${value.map(v => show(v, depth))}]`
  : value !== null && typeof value === 'object'
    ? `{${Object.keys(value).map(k => `${k}:${show(value[k], depth)}`)}}`
  : Object.is(value, -0) ? '-0' : typeof value === 'string' ? JSON.stringify(value)
  : String(value);
const sources = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(sources.map(source => {
  const made = new Function('tf', 'return (' + source + ')')(proxy('tf'));
  return typeof made + ' ' + show(made, 0);
})));
"""


def traces(sources):
    """What each source does in Node."""
    done = subprocess.run(
        [nodejs.node.path, "-e", _TRACE],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_trace_tells_functions_apart():
    first, second, third = traces(["x => x.add(1)", "x => x.add(2)", "x => (x).add(1)"])
    assert first == third == "function function p0.add(1)"
    assert second == "function function p0.add(2)"


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?(?:e[+-]\d+)?|[\w$]+|=>|\.\.\.|\S')
_GAPS = st.lists(st.sampled_from(["", "", " ", "\n", "\t"]), min_size=1, max_size=40)


def laid_out(source, gaps):
    """The same tokens with other white space between them, some semicolons left out."""
    parts: list[str] = []
    for piece, gap in zip(_TOKEN.findall(source), itertools.cycle(gaps), strict=False):
        if piece == ";" and gap == "\n":
            parts.append(gap)
            continue
        glued = parts and re.match(r"[\w$.]", piece) and re.search(r"[\w$.]$", parts[-1])
        parts += [gap or (" " if glued else ""), piece]
    return "".join(parts)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(functions, _GAPS), min_size=10, max_size=20))
def test_accepted_sources_do_in_node_what_their_trees_say(batch):
    pairs = []
    for function, gaps in batch:
        printed = to_javascript(function)
        pairs.append((printed, printed))
        source = laid_out(printed, gaps)
        try:
            tree = parse(source, API)
        except LanguageErrors:
            continue
        pairs.append((source, to_javascript(tree)))
    sources, printed = zip(*pairs, strict=True)
    found = traces([*sources, *printed])
    assert all(trace.startswith("function ") for trace in found)
    assert found[: len(pairs)] == found[len(pairs) :]


@settings(max_examples=5, deadline=None)
@given(st.lists(st.floats(min_value=0, allow_infinity=False).map(abs), min_size=50, max_size=200))
def test_numbers_are_printed_as_node_prints_them(values):
    texts = [shortest(value) for value in values]
    assert traces([f"() => {text}" for text in texts]) == [f"function function {t}" for t in texts]
