"""Take memory until there is none."""
hoard = []
while True:
    hoard.append(bytearray(1024 * 1024))
