/* Guarded mode: who is running, and the hooks that ask.

   Included by pycore_restrict.h; the idea is told in
   Python/restrict_guarded.c. */

#ifndef Py_INTERNAL_RESTRICT_GUARDED_H
#define Py_INTERNAL_RESTRICT_GUARDED_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_dict.h"  // DICT_RESTRICT_MARK

#include <time.h>  // time_t

#ifdef WITH_RESTRICTED

/* --- Marks ---------------------------------------------------------------- */

/* The mark of a dict is a bit of its version tag: Python code cannot see, set
   or clear it, and a copy does not have it.  A marked dict is either the
   sealed builtins of guarded code, which only frames and functions refer to,
   or a namespace that guarded code has as its globals. */
static inline int
_PyRestrict_IsMarked(PyObject *dict)
{
    _Py_COMP_DIAG_PUSH
    _Py_COMP_DIAG_IGNORE_DEPR_DECLS
    return PyDict_Check(dict)
           && (((PyDictObject *)dict)->ma_version_tag & DICT_RESTRICT_MARK);
    _Py_COMP_DIAG_POP
}

/* Is it a function that guarded code defined? */
#define _PyRestrict_IS_GUESTS(function)                                       \
    _PyRestrict_IsMarked(((PyFunctionObject *)(function))->func_builtins)

/* A bit of interp->feature_flags, set for good by the first guarded_exec()
   of an interpreter. */
#define _PyRestrict_GUARDED_USED (1UL << 30)

/* A type flag that upstream leaves free: a class that guarded code made. */
#define _PyRestrict_TPFLAG_GUARDED (1UL << 21)

/* A flag of PyMemberDef: guarded code may not read it, and so it is never
   specialised into a raw load. */
#define _PyRestrict_MEMBER_GUARDED 16

/* --- Who is running ------------------------------------------------------- */

extern int _PyRestrict_GuardedOnTop(void);

/* Has this interpreter ever run guarded code? */
static inline int
_PyRestrict_GuardedUsed(void)
{
    return _PyRestrict_IN_USE()
           && (_PyInterpreterState_GET()->feature_flags
               & _PyRestrict_GUARDED_USED)
                  != 0;
}

/* Does C code of this thread act for guarded code now? */
static inline int
_PyRestrict_RunsGuarded(void)
{
    return _PyRestrict_GuardedUsed() && _PyRestrict_GuardedOnTop();
}

/* The same, or the interpreter is restricted. */
#define _PyRestrict_RUNS_UNTRUSTED()                                          \
    (_PyRestrict_IS_GUEST() || _PyRestrict_RunsGuarded())

/* Does it so while the frame on top is the host's?  Then what looks at "the
   current frame" would look at the wrong one. */
extern int _PyRestrict_OnHostFrame(void);

// Exported for _functools and others when they are shared extensions.
PyAPI_FUNC(PyObject *) _PyRestrict_Carry(PyObject *callable);
PyAPI_FUNC(PyObject *) _PyRestrict_CallableDict(PyObject *self, void *);

/* --- Files of guarded mode, among themselves ------------------------------ */

/* What an interpreter has once it has used guarded mode: in a capsule of the
   interpreter's own dict, so that trusted programs which never do have
   nothing. */
struct _restrict_guarded {
    struct _restrict_log log;
    PyTypeObject *sealed_type;  // what guarded code sees of its builtins
    PyTypeObject *carried_type;
    PyTypeObject *proxy_type;
    PyTypeObject *callback_type;  // a guest's function that the host calls
    PyTypeObject *module_type;    // what guarded code imports
    PyObject *stop;               // the exception of a limit
    PyObject *teller;             // called when the host is to hear of denials
    unsigned long long told;      // log.n_denials when it was called last
    time_t told_at;
    int telling_soon;
};
extern struct _restrict_guarded *_PyRestrict_GetGuarded(void);
extern struct _restrict_log *_PyRestrict_GuardedLog(void);

extern PyType_Spec _PyRestrict_SealedSpec;
extern PyType_Spec _PyRestrict_ModuleSpec;
extern PyType_Spec _PyRestrict_CarriedSpec;
extern PyType_Spec _PyRestrict_ProxySpec;
extern PyType_Spec _PyRestrict_CallbackSpec;

extern void _PyRestrict_Mark(PyObject *dict);
extern int _PyRestrict_IsView(PyObject *obj);
extern PyObject *_PyRestrict_ViewDict(PyObject *view);
extern PyObject *_PyRestrict_NewView(PyObject *dict);
extern PyObject *_PyRestrict_ImportHelper(PyObject *name);
extern int _PyRestrict_IsHelper(PyObject *name);

