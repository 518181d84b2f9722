/* Limits that hold inside C code: the watchdog and the stop.

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

   One thread per process, the watchdog, sleeps until the earliest moment at
   which some running guest can be over its time, reads the clocks, and stops
   it.  A guest that is blocked in the system gets signals, which do nothing
   but interrupt it, until it has noticed.  Time is counted while a guest runs
   (pyrestrict.h has the rule): what runs is in a list, under a mutex, and a
   process that never sets a cap has neither thread nor list.

   Steps are counted at the same checks: a guest with a step cap has the bit
   set from the start.  Only the two places count that every Python program
   passes in the same way, however the interpreter specializes its code: the
   start of a function and the backward jump of a loop. */

#include "Python.h"
#include "pycore_ceval.h"         // _Py_set_eval_breaker_bit_all()
#include "pycore_frame.h"         // _PyInterpreterFrame
#include "pycore_interp.h"
#include "pycore_obmalloc.h"      // the memory counter
#include "pycore_opcode_utils.h"  // RESUME_AT_FUNC_START
#include "pycore_pyerrors.h"      // _PyErr_SetRaisedException()
#include "pycore_restrict.h"
#include "pycore_restrict_signal.h"  // _PyRestrict_HandleSignals()

#ifdef WITH_RESTRICTED

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>          // SYS_tgkill
#include <unistd.h>

#define SECOND 1000000000         // nanoseconds, as are all times here
#define NEVER INT64_MAX
#define CPU_SLICE (SECOND / 2000) // the shortest sleep for a cpu clock
#define FIRST_NUDGE (SECOND / 1000)
#define LONGEST_NUDGE (SECOND / 20)
#define WATCHDOG_STACK (256 * 1024)     // bytes

int _PyRestrict_poll;

/* The watchdog is of the process: the state of the thread, what it waits for,
   and the guests that are running. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_cond_t unpinned;
    struct _restrict_state *pinned;
    int prepared;                 // the mutex and all else outlive a fork
    int started;                  // the thread does not
    int64_t wakes_at;
    int signal;                   // that interrupts a guest; 0: none was free
    struct _restrict_state *running;
} watchdog = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
};

/* The guest that this thread runs, even while it waits without the GIL. */
static _Thread_local struct _restrict_state *running_here;

struct _restrict_state *
_PyRestrict_RunningHere(void)
{
    return running_here;
}

/* --- The stop ---------------------------------------------------------------------- */

static const char *const limit_names[] = {
    [_PyRestrict_LIMIT_NONE] = NULL,
    [_PyRestrict_LIMIT_MEMORY] = "memory",
    [_PyRestrict_LIMIT_CPU] = "cpu",
    [_PyRestrict_LIMIT_WALL] = "wall",
    [_PyRestrict_LIMIT_STEPS] = "steps",
    [_PyRestrict_LIMIT_OUTPUT] = "output",
    [_PyRestrict_LIMIT_FILE_SIZE] = "file_size",
    [_PyRestrict_LIMIT_CANCEL] = "cancel",
};

static int
is_hit(const struct _restrict_state *state)
{
    return _Py_atomic_load_int_relaxed(&state->limits.hit);
}

