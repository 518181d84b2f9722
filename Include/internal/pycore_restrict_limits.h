/* Limits of a restricted interpreter: memory, cpu, wall, steps, output, and
   being cancelled.

   Each limit ends in the same way: it is noted in `limits.hit`, once and for
   good, and the guest is stopped.  See Python/restrict_stop.c for what a stop
   is, Python/restrict_memory.c for how memory is counted. */

#ifndef Py_INTERNAL_RESTRICT_LIMITS_H
#define Py_INTERNAL_RESTRICT_LIMITS_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_restrict_use.h"

#ifdef WITH_RESTRICTED

#include <sys/types.h>  // pid_t
#include <time.h>       // clockid_t

typedef enum {
    _PyRestrict_LIMIT_NONE,
    _PyRestrict_LIMIT_MEMORY,
    _PyRestrict_LIMIT_CPU,
    _PyRestrict_LIMIT_WALL,
    _PyRestrict_LIMIT_STEPS,
    _PyRestrict_LIMIT_OUTPUT,
    _PyRestrict_LIMIT_FILE_SIZE,
    _PyRestrict_LIMIT_NET_BYTES,
    _PyRestrict_LIMIT_CANCEL,
} _PyRestrict_Limit;

/* --- Memory (restrict_memory.c) ----------------------------------------------- */

struct _restrict_state;
struct _restrict_heap;  // Python/restrict_heap.c

/* A block that we map ourselves. */
struct _restrict_mapping {
    void *address;  // page-aligned; NULL: a free place
    size_t size;    // a multiple of the page size
};

/* In the allocator state of each interpreter; bytes. */
struct _restrict_memory {
    struct _restrict_state *owner;  // NULL: trusted, nothing is counted
    size_t cap;                     // SIZE_MAX: none
    size_t used;
    size_t peak;
    size_t charged;                      // of used: by extensions
    struct _restrict_mapping *mappings;  // open addressing, a power of two
    size_t n_mappings, n_places;
    struct _restrict_heap *heap;     // blocks below that; NULL: none yet
    struct _restrict_mapping *kept;  // free mappings, for the next block
    size_t n_kept, kept_size;        // how many; bytes in all
};

struct _is;
struct _ts;
extern void _PyRestrict_InitMemory(struct _is *interp);
extern void _PyRestrict_FiniMemory(struct _is *interp);
extern int _PyRestrict_ChargeArena(struct _restrict_memory *memory,
                                   size_t size);
extern int _PyRestrict_ChargeFrames(struct _ts *tstate, size_t size);
extern void _PyRestrict_RefundFrames(struct _ts *tstate, size_t size);
extern void _PyRestrict_Refund(struct _restrict_memory *memory, size_t size);
extern void *_PyRestrict_LargeAlloc(struct _restrict_memory *memory,
                                    size_t size, int zeroed);
extern void *_PyRestrict_LargeRealloc(struct _restrict_memory *memory,
                                      void *ptr, size_t size);
extern void _PyRestrict_LargeFree(struct _restrict_memory *memory, void *ptr);

/* For libraries that allocate by a function they are given, with or without
   the GIL: raw memory, charged to the guest that the thread runs. */
// Exported for the shared extensions '_bz2', 'zlib', ...
PyAPI_FUNC(void *) _PyRestrict_LibraryMalloc(size_t size);
PyAPI_FUNC(void *) _PyRestrict_LibraryCalloc(size_t n, size_t size);
PyAPI_FUNC(void) _PyRestrict_LibraryFree(void *ptr);
/* PyMem_Malloc(), but NULL once the guest is stopped: for libraries whose
   computations are long, and look at nothing else. */
PyAPI_FUNC(void *) _PyRestrict_PollingMalloc(size_t size);
/* For libraries that know nothing of Python; they hold the GIL. */
PyAPI_FUNC(int) _PyRestrict_LibraryStopped(void);
/* The same with or without the GIL. */
PyAPI_FUNC(int) _PyRestrict_StoppedHere(void);

/* --- Clocks and the stop (restrict_clock.c, restrict_stop.c) ------------------- */

