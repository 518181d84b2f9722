/* Python is ended and begun again in one process, as a plug-in host does, each
   time with guests that live beside each other.

   lives N SOURCE: N lives; each guest runs SOURCE. */

#include "Python.h"

#define GUESTS 3

static int
run(const char *source)
{
    PyObject *dict = PyModule_GetDict(PyImport_AddModule("__main__"));
    PyObject *result = PyRun_String(source, Py_file_input, dict, dict);
    if (result == NULL) {
        PyErr_Print();
        return -1;
    }
    Py_DECREF(result);
    return 0;
}

static int
run_guests(const char *source)
{
    PyThreadState *host = PyThreadState_Get(), *guests[GUESTS];
    int err = 0;
    for (int i = 0; i < GUESTS; i++) {
        guests[i] = PyRestrict_NewInterpreter();
        if (guests[i] == NULL) {
            return -1;
        }
        PyInterpreterState *interp = PyThreadState_GetInterpreter(guests[i]);
        err |= PyRestrict_SetMemoryCap(interp, 64 << 20)
               || PyRestrict_SetWallCap(interp, 100) || run(source);
        PyThreadState_Swap(host);
    }
    for (int i = 0; i < GUESTS; i++) {
        PyThreadState_Swap(guests[i]);
        Py_EndInterpreter(guests[i]);
    }
    PyThreadState_Swap(host);
    return err ? -1 : 0;
}

int
main(int argc, char **argv)
{
    for (int i = 0; i < atoi(argv[1]); i++) {
        Py_InitializeEx(0);
        if (run_guests(argv[2]) < 0 || run("import datetime, json") < 0
            || Py_FinalizeEx() < 0)
        {
            return 1;
        }
        printf("life %d\n", i);
        fflush(stdout);
    }
    return 0;
}
