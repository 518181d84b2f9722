/* How deep a guest's C code may call itself.

   CPython counts the depth of Python code, and of C code that calls it or
   visits what is nested; the end of the count is a RecursionError.  Some C
   code is not counted, because a program has to mean it: the next item of an
   iterator of an iterator, the hash of a tuple in a tuple, the end of a long
   chain of objects, each of which holds the last reference to the next.  It
   goes as deep as there is memory to build the nest, and takes the stack with
   it.  In a guest, it counts.

   What can fail does, with a RecursionError: the slots of static types are
   wrapped here, when restricted mode is first used (restrict_use.c); those of
   itertools, which each interpreter has for itself, and recursion inside a
   function count by _PyRestrict_DEEPER().  What cannot fail is put off: an
   object that is to be freed at the end of the count waits until there is room
   again, as in CPython's trashcan, of which only some types make use.

   So a guest's C code takes a few MiB of stack at most, and those are not
   counted as its memory (tests/limits/test_stack.py). */

#include "Python.h"
#include "pycore_gc.h"      // _PyGCHead_SET_PREV()
#include "pycore_object.h"  // _PyObject_GC_TRACK()
#include "pycore_restrict.h"
#include "pycore_restrict_harden.h"
#include "pycore_unionobject.h"  // _PyUnion_Type

#ifdef WITH_RESTRICTED

/* --- Slots of static types --------------------------------------------------------- */

extern PyTypeObject _PyAnextAwaitable_Type;

#define PROXY PyDictProxy_Type

// clang-format off
#define SLOTS(X)                                                            \
    X(map_next, PyMap_Type.tp_iternext, NULL,                               \
      PyObject *, (PyObject *self), (self))                                 \
    X(filter_next, PyFilter_Type.tp_iternext, NULL,                         \
      PyObject *, (PyObject *self), (self))                                 \
    X(zip_next, PyZip_Type.tp_iternext, NULL,                               \
      PyObject *, (PyObject *self), (self))                                 \
    X(enumerate_next, PyEnum_Type.tp_iternext, NULL,                        \
      PyObject *, (PyObject *self), (self))                                 \
    X(anext_next, _PyAnextAwaitable_Type.tp_iternext, NULL,                 \
      PyObject *, (PyObject *self), (self))                                 \
    X(alias_hash, Py_GenericAliasType.tp_hash, -1,                          \
      Py_hash_t, (PyObject *self), (self))                                  \
    X(union_hash, _PyUnion_Type.tp_hash, -1,                                \
      Py_hash_t, (PyObject *self), (self))                                  \
    X(slice_hash, PySlice_Type.tp_hash, -1,                                 \
      Py_hash_t, (PyObject *self), (self))                                  \
    X(method_hash, PyMethod_Type.tp_hash, -1,                               \
      Py_hash_t, (PyObject *self), (self))                                  \
    X(ref_hash, _PyWeakref_RefType.tp_hash, -1,                             \
      Py_hash_t, (PyObject *self), (self))                                  \
    X(alias_getattro, Py_GenericAliasType.tp_getattro, NULL,                \
      PyObject *, (PyObject *self, PyObject *name), (self, name))           \
    X(method_getattro, PyMethod_Type.tp_getattro, NULL,                     \
      PyObject *, (PyObject *self, PyObject *name), (self, name))           \
    X(proxy_hash, PROXY.tp_hash, -1,                                        \
      Py_hash_t, (PyObject *self), (self))                                  \
    X(proxy_iter, PROXY.tp_iter, NULL,                                      \
      PyObject *, (PyObject *self), (self))                                 \
    X(proxy_length, PROXY.tp_as_mapping->mp_length, -1,                     \
      Py_ssize_t, (PyObject *self), (self))                                 \
    X(proxy_subscript, PROXY.tp_as_mapping->mp_subscript, NULL,             \
      PyObject *, (PyObject *self, PyObject *key), (self, key))             \
    X(proxy_contains, PROXY.tp_as_sequence->sq_contains, -1,                \
      int, (PyObject *self, PyObject *key), (self, key))                    \
    X(proxy_or, PROXY.tp_as_number->nb_or, NULL,                            \
      PyObject *, (PyObject *left, PyObject *right), (left, right))