/* Nanoseconds. */
struct _restrict_clock {
    int64_t cap;   // 0: none
    int64_t used;  // up to `base`
    int64_t base;  // when counting began; -1: not counting
};

typedef enum {
    _PyRestrict_NOT_RUNNING,
    _PyRestrict_SWAPPED_IN,  // the rule of pyrestrict.h
    _PyRestrict_BRACKETED,   // BeginRun() to EndRun()
} _PyRestrict_RunKind;

/* Guarded by the watchdog's mutex, but for `hit`, which is atomic, and what
   only the running guest touches: steps and output. */
struct _restrict_limits {
    int hit;         // a _PyRestrict_Limit, once and for good
    PyObject *stop;  // the exception, made in advance
    int started;     // time counts: the interpreter is made
    _PyRestrict_RunKind running;
    int bracketed;  // BeginRun() was called at some time
    int paused;     // PauseCPU() without ResumeCPU()
    struct _restrict_clock cpu, wall;
    clockid_t cpu_clock;  // of the thread that runs the guest
    pid_t thread;         // the same, as the kernel calls it
    int64_t nudge_after;  // nanoseconds between two signals to it
    int64_t nudge_at;
    struct _restrict_state *next;  // of those that are running
    uint64_t steps, step_cap;      // 0: none
    size_t output, output_cap;     // SIZE_MAX: none
};

// Exported for shared extensions.
/* -1 with the exception set if the running interpreter is stopped, else 0. */
PyAPI_FUNC(int) _PyRestrict_CheckStop(void);

/* The result of a call, or NULL if the running interpreter is stopped. */
extern PyObject *_PyRestrict_CheckResult(PyObject *result);
extern int _PyRestrict_InitLimits(struct _is *interp);
extern void _PyRestrict_StartClocks(struct _is *interp);
extern void _PyRestrict_FiniLimits(struct _restrict_state *state);
extern void _PyRestrict_Stop(struct _restrict_state *state,
                             _PyRestrict_Limit limit);
extern struct _restrict_state *_PyRestrict_RunningHere(void);
extern void _PyRestrict_Attached(struct _ts *tstate);
extern int _PyRestrict_HandlePending(struct _ts *tstate);
extern int _PyRestrict_IsStopped(struct _ts *tstate);
extern int _PyRestrict_Unwinding(struct _ts *tstate);
extern int _PyRestrict_StopRecursion(struct _ts *tstate);
extern void _PyRestrict_BeginEnd(struct _ts *tstate);
extern void _PyRestrict_ForgetStop(struct _is *interp);
extern void _PyRestrict_DropThreads(struct _ts *tstate);

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

/* "memory", "cpu", "wall", "steps", "output", "file_size", "net_bytes" or
   "cancel": the limit that stopped the guest.  NULL: it was not stopped. */
PyAPI_FUNC(const char *) _PyRestrict_LimitHit(PyInterpreterState *interp);

/* --- For the streams --------------------------------------------------------- */

/* How many of `size` bytes of output the cap still allows; it counts them. */
extern Py_ssize_t _PyRestrict_ChargeOutput(Py_ssize_t size);
/* Stop the guest because of its output.  Always -1. */
extern int _PyRestrict_OutputExceeded(void);
/* The same because of what it wrote to files. */
extern int _PyRestrict_FileSizeExceeded(void);
/* The same because of what it sent and received. */
extern int _PyRestrict_NetBytesExceeded(void);

/* --- One-line hooks ------------------------------------------------------------ */

#define _PyRestrict_OBMALLOC_MEMBER struct _restrict_memory restricted;
#define _PyRestrict_IS_CHARGED(state)                                         \
    __builtin_expect((state)->restricted.owner != NULL, 0)
