"""Bytes written in all, open files, and what is left when a guest ends."""


def test_file_size_is_a_total(guest, tree):
    out = tree / "out"
    outcome = guest(f"""
D = {str(out)!r}
for i in range(10):
    with open(D + f"/{{i}}", "wb", 0) as file: file.write(b"x" * 1000)
print("all written")
""", "--dir", out, "w", "--file-size", 4500)
    assert outcome.returncode != 0
    assert "all written" not in outcome.stdout
    sizes = sorted(p.stat().st_size for p in out.iterdir())
    assert sizes in ([0, 1000, 1000, 1000, 1000], [1000] * 4)


def test_no_code_runs_past_the_file_size(guest, tree):
    out = tree / "out"
    outcome = guest(f"""
f = open({str(out / "f")!r}, "wb", 0)
try:
    f.truncate(10_000)
except BaseException:
    print("caught")
finally:
    print("finally")
""", "--dir", out, "w", "--file-size", 5000)
    assert outcome.returncode != 0
    assert outcome.stdout == ""
    assert (out / "f").stat().st_size == 0


def test_within_the_file_size(guest, tree):
    out = tree / "out"
    outcome = guest(f"""
with open({str(out / "f")!r}, "w") as file:
    for i in range(100): file.write("0123456789")
print("all written")
""", "--dir", out, "w", "--file-size", 1000)
    assert "all written" in outcome.stdout
    assert (out / "f").stat().st_size == 1000


def test_open_files(guest, tree):
    found = guest(f"""
files, n = [], 0
try:
    while n < 1000:
        files.append(open({str(tree / "data/a.txt")!r})); n += 1
except OSError as exc:
    error = [type(exc).__name__, exc.errno, n]
files.clear()
print(json.dumps(error + [verdict(open, {str(tree / "data/a.txt")!r})]))
""", "--dir", tree / "data", "r", "--open-files", 20).results
    assert found == ["OSError", 24, 20, "ok"]


def test_descriptors_are_closed_with_the_guest(guest, tree):
    """guest.c ends with status 4 if a descriptor is left open."""
    for end in "", "1 / 0":
        outcome = guest(f"""
files = [os.open({str(tree / "data/a.txt")!r}, 0) for _ in range(50)]
keep = [open({str(tree / "data/a.txt")!r}) for _ in range(50)]
{end}
""", "--dir", tree / "data", "r", "--count")
        assert outcome.returncode in (0, 1), outcome.stderr


def test_a_stopped_guest_writes_no_buffer_twice(guest, tree):
    """What was written before the stop is a prefix, whole lines or not."""
    out = tree / "out"
    guest(f"""
f = open({str(out / "f")!r}, "w", buffering=100)
for i in range(10_000):
    f.write(f"{{i:06}}\\n")
""", "--dir", out, "w", "--file-size", 20_000)
    text = (out / "f").read_text()
    whole = "".join(f"{i:06}\n" for i in range(10_000))
    assert whole.startswith(text)
    assert len(text) <= 20_000
