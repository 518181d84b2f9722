/* What the first use of restricted mode changes in a process.

   Hooks in CPython's own code cost a process that has no guests next to
   nothing, because until there is one they do nothing: those on warm paths
   test one word, and those on hot ones are not there at all.  Slots of the
   static types are functions without hooks, and get their versions with hooks
   here, once and for good.  Either version is right for the host, so it does
   not matter which one its other threads happen to call meanwhile.

   A class that was made before, and inherited such a slot, keeps it.  A guest
   has no class that was made before it; guarded code may have one of the
   host's, and is not interrupted while a tuple of that class is hashed. */

#include "Python.h"
#include "pycore_descrobject.h"  // PyGetSetDescr_Type
#include "pycore_range.h"
#include "pycore_restrict_hold.h"  // _PyRestrict_GroupRepr()
#include "pycore_restrict_use.h"
#include "pycore_runtime.h"        // _PyRuntime
#include "pycore_unicodeobject.h"  // _PyUnicodeASCIIIter_Type

#ifdef WITH_RESTRICTED

int _PyRestrict_InUse;

extern iternextfunc const _PyRestrict_calliter_iternext;
extern iternextfunc const _PyRestrict_iter_iternext;
extern PyTypeObject _PyMemoryIter_Type;
extern iternextfunc const _PyRestrict_bytearrayiter_next;
extern iternextfunc const _PyRestrict_listiter_next;
extern iternextfunc const _PyRestrict_listreviter_next;
extern iternextfunc const _PyRestrict_longrangeiter_next;
extern iternextfunc const _PyRestrict_memoryiter_next;
extern iternextfunc const _PyRestrict_rangeiter_next;
extern iternextfunc const _PyRestrict_striter_next;
extern iternextfunc const _PyRestrict_tupleiter_next;
extern iternextfunc const _PyRestrict_unicode_ascii_iter_next;
extern iternextfunc const _PyRestrict_unicodeiter_next;
extern hashfunc const _PyRestrict_tuplehash;
extern getattrofunc const _PyRestrict_super_getattro;
extern descrgetfunc const _PyRestrict_getset_get;
extern descrsetfunc const _PyRestrict_getset_set;

/* Others may be reading the slot. */
#define SET(slot, function) _Py_atomic_store_ptr_relaxed(&(slot), (function))

/* Static types made of tuples have the slot of their base: where the two
   differ, they would have a __hash__ of their own.  The base is last, for
   another thread that does the same. */
static void
set_tuple_hash(void)
{
    hashfunc before = PyTuple_Type.tp_hash;
    for (int i = 0; i < _Py_MAX_MANAGED_STATIC_TYPES; i++) {
        PyTypeObject *type = _PyRuntime.types.managed_static.types[i].type;
        if (type != NULL && type != &PyTuple_Type && type->tp_hash == before) {
            SET(type->tp_hash, _PyRestrict_tuplehash);
        }
    }
    SET(PyTuple_Type.tp_hash, _PyRestrict_tuplehash);
}

reprfunc _PyRestrict_group_repr;

/* What it was has to be known before anybody can call ours. */
static void
set_group_repr(void)
{
    PyTypeObject *type = (PyTypeObject *)PyExc_BaseExceptionGroup;
    reprfunc before = _Py_atomic_load_ptr_relaxed(&type->tp_repr);
    if (before != _PyRestrict_GroupRepr) {
        SET(_PyRestrict_group_repr, before);
        _Py_atomic_store_ptr_release(&type->tp_repr, _PyRestrict_GroupRepr);
    }
}

/* Of what is as long as the guest's memory, at a byte an item or at eight. */
static void
set_sequence_iterators(void)
{
    SET(PyByteArrayIter_Type.tp_iternext, _PyRestrict_bytearrayiter_next);
    SET(PyBytesIter_Type.tp_iternext, _PyRestrict_striter_next);
    SET(PyListIter_Type.tp_iternext, _PyRestrict_listiter_next);
    SET(PyListRevIter_Type.tp_iternext, _PyRestrict_listreviter_next);
    SET(PyTupleIter_Type.tp_iternext, _PyRestrict_tupleiter_next);
    SET(PyUnicodeIter_Type.tp_iternext, _PyRestrict_unicodeiter_next);
    SET(_PyMemoryIter_Type.tp_iternext, _PyRestrict_memoryiter_next);
    SET(_PyUnicodeASCIIIter_Type.tp_iternext,
        _PyRestrict_unicode_ascii_iter_next);
}

/* Idempotent, so that two threads may do it at a time. */
void
_PyRestrict_PutInUse(void)
{
    SET(PyCallIter_Type.tp_iternext, _PyRestrict_calliter_iternext);
    SET(PySeqIter_Type.tp_iternext, _PyRestrict_iter_iternext);
    SET(PyLongRangeIter_Type.tp_iternext, _PyRestrict_longrangeiter_next);
    SET(PyRangeIter_Type.tp_iternext, _PyRestrict_rangeiter_next);
    set_sequence_iterators();
    set_tuple_hash();
    set_group_repr();
    _PyRestrict_CountDepth();
    SET(PySuper_Type.tp_getattro, _PyRestrict_super_getattro);
    SET(PyGetSetDescr_Type.tp_descr_get, _PyRestrict_getset_get);
    SET(PyGetSetDescr_Type.tp_descr_set, _PyRestrict_getset_set);
    _Py_atomic_store_int(&_PyRestrict_InUse, 1);
}

#endif /* WITH_RESTRICTED */
