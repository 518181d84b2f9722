/* Walk a live restricted interpreter and name all C code that can be reached.

   The proof of the surface table, from the trusted side: start from the
   guest's modules and from whatever a program left in them, follow every
   reference that the garbage collector would follow, the type of each object
   and the dict of each type, and note each name that C code implements.  What
   is found is compared with the table by Lib/restrict/_surface.py.  Nothing
   of the guest's runs: no attribute is looked up, only memory is read. */

#include "Python.h"
#include "pycore_hashtable.h"     // _Py_hashtable_t
#include "pycore_moduleobject.h"  // _PyModule_GetDef()
#include "pycore_object.h"        // _PyType_IS_GC()
#include "pycore_restrict.h"
#include "pycore_typeobject.h"  // _PyType_GetDict()

#ifdef WITH_RESTRICTED

struct walk {
    _Py_hashtable_t *seen;
    PyObject **stack;  // borrowed: nothing runs meanwhile
    size_t n, allocated;
    struct _restrict_names *found;
    int failed;
};

static void
note(struct walk *walk, const char *kind, const char *owner, const char *name)
{
    char line[400];
    PyOS_snprintf(line, sizeof(line), "%s\t%s\t%s", kind, owner, name);
    walk->failed |= _PyRestrict_NamesAdd(walk->found, line) < 0;
}

static int
visit(PyObject *op, void *arg)
{
    struct walk *walk = arg;
    if (op == NULL || _Py_hashtable_get_entry(walk->seen, op) != NULL) {
        return 0;
    }
    if (walk->n == walk->allocated) {
        size_t want = walk->allocated ? 2 * walk->allocated : 1024;
        PyObject **grown = PyMem_RawRealloc(walk->stack,
                                            want * sizeof(PyObject *));
        if (grown == NULL) {
            walk->failed = 1;
            return -1;
        }
        walk->stack = grown;
        walk->allocated = want;
    }
    if (_Py_hashtable_set(walk->seen, op, NULL) < 0) {
        walk->failed = 1;
        return -1;
    }
    walk->stack[walk->n++] = op;
    return 0;
}

/* --- What an object tells ------------------------------------------------------------ */

static int
is_descr(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    return type == &PyMethodDescr_Type || type == &PyClassMethodDescr_Type
           || type == &PyMemberDescr_Type || type == &PyGetSetDescr_Type
           || type == &PyWrapperDescr_Type
           || type == &_PyRestrict_RefusedDescr_Type
           || type == &PyStaticMethod_Type || type == &PyCFunction_Type;
}

/* None under this name is what makes the objects of a type unhashable. */
static int
is_no_hash(const char *name, PyObject *value)
{
    return value == Py_None && strcmp(name, "__hash__") == 0;
}

static void
note_type(struct walk *walk, PyTypeObject *type)
{
    PyObject *dict = _PyType_GetDict(type);
    if (dict == NULL) {
        return;
    }
    (void)visit(dict, walk);
    if (_PyRestrict_IsClassStatement(type)) {
        return;
    }
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        const char *name = PyUnicode_AsUTF8(key);
        if (name != NULL && (is_descr(value) || is_no_hash(name, value))) {
            note(walk, "type", type->tp_name, name);
        }
    }
}

static void
note_module(struct walk *walk, PyObject *module)
{
    const char *owner = PyModule_GetName(module);
    if (owner == NULL || !_PyRestrict_IsReviewedModule(owner)) {
        PyErr_Clear();
        return;
    }
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    while (PyDict_Next(PyModule_GetDict(module), &pos, &key, &value)) {
        const char *name = PyUnicode_Check(key) ? PyUnicode_AsUTF8(key) : NULL;
        if (name != NULL) {
            note(walk, "module", owner, name);
        }
    }
}

/* A function is named by its module wherever it is found: one that a module
   does not show any more may still be held by something. */
static void
note_function(struct walk *walk, PyObject *op)
{
    PyCFunctionObject *function = (PyCFunctionObject *)op;
    if (function->m_module != NULL && PyUnicode_Check(function->m_module)
        && function->m_self != NULL && PyModule_Check(function->m_self))
    {
        note(walk, "function", PyUnicode_AsUTF8(function->m_module),
             function->m_ml->ml_name);
    }
}

