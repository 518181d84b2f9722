/* The time of a guest: cpu, wall, and what it used of everything.

   Time is counted while a guest runs (pyrestrict.h has the rule).  A host
   that brackets its uses of a guest says when that is; for one that does not,
   it is the time in which the guest's thread state is that of a thread.  The
   clocks are guarded by the watchdog's mutex. */

#include "Python.h"
#include "pycore_ceval.h"  // _Py_set_eval_breaker_bit()
#include "pycore_interp.h"
#include "pycore_obmalloc.h"  // the memory counter
#include "pycore_restrict.h"
#include "pycore_restrict_clock.h"

#ifdef WITH_RESTRICTED

#include <pthread.h>
#include <sys/syscall.h>  // SYS_gettid
#include <unistd.h>

#define CPU_SLICE (SECOND / 2000)  // the shortest sleep for a cpu clock
#define GUESS (SECOND / 20000)     // how long the time of day tells cpu time

/* The guest that this thread runs, even while it waits without the GIL. */
static _Thread_local struct _restrict_state *running_here;

struct _restrict_state *
_PyRestrict_RunningHere(void)
{
    return running_here;
}

/* --- Clocks -------------------------------------------------------------- */

int64_t
_PyRestrict_ReadClock(clockid_t clock)
{
    struct timespec ts;
    if (clock_gettime(clock, &ts) < 0) {
        return -1;
    }
    return ts.tv_sec * (int64_t)SECOND + ts.tv_nsec;
}

/* Asking for the cpu time of a thread is a call of the system, and a guest may
   change places with its host a million times a second.  As long as the last
   answer is fresh, the thread is taken to have run since: it had no time to be
   away for longer.  What is wrong then is put right by the next answer. */
static _Thread_local struct {
    clockid_t clock;  // of this thread
    int64_t moment;   // when it was asked; 0: never
    int64_t cpu;
} last_answer;

