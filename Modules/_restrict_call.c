/* _restrict.Guest: running code in a guest, and the host functions it calls.

   Arguments and results cross by copy (Python/restrict_copy.c); an exception
   of the host's crosses as a name and a message that Lib/restrict/_errors.py
   chooses.  One that is none of the guest's business stops the guest, and is
   raised again when it has stopped. */

#ifndef Py_BUILD_CORE_BUILTIN
#  define Py_BUILD_CORE_MODULE 1
#endif

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"
#include "_restrict.h"

/* --- Host functions ------------------------------------------------------------- */

/* An exception that is none of the guest's business (KeyboardInterrupt, ...)
   stops the guest, and goes on to the host when the guest has ended. */
static int
stop_with(GuestObject *self, PyObject *exc)
{
    if (self->pending == NULL) {
        self->pending = Py_NewRef(exc);
    }
    PyRestrict_Cancel(self->guest.interp);
    return -1;
}

/* Signals of the host's came while the guest runs. */
void
_restrict_HostSignal(void *host)
{
    if (PyErr_CheckSignals() < 0) {
        PyObject *exc = PyErr_GetRaisedException();
        stop_with(host, exc);
        Py_DECREF(exc);
    }
}

/* What the guest is told.  Where recursion has ended at the host's limit,
   there is no room to describe that either, and it is no reason for a stop. */
static PyObject *
describe(GuestObject *self, PyObject *exc)
{
    PyObject *text = PyObject_CallOneArg(self->describe, exc);
    if (text == NULL && PyErr_ExceptionMatches(PyExc_RecursionError)) {
        PyErr_Clear();
        text = Py_BuildValue("(ss)", "RecursionError",
                             "too deep in functions of the host");
    }
    return text;
}

static int
put_host_error(GuestObject *self, PyObject *exc, struct _restrict_copy *answer)
{
    _PyRestrict_CopyFini(answer);
    _PyRestrict_CopyInit(answer, NULL);
    PyObject *text = describe(self, exc);
    int err = text == NULL || _PyRestrict_CopyPut(answer, text, "error") < 0;
    Py_XDECREF(text);
    return err ? -1 : 1;
}

static int
answer_host_error(GuestObject *self, struct _restrict_copy *answer)
{
    PyObject *exc = PyErr_GetRaisedException();
    int result = -1;
    if (PyErr_GivenExceptionMatches(exc, PyExc_Exception)) {
        result = put_host_error(self, exc, answer);
    }
    else {
        result = stop_with(self, exc);
    }
    Py_DECREF(exc);
    if (PyErr_Occurred()) {  // of the description
        exc = PyErr_GetRaisedException();
        result = stop_with(self, exc);
        Py_DECREF(exc);
    }
    return result;
}

/* Room for self, positional arguments and keyword arguments in front of which
   vectorcall may write. */
#define FEW 8

static PyObject *
call_with(PyObject *function, PyObject **args, Py_ssize_t nargs,
          PyObject *keywords, struct _restrict_copy *copy)
{
    Py_ssize_t n = nargs + (keywords ? PyTuple_GET_SIZE(keywords) : 0), i;
    PyObject *result = NULL;
    for (i = 0; i < n; i++) {
        args[i] = _PyRestrict_CopyGet(copy);
        if (args[i] == NULL) {
            break;
        }
    }
    _PyRestrict_CopyEnd(copy);
    if (i == n) {
        result = PyObject_Vectorcall(
            function, args, nargs | PY_VECTORCALL_ARGUMENTS_OFFSET, keywords);
    }
    while (i > 0) {
        Py_DECREF(args[--i]);
    }
    return result;
}

static PyObject *
call_function(GuestObject *self, int index, struct _restrict_copy *copy,
              Py_ssize_t nargs, int has_keywords)
{
    PyObject *few[FEW + 1], **args = few, *keywords = NULL, *result = NULL;
    if (has_keywords) {
        keywords = _PyRestrict_CopyGet(copy);
        if (keywords == NULL) {
            return NULL;
        }
    }
    Py_ssize_t n = nargs + (keywords ? PyTuple_GET_SIZE(keywords) : 0);
    if (n > FEW) {
        args = PyMem_New(PyObject *, n + 1);
    }
    PyObject *function = Py_NewRef(PyList_GET_ITEM(self->functions, index));
    if (args == NULL) {
        PyErr_NoMemory();
    }
    else {
        result = call_with(function, args + 1, nargs, keywords, copy);
    }
    Py_DECREF(function);
    if (args != few) {
        PyMem_Free(args);
    }
    Py_XDECREF(keywords);
    return result;
}

