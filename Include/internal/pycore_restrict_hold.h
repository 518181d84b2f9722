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

static inline void
_PyRestrict_LetGo(PyObject **held)
{
    Py_XDECREF(*held);
}

#define _PyRestrict_HOLD_NAME_(line) held_##line##_
// clang-format off
#define _PyRestrict_HOLD_AT_(condition, object, line)                         \
    _PyRestrict_AT_END(_PyRestrict_LetGo)                                     \
    PyObject *_PyRestrict_HOLD_NAME_(line) =                                  \
        (condition) ? Py_XNewRef((PyObject *)(object)) : NULL
// clang-format on
#define _PyRestrict_HOLD_LINE_(condition, object, line)                       \
    _PyRestrict_HOLD_AT_(condition, object, line)

/* Keep the object alive up to the end of the block: under a condition, which
   is `guest_` in a function of two versions, or if there may be guests. */
#define _PyRestrict_HOLD_IF(condition, object)                                \
    _PyRestrict_HOLD_LINE_(condition, object, __LINE__)
#define _PyRestrict_HOLD(object)                                              \
    _PyRestrict_HOLD_IF(_PyRestrict_IN_USE(), object)

/* All of n objects that are `stride` bytes apart, some of them NULL. */
PyAPI_FUNC(PyObject *) _PyRestrict_HoldMany(PyObject **first, size_t stride,
                                            Py_ssize_t n);
#define _PyRestrict_HOLD_MANY(first, stride, n)                               \
    _PyRestrict_AT_END(_PyRestrict_LetGo)                                     \
    PyObject *held_many_ = _PyRestrict_IS_GUEST()                             \
                               ? _PyRestrict_HoldMany((first), (stride), (n)) \
                               : NULL

/* Can comparing the two run no code of a guest's? */
#define _PyRestrict_ATOMS(v, w)                                               \
    ((PyLong_CheckExact(v) || PyUnicode_CheckExact(v))                        \
     && (PyLong_CheckExact(w) || PyUnicode_CheckExact(w)))

/* The same in two steps, where the block is left by goto before the second. */
#define _PyRestrict_HOLDER(name)                                              \
    _PyRestrict_AT_END(_PyRestrict_LetGo) PyObject *held_##name##_ = NULL
#define _PyRestrict_HOLD_BY(name, object)                                     \
    Py_XSETREF(held_##name##_,                                                \
               _PyRestrict_IN_USE() ? Py_XNewRef(object) : NULL)

/* What can only be with a guest. */
#define _PyRestrict_IF(condition, action)                                     \
    do {                                                                      \
        if (condition) {                                                      \
            action;                                                           \
        }                                                                     \
    } while (0)

/* A NULL that there is not without a guest. */
#define _PyRestrict_IF_NULL(condition, object, action)                        \
    do {                                                                      \
        if ((condition) && (object) == NULL) {                                \
            action;                                                           \
        }                                                                     \
    } while (0)

/* In PyObject_CallMethodObjArgs(): obj.name(...), with obj held. */
extern PyObject *_PyRestrict_CallMethod(PyObject *obj, PyObject *name,
                                        va_list args);
#define _PyRestrict_CALL_METHOD(obj, name)                                    \
    do {                                                                      \
        if (_PyRestrict_IN_USE()) {                                           \
            va_list args_;                                                    \
            va_start(args_, name);                                            \
            PyObject *result_ = _PyRestrict_CallMethod(obj, name, args_);     \
            va_end(args_);                                                    \
            return result_;                                                   \
        }                                                                     \
    } while (0)

/* The __dict__ of an object that is set an attribute whose name compares
   itself: made before, so that it is the same for everybody, and kept. */
PyAPI_FUNC(int) _PyRestrict_DictOf(PyObject *obj, PyObject **dict);
#define _PyRestrict_HOLD_DICT(obj, name, error_return)                        \
    _PyRestrict_HOLDER(dict);                                                 \
    if (!PyUnicode_CheckExact(name)                                           \
        && _PyRestrict_DictOf((obj), &held_dict_) < 0)                        \
    {                                                                         \
        return error_return;                                                  \
    }

/* In PyUnicode_FromFormatV(): what is formatted, up to the end of it.  It is
   often read from an object that the representation of the first changes. */
struct _restrict_held_args {
    int count;
    PyObject *objects[8];
};

extern void _PyRestrict_HoldArgs(struct _restrict_held_args *held,
                                 const char *format, va_list args);
extern void _PyRestrict_LetArgsGo(struct _restrict_held_args *held);
#define _PyRestrict_HOLD_ARGS(format, args)                                   \
    _PyRestrict_AT_END(_PyRestrict_LetArgsGo) struct _restrict_held_args      \
        held_args_;                                                           \
    held_args_.count = 0;                                                     \
    if (_PyRestrict_IS_GUEST()) {                                             \
        _PyRestrict_HoldArgs(&held_args_, format, args);                      \
    }

/* PyMapping_GetOptionalItem() of a mapping that the look-up may take away. */
static inline int
_PyRestrict_HeldItem(PyObject *mapping, PyObject *key, PyObject **result)
{
    _PyRestrict_HOLD(mapping);
    return PyMapping_GetOptionalItem(mapping, key, result);
}

#define _PyRestrict_HELD_ITEM(mapping, key, result)                           \
    _PyRestrict_HeldItem(mapping, key, result)

/* --- Memory ---------------------------------------------------------------- */