const char *
_PyRestrict_LimitHit(PyInterpreterState *interp)
{
    return interp->restricted ? limit_names[is_hit(interp->restricted)] : NULL;
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
    if (stop == NULL) {             // the interpreter is ending
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
    return state != NULL && is_hit(state);
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

/* Overflowing the stack while handling an overflow. */
int
_PyRestrict_StopRecursion(PyThreadState *tstate)
{
    struct _restrict_state *state = tstate->interp->restricted;
    if (state == NULL) {
        return 0;
    }
    _PyRestrict_Stop(state, _PyRestrict_LIMIT_MEMORY);
    return raise_stop(tstate);
}

/* --- Steps ------------------------------------------------------------------------------ */

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
        return 0;
    }
    struct _restrict_limits *limits = &state->limits;
    if (_PyRestrict_HandleSignals(tstate) && limits->step_cap == 0) {
        _Py_unset_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
        if (is_hit(state)) {        // before or after the bit was cleared
            _Py_set_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
        }
    }
    if (!is_hit(state) && limits->step_cap != 0 && at_step(tstate)) {
        if (limits->steps == limits->step_cap) {
            _PyRestrict_Stop(state, _PyRestrict_LIMIT_STEPS);
        }
        else {
            limits->steps++;
        }
    }
    return is_hit(state) ? raise_stop(tstate) : 0;
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

/* --- Output ----------------------------------------------------------------------------- */

Py_ssize_t
_PyRestrict_ChargeOutput(Py_ssize_t size)
{
    struct _restrict_limits *limits = &_PyRestrict_GetState()->limits;
    size_t left = limits->output_cap - Py_MIN(limits->output,
                                              limits->output_cap);
    size = (Py_ssize_t)Py_MIN((size_t)size, left);
    limits->output += (size_t)size;
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

/* --- Clocks ------------------------------------------------------------------------------- */

/* Nanoseconds; -1 if there is no such clock, as that of a thread that ended. */
static int64_t
read_clock(clockid_t clock)
{
    struct timespec ts;
    if (clock_gettime(clock, &ts) < 0) {
        return -1;
    }
    return ts.tv_sec * (int64_t)SECOND + ts.tv_nsec;
}

static int64_t
clock_used(const struct _restrict_clock *clock, int64_t now)
{
    return clock->used
           + (clock->base >= 0 && now > clock->base ? now - clock->base : 0);
}

static void
clock_stop(struct _restrict_clock *clock, int64_t now)
{
    clock->used = clock_used(clock, now);
    clock->base = -1;
}

static int64_t
clock_left(const struct _restrict_clock *clock, int64_t now)
{
    if (clock->cap == 0 || clock->base < 0) {
        return NEVER;
    }
    return clock->cap - clock_used(clock, now);
}

static int
is_capped(const struct _restrict_limits *limits)
{
    return limits->cpu.cap != 0 || limits->wall.cap != 0;
}

/* --- The watchdog ----------------------------------------------------------------------- */

/* Interrupt a stopped guest that may be blocked; return when to do it again. */
static int64_t
nudge(struct _restrict_limits *limits, int64_t now)
{
    if (limits->paused || watchdog.signal == 0) {
        return NEVER;
    }
    if (limits->nudge_after == 0) {
        limits->nudge_after = FIRST_NUDGE;
    }
    else if (now < limits->nudge_at) {
        return limits->nudge_at;
    }
    else if (limits->nudge_after < LONGEST_NUDGE) {
        limits->nudge_after *= 2;
    }
    syscall(SYS_tgkill, getpid(), limits->thread, watchdog.signal);
    limits->nudge_at = now + limits->nudge_after;
    return limits->nudge_at;
}

/* When to do something about this guest, and what limit it then is over. */
static int64_t
deadline(const struct _restrict_limits *limits, int64_t now,
         _PyRestrict_Limit *limit)
{
    int64_t wall = clock_left(&limits->wall, now);
    int64_t cpu = limits->cpu.cap == 0 || limits->cpu.base < 0
                  ? NEVER : clock_left(&limits->cpu,
                                       read_clock(limits->cpu_clock));
    if (cpu > 0 && cpu < CPU_SLICE) {
        cpu = CPU_SLICE;
    }
    *limit = wall <= cpu ? _PyRestrict_LIMIT_WALL : _PyRestrict_LIMIT_CPU;
    int64_t left = Py_MIN(wall, cpu);
    return left > NEVER - now ? NEVER : now + left;
}

/* With the mutex; gives it away meanwhile: the stop needs the lock of the
   list of threads, and a fork takes both in the other order. */
static void
stop_pinned(struct _restrict_state *state, _PyRestrict_Limit limit)
{
    watchdog.pinned = state;        // it does not go away
    pthread_mutex_unlock(&watchdog.mutex);
    _PyRestrict_Stop(state, limit);
    pthread_mutex_lock(&watchdog.mutex);
    watchdog.pinned = NULL;
    pthread_cond_broadcast(&watchdog.unpinned);
}

/* Look after all that run.  Return when to do it again: 0 for now. */
static int64_t
inspect_all(int64_t now)
{
    int64_t next = NEVER;
    struct _restrict_state *state = watchdog.running;
    for (; state != NULL; state = state->limits.next) {
        _PyRestrict_Limit limit = _PyRestrict_LIMIT_NONE;
        int64_t moment = is_hit(state) ? nudge(&state->limits, now)
                         : deadline(&state->limits, now, &limit);
        if (moment <= now) {
            stop_pinned(state, limit);
            return 0;               // the list may be another one
        }
        next = Py_MIN(next, moment);
    }
    return next;
}

static void
sleep_until(int64_t moment)
{
    watchdog.wakes_at = moment;
    if (moment == NEVER) {
        pthread_cond_wait(&watchdog.changed, &watchdog.mutex);
        return;
    }
    struct timespec ts = {moment / SECOND, moment % SECOND};
    pthread_cond_timedwait(&watchdog.changed, &watchdog.mutex, &ts);
}

static void *
watch(void *Py_UNUSED(arg))
{
    pthread_mutex_lock(&watchdog.mutex);
    for (;;) {
        int64_t next = inspect_all(read_clock(CLOCK_MONOTONIC));
        if (next != 0) {
            sleep_until(next);
        }
    }
    return NULL;
}

static void
on_signal(int Py_UNUSED(signal))
{
}

/* A signal that nobody in this process uses, to interrupt system calls. */
static void
take_signal(void)
{
    for (int sig = SIGRTMAX; sig >= SIGRTMIN; sig--) {
        struct sigaction old;
        if (sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            struct sigaction action = {.sa_handler = on_signal};
            if (sigaction(sig, &action, NULL) == 0) {
                watchdog.signal = sig;
                return;
            }
        }
    }
}

static void
init_condition(void)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&watchdog.changed, &attr);
    pthread_cond_init(&watchdog.unpinned, NULL);
    pthread_condattr_destroy(&attr);
}