int
_restrict_HostCall(void *host, int index, struct _restrict_copy *copy,
                   Py_ssize_t nargs, int has_keywords,
                   struct _restrict_copy *answer)
{
    GuestObject *self = host;
    PyObject *result = call_function(self, index, copy, nargs, has_keywords);
    _PyRestrict_CopyEnd(copy);
    int err = result == NULL
              || _PyRestrict_CopyPut(answer, result, "result") < 0;
    Py_XDECREF(result);
    return err ? answer_host_error(self, answer) : 0;
}

/* --- Running ------------------------------------------------------------------------ */

static int
put_request(struct _restrict_call *call, PyObject *request)
{
    static const char *const roots[_PyRestrict_N_TASKS][3] = {
        [_PyRestrict_TASK_EXEC] = {"source", "filename"},
        [_PyRestrict_TASK_EVAL] = {"source", "filename"},
        [_PyRestrict_TASK_RUN] = {"source", "filename", "inputs"},
        [_PyRestrict_TASK_CALL] = {"name", "args", "kwargs"},
        [_PyRestrict_TASK_DEFINE] = {"module", "names"},
    };
    call->n_values = PyTuple_GET_SIZE(request);
    for (Py_ssize_t i = 0; i < call->n_values; i++) {
        const char *root = i < 3 ? roots[call->task][i] : NULL;
        if (root == NULL) {
            PyErr_SetString(PyExc_TypeError, "wrong number of values");
            return -1;
        }
        if (_PyRestrict_CopyPut(&call->request, PyTuple_GET_ITEM(request, i),
                                root)
            < 0)
        {
            return -1;
        }
    }
    return 0;
}

static PyObject *
get_answer(struct _restrict_call *call)
{
    PyObject *value = NULL;
    if (call->outcome == _PyRestrict_LOST) {
        return Py_NewRef(Py_None);
    }
    value = _PyRestrict_CopyGet(&call->answer);
    _PyRestrict_CopyEnd(&call->answer);
    return value;
}

/* (outcome, value, limit that was hit or None). */
static PyObject *
run_call(GuestObject *self, struct _restrict_call *call)
{
    _PyRestrict_GuestCall(&self->guest, call);
    const char *hit = _PyRestrict_LimitHit(self->guest.interp);
    PyObject *value = hit == NULL ? get_answer(call) : Py_NewRef(Py_None);
    if (value == NULL) {  // perhaps because of a limit
        hit = _PyRestrict_LimitHit(self->guest.interp);
        if (hit == NULL) {
            return NULL;
        }
        PyErr_Clear();
        value = Py_NewRef(Py_None);
    }
    return Py_BuildValue("(iNz)", call->outcome, value, hit);
}

PyObject *
_restrict_Run(GuestObject *self, PyObject *args)
{
    int task;
    PyObject *request, *result = NULL;
    if (!PyArg_ParseTuple(args, "iO!", &task, &PyTuple_Type, &request)) {
        return NULL;
    }
    if (task < 0 || task >= _PyRestrict_N_TASKS) {
        PyErr_SetString(PyExc_ValueError, "unknown task");
        return NULL;
    }
    if (_PyRestrict_GuestAcquire(&self->guest) < 0) {
        return NULL;
    }
    struct _restrict_call call = {.task = task};
    _PyRestrict_CopyInit(&call.request, NULL);
    _PyRestrict_CopyInit(&call.answer, self->guest.interp);
    if (put_request(&call, request) == 0) {
        result = run_call(self, &call);
    }
    _PyRestrict_CopyFini(&call.request);
    _PyRestrict_CopyFini(&call.answer);
    _PyRestrict_GuestRelease(&self->guest);
    if (self->pending != NULL && self->guest.depth == 0) {
        Py_CLEAR(result);
        PyErr_SetRaisedException(self->pending);
        self->pending = NULL;
    }
    return result;
}