/* Memory that Python code gets to see before it is written. */
#define _PyRestrict_WIPE(memory, size)                                        \
    do {                                                                      \
        if (_PyRestrict_IS_GUEST()) {                                         \
            memset((memory), 0, (size_t)(size));                              \
        }                                                                     \
    } while (0)

/* What an array is to grow by: its items are set later, one by one. */
#define _PyRestrict_WIPE_MORE(array, size)                                    \
    do {                                                                      \
        if ((size) > Py_SIZE(array)) {                                        \
            Py_ssize_t item_ = (array)->ob_descr->itemsize;                   \
            _PyRestrict_WIPE((array)->ob_item + Py_SIZE(array) * item_,       \
                             ((size) - Py_SIZE(array)) * item_);              \
        }                                                                     \
    } while (0)

/* --- What C code takes for granted ------------------------------------------ */

PyAPI_FUNC(int) _PyRestrict_TrueStructCheck(PyObject *type);
PyAPI_FUNC(PyObject *) _PyRestrict_Made(PyObject *obj, PyTypeObject *type);
PyAPI_FUNC(int) _PyRestrict_DerivedCheck(PyTypeObject *type,
                                         PyTypeObject *base);
PyAPI_FUNC(PyObject *) _PyRestrict_BuiltinModule(const char *name);
extern PyObject *_PyRestrict_FindKeptModule(const char *name);
extern int _PyRestrict_KeepModule(const char *name, PyObject *module);

/* repr() of an exception group: ours, and what it was. */
extern PyObject *_PyRestrict_GroupRepr(PyObject *group);
extern reprfunc _PyRestrict_group_repr;

/* Is this struct.Struct, and not what the guest put in its place? */
#define _PyRestrict_TRUE_STRUCT(type, on_error)                               \
    do {                                                                      \
        if (_PyRestrict_TrueStructCheck(type) < 0) {                          \
            on_error;                                                         \
        }                                                                     \
    } while (0)

/* The object, if it is what C code takes it for without a look: it comes by
   way of classes, or from places, that a guest can change. */
#define _PyRestrict_MADE(obj, type) _PyRestrict_Made((obj), (type))
#define _PyRestrict_DERIVED(type, base, on_error)                             \
    do {                                                                      \
        if (_PyRestrict_DerivedCheck((type), (base)) < 0) {                   \
            on_error;                                                         \
        }                                                                     \
    } while (0)

/* Keys that are compared in C among things that are not objects: a string
   that is no more than that runs nothing of the guest's. */
#define _PyRestrict_EXACT_KEY(key, otherwise)                                 \
    do {                                                                      \
        if (!PyUnicode_CheckExact(key) && _PyRestrict_IS_GUEST()) {           \
            otherwise;                                                        \
        }                                                                     \
    } while (0)

/* What is read as a datetime is one. */
#define _PyRestrict_IS_DATETIME(is, on_error)                                 \
    do {                                                                      \
        if (!(is) && _PyRestrict_IS_GUEST()) {                                \
            PyErr_SetString(PyExc_TypeError,                                  \
                            "argument must be a datetime or None");           \
            on_error;                                                         \
        }                                                                     \
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
#define _PyRestrict_USE_ONCE(object, what, on_error)                          \
    _PyRestrict_AT_END(_PyRestrict_EndUse) struct _restrict_use use_ = {      \
        NULL, NULL};                                                          \
    if (_PyRestrict_IS_GUEST()                                                \
        && _PyRestrict_BeginUse(&use_, (object), (what)) < 0)                 \
    {                                                                         \
        on_error;                                                             \
    }

/* Some guest is stopped, and nothing in it compares: for an assertion. */
#define _PyRestrict_NO_COMPARING() _PyRestrict_POLLING()

/* A new reference to the C module itself, whatever sys.modules holds. */
#define _PyRestrict_BUILTIN_MODULE(name, upstream)                            \
    (_PyRestrict_IS_GUEST() ? _PyRestrict_BuiltinModule(name) : (upstream))

#else

#define _PyRestrict_HOLD(object)
#define _PyRestrict_HOLD_IF(condition, object)
#define _PyRestrict_HOLD_MANY(first, stride, n)
#define _PyRestrict_IF(condition, action)
#define _PyRestrict_IF_NULL(condition, object, action)
#define _PyRestrict_CALL_METHOD(obj, name)
#define _PyRestrict_HOLDER(name)
#define _PyRestrict_HOLD_BY(name, object)
#define _PyRestrict_HOLD_DICT(obj, name, error_return)
#define _PyRestrict_HOLD_ARGS(format, args)
#define _PyRestrict_HELD_ITEM(mapping, key, result)                           \
    PyMapping_GetOptionalItem(mapping, key, result)
#define _PyRestrict_WIPE(memory, size)
#define _PyRestrict_WIPE_MORE(array, size)
#define _PyRestrict_TRUE_STRUCT(type, on_error)
#define _PyRestrict_MADE(obj, type) (obj)
#define _PyRestrict_DERIVED(type, base, on_error)
#define _PyRestrict_EXACT_KEY(key, otherwise)
#define _PyRestrict_IS_DATETIME(is, on_error)
#define _PyRestrict_USE_ONCE(object, what, on_error)
#define _PyRestrict_NO_COMPARING() 0
#define _PyRestrict_BUILTIN_MODULE(name, upstream) (upstream)

#endif /* WITH_RESTRICTED */

#ifdef __cplusplus
}
#endif
#endif /* !Py_INTERNAL_RESTRICT_HOLD_H */
