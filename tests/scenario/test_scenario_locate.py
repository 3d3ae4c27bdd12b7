"""The locator of TOML keys against tomllib."""

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from spm_opt.scenario.locate import Place, locate


def paths_of(value, path=()):
    """Every path of a parsed document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield (*path, i)
            yield from paths_of(inner, (*path, i))


TRICKY = """\
# a comment = 1
top = "a # no comment ] }" # x = 2
"quoted key"."with.dot" = 'its ]' # } = 2
[a.b]
c.d = [1, [2, 3], {e = 4, f.g = [5]}, # six = 6
  "]",
]
multi = '''
not = "a key"
[nor.a.table]
'''
[[list]]
x = 1
[list.inner]
y = 2
[[list]]
x = 3
[[list.deep]]
z = 1979-05-27T07:32:00Z
[[list.deep]]
z = +1_000.5e3
"""


def test_every_key_of_a_tricky_document_has_its_line_and_column():
    """Comments, strings, dots, quotes, inline tables and arrays of tables do not lead the locator astray."""
    places = locate(TRICKY)
    assert set(places) == set(paths_of(tomllib.loads(TRICKY)))
    assert places["top",] == Place(2, 1)
    assert places["quoted key", "with.dot"] == Place(3, 14)
    assert places["a", "b", "c", "d"] == Place(5, 3)
    assert places["a", "b", "c", "d", 1, 1] == Place(5, 15)
    assert places["a", "b", "c", "d", 2, "f", "g", 0] == Place(5, 34)
    assert places["a", "b", "c", "d", 3] == Place(6, 3)
    assert places["list", 1, "x"] == Place(17, 1)
    assert places["list", 1, "deep", 1, "z"] == Place(21, 1)


def test_line_ends_of_windows_count_once():
    """A document with CRLF has the same places."""
    assert locate(TRICKY.replace("\n", "\r\n")) == locate(TRICKY)


KEYS = st.one_of(st.sampled_from(["a", "b", "c-d", "1"]), st.text("ab .\"'\\#=é", max_size=4))
SCALARS = st.one_of(
    st.integers(-9, 99), st.booleans(), st.text("ab\"'\\ #]}=,\n", max_size=6), st.just(1.5), st.just("")
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def basic(text):
    """Write a basic string of TOML."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}
    return '"' + "".join(escapes.get(letter, letter) for letter in text) + '"'


def key_text(key, draw):
    """Write a key in one of the ways TOML allows."""
    if key and key.isascii() and key.replace("-", "").isalnum() and draw(st.booleans()):
        return key
    if "'" not in key and "\n" not in key and draw(st.booleans()):
        return f"'{key}'"
    return basic(key)


def value_text(value, draw):
    """Write a value in one of the ways TOML allows."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            if draw(st.booleans()):
                body = value.replace("\\", "\\\\").replace('"', '\\"')
                return f'"""\n{body}"""'
            return basic(value)
        case list():
            gap = draw(st.sampled_from([" ", "\n  # gap = [1\n  "]))
            return "[" + gap + ("," + gap).join(value_text(one, draw) for one in value) + gap + "]"
        case dict():
            return (
                "{"
                + ", ".join(f"{key_text(k, draw)} = {value_text(v, draw)}" for k, v in value.items())
                + "}"
            )
    return str(value)


@st.composite
def documents(draw):
    """Documents of pairs, dotted pairs, tables and arrays of tables."""
    lines = []
    for key, value in draw(st.dictionaries(KEYS, VALUES, max_size=3)).items():
        name = key_text(key, draw)
        if draw(st.booleans()):
            name += " . " + key_text(draw(KEYS), draw)
        lines.append(f"{name} = {value_text(value, draw)} # end = 1")
    for header in draw(
        st.lists(st.sampled_from(["[T.x]", "[[L]]", "[[L]]", "[L.t]", "[[ L . 'm' ]]", "[U]"]), max_size=6)
    ):
        lines.append(header)
        for key, value in draw(st.dictionaries(KEYS, VALUES, max_size=2)).items():
            lines.append(f"  {key_text(key, draw)} = {value_text(value, draw)}")
    return "\n".join(lines) + "\n"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(documents())
def test_the_locator_finds_exactly_the_keys_that_tomllib_finds(text):
    """On any document that tomllib accepts, the paths are its paths, and each place shows the key's name."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    places = locate(text)
    assert set(places) == set(paths_of(document))
    lines = text.split("\n")
    for path, place in places.items():
        rest = lines[place.line - 1][place.column - 1 :]
        if isinstance(path[-1], str) and rest[0] not in "'\"":
            assert rest.startswith(path[-1])
