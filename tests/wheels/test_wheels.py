"""Stock wheels for 3.13 install, load and work: the ABI is upstream's.

They are compiled by others, against CPython as it is.  In a trusted
interpreter each does a small real thing; a guest is told that it may not
import it.
"""

import subprocess

import pytest

pytestmark = pytest.mark.timeout(900)

USES = {
    "numpy": """
import numpy as np
a = np.arange(12.0).reshape(3, 4)
print(a.T @ a, np.linalg.norm(a).round(6), np.fft.fft([1, 2, 3, 4]))
assert np.allclose(np.linalg.inv(np.eye(3) * 2), np.eye(3) / 2)
""",
    "cryptography": """
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
box = Fernet(Fernet.generate_key())
assert box.decrypt(box.encrypt(b"secret")) == b"secret"
key = ec.generate_private_key(ec.SECP256R1())
signature = key.sign(b"data", ec.ECDSA(hashes.SHA256()))
key.public_key().verify(signature, b"data", ec.ECDSA(hashes.SHA256()))
""",
    "lxml": """
from lxml import etree
root = etree.fromstring("<a><b n='1'/><b n='2'>text</b></a>")
assert root.xpath("//b[@n='2']/text()") == ["text"]
sheet = etree.XSLT(etree.XML(
    "<x:stylesheet version='1.0'"
    " xmlns:x='http://www.w3.org/1999/XSL/Transform'>"
    "<x:template match='/'><n><x:value-of select='count(//b)'/></n>"
    "</x:template></x:stylesheet>"))
assert str(sheet(root)).endswith("<n>2</n>\\n")
""",
    "pydantic": """
from datetime import date
from pydantic import BaseModel, ValidationError
class Order(BaseModel):
    number: int
    day: date
    items: list[str] = []
order = Order(number="7", day="2024-02-29", items=["a"])
assert order.model_dump_json() == (
    '{"number":7,"day":"2024-02-29","items":["a"]}')
try:
    Order(number="x", day="2024-02-30")
except ValidationError as exc:
    assert exc.error_count() == 2
""",
    "pytest": """
import pathlib, pytest
pathlib.Path("test_it.py").write_text(
    "import pytest\\n"
    "@pytest.mark.parametrize('n', range(3))\\n"
    "def test_it(n, tmp_path): assert tmp_path.exists() and n < 3\\n")
assert pytest.main(["-q", "-p", "no:cacheprovider", "test_it.py"]) == 0
""",
}

# What pip says when there is no network, or no index behind it.
UNREACHABLE = ["Temporary failure in name resolution", "Max retries exceeded",
               "No matching distribution found", "Network is unreachable",
               "Connection refused", "timed out"]


@pytest.fixture(scope="module")
def installed(python, build_dir, tmp_path_factory):
    """The interpreter of an environment with all of them."""
    folder = tmp_path_factory.mktemp("wheels")
    subprocess.run([python, "-m", "venv", folder], check=True)
    done = subprocess.run(
        [folder / "bin" / "python", "-m", "pip", "install", "--quiet",
         "--only-binary=:all:", *USES],
        text=True, capture_output=True, timeout=800)
    if done.returncode and build_dir.name == "debug":
        pytest.skip("a debug build takes other wheels")
    if any(word in done.stderr for word in UNREACHABLE):
        error = done.stderr.strip().splitlines()[-1]
        pytest.skip(f"the package index cannot be reached: {error}")
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "python"


@pytest.mark.parametrize("name", USES)
def test_it_works_trusted(installed, tmp_path, name):
    done = subprocess.run([installed, "-c", USES[name]], text=True,
                          capture_output=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", USES)
def test_a_guest_is_refused(installed, name):
    """Clearly, and with the grant that would be needed in the record."""
    done = subprocess.run([installed, "-c", f"""
import restrict
try:
    restrict.run("import {name}")
except restrict.GuestError as exc:
    print(exc.type_name, "|", exc.message)
    (denial,) = exc.result.denials
    print(denial.capability, denial.subject)
"""], text=True, capture_output=True, timeout=300)
    assert (done.stdout, done.stderr) == (
        f"RestrictedImportError | import of '{name}' is not "
        f"allowed\nimport {name}\n", "")


def test_the_wheels_are_stock(installed):
    """Those with C code are for cp313, and load in that many modules."""
    done = subprocess.run([installed, "-c", """
import importlib.metadata as m
for name in ("numpy", "lxml", "pydantic-core"):
    print([tag for line in m.distribution(name).read_text("WHEEL")
           .splitlines() if line.startswith("Tag:")
           for tag in line.split("-")[0].split()[1:]][0])
"""], text=True, capture_output=True, check=True)
    assert done.stdout == "cp313\n" * 3
