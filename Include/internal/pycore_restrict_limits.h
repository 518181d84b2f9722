/* Limits of a restricted interpreter: memory, cpu, wall, steps, output, and
   being cancelled.

   Each limit ends in the same way: it is noted in `limits.hit`, once and for
   good, and the guest is stopped.  See Python/restrict_watchdog.c for what a
   stop is, Python/restrict_memory.c for how memory is counted. */

#ifndef Py_INTERNAL_RESTRICT_LIMITS_H
#define Py_INTERNAL_RESTRICT_LIMITS_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

typedef enum {
    _PyRestrict_LIMIT_NONE,
    _PyRestrict_LIMIT_MEMORY,
    _PyRestrict_LIMIT_CPU,
    _PyRestrict_LIMIT_WALL,
    _PyRestrict_LIMIT_STEPS,
    _PyRestrict_LIMIT_OUTPUT,
    _PyRestrict_LIMIT_CANCEL,
} _PyRestrict_Limit;

/* --- For the host (Modules/_restrict.c) ------------------------------------ */

/* Bracket a period in which the guest runs on the calling thread.  Cpu and
   wall are budgets over the interpreter's life: only what passes between the
   two is counted.  Neither fails, neither needs a thread state; the pairs do
   not nest.  A host that never calls them is charged by the rule that
   pyrestrict.h states. */
PyAPI_FUNC(void) _PyRestrict_BeginRun(PyInterpreterState *interp);
PyAPI_FUNC(void) _PyRestrict_EndRun(PyInterpreterState *interp);

/* Around a host function that the guest calls: wall goes on, cpu does not.
   On the thread that runs the guest; pairs may nest. */
PyAPI_FUNC(void) _PyRestrict_PauseCPU(PyInterpreterState *interp);
PyAPI_FUNC(void) _PyRestrict_ResumeCPU(PyInterpreterState *interp);

/* "memory", "cpu", "wall", "steps", "output" or "cancel": the limit that
   stopped the guest.  NULL: it was not stopped. */
PyAPI_FUNC(const char *) _PyRestrict_LimitHit(PyInterpreterState *interp);

/* --- For the streams --------------------------------------------------------- */

/* How many of `size` bytes of output the cap still allows; they are counted. */
extern Py_ssize_t _PyRestrict_ChargeOutput(Py_ssize_t size);
/* Stop the guest because of its output.  Always -1. */
extern int _PyRestrict_OutputExceeded(void);

#endif  /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif  /* !Py_INTERNAL_RESTRICT_LIMITS_H */