static void
note_object(struct walk *walk, PyObject *op)
{
    if (PyType_Check(op)) {
        note_type(walk, (PyTypeObject *)op);
    }
    else if (PyModule_Check(op)) {
        note_module(walk, op);
    }
    else if (PyCFunction_Check(op)) {
        note_function(walk, op);
    }
    (void)visit((PyObject *)Py_TYPE(op), walk);
    if (_PyType_IS_GC(Py_TYPE(op)) && Py_TYPE(op)->tp_traverse != NULL
        && (!PyType_Check(op)
            || PyType_HasFeature((PyTypeObject *)op, Py_TPFLAGS_HEAPTYPE)))
    {
        (void)Py_TYPE(op)->tp_traverse(op, visit, walk);
    }
}

/* Add to found, as "KIND\tOWNER\tNAME", all that can be reached in the current
   interpreter.  KIND is "type", "module" or "function". */
int
_PyRestrict_WalkSurface(struct _restrict_names *found)
{
    struct walk walk = {.found = found};
    walk.seen = _Py_hashtable_new(_Py_hashtable_hash_ptr,
                                  _Py_hashtable_compare_direct);
    if (walk.seen == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    (void)visit(PyImport_GetModuleDict(), &walk);
    (void)visit(_PyInterpreterState_GET()->builtins, &walk);
    while (walk.n > 0 && !walk.failed) {
        note_object(&walk, walk.stack[--walk.n]);
    }
    _Py_hashtable_destroy(walk.seen);
    PyMem_RawFree(walk.stack);
    if (walk.failed) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

/* --- For the surface check -------------------------------------------------------------- */

/* Run source in a new restricted interpreter and walk it.  The text of the
   exception, if it fails, is written to error. */
static int
walk_program(const char *source, struct _restrict_names *found, char *error,
             size_t size)
{
    PyObject *module = PyImport_AddModuleRef("__main__");
    PyObject *dict = module ? PyModule_GetDict(module) : NULL;
    PyObject *result = dict ? PyRun_String(source, Py_file_input, dict, dict)
                            : NULL;
    if (result != NULL && _PyRestrict_WalkSurface(found) < 0) {
        Py_CLEAR(result);
    }
    if (result == NULL) {
        PyObject *exc = PyErr_GetRaisedException();
        PyObject *text = PyObject_Str(exc);
        const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
        PyOS_snprintf(error, size, "%s: %s", Py_TYPE(exc)->tp_name,
                      utf8 ? utf8 : "?");
        Py_XDECREF(text);
        Py_DECREF(exc);
        PyErr_Clear();
    }
    Py_XDECREF(module);
    if (result == NULL) {
        return -1;
    }
    Py_DECREF(result);
    return 0;
}

static PyObject *
names_as_list(const struct _restrict_names *names)
{
    PyObject *list = PyList_New((Py_ssize_t)names->n);
    for (size_t i = 0; list != NULL && i < names->n; i++) {
        PyObject *name = PyUnicode_DecodeUTF8(
            names->names[i], strlen(names->names[i]), "replace");
        if (name == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, name);
    }
    return list;
}

/* Make a restricted interpreter, run source in it, walk it, end it.  Return
   (offered, found): what C code offered while its types and modules were
   filled, and what can be reached in it; lists of "KIND\tOWNER\tNAME".
   RuntimeError if source fails. */
PyObject *
_PyRestrict_InspectSurface(const char *source)
{
    struct _restrict_names offered = {0}, found = {0};
    char error[300] = "no interpreter";
    PyThreadState *host = PyThreadState_Get(), *guest;
    int err = -1;
    _PyRestrict_CollectOffered(&offered);
    PyStatus status = PyRestrict_NewInterpreterFromConfig(&guest, NULL);
    if (!PyStatus_Exception(status)) {
        // All there is: sockets exist only where some are of use.
        (void)PyRestrict_AllowIPAddress(PyInterpreterState_Get(), "127.0.0.1",
                                        0);
        err = walk_program(source, &found, error, sizeof(error));
        Py_EndInterpreter(guest);
        PyThreadState_Swap(host);
    }
    _PyRestrict_CollectOffered(NULL);
    PyObject *result = NULL;
    if (err < 0) {
        PyErr_SetString(PyExc_RuntimeError, error);
    }
    else {
        result = Py_BuildValue("(NN)", names_as_list(&offered),
                               names_as_list(&found));
    }
    _PyRestrict_NamesFini(&offered);
    _PyRestrict_NamesFini(&found);
    return result;
}

#endif /* WITH_RESTRICTED */
