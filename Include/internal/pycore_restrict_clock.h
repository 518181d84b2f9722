/* What the files of the limits share among themselves: restrict_stop.c,
   restrict_clock.c and restrict_watchdog.c.  Nobody else includes it. */

#ifndef Py_INTERNAL_RESTRICT_CLOCK_H
#define Py_INTERNAL_RESTRICT_CLOCK_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

#include "pycore_restrict.h"

#define SECOND 1000000000  // nanoseconds, as are all times here
#define NEVER INT64_MAX

static inline int
_PyRestrict_IsHit(const struct _restrict_state *state)
{
    return _Py_atomic_load_int_relaxed(&state->limits.hit);
}

/* --- Clocks (restrict_clock.c) ------------------------------------------------ */

/* Nanoseconds; -1 if there is no such clock, as that of an ended thread. */
extern int64_t _PyRestrict_ReadClock(clockid_t clock);

/* Is there a time at which the guest must be stopped? */
extern int _PyRestrict_IsTimed(const struct _restrict_limits *limits);

/* With the watchdog's mutex: this thread is the one that runs the guest. */
extern void _PyRestrict_MoveRun(struct _restrict_limits *limits);

/* When to do something about this guest, and what limit it then is over. */
extern int64_t _PyRestrict_Deadline(const struct _restrict_limits *limits,
                                    int64_t now, _PyRestrict_Limit *limit);

/* --- The watchdog (restrict_watchdog.c) ----------------------------------------- */

extern int _PyRestrict_StartThread(void *(*body)(void *), void *arg,
                                   size_t stack_size);

/* Its mutex guards the clocks of all guests. */
extern void _PyRestrict_LockWatchdog(void);
extern void _PyRestrict_UnlockWatchdog(void);

/* The rest are called with the mutex. */

/* Once in each process.  0, or -1: there can be no such thread. */
extern int _PyRestrict_StartWatchdog(void);

/* The calling thread runs the guest, or nobody does. */
extern void _PyRestrict_Watch(struct _restrict_state *state);
extern void _PyRestrict_Unwatch(struct _restrict_state *state);

/* Is it one of those that run?  Such a pointer may be an old one. */
extern int _PyRestrict_IsWatched(const struct _restrict_state *state);

/* Let the watchdog know of a guest that runs, is stopped, or has a cap. */
extern void _PyRestrict_LookAgain(struct _restrict_state *state);

/* When the watchdog looks next, unless it is told to. */
extern int64_t _PyRestrict_WakesAt(void);

/* Nobody watches: the watchdog does not look at the guest any more. */
extern void _PyRestrict_AwaitWatchdog(const struct _restrict_state *state);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_CLOCK_H */