static void
lock_watchdog(void)
{
    pthread_mutex_lock(&watchdog.mutex);
}

static void
unlock_watchdog(void)
{
    pthread_mutex_unlock(&watchdog.mutex);
}

/* After a fork, the child has no watchdog yet, and runs no guest but the one
   of the thread that forked. */
static void
restart_in_child(void)
{
    watchdog.started = 0;
    watchdog.pinned = NULL;
    init_condition();
    unlock_watchdog();
}

static int
start_thread(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, WATCHDOG_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = pthread_create(&thread, &attr, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return err ? -1 : 0;
}

/* With the mutex; once in each process.  0, or -1 without a thread. */
static int
start_watchdog(void)
{
    if (watchdog.started) {
        return 0;
    }
    if (!watchdog.prepared) {
        watchdog.prepared = 1;
        init_condition();
        pthread_atfork(lock_watchdog, unlock_watchdog, restart_in_child);
        take_signal();
    }
    watchdog.wakes_at = 0;
    watchdog.started = start_thread() == 0;
    return watchdog.started ? 0 : -1;
}

/* With the mutex: let the watchdog know of a guest that runs, or of a cap. */
static void
look_again(struct _restrict_state *state)
{
    if (state->limits.running == _PyRestrict_NOT_RUNNING
        || (!is_capped(&state->limits) && !is_hit(state)))
    {
        return;
    }
    if (start_watchdog() < 0) {     // nobody would watch: rather not run
        _PyRestrict_Stop(state, _PyRestrict_LIMIT_WALL);
        return;
    }
    _PyRestrict_Limit limit;
    int64_t now = read_clock(CLOCK_MONOTONIC);
    if (is_hit(state) || watchdog.wakes_at > deadline(&state->limits, now,
                                                      &limit)) {
        pthread_cond_signal(&watchdog.changed);
    }
}

/* --- Running ------------------------------------------------------------------------------ */

/* With the mutex: the calling thread runs the guest from now on. */
static void
open_run(struct _restrict_state *state, _PyRestrict_RunKind kind)
{
    struct _restrict_limits *limits = &state->limits;
    limits->running = kind;
    limits->thread = (pid_t)syscall(SYS_gettid);
    pthread_getcpuclockid(pthread_self(), &limits->cpu_clock);
    limits->wall.base = read_clock(CLOCK_MONOTONIC);
    limits->cpu.base = limits->paused ? -1 : read_clock(limits->cpu_clock);
    limits->nudge_after = 0;
    limits->next = watchdog.running;
    watchdog.running = state;
    look_again(state);
    if (watchdog.signal != 0) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, watchdog.signal);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
}

