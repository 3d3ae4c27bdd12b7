"""Random numbers by key."""

import numpy as np
from scipy import special, stats

from spm_opt.compiled import outer
from spm_opt.simulate.draws import keys, normal, uniforms

MASK = (1 << 64) - 1


@outer
def inverted(u, out):
    for i in range(len(u)):
        out[i] = normal(u[i])


def by_hand(key, purpose, pair):
    """Work SplitMix64 out with Python's own whole numbers."""
    z = (key + 0x9E3779B97F4A7C15 * ((purpose << 40) + pair)) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    z ^= z >> 31
    return ((z >> 12) + 0.5) / 2**52


def test_a_key_depends_on_seed_kind_and_name():
    """Each of the three changes it; the same three give the same one."""
    asked = [(1, "account", "A"), (2, "account", "A"), (1, "market", "A"), (1, "account", "B")]
    found = [int(keys(seed, kind, [name])[0]) for seed, kind, name in asked]
    assert len(set(found)) == 4
    assert found == [int(keys(seed, kind, [name])[0]) for seed, kind, name in asked]


def test_company_does_not_change_a_key():
    """What an account draws does not depend on which others are asked for with it."""
    assert keys(3, "account", ["B"])[0] == keys(3, "account", ["A", "B", "C"])[1]


def test_numbers_are_those_of_splitmix64():
    """Key, purpose and pair alone decide, and partners mirror each other."""
    key = keys(1, "account", ["A", "B"])
    drawn = uniforms(key, 3, 6, 5)
    for i in range(2):
        for at, r in enumerate(range(6, 11)):
            u = by_hand(int(key[i]), 3, r // 2)
            assert drawn[i, at] == (u if r % 2 == 0 else 1 - u)


def test_a_block_is_part_of_the_whole():
    """Replications 250 to 259 are the same, whether drawn alone or among others."""
    key = keys(1, "seller", ["S"])
    assert (uniforms(key, 0, 250, 10) == uniforms(key, 0, 0, 400)[:, 250:260]).all()


def test_draws_have_their_distribution():
    """Uniform (Kolmogorov and Smirnov), and not correlated between keys, purposes or neighbours."""
    key = keys(1, "account", [f"A{i}" for i in range(40)])
    drawn = uniforms(key, 1, 0, 10_000)[:, ::2]  # partners are not independent
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 0.001
    assert np.abs(np.corrcoef(drawn) - np.eye(40)).max() < 0.07
    assert abs(np.corrcoef(drawn[:, 1:].ravel(), drawn[:, :-1].ravel())[0, 1]) < 0.01
    other = uniforms(key, 2, 0, 10_000)[:, ::2]
    assert abs(np.corrcoef(drawn.ravel(), other.ravel())[0, 1]) < 0.01


def test_the_normal_inverse_is_exact():
    """Another library's inverse agrees to 13 digits, far into the tails, and mirrors exactly."""
    u = np.concatenate([np.geomspace(1e-15, 0.49, 400), np.linspace(0.4, 0.6, 101)])
    out, mirrored = np.empty(len(u)), np.empty(len(u))
    inverted(u, out)
    inverted(1 - u, mirrored)
    np.testing.assert_allclose(out, special.ndtri(u), rtol=1e-13, atol=1e-14)
    exact = np.array([0.25, 0.03125, 2.0**-20, 0.4375])
    low, high = np.empty(4), np.empty(4)
    inverted(exact, low)
    inverted(1 - exact, high)
    assert (low == -high).all()
