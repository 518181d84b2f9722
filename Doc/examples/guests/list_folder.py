"""List a folder of the host."""
import os

os.listdir("/")
