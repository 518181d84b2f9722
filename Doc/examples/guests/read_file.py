"""Read a file of the host."""
open("/etc/passwd").read()
