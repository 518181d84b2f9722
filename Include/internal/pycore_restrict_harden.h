/* Memory safety of what a guest can reach.

   CPython has crashes that a program can only cause on purpose: C code that
   lends its memory to an object of the program's, that is entered again while
   it is busy, or that goes round in a circle without end.  Upstream tolerates
   most of them; in a guest each is a way out.  The hooks below close them in a
   restricted interpreter, and are nothing in a build --without-restricted.
   What they call is in Python/restrict_harden.c, restrict_class.c and
   restrict_depth.c. */

#ifndef Py_INTERNAL_RESTRICT_HARDEN_H
#define Py_INTERNAL_RESTRICT_HARDEN_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_ceval.h"            // _Py_EnterRecursiveCall()
#include "pycore_interp.h"           // PyInterpreterState.restricted
#include "pycore_pystate.h"          // _PyInterpreterState_GET()
#include "pycore_restrict_limits.h"  // _PyRestrict_POLL()
#include "pycore_restrict_use.h"

/* What was looked for is there, or an exception is set. */
#define _PyRestrict_FOUND(index, subst)                                       \
    do {                                                                      \
        if ((index) < 0) {                                                    \
            PyErr_Format(PyExc_TypeError, "%.100s is no parameter",           \
                         Py_TYPE(subst)->tp_name);                            \
        }                                                                     \
    } while (0)

#ifdef WITH_RESTRICTED

// Exported for shared extension modules, which have hooks as well.
PyAPI_FUNC(PyObject *) _PyRestrict_LendView(const Py_buffer *memory);
PyAPI_FUNC(void) _PyRestrict_TakeBack(PyObject *view, void *memory,
                                      Py_ssize_t size);
PyAPI_FUNC(PyObject *) _PyRestrict_LendMemory(char *memory, Py_ssize_t size);
PyAPI_FUNC(PyObject *) _PyRestrict_ReadInto(PyObject *function, PyObject *view,
                                            void *memory, Py_ssize_t size);
PyAPI_FUNC(int) _PyRestrict_CheckFormat(Py_ssize_t size, const char *zone);
extern int _PyRestrict_CheckPrefix(const uint32_t *code, const uint32_t *end,
                                   uint32_t n);
PyAPI_FUNC(int) _PyRestrict_IsSplit(PyObject *pair, Py_ssize_t n);
PyAPI_FUNC(size_t) _PyRestrict_SliceOf(size_t input);

/* restrict_class.c */
struct _restrict_type_item {
    PyTypeObject *type;
    PyObject *value;
};

extern int _PyRestrict_CheckMro(PyTypeObject *type, PyObject *mro);
extern PyObject *_PyRestrict_ModuleOfBases(PyTypeObject *type,
                                           PyModuleDef *def);
extern void _PyRestrict_HoldTypeItem(struct _restrict_type_item *item,
                                     PyTypeObject *type, PyObject *name);
extern void _PyRestrict_LetTypeItemGo(struct _restrict_type_item *item);
extern int _PyRestrict_PlainNames(PyObject *dict);
PyAPI_FUNC(int) _PyRestrict_ToBytes(PyObject **object);

/* restrict_depth.c */
extern void _PyRestrict_CountDepth(void);
extern void _PyRestrict_Dealloc(PyObject *op, destructor dealloc);

/* A cleanup function: the depth counted by _PyRestrict_DEEPER. */
static inline void
_PyRestrict_Shallower(int *deeper)
{
    if (*deeper) {
        _Py_LeaveRecursiveCall();
    }
}

/* --- One-line hooks ------------------------------------------------------ */

/* What follows, to the end of the block, can lead back here without a call
   that counts its depth: count it.  What is shared makes such a walk as long
   as two to the power of its depth: look whether it is to stop. */
#define _PyRestrict_DEEPER(error_return) _PyRestrict_DEEPER_IF(1, error_return)
#define _PyRestrict_DEEPER_IF(condition, error_return)                        \
    _PyRestrict_AT_END(_PyRestrict_Shallower) int deeper_ = 0;                \
    if ((condition) && _PyRestrict_IS_GUEST()) {                              \
        _PyRestrict_POLL(error_return);                                       \
        if (_Py_EnterRecursiveCall("")) {                                     \
            return error_return;                                              \
        }                                                                     \
        deeper_ = 1;                                                          \
    }