static void
close_run(struct _restrict_state *state)
{
    struct _restrict_limits *limits = &state->limits;
    if (limits->running == _PyRestrict_NOT_RUNNING) {
        return;
    }
    struct _restrict_state **link = &watchdog.running;
    while (*link != state) {
        link = &(*link)->limits.next;
    }
    *link = limits->next;
    limits->running = _PyRestrict_NOT_RUNNING;
    clock_stop(&limits->wall, read_clock(CLOCK_MONOTONIC));
    if (limits->cpu.base >= 0) {
        clock_stop(&limits->cpu, read_clock(limits->cpu_clock));
    }
}

void
_PyRestrict_BeginRun(PyInterpreterState *interp)
{
    struct _restrict_state *state = interp->restricted;
    if (state == NULL) {
        return;
    }
    lock_watchdog();
    close_run(state);
    state->limits.bracketed = 1;
    open_run(state, _PyRestrict_BRACKETED);
    unlock_watchdog();
}

void
_PyRestrict_EndRun(PyInterpreterState *interp)
{
    if (interp->restricted != NULL) {
        lock_watchdog();
        close_run(interp->restricted);
        unlock_watchdog();
    }
}

void
_PyRestrict_PauseCPU(PyInterpreterState *interp)
{
    struct _restrict_state *state = interp->restricted;
    if (state == NULL) {
        return;
    }
    struct _restrict_clock *cpu = &state->limits.cpu;
    lock_watchdog();
    state->limits.paused++;
    if (cpu->base >= 0) {
        clock_stop(cpu, read_clock(state->limits.cpu_clock));
    }
    unlock_watchdog();
    // The host is next, and a bracketed run goes on: nothing to look up then.
    if (state->limits.bracketed && running_here == state) {
        running_here = NULL;
    }
}

void
_PyRestrict_ResumeCPU(PyInterpreterState *interp)
{
    struct _restrict_state *state = interp->restricted;
    if (state == NULL) {
        return;
    }
    struct _restrict_limits *limits = &state->limits;
    lock_watchdog();
    if (--limits->paused == 0 && limits->running != _PyRestrict_NOT_RUNNING) {
        limits->cpu.base = read_clock(limits->cpu_clock);
        look_again(state);
    }
    unlock_watchdog();
}

/* This thread runs another interpreter now: the guest before it waits.  It
   may be gone by now, if another thread ended it; then it is in no list. */
static void
leave_running(struct _restrict_state *left)
{
    pid_t thread = (pid_t)syscall(SYS_gettid);
    lock_watchdog();
    struct _restrict_state *state = watchdog.running;
    while (state != NULL && state != left) {
        state = state->limits.next;
    }
    if (state != NULL && state->limits.running == _PyRestrict_SWAPPED_IN
        && state->limits.thread == thread)
    {
        close_run(state);
    }
    unlock_watchdog();
}

static void
enter_running(struct _restrict_state *state)
{
    if (state->limits.bracketed || !is_capped(&state->limits)) {
        return;
    }
    lock_watchdog();
    if (!state->limits.bracketed
        && (state->limits.running == _PyRestrict_NOT_RUNNING
            || state->limits.thread != (pid_t)syscall(SYS_gettid)))
    {
        close_run(state);
        open_run(state, _PyRestrict_SWAPPED_IN);
    }
    unlock_watchdog();
}

/* Called whenever a thread state becomes that of a thread. */
void
_PyRestrict_Attached(PyThreadState *tstate)
{
    struct _restrict_state *state = tstate->interp->restricted;
    if (running_here != NULL && running_here != state) {
        leave_running(running_here);
    }
    running_here = state;
    if (state == NULL) {
        return;
    }
    enter_running(state);
    if (is_hit(state) || state->limits.step_cap != 0) {
        _Py_set_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
    }
}

