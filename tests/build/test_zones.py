"""Tools/restrict/zones.py: the table of time zones, from a folder of them."""

import re
import struct
import subprocess

TAIL = b"\nCET-1CEST,M3.5.0,M10.5.0/3\n"


def part(version, transitions, size):
    """A header, and as many transitions to the only type there is."""
    return (b"TZif" + version + bytes(15)
            + struct.pack(">6l", 1, 1, 0, transitions, 1, 4)
            + bytes(transitions * (size + 1))
            + struct.pack(">lbb", 3600, 0, 0) + b"CET\0" + bytes(2))


def zone(transitions):
    return part(b"2", transitions, 4) + part(b"2", transitions, 8) + TAIL


def build(python, top, tmp_path, folders):
    """Run it; return what it says, the keys, the rows and the content."""
    done = subprocess.run(
        [python, top / "Tools/restrict/zones.py", folders, tmp_path / "z.c"],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "z.c").read_text()
    names, data = (bytes(map(int, found.split(",")))
                   for found in re.findall(r"\[\] = \{\n([\d,\s]+)\};", text))
    rows = [tuple(map(int, row)) for row in
            re.findall(r"\{(\d+), (\d+), (\d+)\}", text)][:-1]
    assert f"ZoneCount = {len(rows)};" in text
    keys = [names[row[0]:names.index(0, row[0])].decode() for row in rows]
    return done.stdout, keys, rows, data


def test_keys_and_links(python, top, tmp_path):
    """Sorted, the same content once, and nothing that is not a zone."""
    zones = tmp_path / "zones"
    files = {"Europe/Berlin": zone(9), "Arctic/Longyearbyen": zone(9),
             "UTC": zone(0), "posix/UTC": zone(0), "right/UTC": zone(1),
             "localtime": zone(0), "posixrules": zone(9), "tzdata.zi": b"#",
             "Old": part(b"\0", 3, 4), "A/posix/B": zone(2)}
    for key, content in files.items():
        (zones / key).parent.mkdir(parents=True, exist_ok=True)
        (zones / key).write_bytes(content)
    said, keys, rows, data = build(python, top, tmp_path,
                                   f"{tmp_path}/nowhere:{zones}:{tmp_path}")
    assert f"5 time zones of {zones}" in said
    assert keys == ["A/posix/B", "Arctic/Longyearbyen", "Europe/Berlin", "Old",
                    "UTC"]
    assert rows[1][1:] == rows[2][1:]
    contents = {key: data[start:start + size]
                for key, (_, start, size) in zip(keys, rows, strict=True)}
    assert contents["Old"] == files["Old"]
    empty = (b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 1)
             + bytes(7))
    assert contents["UTC"] == empty + part(b"2", 0, 8) + TAIL
    assert contents["Europe/Berlin"] == empty + part(b"2", 9, 8) + TAIL


def test_none(python, top, tmp_path):
    """A machine without time zones builds all the same, and says so."""
    said, keys, rows, _ = build(python, top, tmp_path, f"{tmp_path}/nowhere")
    assert "no time zones" in said
    assert keys == rows == []
