/* What a guest does to its classes.

   CPython's C code trusts a class to be made as usual: that a class derived
   from one of its own has that one among its bases, that whoever changes the
   dict of a class tells the cache of attributes, which borrows what it finds.
   A metaclass and a few attributes of every class allow otherwise. */

#include "Python.h"
#include "pycore_moduleobject.h"  // _PyModule_GetDef()
#include "pycore_restrict.h"
#include "pycore_restrict_harden.h"

#ifdef WITH_RESTRICTED

/* --- The order of bases -------------------------------------------------------------- */

static PyTypeObject *
next_c_base(PyTypeObject *type)
{
    do {
        type = type->tp_base;
    } while (type != NULL && _PyRestrict_IsClassStatement(type));
    return type;
}

static int
has_itself(PyTypeObject *type, PyObject *mro)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); i++) {
        if (PyTuple_GET_ITEM(mro, i) == (PyObject *)type) {
            return 1;
        }
    }
    PyErr_Format(PyExc_TypeError, "mro() of '%.100s' leaves it out",
                 type->tp_name);
    return 0;
}

/* What mro() returned has the type itself, which so does not go before it is
   found by the collector, and each class of C code's that its memory is laid
   out by, in order: C code finds its own there, and its module by it. */
int
_PyRestrict_CheckMro(PyTypeObject *type, PyObject *mro)
{
    PyTypeObject *base = next_c_base(type);
    if (!has_itself(type, mro)) {
        return -1;
    }
    for (Py_ssize_t i = 0; base != NULL && i < PyTuple_GET_SIZE(mro); i++) {
        if (PyTuple_GET_ITEM(mro, i) == (PyObject *)base) {
            base = next_c_base(base);
        }
    }
    if (base != NULL) {
        PyErr_Format(PyExc_TypeError,
                     "mro() of '%.100s' has no '%.100s' where it belongs",
                     type->tp_name, base->tp_name);
        return -1;
    }
    return 0;
}

/* PyType_GetModuleByDef() while mro() runs, and there is no order yet. */
PyObject *
_PyRestrict_ModuleOfBases(PyTypeObject *type, PyModuleDef *def)
{
    for (; type != NULL; type = type->tp_base) {
        if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)type)->ht_module;
            if (module != NULL && _PyModule_GetDef(module) == def) {
                return module;
            }
        }
    }
    return NULL;
}

/* --- The dict of a class ------------------------------------------------------------- */

/* What stands under a name, until the block that changes it ends: nothing of
   the guest's runs between the change and the end of the cached attribute. */
void
_PyRestrict_HoldTypeItem(struct _restrict_type_item *item, PyTypeObject *type,
                         PyObject *name)
{
    PyObject *dict = PyType_GetDict(type);
    item->type = type;
    (void)PyDict_GetItemRef(dict, name, &item->value);
    Py_DECREF(dict);
}

void
_PyRestrict_LetTypeItemGo(struct _restrict_type_item *item)
{
    if (item->type != NULL) {
        PyType_Modified(item->type);
        Py_XDECREF(item->value);
    }
}

static int
compares_in_c(PyObject *key)
{
    return PyUnicode_CheckExact(key) || PyLong_CheckExact(key)
           || PyBool_Check(key) || PyFloat_CheckExact(key)
           || PyBytes_CheckExact(key) || key == Py_None;
}

static int
all_compare_in_c(PyObject *dict)
{
    PyObject *key;
    Py_ssize_t pos = 0;
    while (PyDict_Next(dict, &pos, &key, NULL)) {
        if (!compares_in_c(key)) {
            return 0;
        }
    }
    return 1;
}

/* The same with plain strings as names; a new reference. */
static PyObject *
with_plain_names(PyObject *dict)
{
    PyObject *key, *value, *plain = PyDict_New();
    Py_ssize_t pos = 0;
    while (plain != NULL && PyDict_Next(dict, &pos, &key, &value)) {
        PyObject *name = NULL;
        if (PyUnicode_Check(key)) {
            name = PyUnicode_FromObject(key);
        }
        else if (compares_in_c(key)) {
            name = Py_NewRef(key);
        }
        else {
            PyErr_Format(PyExc_TypeError,
                         "a name in the namespace of a class must be a str, "
                         "not '%.100s'",
                         Py_TYPE(key)->tp_name);
        }
        if (name == NULL || PyDict_SetItem(plain, name, value) < 0) {
            Py_CLEAR(plain);
        }
        Py_XDECREF(name);
    }
    return plain;
}

/* The names of a new class, which are compared whenever it changes.  The dict
   is nobody else's yet. */
int
_PyRestrict_PlainNames(PyObject *dict)
{
    if (all_compare_in_c(dict)) {
        return 0;
    }
    PyObject *plain = with_plain_names(dict);
    if (plain == NULL) {
        return -1;
    }
    PyDict_Clear(dict);
    int err = PyDict_Update(dict, plain);
    Py_DECREF(plain);
    return err;
}

#endif /* WITH_RESTRICTED */