static int64_t
guess_cpu(clockid_t clock, int64_t now)
{
    if (clock != last_answer.clock) {
        return _PyRestrict_ReadClock(clock);
    }
    if (last_answer.moment == 0 || now - last_answer.moment > GUESS) {
        last_answer.cpu = _PyRestrict_ReadClock(clock);
        last_answer.moment = now;
    }
    return last_answer.cpu + (now - last_answer.moment);
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

int
_PyRestrict_IsTimed(const struct _restrict_limits *limits)
{
    return limits->cpu.cap != 0 || limits->wall.cap != 0;
}

int64_t
_PyRestrict_Deadline(const struct _restrict_limits *limits, int64_t now,
                     _PyRestrict_Limit *limit)
{
    int64_t wall = clock_left(&limits->wall, now);
    int64_t cpu = limits->cpu.cap == 0 || limits->cpu.base < 0
                      ? NEVER
                      : clock_left(&limits->cpu,
                                   _PyRestrict_ReadClock(limits->cpu_clock));
    if (cpu > 0 && cpu < CPU_SLICE) {
        cpu = CPU_SLICE;
    }
    *limit = wall <= cpu ? _PyRestrict_LIMIT_WALL : _PyRestrict_LIMIT_CPU;
    int64_t left = Py_MIN(wall, cpu);
    return left > NEVER - now ? NEVER : now + left;
}

/* --- Running ------------------------------------------------------------- */

void
_PyRestrict_MoveRun(struct _restrict_limits *limits)
{
    limits->thread = (pid_t)syscall(SYS_gettid);
    pthread_getcpuclockid(pthread_self(), &limits->cpu_clock);
    last_answer.clock = limits->cpu_clock;
    last_answer.moment = 0;
}

/* With the mutex: the calling thread runs the guest from now on. */
static void
open_run(struct _restrict_state *state, _PyRestrict_RunKind kind)
{
    struct _restrict_limits *limits = &state->limits;
    limits->running = kind;
    _PyRestrict_MoveRun(limits);
    limits->wall.base = _PyRestrict_ReadClock(CLOCK_MONOTONIC);
    limits->cpu.base = limits->paused
                           ? -1
                           : _PyRestrict_ReadClock(limits->cpu_clock);
    _PyRestrict_Watch(state);
}

static void
close_run(struct _restrict_state *state)
{
    struct _restrict_limits *limits = &state->limits;
    if (limits->running == _PyRestrict_NOT_RUNNING) {
        return;
    }
    _PyRestrict_Unwatch(state);
    limits->running = _PyRestrict_NOT_RUNNING;
    clock_stop(&limits->wall, _PyRestrict_ReadClock(CLOCK_MONOTONIC));
    if (limits->cpu.base >= 0) {
        clock_stop(&limits->cpu, _PyRestrict_ReadClock(limits->cpu_clock));
    }
}

void
_PyRestrict_BeginRun(PyInterpreterState *interp)
{
    struct _restrict_state *state = interp->restricted;
    if (state == NULL) {
        return;
    }
    _PyRestrict_LockWatchdog();
    close_run(state);
    state->limits.bracketed = 1;
    open_run(state, _PyRestrict_BRACKETED);
    _PyRestrict_UnlockWatchdog();
}

void
_PyRestrict_EndRun(PyInterpreterState *interp)
{
    if (interp->restricted != NULL) {
        _PyRestrict_LockWatchdog();
        close_run(interp->restricted);
        _PyRestrict_UnlockWatchdog();
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
    _PyRestrict_LockWatchdog();
    state->limits.paused++;
    if (cpu->base >= 0) {
        int64_t now = _PyRestrict_ReadClock(CLOCK_MONOTONIC);
        clock_stop(cpu, guess_cpu(state->limits.cpu_clock, now));
    }
    _PyRestrict_UnlockWatchdog();
    // The host is next, and a bracketed run goes on: nothing to look up then.
    if (state->limits.bracketed && running_here == state) {
        running_here = NULL;
    }
}

/* The watchdog may sleep for longer than what is left of the cpu time. */
static void
look_again(struct _restrict_state *state, int64_t now)
{
    const struct _restrict_clock *cpu = &state->limits.cpu;
    int64_t left = cpu->cap != 0 ? Py_MAX(cpu->cap - cpu->used, CPU_SLICE)
                                 : NEVER - now;
    if (_PyRestrict_IsHit(state) || _PyRestrict_WakesAt() > now + left) {
        _PyRestrict_LookAgain(state);
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
    _PyRestrict_LockWatchdog();
    if (--limits->paused == 0 && limits->running != _PyRestrict_NOT_RUNNING) {
        int64_t now = _PyRestrict_ReadClock(CLOCK_MONOTONIC);
        limits->cpu.base = guess_cpu(limits->cpu_clock, now);
        look_again(state, now);
    }
    _PyRestrict_UnlockWatchdog();
}

/* This thread runs another interpreter now: the guest before it waits.  It
   may be gone by now, if another thread ended it; then it is in no list. */
static void
leave_running(struct _restrict_state *left)
{
    pid_t thread = (pid_t)syscall(SYS_gettid);
    _PyRestrict_LockWatchdog();
    if (_PyRestrict_IsWatched(left)
        && left->limits.running == _PyRestrict_SWAPPED_IN
        && left->limits.thread == thread)
    {
        close_run(left);
    }
    _PyRestrict_UnlockWatchdog();
}

static void
enter_running(struct _restrict_state *state)
{
    if (!state->limits.started || state->limits.bracketed) {
        return;
    }
    _PyRestrict_LockWatchdog();
    if (!state->limits.bracketed
        && (state->limits.running == _PyRestrict_NOT_RUNNING
            || state->limits.thread != (pid_t)syscall(SYS_gettid)))
    {
        close_run(state);
        open_run(state, _PyRestrict_SWAPPED_IN);
    }
    _PyRestrict_UnlockWatchdog();
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
    if (_PyRestrict_IsHit(state) || state->limits.step_cap != 0) {
        _Py_set_eval_breaker_bit(tstate, _PY_RESTRICTED_BIT);
    }
}

/* --- Caps ---------------------------------------------------------------- */

static int
set_clock(PyInterpreterState *interp, struct _restrict_clock *clock,
          double seconds)
{
    if (!(seconds > 0)) {
        PyErr_SetString(PyExc_ValueError, "the time must be positive");
        return -1;
    }
    struct _restrict_state *state = interp->restricted;
    _PyRestrict_LockWatchdog();
    int err = _PyRestrict_StartWatchdog();
    clock->cap = seconds < 1e9 ? (int64_t)(seconds * SECOND) + 1 : 0;
    _PyRestrict_LookAgain(state);
    _PyRestrict_UnlockWatchdog();
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

/* --- Usage --------------------------------------------------------------- */

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
    // The guest may be running, and adding to them.
    usage->memory = _Py_atomic_load_ssize_relaxed((Py_ssize_t *)&memory->used);
    usage->peak_memory =
        _Py_atomic_load_ssize_relaxed((Py_ssize_t *)&memory->peak);
    usage->steps = _Py_atomic_load_uint64_relaxed(&limits->steps);
    usage->output =
        _Py_atomic_load_ssize_relaxed((Py_ssize_t *)&limits->output);
    usage->denials = _Py_atomic_load_ullong_relaxed(&state->log.n_denials);
    _PyRestrict_LockWatchdog();
    int64_t wall = clock_used(&limits->wall,
                              _PyRestrict_ReadClock(CLOCK_MONOTONIC));
    int64_t cpu = limits->cpu.used;
    if (limits->cpu.base >= 0) {
        cpu = clock_used(&limits->cpu,
                         _PyRestrict_ReadClock(limits->cpu_clock));
    }
    _PyRestrict_UnlockWatchdog();
    usage->wall = (double)wall / SECOND;
    usage->cpu = (double)cpu / SECOND;
    return 0;
}

/* --- Life ---------------------------------------------------------------- */

/* On the thread that made the interpreter, whose thread state is current. */
void
_PyRestrict_StartClocks(PyInterpreterState *interp)
{
    interp->restricted->limits.started = 1;
    enter_running(interp->restricted);
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
    _PyRestrict_LockWatchdog();
    close_run(state);
    state->limits.paused = 0;
    if (_PyRestrict_IsTimed(&state->limits) || _PyRestrict_IsHit(state)) {
        open_run(state, _PyRestrict_BRACKETED);
    }
    state->limits.bracketed = 1;
    _PyRestrict_UnlockWatchdog();
}

/* After its last thread state. */
void
_PyRestrict_FiniLimits(struct _restrict_state *state)
{
    _PyRestrict_LockWatchdog();
    close_run(state);
    _PyRestrict_AwaitWatchdog(state);
    _PyRestrict_UnlockWatchdog();
    if (running_here == state) {
        running_here = NULL;
    }
    if (_PyRestrict_IsHit(state)) {
        _Py_atomic_add_int(&_PyRestrict_poll, -1);
    }
}

#endif /* WITH_RESTRICTED */
