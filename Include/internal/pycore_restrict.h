/* Restricted mode: the guard, and what the files of the mode share.

   A restricted interpreter is one whose `interp->restricted` is set.  Every
   hook in upstream code is one line: a macro from the first part of this
   file, which is a NULL test in a build --with-restricted and nothing at all
   in one without.  What lies behind it is in Python/restrict*.c. */

#ifndef Py_INTERNAL_RESTRICT_H
#define Py_INTERNAL_RESTRICT_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_interp.h"   // PyInterpreterState.restricted
#include "pycore_pystate.h"  // _PyInterpreterState_GET()
#include "pycore_restrict_extended.h"
#include "pycore_restrict_files.h"
#include "pycore_restrict_limits.h"

#ifdef WITH_RESTRICTED

/* === Refusing =========================================================== */

/* Which exception the guest sees (api: "what a refusal looks like"). */
typedef enum {
    _PyRestrict_ERROR,       // RestrictedError, the base of all
    _PyRestrict_ATTRIBUTE,   // also an AttributeError
    _PyRestrict_PERMISSION,  // also a PermissionError
    _PyRestrict_IMPORT,      // also an ImportError
    _PyRestrict_CALL,        // also a RuntimeError
    _PyRestrict_N_KINDS
} _PyRestrict_Kind;

struct _restrict_request {
    _PyRestrict_Kind kind;
    const char *capability;  // "attribute", "call", "import", "file", ...
    const char *subject;     // as the guest named it, UTF-8
    const char *grant;       // the policy entry that would allow it
    const char *message;     // for the guest; NULL: made from the above
    PyObject *filename;      // of a PERMISSION: an OSError's; None: no
                             // file, but an errno; or NULL
};

/* The one road of every refusal: count, record, raise.  Always -1, with an
   exception set. */
extern int _PyRestrict_Deny(const struct _restrict_request *request);

// Exported for the '_restrict' shared extension and the tests.
PyAPI_FUNC(PyObject *) _PyRestrict_GetException(_PyRestrict_Kind kind);
// Its name in the module restrict.
PyAPI_FUNC(const char *) _PyRestrict_ExceptionName(_PyRestrict_Kind kind);

/* === The record (restrict_denial.c) ======================================= */

/* Equal denials are merged; past this many different ones, further ones
   replace the one seen longest ago.  The counters stay exact. */
#define _PyRestrict_LOG_SIZE 256

struct _restrict_denial {
    PyRestrictDenial public;
    uint64_t hash;
};

struct _restrict_log {
    PyMutex mutex;                     // the host reads while the guest runs
    struct _restrict_denial *entries;  // raw memory, not the guest's
    int n_entries;
    unsigned long long n_denials;  // all of them, merged or dropped
    PyRestrictDenialHook hook;
    void *hook_arg;
};

extern void _PyRestrict_LogFini(struct _restrict_log *log);

/* What was recorded until now, from any thread: a list of tuples of the
   host's, in the order of the fields of PyRestrictDenial.  Exported for the
   '_restrict' extension. */
PyAPI_FUNC(PyObject *) _PyRestrict_ListDenials(struct _restrict_log *log);

/* === The policy (restrict_policy.c) ========================================= */

struct _restrict_names {
    char **names;  // sorted, raw memory
    size_t n;
};

/* An extension module that the host imported for its guests. */
struct _restrict_extension {
    struct _restrict_extension *next;
    char *name;
    PyModuleDef *def;
};

struct _restrict_policy {
    struct _restrict_names allowed;  // beside the default modules
    struct _restrict_names blocked;
    struct _restrict_extension *extensions;
    int filesystem_info;
    int true_stdin, true_stdout, true_stderr;
};

extern void _PyRestrict_PolicyFini(struct _restrict_policy *policy);
extern int _PyRestrict_NamesAdd(struct _restrict_names *set, const char *name);
extern void _PyRestrict_NamesDiscard(struct _restrict_names *set,
                                     const char *name);
extern void _PyRestrict_NamesFini(struct _restrict_names *set);
extern int _PyRestrict_NamesHave(const struct _restrict_names *set,
                                 const char *name);
extern int _PyRestrict_NamesCover(const struct _restrict_names *set,
                                  const char *dotted_name);

/* === The surface (restrict_surface.c) ======================================== */

typedef enum {
    _PyRestrict_ABSENT,  // no row
    _PyRestrict_ALLOWED,
    _PyRestrict_REFUSED,
    _PyRestrict_GUARDED,  // a function of ours in its place
} _PyRestrict_Verdict;

