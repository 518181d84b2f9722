/* What an interpreter has once it has used guarded mode, and who is told of
   refusals.

   The record is that of restrict_denial.c.  Its entries go to the logger
   `restrict.audit` and to the audit event `restrict.denied` by the same road
   as those of a restricted interpreter, Lib/restrict/_report.py, and with the
   same rule: what is new since the last time is told once, so that the host's
   log does not grow with a loop of the guest's.  It is told when a call of
   guarded_exec() ends; and for what guests do outside of one -- finalizers,
   callbacks -- or for long, at a refusal that is more than a second later than
   the last telling. */

#include "Python.h"
#include "pycore_ceval.h"  // _PyEval_AddPendingCall()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

/* In a capsule of the interpreter's own dict: trusted programs that never use
   guarded mode have nothing. */
#define STATE_NAME "restrict.guarded"

/* In the interpreter's dict.  A static object of ours: looking it up makes no
   string, and so works without memory. */
#define STATE_KEY ((PyObject *)&_PyRestrict_RefusedDescr_Type)

static void
free_guarded(PyObject *capsule)
{
    struct _restrict_guarded *state = PyCapsule_GetPointer(capsule,
                                                           STATE_NAME);
    _PyRestrict_LogFini(&state->log);
    Py_XDECREF(state->sealed_type);
    Py_XDECREF(state->carried_type);
    Py_XDECREF(state->proxy_type);
    Py_XDECREF(state->callback_type);
    Py_XDECREF(state->module_type);
    Py_XDECREF(state->stop);
    Py_XDECREF(state->teller);
    PyMem_RawFree(state);
}

static void tell_soon(const PyRestrictDenial *denial, void *arg);

static int
make_types(struct _restrict_guarded *state)
{
    const struct {
        PyTypeObject **type;
        PyType_Spec *spec;
    } types[] = {
        {&state->sealed_type, &_PyRestrict_SealedSpec},
        {&state->carried_type, &_PyRestrict_CarriedSpec},
        {&state->proxy_type, &_PyRestrict_ProxySpec},
        {&state->callback_type, &_PyRestrict_CallbackSpec},
        {&state->module_type, &_PyRestrict_ModuleSpec},
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        *types[i].type = (PyTypeObject *)PyType_FromSpec(types[i].spec);
        if (*types[i].type == NULL) {
            return -1;
        }
    }
    state->stop = PyErr_NewExceptionWithDoc("restrict.Stop",
                                            "A limit ends guarded code.",
                                            PyExc_BaseException, NULL);
    return state->stop != NULL ? 0 : -1;
}

static struct _restrict_guarded *
new_guarded(PyObject *dict)
{
    struct _restrict_guarded *state = PyMem_RawCalloc(1, sizeof(*state));
    if (state == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    state->told_at = time(NULL);
    state->log.hook = tell_soon;
    state->log.hook_arg = state;
    PyObject *capsule = PyCapsule_New(state, STATE_NAME, free_guarded);
    if (capsule == NULL) {
        PyMem_RawFree(state);
        return NULL;
    }
    if (make_types(state) < 0 || PyDict_SetItem(dict, STATE_KEY, capsule) < 0)
    {
        state = NULL;
    }
    Py_DECREF(capsule);
    return state;
}

struct _restrict_guarded *
_PyRestrict_GetGuarded(void)
{
    PyObject *dict = PyInterpreterState_GetDict(_PyInterpreterState_GET());
    PyObject *capsule;
    if (dict == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (PyDict_GetItemRef(dict, STATE_KEY, &capsule) < 0) {
        return NULL;
    }
    if (capsule == NULL) {
        return new_guarded(dict);
    }
    struct _restrict_guarded *state = PyCapsule_GetPointer(capsule,
                                                           STATE_NAME);
    Py_DECREF(capsule);  // the dict keeps it
    return state;
}

/* Where refusals of this trusted interpreter are recorded.  NULL, without an
   exception, if there is no memory for it. */
struct _restrict_log *
_PyRestrict_GuardedLog(void)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    if (state == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return &state->log;
}

/* --- The record ------------------------------------------------------------------ */

PyObject *
_PyRestrict_GuardedDenials(void)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    return state != NULL ? _PyRestrict_ListDenials(&state->log) : NULL;
}

/* --- Telling the host ----------------------------------------------------------- */

static void
call_teller(struct _restrict_guarded *state)
{
    if (state->teller == NULL) {
        // A program in C: the package was not imported.
        PyObject *module = PyImport_ImportModule("restrict._guarded");
        Py_XDECREF(module);
    }
    PyObject *result = state->teller != NULL
                           ? PyObject_CallNoArgs(state->teller)
                           : NULL;
    if (result == NULL && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(state->stop)
            || PyErr_ExceptionMatches(PyExc_ImportError))
        {
            PyErr_Clear();
        }
        else {
            PyErr_WriteUnraisable(state->teller);
        }
    }
    Py_XDECREF(result);
}

/* Has any interpreter of the process ever refused something?  Until then,
   calls end without a look at the state. */
static int anything_refused;

/* Tell the host what is new, with its own rights, whoever runs. */
void
_PyRestrict_GuardedTell(void)
{
    if (!_Py_atomic_load_int_relaxed(&anything_refused)) {
        return;
    }
    PyObject *exc = PyErr_GetRaisedException();
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    if (state != NULL && state->told != state->log.n_denials) {
        state->told = state->log.n_denials;
        state->told_at = time(NULL);
        struct _restrict_extent saved = _PyRestrict_EnterExtent(NULL);
        call_teller(state);
        _PyRestrict_LeaveExtent(saved);
    }
    PyErr_Clear();
    PyErr_SetRaisedException(exc);
}

static int
tell_now(void *arg)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    if (state != NULL) {
        state->telling_soon = 0;
    }
    _PyRestrict_GuardedTell();
    return 0;
}

/* The hook of the log.  At the next check of the evaluation loop, not in the
   middle of whatever C code refuses. */
static void
tell_soon(const PyRestrictDenial *Py_UNUSED(denial), void *arg)
{
    struct _restrict_guarded *state = arg;
    _Py_atomic_store_int_relaxed(&anything_refused, 1);
    if (!state->telling_soon && state->teller != NULL
        && time(NULL) > state->told_at + 1)
    {
        state->telling_soon = 1;
        _PyEval_AddPendingCall(_PyInterpreterState_GET(), tell_now, NULL, 0);
    }
}

int
_PyRestrict_SetTeller(PyObject *teller)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    if (state == NULL) {
        return -1;
    }
    Py_XSETREF(state->teller, Py_NewRef(teller));
    return 0;
}

#endif /* WITH_RESTRICTED */
