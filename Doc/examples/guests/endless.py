"""Never end, whatever comes."""
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
