"""Start a process."""
import subprocess

subprocess.run(["/bin/echo", "hello from outside"])
