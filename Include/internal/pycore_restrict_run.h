/* Entering and leaving a restricted interpreter: see Python/restrict_run.c. */

#ifndef Py_INTERNAL_RESTRICT_RUN_H
#define Py_INTERNAL_RESTRICT_RUN_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#ifdef WITH_RESTRICTED

#include "pycore_restrict_copy.h"

struct _restrict_guest;

/* What the host answers to a guest that calls host function `index`: called
   with the host's thread state attached, on the guest's stack.  `copy` holds
   the tuple of keywords' names if there are any, nargs positional arguments,
   and the keywords' values; the result goes to `answer`.  0: the result.
   1: a tuple (name of an exception type, message) for the guest.  -1: stop
   the guest. */
typedef int (*_PyRestrict_HostCall)(void *host, int index,
                                    struct _restrict_copy *copy,
                                    Py_ssize_t nargs, int has_keywords,
                                    struct _restrict_copy *answer);

struct _restrict_guest {
    PyInterpreterState *interp;  // NULL: closed
    PyThreadState *tstate;       // the one that runs the guest
    PyThreadState *host;         // the caller's, while the guest runs
    unsigned long owner;         // the thread that uses it, or 0
    int depth;                   // of uses inside each other
    char *stack;                 // lowest address, of the guard page
    size_t stack_size;
    char *low;  // where it goes on while another
                // stack runs; NULL: at its top
    _PyRestrict_HostCall host_call;
    void (*host_signal)(void *host);  // handle the host's signals
    void *host_arg;
    struct _restrict_guest *outer;  // that the main thread ran before
    int in_signal;                  // the host handles them now
    struct _restrict_host_function *functions;  // to free at the end
};

typedef enum {
    _PyRestrict_TASK_EXEC,    // source, filename
    _PyRestrict_TASK_EVAL,    // source, filename -> value
    _PyRestrict_TASK_RUN,     // source, filename, inputs -> value
    _PyRestrict_TASK_CALL,    // name, args, kwargs -> value
    _PyRestrict_TASK_DEFINE,  // module name or None, rows
    _PyRestrict_TASK_LEAVE,   // nothing: the program is over
    _PyRestrict_TASK_FLUSH,   // nothing: write out what files have buffered
    _PyRestrict_N_TASKS
} _PyRestrict_Task;

typedef enum {
    _PyRestrict_DONE,        // answer: the value
    _PyRestrict_FAILED,      // answer: describes the exception
    _PyRestrict_UNCOPYABLE,  // answer: the message
    _PyRestrict_NO_MEMORY,   // a MemoryError; answer: as FAILED
    _PyRestrict_LOST,        // no memory left to say more
} _PyRestrict_Outcome;

struct _restrict_call {
    _PyRestrict_Task task;
    Py_ssize_t n_values;
    struct _restrict_copy request;  // the host puts that many here
    struct _restrict_copy answer;   // and gets one value from here
    _PyRestrict_Outcome outcome;
};

// Exported for the '_restrict' extension.

/* Make the interpreter, and a stack for it that fits `memory` bytes (0: any
   number).  -1 with an exception of the host's. */
PyAPI_FUNC(int) _PyRestrict_GuestInit(struct _restrict_guest *guest,
                                      const PyRestrictConfig *config);
PyAPI_FUNC(int) _PyRestrict_GuestStack(struct _restrict_guest *guest,
                                       size_t memory);

/* The interpreter has ended; its owner may not know yet.  NULL: there is no
   guest. */
extern void _PyRestrict_GuestEnded(struct _restrict_guest *guest);

/* End the interpreter, if there is one.  Nobody may be using it. */
PyAPI_FUNC(void) _PyRestrict_GuestFini(struct _restrict_guest *guest);

/* Use the guest from the calling thread, or RuntimeError: it is closed, or in
   use by another thread.  Uses nest: a host function may use the guest that
   called it. */
PyAPI_FUNC(int) _PyRestrict_GuestAcquire(struct _restrict_guest *guest);
PyAPI_FUNC(void) _PyRestrict_GuestRelease(struct _restrict_guest *guest);

/* What a guest's exception says of itself: a tuple (type name, message, exit
   status or None, (part, ...)), all of it plain text and numbers, and the
   innermost part last.  Runs the exception's own code (__str__), so it is
   called in the guest; see Python/restrict_describe.c. */
extern PyObject *_PyRestrict_DescribeException(PyObject *exc);

/* Is there room on the guest's stack for a host function? */
extern int _PyRestrict_GuestHasRoom(struct _restrict_guest *guest);

/* Carry out the struct _restrict_call `arg`: attached to the guest, and on its
   stack (restrict_task.c). */
extern void _PyRestrict_CarryOut(struct _restrict_guest *guest, void *arg);

/* In the guest: the text that the host gave to run (restrict_task.c). */
extern PyObject *_PyRestrict_Source(PyObject *module, PyObject *filename);
extern void _PyRestrict_LeaveProgram(PyInterpreterState *interp);
extern void _PyRestrict_FlushFiles(PyInterpreterState *interp);
extern int _PyRestrict_KeepSource(PyObject *filename, PyObject *text);
extern PyObject *_PyRestrict_SourceLines(PyObject *filename, int first,
                                         int last);

/* In the guest: which name an exception may be about (restrict_suggest.c). */
extern PyObject *_PyRestrict_DescribeSuggestion(PyObject *exc);

/* In the guest: the built-in function that stands for host function `index`
   (restrict_host.c).  module: its __module__, or NULL. */
extern PyObject *_PyRestrict_NewHostFunction(struct _restrict_guest *guest,
                                             int index, const char *name,
                                             const char *doc,
                                             PyObject *module);
/* After the guest's end. */
extern void _PyRestrict_FreeHostFunctions(struct _restrict_guest *guest);

/* Between the two: carry out call->task in the guest. */
PyAPI_FUNC(void) _PyRestrict_GuestCall(struct _restrict_guest *guest,
                                       struct _restrict_call *call);

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_RUN_H */