#define _PyRestrict_INIT_MEMORY(interp) _PyRestrict_InitMemory(interp)
#define _PyRestrict_CHARGE_ARENA(state, size, error_return)                   \
    do {                                                                      \
        if (_PyRestrict_IS_CHARGED(state)                                     \
            && _PyRestrict_ChargeArena(&(state)->restricted, size) < 0)       \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define _PyRestrict_REFUND_ARENA(state, size)                                 \
    do {                                                                      \
        if (_PyRestrict_IS_CHARGED(state)) {                                  \
            _PyRestrict_Refund(&(state)->restricted, size);                   \
        }                                                                     \
    } while (0)
#define _PyRestrict_LARGE_ALLOC(state, size, zeroed)                          \
    do {                                                                      \
        if (_PyRestrict_IS_CHARGED(state)) {                                  \
            return _PyRestrict_LargeAlloc(&(state)->restricted, size,         \
                                          zeroed);                            \
        }                                                                     \
    } while (0)
#define _PyRestrict_LARGE_REALLOC(state, ptr, size)                           \
    do {                                                                      \
        if (_PyRestrict_IS_CHARGED(state)) {                                  \
            return _PyRestrict_LargeRealloc(&(state)->restricted, ptr, size); \
        }                                                                     \
    } while (0)
#define _PyRestrict_LARGE_FREE(state, ptr)                                    \
    do {                                                                      \
        if (_PyRestrict_IS_CHARGED(state)) {                                  \
            _PyRestrict_LargeFree(&(state)->restricted, ptr);                 \
            return;                                                           \
        }                                                                     \
    } while (0)
/* Frames live in chunks that come and go without an object: charged to the
   interpreter whose thread state is current, which may be none at the end. */
#define _PyRestrict_CHARGE_FRAMES(size, error_return)                         \
    do {                                                                      \
        PyThreadState *current = _PyThreadState_GET();                        \
        if (_PyRestrict_IN_USE() && current != NULL                           \
            && current->interp->restricted != NULL                            \
            && _PyRestrict_ChargeFrames(current, size) < 0)                   \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define _PyRestrict_REFUND_FRAMES(size)                                       \
    do {                                                                      \
        PyThreadState *current = _PyThreadState_GET();                        \
        if (_PyRestrict_IN_USE() && current != NULL                           \
            && current->interp->restricted != NULL)                           \
        {                                                                     \
            _PyRestrict_RefundFrames(current, size);                          \
        }                                                                     \
    } while (0)

/* In the eval breaker of a thread: look at every check whether the guest is
   stopped, and count steps. */
#define _PY_RESTRICTED_BIT (1U << 7)

/* A thread that runs a guest's thread state may go on with the host's. */
#define _PyRestrict_ATTACHED(tstate)                                          \
    do {                                                                      \
        if (_PyRestrict_IN_USE()) {                                           \
            _PyRestrict_Attached(tstate);                                     \
        }                                                                     \
    } while (0)
#define _PyRestrict_HANDLE_PENDING(tstate, breaker, error_return)             \
    do {                                                                      \
        if (((breaker) & _PY_RESTRICTED_BIT)                                  \
            && _PyRestrict_HandlePending(tstate) < 0)                         \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
/* In loops of C code that check nothing else. */
#define _PyRestrict_POLL(error_return)                                        \
    do {                                                                      \
        if (_PyRestrict_POLLING() && _PyRestrict_CheckStop() < 0) {           \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define _PyRestrict_POLL_IF(condition, error_return)                          \
    do {                                                                      \
        if (condition) {                                                      \
            _PyRestrict_POLL(error_return);                                   \
        }                                                                     \
    } while (0)
/* The same in a function that has to put something right first. */
#define _PyRestrict_POLL_DO(condition, action)                                \
    do {                                                                      \
        if ((condition) && _PyRestrict_POLLING()                              \
            && _PyRestrict_CheckStop() < 0)                                   \
        {                                                                     \
            action;                                                           \
        }                                                                     \
    } while (0)
/* The same where there is no way to fail: what comes of it is dropped at the
   next check. */
#define _PyRestrict_STOPPED()                                                 \
    (_PyRestrict_POLLING() && _PyRestrict_LibraryStopped())
#define _PyRestrict_STOPPED_HERE()                                            \
    (_PyRestrict_POLLING() && _PyRestrict_StoppedHere())
/* In front of a loop that moves ptr up to end, each step of which may take
   time in proportion to `cost`: nothing is to be added to a step.  The loop
   ends where it would have, or early in a stopped guest. */
#define _PyRestrict_PIECE(cost) (((Py_ssize_t)1 << 22) / ((cost) + 4) + 1)
#define _PyRestrict_NEXT_PIECE(ptr, last, cost)                               \
    ((last) - (ptr) > _PyRestrict_PIECE(cost)                                 \
         ? (ptr) + _PyRestrict_PIECE(cost)                                    \
         : (last))
#define _PyRestrict_IN_PIECES(type, ptr, end, cost)                           \
    for (type *last_ = (end), *once_ = last_; once_ != NULL; once_ = NULL)    \
        for (type *end = _PyRestrict_NEXT_PIECE(ptr, last_, cost);            \
             end != NULL;                                                     \
             end = (ptr) == end && end < last_ && !_PyRestrict_STOPPED()      \
                       ? _PyRestrict_NEXT_PIECE(ptr, last_, cost)             \
                       : NULL)
/* The same in SRE(count), for a set of pattern[1] codes, which is compiled
   best as it is: what is long is counted by the function itself, which polls,
   a piece at a time. */
#define _PyRestrict_COUNT_PIECES(count, type, state, pattern, length)         \
    if ((length) > _PyRestrict_PIECE(UINT32_MAX) && _PyRestrict_IS_GUEST()    \
        && (length) > _PyRestrict_PIECE((pattern)[1]))                        \
    {                                                                         \
        Py_ssize_t piece_ = _PyRestrict_PIECE((pattern)[1]);                  \
        Py_ssize_t left_ = (length), n_;                                      \
        const void *start_ = (state)->ptr;                                    \
        do {                                                                  \
            n_ = count((state), (pattern), Py_MIN(piece_, left_));            \
            (state)->ptr = (const type *)(state)->ptr + Py_MAX(n_, 0);        \
            left_ -= n_;                                                      \
        } while (n_ == piece_ && left_ > 0);                                  \
        Py_ssize_t all_ = (const type *)(state)->ptr - (const type *)start_;  \
        (state)->ptr = start_;                                                \
        return n_ < 0 ? n_ : all_;                                            \
    }
/* sort() of many keys, or of keys that take long to compare: in a guest, it
   compares by a function that looks first. */
#define _PyRestrict_COMPARE_MEMBER                                            \
    int (*unpolled_compare)(PyObject *, PyObject *, MergeState *);
#define _PyRestrict_POLLED_COMPARE                                            \
    static int polled_compare(PyObject *v, PyObject *w, MergeState *ms)       \
    {                                                                         \
        _PyRestrict_POLL(-1);                                                 \
        return ms->unpolled_compare(v, w, ms);                                \
    }
#define _PyRestrict_POLL_COMPARE(ms)                                          \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            (ms).unpolled_compare = (ms).key_compare;                         \
            (ms).key_compare = polled_compare;                                \
        }                                                                     \
    } while (0)
/* Iterators of itertools that need not end, or not soon; those of other
   iterators, which may be as deep as memory allows; and those of them that a
   guest can take apart while they are at work, by what is held all the time
   or now and then.  Their types belong to one interpreter: those of a
   restricted one look, others pay nothing. */
#define _PyRestrict_POLLED_ITERATORS(X)                                       \
    X(combinations_next, combinationsobject, combinations_type)               \
    X(count_next, countobject, count_type)                                    \
    X(cwr_next, cwrobject, cwr_type)                                          \
    X(permutations_next, permutationsobject, permutations_type)               \
    X(product_next, productobject, product_type)                              \
    X(repeat_next, repeatobject, repeat_type)
#define _PyRestrict_NESTED_ITERATORS(X)                                       \
    X(_grouper_next, _grouperobject, _grouper_type)                           \
    X(compress_next, compressobject, compress_type)                           \
    X(dropwhile_next, dropwhileobject, dropwhile_type)                        \
    X(filterfalse_next, filterfalseobject, filterfalse_type)                  \
    X(groupby_next, groupbyobject, groupby_type)                              \
    X(starmap_next, starmapobject, starmap_type)                              \
    X(takewhile_next, takewhileobject, takewhile_type)                        \
    X(tee_next, teeobject, tee_type)
#define _PyRestrict_HELD_ITERATORS(X)                                         \
    X(batched_next, batchedobject, batched_type)                              \
    X(islice_next, isliceobject, islice_type)                                 \
    X(pairwise_next, pairwiseobject, pairwise_type)
#define _PyRestrict_HOLDING_ITERATORS(X)                                      \
    X(guest_accumulate_next, accumulateobject, accumulate_type)               \
    X(guest_chain_next, chainobject, chain_type)                              \
    X(guest_cycle_next, cycleobject, cycle_type)                              \
    X(guest_zip_longest_next, ziplongestobject, ziplongest_type)
#define _PyRestrict_POLLED_ITERATOR(next, object, type)                       \
    static PyObject *looking_##next(PyObject *self)                           \
    {                                                                         \
        _PyRestrict_POLL(NULL);                                               \
        return next((object *)self);                                          \
    }
#define _PyRestrict_NESTED_ITERATOR(next, object, type)                       \
    static PyObject *looking_##next(PyObject *self)                           \
    {                                                                         \
        PyThreadState *tstate = _PyThreadState_GET();                         \
        _PyRestrict_POLL(NULL);                                               \
        if (_Py_EnterRecursiveCallTstate(tstate, "")) {                       \
            return NULL;                                                      \
        }                                                                     \
        PyObject *result = next((object *)self);                              \
        _Py_LeaveRecursiveCallTstate(tstate);                                 \
        return result;                                                        \
    }
#define _PyRestrict_HELD_ITERATOR(next, object, type)                         \
    static PyObject *held_##next(object *self)                                \
    {                                                                         \
        _PyRestrict_HOLD(self->it);                                           \
        return next(self);                                                    \
    }                                                                         \
    _PyRestrict_NESTED_ITERATOR(held_##next, object, type)
#define _PyRestrict_SET_ITERATOR(next, object, type)                          \
    state->type->tp_iternext = looking_##next;
#define _PyRestrict_SET_HELD_ITERATOR(next, object, type)                     \
    _PyRestrict_SET_ITERATOR(held_##next, object, type)
// clang-format off
#define _PyRestrict_GUEST_ITERATORS                                           \
    _PyRestrict_POLLED_ITERATORS(_PyRestrict_POLLED_ITERATOR)                 \
    _PyRestrict_NESTED_ITERATORS(_PyRestrict_NESTED_ITERATOR)                 \
    _PyRestrict_HELD_ITERATORS(_PyRestrict_HELD_ITERATOR)                     \
    _PyRestrict_HOLDING_ITERATORS(_PyRestrict_NESTED_ITERATOR)
#define _PyRestrict_SET_GUEST_ITERATORS(state)                                \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            _PyRestrict_POLLED_ITERATORS(_PyRestrict_SET_ITERATOR)            \
            _PyRestrict_NESTED_ITERATORS(_PyRestrict_SET_ITERATOR)            \
            _PyRestrict_HELD_ITERATORS(_PyRestrict_SET_HELD_ITERATOR)         \
            _PyRestrict_HOLDING_ITERATORS(_PyRestrict_SET_ITERATOR)           \
        }                                                                     \
    } while (0)
// clang-format on
#define _PyRestrict_POLL_RESULT(result)                                       \
    do {                                                                      \
        if (_PyRestrict_POLLING()) {                                          \
            return _PyRestrict_CheckResult(result);                           \
        }                                                                     \
    } while (0)
/* In the evaluation loop, where an exception looks for its handler: a
   stopped guest has none, and gets no traceback either. */
#define _PyRestrict_UNWINDS(tstate)                                           \
    (_PyRestrict_POLLING() && _PyRestrict_Unwinding(tstate))
#define _PyRestrict_NO_TRACEBACK(tstate)                                      \
    if (_PyRestrict_UNWINDS(tstate)) {                                        \
        goto exception_unwind;                                                \
    }
#define _PyRestrict_IF_STOPPED(tstate, action)                                \
    do {                                                                      \
        if (_PyRestrict_POLLING() && _PyRestrict_IsStopped(tstate)) {         \
            action;                                                           \
        }                                                                     \
    } while (0)
/* In place of a fatal error. */
#define _PyRestrict_STOP_RECURSION(tstate, undo)                              \
    do {                                                                      \
        if (_PyRestrict_StopRecursion(tstate) < 0) {                          \
            undo;                                                             \
            return -1;                                                        \
        }                                                                     \
    } while (0)
/* Heap types of a restricted interpreter are never shared, immutable or not:
   their version tags need not come from the process's few, counted without a
   lock. */
#define _PyRestrict_HAS_OWN_TAGS(type)                                        \
    (((type)->tp_flags & Py_TPFLAGS_HEAPTYPE) && _PyRestrict_IS_GUEST())
/* Where an error path, for want of memory, drops a reference too many; and for
   the class that an object had, which C code that is at it still looks at. */
#define _PyRestrict_LEAK(object)                                              \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            Py_INCREF(object);                                                \
        }                                                                     \
    } while (0)
#define _PyRestrict_BEGIN_END(tstate) _PyRestrict_BeginEnd(tstate)
#define _PyRestrict_FORGET_STOP(tstate)                                       \
    do {                                                                      \
        if ((tstate)->interp->restricted != NULL) {                           \
            _PyRestrict_ForgetStop((tstate)->interp);                         \
        }                                                                     \
    } while (0)
#define _PyRestrict_DROP_THREADS(tstate) _PyRestrict_DropThreads(tstate)

#else /* !WITH_RESTRICTED */

#define _PyRestrict_OBMALLOC_MEMBER
#define _PyRestrict_INIT_MEMORY(interp)
#define _PyRestrict_CHARGE_ARENA(state, size, error_return)
#define _PyRestrict_REFUND_ARENA(state, size)
#define _PyRestrict_LARGE_ALLOC(state, size, zeroed)
#define _PyRestrict_LARGE_REALLOC(state, ptr, size)
#define _PyRestrict_LARGE_FREE(state, ptr)
#define _PyRestrict_CHARGE_FRAMES(size, error_return)
#define _PyRestrict_REFUND_FRAMES(size)
#define _PyRestrict_ATTACHED(tstate)
#define _PyRestrict_HANDLE_PENDING(tstate, breaker, error_return)
#define _PyRestrict_POLL(error_return)
#define _PyRestrict_POLL_IF(condition, error_return)
#define _PyRestrict_POLL_DO(condition, action)
#define _PyRestrict_STOPPED() 0
#define _PyRestrict_STOPPED_HERE() 0
#define _PyRestrict_IN_PIECES(type, ptr, end, cost)
#define _PyRestrict_COUNT_PIECES(count, type, state, pattern, length)
#define _PyRestrict_COMPARE_MEMBER
#define _PyRestrict_POLLED_COMPARE
#define _PyRestrict_POLL_COMPARE(ms)
#define _PyRestrict_GUEST_ITERATORS
#define _PyRestrict_SET_GUEST_ITERATORS(state)
#define _PyRestrict_POLL_RESULT(result)
#define _PyRestrict_UNWINDS(tstate) 0
#define _PyRestrict_NO_TRACEBACK(tstate)
#define _PyRestrict_IF_STOPPED(tstate, action)
#define _PyRestrict_STOP_RECURSION(tstate, undo)
#define _PyRestrict_HAS_OWN_TAGS(type) 0
#define _PyRestrict_LEAK(object)
#define _PyRestrict_BEGIN_END(tstate)
#define _PyRestrict_FORGET_STOP(tstate)
#define _PyRestrict_DROP_THREADS(tstate)
#define _PyRestrict_LibraryMalloc PyMem_RawMalloc
#define _PyRestrict_LibraryCalloc PyMem_RawCalloc
#define _PyRestrict_LibraryFree PyMem_RawFree
#define _PyRestrict_PollingMalloc PyMem_Malloc

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_LIMITS_H */