struct _restrict_group;  // the rows of one type or module

struct _restrict_surface {
    PyTypeObject *owner;  // whose group is remembered
    const struct _restrict_group *group;
    int off;  // while our own modules are made
};

/* Was it made by a class statement, or as one would, and not by C code? */
extern int _PyRestrict_IsClassStatement(PyTypeObject *type);
/* For bsearch() in rows that begin with their name. */
static inline int
_PyRestrict_CompareName(const void *name, const void *row)
{
    return strcmp(name, *(const char *const *)row);
}

extern int _PyRestrict_TypeRow(PyTypeObject *type, PyObject *dict,
                               const char *name);
extern int _PyRestrict_FunctionRow(PyObject *module, PyObject *module_name,
                                   PyMethodDef *def);
extern int _PyRestrict_FilterModule(PyObject *module, const char *name);
extern int _PyRestrict_IsReviewedModule(const char *name);
// Exported for the '_restrict' extension.
PyAPI_FUNC(PyObject *) _PyRestrict_ListSurface(void);
extern void _PyRestrict_CollectOffered(struct _restrict_names *names);
PyAPI_FUNC(PyObject *) _PyRestrict_ListFrozen(void);
PyAPI_FUNC(PyObject *) _PyRestrict_InspectSurface(const char *source);
extern int _PyRestrict_WalkSurface(struct _restrict_names *found);
extern PyTypeObject _PyRestrict_RefusedDescr_Type;

/* === Streams (restrict_stream.c) ============================================== */

struct _restrict_stream {
    char *data;  // raw memory, the host's
    size_t size, allocated;
    size_t position;  // of stdin: what was read already
};

struct _restrict_state;
extern int _PyRestrict_InitStreams(PyObject *io, PyObject *sysdict);
extern void _PyRestrict_StreamsFini(struct _restrict_state *state);

// Exported for the '_restrict' extension.
PyAPI_FUNC(int) _PyRestrict_SetInput(PyInterpreterState *interp,
                                     const char *data, Py_ssize_t size);
PyAPI_FUNC(const char *) _PyRestrict_GetOutput(PyInterpreterState *interp,
                                               int fd, Py_ssize_t *size);
PyAPI_FUNC(void) _PyRestrict_ClearOutput(PyInterpreterState *interp, int fd);

/* === Network (pycore_restrict_net.h) =========================================== */

struct _restrict_net;
extern void _PyRestrict_NetFini(struct _restrict_net *net);
/* The descriptor is not the guest's any longer. */
extern void _PyRestrict_NetDisown(struct _restrict_net *net, int fd);
/* Is anything granted that a socket could be for? */
extern int _PyRestrict_HasNet(const struct _restrict_net *net);
/* Our own functions in place of _socket's. */
extern PyMethodDef _PyRestrict_NameFunctions[];
extern PyMethodDef _PyRestrict_NetInfoFunctions[];

/* === Addresses (restrict_address.c) ============================================= */

struct _restrict_address_key {
    uint64_t rounds[4];
};

extern int _PyRestrict_InitAddresses(struct _restrict_address_key *key);

/* === State of one restricted interpreter ===================================== */

struct _restrict_state {
    PyInterpreterState *interp;
    struct _restrict_policy policy;
    struct _restrict_log log;
    struct _restrict_surface surface;
    struct _restrict_stream stream[3];  // the in-memory stdin, stdout, stderr
    struct _restrict_files files;
    struct _restrict_net *net;  // NULL: nothing was granted
    struct _restrict_extended extended;
    struct _restrict_limits limits;
    struct _restrict_address_key address_key;
    PyObject *waiting;              // to be freed (restrict_depth.c)
    struct _restrict_guest *guest;  // of restrict_run.c, or NULL
};

static inline struct _restrict_state *
_PyRestrict_GetState(void)
{
    return _PyInterpreterState_GET()->restricted;
}

/* For setters: the state of interp, or NULL with SystemError if trusted. */
extern struct _restrict_state *_PyRestrict_StateOf(PyInterpreterState *interp);

/* Hooks of pylifecycle.c: adopt the state that NewInterpreter prepared, make
   what a restricted interpreter has in place of init_interp_main(), and
   take it down. */
extern void _PyRestrict_AdoptInterpreter(PyInterpreterState *interp);
extern PyStatus _PyRestrict_PrepareProcess(void);
extern PyModuleDef *_PyRestrict_FindShared(const char *name);
extern PyStatus _PyRestrict_InitMain(PyThreadState *tstate);
extern void _PyRestrict_AbandonInterpreter(PyThreadState *tstate);
extern void _PyRestrict_FiniInterpreter(PyInterpreterState *interp);