/* The sealed builtins of the guarded code that is running, borrowed. */
extern PyObject *_PyRestrict_RunningBuiltins(void);
/* Of the guarded code that is anywhere on this thread's stack. */
extern PyObject *_PyRestrict_CallersBuiltins(void);

struct _restrict_extent {
    int active;
    struct _PyInterpreterFrame *frame;  // on top when it began
    PyObject *builtins;                 // NULL: the host's own
};
extern struct _restrict_extent _PyRestrict_EnterExtent(PyObject *builtins);
extern void _PyRestrict_LeaveExtent(struct _restrict_extent saved);
extern struct _restrict_extent _PyRestrict_EnterCallers(void);
extern int _PyRestrict_HostNames(const char *name);

extern PyObject *_PyRestrict_CarryFor(PyObject *callable, PyObject *builtins);
extern int _PyRestrict_IsAtom(PyObject *obj);
extern int _PyRestrict_IsInert(PyObject *obj);
extern int _PyRestrict_IsProxy(PyObject *obj);
extern int _PyRestrict_IsGuestsCallable(PyObject *obj);
extern PyObject *_PyRestrict_NewCallback(PyObject *function);
extern PyObject *_PyRestrict_CallbackFunction(PyObject *obj);
extern int _PyRestrict_IsReflective(PyObject *name);
extern PyObject *_PyRestrict_CarryDescr(PyObject *descr, PyObject *obj);
extern int _PyRestrict_PlaceGuards(void);

extern int _PyRestrict_GuardCall(const char *subject);
extern int _PyRestrict_GuardAttribute(const char *subject);
extern int _PyRestrict_GuardAgain(const char *subject, const char *name);
extern int _PyRestrict_GuardMember(PyTypeObject *type, PyMemberDef *member);
extern int _PyRestrict_CheckGuestCode(PyObject *code, PyObject *globals);
extern int _PyRestrict_ExecGlobals(PyObject *source, PyObject *globals);
extern PyObject *_PyRestrict_BuiltinsOf(PyObject *globals);
extern PyObject *_PyRestrict_Unseal(PyObject *globals, PyObject *builtins);
extern int _PyRestrict_AdoptType(PyTypeObject *type);
extern int _PyRestrict_TypeSetattr(PyTypeObject *type, PyObject *name,
                                   PyObject *value);
extern int _PyRestrict_IsHidden(PyObject *name);
extern PyObject *_PyRestrict_GuardDictAttr(PyTypeObject *type, PyObject *name,
                                           PyObject *value, int suppress);
extern int _PyRestrict_GuardSetattr(PyTypeObject *type, PyObject *obj,
                                    PyObject *name);
extern PyObject *_PyRestrict_ProxyCompare(PyObject *mapping, PyObject *other,
                                          int op);
extern PyObject *_PyRestrict_ProxyOr(PyObject *left, PyObject *right);

/* A limit of guarded code: where its stop stands, in a byte that the watching
   thread shares with the call.  Both change it with the GIL held. */
enum {
    _PyRestrict_WAITING,
    _PyRestrict_RUNNING,
    _PyRestrict_STOPPING,
    _PyRestrict_ENDED
};

/* Steps of one call, in a buffer that the host reads afterwards. */
struct _restrict_steps {
    uint64_t cap;  // 0: none
    uint64_t used;
    uint64_t hit;  // 0, or why the call is stopped:
};
enum { _PyRestrict_STEPS_USED_UP = 1, _PyRestrict_ASKED_TO_STOP = 2 };
struct _restrict_count {
    struct _restrict_steps *steps;
    char *phase;
    struct _restrict_count *outer;
};
extern int _PyRestrict_GuardedRecursion(void);
extern int _PyRestrict_GuardedStep(PyThreadState *tstate, int is_step);
extern int _PyRestrict_GuardedUnwinding(PyThreadState *tstate);
extern int _PyRestrict_GuardedCheckStop(PyThreadState *tstate);

// Exported for the '_restrict_guarded' extension.
PyAPI_FUNC(PyObject *) _PyRestrict_GuardedStopType(void);
PyAPI_FUNC(int) _PyRestrict_GuardedStop(unsigned long thread,
                                        struct _restrict_steps *steps,
                                        char *phase);
