/* Functions of the host, as the guest calls them.

   To the guest each is a built-in function.  A call copies the arguments into
   a buffer, changes the thread states, and lets the host's side (Modules/
   _restrict_call.c) call the real function; the answer comes back the same
   way.  The stack stays the guest's, so the host's function must find room on
   it. */

#include "Python.h"
#include "pycore_moduleobject.h"  // _PyModule_GetState()
#include "pycore_object.h"
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"
#include "pycore_restrict_run.h"

#ifdef WITH_RESTRICTED

struct _restrict_host_function {
    struct _restrict_host_function *next;
    struct _restrict_guest *guest;
    int index;
    PyMethodDef def;
    char *name, *doc;
};

static void
argument_name(char *to, size_t size, Py_ssize_t i, Py_ssize_t nargs,
              PyObject *keywords)
{
    const char *name = NULL;
    if (i >= nargs) {
        name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(keywords, i - nargs));
        PyErr_Clear();
    }
    if (name != NULL) {
        PyOS_snprintf(to, size, "argument '%.80s'", name);
    }
    else {
        PyOS_snprintf(to, size, "argument %zd", i + 1);
    }
}

/* The names of keyword arguments, the positional arguments, the values of the
   keyword arguments. */
static int
put_arguments(struct _restrict_copy *copy, PyObject *const *args,
              Py_ssize_t nargs, PyObject *keywords)
{
    Py_ssize_t n = nargs + (keywords ? PyTuple_GET_SIZE(keywords) : 0);
    if (keywords && _PyRestrict_CopyPut(copy, keywords, "keywords") < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        char root[100];
        // Only a value that does not cross needs its name.
        if (Py_IS_TYPE(args[i], &PyLong_Type)) {
            root[0] = '\0';
        }
        else {
            argument_name(root, sizeof(root), i, nargs, keywords);
        }
        if (_PyRestrict_CopyPut(copy, args[i], root) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The classes of the guest's own module restrict. */
static PyObject *
refusal_by_name(const char *name)
{
    for (int kind = 0; kind < _PyRestrict_N_KINDS; kind++) {
        if (strcmp(_PyRestrict_ExceptionName(kind), name) == 0) {
            return _PyRestrict_GetException(kind);
        }
    }
    return Py_NewRef(PyExc_RuntimeError);
}

/* The exceptions that a host function may raise in the guest (SAME_IN_GUEST in
   Lib/restrict/_errors.py); the rest are RuntimeError. */
static PyObject *
exception_by_name(const char *name)
{
    static const struct {
        const char *name;
        PyObject **type;
    } known[] = {
#define ROW(NAME) {#NAME, &PyExc_##NAME}
        ROW(ArithmeticError),
        ROW(AssertionError),
        ROW(AttributeError),
        ROW(BlockingIOError),
        ROW(BrokenPipeError),
        ROW(BufferError),
        ROW(ChildProcessError),
        ROW(ConnectionAbortedError),
        ROW(ConnectionError),
        ROW(ConnectionRefusedError),
        ROW(ConnectionResetError),
        ROW(EOFError),
        ROW(FileExistsError),
        ROW(FileNotFoundError),
        ROW(FloatingPointError),
        ROW(ImportError),
        ROW(IndexError),
        ROW(InterruptedError),
        ROW(IsADirectoryError),
        ROW(KeyError),
        ROW(LookupError),
        ROW(ModuleNotFoundError),
        ROW(NameError),
        ROW(NotADirectoryError),
        ROW(NotImplementedError),
        ROW(OSError),
        ROW(OverflowError),
        ROW(PermissionError),
        ROW(ProcessLookupError),
        ROW(RecursionError),
        ROW(ReferenceError),
        ROW(RuntimeError),
        ROW(StopAsyncIteration),
        ROW(StopIteration),
        ROW(TimeoutError),
        ROW(TypeError),
        ROW(UnboundLocalError),
        ROW(UnicodeError),
        ROW(ValueError),
        ROW(ZeroDivisionError)
#undef ROW
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            return Py_NewRef(*known[i].type);
        }
    }
    return refusal_by_name(name);
}

/* The answer is the name of a class and the arguments for it. */
static void
raise_host_error(PyObject *answer)
{
    PyObject *name = PyTuple_GET_ITEM(answer, 0);
    PyObject *type = exception_by_name(PyUnicode_AsUTF8(name));
    PyObject *args = PyTuple_GetSlice(answer, 1, PyTuple_GET_SIZE(answer));
    if (type != NULL && args != NULL) {
        PyErr_SetObject(type, args);
    }
    Py_XDECREF(type);
    Py_XDECREF(args);
}

/* Change places with the host for one call. */
static int
ask_host(struct _restrict_host_function *function, Py_ssize_t nargs,
         int has_keywords, struct _restrict_copy *copy,
         struct _restrict_copy *answer)
{
    struct _restrict_guest *guest = function->guest;
    _PyRestrict_PauseCPU(guest->interp);
    PyThreadState_Swap(guest->host);
    int result = guest->host_call(guest->host_arg, function->index, copy,
                                  nargs, has_keywords, answer);
    PyThreadState_Swap(guest->tstate);
    _PyRestrict_ResumeCPU(guest->interp);
    return result;
}

/* What the host said; -1 was a stop, which has set LimitHit. */
static PyObject *
take_answer(int result, struct _restrict_copy *answer)
{
    if (result < 0) {
        PyErr_SetString(PyExc_RuntimeError, "stopped by the host");
        return NULL;
    }
    PyObject *value = _PyRestrict_CopyGet(answer);
    _PyRestrict_CopyEnd(answer);
    if (result > 0 && value != NULL) {
        raise_host_error(value);
        Py_CLEAR(value);
    }
    return value;
}

static int
may_call_host(struct _restrict_guest *guest)
{
    if (guest->host_call == NULL || guest->host == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the interpreter is closing");
        return 0;
    }
    if (!_PyRestrict_GuestHasRoom(guest)) {
        PyErr_SetString(PyExc_RecursionError,
                        "too deep to call a function of the host");
        return 0;
    }
    return 1;
}

static PyObject *
call_host_function(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                   PyObject *keywords)
{
    struct _restrict_host_function *function =
        *(struct _restrict_host_function **)_PyModule_GetState(self);
    if (!may_call_host(function->guest)) {
        return NULL;
    }
    struct _restrict_copy copy, answer;
    _PyRestrict_CopyInit(&copy, function->guest->interp);
    _PyRestrict_CopyInit(&answer, NULL);
    PyObject *value = NULL;
    if (put_arguments(&copy, args, nargs, keywords) == 0) {
        int result = ask_host(function, nargs, keywords != NULL, &copy,
                              &answer);
        value = take_answer(result, &answer);
    }
    _PyRestrict_CopyFini(&copy);
    _PyRestrict_CopyFini(&answer);
    return value;
}

static void
free_function(struct _restrict_host_function *function)
{
    PyMem_RawFree(function->name);
    PyMem_RawFree(function->doc);
    PyMem_RawFree(function);
}

static struct _restrict_host_function *
new_function(struct _restrict_guest *guest, int index, const char *name,
             const char *doc)
{
    struct _restrict_host_function *function =
        PyMem_RawCalloc(1, sizeof(*function));
    if (function == NULL) {
        return NULL;
    }
    function->guest = guest;
    function->index = index;
    function->name = _PyMem_RawStrdup(name);
    function->doc = _PyMem_RawStrdup(doc);
    function->def =
        (PyMethodDef){function->name, _PyCFunction_CAST(call_host_function),
                      METH_FASTCALL | METH_KEYWORDS, function->doc};
    if (function->name == NULL || function->doc == NULL) {
        free_function(function);
        return NULL;
    }
    function->next = guest->functions;
    guest->functions = function;
    return function;
}

/* A built-in function has a module for its __self__, and its repr names no
   address then.  Ours is an empty one whose state leads back to us; the state
   is freed with it. */
static PyObject *
new_self(struct _restrict_host_function *function)
{
    PyObject *self = PyModule_New("host");
    struct _restrict_host_function **state =
        PyMem_New(struct _restrict_host_function *, 1);
    if (self == NULL || state == NULL) {
        Py_XDECREF(self);
        PyMem_Free(state);
        return PyErr_NoMemory();
    }
    *state = function;
    ((PyModuleObject *)self)->md_state = state;
    return self;
}

PyObject *
_PyRestrict_NewHostFunction(struct _restrict_guest *guest, int index,
                            const char *name, const char *doc,
                            PyObject *module)
{
    struct _restrict_host_function *function = NULL;
    if (name != NULL && doc != NULL) {
        function = new_function(guest, index, name, doc);
    }
    if (function == NULL) {
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    PyObject *self = new_self(function);
    if (self == NULL) {
        return NULL;
    }
    PyObject *object = PyCFunction_NewEx(&function->def, self, module);
    Py_DECREF(self);
    return object;
}

void
_PyRestrict_FreeHostFunctions(struct _restrict_guest *guest)
{
    while (guest->functions != NULL) {
        struct _restrict_host_function *next = guest->functions->next;
        free_function(guest->functions);
        guest->functions = next;
    }
}

#endif /* WITH_RESTRICTED */
