"""The heap of a guest: what is freed is used again or given back, and what
fragments cost stays under the cap."""

import shlex
import subprocess

import pytest

INTERPRETER = 2500              # KiB, as in test_memory.py
SLACK = 4 << 10

# Each phase fills a part of the cap with blocks of one size, frees every
# other, and goes on with larger ones, which fit into none of the holes.
FRAGMENTS = {
    "larger-and-larger": """
size = 600
kept = []
for phase in range(40):
    blocks = [bytes(size) for i in range(CAP // 8 // size)]
    del blocks[::2]
    kept.append(blocks)
    size = size * 2 + 16 if size < 100_000 else 600
    while sum(len(b) * len(b[0]) for b in kept if b) > CAP // 2:
        kept.pop(0)
""",
    # What is freed lies in the middle of pages that stay.
    "smaller-and-smaller": """
size = 250_000
kept = []
for phase in range(60):
    blocks = [bytes(size) for i in range(CAP // 8 // size)]
    del blocks[1::2]
    kept.append(blocks)
    size = size * 2 // 3 if size > 1000 else 250_000
    while sum(len(b) * len(b[0]) for b in kept if b) > CAP // 2:
        kept.pop(0)
""",
    "random": """
import random
r = random.Random(CAP)
blocks = {}
total = 0
for i in range(60_000):
    size = int(2 ** r.uniform(9.1, 17.9))
    while total + size > CAP // 2:
        old = blocks.pop(r.choice(list(blocks)) if len(blocks) < 50
                         else next(iter(blocks)))
        total -= len(old)
    blocks[i] = bytearray(size)
    total += size
""",
    "resized": """
blocks = [bytearray(700) for i in range(CAP // 8000)]
for size in (3000, 900, 5000, 1100, 3900, 600):
    for b in blocks[::2]:
        if size < len(b):
            del b[size:]
        else:
            b.extend(bytes(size - len(b)))
    blocks = blocks[1::2] + blocks[::2]
""",
    "to-the-cap": """
size = 600
kept = []
while True:
    kept.append([bytes(size) for i in range(CAP // 50 // size)])
    del kept[-1][::2]
    size = size * 3 // 2 if size < 200_000 else 600
""",
    "large-ones-too": """
size = 200_000
kept = []
for phase in range(200):
    blocks = []
    try:
        while True:
            blocks.append(bytes(size))
    except MemoryError:
        pass
    del blocks[::2]
    kept = blocks
    size = size * 9 // 8 if size < CAP // 20 else 70_000
""",
}


@pytest.mark.parametrize("cap", [8, 32, 256])
@pytest.mark.parametrize("name", FRAGMENTS)
def test_fragments_stay_under_the_cap(driver, name, cap, slow_build):
    [guest], process = driver(f"CAP = {cap << 20}\n{FRAGMENTS[name]}",
                              memory=cap << 20, wall=100, timeout=200)
    assert guest["error"] in ("", "Stopped", "MemoryError")
    assert guest["hit"] in ("", "memory")
    assert guest["peak"] > cap << 18            # it did hold something
    assert guest["peak"] <= (cap << 20) + (512 << 10)
    if not slow_build:
        assert process["rss_peak"] - process["start"] <= (
            (cap << 10) + SLACK + INTERPRETER)


def test_fragments_do_not_end_a_guest_early(driver):
    """Half of the cap in holes is room for other sizes."""
    [guest], _ = driver("""
n = (48 << 20) // 100_000
blocks = [bytes(100_000) for i in range(n)]
del blocks[::2]
blocks += [bytes(150_000) for i in range(n // 4)]
print(len(blocks))
""", memory=64 << 20)
    n = (48 << 20) // 100_000
    assert guest["stdout"] == f"{n - (n + 1) // 2 + n // 4}\n"
    assert guest["hit"] == ""


def test_blocks_hold_what_was_put_there(driver):
    """Taking, resizing and freeing, of sizes on both sides of each limit."""
    [guest], _ = driver("""
import random
r = random.Random(7)
edges = (512, 4096, 65536, 1 << 18, 1 << 20)
live = {}
for i in range(30_000):
    k = r.randrange(200)
    size = r.choice(edges) + r.randrange(-60, 60) if i % 2 else \\
        int(2 ** r.uniform(8, 18))
    block, value = live.pop(k, (None, 0))
    if block is not None:
        assert block.count(value) == len(block)
    if block is None or i % 3 == 0:
        value = r.randrange(1, 256)
        block = bytearray(size)
        assert block.count(0) == size
        block[:] = bytes([value]) * size
    elif i % 3 == 1:
        if size < len(block):
            del block[size:]
        else:
            block.extend(bytes([value]) * (size - len(block)))
    else:
        continue
    live[k] = block, value
live.clear()
print('ok')
""", memory=512 << 20, wall=100, timeout=120)
    assert (guest["stdout"], guest["error"]) == ("ok\n", "")
    assert guest["memory"] < 8 << 20


@pytest.mark.parametrize("size", [600, 5000, 200_000, 1 << 20, 3 << 20])
def test_new_blocks_are_zero(driver, size):
    [guest], _ = driver(f"""
for i in range(20):
    x = bytearray(b'x') * {size}
    del x
    assert bytes({size}).count(0) == {size}
    assert bytearray({size - 30}).count(0) == {size - 30}
print('ok')
""", memory=128 << 20)
    assert guest["stdout"] == "ok\n"


def test_kept_mappings_make_room(driver):
    """What waits for the next block is the guest's own again at the cap."""
    [guest], _ = driver("""
for n in range(8):
    x = bytes((1 << 18) + n * (1 << 16))
    del x
held = []
try:
    while True:
        held.append(bytes(100_000))
except MemoryError:
    pass
print(sum(map(len, held)) >> 20)
""", memory=32 << 20)
    assert int(guest["stdout"]) >= 27
    assert guest["peak"] <= 32 << 20


def test_freed_memory_is_not_counted(driver):
    [guest], _ = driver("""
for size in (1000, 20_000, 250_000, 1 << 20):
    x = [bytes(size) for i in range((16 << 20) // size)]
    del x
""", memory=64 << 20)
    assert guest["memory"] < 6 << 20 < 16 << 20 < guest["peak"]


@pytest.fixture(scope="module", params=["", "-fsanitize=address,undefined"],
                ids=["plain", "sanitized"])
def heap(request, top, build_dir, python, tmp_path_factory):
    """The heap by itself, under random requests; see heap.c."""
    if request.param and request.config.getoption("flavour") == "asan":
        pytest.skip("sanitized anyway")
    compiler = subprocess.run(
        [python, "-c", "import sysconfig; "
         "print(sysconfig.get_config_var('CC'))"],
        capture_output=True, text=True, check=True).stdout
    program = tmp_path_factory.mktemp("heap") / "heap"
    headers = top / "build/cpython/Include"
    subprocess.run(
        [*shlex.split(compiler), "-std=c11", "-D_GNU_SOURCE", "-O1", "-g",
         *request.param.split(), "-DPy_BUILD_CORE", "-o", program,
         *(f"-I{path}" for path in (
             top / "Python", headers / "internal",
             headers / "internal/mimalloc", build_dir, headers)),
         top / "tests/limits/heap.c"], check=True)
    return program


@pytest.mark.parametrize("cap", [60_000_000, 12_000_000, 4_000_000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_requests(heap, seed, cap):
    """After each fifty, it holds together and counts what is resident."""
    done = subprocess.run([heap, str(seed), "8000", str(cap)],
                          capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr[-3000:]
    if cap < 5_000_000:
        assert done.stdout == "1\n"         # it had to give back