/* Hook of sysmodule.c. */
extern int _PyRestrict_InitSys(PyObject *sysmod);

/* What a guest imports as `restrict` (restrict_sys.c). */
extern PyObject *_PyRestrict_NewGuestModule(void);

/* What stands in importlib's place (restrict_import.c). */
extern int _PyRestrict_InitImport(PyInterpreterState *interp);

/* --- One-line hooks ------------------------------------------------------ */

/* Leave a name out, or refuse it, as its row says.  Not wrapped in
   do ... while (0): skip may be `continue`. */
#define _PyRestrict_ROW(go_on, skip)                                          \
    if (_PyRestrict_IS_GUEST()) {                                             \
        int go_on_ = (go_on);                                                 \
        if (go_on_ < 0) {                                                     \
            return -1;                                                        \
        }                                                                     \
        if (!go_on_) {                                                        \
            skip;                                                             \
        }                                                                     \
    }
/* Of a type, whose dict is filled; of a module. */
#define _PyRestrict_TYPE_ROW(type, name, skip)                                \
    _PyRestrict_ROW(_PyRestrict_TypeRow(type, lookup_tp_dict(type), name),    \
                    skip)
#define _PyRestrict_FUNCTION_ROW(module, name, def, skip)                     \
    _PyRestrict_ROW(_PyRestrict_FunctionRow(module, name, def), skip)

#define _PyRestrict_ADOPT_INTERPRETER(interp)                                 \
    _PyRestrict_AdoptInterpreter(interp)
#define _PyRestrict_FINI_INTERPRETER(interp)                                  \
    _PyRestrict_FiniInterpreter(interp)
/* What is half-made cannot be ended. */
#define _PyRestrict_ABANDON_INTERPRETER(tstate, status)                       \
    do {                                                                      \
        if (_PyStatus_EXCEPTION(status)                                       \
            && (tstate)->interp->restricted != NULL)                          \
        {                                                                     \
            _PyRestrict_AbandonInterpreter(tstate);                           \
            return status;                                                    \
        }                                                                     \
    } while (0)
#define _PyRestrict_INIT_MAIN(tstate)                                         \
    do {                                                                      \
        if ((tstate)->interp->restricted != NULL) {                           \
            return _PyRestrict_InitMain(tstate);                              \
        }                                                                     \
        if (_Py_IsMainInterpreter((tstate)->interp)                           \
            && _PyRestrict_PlaceGuards() < 0)                                 \
        {                                                                     \
            return _PyStatus_ERR("cannot place the guards");                  \
        }                                                                     \
    } while (0)
#define _PyRestrict_INIT_SYS(sysmod, on_error)                                \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() && _PyRestrict_InitSys(sysmod) < 0)        \
        {                                                                     \
            on_error;                                                         \
        }                                                                     \
    } while (0)
/* For _abc.c: the subclasses, whether or not the guest may see them. */
#define _PyRestrict_SUBCLASSES(type)                                          \
    (_PyRestrict_IS_GUEST()                                                   \
         ? _PyType_GetSubclasses((PyTypeObject *)(type))                      \
         : PyObject_CallMethod(type, "__subclasses__", NULL))
#define _PyRestrict_STATIC_TYPES                                              \
    &_PyRestrict_RefusedDescr_Type, _PyRestrict_OS_TYPES
#define _PyRestrict_BUILTIN() (_PyRestrict_IS_GUEST() ? Py_True : Py_False)

#else /* !WITH_RESTRICTED */

#define _PyRestrict_TYPE_ROW(type, name, skip)
#define _PyRestrict_FUNCTION_ROW(module, name, def, skip)
#define _PyRestrict_ADOPT_INTERPRETER(interp)
#define _PyRestrict_FINI_INTERPRETER(interp)
#define _PyRestrict_ABANDON_INTERPRETER(tstate, status)
#define _PyRestrict_INIT_MAIN(tstate)
#define _PyRestrict_INIT_SYS(sysmod, on_error)
#define _PyRestrict_SUBCLASSES(type)                                          \
    PyObject_CallMethod(type, "__subclasses__", NULL)
#define _PyRestrict_STATIC_TYPES
#define _PyRestrict_BUILTIN() Py_False

#endif /* WITH_RESTRICTED */

#include "pycore_restrict_guarded.h"

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_H */
