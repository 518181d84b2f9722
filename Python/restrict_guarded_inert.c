/* Data that runs no code of a guest's, whatever is done with it: of exact
   built-in types, through and through, or behind a proxy.  It is all that a
   guest can have compared with, looked up in or passed to a container that it
   has a proxy of. */

#include "Python.h"
#include "pycore_ceval.h"  // _Py_EnterRecursiveCall()
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

/* Data that nobody can change, and that holds nothing else. */
int
_PyRestrict_IsAtom(PyObject *obj)
{
    return obj == Py_None || obj == Py_Ellipsis || obj == Py_NotImplemented
           || PyBool_Check(obj) || PyLong_CheckExact(obj)
           || PyFloat_CheckExact(obj) || PyComplex_CheckExact(obj)
           || PyUnicode_CheckExact(obj) || PyBytes_CheckExact(obj)
           || (Py_IS_TYPE(obj, &PyType_Type)
               && PyType_HasFeature((PyTypeObject *)obj,
                                    Py_TPFLAGS_IMMUTABLETYPE));
}

static int
are_inert(PyObject *const *items, Py_ssize_t n)
{
    int inert = 1;
    for (Py_ssize_t i = 0; inert == 1 && i < n; i++) {
        inert = _PyRestrict_IsInert(items[i]);
    }
    return inert;
}

static int
is_inert_dict(PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t pos = 0;
    int inert = 1;
    while (inert == 1 && PyDict_Next(dict, &pos, &key, &value)) {
        inert = _PyRestrict_IsInert(key);
        if (inert == 1) {
            inert = _PyRestrict_IsInert(value);
        }
    }
    return inert;
}

static int
is_inert_set(PyObject *set)
{
    PyObject *items = PySequence_List(set);
    if (items == NULL) {
        return -1;
    }
    int inert = are_inert(((PyListObject *)items)->ob_item,
                          PyList_GET_SIZE(items));
    Py_DECREF(items);
    return inert;
}

static int
is_inert_container(PyObject *obj)
{
    if (PyTuple_CheckExact(obj)) {
        return are_inert(((PyTupleObject *)obj)->ob_item,
                         PyTuple_GET_SIZE(obj));
    }
    if (PyList_CheckExact(obj)) {
        return are_inert(((PyListObject *)obj)->ob_item, PyList_GET_SIZE(obj));
    }
    if (PyDict_CheckExact(obj)) {
        return is_inert_dict(obj);
    }
    if (PyAnySet_CheckExact(obj)) {
        return is_inert_set(obj);
    }
    if (PySlice_Check(obj)) {
        PySliceObject *slice = (PySliceObject *)obj;
        return _PyRestrict_IsAtom(slice->start)
               && _PyRestrict_IsAtom(slice->stop)
               && _PyRestrict_IsAtom(slice->step);
    }
    return PyByteArray_CheckExact(obj);
}

/* 1 if no code of the guest runs, whatever is done with obj; else 0.  -1 with
   an exception if it is nested too deeply. */
int
_PyRestrict_IsInert(PyObject *obj)
{
    if (_PyRestrict_IsAtom(obj) || _PyRestrict_IsProxy(obj)) {
        return 1;
    }
    if (Py_EnterRecursiveCall(" while checking an argument")) {
        return -1;
    }
    int inert = is_inert_container(obj);
    Py_LeaveRecursiveCall();
    return inert;
}

#endif /* WITH_RESTRICTED */