// clang-format on

#define COUNTED(name, slot, error, result, params, args)                      \
    static result(*uncounted_##name) params;                                  \
    static result counted_##name params                                       \
    {                                                                         \
        PyThreadState *tstate = _PyThreadState_GET();                         \
        if (tstate->interp->restricted == NULL) {                             \
            return uncounted_##name args;                                     \
        }                                                                     \
        _PyRestrict_POLL(error);                                              \
        if (_Py_EnterRecursiveCallTstate(tstate, "")) {                       \
            return error;                                                     \
        }                                                                     \
        result value = uncounted_##name args;                                 \
        _Py_LeaveRecursiveCallTstate(tstate);                                 \
        return value;                                                         \
    }

SLOTS(COUNTED)

/* What it was has to be known before anybody can call ours. */
#define COUNT(name, slot, error, result, params, args)                        \
    void *name = _Py_atomic_load_ptr_relaxed(&(slot));                        \
    if (name != (void *)counted_##name) {                                     \
        _Py_atomic_store_ptr_relaxed(&uncounted_##name, name);                \
        _Py_atomic_store_ptr_release(&(slot), (void *)counted_##name);        \
    }

void
_PyRestrict_CountDepth(void)
{
    SLOTS(COUNT)
}

/* --- Objects that are to be freed ---------------------------------------------------- */

/* How much of the count is left when objects start to wait, which is before
   the trashcan's do, and when they are looked at again. */
#define WAIT_AT (2 * Py_TRASHCAN_HEADROOM)
#define FREE_AT (3 * Py_TRASHCAN_HEADROOM)

/* Can it wait?  Those that hold others are tracked, and the collector's link
   is free to hold them together: it must not find them meanwhile, nor may a
   weak reference, which their count of zero tells that they are gone. */
static int
wait_to_be_freed(struct _restrict_state *state, PyObject *op)
{
    if (!_PyObject_IS_GC(op) || !_PyObject_GC_IS_TRACKED(op)) {
        return 0;
    }
    PyObject_GC_UnTrack(op);
    _PyGCHead_SET_PREV(_Py_AS_GC(op), (PyGC_Head *)state->waiting);
    state->waiting = op;
    return 1;
}

static void
free_waiting(struct _restrict_state *state)
{
    while (state->waiting != NULL) {
        PyObject *op = state->waiting;
        state->waiting = (PyObject *)_PyGCHead_PREV(_Py_AS_GC(op));
        _PyObject_GC_TRACK(op);
        Py_TYPE(op)->tp_dealloc(op);
    }
}

static void
count_dealloc(PyThreadState *tstate, PyObject *op, destructor dealloc)
{
    struct _restrict_state *state = tstate->interp->restricted;
    tstate->c_recursion_remaining--;
    (*dealloc)(op);
    if (state->waiting != NULL && tstate->c_recursion_remaining > FREE_AT) {
        free_waiting(state);
    }
    tstate->c_recursion_remaining++;
}

/* Hook of _Py_Dealloc(), when restricted mode is in use. */
void
_PyRestrict_Dealloc(PyObject *op, destructor dealloc)
{
    PyThreadState *tstate = _PyThreadState_GET();
    if (tstate == NULL || tstate->interp->restricted == NULL) {
        (*dealloc)(op);
    }
    else if (tstate->c_recursion_remaining > WAIT_AT
             || !wait_to_be_freed(tstate->interp->restricted, op))
    {
        count_dealloc(tstate, op, dealloc);
    }
}

#endif /* WITH_RESTRICTED */
