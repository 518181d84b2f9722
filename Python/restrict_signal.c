/* Signals of the host while a guest runs.

   Python's handlers run in the main interpreter, on the main thread, between
   two instructions.  While the main thread runs a guest there are none of the
   host's, and Ctrl-C would wait until the guest has ended.  So the C handler
   also tells the guest's thread state to look up, and what looks there -- the
   evaluation loop, and long C code that asks whether it is stopped -- changes
   to the host's thread state, lets the host handle its signals as in a host
   function, and changes back.  An exception of a handler stops the guest and
   is raised where the host called it.

   A handler may cancel the guest but not use it: the guest is in the middle of
   something. */

#include "Python.h"
#include "pycore_ceval.h"  // _Py_set_eval_breaker_bit()
#include "pycore_pystate.h"
#include "pycore_restrict.h"
#include "pycore_restrict_run.h"
#include "pycore_restrict_signal.h"
#include "pycore_runtime.h"  // _PyRuntime

#ifdef WITH_RESTRICTED

#include <pthread.h>
#include <signal.h>

/* What the main thread runs, innermost; of the process, as signals are. */
static struct _restrict_guest *main_guest;
static int received;

static int
on_main_thread(void)
{
    return PyThread_get_thread_ident() == _PyRuntime.main_thread;
}

/* Only what is safe in a handler.  It runs on any thread, but only on the main
   one does main_guest stay what it is meanwhile. */
void
_PyRestrict_SignalReceived(int signal)
{
    struct _restrict_guest *guest = _Py_atomic_load_ptr(&main_guest);
    if (guest == NULL) {
        return;
    }
    if (!on_main_thread()) {
        pthread_kill((pthread_t)_PyRuntime.main_thread, signal);
        return;
    }
    if (!_Py_atomic_exchange_int(&received, 1)) {
        _Py_atomic_add_int(&_PyRestrict_poll, 1);
    }
    _Py_set_eval_breaker_bit(guest->tstate, _PY_RESTRICTED_BIT);
}

struct _restrict_guest *
_PyRestrict_SignalsEnter(struct _restrict_guest *guest)
{
    struct _restrict_guest *before = _Py_atomic_load_ptr(&main_guest);
    if (_Py_ThreadCanHandleSignals(PyInterpreterState_Get())) {
        _Py_atomic_store_ptr(&main_guest, guest);
    }
    return before;
}

static int
take_received(void)
{
    if (!_Py_atomic_exchange_int(&received, 0)) {
        return 0;
    }
    _Py_atomic_add_int(&_PyRestrict_poll, -1);
    return 1;
}

void
_PyRestrict_SignalsLeave(struct _restrict_guest *before)
{
    if (on_main_thread()) {
        _Py_atomic_store_ptr(&main_guest, before);
        if (before == NULL) {
            take_received();  // the host handles it as always
        }
    }
}

int
_PyRestrict_HandleSignals(PyThreadState *tstate)
{
    struct _restrict_guest *guest = _Py_atomic_load_ptr(&main_guest);
    if (guest == NULL || !_Py_atomic_load_int_relaxed(&received)
        || !on_main_thread() || tstate != guest->tstate || guest->in_signal
        || !_PyRestrict_GuestHasRoom(guest))
    {
        return 0;
    }
    take_received();
    guest->in_signal = 1;
    _PyRestrict_PauseCPU(guest->interp);
    PyThreadState_Swap(guest->host);
    guest->host_signal(guest->host_arg);
    PyThreadState_Swap(guest->tstate);
    _PyRestrict_ResumeCPU(guest->interp);
    guest->in_signal = 0;
    return 1;
}

int
_PyRestrict_SignalWaits(void)
{
    return _Py_atomic_load_int_relaxed(&received);
}

/* What another thread ran is not there any more. */
void
_PyRestrict_SignalsAfterFork(void)
{
    if (!on_main_thread()) {
        _Py_atomic_store_ptr(&main_guest, NULL);
        take_received();
    }
}

#endif /* WITH_RESTRICTED */
