/* Limits of guarded code: the stop.

   A thread of Lib/restrict/_guarded.py watches the clocks.  Past a limit it
   asks for an asynchronous exception, again and again until the call of
   guarded_exec() has ended.  As long as one is wanted, _PyRestrict_poll is not
   0, and the evaluation loop asks here before it looks for a handler: a frame
   of guarded code has none for this exception.  Frames of host functions in
   between have theirs, and run their `finally`.

   Steps are counted as in a restricted interpreter (restrict_stop.c), by
   the thread that runs the call, and those of guarded code only: what host
   functions do costs the guest nothing. */

#include "Python.h"
#include "pycore_ceval.h"         // _Py_set_eval_breaker_bit()
#include "pycore_frame.h"
#include "pycore_pyerrors.h"      // _PyErr_GetRaisedException()
#include "pycore_pystate.h"
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"

#ifdef WITH_RESTRICTED

/* A new reference. */
PyObject *
_PyRestrict_GuardedStopType(void)
{
    struct _restrict_guarded *state = _PyRestrict_GetGuarded();
    return state != NULL ? Py_NewRef(state->stop) : NULL;
}

/* Guarded mode was used, so there is a state: no memory is needed. */
static int
is_stop(PyObject *type)
{
    if (type == NULL || !(_PyInterpreterState_GET()->feature_flags
                          & _PyRestrict_GUARDED_USED))
    {
        return 0;
    }
    PyObject *stop = _PyRestrict_GuardedStopType();
    int same = stop != NULL && stop == type;
    Py_XDECREF(stop);
    return same;
}

/* Has the frame that runs no handler for the exception that is set? */
int
_PyRestrict_GuardedUnwinding(PyThreadState *tstate)
{
    _PyInterpreterFrame *frame = tstate->current_frame;
    if (frame == NULL || tstate->current_exception == NULL
        || !_PyRestrict_IsMarked(frame->f_builtins))
    {
        return 0;
    }
    PyObject *exc = _PyErr_GetRaisedException(tstate);
    int found = is_stop((PyObject *)Py_TYPE(exc));
    _PyErr_SetRaisedException(tstate, exc);
    return found;
}

/* Making the exception passes the checks again. */
static int
raise_stop(void)
{
    static _Thread_local int raising;
    if (raising) {
        return 0;
    }
    raising = 1;
    PyObject *stop = _PyRestrict_GuardedStopType();
    if (stop != NULL) {
        PyErr_SetNone(stop);
        Py_DECREF(stop);
    }
    raising = 0;
    return -1;
}

/* The innermost call with a cap that this thread runs. */
static _Thread_local struct _restrict_count *counting;

static int
steps_are_used_up(void)
{
    for (struct _restrict_count *count = counting; count != NULL;
         count = count->outer)
    {
        if (count->steps->hit) {
            return 1;
        }
    }
    return 0;
}

/* For C loops of guarded code: is a stop wanted of this thread? */
int
_PyRestrict_GuardedCheckStop(PyThreadState *tstate)
{
    if (_PyErr_Occurred(tstate)
        || !(steps_are_used_up() || is_stop(tstate->async_exc))
        || !_PyRestrict_RunsGuarded())
    {
        return 0;
    }
    return raise_stop();
}

/* Overflowing the stack while handling an overflow.  The exception was made in
   advance: making one would pass here again. */
int
_PyRestrict_GuardedRecursion(void)
{
    if (!_PyRestrict_RunsGuarded()) {
        return 0;
    }
    PyErr_NoMemory();
    return -1;
}

/* --- Steps ------------------------------------------------------------------------ */

static void
begin_stop(char *phase)
{
    if (*phase == _PyRestrict_RUNNING) {
        *phase = _PyRestrict_STOPPING;
        _Py_atomic_add_int(&_PyRestrict_poll, 1);
    }
}

static void
take_step(struct _restrict_count *count)
{
    struct _restrict_steps *steps = count->steps;
    if (steps->used < steps->cap) {
        steps->used++;
    }
    else {
        steps->hit = 1;
        begin_stop(count->phase);
    }
}

/* At each check of the evaluation loop, while this thread counts. */
int
_PyRestrict_GuardedStep(PyThreadState *tstate, int is_step)
{
    _PyInterpreterFrame *frame = tstate->current_frame;
    if (counting == NULL || frame == NULL
        || frame->owner == FRAME_OWNED_BY_CSTACK
        || !_PyRestrict_IsMarked(frame->f_builtins))
    {
        return 0;
    }
    if (is_step && !steps_are_used_up()) {
        for (struct _restrict_count *count = counting; count != NULL;
             count = count->outer)
        {
            take_step(count);
        }
    }
    return steps_are_used_up() ? raise_stop() : 0;
}

void
_PyRestrict_BeginSteps(struct _restrict_count *count)
{
    count->outer = counting;
    counting = count;
    _Py_set_eval_breaker_bit(_PyThreadState_GET(), _PY_RESTRICTED_BIT);
}

void
_PyRestrict_EndSteps(struct _restrict_count *count)
{
    counting = count->outer;
    if (counting == NULL) {
        _Py_unset_eval_breaker_bit(_PyThreadState_GET(), _PY_RESTRICTED_BIT);
    }
}

/* --- From outside --------------------------------------------------------------- */

/* Ask the thread that runs the call to stop.  0, or -1 with an exception. */
int
_PyRestrict_GuardedStop(unsigned long thread, char *phase)
{
    if (*phase != _PyRestrict_RUNNING && *phase != _PyRestrict_STOPPING) {
        return 0;
    }
    PyObject *stop = _PyRestrict_GuardedStopType();
    if (stop == NULL) {
        return -1;
    }
    begin_stop(phase);
    PyThreadState_SetAsyncExc(thread, stop);
    Py_DECREF(stop);
    return 0;
}

/* The call has ended, on this thread: nothing of a stop may reach what runs
   next. */
void
_PyRestrict_GuardedEnd(char *phase)
{
    PyThreadState *tstate = _PyThreadState_GET();
    if (*phase == _PyRestrict_STOPPING) {
        _Py_atomic_add_int(&_PyRestrict_poll, -1);
        if (is_stop(tstate->async_exc)) {
            PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), NULL);
        }
    }
    *phase = _PyRestrict_ENDED;
}

#endif  /* WITH_RESTRICTED */
