/* The stop: how a guest ends that reached a limit, and never runs again.

   A stop is three things.  `limits.hit` says which limit it was, once and for
   good.  A bit in the eval breaker of the guest's threads, never cleared
   again, sends every check of the evaluation loop here, where one exception,
   made in advance, is raised.  And the evaluation loop, where an exception
   looks for its handler, finds none in a stopped guest.  Whatever swallows
   the exception so only gets to the next check: no `except`, `finally`,
   `__exit__`, `__del__`, generator, callback or atexit function of the guest
   runs past its first check, to the end of the interpreter and in its end.

   C code that loops without the evaluation loop looks at PyErr_CheckSignals()
   or at one global number, _PyRestrict_poll, which is 0 unless some
   interpreter of the process is stopped.

   Steps are counted at the same checks: a guest with a step cap has the bit
   set from the start.  Only the two places count that every Python program
   passes in the same way, however the interpreter specializes its code: the
   start of a function and the backward jump of a loop. */

#include "Python.h"
#include "pycore_ceval.h"  // _Py_set_eval_breaker_bit_all()
#include "pycore_frame.h"  // _PyInterpreterFrame
#include "pycore_interp.h"
#include "pycore_opcode_utils.h"  // RESUME_AT_FUNC_START
#include "pycore_pyerrors.h"      // _PyErr_SetRaisedException()
#include "pycore_restrict.h"
#include "pycore_restrict_clock.h"
#include "pycore_restrict_signal.h"  // _PyRestrict_HandleSignals()

#ifdef WITH_RESTRICTED

int _PyRestrict_poll;

/* --- The stop ------------------------------------------------------------ */

static const char *const limit_names[] = {
    [_PyRestrict_LIMIT_NONE] = NULL,
    [_PyRestrict_LIMIT_MEMORY] = "memory",
    [_PyRestrict_LIMIT_CPU] = "cpu",
    [_PyRestrict_LIMIT_WALL] = "wall",
    [_PyRestrict_LIMIT_STEPS] = "steps",
    [_PyRestrict_LIMIT_OUTPUT] = "output",
    [_PyRestrict_LIMIT_FILE_SIZE] = "file_size",
    [_PyRestrict_LIMIT_NET_BYTES] = "net_bytes",
    [_PyRestrict_LIMIT_CANCEL] = "cancel",
};

const char *
_PyRestrict_LimitHit(PyInterpreterState *interp)
{
    struct _restrict_state *state = interp->restricted;
    return state ? limit_names[_PyRestrict_IsHit(state)] : NULL;
}

/* From any thread, with or without the GIL, without the watchdog's mutex. */
void
_PyRestrict_Stop(struct _restrict_state *state, _PyRestrict_Limit limit)
{
    int none = _PyRestrict_LIMIT_NONE;
    if (!_Py_atomic_compare_exchange_int(&state->limits.hit, &none, limit)) {
        return;
    }
    _Py_atomic_add_int(&_PyRestrict_poll, 1);
    PyThreadState *tstate = _PyThreadState_GET();
    if (tstate != NULL && tstate->interp == state->interp) {
        // Its other threads look when they attach; none runs beside us.
        _Py_set_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
    }
    else {
        _Py_set_eval_breaker_bit_all(state->interp, _PY_RESTRICTED_BIT);
    }
}

static int
raise_stop(PyThreadState *tstate)
{
    PyObject *stop = tstate->interp->restricted->limits.stop;
    if (stop == NULL) {  // the interpreter is ending
        return PyErr_NoMemory(), -1;
    }
    if (tstate->current_exception != stop) {
        _PyErr_SetRaisedException(tstate, Py_NewRef(stop));
    }
    return -1;
}

int
_PyRestrict_IsStopped(PyThreadState *tstate)
{
    const struct _restrict_state *state = tstate->interp->restricted;
    return state != NULL && _PyRestrict_IsHit(state);
}

/* Is nothing to be handled any more?  What was raised meanwhile is replaced,
   so that no C code takes it for an exception that it knows. */
int
_PyRestrict_Unwinding(PyThreadState *tstate)
{
    if (!_PyRestrict_IsStopped(tstate)) {
        return _PyRestrict_GuardedUnwinding(tstate);
    }
    raise_stop(tstate);
    return 1;
}

int
_PyRestrict_CheckStop(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    if (tstate != NULL) {
        _PyRestrict_HandleSignals(tstate);
    }
    if (tstate == NULL || !_PyRestrict_IsStopped(tstate)) {
        return tstate != NULL ? _PyRestrict_GuardedCheckStop(tstate) : 0;
    }
    return raise_stop(tstate);
}

PyObject *
_PyRestrict_CheckResult(PyObject *result)
{
    if (_PyRestrict_CheckStop() < 0) {
        Py_CLEAR(result);
    }
    return result;
}

/* Overflowing the stack while handling an overflow. */
int
_PyRestrict_StopRecursion(PyThreadState *tstate)
{
    struct _restrict_state *state = tstate->interp->restricted;
    if (state == NULL) {
        return _PyRestrict_GuardedRecursion();
    }
    _PyRestrict_Stop(state, _PyRestrict_LIMIT_MEMORY);
    return raise_stop(tstate);
}

/* --- Steps --------------------------------------------------------------- */