PyAPI_FUNC(void) _PyRestrict_BeginLimits(struct _restrict_count *count);
PyAPI_FUNC(void) _PyRestrict_EndLimits(struct _restrict_count *count);
PyAPI_FUNC(PyObject *) _PyRestrict_Seal(PyObject *builtins);
PyAPI_FUNC(PyObject *) _PyRestrict_NewProxy(PyObject *obj);
PyAPI_FUNC(PyObject *) _PyRestrict_Unproxy(PyObject *obj);
PyAPI_FUNC(PyObject *) _PyRestrict_GuardedDenials(void);
PyAPI_FUNC(PyObject *) _PyRestrict_NewModule(PyObject *dict);
PyAPI_FUNC(int) _PyRestrict_DenyImport(PyObject *name);
PyAPI_FUNC(int) _PyRestrict_CheckState(PyObject *obj);
PyAPI_FUNC(int) _PyRestrict_SetTeller(PyObject *teller);
PyAPI_FUNC(void) _PyRestrict_GuardedTell(void);
/* PyRestrict_GuardedExec() without telling the host of denials. */
PyAPI_FUNC(PyObject *) _PyRestrict_GuardedRun(PyObject *code,
                                              PyObject *globals,
                                              PyObject *locals,
                                              PyObject *builtins);
/* start is Py_file_input or Py_eval_input. */
PyAPI_FUNC(PyObject *) _PyRestrict_GuardedCompile(PyObject *text, int start);

/* --- One-line hooks ------------------------------------------------------- */