/* The same for what cannot fail: the call of tp_dealloc. */
#define _PyRestrict_DEALLOC(dealloc, op)                                      \
    do {                                                                      \
        if (_PyRestrict_IN_USE()) {                                           \
            _PyRestrict_Dealloc((op), (dealloc));                             \
        }                                                                     \
        else {                                                                \
            (*dealloc)(op);                                                   \
        }                                                                     \
    } while (0)

/* A class as C code takes it for granted. */
#define _PyRestrict_CHECK_MRO(type, mro, error_return)                        \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() && _PyRestrict_CheckMro(type, mro) < 0)    \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define _PyRestrict_NO_MRO(type, mro, def)                                    \
    do {                                                                      \
        if ((mro) == NULL && _PyRestrict_IN_USE()) {                          \
            return _PyRestrict_ModuleOfBases(type, def);                      \
        }                                                                     \
    } while (0)
#define _PyRestrict_PLAIN_NAMES(dict, on_error)                               \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() && _PyRestrict_PlainNames(dict) < 0)       \
        {                                                                     \
            on_error;                                                         \
        }                                                                     \
    } while (0)
/* type.__setattr__() tells the cache of attributes, object's does not. */
#define _PyRestrict_NO_CLASS(obj, error_return)                               \
    do {                                                                      \
        if (_PyRestrict_IN_USE() && PyType_Check(obj)                         \
            && _PyRestrict_IS_GUEST())                                        \
        {                                                                     \
            PyErr_Format(PyExc_TypeError,                                     \
                         "can't apply object.__setattr__ to '%s' object",     \
                         Py_TYPE(obj)->tp_name);                              \
            return error_return;                                              \
        }                                                                     \
    } while (0)
/* To the end of the function, which changes that item of the type's dict. */
#define _PyRestrict_HOLD_TYPE_ITEM(item, type, name)                          \
    _PyRestrict_AT_END(_PyRestrict_LetTypeItemGo) struct _restrict_type_item  \
        item = {NULL, NULL};                                                  \
    if (_PyRestrict_IS_GUEST()) {                                             \
        _PyRestrict_HoldTypeItem(&item, type, name);                          \
    }

/* Python code that the collector would run among what it has cleared. */
#define _PyRestrict_IF_COLLECTING(action)                                     \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()                                            \
            && _PyInterpreterState_GET()->gc.collecting)                      \
        {                                                                     \
            action;                                                           \
        }                                                                     \
    } while (0)

/* A lock of C code's own that is held: by this thread, as a guest has no
   other, so that it would wait for ever. */
#define _PyRestrict_WOULD_DEADLOCK(error_return)                              \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            PyErr_SetString(PyExc_RuntimeError,                               \
                            "the lock is held by this thread");               \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* The number of a thread is an address of the C library's: a guest has one
   thread, and that has this number. */
static inline PyThread_ident_t
_PyRestrict_ThreadIdent(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    return tstate != NULL && tstate->interp->restricted != NULL
               ? 1
               : PyThread_get_thread_ident_ex();
}

#define _PyRestrict_MAIN_THREAD(ident)                                        \
    (_PyRestrict_IS_GUEST() ? _PyRestrict_ThreadIdent() : (ident))

/* What C code reads when the guest is not to run: its bytes, from now on. */
#define _PyRestrict_TO_BYTES(object, on_error)                                \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST() && _PyRestrict_ToBytes(&(object)) < 0)     \
        {                                                                     \
            on_error;                                                         \
        }                                                                     \
    } while (0)

/* In place of PyMemoryView_FromBuffer(), for memory that has no owner: a
   guest's object could keep the view and use it when the memory is gone.  A
   guest gets a view of a copy, which is taken back after the call. */
#define _PyRestrict_VIEW(buffer)                                              \
    (_PyRestrict_IS_GUEST() ? _PyRestrict_LendView(buffer)                    \
                            : PyMemoryView_FromBuffer(buffer))