static int
at_step(PyThreadState *tstate)
{
    const _PyInterpreterFrame *frame = tstate->current_frame;
    if (frame == NULL || frame->owner == FRAME_OWNED_BY_CSTACK) {
        return 0;
    }
    switch (frame->instr_ptr->op.code) {
    case RESUME:
    case RESUME_CHECK:
    case INSTRUMENTED_RESUME:
        return (frame->instr_ptr->op.arg & RESUME_OPARG_LOCATION_MASK)
               == RESUME_AT_FUNC_START;
    case JUMP_BACKWARD:
    case INSTRUMENTED_JUMP_BACKWARD:
        return 1;
    default:
        return 0;
    }
}

/* At each check of the evaluation loop, when the bit is set. */
int
_PyRestrict_HandlePending(PyThreadState *tstate)
{
    struct _restrict_state *state = tstate->interp->restricted;
    if (state == NULL) {
        return _PyRestrict_GuardedStep(tstate, at_step(tstate));
    }
    struct _restrict_limits *limits = &state->limits;
    if (_PyRestrict_HandleSignals(tstate) && limits->step_cap == 0) {
        _Py_unset_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
        // before or after it was cleared
        if (_PyRestrict_IsHit(state) || _PyRestrict_SignalWaits()) {
            _Py_set_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
        }
    }
    if (!_PyRestrict_IsHit(state) && limits->step_cap != 0 && at_step(tstate))
    {
        if (limits->steps >= limits->step_cap) {
            _PyRestrict_Stop(state, _PyRestrict_LIMIT_STEPS);
        }
        else {
            _Py_atomic_store_uint64_relaxed(&limits->steps, limits->steps + 1);
        }
    }
    return _PyRestrict_IsHit(state) ? raise_stop(tstate) : 0;
}

int
PyRestrict_SetStepCap(PyInterpreterState *interp, uint64_t steps)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    if (steps == 0) {
        PyErr_SetString(PyExc_ValueError, "the step cap must be positive");
        return -1;
    }
    state->limits.step_cap = steps;
    _Py_set_eval_breaker_bit_all(interp, _PY_RESTRICTED_BIT);
    return 0;
}

/* --- Output -------------------------------------------------------------- */

Py_ssize_t
_PyRestrict_ChargeOutput(Py_ssize_t size)
{
    struct _restrict_limits *limits = &_PyRestrict_GetState()->limits;
    size_t left = limits->output_cap
                  - Py_MIN(limits->output, limits->output_cap);
    size = (Py_ssize_t)Py_MIN((size_t)size, left);
    _Py_atomic_store_ssize_relaxed((Py_ssize_t *)&limits->output,
                                   (Py_ssize_t)limits->output + size);
    return size;
}

int
_PyRestrict_OutputExceeded(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    _PyRestrict_Stop(tstate->interp->restricted, _PyRestrict_LIMIT_OUTPUT);
    return raise_stop(tstate);
}

int
_PyRestrict_FileSizeExceeded(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    _PyRestrict_Stop(tstate->interp->restricted, _PyRestrict_LIMIT_FILE_SIZE);
    return raise_stop(tstate);
}

int
_PyRestrict_NetBytesExceeded(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    _PyRestrict_Stop(tstate->interp->restricted, _PyRestrict_LIMIT_NET_BYTES);
    return raise_stop(tstate);
}

int
PyRestrict_SetOutputCap(PyInterpreterState *interp, Py_ssize_t bytes)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    if (bytes < 0) {
        PyErr_SetString(PyExc_ValueError, "the output cap is negative");
        return -1;
    }
    state->limits.output_cap = (size_t)bytes;
    return 0;
}

/* --- Cancelling ---------------------------------------------------------- */

int
PyRestrict_Cancel(PyInterpreterState *interp)
{
    struct _restrict_state *state = interp->restricted;
    if (state == NULL) {
        if (_PyThreadState_GET() != NULL) {
            _PyRestrict_StateOf(interp);
        }
        return -1;
    }
    _PyRestrict_Stop(state, _PyRestrict_LIMIT_CANCEL);
    _PyRestrict_LockWatchdog();
    _PyRestrict_LookAgain(state);
    _PyRestrict_UnlockWatchdog();
    return 0;
}

/* --- Life ---------------------------------------------------------------- */

static PyObject *
new_stop(void)
{
    PyObject *type = PyErr_NewException("restrict.Stopped",
                                        PyExc_BaseException, NULL);
    PyObject *stop = type ? PyObject_CallNoArgs(type) : NULL;
    Py_XDECREF(type);
    return stop;
}

/* Once the interpreter can make objects, before the guest's first one. */
int
_PyRestrict_InitLimits(PyInterpreterState *interp)
{
    struct _restrict_limits *limits = &interp->restricted->limits;
    limits->output_cap = SIZE_MAX;
    limits->wall.base = limits->cpu.base = -1;
    limits->stop = new_stop();
    return limits->stop != NULL ? 0 : -1;
}

/* Before the last collection, which it takes for the class, and which looks at
   everything.  What still runs is stopped with a MemoryError. */
void
_PyRestrict_ForgetStop(PyInterpreterState *interp)
{
    _PyGC_Unfreeze(interp);
    Py_CLEAR(interp->restricted->limits.stop);
}

/* Thread states that the host forgot would be a fatal error. */
void
_PyRestrict_DropThreads(PyThreadState *tstate)
{
    if (tstate->interp->restricted == NULL
        || (tstate == tstate->interp->threads.head && tstate->next == NULL))
    {
        return;
    }
    PyThreadState *others = _PyThreadState_RemoveExcept(tstate);
    _PyThreadState_DeleteList(others);
}

#endif /* WITH_RESTRICTED */
