"""Every refusal is recorded: what, where, how often, what would allow it."""


def test_denials(host):
    host("""
        source = dedent('''
            for i in range(3):
                try:
                    int.__subclasses__()
                except Exception:
                    pass
            try:
                import pwd
            except ImportError:
                pass
        ''')
        result = restrict.run(source, filename="demo.py")
        first, second = result.denials
        assert first.capability == "attribute"
        assert first.subject == "type.__subclasses__"
        assert first.location == "demo.py:4"
        assert first.grant is None and first.option() is None
        assert first.count == 3 and first.time <= first.last_time
        assert second.capability == "import"
        assert second.grant == 'modules = ["pwd"]'
        assert second.option() == "--allow-module pwd"
        assert result.usage.denials == 4
        exec(source.replace("import pwd", "int.__subclasses__()"))
    """)


def test_threads_are_refused_by_that_name(host):
    host("""
        with Interpreter() as guest:
            for source in ("import threading\\n"
                           "threading.Thread(target=print).start()",
                           "import _thread\\n"
                           "_thread.start_new_thread(print, ())"):
                error = raises(GuestError, guest.exec, source)
                assert error.type_name == "RestrictedCallError"
                assert error.message == "threads are not allowed here"
            assert [(d.capability, d.subject) for d in guest.denials] == [
                ("call", "_thread.start_joinable_thread"),
                ("call", "_thread.start_new_thread")]
    """)


def test_logging_and_audit_events(host):
    host("""
        import logging, sys
        records, events = [], []

        class Handler(logging.Handler):
            def emit(self, record): records.append(record)

        logging.getLogger("restrict.audit").addHandler(Handler())
        sys.addaudithook(lambda event, args: events.append(args)
                         if event == "restrict.denied" else None)
        with Interpreter() as guest:
            guest.exec("def f():\\n"
                       " try: int.__subclasses__()\\n"
                       " except Exception: pass\\n"
                       "for i in range(1000): f()")
            assert len(records) == len(events) == 1
            assert events[0] == ("attribute", "type.__subclasses__",
                                 "<guest>:2")
            assert "1000 times" in records[0].getMessage()
            assert records[0].denial.count == 1000
            guest.call("f")
            assert "1 times" in records[1].getMessage()
            guest.exec("1")
            assert len(records) == len(events) == 2
    """)


def test_nothing_is_printed_when_nobody_listens(host):
    assert host("""
        restrict.run("try: int.__subclasses__()\\nexcept Exception: pass")
    """) == ""


def test_a_flood_is_bounded_and_counted(host):
    host("""
        with Interpreter(Policy(cpu=None, wall=None)) as guest:
            guest.exec(dedent('''
                for i in range(20_000):
                    try: __import__(f"m{i % 1000}")
                    except ImportError: pass
            '''))
            assert guest.usage.denials == 20_000
            assert len(guest.denials) == 256
    """)


def test_a_flood_does_not_hide_what_was_before(host):
    """Nor what it was itself: what is lost is told as a number."""
    host('''
        import logging, sys
        told = []
        class Handler(logging.Handler):
            def emit(self, record):
                told.append(record.getMessage())
        logging.getLogger("restrict.audit").addHandler(Handler())
        events = []
        sys.addaudithook(lambda name, args: events.append(args)
                         if name == "restrict.denied" else None)
        flood = dedent("""
            for i in range(1000):
                try: open(f"/{i}")
                except OSError: pass
        """)
        with Interpreter() as guest:
            guest.exec("try: open('/etc/passwd')\\nexcept OSError: pass\\n"
                       + flood)
            assert any(d.subject == "/etc/passwd" for d in guest.denials)
            assert guest.denials[-1].count == 1
            assert any("/999" in d.subject for d in guest.denials)
            assert "'/etc/passwd'" in told[0]
            assert "745 of other kinds" in told[-1]
            assert events[-1] == ("more", "745 of other kinds", "")
            guest.exec("1")
            assert len(told) == len(events) == 257
    ''')


def test_denials_survive_a_stop(host):
    host("""
        guest = Interpreter(Policy(cpu=0.2))
        raises(LimitExceeded, guest.exec,
               "try: int.__subclasses__()\\nexcept Exception: pass\\n"
               "while True: pass")
        assert len(guest.denials) == 1
        guest.close()
        assert len(guest.denials) == 1
    """)


def test_control_characters_are_escaped(host):
    host("""
        result = restrict.run(
            "try: __import__('a\\\\n\\\\x1b[31m\\\\u202e\\\\x85b')\\n"
            "except ImportError: pass", filename="x\\ny\\x1b.py")
        denial = result.denials[0]
        for text in (denial.subject, denial.location):
            assert text.isprintable(), text
        assert denial.grant is None     # an entry with other text is untrue
    """)


def test_a_file_name_does_not_hide_the_location(host):
    """Names of the library's, and such as no encoding has."""
    host("""
        source = dedent('''
            for name in ("<frozen os>", "<frozen ", "\\\\udc80", "\\\\ud800"):
                text = "\\\\n\\\\ntry: __import__(name.upper())"
                text += "\\\\nexcept ImportError: pass"
                try:
                    code = compile(text, name, "exec")
                except UnicodeError:
                    continue
                exec(code)
        ''')
        result = restrict.run(source, filename="demo.py")
        places = [denial.location for denial in result.denials]
        assert len(places) >= 3, places
        for place in places:
            assert place.endswith(":3"), places
    """)


def test_readable_while_the_guest_runs(host):
    host("""
        import threading, time
        guest = Interpreter(Policy(cpu=None, wall=None))
        thread = threading.Thread(target=raises, args=[
            LimitExceeded, guest.exec,
            "i = 0\\nwhile True:\\n try: __import__(f'm{i % 500}')\\n"
            " except ImportError: i += 1"])
        thread.start()
        counts = []
        while len(counts) < 200 or counts[-1] < 1000:
            counts.append(guest.usage.denials)
            for denial in guest.denials:
                assert denial.subject.startswith("m") and denial.count >= 1
        assert counts == sorted(counts)
        guest.cancel()
        thread.join()
        guest.close()
    """)


def test_options_follow_the_grant(host):
    host("""
        def option(grant):
            return restrict.Denial("x", "y", "", grant, 1, 0.0, 0.0).option()

        assert option(None) is None and option("not toml") is None
        assert option('modules = ["a"]') == "--allow-module a"
        assert option('files = {"/a b" = "r"}') == "--allow-read '/a b'"
        assert option('directories = {"/a" = "rw"}') == \\
            "--allow-read /a --allow-write /a"
        assert option('addresses = [["2001:db8::1", 80]]') == \\
            "--allow-net '[2001:db8::1]:80'"
        assert option('hosts = [["example.com", 443]]') == \\
            "--allow-net example.com:443"
        assert option("network_info = true") is None
    """)