#define _PyRestrict_TAKE_BACK(view, memory, size)                             \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            _PyRestrict_TakeBack(view, memory, size);                         \
        }                                                                     \
    } while (0)

/* The same in _pickle.c, for its PyMemoryView_FromMemory() and its call, which
   takes the view. */
#define _PyRestrict_MEMORY_VIEW(memory, size)                                 \
    (_PyRestrict_IS_GUEST()                                                   \
         ? _PyRestrict_LendMemory(memory, size)                               \
         : PyMemoryView_FromMemory(memory, size, PyBUF_WRITE))
#define _PyRestrict_PICKLE_READ(function, view, memory, size)                 \
    (_PyRestrict_IS_GUEST()                                                   \
         ? _PyRestrict_ReadInto(function, view, memory, size)                 \
         : _Pickle_FastCall(function, view))

/* What a detached stream stands on, for the call that is going on. */
#define _PyRestrict_DETACHED()                                                \
    (_PyRestrict_IS_GUEST() ? Py_NewRef(Py_None) : NULL)
/* What is asked whether it is closed may close itself. */
#define _PyRestrict_OR_GONE(closed, buffer) ((closed) || (buffer) == NULL)

/* An object that is in the middle of a call must not lose what it stands
   on. */
#define _PyRestrict_NOT_BUSY(busy, error_return)                              \
    do {                                                                      \
        if ((busy) && _PyRestrict_IS_GUEST()) {                               \
            PyErr_SetString(PyExc_RuntimeError, "reentrant call");            \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* A field that an object which was never initialized, or was taken apart
   meanwhile, does not have. */
#define _PyRestrict_NOT_NULL(field, error_return)                             \
    do {                                                                      \
        if ((field) == NULL) {                                                \
            PyErr_SetString(PyExc_RuntimeError, "uninitialized object");      \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* What a guest has no share in: the process' own stderr, when sys.stderr is
   lost, and the end of the process. */
#define _PyRestrict_IF_GUEST(action)                                          \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            action;                                                           \
        }                                                                     \
    } while (0)
#define _PyRestrict_FPUTS(text, file)                                         \
    (_PyRestrict_IS_GUEST() ? PyErr_Clear() : (void)fputs(text, file))

/* A distance in the code of a regular expression, which is a number without a
   sign: one that is too short reaches far behind the end. */
#define _PyRestrict_AT_LEAST(least, distance)                                 \
    do {                                                                      \
        if ((distance) < (least)) {                                           \
            return -1;                                                        \
        }                                                                     \
    } while (0)

/* In trees that a program makes. */
#define _PyRestrict_NO_NONE(seq, what)                                        \
    for (Py_ssize_t i_ = 0; i_ < asdl_seq_LEN(seq); i_++) {                   \
        if (asdl_seq_GET_UNTYPED((asdl_seq *)(seq), i_) == NULL) {            \
            PyErr_SetString(PyExc_ValueError, "None disallowed in " what);    \
            return 0;                                                         \
        }                                                                     \
    }
/* The compiler's own variables have names that no source can have. */
#define _PyRestrict_NO_HIDDEN_NAME(name, error_return)                        \
    do {                                                                      \
        if (PyUnicode_GET_LENGTH(name) > 0                                    \
            && PyUnicode_READ_CHAR(name, 0) == '.' && _PyRestrict_IS_GUEST()) \
        {                                                                     \
            PyErr_Format(PyExc_ValueError,                                    \
                         "identifier field can't represent %R", name);        \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* The object of a frame whose callee is unwound, whatever is raised.  NULL:
   there is no memory, and what was raised is still. */
struct _PyInterpreterFrame;
extern PyFrameObject *_PyRestrict_MakeFrameObject(
    struct _PyInterpreterFrame *frame);
#define _PyRestrict_FRAME_OBJECT(frame)                                       \
    ((frame)->frame_obj != NULL ? (frame)->frame_obj                          \
                                : _PyRestrict_MakeFrameObject(frame))
#define _PyRestrict_NO_FRAME_OBJECT()

/* How much of its input a compressor gets at a time: nothing looks at the stop
   meanwhile, so a guest's is small, and what is more goes back to the rest.
   None when the guest is to stop. */
#define _PyRestrict_SLICE_INPUT(input, rest)                                  \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            size_t slice_ = _PyRestrict_SliceOf(input);                       \
            (rest) = slice_ == 0 ? 0 : (rest) + (input) - slice_;             \
            (input) = slice_;                                                 \
        }                                                                     \
    } while (0)

/* A date as it was pickled: year and day are not checked by anybody else, and
   the weekday of a date in the year 0 is a place in front of a table. */
#define _PyRestrict_CHECK_FORMAT(size, zone, error_return)                    \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()                                            \
            && _PyRestrict_CheckFormat(size, zone) < 0)                       \
        {                                                                     \
            return error_return;                                              \
        }                                                                     \
    } while (0)
