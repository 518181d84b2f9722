"""Time zones that the binary was built with: the same as the system's."""

import os
import subprocess

import pytest

FOLDER = "/usr/share/zoneinfo"
pytestmark = pytest.mark.skipif(
    not os.path.isfile(f"{FOLDER}/tzdata.zi"),
    reason="the system has no time zones, or does not say which")

# Both classes, far and near times, gaps and folds, keys of all kinds.
PROGRAM = """
import copy, datetime, pickle, zoneinfo
from zoneinfo import _zoneinfo
print(zoneinfo.ZoneInfo, _zoneinfo.ZoneInfo is zoneinfo.ZoneInfo)
keys = sorted(zoneinfo.available_timezones() - {"localtime"})
print(len(keys), keys[:3], keys[-3:])
years = (1850, 1893, 1916, 1945, 1970, 1999, 2024, 2037, 2038, 2100)
for key in keys:
    for cls in (zoneinfo.ZoneInfo, _zoneinfo.ZoneInfo):
        zone = cls.no_cache(key)
        times = [datetime.datetime(year, month, 27, 1, 30, tzinfo=zone,
                                   fold=month % 2)
                 for year in years for month in (1, 3, 7, 10)]
        print(zone, [(str(t), str(t.dst()), t.tzname()) for t in times])
berlin = zoneinfo.ZoneInfo("Europe/Berlin")
print(repr(berlin), berlin is zoneinfo.ZoneInfo("Europe/Berlin"))
print(pickle.loads(pickle.dumps(berlin)) is berlin, copy.copy(berlin))
print(pickle.loads(pickle.dumps(zoneinfo.ZoneInfo.no_cache("UTC"))))
class Mine(zoneinfo.ZoneInfo): pass
print(Mine("Asia/Tokyo"), datetime.datetime(2024, 3, 31, 3, tzinfo=berlin)
      .astimezone(Mine("Asia/Tokyo")))
for key in ("", ".", "..", "/", "/etc/x", "Europe", "Europe/", "./UTC",
            "a/../UTC", "Europe//Berlin", "UTC\\0", "\\ud800", "Nope", "-",
            "europe/berlin", "a" * 5000, "../zoneinfo/UTC", 1, None, "\u00e9",
            "Europe/Berlin/x", "Europe/Berlin\\n"):
    for cls in (zoneinfo.ZoneInfo, _zoneinfo.ZoneInfo):
        try: print(repr(key), cls(key))
        except Exception as error: print(type(error), ascii(str(error)))
"""


def release():
    with open(f"{FOLDER}/tzdata.zi") as file:
        return file.readline()


def test_they_are_the_systems(python, guest, build_dir):
    built_of = (build_dir / "restrict_zones.of").read_text()
    if release().strip() not in built_of:
        pytest.skip("built with other time zones than the system's")
    trusted = subprocess.run([python, "-X", "utf8", "-c", PROGRAM],
                             capture_output=True, text=True, timeout=600)
    assert trusted.returncode == 0, trusted.stderr
    done = guest(PROGRAM, cpu=300, wall=600, output="64MiB")
    assert done["outcome"] == ["value", None], done["outcome"]
    assert done["stdout"] == trusted.stdout
    assert done["denials"] == []
