/* The error conventions of pyrestrict.h, as an embedding program meets them.

   conventions FOLDER      one line a finding: "NAME INTERPRETER RESULT ERROR"

   Each setter is called on the main interpreter, which is trusted, and on a
   restricted one if this build can make one. */

#include <Python.h>

#include <stdio.h>
#include <string.h>

static const char *folder;
static const char *kind;  // of interpreter that is asked

static void
report(const char *name, int result)
{
    PyObject *exc = PyErr_GetRaisedException();
    printf("%s %s %d %s\n", name, kind, result,
           exc != NULL ? Py_TYPE(exc)->tp_name : "-");
    Py_XDECREF(exc);
}

#define CALL(NAME, ...) report(#NAME, PyRestrict_##NAME(interp, ##__VA_ARGS__))

static void
on_denial(const PyRestrictDenial *denial, void *arg)
{
    ++*(int *)arg;
}

/* What is right for a restricted interpreter. */
static void
call_setters(PyInterpreterState *interp)
{
    static int n_denials;
    PyRestrictUsage usage;
    CALL(SetMemoryCap, 64 << 20);
    CALL(SetCPUCap, 10.0);
    CALL(SetWallCap, 20.0);
    CALL(SetStepCap, 1000000);
    CALL(SetOutputCap, 1000);
    CALL(SetFileSizeCap, 1000);
    CALL(SetOpenFilesCap, 10);
    CALL(GetUsage, &usage);
    CALL(AllowDirectory, folder, "rw");
    CALL(AllowFile, "/etc/passwd", "r");
    CALL(AllowModule, "select");
    CALL(BlockModule, "json");
    CALL(AllowFilesystemInfo);
    CALL(UseTrueStdin);
    CALL(UseTrueStdout);
    CALL(UseTrueStderr);
    CALL(SetDenialHook, on_denial, &n_denials);
    CALL(ExtendedSetTrue, "group", "flag");
    CALL(ExtendedValueCap, "group", "cap", 5);
    CALL(ExtendedAddMembership, "group", "set", "member");
    CALL(ExtendedSetValue, "group", "value", "text");
}

/* What is wrong for one. */
static void
call_wrongly(PyInterpreterState *interp)
{
    kind = "wrong";
    CALL(SetMemoryCap, -1);
    CALL(SetCPUCap, 0.0);
    CALL(SetWallCap, -1.0);
    CALL(SetFileSizeCap, -2);
    CALL(SetOpenFilesCap, -1);
    CALL(SetOutputCap, -1);
    CALL(AllowDirectory, "relative", "r");
    CALL(AllowDirectory, folder, "rx");
    CALL(AllowFile, "/nothing/here", "r");
    CALL(AllowModule, "nothing_here");
    CALL(ExtendedSetTrue, "Python", "flag");
    CALL(ExtendedSetTrue, "", "flag");
    CALL(ExtendedSetTrue, "group", "");
    CALL(ExtendedSetTrue, "group", "cap");
    CALL(ExtendedValueCap, "group", "flag", 5);
    CALL(ExtendedValueCap, "group", "cap", -5);
    CALL(ExtendedAddMembership, "group", "value", "x");
    CALL(ExtendedSetValue, "group", "set", "x");
    CALL(ExtendedSetValue, "Python", "set", "x");
}

/* The checks, as an extension module makes them; 0: passed. */
static int
check_all(void)
{
    PyRestrict_Trusted(1);
    PyRestrict_CheckPath("/etc/passwd", "r", 2);
    PyRestrict_CheckModule("ctypes", 3);
    PyRestrict_CheckFilesystemInfo(4);
    PyRestrict_MemoryAlloc((Py_ssize_t)1 << 60, 5);
    PyRestrict_MemoryFree((Py_ssize_t)1 << 60);
    PyRestrict_ExtendedCheckTrue("g", "t", 6);
    PyRestrict_ExtendedValueAlloc("g", "t", 7, 7);
    PyRestrict_ExtendedValueFree("g", "t", 9, 8);
    PyRestrict_ExtendedCheckMembership("g", "t", "x", 9);
    PyRestrict_ExtendedCheckValue("g", "t", "x", 10);
    return 0;
}

static void
try_config(const char *name, size_t size, const char *bytes)
{
    PyThreadState *host = PyThreadState_Get(), *guest = NULL;
    union {
        PyRestrictConfig config;
        char bytes[sizeof(PyRestrictConfig) + 64];
    } given = {0};
    memcpy(given.bytes + sizeof(PyRestrictConfig), bytes, strlen(bytes));
    given.config.size = size;
    PyStatus status = PyRestrict_NewInterpreterFromConfig(&guest,
                                                          &given.config);
    printf("config %s %s\n", name,
           PyStatus_Exception(status) ? "error" : "made");
    if (!PyStatus_Exception(status)) {
        Py_EndInterpreter(guest);
    }
    else if (guest != NULL || PyThreadState_Get() != host) {
        printf("config %s left a thread state behind\n", name);
    }
    PyThreadState_Swap(host);
}

static void
with_guest(PyThreadState *host, PyThreadState *guest)
{
    PyInterpreterState *interp = PyThreadState_GetInterpreter(guest);
    kind = "restricted";
    printf("IsRestricted %s %d -\n", kind, PyRestrict_IsRestricted(interp));
    report("checks", check_all());
    call_setters(interp);  // with the guest's thread state
    call_wrongly(interp);
    PyThreadState_Swap(host);
    kind = "from-host";
    call_setters(interp);
    PyThreadState_Swap(guest);
    kind = "restricted";
    CALL(Cancel);
    Py_EndInterpreter(guest);
    PyThreadState_Swap(host);
}

int
main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : "/";
    Py_Initialize();
    PyThreadState *host = PyThreadState_Get();
    PyInterpreterState *interp = PyThreadState_GetInterpreter(host);
    kind = "trusted";
    printf("IsRestricted %s %d -\n", kind, PyRestrict_IsRestricted(interp));
    report("checks", check_all());
    call_setters(interp);
    CALL(Cancel);
    PyThreadState *guest = PyRestrict_NewInterpreter();
    printf("NewInterpreter %s\n", guest != NULL ? "made" : "NULL");
    if (guest != NULL) {
        with_guest(host, guest);
        try_config("ours", sizeof(PyRestrictConfig), "");
        try_config("older", sizeof(size_t) + sizeof(int), "");
        try_config("newer", sizeof(PyRestrictConfig) + 16, "");
        try_config("newer-and-used", sizeof(PyRestrictConfig) + 16, "x");
        try_config("zero", 0, "");
        try_config("wild", (size_t)-1, "");
    }
    return Py_FinalizeEx() < 0;
}
