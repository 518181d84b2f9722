/* Limits of guarded code: the stop.

   A thread of Lib/restrict/_guarded.py watches the clocks.  Past a limit it
   marks the call of guarded_exec() and asks for one asynchronous exception,
   which ends what the thread of the call does, in a host function too.  As
   long as a call is marked, _PyRestrict_poll is not 0 and that thread has a
   bit in its eval breaker.  So the evaluation loop asks here before it looks
   for a handler: a frame of guarded code has none for this exception.  And at
   every check that guarded code passes it is raised again, whoever has
   swallowed it.
   Host functions get it once: they handle it as they like, and nothing
   disturbs their `finally`.

   Steps are counted as in a restricted interpreter (restrict_stop.c), by the
   thread that runs the call, and those of guarded code only: what host
   functions do costs the guest nothing. */

#include "Python.h"
#include "pycore_ceval.h"  // _Py_set_eval_breaker_bit()
#include "pycore_frame.h"
#include "pycore_pyerrors.h"  // _PyErr_GetRaisedException()
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
    if (type == NULL
        || !(_PyInterpreterState_GET()->feature_flags
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

/* The innermost call with limits that this thread runs. */
static _Thread_local struct _restrict_count *counting;

static int
is_stopped(void)
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
    if (!is_stopped() || _PyErr_Occurred(tstate) || !_PyRestrict_RunsGuarded())
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
begin_stop(struct _restrict_steps *steps, char *phase, int reason)
{
    steps->hit = reason;
    *phase = _PyRestrict_STOPPING;
    _Py_atomic_add_int(&_PyRestrict_poll, 1);
}

static void
take_step(struct _restrict_count *count)
{
    struct _restrict_steps *steps = count->steps;
    if (steps->cap == 0 || steps->used < steps->cap) {
        steps->used++;
    }
    else {
        begin_stop(steps, count->phase, _PyRestrict_STEPS_USED_UP);
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
    if (is_step && !is_stopped()) {
        for (struct _restrict_count *count = counting; count != NULL;
             count = count->outer)
        {
            take_step(count);
        }
    }
    return is_stopped() ? raise_stop() : 0;
}

/* Only counting needs the bit from the start. */
void
_PyRestrict_BeginLimits(struct _restrict_count *count)
{
    count->outer = counting;
    counting = count;
    if (count->steps->cap != 0) {
        _Py_set_eval_breaker_bit(_PyThreadState_GET(), _PY_RESTRICTED_BIT);
    }
    *count->phase = _PyRestrict_RUNNING;
}

static int
anyone_needs_bit(void)
{
    for (struct _restrict_count *count = counting; count != NULL;
         count = count->outer)
    {
        if (count->steps->cap != 0 || count->steps->hit) {
            return 1;
        }
    }
    return 0;
}

/* Nothing of a stop may reach what runs next. */
void
_PyRestrict_EndLimits(struct _restrict_count *count)
{
    PyThreadState *tstate = _PyThreadState_GET();
    counting = count->outer;
    if (!anyone_needs_bit()) {
        _Py_unset_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
    }
    if (*count->phase == _PyRestrict_STOPPING) {
        _Py_atomic_add_int(&_PyRestrict_poll, -1);
        if (is_stop(tstate->async_exc)) {
            PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), NULL);
        }
    }
    *count->phase = _PyRestrict_ENDED;
}

/* --- From outside --------------------------------------------------------------- */

static void
set_bit_of(unsigned long thread)
{
    PyInterpreterState *interp = _PyInterpreterState_GET();
    HEAD_LOCK(&_PyRuntime);
    PyThreadState *tstate = interp->threads.head;
    for (; tstate != NULL; tstate = tstate->next) {
        if (tstate->thread_id == thread) {
            _Py_set_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
        }
    }
    HEAD_UNLOCK(&_PyRuntime);
}

/* Ask the thread that runs the call to stop: 1 if it is asked, 0 if there is
   no call yet or no more, -1 with an exception. */
int
_PyRestrict_GuardedStop(unsigned long thread, struct _restrict_steps *steps,
                        char *phase)
{
    if (*phase != _PyRestrict_RUNNING) {
        return 0;
    }
    PyObject *stop = _PyRestrict_GuardedStopType();
    if (stop == NULL) {
        return -1;
    }
    begin_stop(steps, phase, _PyRestrict_ASKED_TO_STOP);
    set_bit_of(thread);
    PyThreadState_SetAsyncExc(thread, stop);
    Py_DECREF(stop);
    return 1;
}

#endif /* WITH_RESTRICTED */
