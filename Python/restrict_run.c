/* Entering and leaving a guest.

   The guest runs on the thread of whoever calls it, so that a host function
   which it calls has the caller's thread, locks and context variables.  What
   the guest does not share is the stack: untrusted code can nest C calls on
   purpose, and the end of a stack is the end of the process.  Those that are
   known count their depth (restrict_depth.c).  For those that are not, each
   guest has a stack of its own, large enough for all that its memory cap lets
   it build, reserved once and touched as it is used.

   Entering: the caller's thread state is detached (its GIL is free for other
   threads), the stack is switched, the guest's thread state is attached.
   Leaving is the reverse.  A guest that calls a host function stays on its
   stack, and only the thread states change places; so a call takes well
   under a microsecond.  That host function may use the guest again.

   The guest has one thread state, kept between uses, so that its context
   variables stay.  It is told which thread it is on when it is entered. */

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"
#include "pycore_restrict_run.h"
#include "pycore_restrict_signal.h"

#ifdef WITH_RESTRICTED

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#  include <sanitizer/common_interface_defs.h>
#endif

/* --- The stack -------------------------------------------------------------------- */

/* No C function moves the stack pointer by more than the guard at once. */
#define GUARD_SIZE ((size_t)1 << 20)
#define STACK_BASE ((size_t)16 << 20)
/* What a host function may count on. */
#define HOST_STACK ((size_t)2 << 20)

/* Recursion in C, uncounted, takes 1.4 bytes of stack for each byte of memory
   at most, and 2.1 in a debug build: a tuple in a tuple. */
#ifdef __SANITIZE_ADDRESS__
#  define STACK_RATIO 16
#elif defined(Py_DEBUG)
#  define STACK_RATIO 4
#else
#  define STACK_RATIO 2
#endif

/* Without a cap, the machine's memory is one. */
static size_t
stack_size_for(size_t memory)
{
    if (memory == 0) {
        memory = (size_t)sysconf(_SC_PHYS_PAGES)
                 * (size_t)sysconf(_SC_PAGESIZE);
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = GUARD_SIZE + STACK_BASE + STACK_RATIO * memory;
    return (size + page - 1) / page * page;
}

int
_PyRestrict_GuestStack(struct _restrict_guest *guest, size_t memory)
{
    size_t size = stack_size_for(memory);
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
                       -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, GUARD_SIZE, PROT_NONE) < 0) {
        PyErr_Format(PyExc_MemoryError,
                     "cannot reserve %zu MiB of address space for the stack "
                     "of a guest",
                     size >> 20);
        if (stack != MAP_FAILED) {
            munmap(stack, size);
        }
        return -1;
    }
    guest->stack = stack;
    guest->stack_size = size;
    return 0;
}

static void
free_stack(struct _restrict_guest *guest)
{
    if (guest->stack != NULL) {
        munmap(guest->stack, guest->stack_size);
        guest->stack = NULL;
    }
}

/* --- Switching to it ---------------------------------------------------------------- */

struct visit {
    struct _restrict_guest *guest;
    void (*body)(struct _restrict_guest *guest, void *arg);
    void *arg;
    ucontext_t outside, inside;
    void *fake_stack;  // the rest is address sanitizer's
    const void *old_bottom;
    size_t old_size;
};

/* On whose stack this thread is; NULL: its own. */
static _Thread_local struct _restrict_guest *on_stack_of;

static void
visit_guest(struct visit *visit)
{
    struct _restrict_guest *guest = visit->guest;
    PyThreadState *host = PyThreadState_Swap(guest->tstate);
    visit->body(guest, visit->arg);
    PyThreadState_Swap(host);
}

static void
stack_main(unsigned int high, unsigned int low)
{
    struct visit *visit = (struct visit *)(((uintptr_t)high << 32) | low);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(NULL, &visit->old_bottom,
                                    &visit->old_size);
#endif
    visit_guest(visit);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(NULL, visit->old_bottom, visit->old_size);
#endif
}

static void
switch_stack(struct visit *visit, char *bottom, size_t size)
{
    getcontext(&visit->inside);
    visit->inside.uc_stack.ss_sp = bottom;
    visit->inside.uc_stack.ss_size = size;
    visit->inside.uc_link = &visit->outside;
    makecontext(&visit->inside, (void (*)(void))stack_main, 2,
                (unsigned int)((uintptr_t)visit >> 32),
                (unsigned int)(uintptr_t)visit);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&visit->fake_stack, bottom, size);
#endif
    swapcontext(&visit->outside, &visit->inside);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(visit->fake_stack, NULL, NULL);
#endif
}

/* What most guests use of their stack, and how much below it is looked at. */
#define KEPT_STACK ((size_t)256 << 10)
#define PROBED 4096

/* Was there anything?  What nobody wrote is zero, and takes no memory when it
   is read. */
#ifdef __SANITIZE_ADDRESS__
__attribute__((no_sanitize_address))
#endif
static int
was_used(const char *memory, size_t size)
{
    const uint64_t *words = (const uint64_t *)memory;
    for (size_t i = 0; i < size / sizeof(*words); i++) {
        if (words[i] != 0) {
            return 1;
        }
    }
    return 0;
}

/* The pages of a stack that was deep stay with the process.  Nothing is on it
   now, so that all but its top goes back to the system. */
static void
give_back_stack(struct _restrict_guest *guest)
{
    char *kept = guest->stack + guest->stack_size - KEPT_STACK;
    if (was_used(kept - PROBED, PROBED)) {
        char *bottom = guest->stack + GUARD_SIZE;
        madvise(bottom, (size_t)(kept - bottom), MADV_DONTNEED);
    }
}

