/* The network part of pyrestrict.h, used as an embedding program does. */

#include <Python.h>
#include <stdio.h>

static int
check_address(const char *ip, int port)
{
    PyRestrict_CheckIPAddress(ip, port, -1);
    return 0;
}

static int
check_host(const char *host, int port)
{
    PyRestrict_CheckHost(host, port, -1);
    return 0;
}

static int
check_info(void)
{
    PyRestrict_CheckNetworkInfo(-1);
    return 0;
}

/* Print the result, and the class of the exception that was set. */
static void
report(const char *what, int result)
{
    PyObject *exc = PyErr_GetRaisedException();
    printf("%s %d %s\n", what, result, exc ? Py_TYPE(exc)->tp_name : "-");
    Py_XDECREF(exc);
}

static void
check_all(const char *who)
{
    printf("%s\n", who);
    report("address", check_address("127.0.0.1", 80));
    report("spelling", check_address("0x7f.1", 80));
    report("port", check_address("127.0.0.1", 81));
    report("any", check_address("127.0.0.1", 0));
    report("anyhost", check_host("127.0.0.1", 0));
    report("network", check_address("10.1.2.3", 8005));
    report("host", check_host("127.0.0.1", 80));
    report("info", check_info());
}

int
main(void)
{
    Py_Initialize();
    PyThreadState *host = PyThreadState_Get();
    PyInterpreterState *trusted = PyThreadState_GetInterpreter(host);
    check_all("trusted");
    report("setter", PyRestrict_AllowIPAddress(trusted, "127.0.0.1", 80));
    report("setter", PyRestrict_AllowHost(trusted, "localhost", 80));
    report("setter", PyRestrict_AllowNetworkInfo(trusted));
    PyThreadState *guest = PyRestrict_NewInterpreter();
    PyInterpreterState *interp = PyThreadState_GetInterpreter(guest);
    check_all("nothing");
    report("bad", PyRestrict_AllowIPAddress(interp, "127.0.0.256", 80));
    report("bad", PyRestrict_AllowIPAddress(interp, "127.0.0.1/24", 80));
    report("bad", PyRestrict_AllowIPAddress(interp, "127.0.0.1", 65536));
    report("bad", PyRestrict_AllowHost(interp, "a b", 80));
    report("bad", PyRestrict_SetSocketsCap(interp, -1));
    report("bad", PyRestrict_SetNetBytesCap(interp, -2));
    report("inside", PyRestrict_AllowHost(interp, "127.0.0.1", 80));
    report("allow", PyRestrict_AllowIPAddress(interp, "127.0.0.1", 80));
    report("allow",
           PyRestrict_AllowIPAddressRange(interp, "10.0.0.0/8", 8000, 8010));
    report("allow", PyRestrict_AllowHost(interp, "127.0.0.1", 80));
    report("allow", PyRestrict_AllowNetworkInfo(interp));
    report("cap", PyRestrict_SetSocketsCap(interp, 3));
    report("cap", PyRestrict_SetNetBytesCap(interp, 1000));
    check_all("granted");
    PyRun_SimpleString("import socket\n"
                       "keep = [socket.socket() for _ in range(3)]\n"
                       "try:\n    socket.socket()\n"
                       "except OSError as exc:\n    n = exc.errno\n"
                       "assert n == 24\n");
    report("ran", 0);
    Py_EndInterpreter(guest);
    PyThreadState_Swap(host);
    return Py_FinalizeEx() < 0;
}