#define _PyRestrict_SANE_DATE(data, error_return)                             \
    do {                                                                      \
        const unsigned char *date_ = (const unsigned char *)(data);           \
        int year_ = date_[0] * 256 + date_[1];                                \
        if (_PyRestrict_IS_GUEST()                                            \
            && (year_ < 1 || year_ > 9999 || date_[3] < 1 || date_[3] > 31))  \
        {                                                                     \
            PyErr_SetString(PyExc_ValueError, "not the state of a date");     \
            return error_return;                                              \
        }                                                                     \
    } while (0)

/* Types whose dictionaries C code reads sizes from are not to be changed. */
#define _PyRestrict_TYPE_FLAGS                                                \
    (_PyRestrict_IS_GUEST() ? Py_TPFLAGS_IMMUTABLETYPE : 0)

/* What an overridden split() of an exception group returned. */
#define _PyRestrict_IS_SPLIT(pair) _PyRestrict_IsSplit(pair, 2)

#else /* !WITH_RESTRICTED */

#define _PyRestrict_DEEPER(error_return)
#define _PyRestrict_DEEPER_IF(condition, error_return)
#define _PyRestrict_DEALLOC(dealloc, op) (*dealloc)(op)
#define _PyRestrict_CHECK_MRO(type, mro, error_return)
#define _PyRestrict_NO_MRO(type, mro, def)
#define _PyRestrict_PLAIN_NAMES(dict, on_error)
#define _PyRestrict_NO_CLASS(obj, error_return)
#define _PyRestrict_HOLD_TYPE_ITEM(item, type, name)
#define _PyRestrict_IF_COLLECTING(action)
#define _PyRestrict_WOULD_DEADLOCK(error_return)
#define _PyRestrict_ThreadIdent PyThread_get_thread_ident_ex
#define _PyRestrict_MAIN_THREAD(ident) (ident)
#define _PyRestrict_TO_BYTES(object, on_error)
#define _PyRestrict_FRAME_OBJECT(frame) _PyFrame_GetFrameObject(frame)
#define _PyRestrict_NO_FRAME_OBJECT() PyErr_Clear()
#define _PyRestrict_VIEW(buffer) PyMemoryView_FromBuffer(buffer)
#define _PyRestrict_TAKE_BACK(view, memory, size)
#define _PyRestrict_MEMORY_VIEW(memory, size)                                 \
    PyMemoryView_FromMemory(memory, size, PyBUF_WRITE)
#define _PyRestrict_PICKLE_READ(function, view, memory, size)                 \
    _Pickle_FastCall(function, view)
#define _PyRestrict_DETACHED() NULL
#define _PyRestrict_OR_GONE(closed, buffer) (closed)
#define _PyRestrict_NOT_BUSY(busy, error_return)
#define _PyRestrict_NOT_NULL(field, error_return)
#define _PyRestrict_IF_GUEST(action)
#define _PyRestrict_FPUTS(text, file) fputs(text, file)
#define _PyRestrict_AT_LEAST(least, distance)
#define _PyRestrict_SLICE_INPUT(input, rest)
#define _PyRestrict_CHECK_FORMAT(size, zone, error_return)
#define _PyRestrict_SANE_DATE(data, error_return)
#define _PyRestrict_NO_NONE(seq, what)
#define _PyRestrict_NO_HIDDEN_NAME(name, error_return)
#define _PyRestrict_TYPE_FLAGS 0
#define _PyRestrict_IS_SPLIT(pair) 1

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_HARDEN_H */