/* --- Setting caps ---------------------------------------------------------------------------- */

static int
set_clock(PyInterpreterState *interp, struct _restrict_clock *clock,
          double seconds)
{
    if (!(seconds > 0)) {
        PyErr_SetString(PyExc_ValueError, "the time must be positive");
        return -1;
    }
    struct _restrict_state *state = interp->restricted;
    PyThreadState *tstate = _PyThreadState_GET();
    lock_watchdog();
    int err = start_watchdog();
    clock->cap = seconds < 1e9 ? (int64_t)(seconds * SECOND) + 1 : 0;
    if (tstate->interp == interp && !state->limits.bracketed
        && state->limits.running == _PyRestrict_NOT_RUNNING)
    {
        open_run(state, _PyRestrict_SWAPPED_IN);
    }
    look_again(state);
    unlock_watchdog();
    if (err) {
        PyErr_SetString(PyExc_RuntimeError, "can't start the watchdog thread");
    }
    return err;
}

int
PyRestrict_SetCPUCap(PyInterpreterState *interp, double seconds)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    return state ? set_clock(interp, &state->limits.cpu, seconds) : -1;
}

int
PyRestrict_SetWallCap(PyInterpreterState *interp, double seconds)
{
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    return state ? set_clock(interp, &state->limits.wall, seconds) : -1;
}

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
    lock_watchdog();
    look_again(state);
    unlock_watchdog();
    return 0;
}

/* --- Usage --------------------------------------------------------------------------------------- */

int
PyRestrict_GetUsage(PyInterpreterState *interp, PyRestrictUsage *usage)
{
    *usage = (PyRestrictUsage){0};
    struct _restrict_state *state = _PyRestrict_StateOf(interp);
    if (state == NULL) {
        return -1;
    }
    struct _restrict_limits *limits = &state->limits;
    struct _restrict_memory *memory = &interp->obmalloc->restricted;
    usage->memory = (Py_ssize_t)memory->used;
    usage->peak_memory = (Py_ssize_t)memory->peak;
    usage->steps = limits->steps;
    usage->output = (Py_ssize_t)limits->output;
    usage->denials = state->log.n_denials;
    lock_watchdog();
    int64_t wall = clock_used(&limits->wall, read_clock(CLOCK_MONOTONIC));
    int64_t cpu = limits->cpu.used;
    if (limits->cpu.base >= 0) {
        cpu = clock_used(&limits->cpu, read_clock(limits->cpu_clock));
    }
    unlock_watchdog();
    usage->wall = (double)wall / SECOND;
    usage->cpu = (double)cpu / SECOND;
    return 0;
}

/* --- Life ----------------------------------------------------------------------------------------- */

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

/* What the guest left behind may run when its interpreter ends: that counts,
   too, as far as time is limited at all. */
void
_PyRestrict_BeginEnd(PyThreadState *tstate)
{
    struct _restrict_state *state = tstate->interp->restricted;
    if (state == NULL) {
        return;
    }
    lock_watchdog();
    close_run(state);
    state->limits.paused = 0;
    if (is_capped(&state->limits) || is_hit(state)) {
        open_run(state, _PyRestrict_BRACKETED);
    }
    state->limits.bracketed = 1;
    unlock_watchdog();
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

/* Before the last collection, which it takes for the class.  What still runs
   is stopped with a MemoryError. */
void
_PyRestrict_ForgetStop(PyInterpreterState *interp)
{
    Py_CLEAR(interp->restricted->limits.stop);
}

/* After its last thread state. */
void
_PyRestrict_FiniLimits(struct _restrict_state *state)
{
    lock_watchdog();
    close_run(state);
    while (watchdog.pinned == state) {
        pthread_cond_wait(&watchdog.unpinned, &watchdog.mutex);
    }
    unlock_watchdog();
    if (running_here == state) {
        running_here = NULL;
    }
    if (is_hit(state)) {
        _Py_atomic_add_int(&_PyRestrict_poll, -1);
    }
}

#endif  /* WITH_RESTRICTED */