/* Refuse what neither a restricted interpreter nor guarded code may call. */
#define _PyRestrict_GUARD_CALL(subject, error_return)                         \
    do {                                                                      \
        if (_PyRestrict_RUNS_UNTRUSTED()                                      \
            && _PyRestrict_GuardCall(subject) < 0)                            \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* The same of what would hand out the object behind a bound method.  In a
   restricted interpreter a class is no secret, since whoever has its method
   got it from there; zoneinfo's zones are pickled by such a one. */
#define _PyRestrict_GUARD_BOUND(self, subject, error_return)                  \
    do {                                                                      \
        if (!PyType_Check(self) || !_PyRestrict_IS_GUEST()) {                 \
            _PyRestrict_GUARD_CALL(subject, error_return);                    \
        }                                                                     \
    } while (0)

/* Refuse what guarded code may not use.  A restricted interpreter does not
   need it: there the surface table says what exists. */
#define _PyRestrict_GUARD_SHARED(subject, error_return)                       \
    do {                                                                      \
        if (_PyRestrict_RunsGuarded()                                         \
            && _PyRestrict_GuardAttribute(subject) < 0)                       \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Refuse to look at the current frame when it is not the caller's own. */
#define _PyRestrict_GUARD_FRAME(subject, error_return)                        \
    do {                                                                      \
        if (_PyRestrict_RunsGuarded() && _PyRestrict_OnHostFrame()            \
            && _PyRestrict_GuardCall(subject) < 0)                            \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Refuse to make functions and code by hand, except to a host function that
   names what it calls: copying an object of the guest's calls what the guest
   says. */
#define _PyRestrict_GUARD_MAKE(subject, name, error_return)                   \
    do {                                                                      \
        if ((_PyRestrict_IS_GUEST()                                           \
             || (_PyRestrict_GuardedUsed() && !_PyRestrict_HostNames(name)))  \
            && _PyRestrict_GuardCall(subject) < 0)                            \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Refuse to set up again what is there already, if guarded code wants it. */
#define _PyRestrict_GUARD_AGAIN(is_there, subject, name, error_return)        \
    do {                                                                      \
        if ((is_there) && _PyRestrict_GuardedUsed()                           \
            && _PyRestrict_GuardAgain(subject, name) < 0)                     \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* The same for code that guarded code compiled, whoever asks. */
#define _PyRestrict_GUARD_CODE(code, globals, error_return)                   \
    do {                                                                      \
        if (_PyRestrict_GuardedUsed()                                         \
            && _PyRestrict_CheckGuestCode((PyObject *)(code), globals) < 0)   \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Methods of built-in classes that guarded code takes in its hands. */
#define _PyRestrict_CARRY_DESCR(descr, obj)                                   \
    do {                                                                      \
        if (_PyRestrict_RunsGuarded()                                         \
            && _PyRestrict_IsReflective(PyDescr_NAME(descr)))                 \
        {                                                                     \
            return _PyRestrict_CarryDescr((PyObject *)(descr), obj);          \
        }                                                                     \
    } while (0)
/* Specialising: does LOAD_ATTR take such a method without calling it? */
#define _PyRestrict_TAKES_METHOD(instr, name, give_up)                        \
    do {                                                                      \
        if (!((instr)->op.arg & 1) && _PyRestrict_IsReflective(name)) {       \
            give_up;                                                          \
        }                                                                     \
    } while (0)

/* What a host function does for guarded code when it formats a text. */
#define _PyRestrict_FOR_CALLERS(statement)                                    \
    do {                                                                      \
        if (_PyRestrict_GuardedUsed()) {                                      \
            struct _restrict_extent saved_ = _PyRestrict_EnterCallers();      \
            statement;                                                        \
            _PyRestrict_LeaveExtent(saved_);                                  \
        }                                                                     \
        else {                                                                \
            statement;                                                        \
        }                                                                     \
    } while (0)

#define _PyRestrict_GUARD_MEMBER(descr, error_return)                         \
    do {                                                                      \
        if (_PyRestrict_IN_USE()                                              \
            && ((descr)->d_member->flags & _PyRestrict_MEMBER_GUARDED)        \
            && _PyRestrict_RunsGuarded()                                      \
            && _PyRestrict_GuardMember(PyDescr_TYPE(descr),                   \
                                       (descr)->d_member)                     \
                   < 0)                                                       \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
/* Specialising: is this member one that must go through its getter? */
#define _PyRestrict_MEMBER_FLAGS _PyRestrict_MEMBER_GUARDED

/* What functions, other built-in callables and modules keep in their dict,
   where no getter is: the function behind a wrapper, and what a module was
   loaded with. */
#define _PyRestrict_GUARD_DICT_ATTR(tp, name, value, suppress)                \
    do {                                                                      \
        if (_PyRestrict_IN_USE()) {                                           \
            value = _PyRestrict_GuardDictAttr(tp, name, value, suppress);     \
        }                                                                     \
    } while (0)
#define _PyRestrict_NOT_SPECIALIZED(name) _PyRestrict_IsHidden(name)

/* Functions and modules of the host's are not the guest's to change. */
#define _PyRestrict_GUARD_SETATTR(tp, obj, name)                              \
    do {                                                                      \
        if (_PyRestrict_IN_USE()                                              \
            && _PyRestrict_GuardSetattr(tp, obj, name) < 0)                   \
        {                                                                     \
            return -1;                                                        \
        }                                                                     \
    } while (0)
/* In place of PyObject_GenericGetDict, for built-in callables. */
#define _PyRestrict_GET_DICT _PyRestrict_CallableDict

/* exec() and eval() give globals their builtins. */
#define _PyRestrict_EXEC_GLOBALS(source, globals, on_error)                   \
    do {                                                                      \
        if (_PyRestrict_GuardedUsed()                                         \
            && _PyRestrict_ExecGlobals(source, globals) < 0)                  \
        {                                                                     \
            on_error;                                                         \
        }                                                                     \
    } while (0)

/* An import statement of guarded code that has no __import__. */
#define _PyRestrict_NO_IMPORT(frame, name, error_return)                      \
    do {                                                                      \
        if (_PyRestrict_IN_USE()                                              \
            && _PyRestrict_IsMarked((frame)->f_builtins))                     \
        {                                                                     \
            _PyRestrict_DenyImport(name);                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define _PyRestrict_IMPORT_FOR_C(name)                                        \
    do {                                                                      \
        if (_PyRestrict_RunsGuarded() && _PyRestrict_IsHelper(name)) {        \
            return _PyRestrict_ImportHelper(name);                            \
        }                                                                     \
    } while (0)

/* In place of what globals say, for guarded code. */
#define _PyRestrict_BUILTINS_OF(globals)                                      \
    do {                                                                      \
        if (_PyRestrict_IN_USE() && _PyRestrict_IsMarked(globals)) {          \
            return _PyRestrict_BuiltinsOf(globals);                           \
        }                                                                     \
    } while (0)
#define _PyRestrict_UNSEAL(globals, builtins)                                 \
    do {                                                                      \
        if (_PyRestrict_IN_USE() && !PyDict_CheckExact(builtins)) {           \
            builtins = _PyRestrict_Unseal(globals, builtins);                 \
        }                                                                     \
    } while (0)

/* A class that guarded code makes, and one that it changes. */
#define _PyRestrict_ADOPT_TYPE(type, on_error)                                \
    do {                                                                      \
        if (_PyRestrict_GuardedUsed() && _PyRestrict_AdoptType(type) < 0)     \
        {                                                                     \
            on_error;                                                         \
        }                                                                     \
    } while (0)
#define _PyRestrict_TYPE_SETATTR(type, name, value)                           \
    do {                                                                      \
        if (_PyRestrict_RunsGuarded()) {                                      \
            int go_on_ = _PyRestrict_TypeSetattr(type, name, value);          \
            if (go_on_ <= 0) {                                                \
                return go_on_;                                                \
            }                                                                 \
        }                                                                     \
    } while (0)

/* A new reference to a callable that others will call later. */
static inline PyObject *
_PyRestrict_CARRY(PyObject *callable)
{
    if (callable != NULL && _PyRestrict_RunsGuarded()) {
        return _PyRestrict_Carry(callable);
    }
    return Py_XNewRef(callable);
}

/* The same where upstream's code expects NULL as well. */
#define _PyRestrict_XCARRY(callable) _PyRestrict_CARRY(callable)

/* The same, and drop the callable itself. */
static inline PyObject *
_PyRestrict_CARRY_RESULT(PyObject *callable)
{
    PyObject *result = _PyRestrict_CARRY(callable);
    Py_XDECREF(callable);
    return result;
}

/* Compare and merge copies: an operand of the guest's must not get the dict
   behind a mapping proxy in its hands, whoever uses the operator. */
#define _PyRestrict_PROXY_COMPARE(mapping, other, op)                         \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() || _PyRestrict_GuardedUsed()) {            \
            return _PyRestrict_ProxyCompare(mapping, other, op);              \
        }                                                                     \
    } while (0)
#define _PyRestrict_PROXY_OR(left, right)                                     \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() || _PyRestrict_GuardedUsed()) {            \
            return _PyRestrict_ProxyOr(left, right);                          \
        }                                                                     \
    } while (0)

/* Nor must it get what a cell holds, or the function of a method. */
#define _PyRestrict_COMPARE_NOTHING()                                         \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() || _PyRestrict_GuardedUsed()) {            \
            return Py_NewRef(Py_NotImplemented);                              \
        }                                                                     \
    } while (0)
#define _PyRestrict_SAME(a, b, upstream)                                      \
    ((PyFunction_Check(a) || PyFunction_Check(b))                             \
             && _PyRestrict_GuardedUsed()                                     \
         ? (a) == (b)                                                         \
         : (upstream))

#else /* !WITH_RESTRICTED */

#define _PyRestrict_GUARD_CALL(subject, error_return)
#define _PyRestrict_GUARD_BOUND(self, subject, error_return)
#define _PyRestrict_GUARD_SHARED(subject, error_return)
#define _PyRestrict_GUARD_FRAME(subject, error_return)
#define _PyRestrict_GUARD_MEMBER(descr, error_return)
#define _PyRestrict_MEMBER_FLAGS 0
#define _PyRestrict_GUARD_DICT_ATTR(tp, name, value, suppress)
#define _PyRestrict_NOT_SPECIALIZED(name) 0
#define _PyRestrict_GUARD_MAKE(subject, name, error_return)
#define _PyRestrict_GUARD_AGAIN(is_there, subject, name, error_return)
#define _PyRestrict_GUARD_CODE(code, globals, error_return)
#define _PyRestrict_CARRY_DESCR(descr, obj)
#define _PyRestrict_TAKES_METHOD(instr, name, give_up)
#define _PyRestrict_FOR_CALLERS(statement)                                    \
    do {                                                                      \
        statement;                                                            \
    } while (0)
#define _PyRestrict_GUARD_SETATTR(tp, obj, name)
#define _PyRestrict_GET_DICT PyObject_GenericGetDict
#define _PyRestrict_CARRY_RESULT(callable) (callable)
#define _PyRestrict_EXEC_GLOBALS(source, globals, on_error)
#define _PyRestrict_NO_IMPORT(frame, name, error_return)
#define _PyRestrict_IMPORT_FOR_C(name)
#define _PyRestrict_BUILTINS_OF(globals)
#define _PyRestrict_UNSEAL(globals, builtins)
#define _PyRestrict_ADOPT_TYPE(type, on_error)
#define _PyRestrict_TYPE_SETATTR(type, name, value)
#define _PyRestrict_CARRY(callable) Py_NewRef(callable)
#define _PyRestrict_XCARRY(callable) Py_XNewRef(callable)
#define _PyRestrict_PROXY_COMPARE(mapping, other, op)
#define _PyRestrict_PROXY_OR(left, right)
#define _PyRestrict_COMPARE_NOTHING()
#define _PyRestrict_SAME(a, b, upstream) (upstream)

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_GUARDED_H */
