/* The watchdog: the thread that stops guests whose time is over.

   One thread per process sleeps until the earliest moment at which some
   running guest can be over its time, reads the clocks, and stops it.  A
   guest that is blocked in the system gets signals, which do nothing but
   interrupt it, until it has noticed.  What runs is in a list, under a mutex;
   the thread starts when the first guest is limited. */

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_clock.h"
#include "pycore_restrict_signal.h"

#ifdef WITH_RESTRICTED

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>  // SYS_tgkill
#include <unistd.h>

#define FIRST_NUDGE (SECOND / 1000)
#define LONGEST_NUDGE (SECOND / 20)
#define WATCHDOG_STACK (256 * 1024)  // bytes

/* The watchdog is of the process: the state of the thread, what it waits for,
   and the guests that are running. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_cond_t unpinned;
    struct _restrict_state *pinned;
    int prepared;  // the mutex and all else outlive a fork
    int started;   // the thread does not
    int64_t wakes_at;
    pid_t forking;  // the thread that does
    int signal;     // that interrupts a guest; 0: none was free
    struct _restrict_state *running;
} watchdog = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
};

/* --- The thread ---------------------------------------------------------------------------- */

/* Interrupt a stopped guest that may be blocked; return when to do it once
   more. */
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

/* With the mutex; gives it away meanwhile: the stop needs the lock of the
   list of threads, and a fork takes both in the other order. */
static void
stop_pinned(struct _restrict_state *state, _PyRestrict_Limit limit)
{
    watchdog.pinned = state;  // it does not go away
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
        int64_t moment = _PyRestrict_IsHit(state)
                             ? nudge(&state->limits, now)
                             : _PyRestrict_Deadline(&state->limits, now,
                                                    &limit);
        if (moment <= now) {
            stop_pinned(state, limit);
            return 0;  // the list may be another one
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
        int64_t next = inspect_all(_PyRestrict_ReadClock(CLOCK_MONOTONIC));
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

void
_PyRestrict_LockWatchdog(void)
{
    pthread_mutex_lock(&watchdog.mutex);
}

void
_PyRestrict_UnlockWatchdog(void)
{
    pthread_mutex_unlock(&watchdog.mutex);
}

static void
lock_for_fork(void)
{
    _PyRestrict_LockWatchdog();
    watchdog.forking = (pid_t)syscall(SYS_gettid);
}

/* Those of other threads are as good as gone. */
static void
keep_own_guests(void)
{
    struct _restrict_state **link = &watchdog.running;
    while (*link != NULL) {
        struct _restrict_limits *limits = &(*link)->limits;
        if (limits->thread != watchdog.forking) {
            *link = limits->next;
            continue;
        }
        _PyRestrict_MoveRun(limits);
        link = &limits->next;
    }
}

/* After a fork, the child has no watchdog yet, and runs no guest but those of
   the thread that forked, which is another one now. */
static void
restart_in_child(void)
{
    watchdog.started = 0;
    watchdog.wakes_at = NEVER;  // whoever runs a guest starts it
    watchdog.pinned = NULL;
    init_condition();
    keep_own_guests();
    _PyRestrict_SignalsAfterFork();
    _PyRestrict_UnlockWatchdog();
}

/* A thread that nobody joins and no signal reaches; 0 or an errno. */
int
_PyRestrict_StartThread(void *(*body)(void *), void *arg, size_t stack_size)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, stack_size);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = pthread_create(&thread, &attr, body, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return err;
}

static void
prepare(void)
{
    if (watchdog.prepared) {
        return;
    }
    watchdog.prepared = 1;
    init_condition();
    pthread_atfork(lock_for_fork, _PyRestrict_UnlockWatchdog,
                   restart_in_child);
    take_signal();
}

int
_PyRestrict_StartWatchdog(void)
{
    if (watchdog.started) {
        return 0;
    }
    prepare();
    watchdog.wakes_at = 0;
    watchdog.started = _PyRestrict_StartThread(watch, NULL, WATCHDOG_STACK)
                       == 0;
    return watchdog.started ? 0 : -1;
}

int64_t
_PyRestrict_WakesAt(void)
{
    return watchdog.wakes_at;
}

/* --- Who is watched ---------------------------------------------------------------------- */

void
_PyRestrict_LookAgain(struct _restrict_state *state)
{
    if (state->limits.running == _PyRestrict_NOT_RUNNING
        || (!_PyRestrict_IsTimed(&state->limits) && !_PyRestrict_IsHit(state)))
    {
        return;
    }
    if (_PyRestrict_StartWatchdog() < 0) {
        // Nobody would watch it: rather not run.
        stop_pinned(state, _PyRestrict_LIMIT_WALL);
        return;
    }
    _PyRestrict_Limit limit;
    int64_t now = _PyRestrict_ReadClock(CLOCK_MONOTONIC);
    if (_PyRestrict_IsHit(state)
        || watchdog.wakes_at
               > _PyRestrict_Deadline(&state->limits, now, &limit))
    {
        pthread_cond_signal(&watchdog.changed);
    }
}

void
_PyRestrict_Watch(struct _restrict_state *state)
{
    state->limits.nudge_after = 0;
    state->limits.next = watchdog.running;
    watchdog.running = state;
    // A guest without a cap can be cancelled, and a thread's signals are its
    // own to let through: now, not when it is blocked.
    prepare();
    _PyRestrict_LookAgain(state);
    if (watchdog.signal != 0) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, watchdog.signal);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
}

void
_PyRestrict_Unwatch(struct _restrict_state *state)
{
    struct _restrict_state **link = &watchdog.running;
    while (*link != state) {
        link = &(*link)->limits.next;
    }
    *link = state->limits.next;
}

int
_PyRestrict_IsWatched(const struct _restrict_state *wanted)
{
    const struct _restrict_state *state = watchdog.running;
    while (state != NULL && state != wanted) {
        state = state->limits.next;
    }
    return state != NULL;
}

void
_PyRestrict_AwaitWatchdog(const struct _restrict_state *state)
{
    while (watchdog.pinned == state) {
        pthread_cond_wait(&watchdog.unpinned, &watchdog.mutex);
    }
}

#endif /* WITH_RESTRICTED */
