/* Objects that C code uses while a guest's code runs.

   CPython trusts Python code not to pull the rug from under the C function
   that called it: an iterator is not exhausted from inside itself, a module is
   not replaced.  A guest does just that.  See Python/restrict_hold.c for what
   is done against it; memory that is lent, and objects that must not be set up
   again, are pycore_restrict_harden.h's. */

#ifndef Py_INTERNAL_RESTRICT_HOLD_H
#define Py_INTERNAL_RESTRICT_HOLD_H
#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_BUILD_CORE
#  error "this header requires Py_BUILD_CORE define"
#endif

#include "pycore_restrict_harden.h"  // _PyRestrict_IS_GUEST()
#include "pycore_restrict_limits.h"  // _PyRestrict_POLLING()

#ifdef WITH_RESTRICTED

/* --- Objects --------------------------------------------------------------- */

/* 0 until the first restricted interpreter is made: what a process without
   one pays is a test of this. */
PyAPI_DATA(int) _PyRestrict_Holding;

static inline PyObject *
_PyRestrict_Hold(PyObject *object)
{
    return _PyRestrict_Holding ? Py_XNewRef(object) : NULL;
}

static inline void
_PyRestrict_LetGo(PyObject **held)
{
    Py_XDECREF(*held);
}

#define _PyRestrict_HOLD_NAME_(line) held_ ## line ## _
#define _PyRestrict_HOLD_AT_(object, line)                              \
    __attribute__((cleanup(_PyRestrict_LetGo), unused))                 \
    PyObject *_PyRestrict_HOLD_NAME_(line) =                            \
        _PyRestrict_Hold((PyObject *)(object))
#define _PyRestrict_HOLD_LINE_(object, line) _PyRestrict_HOLD_AT_(object, line)

/* Keep the object alive up to the end of the block. */
#define _PyRestrict_HOLD(object) _PyRestrict_HOLD_LINE_(object, __LINE__)

/* The same in two steps, where the block is left by goto before the second. */
#define _PyRestrict_HOLDER(name)                                        \
    __attribute__((cleanup(_PyRestrict_LetGo)))                         \
    PyObject *held_ ## name ## _ = NULL
#define _PyRestrict_HOLD_BY(name, object)                               \
    Py_XSETREF(held_ ## name ## _, _PyRestrict_Hold(object))

/* --- Memory ---------------------------------------------------------------- */

/* Memory that Python code gets to see before it is written. */
#define _PyRestrict_WIPE(memory, size)                                  \
    do {                                                                \
        if (_PyRestrict_IS_GUEST()) {                                   \
            memset((memory), 0, (size_t)(size));                        \
        }                                                               \
    } while (0)

/* --- What C code takes for granted ------------------------------------------ */

PyAPI_FUNC(int) _PyRestrict_TrueStructCheck(PyObject *type);
PyAPI_FUNC(PyObject *) _PyRestrict_BuiltinModule(const char *name);
extern PyObject *_PyRestrict_FindKeptModule(const char *name);
extern int _PyRestrict_KeepModule(const char *name, PyObject *module);

/* Is this struct.Struct, and not what the guest put in its place? */
#define _PyRestrict_TRUE_STRUCT(type, on_error)                         \
    do {                                                                \
        if (_PyRestrict_TrueStructCheck(type) < 0) {                    \
            on_error;                                                   \
        }                                                               \
    } while (0)

/* An object that a C function is at work on, on this thread. */
struct _restrict_use {
    void *object;
    struct _restrict_use *outer;
};

PyAPI_FUNC(int) _PyRestrict_BeginUse(struct _restrict_use *use, void *object,
                                     const char *what);
PyAPI_FUNC(void) _PyRestrict_EndUse(struct _restrict_use *use);

/* Refuse if a function with this line is at work on the object already, and
   work on it up to the end of the block. */
#define _PyRestrict_USE_ONCE(object, what, on_error)                    \
    __attribute__((cleanup(_PyRestrict_EndUse)))                        \
    struct _restrict_use use_ = {NULL, NULL};                           \
    if (_PyRestrict_IS_GUEST()                                          \
        && _PyRestrict_BeginUse(&use_, (object), (what)) < 0)           \
    {                                                                   \
        on_error;                                                       \
    }

/* Some guest is stopped, in which nothing can be compared: for an assertion. */
#define _PyRestrict_NO_COMPARING() _PyRestrict_POLLING()

/* A new reference to the C module itself, whatever sys.modules holds. */
#define _PyRestrict_BUILTIN_MODULE(name, upstream)                      \
    (_PyRestrict_IS_GUEST() ? _PyRestrict_BuiltinModule(name) : (upstream))

#else

#define _PyRestrict_HOLD(object)
#define _PyRestrict_HOLDER(name)
#define _PyRestrict_HOLD_BY(name, object)
#define _PyRestrict_WIPE(memory, size)
#define _PyRestrict_TRUE_STRUCT(type, on_error)
#define _PyRestrict_USE_ONCE(object, what, on_error)
#define _PyRestrict_NO_COMPARING() 0
#define _PyRestrict_BUILTIN_MODULE(name, upstream) (upstream)

#endif  /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif  /* !Py_INTERNAL_RESTRICT_HOLD_H */