/* What swapcontext() and its caller may still push. */
#define SWITCH_MARGIN 16384

/* Guests call each other by way of host functions: a stack that was left in
   the middle goes on below what is on it. */
static void
visit_on_stack(struct visit *visit)
{
    struct _restrict_guest *guest = visit->guest, *left = on_stack_of;
    char *left_low = left != NULL ? left->low : NULL;
    char *bottom = guest->stack + GUARD_SIZE;
    char *top = guest->low != NULL ? guest->low
                                   : guest->stack + guest->stack_size;
    if (left != NULL) {
        left->low = (char *)__builtin_frame_address(0) - SWITCH_MARGIN;
    }
    on_stack_of = guest;
    switch_stack(visit, bottom, (size_t)(top - bottom));
    on_stack_of = left;
    if (guest->low == NULL) {
        give_back_stack(guest);
    }
    if (left != NULL) {
        left->low = left_low;
    }
}

static int
has_room(const struct _restrict_guest *guest, const char *here)
{
    return here >= guest->stack + GUARD_SIZE + HOST_STACK;
}

int
_PyRestrict_GuestHasRoom(struct _restrict_guest *guest)
{
    return has_room(guest, __builtin_frame_address(0));
}

static int
on_its_stack(struct _restrict_guest *guest)
{
    char *here = __builtin_frame_address(0);
    return here > guest->stack && here < guest->stack + guest->stack_size;
}

static void
enter(struct _restrict_guest *guest,
      void (*body)(struct _restrict_guest *, void *), void *arg)
{
    struct visit visit = {.guest = guest, .body = body, .arg = arg};
    PyThreadState *caller = guest->host;
    guest->host = PyThreadState_Get();
    if (on_its_stack(guest)) {
        visit_guest(&visit);
    }
    else {
        visit_on_stack(&visit);
    }
    guest->host = caller;
}

/* --- Using it ---------------------------------------------------------------------------- */

/* 0, or -1 with what keeps this thread from using the guest now. */
static int
check_usable(const struct _restrict_guest *guest, unsigned long me)
{
    if (guest->interp == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the interpreter is closed");
        return -1;
    }
    if (guest->depth > 0 && guest->owner != me) {
        PyErr_Format(PyExc_RuntimeError,
                     "the interpreter is in use by thread %lu", guest->owner);
        return -1;
    }
    if (guest->in_signal) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the interpreter cannot be used in the handler of a "
                        "signal that interrupted it");
        return -1;
    }
    if (guest->low != NULL && !has_room(guest, guest->low)) {
        PyErr_SetString(PyExc_RecursionError,
                        "too many guests inside each other");
        return -1;
    }
    return 0;
}

int
_PyRestrict_GuestAcquire(struct _restrict_guest *guest)
{
    unsigned long me = PyThread_get_thread_ident();
    if (check_usable(guest, me) < 0) {
        return -1;
    }
    if (guest->depth++ == 0) {
        guest->owner = me;
        guest->tstate->thread_id = me;
#ifdef PY_HAVE_THREAD_NATIVE_ID
        guest->tstate->native_thread_id = PyThread_get_thread_native_id();
#endif
        guest->outer = _PyRestrict_SignalsEnter(guest);
        _PyRestrict_BeginRun(guest->interp);
        _PyRestrict_PauseCPU(guest->interp);
    }
    return 0;
}

void
_PyRestrict_GuestRelease(struct _restrict_guest *guest)
{
    if (--guest->depth == 0) {
        _PyRestrict_ResumeCPU(guest->interp);
        _PyRestrict_EndRun(guest->interp);
        _PyRestrict_SignalsLeave(guest->outer);
        guest->owner = 0;
    }
}

void
_PyRestrict_GuestCall(struct _restrict_guest *guest,
                      struct _restrict_call *call)
{
    enter(guest, _PyRestrict_CarryOut, call);
}

/* --- Beginning and end ------------------------------------------------------------------------------ */

int
_PyRestrict_GuestInit(struct _restrict_guest *guest,
                      const PyRestrictConfig *config)
{
    PyThreadState *host = PyThreadState_Get();
    PyStatus status = PyRestrict_NewInterpreterFromConfig(&guest->tstate,
                                                          config);
    if (PyStatus_Exception(status)) {
        if (!PyErr_Occurred()) {  // an audit hook may say no
            PyErr_Format(PyExc_RuntimeError, "cannot make an interpreter: %s",
                         status.err_msg ? status.err_msg : "unknown reason");
        }
        return -1;
    }
    guest->interp = PyThreadState_GetInterpreter(guest->tstate);
    guest->interp->restricted->guest = guest;
    PyThreadState_Swap(host);
    return 0;
}

/* When the process ends, interpreters that are left end before the objects of
   those that made them. */
void
_PyRestrict_GuestEnded(struct _restrict_guest *guest)
{
    if (guest != NULL) {
        guest->interp = NULL;
    }
}

static void
end_body(struct _restrict_guest *guest, void *Py_UNUSED(arg))
{
    Py_EndInterpreter(guest->tstate);
}

/* A cancelled guest runs no more code: closing is quick, whatever finalizers
   it left behind. */
void
_PyRestrict_GuestFini(struct _restrict_guest *guest)
{
    guest->host_call = NULL;
    if (guest->interp != NULL) {
        PyInterpreterState *interp = guest->interp;
        guest->interp = NULL;
        guest->tstate->thread_id = PyThread_get_thread_ident();
        PyRestrict_Cancel(interp);
        enter(guest, end_body, NULL);
    }
    _PyRestrict_FreeHostFunctions(guest);
    free_stack(guest);
}

#endif /* WITH_RESTRICTED */
